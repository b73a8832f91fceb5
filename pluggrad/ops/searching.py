"""Searching: selection by a condition, indices of extrema."""

from __future__ import annotations

from typing import Any

from ..autograd.operands import wrap
from ..dtypes import BOOL, REAL
from ..tensor import Tensor
from .axes import either, one_axis
from .declare import composite, standard
from .reductions import refuse_empty

__all__ = ["argmax", "argmin", "where"]


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


def _ordered(xp: Any, x: Any) -> Any:
    """Bools as integers, False < True: the standard searches numbers."""
    return xp.namespace.astype(x, xp.namespace.uint8) if xp.isdtype(x.dtype, "bool") else x


@composite(name="argmax", kinds=REAL | BOOL)
def _argmax(xp: Any, x: Any, /, *, axis: int | None, keepdims: bool = False) -> Any:
    return xp.namespace.argmax(_ordered(xp, x), axis=axis, keepdims=keepdims)


@composite(name="argmin", kinds=REAL | BOOL)
def _argmin(xp: Any, x: Any, /, *, axis: int | None, keepdims: bool = False) -> Any:
    return xp.namespace.argmin(_ordered(xp, x), axis=axis, keepdims=keepdims)


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
