"""The distribution of Bernoulli."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..errors import ArgumentError
from ..ops.creation import arange
from ..ops.searching import where
from ..random.discrete import bernoulli
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, log1mexp_of_bernoulli, logits_to_probs, probs_to_logits

__all__ = ["Bernoulli", "OfProbability"]


class OfProbability(Distribution):
    """What distributions of a probability share: it is given as such, or as the logarithm of its odds."""

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}

    def _one_of(self, probs: Any, logits: Any) -> tuple[str, Any]:
        if (probs is None) == (logits is None):
            raise ArgumentError("Either `probs` or `logits` must be specified, but not both.")
        return ("probs", probs) if logits is None else ("logits", logits)

    @property
    def probs(self) -> Tensor:
        """The probability."""
        given = self._given
        return given["probs"] if "probs" in given else logits_to_probs(given["logits"], is_binary=True)

    @property
    def logits(self) -> Tensor:
        """The logarithm of the odds."""
        given = self._given
        return given["logits"] if "logits" in given else probs_to_logits(given["probs"], is_binary=True)

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return next(iter(self._given.values())).shape


class Bernoulli(OfProbability):
    """1 with probability ``probs``, else 0.

    Parameters
    ----------
    probs : Tensor or number, in [0, 1]
    logits : in its place, the logarithm of ``probs / (1 - probs)``

    >>> import pluggrad
    >>> Bernoulli(0.25).log_prob(pluggrad.tensor([0.0, 1.0]))
    tensor([-0.2877, -1.3863])
    """

    support: constraints.Constraint = constraints.boolean
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        name, value = self._one_of(probs, logits)
        (value,) = broadcast_all(value)
        super().__init__(value.shape, validate_args=validate_args, **{name: value})

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        probs = self.probs
        return where(probs == 0.5, math.nan, (probs >= 0.5).to(probs.dtype))

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return bernoulli(self.probs.detach().expand(*self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return log1mexp_of_bernoulli(self.logits, value)

    def entropy(self) -> Tensor:
        return -log1mexp_of_bernoulli(self.logits, self.probs)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return enumerate_values(self, 2, expand)


def enumerate_values(distribution: Distribution, count: int, expand: bool) -> Tensor:
    """0, 1, ..., along a new first axis."""
    like = next(iter(distribution._given.values()))
    values = arange(count, dtype=like.dtype, device=like.device)
    values = values.reshape(-1, *(1 for _ in distribution.batch_shape))
    return values.expand(-1, *distribution.batch_shape) if expand else values
