"""Trigonometric functions of degrees, exact where degrees are, and two that keep their digits near 0."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import REAL_FLOATING
from ..ops.declare import composite
from ..ops.trigonometric import sinc
from ..tensor import Tensor

__all__ = ["cosdg", "cosm1", "cotdg", "radian", "sinc", "sindg", "tandg"]

_DEGREE = math.pi / 180


def _sine(ns: Any, x: Any) -> Any:
    """The sine of an angle in degrees: of at most 45 of them, after whole quarter turns are taken off."""
    turns = ns.round(x / 90)
    rest = (x - turns * 90) * _DEGREE
    quarter = ns.remainder(turns, 4.0)
    odd = (quarter == 1) | (quarter == 3)
    value = ns.where(odd, ns.cos(rest), ns.sin(rest))
    return ns.where(quarter >= 2, 0.0 - value, value)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * xp.cosdg(x) * _DEGREE)
def sindg(xp, x, /):
    """Sine of an angle in degrees.

    >>> import pluggrad
    >>> pluggrad.special.sindg(pluggrad.asarray([30.0, 180.0, -90.0]))
    tensor([ 0.5000,  0.0000, -1.0000])
    """
    return _sine(xp.namespace, x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: -g * xp.sindg(x) * _DEGREE)
def cosdg(xp, x, /):
    """Cosine of an angle in degrees.

    >>> import pluggrad
    >>> pluggrad.special.cosdg(pluggrad.asarray([60.0, 90.0, 180.0]))
    tensor([ 0.5000,  0.0000, -1.0000])
    """
    return _sine(xp.namespace, xp.namespace.abs(x) + 90)


def _tangent(ns: Any, x: Any) -> Any:
    """NaN-free but at infinities; infinite at odd quarter turns, as SciPy's."""
    sine, cosine = _sine(ns, x), _sine(ns, ns.abs(x) + 90)
    pole = cosine == 0
    return ns.where(pole, math.inf, sine / ns.where(pole, 1.0, cosine) + 0.0)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, out: g * (out * out + 1) * _DEGREE)
def tandg(xp, x, /):
    """Tangent of an angle in degrees; infinite at 90, 270, ...

    >>> import pluggrad
    >>> pluggrad.special.tandg(pluggrad.asarray([0.0, 45.0, 90.0]))
    tensor([0., 1., inf])
    """
    return _tangent(xp.namespace, x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, out: -g * (out * out + 1) * _DEGREE)
def cotdg(xp, x, /):
    """Cotangent of an angle in degrees; infinite at 0, 180, ...

    >>> import pluggrad
    >>> pluggrad.special.cotdg(pluggrad.asarray([0.0, 45.0, 90.0]))
    tensor([inf, 1., 0.])
    """
    return _tangent(xp.namespace, 90 - x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: -g * xp.sin(x))
def cosm1(xp, x, /):
    """``cos(x) - 1`` of each element, with all its digits near 0.

    >>> import pluggrad
    >>> pluggrad.special.cosm1(pluggrad.asarray([0.0, 1e-4]))
    tensor([-0.0000e+00, -5.0000e-09])
    """
    half = xp.namespace.sin(x * 0.5)
    return half * half * -2


def radian(d: Tensor | float, m: Tensor | float, s: Tensor | float) -> Tensor:
    """Degrees, minutes and seconds of arc in radians.

    Parameters
    ----------
    d, m, s : Tensors or Python scalars, one of them a Tensor; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.radian(pluggrad.asarray([180.0]), 30.0, 0.0)
    tensor([3.1503])
    """
    out: Any = (d + m * (1 / 60) + s * (1 / 3600)) * _DEGREE
    return out
