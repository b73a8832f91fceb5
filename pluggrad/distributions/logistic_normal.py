"""The logistic normal distribution."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from ..tensor import Size, Tensor
from . import constraints
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import StickBreakingTransform

__all__ = ["LogisticNormal"]


class LogisticNormal(TransformedDistribution):
    """Vectors of ``k + 1`` numbers that sum to 1, from ``k`` normal ones.

    Parameters
    ----------
    loc, scale : Tensors or numbers, of the normal ones, ``scale`` positive

    >>> import pluggrad
    >>> LogisticNormal(pluggrad.zeros(2), pluggrad.ones(2)).event_shape
    pluggrad.Size([3])
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand((1,))
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """The mean of the normal numbers."""
        return self.base_dist.base_dist.loc  # type: ignore[attr-defined]

    @property
    def scale(self) -> Tensor:
        """The standard deviation of the normal numbers."""
        return self.base_dist.base_dist.scale  # type: ignore[attr-defined]

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        shape = (*Size(batch_shape), self.loc.shape[-1])
        return type(self)(self.loc.expand(*shape), self.scale.expand(*shape), validate_args=False)
