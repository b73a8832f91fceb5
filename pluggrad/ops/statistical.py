"""Statistics beside sums and extrema: variance, and sums and means that skip NaN."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.operands import wrap
from ..dtypes import FLOATING, DType
from ..tensor import Tensor
from . import return_types
from .axes import Axes, either
from .comparison import equal, not_equal
from .declare import composite
from .reductions import expand_reduced, mean, reduced_axes, reduced_count, sum  # fmt: skip
from .searching import where

__all__ = ["nanmean", "nansum", "std", "std_mean", "var", "var_mean"]


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
