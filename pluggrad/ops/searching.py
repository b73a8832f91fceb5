"""Searching: selection by a condition, indices of extrema, of what is not zero, and in sorted values."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..autograd.engine import graph_namespace
from ..autograd.operands import wrap
from ..dtypes import BOOL, REAL
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .axes import Axes, either, one_axis
from .declare import composite, standard
from .dtype_functions import _astype
from .reductions import ordered, reduced_axes, refuse_empty

__all__ = ["argmax", "argmin", "argwhere", "bucketize", "count_nonzero", "nonzero", "searchsorted", "where"]


@standard(promoted=("x1", "x2"), broadcasts=True, result="same", vjp=[
    None,
    lambda xp, g, condition: xp.where(condition, g, 0),
    lambda xp, g, condition: xp.where(condition, 0, g),
])  # fmt: skip
def where(condition, x1, x2, /):
    """Elements of ``x1`` where ``condition`` is true, of ``x2`` elsewhere.

    Parameters
    ----------
    condition : Tensor, bool
    x1, x2 : Tensor or Python scalar

    All shapes broadcast.

    Returns
    -------
    Tensor, the broadcast shape, the dtype that ``x1`` and ``x2`` promote to

    >>> import pluggrad
    >>> pluggrad.where(pluggrad.asarray([True, False]), pluggrad.asarray([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """


@composite(name="argmax", kinds=REAL | BOOL)
def _argmax(xp: Any, x: Any, /, *, axis: int | None, keepdims: bool = False) -> Any:
    return xp.namespace.argmax(ordered(xp, x), axis=axis, keepdims=keepdims)


@composite(name="argmin", kinds=REAL | BOOL)
def _argmin(xp: Any, x: Any, /, *, axis: int | None, keepdims: bool = False) -> Any:
    return xp.namespace.argmin(ordered(xp, x), axis=axis, keepdims=keepdims)


def _axis_to_search(name: str, x: Tensor, axis: int | None) -> int | None:
    """A canonical axis, None for all; refuses to search where there is nothing."""
    ndim = x._array.ndim
    if axis is not None:
        axis = one_axis(name, axis, ndim)
    if 0 in x._array.shape:
        refuse_empty(name, x, tuple(range(ndim)) if axis is None else (axis,))
    return axis if ndim else None


def argmax(
    x: Tensor, /, axis: int | None = None, keepdims: bool = False, *, dim: int | None = None, keepdim: bool = False
) -> Tensor:
    """Index of the largest element along an axis, the first where several are; of the first NaN where there is one.

    Parameters
    ----------
    x : Tensor, real dtype or bool
    axis, dim : int, or None for the index into the flattened tensor
    keepdims, keepdim : keep the reduced axes with size 1

    Returns
    -------
    Tensor of int64, the shape of ``x`` without the axis

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ShapeError : nothing to search

    >>> import pluggrad
    >>> pluggrad.argmax(pluggrad.asarray([[1, 9, 3], [4, 5, 6]]), axis=1)
    tensor([1, 2])
    """
    x = wrap(x)
    return _argmax(x, axis=_axis_to_search("argmax", x, either("argmax", axis, dim)), keepdims=keepdims or keepdim)


def argmin(
    x: Tensor, /, axis: int | None = None, keepdims: bool = False, *, dim: int | None = None, keepdim: bool = False
) -> Tensor:
    """Index of the smallest element along an axis, the first where several are. Arguments as in :func:`argmax`.

    >>> import pluggrad
    >>> pluggrad.argmin(pluggrad.asarray([[1, 9, 3], [4, 5, 6]]), axis=1)
    tensor([0, 0])
    """
    x = wrap(x)
    return _argmin(x, axis=_axis_to_search("argmin", x, either("argmin", axis, dim)), keepdims=keepdims or keepdim)


# -- what is not zero ------------------------------------------------------------------------------------


@composite(name="count_nonzero")
def _count_nonzero(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    ns = xp.namespace
    counted = ns.astype(x if xp.isdtype(x.dtype, "bool") else x != 0, ns.int64)
    return ns.sum(counted, axis=axis, keepdims=keepdims)


def count_nonzero(
    x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dim: Axes = None, keepdim: bool = False
) -> Tensor:
    """How many elements along the axes are not zero.

    Parameters
    ----------
    x : Tensor, any dtype; NaN is not zero
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the reduced axes with size 1

    Returns
    -------
    Tensor of int64, the shape of ``x`` without the reduced axes

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.count_nonzero(pluggrad.asarray([[0, 1], [2, 3]]), axis=1)
    tensor([1, 2])
    """
    x = wrap(x)
    return _count_nonzero(x, axis=reduced_axes("count_nonzero", x, axis, dim), keepdims=keepdims or keepdim)


@composite(name="nonzero", many=True)
def _nonzero(xp: Any, x: Any, /) -> Any:
    return tuple(xp.namespace.nonzero(x))


def nonzero(x: Tensor, /, *, as_tuple: bool = True) -> Any:
    """The indices of all elements that are not zero, in row-major order.

    Parameters
    ----------
    x : Tensor, any dtype, n-D; NaN is not zero
    as_tuple : True, as in the standard: one index tensor for each axis. False, the default of PyTorch and of the
        method ``x.nonzero()``: one tensor of shape (found, n)

    Returns
    -------
    tuple of n 1-D Tensors of int64, or one of 2 axes

    Raises
    ------
    ShapeError : a 0-D tensor (with ``as_tuple=True``)

    >>> import pluggrad
    >>> pluggrad.nonzero(pluggrad.asarray([[0, 5], [7, 0]]))
    (tensor([0, 1]), tensor([1, 0]))
    """
    x = wrap(x)
    if not as_tuple:
        return argwhere(x)
    if not x.ndim:
        raise ShapeError("nonzero: a 0-D tensor has no axis to give indices for; call x.reshape(1), or compare x != 0")
    return _nonzero(x)


@composite(name="argwhere")
def _argwhere(xp: Any, x: Any, /) -> Any:
    ns = xp.namespace
    if not x.ndim:
        found = x if xp.isdtype(x.dtype, "bool") else x != 0
        return ns.zeros((int(bool(found)), 0), dtype=ns.int64, device=xp.native_device(x))
    return ns.stack(ns.nonzero(x), axis=1)


def argwhere(x: Tensor, /) -> Tensor:
    """The indices of all elements that are not zero, one row for each.

    Returns
    -------
    Tensor of int64, shape (found, x.ndim)

    >>> import pluggrad
    >>> pluggrad.argwhere(pluggrad.asarray([[0, 5], [7, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    return _argwhere(x)


# -- in sorted values ------------------------------------------------------------------------------------


@composite(name="searchsorted", kinds=REAL)
def _searchsorted(xp: Any, x1: Any, x2: Any, /, *, right: bool = False) -> Any:
    ns = xp.namespace
    side = "right" if right else "left"
    if x1.ndim == 1:
        return ns.reshape(ns.searchsorted(x1, ns.reshape(x2, (-1,)), side=side), x2.shape)
    # One row of values for each row of sorted ones.
    rows, values = ns.reshape(x1, (-1, x1.shape[-1])), ns.reshape(x2, (-1, x2.shape[-1]))
    if not rows.shape[0]:
        return ns.zeros(x2.shape, dtype=ns.int64, device=xp.native_device(x2))
    found = [ns.searchsorted(rows[i, :], values[i, :], side=side) for i in range(rows.shape[0])]
    return ns.reshape(ns.stack(found), x2.shape)


def searchsorted(
    x1: Tensor, x2: Tensor | float, /, *, side: str = "left", sorter: Tensor | None = None, right: bool = False,
    out_int32: bool = False,
) -> Tensor:  # fmt: skip
    """Where values would have to be inserted among sorted ones to keep them sorted.

    Parameters
    ----------
    x1 : Tensor, real, 1-D; or, as in PyTorch, n-D and sorted along the last axis
    x2 : Tensor, real, or Python scalar: the values; for an n-D ``x1``, of the same leading sizes
    side : "left" (default): before equal elements; "right": behind them; ``right=True`` says the same
    sorter : Tensor of indices that sort ``x1``, as ``argsort`` gives
    out_int32 : int32 instead of int64

    Returns
    -------
    Tensor of int64, the shape of ``x2``

    Raises
    ------
    ShapeError : leading sizes that differ
    ArgumentError : an unknown ``side``

    >>> import pluggrad
    >>> pluggrad.searchsorted(pluggrad.asarray([1, 3, 5]), pluggrad.asarray([3, 6]))
    tensor([1, 3])
    """
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side must be 'left' or 'right', got {side!r}")
    x1 = wrap(x1)
    shape = tuple(getattr(x2, "shape", ()))
    if not x1.ndim:
        raise ShapeError("searchsorted: x1 must have at least 1 axis, got a 0-D tensor")
    if x1.ndim > 1 and (len(shape) != x1.ndim or shape[:-1] != tuple(x1.shape[:-1])):
        raise ShapeError(
            f"searchsorted: x1 must be 1-D, or x1 and x2 must have the same shape but for the last axis; "
            f"got {tuple(x1.shape)} and {shape}"
        )
    if sorter is not None:
        if tuple(sorter.shape) != tuple(x1.shape):
            raise ShapeError(
                f"searchsorted: sorter must have the shape of x1, got {tuple(sorter.shape)} and {tuple(x1.shape)}"
            )
        x1 = graph_namespace.gather(x1, sorter, axis=x1.ndim - 1)
    out = _searchsorted(x1, x2, right=right or side == "right")
    return _astype(out, dtype=dtypes.int32) if out_int32 else out


def bucketize(input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """Which bucket each value falls into, between sorted boundaries.

    Parameters
    ----------
    input : Tensor, real, or Python scalar
    boundaries : Tensor, 1-D, sorted
    out_int32 : int32 instead of int64
    right : whether a bucket holds its left boundary (``boundaries[i-1] <= v < boundaries[i]``), not its right one

    Returns
    -------
    Tensor of int64, the shape of ``input``

    >>> import pluggrad
    >>> pluggrad.bucketize(pluggrad.asarray([3, 6, 9]), pluggrad.asarray([1, 3, 5, 7, 9]))
    tensor([1, 3, 4])
    """
    boundaries = wrap(boundaries)
    if boundaries.ndim != 1:
        raise ShapeError(f"bucketize: boundaries must be 1-D, got shape {tuple(boundaries.shape)}")
    return searchsorted(boundaries, input, right=right, out_int32=out_int32)
