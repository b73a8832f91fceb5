"""The uniform distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..errors import ArgumentError
from ..ops.searching import where
from ..random.sampling import rand
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["Uniform"]


class Uniform(Distribution):
    """Every number from ``low`` to ``high``, the second excluded, as likely as the others.

    Parameters
    ----------
    low, high : Tensors or numbers, ``low < high``

    >>> import pluggrad
    >>> Uniform(0.0, 2.0).log_prob(pluggrad.tensor([1.0]))
    tensor([-0.6931])
    """

    arg_constraints: ClassVar = {"low": constraints.dependent, "high": constraints.dependent}
    has_rsample = True
    low: Tensor
    high: Tensor

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        low, high = broadcast_all(low, high)
        super().__init__(low.shape, validate_args=validate_args, low=low, high=high)
        if self._validate_args and not bool((low.detach() < high.detach()).all()):
            raise ArgumentError("Uniform is not defined when low >= high")

    @property
    def support(self) -> constraints.Constraint:
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        return self.high * math.nan

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low).square() / 12

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        u = rand(self._extended_shape(sample_shape), dtype=self.low.dtype, device=self.low.device)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        inside = (value >= self.low) & (value < self.high)
        return where(inside, -(self.high - self.low).log(), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Tensor) -> Tensor:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()
