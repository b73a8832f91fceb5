"""Manipulation: shapes, orders and repetitions. Joining and splitting are in :mod:`pluggrad.ops.joining`, views in
:mod:`pluggrad.ops.views`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..autograd.operands import is_operand, wrap
from ..dtypes import INTEGRAL, NUMERIC
from ..errors import DTypeError, ShapeError
from ..tensor import Size, Tensor
from .axes import Axes, complete_shape, either, one_axis, shape_of_arguments, some_axes
from .creation import _copy
from .declare import composite
from .views import _broadcast_to, _permute_dims, _view, axes_last, diagonal_extent, inverse, view

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_shapes", "broadcast_tensors", "diag",
    "diag_embed", "diagflat", "flatten", "flip", "fliplr", "flipud", "ravel", "repeat", "repeat_interleave", "reshape",
    "roll", "rot90", "tile", "tril", "triu", "unflatten",
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


# -- repetitions -------------------------------------------------------------------------------------


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
    from .creation import asarray
    from .gathering import _take

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


# -- triangles and diagonals ---------------------------------------------------------------------------


def _triangle(name: str, x: Tensor) -> None:
    if x._array.ndim < 2:
        raise ShapeError(f"{name}: input tensor must have at least 2 dimensions, got shape {tuple(x.shape)}")


@composite(name="tril", result="same", vjp=lambda xp, g, k: xp.tril(g, k=k))
def _tril(xp: Any, x: Any, /, *, k: int) -> Any:
    return xp.namespace.tril(x, k=k)


@composite(name="triu", result="same", vjp=lambda xp, g, k: xp.triu(g, k=k))
def _triu(xp: Any, x: Any, /, *, k: int) -> Any:
    return xp.namespace.triu(x, k=k)


def tril(x: Tensor, /, diagonal: int = 0, *, k: int = 0) -> Tensor:
    """The lower triangle of each matrix, zeros above.

    Parameters
    ----------
    x : Tensor, shape (..., m, n)
    k, diagonal : up to which diagonal; > 0 is above the main one

    >>> import pluggrad
    >>> pluggrad.tril(pluggrad.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    _triangle("tril", x)
    return _tril(x, k=k or diagonal)


def triu(x: Tensor, /, diagonal: int = 0, *, k: int = 0) -> Tensor:
    """The upper triangle of each matrix, zeros below.

    Parameters
    ----------
    x : Tensor, shape (..., m, n)
    k, diagonal : from which diagonal; > 0 is above the main one

    >>> import pluggrad
    >>> pluggrad.triu(pluggrad.ones(2, 2))
    tensor([[1., 1.],
            [0., 1.]])
    """
    _triangle("triu", x)
    return _triu(x, k=k or diagonal)


def _put_diagonal_x(xp: Any, g: Any, offset: int, axis1: int, axis2: int) -> Any:
    return xp.copy_diagonal(g, offset=offset, axis1=axis1, axis2=axis2)


@composite(name="put_diagonal", alias="DiagEmbed", result="same", vjp=_put_diagonal_x)
def _put_diagonal(xp: Any, x: Any, /, *, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Zeros of ``shape``, with the last axis of ``x`` on a diagonal of two axes."""
    ns = xp.namespace
    order = axes_last(len(shape), axis1, axis2)
    rows, columns = shape[axis1], shape[axis2]
    _, count = diagonal_extent(rows, columns, offset)
    # Each row of the matrix holds one element: every row full of it, then all but one place zero.
    before = max(-offset, 0)
    lead = tuple(x.shape[:-1])
    zeros = [xp.new_zeros(x, shape=(*lead, n)) for n in (min(before, rows), rows - min(before, rows) - count)]
    by_row = ns.concat((zeros[0], x, zeros[1]), axis=-1)
    mask = ns.eye(rows, columns, k=offset, dtype=ns.int8, device=xp.native_device(x)) == 1
    placed = ns.where(mask, by_row[..., None], ns.zeros_like(by_row[..., None]))
    return ns.permute_dims(placed, inverse(order))


def _copy_diagonal_x(xp: Any, g: Any, x_shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    return xp.put_diagonal(g, shape=x_shape, offset=offset, axis1=axis1, axis2=axis2)


@composite(name="copy_diagonal", alias="DiagonalCopy", result="same", vjp=_copy_diagonal_x)
def _copy_diagonal(xp: Any, x: Any, /, *, offset: int, axis1: int, axis2: int) -> Any:
    """A diagonal of two axes as the last axis of a copy."""
    ns = xp.namespace
    x = ns.permute_dims(x, axes_last(x.ndim, axis1, axis2))
    rows, columns = x.shape[-2:]
    start, count = diagonal_extent(rows, columns, offset)
    flat = ns.reshape(x, (*x.shape[:-2], rows * columns))
    step = columns + 1
    return ns.asarray(flat[..., start : min(start + count * step, rows * columns) : step], copy=True)


def diag_embed(x: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last axis of ``x`` on a diagonal, zeros elsewhere.

    Parameters
    ----------
    x : Tensor, shape (..., n)
    offset : which diagonal; the matrices have n + abs(offset) rows and columns
    dim1, dim2 : the axes of the result that hold the matrices

    >>> import pluggrad
    >>> pluggrad.diag_embed(pluggrad.asarray([1, 2]), 1)
    tensor([[0, 1, 0],
            [0, 0, 2],
            [0, 0, 0]])
    """
    if not x._array.ndim:
        raise ShapeError("diag_embed: needs at least one axis, got a 0-d tensor")
    ndim = x._array.ndim + 1
    axis1, axis2 = one_axis("diag_embed", dim1, ndim), one_axis("diag_embed", dim2, ndim)
    if axis1 == axis2:
        raise ValueError(f"diag_embed: dim1 and dim2 must differ, both are axis {axis1}")
    if axis1 > axis2:  # swapped axes are the other diagonal
        axis1, axis2, offset = axis2, axis1, -offset
    n = x._array.shape[-1] + abs(offset)
    lead = list(x._array.shape[:-1])
    lead.insert(axis1, n)
    lead.insert(axis2, n)
    return _put_diagonal(x, shape=tuple(lead), offset=offset, axis1=axis1, axis2=axis2)


def diag(x: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix with the vector ``x`` on a diagonal; of a matrix, a copy of a diagonal.

    >>> import pluggrad
    >>> pluggrad.diag(pluggrad.asarray([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    ndim = x._array.ndim
    if ndim == 1:
        return diag_embed(x, diagonal)
    if ndim != 2:
        raise ShapeError(f"diag: supports 1-d and 2-d tensors, got {ndim}-d; use diag_embed or diagonal for others")
    return _copy_diagonal(x, offset=diagonal, axis1=0, axis2=1)


def diagflat(x: Tensor, offset: int = 0) -> Tensor:
    """A matrix with the elements of ``x``, flattened, on a diagonal.

    >>> import pluggrad
    >>> pluggrad.diagflat(pluggrad.asarray([[1], [2]]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(ravel(x), offset)
