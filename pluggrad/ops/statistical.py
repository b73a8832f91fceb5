"""Statistics beside sums and extrema: variance, norms, order statistics, histograms."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.operands import wrap
from ..dtypes import FLOATING, DType
from ..errors import DTypeError
from ..tensor import Tensor
from . import return_types
from .axes import Axes, either
from .comparison import equal, not_equal
from .declare import composite
from .dtype_functions import _astype
from .reductions import expand_reduced, kept_shape, mean, reduced_axes, reduced_count, sum
from .searching import where

__all__ = ["nanmean", "nansum", "norm", "std", "std_mean", "var", "var_mean"]


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
    away = x - ns.mean(x, axis=axis, keepdims=True)
    if xp.isdtype(x.dtype, "complex floating"):
        squares = ns.square(ns.real(away)) + ns.square(ns.imag(away))
    else:
        squares = ns.square(away)
    freedom = reduced_count(x.shape, axis) - correction
    return ns.sum(squares, axis=axis, keepdims=keepdims) * (1 / freedom if freedom > 0 else math.nan)


def _std_x(
    xp: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: tuple[int, ...], correction: float, keepdims: bool
) -> Any:
    """Where the deviation is 0 so is the gradient, as in PyTorch."""
    flat = xp.equal(out, 0)
    half = g / xp.where(flat, 1, out * 2)
    return _var_x(xp, xp.where(flat, 0, half), x, x_shape, axis, correction, keepdims)


@composite(name="std", result="real", kinds=FLOATING, vjp=_std_x)
def _std(xp: Any, x: Any, /, *, axis: tuple[int, ...], correction: float = 0.0, keepdims: bool = False) -> Any:
    return xp.namespace.sqrt(xp.var(x, axis=axis, correction=correction, keepdims=keepdims))


def var(
    x: Tensor, /, axis: Axes = None, *, correction: float = 0.0, keepdims: bool = False, dim: Axes = None, keepdim: bool = False
) -> Tensor:
    """Variance over axes, by default that of the values themselves: the sum of squares is divided by their number.

    Parameters
    ----------
    x : Tensor; integers are taken as the default float type; of complex numbers, the mean square distance
    axis, dim : int, tuple of ints, or None for all
    correction : what is subtracted from the number of values before dividing: 1 estimates the variance of what the
        values were drawn from (Bessel), which is the default of PyTorch and of the method ``x.var()``
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
    return _var(x, axis=reduced_axes("var", x, axis, dim), correction=correction, keepdims=keepdims or keepdim)


def std(
    x: Tensor, /, axis: Axes = None, *, correction: float = 0.0, keepdims: bool = False, dim: Axes = None, keepdim: bool = False
) -> Tensor:
    """Standard deviation over axes: the square root of :func:`var`, with the same arguments.

    The gradient is 0 where the deviation is 0, as in PyTorch.

    >>> import pluggrad
    >>> pluggrad.std(pluggrad.asarray([1.0, 2.0, 3.0]), correction=1)
    tensor(1.)
    """
    x = wrap(x)
    return _std(x, axis=reduced_axes("std", x, axis, dim), correction=correction, keepdims=keepdims or keepdim)


def var_mean(
    x: Tensor, /, dim: Axes = None, *, correction: float = 1, keepdim: bool = False, axis: Axes = None, keepdims: bool = False
) -> return_types.var_mean:
    """Variance and mean over axes, with PyTorch's correction of 1.

    >>> import pluggrad
    >>> pluggrad.var_mean(pluggrad.asarray([1.0, 2.0, 3.0])).mean
    tensor(2.)
    """
    axis, keepdims = either("var_mean", axis, dim), keepdims or keepdim
    return return_types.var_mean(var(x, axis, correction=correction, keepdims=keepdims), mean(x, axis, keepdims))


def std_mean(
    x: Tensor, /, dim: Axes = None, *, correction: float = 1, keepdim: bool = False, axis: Axes = None, keepdims: bool = False
) -> return_types.std_mean:
    """Standard deviation and mean over axes, with PyTorch's correction of 1.

    >>> import pluggrad
    >>> pluggrad.std_mean(pluggrad.asarray([1.0, 2.0, 3.0])).std
    tensor(1.)
    """
    axis, keepdims = either("std_mean", axis, dim), keepdims or keepdim
    return return_types.std_mean(std(x, axis, correction=correction, keepdims=keepdims), mean(x, axis, keepdims))


# -- norms ---------------------------------------------------------------------------------------------------


def _vector_norm_x(
    xp: Any, g: Any, x: Any, out: Any, x_shape: tuple[int, ...], x_dtype: DType, ord: float, axis: tuple[int, ...], keepdims: bool
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
        count = xp.sum(chosen, axis=axis, keepdims=True, dtype=x_dtype.to_real())
        return xp.sign(x) * xp.where(chosen, g / count, 0)
    # d|x|_p / dx = sign(x) (|x| / |x|_p)**(p - 1); the ratio is at most 1, so that nothing overflows.
    none = xp.equal(x, 0)
    ratio = xp.where(none, 1, size) / xp.where(zero, 1, out)
    return xp.sign(x) * xp.where(xp.logical_or(none, zero), 0, xp.pow_scalar(ratio, exponent=ord - 1) * g)


@composite(name="vector_norm", result="real", kinds=FLOATING, vjp=_vector_norm_x)
def _vector_norm(xp: Any, x: Any, /, *, ord: float, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    ns = xp.namespace
    if ord == 0:
        return ns.sum(x != 0, axis=axis, keepdims=keepdims, dtype=ns.abs(x).dtype)
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
    p : number, inf (largest absolute value), -inf (smallest), 0 (how many are not 0), or "fro" (2)
    dim, axis : int, tuple of ints, or None for all
    keepdim, keepdims : keep the reduced axes with size 1
    dtype : to cast ``x`` to first

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes, real

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ValueError : a ``p`` that is not known here; norms of matrices are in ``pluggrad.linalg``

    >>> import pluggrad
    >>> pluggrad.norm(pluggrad.asarray([3.0, 4.0]))
    tensor(5.)
    """
    x = wrap(x) if dtype is None else _astype(wrap(x), dtype=dtype)
    if p is None or p == "fro":
        p = 2
    if isinstance(p, str):
        raise ValueError(f"norm: p must be a number or 'fro', got {p!r}; for norms of matrices see pluggrad.linalg.matrix_norm")
    axes = reduced_axes("norm", x, axis, dim)
    return _vector_norm(x, ord=p, axis=axes, keepdims=keepdims or keepdim)
