"""Manipulation: shapes and orders. Views are in :mod:`pluggrad.ops.views`, joining and splitting in
:mod:`pluggrad.ops.joining`, repetitions in :mod:`pluggrad.ops.repetition`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import AxisError, ShapeError
from ..tensor import Size, Tensor
from .axes import Axes, complete_shape, either, one_axis, shape_of_arguments, some_axes
from .creation import _copy
from .declare import composite
from .views import _broadcast_to, _permute_dims, _view, view

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_shapes", "broadcast_tensors",
    "flatten", "flip", "fliplr", "flipud", "ravel", "reshape", "roll", "rot90", "unflatten",
]  # fmt: skip


# -- shapes ------------------------------------------------------------------------------------------


@composite(name="reshape", result="same", vjp=lambda xp, g, x_shape: xp.reshape(g, shape=x_shape))
def _reshape(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    return xp.namespace.reshape(x, shape)


def reshape(x: Tensor, /, shape: int | tuple[int, ...], *, copy: bool | None = None) -> Tensor:
    """``x`` in another shape: a view where the memory allows one, else a copy; -1 stands for the size that is left.

    Parameters
    ----------
    x : Tensor
    shape : the new shape
    copy : True: always; False: never, ValueError if needed; None: if needed

    Raises
    ------
    ShapeError : another number of elements; a copy that ``copy=False`` forbids

    >>> import pluggrad
    >>> pluggrad.reshape(pluggrad.arange(4), (2, -1))
    tensor([[0, 1],
            [2, 3]])
    """
    old = x._array.shape
    new = complete_shape("reshape", shape_of_arguments((shape,)), math.prod(old), old)
    if copy:
        return _reshape(_copy(x), shape=new)
    if copy is False:
        return view(x, new)
    return reshaped(x, new)


def reshaped(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``x`` in another shape, which is known to fit."""
    try:
        return _view(x, shape=shape)
    except ValueError:
        return _reshape(x, shape=shape)  # the memory does not allow a view, so this copies


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """``x`` with the axes from ``start_dim`` to ``end_dim`` made one; a 0-D tensor becomes 1-D.

    Raises
    ------
    ShapeError : ``start_dim`` comes after ``end_dim``

    >>> import pluggrad
    >>> pluggrad.flatten(pluggrad.zeros(2, 3, 4), 1).shape
    pluggrad.Size([2, 12])
    """
    shape = x._array.shape
    start, end = one_axis("flatten", start_dim, len(shape)), one_axis("flatten", end_dim, len(shape))
    if start > end:
        raise ShapeError(f"flatten() has invalid args: start_dim {start_dim} cannot come after end_dim {end_dim}")
    if start == end and shape:
        return x
    return reshaped(x, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def ravel(x: Tensor) -> Tensor:
    """``x`` in one axis.

    >>> import pluggrad
    >>> pluggrad.ravel(pluggrad.zeros(2, 3)).shape
    pluggrad.Size([6])
    """
    return reshaped(x, (math.prod(x._array.shape),))


def unflatten(x: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """``x`` with one axis made into several, whose sizes may hold one -1.

    >>> import pluggrad
    >>> pluggrad.unflatten(pluggrad.zeros(2, 12), 1, (3, -1)).shape
    pluggrad.Size([2, 3, 4])
    """
    shape = x._array.shape
    axis = one_axis("unflatten", dim, len(shape))
    new = complete_shape("unflatten", tuple(sizes), shape[axis], (shape[axis],))
    return reshaped(x, (*shape[:axis], *new, *shape[axis + 1 :]))


def broadcast_shapes(*shapes: int | tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The shape that shapes broadcast to; None, an unknown size, stays None unless another size is more than 1.

    Raises
    ------
    ShapeError : sizes that differ, none of them 1

    >>> import pluggrad
    >>> pluggrad.broadcast_shapes((2, 1), (3,))
    pluggrad.Size([2, 3])
    """
    given = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    ndim = max(map(len, given), default=0)
    out: list[int | None] = [1] * ndim
    for shape in given:
        for i, n in enumerate(shape, ndim - len(shape)):
            have = out[i]
            if n in (1, have) or (n is None and have != 1):
                continue
            if have not in (1, None):
                raise ShapeError(
                    f"broadcast_shapes: shapes {', '.join(map(str, given))} do not broadcast: sizes {have} and {n} "
                    "differ, neither is 1"
                )
            out[i] = n
    known = tuple([n for n in out if n is not None])
    return Size(known) if len(known) == ndim else tuple(out)


def common_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that known shapes broadcast to."""
    return tuple([n for n in broadcast_shapes(*shapes) if n is not None])


def broadcast_arrays(*arrays: Tensor) -> tuple[Tensor, ...]:
    """Tensors as views of one shape, that to which they broadcast.

    Parameters
    ----------
    arrays : Tensors of any dtypes (or one sequence of them)

    Raises
    ------
    ShapeError : shapes that do not broadcast

    >>> import pluggrad
    >>> [a.shape for a in pluggrad.broadcast_arrays(pluggrad.zeros(2, 1), pluggrad.zeros(3))]
    [pluggrad.Size([2, 3]), pluggrad.Size([2, 3])]
    """
    if len(arrays) == 1 and isinstance(arrays[0], list | tuple):
        arrays = tuple(arrays[0])
    shape = common_shape(*(tuple(a._array.shape) for a in arrays))
    return tuple([a if tuple(a._array.shape) == shape else _broadcast_to(a, shape=shape) for a in arrays])


broadcast_tensors = broadcast_arrays


def _at_least(name: str, tensors: tuple[Any, ...], expand: Any) -> Any:
    if len(tensors) == 1:
        return tuple(map(expand, tensors[0])) if isinstance(tensors[0], list | tuple) else expand(tensors[0])
    return tuple(map(expand, tensors))


def atleast_1d(*tensors: Any) -> Any:
    """Each tensor with at least one axis; a tuple for several.

    >>> import pluggrad
    >>> pluggrad.atleast_1d(pluggrad.asarray(1))
    tensor([1])
    """
    return _at_least("atleast_1d", tensors, lambda x: x if x.ndim else x[None])


def atleast_2d(*tensors: Any) -> Any:
    """Each tensor with at least two axes, new ones first; a tuple for several.

    >>> import pluggrad
    >>> pluggrad.atleast_2d(pluggrad.zeros(3)).shape
    pluggrad.Size([1, 3])
    """
    return _at_least("atleast_2d", tensors, lambda x: x[(None,) * (2 - x.ndim)] if x.ndim < 2 else x)


def atleast_3d(*tensors: Any) -> Any:
    """Each tensor with at least three axes: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1); a tuple for several.

    >>> import pluggrad
    >>> pluggrad.atleast_3d(pluggrad.zeros(3)).shape
    pluggrad.Size([1, 3, 1])
    """
    keys = {0: (None, None, None), 1: (None, slice(None), None), 2: (..., None)}
    return _at_least("atleast_3d", tensors, lambda x: x[keys[x.ndim]] if x.ndim < 3 else x)


# -- orders ------------------------------------------------------------------------------------------


@composite(name="flip", result="same", vjp=lambda xp, g, axis: xp.flip(g, axis=axis))
def _flip(xp: Any, x: Any, /, *, axis: tuple[int, ...]) -> Any:
    # The standard leaves open whether flip copies; only copies may go by another name than their input.
    return (
        xp.namespace.asarray(xp.namespace.flip(x, axis=axis), copy=True) if axis else xp.namespace.asarray(x, copy=True)
    )


def flip(x: Tensor, /, dims: Axes = None, *, axis: Axes = None) -> Tensor:
    """A copy with the order of the elements along axes (by default all) reversed; ``x[::-1]`` does so without a copy.

    >>> import pluggrad
    >>> pluggrad.flip(pluggrad.asarray([[1, 2], [3, 4]]), axis=1)
    tensor([[2, 1],
            [4, 3]])
    """
    return _flip(x, axis=some_axes("flip", either("flip", axis, dims), x._array.ndim) if x._array.ndim else ())


def fliplr(x: Tensor) -> Tensor:
    """A copy with the columns (axis 1) in reversed order.

    >>> import pluggrad
    >>> pluggrad.fliplr(pluggrad.asarray([[1, 2]]))
    tensor([[2, 1]])
    """
    if x.ndim < 2:
        raise ShapeError(f"fliplr: input must be >= 2-d, got {x.ndim}-d")
    return flip(x, axis=1)


def flipud(x: Tensor) -> Tensor:
    """A copy with the rows (axis 0) in reversed order.

    >>> import pluggrad
    >>> pluggrad.flipud(pluggrad.asarray([1, 2]))
    tensor([2, 1])
    """
    if x.ndim < 1:
        raise ShapeError("flipud: input must be >= 1-d, got 0-d")
    return flip(x, axis=0)


def _roll_x(xp: Any, g: Any, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    return xp.roll(g, shift=tuple([-s for s in shift]), axis=axis)


@composite(name="roll", result="same", vjp=_roll_x)
def _roll(xp: Any, x: Any, /, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    return xp.namespace.roll(x, shift, axis=axis)


def roll(
    x: Tensor, /, shift: int | Sequence[int] | None = None, dims: Axes = None, *, axis: Axes = None, shifts: Any = None
) -> Tensor:
    """A copy whose elements have moved ``shift`` places along axes; what leaves at the end comes in at the start.

    Parameters
    ----------
    x : Tensor
    shift, shifts : int, or one for each axis
    axis, dims : int or tuple of ints; None: ``x`` is rolled flattened and takes its shape again

    Raises
    ------
    ShapeError : differing numbers of shifts and axes

    >>> import pluggrad
    >>> pluggrad.roll(pluggrad.arange(4), 1)
    tensor([3, 0, 1, 2])
    """
    shift = shifts if shift is None else shift
    axis = either("roll", axis, dims)
    if shift is None:
        raise TypeError("roll: shift is required")
    moves = (shift,) if isinstance(shift, int) else tuple(shift)
    if axis is None:
        if len(moves) != 1:
            raise ShapeError(f"roll: {len(moves)} shifts need {len(moves)} axes, none were given")
        return reshape(_roll(ravel(x), shift=moves, axis=(0,)), tuple(x._array.shape))
    if not x._array.ndim:
        raise AxisError("roll: an axis was given, but the tensor has no dimensions")
    # An axis may be named twice: its shifts add up.
    axes = tuple(one_axis("roll", a, x._array.ndim) for a in ((axis,) if isinstance(axis, int) else axis))
    if len(moves) == 1:
        moves = moves * len(axes)
    if len(moves) != len(axes):
        raise ShapeError(f"roll: shifts and dimensions must align: {len(moves)} shifts, {len(axes)} axes")
    return _roll(x, shift=moves, axis=axes) if x._array.ndim else _copy(x)


def rot90(x: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy rotated ``k`` times by 90 degrees in the plane of two axes, from the first towards the second.

    >>> import pluggrad
    >>> pluggrad.rot90(pluggrad.asarray([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    if len(dims) != 2:
        raise ShapeError(f"rot90: expected two rotation dims, got {tuple(dims)}")
    if x._array.ndim < 2:
        raise ShapeError(f"rot90: expected a tensor of at least 2 axes, got {x._array.ndim}")
    a, b = some_axes("rot90", tuple(dims), x._array.ndim)
    k %= 4
    if k == 0:
        return _copy(x)
    if k == 2:
        return flip(x, axis=(a, b))
    order = list(range(x._array.ndim))
    order[a], order[b] = b, a
    if k == 1:
        return _copy(_permute_dims(flip(x, axis=b), axes=tuple(order)))
    return flip(_permute_dims(x, axes=tuple(order)), axis=b)
