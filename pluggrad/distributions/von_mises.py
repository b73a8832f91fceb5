"""Von Mises' distribution of angles."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..autograd import no_grad
from ..dtypes import bool_, float64
from ..ops.creation import zeros
from ..ops.searching import where
from ..random.sampling import rand
from ..special import i0e, i1e
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["VonMises"]


class VonMises(Distribution):
    """Angles around ``loc``: what a normal distribution is on the line, this is on the circle.

    Parameters
    ----------
    loc : Tensor or number, an angle in radians
    concentration : Tensor or number, positive

    >>> import pluggrad
    >>> VonMises(0.0, 1.0).log_prob(pluggrad.tensor(0.0))
    tensor(-1.0738)
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False
    loc: Tensor
    concentration: Tensor

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        loc, concentration = broadcast_all(loc, concentration)
        super().__init__(loc.shape, validate_args=validate_args, loc=loc, concentration=concentration)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The circular variance: 1 less the length of the mean of the directions."""
        return 1 - i1e(self.concentration) / i0e(self.concentration)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        # log(i0(k)) = log(i0e(k)) + k, without overflow
        k = self.concentration
        return k * ((value - self.loc).cos() - 1) - math.log(2 * math.pi) - i0e(k).log()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Angles in [-pi, pi), by rejection (Best and Fisher, 1979)."""
        with no_grad():
            shape = self._extended_shape(sample_shape)
            k = self.concentration.to(float64)
            tau = 1 + (1 + 4 * k * k).sqrt()
            rho = (tau - (2 * tau).sqrt()) / (2 * k)
            # The formula of a wrapped Cauchy distribution loses its digits where the concentration is small.
            r = where(k < 1e-5, 1 / k + k, (1 + rho * rho) / (2 * rho)).expand(*shape)
            k = k.expand(*shape)
            angle = zeros(shape, dtype=float64, device=k.device)
            done = zeros(shape, dtype=bool_, device=k.device)
            while not bool(done.all()):
                u, v, w = (rand(shape, dtype=float64, device=k.device) for _ in range(3))
                z = (math.pi * u).cos()
                f = ((1 + r * z) / (r + z)).clamp(-1, 1)
                c = k * (r - f)
                accepted = (c * (2 - c) - v > 0) | ((c / v).log() + 1 - c >= 0)
                angle = where(accepted & ~done, (w - 0.5).sign() * f.acos(), angle)
                done = done | accepted
            angle = (angle + math.pi + self.loc.to(float64)) % (2 * math.pi) - math.pi
            return angle.to(self.loc.dtype)
