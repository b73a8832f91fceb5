"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..ops.neural.activations import logsigmoid
from ..ops.searching import where
from ..random.discrete import poisson
from ..special import gammaln
from ..tensor import Tensor
from . import constraints
from .bernoulli import OfProbability
from .gamma import Gamma
from .utils import broadcast_all

__all__ = ["NegativeBinomial"]


class NegativeBinomial(OfProbability):
    """The number of successes, of probability ``probs``, before ``total_count`` failures. Sampling needs SciPy.

    Parameters
    ----------
    total_count : Tensor or number, not negative
    probs, logits : one of them, as for Bernoulli; ``probs`` below 1

    >>> import pluggrad
    >>> NegativeBinomial(1.0, 0.5).log_prob(pluggrad.tensor([1.0]))
    tensor([-1.3863])
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.greater_than_eq(0), "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }  # fmt: skip
    support = constraints.nonnegative_integer
    total_count: Tensor

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name, value = self._one_of(probs, logits)
        count, value = broadcast_all(total_count, value)
        super().__init__(value.shape, validate_args=validate_args, total_count=count.to(value.dtype), **{name: value})

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.mean / (-self.logits).sigmoid()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        # Poisson numbers of gamma rates.
        rate = Gamma(self.total_count, (-self.logits).exp(), validate_args=False).sample(sample_shape)
        return poisson(rate)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        n, logits = self.total_count, self.logits
        plain = n * logsigmoid(-logits) + value * logsigmoid(logits)
        norm = gammaln(n + value) - gammaln(value + 1) - gammaln(n)
        return plain + where(n + value == 0, 0.0, norm)
