"""Repetitions: of a tensor as a whole, and of its elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.operands import is_operand, wrap
from ..dtypes import INTEGRAL
from ..errors import DTypeError, ShapeError
from ..tensor import Tensor
from .advanced_indexing import _take
from .axes import either, one_axis, shape_of_arguments
from .creation import asarray
from .declare import composite
from .manipulation import ravel, reshape

__all__ = ["repeat", "repeat_interleave", "tile"]


def _tile_x(xp: Any, g: Any, x_shape: tuple[int, ...], repetitions: tuple[int, ...]) -> Any:
    """Sum over the copies."""
    sizes = (1,) * (len(repetitions) - len(x_shape)) + tuple(x_shape)
    split = tuple([n for pair in zip(repetitions, sizes, strict=True) for n in pair])
    summed = xp.sum(xp.reshape(g, shape=split), axis=tuple(range(0, len(split), 2)))
    return xp.reshape(summed, shape=x_shape)


@composite(name="tile", alias="Repeat", result="same", vjp=_tile_x)
def _tile(xp: Any, x: Any, /, *, repetitions: tuple[int, ...]) -> Any:
    return xp.namespace.tile(x, repetitions)


def tile(x: Tensor, /, *repetitions: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
    """``x`` repeated as a whole along each axis.

    Parameters
    ----------
    x : Tensor
    repetitions, dims : how often along each axis; the shorter of these and the shape is filled with ones in front

    >>> import pluggrad
    >>> pluggrad.tile(pluggrad.asarray([1, 2]), (2, 2))
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    times = tuple(dims) if dims is not None else shape_of_arguments(repetitions)
    if any(r < 0 for r in times):
        raise ShapeError(f"tile: repetitions must not be negative, got {times}")
    return _tile(x, repetitions=(1,) * (x._array.ndim - len(times)) + times)


def _repeat_x(xp: Any, g: Any, x_shape: tuple[int, ...], repeats: int, axis: int) -> Any:
    split = (*x_shape[: axis + 1], repeats, *x_shape[axis + 1 :])
    return xp.sum(xp.reshape(g, shape=split), axis=(axis + 1,))


@composite(name="repeat", alias="RepeatInterleave", result="same", vjp=_repeat_x)
def _repeat(xp: Any, x: Any, /, *, repeats: int, axis: int) -> Any:
    return xp.namespace.repeat(x, repeats, axis=axis)


def repeat(
    x: Tensor,
    repeats: int | Tensor,
    /,
    axis: int | None = None,
    *,
    dim: int | None = None,
    output_size: int | None = None,
) -> Tensor:
    """Each element repeated. The method ``x.repeat(2, 3)`` tiles, as in PyTorch: see :func:`tile`.

    Parameters
    ----------
    x : Tensor
    repeats : int, or integers: one for all, or one for each element along the axis
    axis, dim : None: ``x`` is flattened
    output_size : accepted for PyTorch's sake

    Raises
    ------
    ShapeError : another number of repeats than elements; negative ones

    >>> import pluggrad
    >>> x = pluggrad.asarray([1, 2])
    >>> pluggrad.repeat(x, 2), pluggrad.repeat(x, pluggrad.asarray([0, 3]))
    (tensor([1, 1, 2, 2]), tensor([2, 2, 2]))
    """
    axis = either("repeat", axis, dim)
    if axis is None:
        x, axis = ravel(x), 0
    elif not x._array.ndim:
        x = reshape(x, (1,))
    axis = one_axis("repeat", axis, x._array.ndim)
    if not isinstance(repeats, int):
        return _repeat_each(x, repeats, axis)
    if repeats < 0:
        raise ShapeError(f"repeat: repeats must not be negative, got {repeats}")
    return _repeat(x, repeats=int(repeats), axis=axis)


def _repeat_each(x: Tensor, repeats: Any, axis: int) -> Tensor:
    """Each element along an axis repeated as often as ``repeats`` says."""
    n = x._array.shape[axis]
    times = wrap(repeats) if is_operand(repeats) else asarray(repeats, device=x.device)
    if times.dtype.kind not in INTEGRAL:
        raise DTypeError(f"repeat: repeats must be integers, got {times.dtype.name}")
    counts = times.tolist()
    if not times.ndim:
        return repeat(x, counts, axis=axis)
    if times.ndim != 1 or len(counts) not in (1, n):
        raise ShapeError(
            f"repeat: repeats must be 0-d, or 1-d with one count or one for each of the {n} elements, got shape "
            f"{list(times.shape)}"
        )
    if min(counts, default=0) < 0:
        raise ShapeError(f"repeat: repeats must not be negative, got {min(counts)}")
    if len(counts) == 1:
        return repeat(x, counts[0], axis=axis)
    places = asarray(
        [i for i, count in enumerate(counts) for _ in range(count)] or [], dtype=times.dtype, device=x.device
    )
    return _take(x, places, axis=axis)


repeat_interleave = repeat
