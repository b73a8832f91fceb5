"""The distribution of Poisson."""

from __future__ import annotations

from typing import Any, ClassVar

from ..random.discrete import poisson
from ..special import gammaln
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["Poisson"]


class Poisson(Distribution):
    """The number of events where ``rate`` are expected.

    Parameters
    ----------
    rate : Tensor or number, not negative

    >>> import pluggrad
    >>> Poisson(1.0).log_prob(pluggrad.tensor([0.0, 2.0]))
    tensor([-1.0000, -1.6931])
    """

    arg_constraints: ClassVar = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer
    rate: Tensor

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (rate,) = broadcast_all(rate)
        super().__init__(rate.shape, validate_args=validate_args, rate=rate)

    @property
    def mean(self) -> Tensor:
        return self.rate

    @property
    def mode(self) -> Tensor:
        return self.rate.floor()

    @property
    def variance(self) -> Tensor:
        return self.rate

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return poisson(self.rate.detach().expand(*self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return value.xlogy(self.rate) - self.rate - gammaln(value + 1)
