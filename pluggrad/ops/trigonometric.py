"""Trigonometric and hyperbolic functions and their inverses; angles are in radians."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import FLOATING, REAL_FLOATING
from .declare import composite, standard

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "deg2rad", "hypot", "rad2deg", "sin",
    "sinc", "sinh", "tan", "tanh",
]  # fmt: skip


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g * xp.conj(xp.cos(x)))
def sin(x, /):
    """Sine of each element.

    >>> import pluggrad
    >>> pluggrad.sin(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: -g * xp.conj(xp.sin(x)))
def cos(x, /):
    """Cosine of each element.

    >>> import pluggrad
    >>> pluggrad.cos(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, out: g * xp.conj(out * out + 1))
def tan(x, /):
    """Tangent of each element.

    >>> import pluggrad
    >>> pluggrad.tan(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """


@standard(alias="arcsin", method=True, result="same", kinds=FLOATING,
          vjp=lambda xp, g, x: g / xp.conj(xp.sqrt(1 - x * x)))  # fmt: skip
def asin(x, /):
    """Inverse sine of each element; NaN for real ones outside of [-1, 1].

    >>> import pluggrad
    >>> pluggrad.asin(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """


@standard(alias="arccos", method=True, result="same", kinds=FLOATING,
          vjp=lambda xp, g, x: -g / xp.conj(xp.sqrt(1 - x * x)))  # fmt: skip
def acos(x, /):
    """Inverse cosine of each element; NaN for real ones outside of [-1, 1].

    >>> import pluggrad
    >>> pluggrad.acos(pluggrad.asarray([0.0, 1.0]))
    tensor([1.5708, 0.0000])
    """


@standard(alias="arctan", method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g / xp.conj(x * x + 1))
def atan(x, /):
    """Inverse tangent of each element.

    >>> import pluggrad
    >>> pluggrad.atan(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """


def _inverse_square(xp: Any, x1: Any, x2: Any) -> Any:
    """One over the squared distance from the origin; 0 there, as in PyTorch."""
    square = x1 * x1 + x2 * x2
    return xp.where(square == 0, 0, 1 / xp.where(square == 0, 1, square))


@standard(
    alias="arctan2", method=True, broadcasts=True, result="same", kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, x1, x2: g * (x2 * _inverse_square(xp, x1, x2)),
        lambda xp, g, x1, x2: -g * (x1 * _inverse_square(xp, x1, x2)),
    ],
)  # fmt: skip
def atan2(x1, x2, /):
    """Angle of the point (``x2``, ``x1``), from -pi to pi: the inverse tangent of ``x1 / x2`` in the right quadrant.

    The gradients at the origin are 0.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes: the ordinates and the abscissas

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype, which is floating

    >>> import pluggrad
    >>> pluggrad.atan2(pluggrad.asarray([1.0, -1.0]), pluggrad.asarray([1.0, -1.0]))
    tensor([ 0.7854, -2.3562])
    """


@standard(method=True, broadcasts=True, result="same", kinds=REAL_FLOATING,
          vjp=[lambda xp, g, x1, out: g * (x1 / out), lambda xp, g, x2, out: g * (x2 / out)])  # fmt: skip
def hypot(x1, x2, /):
    """Square root of ``x1**2 + x2**2`` of each pair of elements, without overflow on the way.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype, which is floating

    >>> import pluggrad
    >>> pluggrad.hypot(pluggrad.asarray([3.0]), pluggrad.asarray([4.0]))
    tensor([5.])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g * xp.conj(xp.cosh(x)))
def sinh(x, /):
    """Hyperbolic sine of each element.

    >>> import pluggrad
    >>> pluggrad.sinh(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g * xp.conj(xp.sinh(x)))
def cosh(x, /):
    """Hyperbolic cosine of each element.

    >>> import pluggrad
    >>> pluggrad.cosh(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """


def _correct_tanh(xp: Any, x: Any, out: Any) -> Any:
    """What the standard asks for at infinities, where libraries differ: 1 or -1, and a zero of the sign of imag(x)."""
    a, b = xp.real(x), xp.imag(x)
    for one in (1.0, -1.0):
        for zero in (0.0, -0.0):
            here = (a == one * math.inf) & (xp.signbit(b) == (math.copysign(1, zero) < 0))
            out = xp.where(here, complex(one, zero), out)
    return xp.where((a == 0) & ~xp.isfinite(b), x + complex(-0.0, math.nan), out)


@composite(
    name="tanh_backward", broadcasts=True, result="same", kinds=FLOATING,
    vjp=[
        lambda xp, g, output: xp.tanh_backward(g, xp.conj(output)),
        lambda xp, g, gradient, output: -2 * xp.conj(g * output) * gradient,
    ],
)  # fmt: skip
def _tanh_backward(xp: Any, gradient: Any, output: Any, /) -> Any:
    """The gradient times the derivative; a function of its own, so that a backend can do it in one array."""
    return gradient * xp.conj(1 - output * output)


@composite(method=True, result="same", kinds=FLOATING, overwrites=True,
           vjp=lambda xp, g, out: xp.tanh_backward(g, out))  # fmt: skip
def tanh(xp, x, /):
    """Hyperbolic tangent of each element.

    >>> import pluggrad
    >>> pluggrad.tanh(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    out = xp.namespace.tanh(x)
    return _correct_tanh(xp.namespace, x, out) if xp.isdtype(x.dtype, "complex floating") else out


@standard(alias="arcsinh", method=True, result="same", kinds=FLOATING,
          vjp=lambda xp, g, x: g / xp.conj(xp.sqrt(x * x + 1)))  # fmt: skip
def asinh(x, /):
    """Inverse hyperbolic sine of each element.

    >>> import pluggrad
    >>> pluggrad.asinh(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """


def _acosh_x(xp: Any, g: Any, x: Any) -> Any:
    """Two roots, since sqrt(x**2 - 1) has the wrong sign in half of the complex plane."""
    return g / xp.conj(xp.sqrt(x - 1) * xp.sqrt(x + 1))


@standard(alias="arccosh", method=True, result="same", kinds=FLOATING, vjp=_acosh_x)
def acosh(x, /):
    """Inverse hyperbolic cosine of each element; NaN for real ones less than 1.

    >>> import pluggrad
    >>> pluggrad.acosh(pluggrad.asarray([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """


@standard(alias="arctanh", method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g / xp.conj(1 - x * x))
def atanh(x, /):
    """Inverse hyperbolic tangent of each element; NaN for real ones outside of [-1, 1].

    >>> import pluggrad
    >>> pluggrad.atanh(pluggrad.asarray([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """


@composite(method=True, result="same", kinds=REAL_FLOATING, vjp=lambda xp, g: g * (math.pi / 180))
def deg2rad(xp, x, /):
    """Each angle, given in degrees, in radians.

    >>> import pluggrad
    >>> pluggrad.deg2rad(pluggrad.asarray([0.0, 180.0]))
    tensor([0.0000, 3.1416])
    """
    return x * (math.pi / 180)


@composite(method=True, result="same", kinds=REAL_FLOATING, vjp=lambda xp, g: g * (180 / math.pi))
def rad2deg(xp, x, /):
    """Each angle, given in radians, in degrees.

    >>> import pluggrad
    >>> pluggrad.rad2deg(pluggrad.asarray([0.0, 1.0]))
    tensor([ 0.0000, 57.2958])
    """
    return x * (180 / math.pi)


def _sinc_x(xp: Any, g: Any, x: Any, out: Any) -> Any:
    small = xp.abs(x) < 0.01
    safe = xp.where(small, 1.0, x)
    square = x * x * math.pi**2
    series = x * math.pi**2 * (-1 / 3 + square * (1 / 30 - square * (1 / 840)))
    return g * xp.conj(xp.where(small, series, (xp.cos(safe * math.pi) - out) / safe))


@composite(method=True, result="same", kinds=FLOATING, vjp=_sinc_x)
def sinc(xp, x, /):
    """``sin(pi x) / (pi x)`` of each element, 1 at 0.

    >>> import pluggrad
    >>> pluggrad.sinc(pluggrad.asarray([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
    ns = xp.namespace
    zero = x == 0
    angle = x * math.pi
    return ns.where(zero, 1.0, ns.sin(angle) / ns.where(zero, 1.0, angle))
