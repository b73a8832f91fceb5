"""Reductions: sums, products, extrema and truth values over axes."""

from __future__ import annotations

import builtins
import math
from typing import Any

from .. import dtypes
from ..autograd.operands import wrap
from ..dtypes import ANY, BOOL, FLOATING, REAL, DType
from ..errors import EmptyError
from ..tensor import Tensor
from . import return_types
from .arithmetic import maximum, minimum
from .axes import Axes, either, one_axis, some_axes
from .declare import composite
from .dtype_functions import _astype

__all__ = ["all", "amax", "amin", "aminmax", "any", "logsumexp", "max", "mean", "min", "prod", "sum"]

#: All axes of a tensor, by their number: the commonest reduction looks them up.
_ALL_AXES = tuple(tuple(range(n)) for n in range(65))


# -- what reductions have in common ----------------------------------------------------------------


def reduced_axes(name: str, x: Tensor, axis: Axes, dim: Axes = None) -> tuple[int, ...]:
    """The axes that a call reduces, non-negative; ``axis`` and ``dim`` are two names of one argument."""
    if dim is not None:
        axis = either(name, axis, dim)
    ndim = x._array.ndim
    if axis is None:
        return _ALL_AXES[ndim]
    if axis.__class__ is int and 0 <= axis < ndim:
        return (axis,)
    axes = some_axes(name, axis, ndim)
    return axes if ndim else ()


def kept_shape(shape: tuple[int, ...], axis: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` with size 1 along the reduced axes."""
    return tuple([1 if i in axis else n for i, n in enumerate(shape)])


def reduced_count(shape: tuple[int, ...], axis: tuple[int, ...]) -> int:
    """How many elements are reduced to one."""
    count = 1
    for i in axis:
        count *= shape[i]
    return count


def expand_reduced(xp: Any, g: Any, shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> Any:
    """A reduced array broadcast back to the shape it was reduced from: how a sum's gradient spreads."""
    if not keepdims:
        g = xp.reshape(g, shape=kept_shape(shape, axis))
    return xp.broadcast_to(g, shape=shape)


def refuse_empty(name: str, x: Tensor, axis: tuple[int, ...]) -> None:
    """Refuse to reduce axes of size 0, for a reduction that has no value there.

    Raises
    ------
    EmptyError
    """
    shape = tuple(x._array.shape)
    if 0 in shape and builtins.any(not shape[i] for i in axis):
        raise EmptyError(
            f"{name}: a tensor of shape {shape} has no elements along the axes {axis} to reduce, and {name} of nothing "
            f"has no value; reduce axes that are not empty, or check x.size first"
        )


def accumulation_dtype(dtype: DType) -> DType:
    """The dtype in which the standard sums: small integers widen to 64 bits."""
    if dtype.kind == "unsigned integer":
        return dtypes.uint64
    return dtypes.int64 if dtype.kind in ("signed integer", "bool") else dtype


def accumulate_in(x: Tensor, dtype: DType | None) -> tuple[Tensor, DType | None]:
    """``x``, cast where its gradient must know, and the dtype in which to accumulate (None: that of ``x``)."""
    own = x._type.dtype
    if dtype is None:
        return x, None if own.is_differentiable else accumulation_dtype(own)
    if dtype is own:
        return x, dtype
    # A cast to or from an inexact type is a function of its own; integers are widened by the sum itself.
    if own.is_differentiable or dtype.is_differentiable:
        return _astype(x, dtype=dtype), None
    return x, dtype


def reverse(xp: Any, x: Any, axis: int) -> Any:
    """``x`` from its end to its beginning along an axis."""
    return xp.flip(x, axis=(axis,))


def part(xp: Any, x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """``x[start:stop]`` along an axis."""
    whole = slice(None)
    return xp.getitem(x, key=(*(whole,) * axis, slice(start, stop), *(whole,) * (x.ndim - axis - 1)))


def part_of(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """``x[start:stop]`` along an axis, of a raw array."""
    return x[(*(slice(None),) * axis, slice(start, stop), ...)]


def ordered(xp: Any, x: Any) -> Any:
    """Bools of a raw array as integers, False < True: the standard orders numbers alone."""
    return xp.namespace.astype(x, xp.namespace.uint8) if xp.isdtype(x.dtype, "bool") else x


# -- sums and means ----------------------------------------------------------------------------------


@composite(name="sum", vjp=lambda xp, g, x_shape, axis, keepdims: expand_reduced(xp, g, x_shape, axis, keepdims))
def _sum(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False, dtype: DType | None = None) -> Any:
    native = None if dtype is None else xp.native_dtype(dtype)
    if xp.isdtype(x.dtype, "bool"):  # the standard sums numbers only
        x = xp.namespace.astype(x, native or xp.native_dtype(dtypes.int64))
    return xp.namespace.sum(x, axis=axis, dtype=native, keepdims=keepdims)


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
    if x.__class__ is not Tensor:
        x = wrap(x)
    axes = reduced_axes("sum", x, axis, dim)
    if dtype is None and x._type.dtype.is_differentiable:
        return _sum(x, axis=axes, keepdims=keepdims or keepdim)
    x, dtype = accumulate_in(x, dtype)
    return _sum(x, axis=axes, keepdims=keepdims or keepdim, dtype=dtype)


def _mean_x(xp: Any, g: Any, x_shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> Any:
    # Of no elements at all the gradient is empty, so any divisor will do.
    return expand_reduced(xp, g / (reduced_count(x_shape, axis) or 1), x_shape, axis, keepdims)


@composite(name="mean", result="same", kinds=FLOATING, vjp=_mean_x)
def _mean(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    if not reduced_count(x.shape, axis):
        return xp.namespace.sum(x, axis=axis, keepdims=keepdims) * math.nan
    return xp.namespace.mean(x, axis=axis, keepdims=keepdims)


def mean(
    x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dtype: DType | None = None, dim: Axes = None,
    keepdim: bool = False,
) -> Tensor:  # fmt: skip
    """Arithmetic mean over axes.

    Parameters
    ----------
    x : Tensor, any dtype; integers and bools are taken as the default float type
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the reduced axes with size 1
    dtype : to cast ``x`` to first

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes; NaN for the mean of nothing

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.mean(pluggrad.asarray([[1.0, 2.0], [3.0, 5.0]]), axis=1)
    tensor([1.5000, 4.0000])
    """
    if x.__class__ is not Tensor:
        x = wrap(x)
    if dtype is not None:
        x = _astype(x, dtype=dtype)
    return _mean(x, axis=reduced_axes("mean", x, axis, dim), keepdims=keepdims or keepdim)


# -- products ------------------------------------------------------------------------------------------


def _prod_x(xp: Any, g: Any, x: Any, x_shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> Any:
    """The product of all the others: of those before with those after, so that zeros do no harm, at any order."""
    rest = tuple([i for i in range(len(x_shape)) if i not in axis])
    there = (*rest, *axis)
    back = tuple(sorted(range(len(there)), key=there.__getitem__))
    lanes = xp.permute_dims(x, axes=there)
    moved = tuple(lanes.shape)
    n = reduced_count(x_shape, axis)
    lanes = xp.reshape(lanes, shape=(*moved[: len(rest)], n))
    before = _exclusive_prod(xp, lanes, len(rest))
    after = reverse(xp, _exclusive_prod(xp, reverse(xp, lanes, len(rest)), len(rest)), len(rest))
    others = xp.permute_dims(xp.reshape(before * after, shape=moved), axes=back)
    return expand_reduced(xp, g, x_shape, axis, keepdims) * xp.conj(others)


def _exclusive_prod(xp: Any, x: Any, axis: int) -> Any:
    """The product of all elements before each along the last axis."""
    return part(xp, xp.cumulative_prod(x, axis=axis, include_initial=True), axis, None, -1)


@composite(name="prod", autocast="float32", vjp=_prod_x)
def _prod(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False, dtype: DType | None = None) -> Any:
    native = None if dtype is None else xp.native_dtype(dtype)
    if xp.isdtype(x.dtype, "bool"):
        x = xp.namespace.astype(x, native)
    return xp.namespace.prod(x, axis=axis, dtype=native, keepdims=keepdims)


def prod(
    x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dtype: DType | None = None, dim: Axes = None,
    keepdim: bool = False,
) -> Tensor:  # fmt: skip
    """Product over axes. Its gradient is right where elements are zero, too.

    Parameters
    ----------
    x : Tensor, any dtype
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the reduced axes with size 1
    dtype : of the result and of the multiplication; default: that of ``x``, but the default integer type for
        smaller integers and bool (unsigned for unsigned)

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> x = pluggrad.tensor([2.0, 0.0, 3.0], requires_grad=True)
    >>> pluggrad.prod(x).backward()
    >>> x.grad
    tensor([0., 6., 0.])
    """
    x, dtype = accumulate_in(wrap(x), dtype)
    return _prod(x, axis=reduced_axes("prod", x, axis, dim), keepdims=keepdims or keepdim, dtype=dtype)


# -- extrema -------------------------------------------------------------------------------------------


def _extremum_x(
    xp: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], x_dtype: DType, axis: tuple[int, ...], keepdims: bool
) -> Any:
    """Equal extrema share the gradient evenly, as in PyTorch; so do NaNs, which are extrema where there are any."""
    if not keepdims:
        kept = kept_shape(x_shape, axis)
        g, out = xp.reshape(g, shape=kept), xp.reshape(out, shape=kept)
    return share_evenly(xp, g, xp.logical_or(xp.equal(x, out), xp.not_equal(x, x)), x_dtype, axis)


def share_evenly(xp: Any, g: Any, chosen: Any, dtype: DType, axis: tuple[int, ...]) -> Any:
    """``g``, which has size 1 along ``axis``, divided among the elements that are ``chosen``."""
    return xp.where(chosen, g / xp.sum(chosen, axis=axis, keepdims=True, dtype=dtype), 0)


@composite(name="max", result="same", kinds=REAL | BOOL, vjp=_extremum_x)
def _max(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    if xp.isdtype(x.dtype, "bool"):
        return xp.namespace.any(x, axis=axis, keepdims=keepdims)
    return xp.namespace.max(x, axis=axis, keepdims=keepdims)


@composite(name="min", result="same", kinds=REAL | BOOL, vjp=_extremum_x)
def _min(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    if xp.isdtype(x.dtype, "bool"):
        return xp.namespace.all(x, axis=axis, keepdims=keepdims)
    return xp.namespace.min(x, axis=axis, keepdims=keepdims)


def spread_to_index(xp: Any, g: Any, index: Any, shape: tuple[int, ...], axis: int, keepdims: bool) -> Any:
    """Zeros of ``shape`` with ``g`` at the one ``index`` along ``axis``: the gradient of choosing one element."""
    if not keepdims:
        kept = kept_shape(shape, (axis,))
        g, index = xp.reshape(g, shape=kept), xp.reshape(index, shape=kept)
    return xp.where(xp.is_position(index, axis=axis, size=shape[axis] if shape else 1), g, 0)


@composite(name="is_position", result="bool")
def _is_position(xp: Any, index: Any, /, *, axis: int, size: int) -> Any:
    """Where ``index``, of size 1 along ``axis``, points: one True among ``size`` along that axis."""
    positions = xp.namespace.arange(size, dtype=index.dtype, device=xp.native_device(index))
    shape = tuple([size if i == axis else 1 for i in range(index.ndim)])
    return index == xp.namespace.reshape(positions, shape)


def _chosen_x(xp: Any, g: Any, indices: Any, x_shape: tuple[int, ...], axis: int, keepdims: bool) -> Any:
    """All of the gradient goes to the element that was chosen."""
    return spread_to_index(xp, g[0], indices, x_shape, axis, keepdims)


def take_one(xp: Any, x: Any, index: Any, axis: int, keepdims: bool) -> tuple[Any, Any]:
    """The elements of a raw array at one ``index`` along ``axis`` (where ``index`` has size 1), and the index."""
    values = xp.namespace.take_along_axis(x, index, axis=axis) if x.ndim else x
    if keepdims or not x.ndim:
        return values, index
    return xp.namespace.squeeze(values, axis=axis), xp.namespace.squeeze(index, axis=axis)


@composite(
    name="max_along", kinds=REAL | BOOL, outputs=("values", "indices"), constant=frozenset({"indices"}), vjp=_chosen_x
)
def _max_along(xp: Any, x: Any, /, *, axis: int, keepdims: bool = False) -> Any:
    return take_one(xp, x, xp.argmax(x, axis=axis if x.ndim else None, keepdims=True), axis, keepdims)


@composite(
    name="min_along", kinds=REAL | BOOL, outputs=("values", "indices"), constant=frozenset({"indices"}), vjp=_chosen_x
)
def _min_along(xp: Any, x: Any, /, *, axis: int, keepdims: bool = False) -> Any:
    return take_one(xp, x, xp.argmin(x, axis=axis if x.ndim else None, keepdims=True), axis, keepdims)


def max_along(x: Tensor, dim: int, keepdim: bool) -> return_types.max:
    """PyTorch's maximum along one axis: values and the indices of the first that is largest."""
    axis = one_axis("max", dim, x._array.ndim)
    refuse_empty("max", x, (axis,))
    return return_types.max(*_max_along(x, axis=axis, keepdims=keepdim))


def min_along(x: Tensor, dim: int, keepdim: bool) -> return_types.min:
    """PyTorch's minimum along one axis: values and the indices of the first that is smallest."""
    axis = one_axis("min", dim, x._array.ndim)
    refuse_empty("min", x, (axis,))
    return return_types.min(*_min_along(x, axis=axis, keepdims=keepdim))


def amax(x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Largest value over axes. Equal ones share the gradient evenly.

    Parameters
    ----------
    x : Tensor, real dtype or bool
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the reduced axes with size 1

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes, the dtype of ``x``; NaN where there is one

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ShapeError : nothing to reduce

    >>> import pluggrad
    >>> pluggrad.amax(pluggrad.asarray([[1, 2], [5, 4]]), axis=1)
    tensor([2, 5])
    """
    if x.__class__ is not Tensor:
        x = wrap(x)
    axes = reduced_axes("max", x, axis, dim)
    if 0 in x._array.shape:
        refuse_empty("max", x, axes)
    return _max(x, axis=axes, keepdims=keepdims or keepdim)


def amin(x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Smallest value over axes. Equal ones share the gradient evenly. Arguments as in :func:`amax`.

    >>> import pluggrad
    >>> pluggrad.amin(pluggrad.asarray([[1, 2], [5, 4]]), axis=1)
    tensor([1, 4])
    """
    if x.__class__ is not Tensor:
        x = wrap(x)
    axes = reduced_axes("min", x, axis, dim)
    if 0 in x._array.shape:
        refuse_empty("min", x, axes)
    return _min(x, axis=axes, keepdims=keepdims or keepdim)


def max(
    x: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, axis: Axes = None, keepdims: bool = False,
    other: Tensor | None = None,
) -> Any:  # fmt: skip
    """Largest value over axes, with the calls of both the standard and PyTorch, which differ in the words they use.

    ============================================  =====================================================
    ``max(x)``, ``max(x, axis=1)``, ``axis=(0,1)``  the standard's: the values; equal ones share the gradient
    ``max(x, 1)``, ``max(x, dim=1)``                PyTorch's: (values, indices); the first largest gets the gradient
    ``max(x, y)``                                   PyTorch's: ``maximum(x, y)``
    ============================================  =====================================================

    Parameters
    ----------
    x : Tensor, real dtype or bool
    axis : int, tuple of ints, or None for all
    dim : one axis, or another tensor
    keepdims, keepdim : keep the reduced axes with size 1

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes, the dtype of ``x``; NaN where there is one

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ShapeError : nothing to reduce

    >>> import pluggrad
    >>> x = pluggrad.asarray([[1, 2], [5, 4]])
    >>> pluggrad.max(x), pluggrad.max(x, axis=0)
    (tensor(5), tensor([5, 4]))
    >>> values, indices = pluggrad.max(x, dim=0)
    >>> indices
    tensor([1, 1])
    """
    if dim is None and other is None:
        return amax(x, axis, keepdims or keepdim)
    return _torch_extremum("max", x, dim, keepdim or keepdims, other, axis)


def min(
    x: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, axis: Axes = None, keepdims: bool = False,
    other: Tensor | None = None,
) -> Any:  # fmt: skip
    """Smallest value over axes, with the calls of both the standard and PyTorch: see :func:`max`.

    >>> import pluggrad
    >>> x = pluggrad.asarray([[1, 2], [5, 4]])
    >>> pluggrad.min(x), pluggrad.min(x, axis=0)
    (tensor(1), tensor([1, 2]))
    >>> values, indices = pluggrad.min(x, dim=1)
    >>> indices
    tensor([0, 1])
    """
    if dim is None and other is None:
        return amin(x, axis, keepdims or keepdim)
    return _torch_extremum("min", x, dim, keepdim or keepdims, other, axis)


def _torch_extremum(name: str, x: Tensor, dim: Any, keepdim: bool, other: Any, axis: Axes = None) -> Any:
    """The calls of ``max`` and ``min`` that only PyTorch has: with another tensor, and along one axis with indices."""
    x = wrap(x)
    if (other is None and hasattr(dim, "shape") and not hasattr(dim, "__index__")) or isinstance(dim, Tensor):
        other, dim = dim, None
    if other is not None:
        if dim is not None or axis is not None:
            raise TypeError(f"{name}: give another tensor or an axis, not both")
        return (maximum if name == "max" else minimum)(x, other)
    if axis is not None:
        raise TypeError(f"{name}: axis (values alone) and dim (values and indices) cannot be given together")
    if isinstance(dim, tuple | list):
        raise TypeError(
            f"{name}: indices exist along one axis only, got dim={dim}; for the values over several axes call a{name}"
        )
    return max_along(x, dim, keepdim) if name == "max" else min_along(x, dim, keepdim)


def aminmax(
    x: Tensor, /, *, dim: int | None = None, keepdim: bool = False, axis: int | None = None, keepdims: bool = False
) -> Any:
    """Smallest and largest value over one axis or all, as a pair ``(min, max)``.

    >>> import pluggrad
    >>> low, high = pluggrad.aminmax(pluggrad.asarray([[1, 2], [5, 4]]), dim=0)
    >>> low, high
    (tensor([1, 2]), tensor([5, 4]))
    """
    axis, keepdims = either("aminmax", axis, dim), keepdims or keepdim
    return return_types.aminmax(amin(x, axis, keepdims), amax(x, axis, keepdims))


# -- truth ---------------------------------------------------------------------------------------------


@composite(name="any", result="bool", kinds=ANY)
def _any(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    return xp.namespace.any(x, axis=axis, keepdims=keepdims)


@composite(name="all", result="bool", kinds=ANY)
def _all(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    return xp.namespace.all(x, axis=axis, keepdims=keepdims)


def any(x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Whether any element along the axes is true (not zero).

    Parameters
    ----------
    x : Tensor, any dtype; NaN is true
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the reduced axes with size 1

    Returns
    -------
    Tensor of bool, the shape of ``x`` without the reduced axes; False for nothing

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.any(pluggrad.asarray([[0, 0], [0, 4]]), axis=1)
    tensor([False,  True])
    """
    x = wrap(x)
    return _any(x, axis=reduced_axes("any", x, axis, dim), keepdims=keepdims or keepdim)


def all(x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Whether all elements along the axes are true (not zero). Arguments as in :func:`any`; True for nothing.

    >>> import pluggrad
    >>> pluggrad.all(pluggrad.asarray([[0, 1], [3, 4]]), axis=1)
    tensor([False,  True])
    """
    x = wrap(x)
    return _all(x, axis=reduced_axes("all", x, axis, dim), keepdims=keepdims or keepdim)


# -- log-sum-exp -----------------------------------------------------------------------------------------


def _logsumexp_x(
    xp: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool
) -> Any:
    """The softmax; 0 where all is -inf, whose softmax has no value."""
    if not keepdims:
        kept = kept_shape(x_shape, axis)
        g, out = xp.reshape(g, shape=kept), xp.reshape(out, shape=kept)
    out = xp.where(xp.equal(xp.real(out), -float("inf")), 0, out)
    return g * xp.conj(xp.exp(x - out))


@composite(name="logsumexp", result="same", kinds=FLOATING, vjp=_logsumexp_x)
def _logsumexp(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    # The largest term is brought to exp(0), so that nothing overflows; an infinite one cannot be.
    ns = xp.namespace
    top: Any = 0
    if reduced_count(x.shape, axis):
        top = ns.max(ns.real(x) if xp.isdtype(x.dtype, "complex floating") else x, axis=axis, keepdims=True)
        top = ns.where(ns.isfinite(top), top, ns.zeros_like(top))
    out = ns.log(ns.sum(ns.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else ns.squeeze(out, axis=axis)


def logsumexp(
    x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dim: Axes = None, keepdim: bool = False
) -> Tensor:
    """``log(sum(exp(x)))`` over axes, without overflow.

    Parameters
    ----------
    x : Tensor; integers are taken as the default float type
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the reduced axes with size 1

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes; -inf for nothing, and where all is -inf (with gradient 0)

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.logsumexp(pluggrad.asarray([1000.0, 1000.0]))
    tensor(1000.6932)
    """
    x = wrap(x)
    axes = reduced_axes("logsumexp", x, axis, dim)
    return _logsumexp(x, axis=axes, keepdims=keepdims or keepdim)
