"""The binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from ..errors import ArgumentError
from ..ops.neural.activations import softplus
from ..random.sampling import rand
from ..special import gammaln
from ..tensor import Size, Tensor
from . import constraints
from .bernoulli import OfProbability, enumerate_values
from .utils import broadcast_all

__all__ = ["Binomial"]


class Binomial(OfProbability):
    """The number of successes in ``total_count`` trials of probability ``probs``.

    Parameters
    ----------
    total_count : int or Tensor of whole numbers
    probs, logits : one of them, as for Bernoulli

    >>> import pluggrad
    >>> Binomial(2, 0.5).log_prob(pluggrad.tensor([1.0]))
    tensor([-0.6931])
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.nonnegative_integer, "probs": constraints.unit_interval, "logits": constraints.real,
    }  # fmt: skip
    has_enumerate_support = True
    total_count: Tensor

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name, value = self._one_of(probs, logits)
        value, count = broadcast_all(value, total_count)
        super().__init__(value.shape, validate_args=validate_args, total_count=count.to(value.dtype), **{name: value})

    @property
    def support(self) -> constraints.Constraint:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        probs = self.probs.detach().expand(*shape)
        counts = self.total_count.expand(*shape)
        # One trial after the other, all elements beside each other.
        successes = probs * 0
        most = int(counts.max().item()) if counts.numel() else 0
        for trial in range(most):
            hit = rand(shape, dtype=probs.dtype, device=probs.device) < probs
            successes = successes + (hit & (counts > trial)).to(probs.dtype)
        return successes

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        n, logits = self.total_count, self.logits
        choose = gammaln(n + 1) - gammaln(value + 1) - gammaln(n - value + 1)
        return choose + value * logits - n * softplus(logits)

    def entropy(self) -> Tensor:
        if not bool((self.total_count == self.total_count.reshape(-1)[0]).all()):
            raise NotImplementedError("Inhomogeneous total count not supported by `entropy`.")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        count = int(self.total_count.max().item())
        if int(self.total_count.min().item()) != count:
            raise ArgumentError("Inhomogeneous total count not supported by `enumerate_support`.")
        return enumerate_values(self, count + 1, expand)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        shape = Size(batch_shape)
        return type(self)(validate_args=False, **{n: v.expand(*shape) for n, v in self._given.items()})
