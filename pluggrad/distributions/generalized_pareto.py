"""The generalized Pareto distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..ops.searching import where
from ..random.sampling import rand
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """What lies above a threshold ``loc``: exponential for ``concentration`` 0, uniform for -1, else Pareto's.

    Parameters
    ----------
    loc, concentration : Tensors or numbers
    scale : Tensor or number, positive

    >>> GeneralizedPareto(0.0, 1.0, 0.5).mean
    tensor(2.)
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real,
    }  # fmt: skip
    has_rsample = True
    loc: Tensor
    scale: Tensor
    concentration: Tensor

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        loc, scale, concentration = broadcast_all(loc, scale, concentration)
        super().__init__(
            loc.shape, validate_args=validate_args, loc=loc, scale=scale, concentration=concentration
        )  # fmt: skip

    @property
    def support(self) -> constraints.Constraint:
        negative = self.concentration.detach() < 0
        ends = self.loc - self.scale / where(negative, self.concentration, -1.0)
        return constraints.interval(self.loc, where(negative, ends, math.inf))

    def _safe(self) -> tuple[Tensor, Tensor]:
        """Where the concentration counts as 0, and one that is not."""
        zero = self.concentration.detach().abs() <= 1e-8
        return zero, where(zero, 1.0, self.concentration)

    @property
    def mean(self) -> Tensor:
        valid = self.concentration < 1
        return where(valid, self.loc + self.scale / (1 - where(valid, self.concentration, 0.5)), math.nan)

    @property
    def variance(self) -> Tensor:
        valid = self.concentration < 0.5
        c = where(valid, self.concentration, 0.25)
        return where(valid, self.scale.square() / ((1 - c).square() * (1 - 2 * c)), math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device))

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        z, (zero, c) = (value - self.loc) / self.scale, self._safe()
        factor = 1 / c + 1
        return -self.scale.log() - where(zero, z, where(factor == 0, factor, factor * (c * z).log1p()))

    def log_survival_function(self, value: Tensor) -> Tensor:
        """Logarithm of the probability of more than ``value``."""
        self._validate_sample(value)
        z, (zero, c) = (value - self.loc) / self.scale, self._safe()
        return where(zero, -z, -(c * z).log1p() / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """Logarithm of :meth:`cdf`."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        zero, c = self._safe()
        rest = (-value).log1p()
        return self.loc + self.scale * where(zero, -rest, (-c * rest).expm1() / c)

    def entropy(self) -> Tensor:
        return self.scale.log() + self.concentration + 1
