"""Statistics beside sums and extrema: variance, norms, order statistics, histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.autocast import runs_in
from ..autograd.engine import graph_namespace
from ..autograd.operands import wrap
from ..dtypes import BOOL, FLOATING, INTEGRAL, REAL, REAL_FLOATING, DType, get_default_dtype
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from . import creation, logical, reductions, return_types, rounding
from .axes import Axes, either, one_axis
from .comparison import equal, greater_equal, less_equal, not_equal
from .declare import composite
from .dtype_functions import _astype
from .manipulation import reshape
from .reductions import (
    expand_reduced,
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

__all__ = [
    "bincount", "histc", "median", "mode", "nanmean", "nanmedian", "nanquantile", "nansum", "norm", "quantile", "std",
    "std_mean", "var", "var_mean",
]  # fmt: skip


# -- sums that skip NaN --------------------------------------------------------------------------------


def nansum(
    x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dtype: DType | None = None, dim: Axes = None,
    keepdim: bool = False,
) -> Tensor:  # fmt: skip
    """Sum over axes, NaN taken as 0. Arguments as in :func:`sum`.

    >>> import pluggrad
    >>> pluggrad.nansum(pluggrad.asarray([1.0, float("nan"), 3.0]))
    tensor(4.)
    """
    x = wrap(x)
    if x.dtype.is_differentiable:
        x = where(not_equal(x, x), 0, x)
    return sum(x, either("nansum", axis, dim), keepdims or keepdim, dtype=dtype)


def nanmean(
    x: Tensor, /, axis: Axes = None, keepdims: bool = False, *, dtype: DType | None = None, dim: Axes = None,
    keepdim: bool = False,
) -> Tensor:  # fmt: skip
    """Mean over axes of what is not NaN; NaN where all is. Arguments as in :func:`mean`.

    >>> import pluggrad
    >>> pluggrad.nanmean(pluggrad.asarray([1.0, float("nan"), 3.0]))
    tensor(2.)
    """
    x = wrap(x)
    axis, keepdims = either("nanmean", axis, dim), keepdims or keepdim
    if not x.dtype.is_differentiable:
        return mean(x, axis, keepdims, dtype=dtype)
    total = nansum(x, axis, keepdims, dtype=dtype)
    return total / sum(equal(x, x), axis, keepdims, dtype=total.dtype.to_real())


# -- variance ----------------------------------------------------------------------------------------------


def _var_x(
    xp: Any, g: Any, x: Any, x_shape: tuple[int, ...], axis: tuple[int, ...], correction: float, keepdims: bool
) -> Any:
    # With no degree of freedom left the variance is NaN whatever x is, and so is its gradient.
    freedom = reduced_count(x_shape, axis) - correction
    scale = 2 / freedom if freedom > 0 else math.nan
    return expand_reduced(xp, g * scale, x_shape, axis, keepdims) * (x - xp.mean(x, axis=axis, keepdims=True))


@composite(name="var", result="real", kinds=FLOATING, vjp=_var_x)
def _var(xp: Any, x: Any, /, *, axis: tuple[int, ...], correction: float = 0.0, keepdims: bool = False) -> Any:
    ns = xp.namespace
    away = x - xp.mean(x, axis=axis, keepdims=True)
    if xp.isdtype(x.dtype, "complex floating"):
        squares = ns.square(ns.real(away)) + ns.square(ns.imag(away))
    else:
        squares = ns.square(away)
    freedom = reduced_count(x.shape, axis) - correction
    return ns.sum(squares, axis=axis, keepdims=keepdims) * (1 / freedom if freedom > 0 else math.nan)


def _std_x(
    xp: Any,
    g: Any,
    x: Any,
    out: Any,
    x_shape: tuple[int, ...],
    axis: tuple[int, ...],
    correction: float,
    keepdims: bool,
) -> Any:
    """Where the deviation is 0 so is the gradient, as in PyTorch."""
    flat = xp.equal(out, 0)
    half = g / xp.where(flat, 1, out * 2)
    return _var_x(xp, xp.where(flat, 0, half), x, x_shape, axis, correction, keepdims)


@composite(name="std", result="real", kinds=FLOATING, vjp=_std_x)
def _std(xp: Any, x: Any, /, *, axis: tuple[int, ...], correction: float = 0.0, keepdims: bool = False) -> Any:
    return xp.namespace.sqrt(xp.var(x, axis=axis, correction=correction, keepdims=keepdims))


def chosen_correction(
    name: str, axis: Any, unbiased: bool | None, correction: float | None, default: float
) -> tuple[Axes, float]:
    """The axes and the correction, in PyTorch's words too: ``var(x, False)``, ``var(x, 0, False)``, ``unbiased=``."""
    if isinstance(axis, bool):
        axis, unbiased = None, axis
    if unbiased is not None:
        if correction not in (None, default):
            raise TypeError(f"{name}: give unbiased or correction, not both")
        return axis, int(unbiased)
    return axis, default if correction is None else correction


def var(
    x: Tensor, /, axis: Axes = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float = 0.0, keepdims: bool = False, dim: Axes = None,
) -> Tensor:  # fmt: skip
    """Variance over axes, by default that of the values themselves: the sum of squares is divided by their number.

    Parameters
    ----------
    x : Tensor; integers are taken as the default float type; of complex numbers, the mean square distance
    axis, dim : int, tuple of ints, or None for all
    correction : what is subtracted from the number of values before dividing, 0 by default: 1 estimates the variance
        of what the values were drawn from (Bessel), which is the default of PyTorch and of the method ``x.var()``
    unbiased : PyTorch's other word for a correction of 1 (True) or 0 (False)
    keepdims, keepdim : keep the reduced axes with size 1

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes, real; NaN where no value is left after the correction

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> x = pluggrad.asarray([1.0, 2.0, 3.0])
    >>> pluggrad.var(x), pluggrad.var(x, correction=1)
    (tensor(0.6667), tensor(1.))
    """
    x = wrap(x)
    axis, correction = chosen_correction("var", either("var", axis, dim), unbiased, correction, 0.0)
    return _var(x, axis=reduced_axes("var", x, axis), correction=correction, keepdims=keepdims or keepdim)


def std(
    x: Tensor, /, axis: Axes = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float = 0.0, keepdims: bool = False, dim: Axes = None,
) -> Tensor:  # fmt: skip
    """Standard deviation over axes: the square root of :func:`var`, with the same arguments.

    The gradient is 0 where the deviation is 0, as in PyTorch.

    >>> import pluggrad
    >>> pluggrad.std(pluggrad.asarray([1.0, 2.0, 3.0]), correction=1)
    tensor(1.)
    """
    x = wrap(x)
    axis, correction = chosen_correction("std", either("std", axis, dim), unbiased, correction, 0.0)
    return _std(x, axis=reduced_axes("std", x, axis), correction=correction, keepdims=keepdims or keepdim)


def var_mean(
    x: Tensor, /, dim: Axes = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None, axis: Axes = None, keepdims: bool = False,
) -> return_types.var_mean:  # fmt: skip
    """Variance and mean over axes, with PyTorch's correction of 1 by default. Arguments as in :func:`var`.

    >>> import pluggrad
    >>> pluggrad.var_mean(pluggrad.asarray([1.0, 2.0, 3.0])).mean
    tensor(2.)
    """
    axis, correction = chosen_correction("var_mean", either("var_mean", axis, dim), unbiased, correction, 1)
    keepdims = keepdims or keepdim
    return return_types.var_mean(var(x, axis, correction=correction, keepdims=keepdims), mean(x, axis, keepdims))


def std_mean(
    x: Tensor, /, dim: Axes = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None, axis: Axes = None, keepdims: bool = False,
) -> return_types.std_mean:  # fmt: skip
    """Standard deviation and mean over axes, with PyTorch's correction of 1 by default. Arguments as in :func:`std`.

    >>> import pluggrad
    >>> pluggrad.std_mean(pluggrad.asarray([1.0, 2.0, 3.0])).std
    tensor(1.)
    """
    axis, correction = chosen_correction("std_mean", either("std_mean", axis, dim), unbiased, correction, 1)
    keepdims = keepdims or keepdim
    return return_types.std_mean(std(x, axis, correction=correction, keepdims=keepdims), mean(x, axis, keepdims))


# -- norms ---------------------------------------------------------------------------------------------------


def _vector_norm_x(
    xp: Any,
    g: Any,
    x: Any,
    out: Any,
    x_shape: tuple[int, ...],
    x_dtype: DType,
    ord: float,
    axis: tuple[int, ...],
    keepdims: bool,
) -> Any:
    """At a norm of 0 the gradient is 0; largest (smallest) elements share that of an infinite norm. As in PyTorch."""
    if not keepdims:
        kept = kept_shape(x_shape, axis)
        g, out = xp.reshape(g, shape=kept), xp.reshape(out, shape=kept)
    if ord == 0:
        return xp.broadcast_to(xp.astype(g * 0, dtype=x_dtype), shape=x_shape)
    if ord == 1:
        return g * xp.sign(x)
    zero = xp.equal(out, 0)
    if ord == 2:
        return x * xp.where(zero, 0, g / xp.where(zero, 1, out))
    size = xp.abs(x)
    if abs(ord) == math.inf:
        chosen = xp.logical_or(xp.equal(size, out), xp.not_equal(x, x))
        return xp.sign(x) * share_evenly(xp, g, chosen, x_dtype.to_real(), axis)
    # d|x|_p / dx = sign(x) (|x| / |x|_p)**(p - 1); the ratio is at most 1, so that nothing overflows.
    none = xp.equal(x, 0)
    ratio = xp.where(none, 1, size) / xp.where(zero, 1, out)
    return xp.sign(x) * xp.where(xp.logical_or(none, zero), 0, xp.pow_scalar(ratio, exponent=ord - 1) * g)


@composite(name="vector_norm", result="real", kinds=FLOATING, vjp=_vector_norm_x)
def _vector_norm(xp: Any, x: Any, /, *, ord: float, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    ns = xp.namespace
    if ord == 0:
        return ns.sum(ns.astype(x != 0, ns.abs(x).dtype), axis=axis, keepdims=keepdims)
    if ord == 2:
        squares = ns.real(x) ** 2 + ns.imag(x) ** 2 if xp.isdtype(x.dtype, "complex floating") else x * x
        return ns.sqrt(ns.sum(squares, axis=axis, keepdims=keepdims))
    size = ns.abs(x)
    if ord == 1:
        return ns.sum(size, axis=axis, keepdims=keepdims)
    if abs(ord) == math.inf:
        return (ns.max if ord > 0 else ns.min)(size, axis=axis, keepdims=keepdims)
    return ns.sum(size**ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def norm(
    x: Tensor, p: float | str | None = "fro", dim: Axes = None, keepdim: bool = False, dtype: DType | None = None, *,
    axis: Axes = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """The p-norm of the elements over axes: ``sum(|x|**p)**(1/p)``, as in PyTorch.

    Parameters
    ----------
    x : Tensor; integers are taken as the default float type
    p : number, inf (largest absolute value), -inf (smallest), 0 (how many are not 0), "fro" (2); or of two axes "nuc"
        (the sum of the singular values)
    dim, axis : int, tuple of ints, or None for all
    keepdim, keepdims : keep the reduced axes with size 1
    dtype : to cast ``x`` to first

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes, real

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ArgumentError : a ``p`` that is not known here; norms of matrices are in ``pluggrad.linalg``

    >>> import pluggrad
    >>> pluggrad.norm(pluggrad.asarray([3.0, 4.0]))
    tensor(5.)
    """
    x = wrap(x) if dtype is None else _astype(wrap(x), dtype=dtype)
    if p is None or p == "fro":
        p = 2
    axes = reduced_axes("norm", x, axis, dim)
    if p == "nuc" and len(axes) == 2:
        from .norms import matrix_norm

        return matrix_norm(x, "nuc", axes, keepdims or keepdim)
    if isinstance(p, str):
        raise ArgumentError(f"norm: p must be a number, 'fro', or for matrices 'nuc', got {p!r} for {len(axes)} axes")
    return _vector_norm(x, ord=p, axis=axes, keepdims=keepdims or keepdim)


# -- order statistics ------------------------------------------------------------------------------------


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


# -- histograms --------------------------------------------------------------------------------------------


def _bincount_weights(xp: Any, g: Any, x: Any) -> Any:
    return xp.gather(g, x, axis=0)


@composite(name="bincount", kinds=INTEGRAL, promoted=("x",), vjp=[None, _bincount_weights])
def _bincount(xp: Any, x: Any, weights: Any = None, /, *, length: int) -> Any:
    ns = xp.namespace
    if weights is not None:
        return xp.scatter_add(xp.new_zeros(weights, shape=(length,)), ns.astype(x, ns.int64), weights, axis=0)
    edges = ns.arange(length + 1, dtype=ns.int64, device=xp.native_device(x))
    below = ns.searchsorted(ns.sort(ns.astype(x, ns.int64)), edges)
    return below[1:] - below[:-1]


def bincount(x: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each integer from 0 on stands in ``x``.

    Parameters
    ----------
    x : Tensor, 1-D, of integers not below 0
    weights : Tensor of the same shape: what each occurrence counts, 1 by default
    minlength : the least number of bins

    Returns
    -------
    Tensor, 1-D, of size ``max(max(x) + 1, minlength)``: int64, or the float dtype of ``weights`` (float64 for integers)

    Raises
    ------
    ShapeError : not 1-D; weights of another shape
    ArgumentError : a negative element, a negative ``minlength``
    DTypeError : not integers

    >>> import pluggrad
    >>> pluggrad.bincount(pluggrad.asarray([1, 3, 1]))
    tensor([0, 2, 0, 1])
    """
    x = wrap(x)
    if x.ndim != 1:
        raise ShapeError(f"bincount: needs a 1-D tensor, got shape {tuple(x.shape)}; flatten it first")
    if minlength < 0:
        raise ArgumentError(f"bincount: minlength must not be negative, got {minlength}")
    if weights is not None:
        weights = wrap(weights)
        if tuple(weights.shape) != tuple(x.shape):
            raise ShapeError(
                f"bincount: weights must have the shape of x, got {tuple(weights.shape)} and {tuple(x.shape)}"
            )
        if not weights.dtype.is_differentiable:
            weights = _astype(weights, dtype=dtypes.float64)
    length = minlength
    if x.size and x.dtype.kind in INTEGRAL:
        if reductions.amin(x).item() < 0:
            raise ArgumentError(f"bincount: elements must not be negative, got {reductions.amin(x).item()}")
        length = max(length, reductions.amax(x).item() + 1)
    return _bincount(x, weights, length=length)


@composite(name="histc", kinds=REAL_FLOATING)
def _histc(xp: Any, x: Any, /, *, bins: int, low: float, high: float) -> Any:
    ns = xp.namespace
    flat = ns.reshape(x, (-1,))
    inside = (flat >= low) & (flat <= high)
    place = ns.floor((flat - low) * (bins / (high - low)))
    # What is outside goes to bins of its own, past the end.
    place = ns.where(inside, place, ns.full_like(place, bins))
    place = ns.where(inside & (place >= bins), ns.full_like(place, bins - 1), place)
    counts = xp.bincount(ns.astype(place, ns.int64), None, length=bins + 1)[:bins]
    return ns.astype(counts, x.dtype)


def histc(x: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """A histogram with bins of equal width, as in PyTorch.

    Parameters
    ----------
    x : Tensor, any shape; integers are taken as the default float type
    bins : how many
    min, max : the range, the right end included; what is outside, and NaN, is not counted. Both 0: that of ``x``

    Returns
    -------
    Tensor of counts, 1-D, in the dtype of ``x``

    Raises
    ------
    ArgumentError : no bins; ``max`` below ``min``; an infinite range

    >>> import pluggrad
    >>> pluggrad.histc(pluggrad.asarray([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    x = wrap(x)
    if bins <= 0:
        raise ArgumentError(f"histc: bins must be positive, got {bins}")
    if min == max == 0 and x.size:
        min, max = reductions.amin(x).item(), reductions.amax(x).item()
    if not (math.isfinite(min) and math.isfinite(max)):
        raise ArgumentError(
            f"histc: the range [{min}, {max}] is not finite; give min and max, or remove what is not finite"
        )
    if max < min:
        raise ArgumentError(f"histc: max must not be below min, got min={min} and max={max}")
    if min == max:
        min, max = min - 1, max + 1
    return _histc(x, bins=bins, low=float(min), high=float(max))
