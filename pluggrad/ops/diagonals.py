"""Triangles and diagonals of matrices: read, and placed into zeros."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .axes import one_axis
from .declare import composite
from .manipulation import ravel
from .views import axes_last, inverse

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "tril", "triu"]


# -- triangles ---------------------------------------------------------------------------------------


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


# -- diagonals ---------------------------------------------------------------------------------------


def _diagonal_x(xp: Any, g: Any, x_shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    return xp.put_diagonal(g, shape=x_shape, offset=offset, axis1=axis1, axis2=axis2)


@composite(name="diagonal", view=True, result="same", vjp=_diagonal_x)
def _diagonal(xp: Any, x: Any, /, *, offset: int, axis1: int, axis2: int) -> Any:
    """Elements (i, i + offset) of two axes, as the last axis; ValueError where the memory does not allow the view."""
    ns = xp.namespace
    x = ns.permute_dims(x, axes_last(x.ndim, axis1, axis2))
    rows, columns = x.shape[-2:]
    start, count = diagonal_extent(rows, columns, offset)
    # In the matrix laid out flat, neighbours on the diagonal are a row and an element apart.
    flat = xp.view(x, shape=(*x.shape[:-2], rows * columns))
    return flat[..., start : min(start + count * (columns + 1), rows * columns) : columns + 1]


def diagonal_extent(rows: int, columns: int, offset: int) -> tuple[int, int]:
    """Where a diagonal starts in the flattened matrix, and how many elements it has."""
    if offset >= 0:
        return min(offset, columns), max(min(rows, columns - offset), 0)
    return min(-offset * columns, rows * columns), max(min(rows + offset, columns), 0)


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


def diagonal(x: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two axes, as the last axis of the result: a view where the memory allows one.

    Parameters
    ----------
    x : Tensor, at least 2-D
    offset : which diagonal: elements (i, i + offset)
    dim1, dim2 : the two axes; PyTorch's defaults, the first two. ``linalg.diagonal`` takes the last two.

    >>> import pluggrad
    >>> pluggrad.diagonal(pluggrad.reshape(pluggrad.arange(6), (2, 3)), 1)
    tensor([1, 5])
    """
    ndim = x._array.ndim
    if ndim < 2:
        raise ShapeError(f"diagonal: needs at least two axes, got shape {tuple(x.shape)}")
    axis1, axis2 = one_axis("diagonal", dim1, ndim), one_axis("diagonal", dim2, ndim)
    if axis1 == axis2:
        raise ArgumentError(f"diagonal: dim1 and dim2 must differ, both are axis {axis1}")
    try:
        return _diagonal(x, offset=offset, axis1=axis1, axis2=axis2)
    except ValueError:
        return _copy_diagonal(x, offset=offset, axis1=axis1, axis2=axis2)


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
        raise ArgumentError(f"diag_embed: dim1 and dim2 must differ, both are axis {axis1}")
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
