"""Windows that slide along an axis: as a view, as a copy, and the way back."""

from __future__ import annotations

from typing import Any

from ..dtypes import NUMERIC
from ..errors import ShapeError
from ..tensor import Tensor
from .declare import composite
from .views import _axis_of

__all__: list[str] = []


def _unfold_x(xp: Any, g: Any, x_shape: tuple[int, ...], axis: int, size: int, step: int) -> Any:
    return xp.fold_windows(g, shape=x_shape, axis=axis, size=size, step=step)


@composite(name="unfold", view=True, result="same", vjp=_unfold_x)
def _unfold(xp: Any, x: Any, /, *, axis: int, size: int, step: int) -> Any:
    """Windows along an axis, their elements as the last axis.

    The standard has no strides; a backend that has any overrides this.
    """
    raise ValueError("unfold: this backend has no views whose elements overlap")


def _fold_windows_x(xp: Any, g: Any, axis: int, size: int, step: int) -> Any:
    return xp.windows(g, axis=axis, size=size, step=step)


@composite(name="fold_windows", result="same", kinds=NUMERIC, vjp=_fold_windows_x)
def _fold_windows(xp: Any, x: Any, /, *, shape: tuple[int, ...], axis: int, size: int, step: int) -> Any:
    """The way back of unfold: each element of a window added to where it was taken from."""
    out = xp.new_zeros(x, shape=shape)
    lead, n = (slice(None),) * axis, x.shape[axis]
    for i in range(size if n else 0):
        out[(*lead, slice(i, i + (n - 1) * step + 1, step), ...)] += x[..., i]
    return out


def _windows_x(xp: Any, g: Any, x_shape: tuple[int, ...], axis: int, size: int, step: int) -> Any:
    return xp.fold_windows(g, shape=x_shape, axis=axis, size=size, step=step)


@composite(name="windows", alias="UnfoldCopy", result="same", vjp=_windows_x)
def _windows(xp: Any, x: Any, /, *, axis: int, size: int, step: int) -> Any:
    """Windows along an axis as a copy, their elements as the last axis."""
    lead, n = (slice(None),) * axis, (x.shape[axis] - size) // step + 1
    if not size:
        return xp.new_zeros(x, shape=(*x.shape[:axis], n, *x.shape[axis + 1 :], 0))
    return xp.namespace.stack([x[(*lead, slice(i, i + (n - 1) * step + 1, step), ...)] for i in range(size)], axis=-1)


def windows_along(x: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of ``size`` elements, ``step`` apart, along an axis; their elements are the last axis of the result.

    A view where the backend has views whose elements overlap. It is the method ``x.unfold(dimension, size, step)``.

    Raises
    ------
    ShapeError : a window larger than the axis, or a step that is not positive

    >>> import pluggrad
    >>> pluggrad.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    axis = _axis_of("unfold", x, dimension)
    n = x._array.shape[axis]
    if not 0 <= size <= n:
        raise ShapeError(f"unfold: maximum size for tensor at dimension {axis} is {n} but size is {size}")
    if step <= 0:
        raise ShapeError(f"unfold: step is {step} but must be > 0")
    try:
        return _unfold(x, axis=axis, size=size, step=step)
    except ValueError:
        return _windows(x, axis=axis, size=size, step=step)
