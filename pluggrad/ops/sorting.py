"""Sorting, and choosing by rank."""

from __future__ import annotations

from typing import Any

from ..autograd.operands import wrap
from ..dtypes import BOOL, REAL
from ..errors import ShapeError
from ..tensor import Tensor
from . import return_types
from .axes import either, one_axis
from .declare import composite
from .reductions import ordered, part_of, refuse_empty, spread_to_index, take_one

__all__ = ["argsort", "kthvalue", "msort", "sort", "topk"]


def scatter_to_indices(
    xp: Any, g: Any, indices: Any, shape: tuple[int, ...], axis: int, *, distinct: bool = False
) -> Any:
    """Zeros of ``shape`` with ``g`` added at ``indices`` along ``axis``: the gradient of choosing elements."""
    if not shape:
        return g
    zeros = xp.new_zeros(g, shape=shape)
    # No element chosen twice: writing is cheaper than adding.
    return (xp.scatter if distinct else xp.scatter_add)(zeros, indices, g, axis=axis)


def _chosen_x(xp: Any, g: Any, indices: Any, x_shape: tuple[int, ...], axis: int) -> Any:
    return scatter_to_indices(xp, g[0], indices, x_shape, axis, distinct=True)


# -- sorting ---------------------------------------------------------------------------------------------


@composite(name="sort_values", result="same", kinds=REAL | BOOL)
def _sort_values(xp: Any, x: Any, /, *, axis: int, descending: bool = False) -> Any:
    if not x.ndim:
        return x
    out = xp.namespace.sort(ordered(xp, x), axis=axis, descending=descending)
    return xp.namespace.astype(out, x.dtype, copy=False)


@composite(name="argsort", kinds=REAL | BOOL)
def _argsort(xp: Any, x: Any, /, *, axis: int, descending: bool = False) -> Any:
    ns = xp.namespace
    if not x.ndim:
        return ns.zeros((), dtype=ns.int64, device=xp.native_device(x))
    return ns.argsort(ordered(xp, x), axis=axis, descending=descending, stable=True)


@composite(
    name="sort", kinds=REAL | BOOL, outputs=("values", "indices"), constant=frozenset({"indices"}), vjp=_chosen_x
)
def _sort(xp: Any, x: Any, /, *, axis: int, descending: bool = False) -> Any:
    indices = xp.argsort(x, axis=axis, descending=descending)
    return (xp.namespace.take_along_axis(x, indices, axis=axis) if x.ndim else x), indices


def sort(
    x: Tensor, /, axis: int = -1, descending: bool = False, *, stable: bool = True, dim: int | None = None
) -> Tensor:
    """The elements in order along an axis.

    (The method ``x.sort()`` gives PyTorch's pair of values and indices.)

    Parameters
    ----------
    x : Tensor, real dtype or bool; NaN counts as larger than all numbers
    axis, dim : int; default: the last
    descending : the largest first
    stable : of no effect: equal elements always stay in their order

    Returns
    -------
    Tensor, the shape and dtype of ``x``

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.sort(pluggrad.asarray([3.0, 1.0, 2.0]))
    tensor([1., 2., 3.])
    """
    x = wrap(x)
    at = _axis("sort", x, axis, dim)
    if x._node is None:
        return _sort_values(x, axis=at, descending=descending)
    return _sort(x, axis=at, descending=descending)[0]


def _axis(name: str, x: Tensor, axis: int, dim: int | None) -> int:
    return one_axis(name, either(name, axis, dim, default=-1), x._array.ndim)


def argsort(
    x: Tensor, /, axis: int = -1, descending: bool = False, *, stable: bool = True, dim: int | None = None
) -> Tensor:
    """The indices that sort along an axis. Arguments as in :func:`sort`.

    Returns
    -------
    Tensor of int64, the shape of ``x``

    >>> import pluggrad
    >>> pluggrad.argsort(pluggrad.asarray([3.0, 1.0, 2.0]), descending=True)
    tensor([0, 2, 1])
    """
    x = wrap(x)
    return _argsort(x, axis=_axis("argsort", x, axis, dim), descending=descending)


def sort_pair(x: Tensor, dim: int, descending: bool) -> return_types.sort:
    """PyTorch's sort: values and indices."""
    return return_types.sort(*_sort(x, axis=one_axis("sort", dim, x._array.ndim), descending=descending))


def msort(x: Tensor) -> Tensor:
    """The elements in order along the first axis.

    >>> import pluggrad
    >>> pluggrad.msort(pluggrad.asarray([[3, 1], [2, 4]]))
    tensor([[2, 1],
            [3, 4]])
    """
    return sort(x, 0)


# -- the largest and the k-th ---------------------------------------------------------------------------------


@composite(
    name="topk", kinds=REAL | BOOL, outputs=("values", "indices"), constant=frozenset({"indices"}), vjp=_chosen_x
)
def _topk(xp: Any, x: Any, /, *, k: int, axis: int, largest: bool = True, sorted: bool = True) -> Any:
    indices = xp.argsort(x, axis=axis, descending=largest)
    if not x.ndim:
        return (x, indices) if k else (xp.new_zeros(x, shape=(0,)), xp.new_zeros(indices, shape=(0,)))
    indices = part_of(indices, axis, None, k)
    return xp.namespace.take_along_axis(x, indices, axis=axis), indices


def topk(
    x: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, axis: int | None = None
) -> return_types.topk:
    """The ``k`` largest elements along an axis, the largest first, and their indices.

    Parameters
    ----------
    x : Tensor, real dtype or bool; NaN counts as larger than all numbers
    k : how many
    dim, axis : int
    largest : False: the smallest ones, the smallest first
    sorted : of no effect: they always come in order

    Returns
    -------
    (values, indices), both of size ``k`` along the axis; which indices equal elements give is not specified

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ShapeError : there are fewer than ``k``

    >>> import pluggrad
    >>> values, indices = pluggrad.topk(pluggrad.asarray([3.0, 1.0, 5.0]), 2)
    >>> values, indices
    (tensor([5., 3.]), tensor([2, 0]))
    """
    x = wrap(x)
    at = one_axis("topk", dim if axis is None else axis, x._array.ndim)
    k, n = k.__index__(), x._array.shape[at] if x._array.ndim else 1
    if not 0 <= k <= n:
        raise ShapeError(
            f"topk: selected index k out of range: k is {k}, but axis {at} of shape {tuple(x.shape)} has {n} elements"
        )
    return return_types.topk(*_topk(x, k=k, axis=at, largest=largest, sorted=sorted))


def _kth_x(xp: Any, g: Any, indices: Any, x_shape: tuple[int, ...], axis: int, keepdims: bool) -> Any:
    return spread_to_index(xp, g[0], indices, x_shape, axis, keepdims)


@composite(
    name="kthvalue", kinds=REAL | BOOL, outputs=("values", "indices"), constant=frozenset({"indices"}), vjp=_kth_x
)
def _kthvalue(xp: Any, x: Any, /, *, k: int, axis: int, keepdims: bool = False) -> Any:
    indices = xp.argsort(x, axis=axis)
    return take_one(xp, x, part_of(indices, axis, k - 1, k) if x.ndim else indices, axis, keepdims)


def kthvalue(
    x: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> return_types.kthvalue:
    """The ``k``-th smallest element along an axis, counted from 1, and its index.

    Parameters
    ----------
    x : Tensor, real dtype or bool; NaN counts as larger than all numbers
    k : int, from 1
    dim, axis : int
    keepdim, keepdims : keep the axis with size 1

    Returns
    -------
    (values, indices), the shape of ``x`` without the axis

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ShapeError : there are fewer than ``k``

    >>> import pluggrad
    >>> pluggrad.kthvalue(pluggrad.asarray([3.0, 1.0, 5.0]), 2).values
    tensor(3.)
    """
    x = wrap(x)
    at = one_axis("kthvalue", dim if axis is None else axis, x._array.ndim)
    refuse_empty("kthvalue", x, (at,))
    k, n = k.__index__(), x._array.shape[at] if x._array.ndim else 1
    if not 1 <= k <= n:
        raise ShapeError(
            f"kthvalue: k out of range: k is {k}, but axis {at} of shape {tuple(x.shape)} has {n} elements, from 1 on"
        )
    return return_types.kthvalue(*_kthvalue(x, k=k, axis=at, keepdims=keepdim or keepdims))
