"""The distribution of Dirichlet."""

from __future__ import annotations

from typing import Any, ClassVar

from ..errors import ArgumentError
from ..special import digamma, gammaln, xlogy
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .gamma import standard_gamma

__all__ = ["Dirichlet"]


class Dirichlet(Distribution):
    """Dirichlet's distribution on the vectors of numbers that sum to 1. Sampling needs SciPy.

    Parameters
    ----------
    concentration : Tensor, shape (..., k), positive

    >>> import pluggrad
    >>> Dirichlet(pluggrad.tensor([1.0, 1.0, 1.0])).log_prob(pluggrad.tensor([0.2, 0.3, 0.5]))
    tensor(0.6931)
    """

    arg_constraints: ClassVar = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    concentration: Tensor

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ArgumentError("`concentration` parameter must be at least one-dimensional.")
        shape = concentration.shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args, concentration=concentration)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self) -> Tensor:
        less = (self.concentration - 1).clamp(min=0)
        return less / less.sum(-1, keepdim=True)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, keepdim=True)
        return self.concentration * (total - self.concentration) / (total.square() * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        parts = standard_gamma(self.concentration.expand(*self._extended_shape(sample_shape)))
        return parts / parts.sum(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        a = self.concentration
        return xlogy(a - 1, value).sum(-1) + gammaln(a.sum(-1)) - gammaln(a).sum(-1)

    def entropy(self) -> Tensor:
        a = self.concentration
        k, total = a.shape[-1], a.sum(-1)
        log_beta = gammaln(a).sum(-1) - gammaln(total)
        return log_beta - (k - total) * digamma(total) - ((a - 1) * digamma(a)).sum(-1)
