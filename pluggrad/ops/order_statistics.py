"""What stands at a place in order: medians, quantiles; and what stands there most often."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.autocast import runs_in
from ..autograd.engine import graph_namespace
from ..autograd.operands import wrap
from ..dtypes import BOOL, REAL, DType, get_default_dtype
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from . import creation, logical, reductions, return_types, rounding
from .axes import Axes, either, one_axis
from .comparison import equal, greater_equal, less_equal, not_equal
from .declare import composite
from .dtype_functions import _astype
from .manipulation import reshape
from .reductions import (
    kept_shape,
    mean,
    part,
    part_of,
    reduced_axes,
    reduced_count,
    refuse_empty,
    share_evenly,
    spread_to_index,
    sum,
    take_one,
)  # fmt: skip
from .searching import where
from .sorting import sort
from .views import permute_dims

__all__ = ["median", "mode", "nanmedian", "nanquantile", "quantile"]


def _lanes(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """``x`` with the reduced axes brought to the end and flattened into one."""
    if axes == (x.ndim - 1,):
        return x
    rest = [i for i in range(x.ndim) if i not in axes]
    shape = [x.shape[i] for i in rest]
    return reshape(permute_dims(x, (*rest, *axes)), (*shape, reduced_count(x.shape, axes)))


def _last(x: Tensor, start: int, stop: int) -> Tensor:
    """``x[..., start:stop]``."""
    return part(graph_namespace, x, x.ndim - 1, start, stop)


def median(
    x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dim: Axes = None, keepdim: bool = False
) -> Tensor:
    """The median over axes, as in NumPy: of an even number of elements the mean of the two in the middle.

    (The method ``x.median()`` is PyTorch's: the lower of the two; along one axis, with its index.)

    Parameters
    ----------
    x : Tensor, real; integers are taken as the default float type
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the reduced axes with size 1

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes; NaN where there is one, and for nothing

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.median(pluggrad.asarray([4.0, 1.0, 3.0, 2.0]))
    tensor(2.5000)
    """
    x = wrap(x)
    axes = reduced_axes("median", x, axis, dim)
    if not x.dtype.is_differentiable:
        x = _astype(x, dtype=get_default_dtype())
    lanes = sort(_lanes(x, axes))
    n = lanes.shape[-1]
    out = mean(_last(lanes, (n - 1) // 2, n // 2 + 1) if n else lanes, -1)
    if n:
        # NaN stands last in order.
        last = lanes[..., -1]
        out = where(not_equal(last, last), last, out)
    return reshape(out, kept_shape(x.shape, axes)) if keepdims or keepdim else out


def _middle(xp: Any, x: Any, axis: int, skip_nan: bool) -> Any:
    """The index of the lower median along an axis of a raw array, which keeps size 1; or of the first NaN."""
    ns = xp.namespace
    n = x.shape[axis]
    order = xp.argsort(x, axis=axis)
    if not xp.isdtype(x.dtype, ("real floating", "complex floating")):
        return part_of(order, axis, (n - 1) // 2, (n - 1) // 2 + 1)
    missing = x != x
    if skip_nan:
        # NaNs stand last in order.
        count = n - ns.sum(ns.astype(missing, order.dtype), axis=axis, keepdims=True)
        rank = (ns.where(count > 0, count, ns.ones_like(count)) - 1) // 2
        return ns.take_along_axis(order, rank, axis=axis)
    middle = part_of(order, axis, (n - 1) // 2, (n - 1) // 2 + 1)
    first = ns.argmax(ns.astype(missing, ns.uint8), axis=axis, keepdims=True)
    return ns.where(ns.any(missing, axis=axis, keepdims=True), first, middle)


def _chosen_x(xp: Any, g: Any, indices: Any, x_shape: tuple[int, ...], axis: int, keepdims: bool) -> Any:
    return spread_to_index(xp, g[0], indices, x_shape, axis, keepdims)


@composite(
    name="median_along", kinds=REAL, outputs=("values", "indices"), constant=frozenset({"indices"}), vjp=_chosen_x
)
def _median_along(xp: Any, x: Any, /, *, axis: int, keepdims: bool = False, skip_nan: bool = False) -> Any:
    index = _middle(xp, x, axis, skip_nan) if x.ndim else xp.argsort(x, axis=axis)
    return take_one(xp, x, index, axis, keepdims)


def _lower_median_x(
    xp: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], x_dtype: DType, axis: tuple[int, ...], keepdims: bool
) -> Any:
    """Elements that equal the median share the gradient evenly, as in PyTorch."""
    if not keepdims:
        kept = kept_shape(x_shape, axis)
        g, out = xp.reshape(g, shape=kept), xp.reshape(out, shape=kept)
    missing = xp.logical_and(xp.not_equal(x, x), xp.not_equal(out, out))
    return share_evenly(xp, g, xp.logical_or(xp.equal(x, out), missing), x_dtype, axis)


@composite(name="lower_median", result="same", kinds=REAL, vjp=_lower_median_x)
def _lower_median(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool = False, skip_nan: bool = False) -> Any:
    """The lower median of all elements; ``axis`` names all axes."""
    flat = xp.namespace.reshape(x, (-1,))
    out = xp.namespace.take(flat, _middle(xp, flat, 0, skip_nan))
    return xp.namespace.reshape(out, kept_shape(x.shape, axis) if keepdims else ())


def torch_median(x: Tensor, dim: int | None, keepdim: bool, skip_nan: bool) -> Any:
    """PyTorch's median: the lower of two; of all elements the value, along one axis with its index."""
    name = "nanmedian" if skip_nan else "median"
    if dim is None:
        if not x.size:
            return reshape(sum(x) * math.nan, (1,) * x.ndim if keepdim else ())
        return _lower_median(x, axis=tuple(range(x.ndim)), keepdims=keepdim, skip_nan=skip_nan)
    at = one_axis(name, dim, x.ndim)
    refuse_empty(name, x, (at,))
    result = return_types.nanmedian if skip_nan else return_types.median
    return result(*_median_along(x, axis=at, keepdims=keepdim, skip_nan=skip_nan))


def nanmedian(
    x: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Any:
    """The median of what is not NaN, as in PyTorch: the lower of two; along one axis, with its index.

    Parameters
    ----------
    x : Tensor, real
    dim, axis : int, or None for all
    keepdim, keepdims : keep the reduced axes with size 1

    Returns
    -------
    Tensor, or (values, indices) along one axis; NaN where all is

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ShapeError : an axis without elements

    >>> import pluggrad
    >>> pluggrad.nanmedian(pluggrad.asarray([1.0, float("nan"), 3.0, 2.0]))
    tensor(2.)
    """
    return torch_median(wrap(x), either("nanmedian", dim, axis), keepdim or keepdims, True)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(name: str, x: Tensor, q: Any, axis: Axes, keepdims: bool, interpolation: str, skip_nan: bool) -> Tensor:
    x = wrap(x)
    if interpolation not in _INTERPOLATIONS:
        raise ArgumentError(f"{name}: interpolation must be one of {', '.join(_INTERPOLATIONS)}, got {interpolation!r}")
    axes = reduced_axes(name, x, axis)
    refuse_empty(name, x, axes)
    if not x.dtype.is_differentiable:
        x = _astype(x, dtype=get_default_dtype())
    # In float64, since float32 has no more than 2**24 ranks.
    q = creation.asarray(q, dtype=dtypes.float64, device=x.device)
    if q.ndim > 1:
        raise ShapeError(f"{name}: q must be a scalar or 1-D, got shape {tuple(q.shape)}")
    if q.size and not bool(reductions.all(logical.logical_and(greater_equal(q, 0), less_equal(q, 1)))):
        raise ArgumentError(f"{name}: q values must be in the range [0, 1], got {q.tolist()}")
    lanes = sort(_lanes(x, axes))
    n = lanes.shape[-1]
    missing = not_equal(lanes, lanes)
    if skip_nan:
        valid = n - sum(missing, -1, True, dtype=dtypes.float64)
        ranks = reshape(q, (-1,)) * where(greater_equal(valid, 1), valid - 1, 0)
    else:
        # One NaN makes the quantile NaN: it stands last in order.
        ranks = where(_last(missing, n - 1, n), float(n - 1), reshape(q, (-1,)) * float(n - 1))
    if interpolation == "nearest":
        ranks = rounding.round(ranks)
    elif interpolation in ("lower", "higher"):
        ranks = (rounding.floor if interpolation == "lower" else rounding.ceil)(ranks)
    below, above = rounding.floor(ranks.detach()), rounding.ceil(ranks.detach())
    out = graph_namespace.gather(lanes, _astype(below, dtype=dtypes.int64), axis=lanes.ndim - 1)
    if interpolation in ("linear", "midpoint"):
        weight = (
            _astype(ranks - below, dtype=x.dtype) if interpolation == "linear" else where(equal(below, above), 0.0, 0.5)
        )
        upper = graph_namespace.gather(lanes, _astype(above, dtype=dtypes.int64), axis=lanes.ndim - 1)
        out = out + (upper - out) * _astype(weight, dtype=x.dtype)
    kept = kept_shape(x.shape, axes)
    if not q.ndim:
        return reshape(out, kept if keepdims else tuple([m for i, m in enumerate(x.shape) if i not in axes]))
    # The quantiles come first, as in PyTorch and NumPy.
    out = permute_dims(out, (out.ndim - 1, *range(out.ndim - 1)))
    return reshape(out, (q.shape[0], *kept)) if keepdims else out


@runs_in("float32")
def quantile(
    x: Tensor,
    q: float | Sequence[float] | Tensor,
    axis: Axes = None,
    keepdims: bool = False,
    *,
    interpolation: str = "linear",
    method: str | None = None,
    dim: Axes = None,
    keepdim: bool = False,
) -> Tensor:
    """The values below which a fraction ``q`` of the elements lies, over axes.

    Parameters
    ----------
    x : Tensor, real; integers are taken as the default float type
    q : fractions in [0, 1]: float, or 1-D
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the reduced axes with size 1
    interpolation (NumPy: method) : between two elements, "linear", "lower", "higher", "midpoint" or "nearest"

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes, after the axis of ``q`` if that is 1-D; NaN where there is one

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ShapeError : nothing to reduce
    ArgumentError : ``q`` outside [0, 1], an unknown interpolation

    >>> import pluggrad
    >>> pluggrad.quantile(pluggrad.asarray([1.0, 2.0, 3.0, 4.0]), [0.5, 1.0])
    tensor([2.5000, 4.0000])
    """
    return _quantile(
        "quantile", x, q, either("quantile", axis, dim), keepdims or keepdim, method or interpolation, False
    )


@runs_in("float32")
def nanquantile(
    x: Tensor,
    q: float | Sequence[float] | Tensor,
    axis: Axes = None,
    keepdims: bool = False,
    *,
    interpolation: str = "linear",
    method: str | None = None,
    dim: Axes = None,
    keepdim: bool = False,
) -> Tensor:
    """Quantiles of what is not NaN; NaN where all is. Arguments as in :func:`quantile`.

    >>> import pluggrad
    >>> pluggrad.nanquantile(pluggrad.asarray([1.0, float("nan"), 3.0]), 0.5)
    tensor(2.)
    """
    return _quantile(
        "nanquantile", x, q, either("nanquantile", axis, dim), keepdims or keepdim, method or interpolation, True
    )


@composite(
    name="mode", kinds=REAL | BOOL, outputs=("values", "indices"), constant=frozenset({"indices"}), vjp=_chosen_x
)
def _mode(xp: Any, x: Any, /, *, axis: int, keepdims: bool = False) -> Any:
    ns = xp.namespace
    order = xp.argsort(x, axis=axis)
    if not x.ndim:
        return x, order
    ranked = ns.take_along_axis(x, order, axis=axis)
    same = part_of(ranked, axis, 1, None) == part_of(ranked, axis, None, -1)
    first = ns.zeros_like(part_of(ranked, axis, None, 1), dtype=ns.float64)
    same = ns.concat([first, ns.astype(same, ns.float64)], axis=axis)
    # How long the run of equal elements is that ends at each: n = 1 + same * n of the one before.
    length = xp.linear_recurrence(same, ns.ones_like(same), axis=axis)
    end = ns.argmax(length, axis=axis, keepdims=True)
    return take_one(xp, x, ns.take_along_axis(order, end, axis=axis), axis, keepdims)


def mode(
    x: Tensor, dim: int = -1, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> return_types.mode:
    """The commonest element along an axis, the smallest where several are, and the index of its last occurrence.

    Parameters
    ----------
    x : Tensor, real dtype or bool
    dim, axis : int
    keepdim, keepdims : keep the axis with size 1

    Returns
    -------
    (values, indices), the shape of ``x`` without the axis

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ShapeError : an axis without elements

    >>> import pluggrad
    >>> pluggrad.mode(pluggrad.asarray([3, 1, 2, 1, 3])).values
    tensor(1)
    """
    x = wrap(x)
    at = one_axis("mode", dim if axis is None else axis, x.ndim)
    refuse_empty("mode", x, (at,))
    return return_types.mode(*_mode(x, axis=at, keepdims=keepdim or keepdims))
