"""Invertible transformations of values, with the logarithm of how much they stretch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..dtypes import finfo
from ..errors import ArgumentError
from ..ops.joining import concat
from ..ops.neural.activations import softplus
from ..special import expit
from ..tensor import Tensor
from . import constraints
from .constraints import Constraint
from .independent import sum_rightmost

__all__ = [
    "AbsTransform", "AffineTransform", "ComposeTransform", "ExpTransform", "IndependentTransform", "PowerTransform",
    "SigmoidTransform", "SoftmaxTransform", "SoftplusTransform", "StickBreakingTransform", "TanhTransform", "Transform",
    "identity_transform",
]  # fmt: skip


class Transform:
    """An invertible function of values: call it, and ``inv`` for the way back.

    Attributes
    ----------
    domain, codomain : where it leads from and to
    bijective : whether it has an inverse
    sign : 1 if it is increasing, -1 if decreasing; a number or a Tensor
    """

    bijective = True
    domain: Constraint = constraints.real
    codomain: Constraint = constraints.real
    sign: Any = 1

    def __init__(self, cache_size: int = 0) -> None:
        # Kept for PyTorch's programs: values are not kept here, since no inverse is inexact enough to need it.
        self._cache_size = cache_size

    def __call__(self, x: Tensor) -> Tensor:
        """The transformed values."""
        raise NotImplementedError

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """Logarithm of the absolute value of the determinant of the derivative at ``x``, which leads to ``y``."""
        raise NotImplementedError

    @property
    def inv(self) -> Transform:
        """The inverse."""
        return _Inverse(self)

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of ``self(x)`` from that of ``x``."""
        return tuple(shape)

    def inverse_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of ``x`` from that of ``self(x)``."""
        return tuple(shape)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((type(self), self._parts()))

    def _parts(self) -> tuple[Any, ...]:
        return ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    """The inverse of a transformation."""

    def __init__(self, of: Transform) -> None:
        super().__init__()
        self.of = of
        self.domain, self.codomain, self.sign = of.codomain, of.domain, of.sign
        self.bijective = of.bijective

    def __call__(self, x: Tensor) -> Tensor:
        return self.of._inverse(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.of(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self.of.log_abs_det_jacobian(y, x)

    @property
    def inv(self) -> Transform:
        return self.of

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return self.of.inverse_shape(shape)

    def inverse_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return self.of.forward_shape(shape)

    def _parts(self) -> tuple[Any, ...]:
        return (self.of,)


class ComposeTransform(Transform):
    """Several, one after the other.

    >>> import pluggrad
    >>> ComposeTransform([ExpTransform(), AffineTransform(1.0, 2.0)])(pluggrad.tensor(0.0))
    tensor(3.)
    """

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = list(parts)
        self.bijective = all(p.bijective for p in self.parts)
        if self.parts:
            self.domain, self.codomain = _with_dim(self.parts[0].domain, self._depth()), self.parts[-1].codomain
            if self.codomain.event_dim < self._depth():
                self.codomain = _with_dim(self.codomain, self._depth())
        sign: Any = 1
        for part in self.parts:
            sign = sign * part.sign
        self.sign = sign

    def _depth(self) -> int:
        return max((max(p.domain.event_dim, p.codomain.event_dim) for p in self.parts), default=0)

    def __call__(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            y = part._inverse(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        depth, total = self._depth(), None
        for part in self.parts:
            after = part(x)
            one = sum_rightmost(part.log_abs_det_jacobian(x, after), depth - part.domain.event_dim)
            total, x = one if total is None else total + one, after
        return x * 0 if total is None else total

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return tuple(shape)

    def inverse_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return tuple(shape)

    def _parts(self) -> tuple[Any, ...]:
        return tuple(self.parts)


def _with_dim(constraint: Constraint, event_dim: int) -> Constraint:
    more = event_dim - constraint.event_dim
    return constraints.independent(constraint, more) if more > 0 else constraint


identity_transform = ComposeTransform([])


class IndependentTransform(Transform):
    """A transformation of numbers taken as one of vectors (or more): what it stretches is summed.

    >>> import pluggrad
    >>> x = pluggrad.zeros(2)
    >>> IndependentTransform(ExpTransform(), 1).log_abs_det_jacobian(x, x.exp())
    tensor(0.)
    """

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.base, self.count = base_transform, reinterpreted_batch_ndims
        self.domain = constraints.independent(base_transform.domain, reinterpreted_batch_ndims)
        self.codomain = constraints.independent(base_transform.codomain, reinterpreted_batch_ndims)
        self.bijective, self.sign = base_transform.bijective, base_transform.sign

    def __call__(self, x: Tensor) -> Tensor:
        return self.base(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.base._inverse(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return sum_rightmost(self.base.log_abs_det_jacobian(x, y), self.count)

    def _parts(self) -> tuple[Any, ...]:
        return (self.base, self.count)


class ExpTransform(Transform):
    """``exp(x)``.

    >>> import pluggrad
    >>> ExpTransform().inv(pluggrad.tensor(1.0))
    tensor(0.)
    """

    codomain = constraints.positive

    def __call__(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class PowerTransform(Transform):
    """``x ** exponent`` of positive numbers."""

    domain = codomain = constraints.positive

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = exponent
        self.sign = exponent.sign() if isinstance(exponent, Tensor) else math.copysign(1, exponent)

    def __call__(self, x: Tensor) -> Tensor:
        return x**self.exponent

    def _inverse(self, y: Tensor) -> Tensor:
        return y ** (1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return (self.exponent * y / x).abs().log()

    def _parts(self) -> tuple[Any, ...]:
        return (self.exponent,)


class SigmoidTransform(Transform):
    """``1 / (1 + exp(-x))``."""

    codomain = constraints.unit_interval

    def __call__(self, x: Tensor) -> Tensor:
        limits = finfo(x.dtype)
        return expit(x).clamp(min=limits.smallest_normal, max=1 - limits.eps)

    def _inverse(self, y: Tensor) -> Tensor:
        limits = finfo(y.dtype)
        y = y.clamp(min=limits.smallest_normal, max=1 - limits.eps)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x) - softplus(x)


class SoftplusTransform(Transform):
    """``log(1 + exp(x))``."""

    codomain = constraints.positive

    def __call__(self, x: Tensor) -> Tensor:
        return softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x)


class TanhTransform(Transform):
    """``tanh(x)``; what it stretches is exact for large ``x``, too."""

    codomain = constraints.interval(-1.0, 1.0)

    def __call__(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return 2.0 * (math.log(2.0) - x - softplus(x * -2))


class AbsTransform(Transform):
    """``abs(x)``, which has no inverse: the way back takes ``y`` itself."""

    bijective = False
    codomain = constraints.positive

    def __call__(self, x: Tensor) -> Tensor:
        return x.abs()

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class AffineTransform(Transform):
    """``loc + scale * x``.

    Parameters
    ----------
    loc, scale : Tensors or numbers
    event_dim : how many of the last axes one value takes
    """

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self.event_dim = loc, scale, event_dim
        if event_dim:
            self.domain = self.codomain = constraints.independent(constraints.real, event_dim)
        self.sign = scale.sign() if isinstance(scale, Tensor) else math.copysign(1, scale)

    def __call__(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        scale = self.scale.abs().log() if isinstance(self.scale, Tensor) else math.log(abs(self.scale))
        return sum_rightmost(x * 0 + scale, self.event_dim)

    def _parts(self) -> tuple[Any, ...]:
        return (self.loc, self.scale, self.event_dim)


class SoftmaxTransform(Transform):
    """Logarithms of weights to weights that sum to 1; many lead to the same."""

    bijective = False
    domain, codomain = constraints.real_vector, constraints.simplex

    def __call__(self, x: Tensor) -> Tensor:
        return x.softmax(-1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()


class StickBreakingTransform(Transform):
    """Vectors of ``k - 1`` numbers to ``k`` that sum to 1: each says how much of what is left to break off."""

    domain, codomain = constraints.real_vector, constraints.simplex

    def __call__(self, x: Tensor) -> Tensor:
        z = expit(x - _offsets(x))
        rest = (1 - z).cumprod(-1)
        ones = x[..., :1] * 0 + 1
        return concat([z, ones], axis=-1) * concat([ones, rest], axis=-1)

    def _inverse(self, y: Tensor) -> Tensor:
        parts = y[..., :-1]
        rest = (1 - parts.cumsum(-1)).clamp(min=finfo(y.dtype).smallest_normal)
        return parts.log() - rest.log() + _offsets(parts)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        shifted = x - _offsets(x)
        # The derivative is triangular: y_i (1 - z_i) on the diagonal, with z = expit(shifted).
        return (y[..., :-1].log() - softplus(shifted)).sum(-1)

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) < 1:
            raise ArgumentError("Too few dimensions on input")
        return (*shape[:-1], shape[-1] + 1)

    def inverse_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) < 1:
            raise ArgumentError("Too few dimensions on input")
        return (*shape[:-1], shape[-1] - 1)


def _offsets(x: Tensor) -> Tensor:
    """What makes equal parts of zeros: the logarithm of how many parts are to come."""
    count = x.shape[-1]
    return x.new_tensor([math.log(count - i) for i in range(count)])
