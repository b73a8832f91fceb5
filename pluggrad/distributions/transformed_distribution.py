"""Distributions of transformed values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from ..errors import ArgumentError
from ..tensor import Size, Tensor
from . import constraints
from .constraints import Constraint
from .distribution import Distribution
from .independent import Independent, sum_rightmost
from .transforms import ComposeTransform, Transform

__all__ = ["TransformedDistribution"]


class TransformedDistribution(Distribution):
    """The distribution of ``transforms`` of values of another one.

    Parameters
    ----------
    base_distribution : Distribution
    transforms : Transform, or a list of them, applied in order

    >>> import pluggrad
    >>> from pluggrad.distributions import Normal
    >>> from pluggrad.distributions.transforms import ExpTransform
    >>> TransformedDistribution(Normal(0.0, 1.0), ExpTransform()).log_prob(pluggrad.tensor(1.0))
    tensor(-0.9189)
    """

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | Sequence[Transform],
        validate_args: bool | None = None,
    ) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        if not all(isinstance(t, Transform) for t in self.transforms):
            raise ArgumentError(f"transforms must be a Transform or a list of Transforms, but was {transforms!r}")
        whole = ComposeTransform(self.transforms)
        base_shape = tuple(base_distribution.batch_shape) + tuple(base_distribution.event_shape)
        forward = whole.forward_shape(base_shape)
        own = len(base_distribution.event_shape)
        more = whole.domain.event_dim - own if self.transforms else 0
        if more > 0:
            base_distribution = Independent(base_distribution, more)
        self.base_dist = base_distribution
        own = max(own, whole.codomain.event_dim) if self.transforms else own
        super().__init__(
            forward[: len(forward) - own], forward[len(forward) - own :], validate_args=validate_args
        )  # fmt: skip

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        return self.base_dist.has_rsample

    @property
    def support(self) -> Constraint:
        if not self.transforms:
            return self.base_dist.support
        support = self.transforms[-1].codomain
        more = len(self._event_shape) - support.event_dim
        return constraints.independent(support, more) if more > 0 else support

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self._through(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self._through(self.base_dist.rsample(sample_shape))

    def _through(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        depth, total, y = len(self._event_shape), None, value
        for transform in reversed(self.transforms):
            x = transform._inverse(y)
            depth += transform.domain.event_dim - transform.codomain.event_dim
            one = sum_rightmost(transform.log_abs_det_jacobian(x, y), depth - transform.domain.event_dim)
            total, y = one if total is None else total + one, x
        base = sum_rightmost(self.base_dist.log_prob(y), depth - len(self.base_dist.event_shape))
        return base if total is None else base - total

    def _monotone(self, value: Tensor) -> Tensor:
        """A probability, mirrored if the transformation is decreasing."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        if isinstance(sign, int | float) and sign == 1:
            return value
        return sign * (value - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        for transform in reversed(self.transforms):
            value = transform._inverse(value)
        return self._monotone(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._through(self.base_dist.icdf(self._monotone(value)))

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        shape = Size(batch_shape)
        whole = ComposeTransform(self.transforms)
        inner = whole.inverse_shape((*shape, *self._event_shape))
        own = len(self.base_dist.event_shape)
        base = self.base_dist.expand(inner[: len(inner) - own])
        new = type(self).__new__(type(self))
        TransformedDistribution.__init__(new, base, self.transforms, validate_args=False)
        return new

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_dist!r}, {self.transforms!r})"
