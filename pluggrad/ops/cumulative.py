"""Cumulative sums, products and extrema, and the linear recurrence that their derivatives are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..autograd.operands import wrap
from ..dtypes import DType
from ..errors import AxisError
from ..tensor import Tensor
from .axes import either, one_axis
from .declare import composite
from .reductions import accumulate_in, part, reverse

__all__ = ["cumprod", "cumsum", "cumulative_prod", "cumulative_sum"]


# -- sums ----------------------------------------------------------------------------------------------


def _cumulative_sum_x(xp: Any, g: Any, axis: int, include_initial: bool) -> Any:
    if include_initial:
        g = part(xp, g, axis, 1, None)
    return reverse(xp, xp.cumulative_sum(reverse(xp, g, axis), axis=axis), axis)


@composite(name="cumulative_sum", vjp=_cumulative_sum_x)
def _cumulative_sum(xp: Any, x: Any, /, *, axis: int, include_initial: bool = False, dtype: DType | None = None) -> Any:
    native = None if dtype is None else xp.native_dtype(dtype)
    if xp.isdtype(x.dtype, "bool"):
        x = xp.namespace.astype(x, native)
    return xp.namespace.cumulative_sum(x, axis=axis, dtype=native, include_initial=include_initial)


def _accumulate(
    name: str, primitive: Callable[..., Tensor], x: Tensor, axis: int | None, dtype: DType | None, include_initial: bool
) -> Tensor:
    """Call the primitive with a canonical axis, and on a 0-D tensor as on its one element."""
    x = wrap(x)
    ndim = x._array.ndim
    if axis is None:
        if ndim != 1:
            raise AxisError(f"{name}: a tensor of {ndim} axes (shape {tuple(x.shape)}) needs axis; only for 1-D is there a default")
        axis = 0
    axis = one_axis(name, axis, ndim)
    x, dtype = accumulate_in(x, dtype)
    if ndim:
        return primitive(x, axis=axis, include_initial=include_initial, dtype=dtype)
    out = primitive(x.reshape((1,)), axis=0, include_initial=include_initial, dtype=dtype)
    return out if include_initial else out.reshape(())


def cumulative_sum(
    x: Tensor, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False, dim: int | None = None
) -> Tensor:
    """The sum of all elements up to each, along an axis.

    Parameters
    ----------
    x : Tensor, any dtype
    axis, dim : int; may be left out for a 1-D tensor
    dtype : of the result and of the summation; default: that of ``x``, but the default integer type for
        smaller integers and bool (unsigned for unsigned)
    include_initial : begin with the empty sum, 0: one more element along the axis

    Returns
    -------
    Tensor, the shape of ``x``

    Raises
    ------
    AxisError : an axis that ``x`` does not have, or none for a tensor that is not 1-D

    >>> import pluggrad
    >>> pluggrad.cumulative_sum(pluggrad.asarray([1, 2, 3]), include_initial=True)
    tensor([0, 1, 3, 6])
    """
    return _accumulate("cumulative_sum", _cumulative_sum, x, either("cumulative_sum", axis, dim), dtype, include_initial)


def cumsum(x: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: int | None = None) -> Tensor:
    """The sum of all elements up to each, along an axis: PyTorch's name for :func:`cumulative_sum`.

    >>> import pluggrad
    >>> pluggrad.cumsum(pluggrad.asarray([[1, 2], [3, 4]]), 1)
    tensor([[1, 3],
            [3, 7]])
    """
    return _accumulate("cumsum", _cumulative_sum, x, either("cumsum", axis, dim), dtype or _torch_dtype(x), False)


def _torch_dtype(x: Tensor) -> DType | None:
    """PyTorch accumulates unsigned integers in int64, too."""
    return dtypes.int64 if not wrap(x).dtype.is_differentiable else None


# -- recurrences -----------------------------------------------------------------------------------------


def scan(xp: Any, x: Any, axis: int, combine: Callable[[Any, Any], Any]) -> Any:
    """``combine`` over all elements up to each of a raw array, for an associative ``combine(earlier, later)``.

    Each round doubles how many elements have been combined (Hillis & Steele 1986, Data parallel algorithms):
    log2(n) operations on whole arrays, in terms that every array library has.
    """
    n = x.shape[axis]
    before = (slice(None),) * axis
    step = 1
    while step < n:
        later = combine(x[(*before, slice(None, n - step), ...)], x[(*before, slice(step, None), ...)])
        x = xp.namespace.concat([x[(*before, slice(None, step), ...)], later], axis=axis)
        step *= 2
    return x


@composite(name="shift", result="same", vjp=lambda xp, g, axis, by: xp.shift(g, axis=axis, by=-by))
def _shift(xp: Any, x: Any, /, *, axis: int, by: int) -> Any:
    """Elements moved by ``by`` places along an axis, zeros (False) in the places they leave."""
    n = x.shape[axis]
    by = max(-n, min(n, by))
    before = (slice(None),) * axis
    zeros = xp.new_zeros(x, shape=(*x.shape[:axis], abs(by), *x.shape[axis + 1 :]))
    if by >= 0:
        return xp.namespace.concat([zeros, x[(*before, slice(None, n - by), ...)]], axis=axis)
    return xp.namespace.concat([x[(*before, slice(-by, None), ...)], zeros], axis=axis)


def _linear_recurrence_a(xp: Any, g: Any, a: Any, out: Any, axis: int, reverse: bool) -> Any:
    return _linear_recurrence_b(xp, g, a, axis, reverse) * xp.conj(xp.shift(out, axis=axis, by=-1 if reverse else 1))


def _linear_recurrence_b(xp: Any, g: Any, a: Any, axis: int, reverse: bool) -> Any:
    """The recurrence that runs the other way."""
    factors = xp.conj(xp.shift(a, axis=axis, by=1 if reverse else -1))
    return xp.linear_recurrence(factors, g, axis=axis, reverse=not reverse)


@composite(name="linear_recurrence", result="same", vjp=[_linear_recurrence_a, _linear_recurrence_b])
def _linear_recurrence(xp: Any, a: Any, b: Any, /, *, axis: int, reverse: bool = False) -> Any:
    """``y[k] = b[k] + a[k] * y[k - 1]`` along an axis, from 0; reversed, ``y[k] = b[k] + a[k] * y[k + 1]``."""
    n = b.shape[axis]
    before = (slice(None),) * axis
    step = 1
    while step < n:
        # Both (a, b) pairs and their composition are affine maps; as in `scan`, each round doubles their reach.
        head, tail = slice(None, step), slice(step, None)
        early, late = slice(None, n - step), slice(step, None)
        if reverse:
            head, tail = slice(n - step, None), slice(None, n - step)
            early, late = slice(step, None), slice(None, n - step)
        head, early, late = (*before, head, ...), (*before, early, ...), (*before, late, ...)  # type: ignore[assignment]
        parts_b = [b[head], b[late] + a[late] * b[early]]
        parts_a = [a[head], a[late] * a[early]]
        if reverse:
            parts_a, parts_b = parts_a[::-1], parts_b[::-1]
        a, b = xp.namespace.concat(parts_a, axis=axis), xp.namespace.concat(parts_b, axis=axis)
        step *= 2
    return b


# -- products --------------------------------------------------------------------------------------------


def _cumulative_prod_x(xp: Any, g: Any, x: Any, axis: int, include_initial: bool) -> Any:
    """Backward through ``y[k] = x[k] * y[k - 1]``: nothing is divided by ``x``, so zeros do no harm, at any order."""
    if include_initial:
        g = part(xp, g, axis, 1, None)
    before = part(xp, xp.cumulative_prod(x, axis=axis, include_initial=True), axis, None, -1)
    rest = xp.linear_recurrence(xp.conj(xp.shift(x, axis=axis, by=-1)), g, axis=axis, reverse=True)
    return rest * xp.conj(before)


@composite(name="cumulative_prod", vjp=_cumulative_prod_x)
def _cumulative_prod(xp: Any, x: Any, /, *, axis: int, include_initial: bool = False, dtype: DType | None = None) -> Any:
    native = None if dtype is None else xp.native_dtype(dtype)
    if xp.isdtype(x.dtype, "bool"):
        x = xp.namespace.astype(x, native)
    return xp.namespace.cumulative_prod(x, axis=axis, dtype=native, include_initial=include_initial)


def cumulative_prod(
    x: Tensor, /, *, axis: int | None = None, dtype: DType | None = None, include_initial: bool = False, dim: int | None = None
) -> Tensor:
    """The product of all elements up to each, along an axis. Its gradient is right where elements are zero, too.

    Parameters
    ----------
    x : Tensor, any dtype
    axis, dim : int; may be left out for a 1-D tensor
    dtype : of the result and of the multiplication; default: that of ``x``, but the default integer type for
        smaller integers and bool (unsigned for unsigned)
    include_initial : begin with the empty product, 1: one more element along the axis

    Returns
    -------
    Tensor, the shape of ``x``

    Raises
    ------
    AxisError : an axis that ``x`` does not have, or none for a tensor that is not 1-D

    >>> import pluggrad
    >>> pluggrad.cumulative_prod(pluggrad.asarray([1, 2, 3, 4]))
    tensor([ 1,  2,  6, 24])
    """
    return _accumulate("cumulative_prod", _cumulative_prod, x, either("cumulative_prod", axis, dim), dtype, include_initial)


def cumprod(x: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: int | None = None) -> Tensor:
    """The product of all elements up to each, along an axis: PyTorch's name for :func:`cumulative_prod`.

    >>> import pluggrad
    >>> pluggrad.cumprod(pluggrad.asarray([[1, 2], [3, 4]]), 1)
    tensor([[ 1,  2],
            [ 3, 12]])
    """
    return _accumulate("cumprod", _cumulative_prod, x, either("cumprod", axis, dim), dtype or _torch_dtype(x), False)
