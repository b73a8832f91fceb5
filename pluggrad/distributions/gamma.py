"""The gamma distribution, and chi-squared."""

from __future__ import annotations

from typing import Any, ClassVar

from ..dtypes import finfo
from ..random.sampling import rand
from ..special import digamma, gammainc, gammaincinv, gammaln
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["Gamma", "standard_gamma"]


def standard_gamma(concentration: Tensor) -> Tensor:
    """Gamma numbers of rate 1, drawn as quantiles of uniform ones, so that they have gradients by the shape.

    The gradient of a quantile is that of implicit reparameterization (M. Figurnov, S. Mohamed, A. Mnih, Implicit
    reparameterization gradients, NeurIPS 2018).

    >>> import pluggrad
    >>> bool(standard_gamma(pluggrad.tensor([2.0])) > 0)
    True
    """
    limits = finfo(concentration.dtype)
    u = rand(concentration.shape, dtype=concentration.dtype, device=concentration.device)
    # Quantiles of 0 have no gradient; neither have those that vanish in this dtype.
    u = u.clamp(min=limits.smallest_normal, max=1 - limits.eps / 2)
    return gammaincinv(concentration, u).clamp(min=limits.smallest_normal)


class Gamma(Distribution):
    """The gamma distribution of shape ``concentration`` and inverse scale ``rate``. Sampling needs SciPy.

    Parameters
    ----------
    concentration, rate : Tensors or numbers, positive

    >>> import pluggrad
    >>> Gamma(2.0, 1.0).log_prob(pluggrad.tensor([1.0]))
    tensor([-1.])
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    concentration: Tensor
    rate: Tensor

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        concentration, rate = broadcast_all(concentration, rate)
        super().__init__(concentration.shape, validate_args=validate_args, concentration=concentration, rate=rate)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate.square()

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return standard_gamma(self.concentration.expand(*shape)) / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        a = self.concentration
        return a * self.rate.log() + (a - 1).xlogy(value) - self.rate * value - gammaln(a)

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return gammainc(self.concentration, self.rate * value)

    def icdf(self, value: Tensor) -> Tensor:
        return gammaincinv(self.concentration, value) / self.rate

    def entropy(self) -> Tensor:
        a = self.concentration
        return a - self.rate.log() + gammaln(a) + (1 - a) * digamma(a)
