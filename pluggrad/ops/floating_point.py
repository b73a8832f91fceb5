"""Functions about how floating-point numbers are made: their sign, their neighbours, infinities and NaN."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import ANY, COMPLEX, NUMERIC, REAL, REAL_FLOATING
from ..tensor import Tensor
from . import return_types
from .declare import composite, standard
from .rules import zero

__all__ = [
    "copysign", "frexp", "heaviside", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "nan_to_num",
    "nextafter", "signbit",
]  # fmt: skip


@standard(method=True, result="bool", kinds=NUMERIC)
def isfinite(x, /):
    """Whether each element is neither infinite nor NaN.

    >>> import pluggrad
    >>> pluggrad.isfinite(pluggrad.asarray([1.0, pluggrad.inf, pluggrad.nan]))
    tensor([ True, False, False])
    """


@standard(method=True, result="bool", kinds=NUMERIC)
def isinf(x, /):
    """Whether each element is infinite; of a complex one, whether a part of it is.

    >>> import pluggrad
    >>> pluggrad.isinf(pluggrad.asarray([1.0, -pluggrad.inf, pluggrad.nan]))
    tensor([False,  True, False])
    """


@standard(method=True, result="bool", kinds=NUMERIC)
def isnan(x, /):
    """Whether each element is NaN, not a number; of a complex one, whether a part of it is.

    >>> import pluggrad
    >>> pluggrad.isnan(pluggrad.asarray([1.0, pluggrad.inf, pluggrad.nan]))
    tensor([False, False,  True])
    """


@composite(method=True, result="bool", kinds=ANY - COMPLEX)
def isposinf(xp, x, /):
    """Whether each element is positive infinity.

    >>> import pluggrad
    >>> pluggrad.isposinf(pluggrad.asarray([-pluggrad.inf, pluggrad.inf]))
    tensor([False,  True])
    """
    return _is_value(xp, x, math.inf)


@composite(method=True, result="bool", kinds=ANY - COMPLEX)
def isneginf(xp, x, /):
    """Whether each element is negative infinity.

    >>> import pluggrad
    >>> pluggrad.isneginf(pluggrad.asarray([-pluggrad.inf, pluggrad.inf]))
    tensor([ True, False])
    """
    return _is_value(xp, x, -math.inf)


def _is_value(xp: Any, x: Any, value: float) -> Any:
    """Whether each element is an infinity, which no integer is."""
    return x == value if xp.isdtype(x.dtype, "real floating") else _full(xp, x, False)


def _full(xp: Any, x: Any, value: bool) -> Any:
    namespace = xp.namespace
    return namespace.full(x.shape, value, dtype=namespace.bool, device=xp.native_device(x))


@composite(method=True, result="bool")
def isreal(xp, x, /):
    """Whether the imaginary part of each element is 0.

    >>> import pluggrad
    >>> pluggrad.isreal(pluggrad.asarray([1 + 0j, 1j]))
    tensor([ True, False])
    """
    return xp.namespace.imag(x) == 0 if xp.isdtype(x.dtype, "complex floating") else _full(xp, x, True)


@composite(method=True, result="bool", kinds=REAL)
def signbit(xp, x, /):
    """Whether each element is negative, -0.0 included.

    >>> import pluggrad
    >>> pluggrad.signbit(pluggrad.asarray([-1.0, -0.0, 0.0]))
    tensor([ True,  True, False])
    """
    return xp.namespace.signbit(x) if xp.isdtype(x.dtype, "real floating") else x < 0


@standard(
    method=True, broadcasts=True, result="same", kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x1, out: g * (xp.sign(x1) * xp.sign(out)), zero],
)  # fmt: skip
def copysign(x1, x2, /):
    """The magnitude of ``x1`` with the sign of ``x2``, for each pair of elements.

    The gradient in ``x1`` is 0 where that is 0, as in PyTorch.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype, which is floating

    >>> import pluggrad
    >>> pluggrad.copysign(pluggrad.asarray([1.0, -2.0]), pluggrad.asarray([-0.0, 3.0]))
    tensor([-1.,  2.])
    """


@standard(method=True, broadcasts=True, result="same", kinds=REAL_FLOATING)
def nextafter(x1, x2, /):
    """The number next to each element of ``x1`` in the direction of that of ``x2``. It has no derivative.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype, which is floating

    >>> import pluggrad
    >>> (pluggrad.nextafter(pluggrad.asarray([1.0]), 2.0) - 1).item()
    1.1920928955078125e-07
    """


@composite(method=True, broadcasts=True, result="same", kinds=REAL,
           vjp=[zero, lambda xp, g, x1: xp.where(x1 == 0, g, 0)])  # fmt: skip
def heaviside(xp, x1, x2, /):
    """The step function: 0 for each negative element of ``x1``, 1 for each positive one, and ``x2`` for 0.

    Parameters
    ----------
    x1, x2 : Tensors, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.heaviside(pluggrad.asarray([-2.0, 0.0, 2.0]), pluggrad.asarray(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return xp.namespace.where(x1 == 0, x2, xp.namespace.astype(x1 > 0, x1.dtype))


@composite(name="nan_to_num", result="same", kinds=NUMERIC,
           vjp=lambda xp, g, x: xp.where(xp.isfinite(x), g, 0))  # fmt: skip
def _nan_to_num(xp: Any, x: Any, /, *, nan: float, posinf: float | None, neginf: float | None) -> Any:
    if xp.isdtype(x.dtype, "integral"):
        return xp.copy(x)
    if xp.isdtype(x.dtype, "complex floating"):
        parts = [xp.nan_to_num(part(x), nan=nan, posinf=posinf, neginf=neginf) for part in (xp.real, xp.imag)]
        return xp.complex(*parts)
    largest = float(xp.namespace.finfo(x.dtype).max)
    x = xp.namespace.where(xp.namespace.isnan(x), nan, x)
    x = xp.namespace.where(x == math.inf, largest if posinf is None else posinf, x)
    return xp.namespace.where(x == -math.inf, -largest if neginf is None else neginf, x)


def nan_to_num(
    x: Tensor, /, nan: float | None = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Each element, but numbers in place of NaN and infinities; the gradient of those is 0.

    Parameters
    ----------
    x : Tensor, numeric dtype
    nan : what to put for NaN
    posinf, neginf : what to put for the infinities; None: the greatest and the least finite number of the dtype

    Returns
    -------
    Tensor, same shape and dtype

    >>> import pluggrad
    >>> pluggrad.nan_to_num(pluggrad.asarray([1.0, pluggrad.nan, -pluggrad.inf]), neginf=-9.0)
    tensor([ 1.,  0., -9.])
    """
    return _nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


def _frexp_x(xp: Any, g: Any, x_dtype: Any, exponent: Any) -> Any:
    return g[0] * xp.exp2(xp.astype(-exponent, dtype=x_dtype))


@composite(
    name="frexp", kinds=REAL_FLOATING, outputs=("mantissa", "exponent"), constant=frozenset({"exponent"}), vjp=_frexp_x
)
def _frexp(xp: Any, x: Any, /) -> Any:
    ns = xp.namespace
    wide = ns.astype(x, ns.float64)
    # In float64 no smaller type's numbers are subnormal; its own are brought up by 2**64.
    tiny = ns.abs(wide) < 2.0**-1000
    scaled = ns.where(tiny, wide * 2.0**64, wide)
    usable = ns.isfinite(scaled) & (scaled != 0)
    size = ns.where(usable, ns.abs(scaled), ns.ones_like(scaled))
    exponent = ns.floor(ns.log2(size)) + 1
    half = ns.floor(exponent / 2)  # in two steps: 2**-1024 is no normal number
    mantissa = size * 2.0 ** (-half) * 2.0 ** (half - exponent)
    # The logarithm is rounded, so it may be off by one.
    up, down = mantissa >= 1, mantissa < 0.5
    mantissa = ns.where(up, mantissa / 2, ns.where(down, mantissa * 2, mantissa))
    exponent = exponent + ns.astype(up, ns.float64) - ns.astype(down, ns.float64) - 64 * ns.astype(tiny, ns.float64)
    mantissa = ns.where(usable, ns.where(scaled < 0, -mantissa, mantissa), wide)
    return ns.astype(mantissa, x.dtype), ns.astype(ns.where(usable, exponent, 0.0), ns.int32)


def frexp(x: Tensor, /) -> Any:
    """Each element as ``mantissa * 2**exponent``, the mantissa between 0.5 and 1 in size.

    Parameters
    ----------
    x : Tensor, real floating dtype

    Returns
    -------
    mantissa : Tensor of the dtype of ``x``; ``x`` itself where that is 0, infinite or NaN
    exponent : Tensor, int32

    >>> import pluggrad
    >>> mantissa, exponent = pluggrad.frexp(pluggrad.asarray([8.0, -0.75]))
    >>> mantissa, exponent
    (tensor([ 0.5000, -0.7500]), tensor([4, 0], dtype=pluggrad.int32))
    """
    return return_types.frexp(*_frexp(x))
