"""Reductions."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..dtypes import DType
from ..tensor import Tensor
from .axes import Axes, either, some_axes
from .declare import composite
from .dtype_functions import _astype

__all__ = ["sum"]


def expand_reduced(xp: Any, g: Any, shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> Any:
    """A reduced array broadcast back to the shape it was reduced from: how a sum's gradient spreads."""
    if not keepdims:
        kept = tuple([1 if i in axis else n for i, n in enumerate(shape)])
        g = xp.reshape(g, shape=kept)
    return xp.broadcast_to(g, shape=shape)


@composite(name="sum", vjp=lambda xp, g, x_shape, axis, keepdims: expand_reduced(xp, g, x_shape, axis, keepdims))
def _sum(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    return xp.namespace.sum(x, axis=axis, keepdims=keepdims)


def sum(
    x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dtype: DType | None = None, dim: Axes = None,
    keepdim: bool = False,
) -> Tensor:  # fmt: skip
    """Sum over axes.

    Parameters
    ----------
    x : Tensor, any dtype
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the reduced axes with size 1
    dtype : of the result and of the summation; default: that of ``x``, but the default integer type for
        smaller integers and bool (unsigned for unsigned)

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.sum(pluggrad.asarray([[1, 2], [3, 4]]), axis=0)
    tensor([4, 6])
    """
    axes = some_axes("sum", either("sum", axis, dim), x._array.ndim)
    dtype = dtype or accumulation_dtype(x.dtype)
    if x.dtype is not dtype:
        x = _astype(x, dtype=dtype)
    return _sum(x, axis=axes, keepdims=keepdims or keepdim)


def accumulation_dtype(dtype: DType) -> DType:
    """The dtype in which the standard sums: small integers widen to 64 bits."""
    if dtype.kind == "unsigned integer":
        return dtypes.uint64
    return dtypes.int64 if dtype.kind in ("signed integer", "bool") else dtype


