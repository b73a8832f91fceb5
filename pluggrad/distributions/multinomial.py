"""The multinomial distribution."""

from __future__ import annotations

from typing import Any, Self

from ..errors import ArgumentError
from ..ops.searching import where
from ..special import gammaln
from ..tensor import Size, Tensor
from . import constraints
from .categorical import OfCategories
from .utils import as_vectors

__all__ = ["Multinomial"]


class Multinomial(OfCategories):
    """How often each category comes up in ``total_count`` draws.

    Parameters
    ----------
    total_count : int
    probs, logits : one of them, as for Categorical

    Raises
    ------
    NotImplementedError : a ``total_count`` that is not one number

    >>> import pluggrad
    >>> Multinomial(2, pluggrad.tensor([0.5, 0.5])).log_prob(pluggrad.tensor([1.0, 1.0]))
    tensor(-0.6931)
    """

    def __init__(
        self,
        total_count: int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        if total_count < 0:
            raise ArgumentError(f"Multinomial: total_count must not be negative, got {total_count}")
        self.total_count = total_count
        given = self._normalized(probs, logits)
        (value,) = given.values()
        super().__init__(value.shape[:-1], value.shape[-1:], validate_args=validate_args, **given)

    def _options(self) -> dict[str, Any]:
        return {"total_count": self.total_count}

    @property
    def support(self) -> constraints.Constraint:
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs) * self.total_count

    def sample(self, sample_shape: Any = ()) -> Tensor:
        probs = self.probs
        drawn = self._drawn(sample_shape, max(self.total_count, 1))
        counts = as_vectors(drawn, probs).sum(-2)
        return counts if self.total_count else counts * 0

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        impossible = (value == 0) & (self.logits == -float("inf"))
        powers = where(impossible, 0.0, self.logits) * value
        return gammaln(value.sum(-1) + 1) - gammaln(value + 1).sum(-1) + powers.sum(-1)

    def entropy(self) -> Tensor:
        # The entropy of n draws less what their order tells, after PyTorch.
        from .binomial import Binomial
        from .categorical import Categorical

        n = self.total_count
        binomial = Binomial(n, self.probs, validate_args=False)
        counts = binomial.enumerate_support(expand=False)[1:]
        probs = binomial.log_prob(counts).exp()
        single = Categorical(probs=self.probs, validate_args=False).entropy()
        factorial = gammaln(single.new_ones(()) * (n + 1))
        return n * single - factorial + (probs * gammaln(counts + 1)).sum(0).sum(-1)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        ((name, value),) = self._given.items()
        shape = (*Size(batch_shape), value.shape[-1])
        return type(self)(self.total_count, validate_args=False, **{name: value.expand(*shape)})
