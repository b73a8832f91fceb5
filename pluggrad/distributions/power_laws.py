"""Distributions that are powers of simple ones: Pareto, Weibull, inverse gamma."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..ops.searching import where
from ..special import digamma, gammaln
from ..tensor import Tensor
from . import constraints
from .constraints import Constraint
from .exponential import Exponential
from .gamma import Gamma
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, ExpTransform, PowerTransform
from .utils import broadcast_all

__all__ = ["InverseGamma", "Pareto", "Weibull"]


class Pareto(TransformedDistribution):
    """Pareto's distribution: numbers above ``scale``, whose logarithm is exponential.

    Parameters
    ----------
    scale, alpha : Tensors or numbers, positive

    >>> import pluggrad
    >>> Pareto(1.0, 3.0).mean
    tensor(1.5000)
    """

    arg_constraints: ClassVar = {"alpha": constraints.positive, "scale": constraints.positive}

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args=validate_args)
        super().__init__(base, [ExpTransform(), AffineTransform(0, self.scale)], validate_args=validate_args)

    @property
    def support(self) -> Constraint:
        return constraints.greater_than_eq(self.scale)

    @property
    def mean(self) -> Tensor:
        safe = where(self.alpha > 1, self.alpha, 2.0)
        return where(self.alpha > 1, safe * self.scale / (safe - 1), math.inf)

    @property
    def mode(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        a = where(self.alpha > 2, self.alpha, 3.0)
        return where(self.alpha > 2, self.scale.square() * a / ((a - 1).square() * (a - 2)), math.inf)

    def entropy(self) -> Tensor:
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        scale, alpha = (p.expand(*batch_shape) for p in (self.scale, self.alpha))
        return type(self)(scale, alpha, validate_args=False)


class Weibull(TransformedDistribution):
    """Weibull's distribution, of times to failure.

    Parameters
    ----------
    scale, concentration : Tensors or numbers, positive

    >>> import pluggrad
    >>> Weibull(1.0, 1.0).mean
    tensor(1.)
    """

    arg_constraints: ClassVar = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        base = Exponential(self.scale * 0 + 1, validate_args=validate_args)
        power = PowerTransform(self.concentration.reciprocal())
        super().__init__(base, [power, AffineTransform(0, self.scale)], validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.scale * gammaln(1 + self.concentration.reciprocal()).exp()

    @property
    def mode(self) -> Tensor:
        k = self.concentration
        return self.scale * ((k - 1).clamp(min=0) / k) ** k.reciprocal()

    @property
    def variance(self) -> Tensor:
        inverse = self.concentration.reciprocal()
        return self.scale.square() * (gammaln(1 + 2 * inverse).exp() - (2 * gammaln(1 + inverse)).exp())

    def entropy(self) -> Tensor:
        inverse = self.concentration.reciprocal()
        return 0.5772156649015329 * (1 - inverse) + (self.scale * inverse).log() + 1

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        scale, concentration = (p.expand(*batch_shape) for p in (self.scale, self.concentration))
        return type(self)(scale, concentration, validate_args=False)


class InverseGamma(TransformedDistribution):
    """One over a gamma number. Sampling needs SciPy.

    Parameters
    ----------
    concentration, rate : Tensors or numbers, positive, of the gamma number

    >>> import pluggrad
    >>> InverseGamma(3.0, 1.0).mean
    tensor(0.5000)
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    base_dist: Gamma

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        super().__init__(base, PowerTransform(-1.0), validate_args=validate_args)

    @property
    def concentration(self) -> Tensor:
        """The shape of the gamma number."""
        return self.base_dist.concentration

    @property
    def rate(self) -> Tensor:
        """The rate of the gamma number."""
        return self.base_dist.rate

    @property
    def mean(self) -> Tensor:
        safe = where(self.concentration > 1, self.concentration, 2.0)
        return where(self.concentration > 1, self.rate / (safe - 1), math.inf)

    @property
    def mode(self) -> Tensor:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        a = where(self.concentration > 2, self.concentration, 3.0)
        return where(self.concentration > 2, self.rate.square() / ((a - 1).square() * (a - 2)), math.inf)

    def entropy(self) -> Tensor:
        a = self.concentration
        return a + self.rate.log() + gammaln(a) - (1 + a) * digamma(a)
