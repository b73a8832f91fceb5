"""The beta distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..dtypes import finfo
from ..random.sampling import rand
from ..special import betainc, betaincinv, digamma, gammaln, xlog1py, xlogy
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["Beta"]


class Beta(Distribution):
    """The beta distribution on the numbers from 0 to 1. Sampling needs SciPy.

    Parameters
    ----------
    concentration1, concentration0 : Tensors or numbers, positive: the weights of 1 and of 0

    >>> import pluggrad
    >>> Beta(2.0, 2.0).log_prob(pluggrad.tensor([0.5]))
    tensor([0.4055])
    """

    arg_constraints: ClassVar = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True
    concentration1: Tensor
    concentration0: Tensor

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        a, b = broadcast_all(concentration1, concentration0)
        super().__init__(a.shape, validate_args=validate_args, concentration1=a, concentration0=b)

    @property
    def mean(self) -> Tensor:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Tensor:
        a, b = (self.concentration1 - 1).clamp(min=0), (self.concentration0 - 1).clamp(min=0)
        return a / (a + b)

    @property
    def variance(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return a * b / ((a + b).square() * (a + b + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        a = self.concentration1.expand(*shape)
        limits = finfo(a.dtype)
        u = rand(shape, dtype=a.dtype, device=a.device).clamp(min=limits.smallest_normal, max=1 - limits.eps / 2)
        value = betaincinv(a, self.concentration0, u)
        return value.clamp(min=limits.smallest_normal, max=1 - limits.eps / 2)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        a, b = self.concentration1, self.concentration0
        return xlogy(a - 1, value) + xlog1py(b - 1, -value) + gammaln(a + b) - gammaln(a) - gammaln(b)

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return betainc(self.concentration1, self.concentration0, value)

    def icdf(self, value: Tensor) -> Tensor:
        return betaincinv(self.concentration1, self.concentration0, value)

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        log_beta = gammaln(a) + gammaln(b) - gammaln(a + b)
        return log_beta - (a - 1) * digamma(a) - (b - 1) * digamma(b) + (a + b - 2) * digamma(a + b)
