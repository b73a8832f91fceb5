"""The geometric distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from ..dtypes import finfo
from ..errors import ArgumentError
from ..ops.searching import where
from ..random.sampling import rand
from ..tensor import Tensor
from . import constraints
from .bernoulli import OfProbability
from .utils import broadcast_all, log1mexp_of_bernoulli

__all__ = ["Geometric"]


class Geometric(OfProbability):
    """The number of failures before the first success, of probability ``probs``.

    Parameters
    ----------
    probs, logits : one of them, as for Bernoulli; ``probs`` above 0

    >>> import pluggrad
    >>> Geometric(0.5).log_prob(pluggrad.tensor([0.0, 1.0]))
    tensor([-0.6931, -1.3863])
    """

    support = constraints.nonnegative_integer

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        name, value = self._one_of(probs, logits)
        (value,) = broadcast_all(value)
        super().__init__(value.shape, validate_args=validate_args, **{name: value})
        if self._validate_args and probs is not None and not bool((value.detach() > 0).all()):
            raise ArgumentError(
                f"Expected parameter probs (Tensor of shape {tuple(value.shape)}) of distribution Geometric to be "
                f"positive but found invalid values:\n{value.detach()}"
            )

    @property
    def mean(self) -> Tensor:
        return 1 / self.probs - 1

    @property
    def mode(self) -> Tensor:
        return self.probs * 0

    @property
    def variance(self) -> Tensor:
        return (1 / self.probs - 1) / self.probs

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        probs = self.probs.detach().expand(*shape)
        u = rand(shape, dtype=probs.dtype, device=probs.device).clamp(min=finfo(probs.dtype).smallest_normal)
        return (u.log() / (-probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        probs = self.probs
        certain = (probs == 1) & (value == 0)
        return value * (-where(certain, 0.0, probs)).log1p() + probs.log()

    def entropy(self) -> Tensor:
        return -log1mexp_of_bernoulli(self.logits, self.probs) / self.probs
