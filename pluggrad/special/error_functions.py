"""The error function's relatives, and the normal distribution."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import REAL_FLOATING
from ..ops.declare import composite
from ..ops.special_functions import erf, erfc, erfinv
from .host import on_host

__all__ = ["erf", "erfc", "erfcinv", "erfcx", "erfinv", "log_ndtr", "ndtr", "ndtri"]

_SQRT_2, _SQRT_PI, _SQRT_2PI = math.sqrt(2), math.sqrt(math.pi), math.sqrt(2 * math.pi)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: g * (x * out - 1 / _SQRT_PI) * 2)
def erfcx(xp, x, /):
    """Scaled complementary error function ``exp(x**2) erfc(x)`` of each element. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.erfcx(pluggrad.asarray([0.0, 1.0, 100.0]))
    tensor([1.0000, 0.4276, 0.0056])
    """
    return on_host(xp, "erfcx", x)


@composite(
    result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, out: g * xp.exp(out * out) * (-_SQRT_PI / 2)
)  # fmt: skip
def erfcinv(xp, x, /):
    """The number of which each element, in [0, 2], is the complementary error function; NaN outside. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.erfcinv(pluggrad.asarray([0.5, 1.5]))
    tensor([ 0.4769, -0.4769])
    """
    return on_host(xp, "erfcinv", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * xp.exp(x * x * -0.5) / _SQRT_2PI)
def ndtr(xp, x, /):
    """The standard normal distribution function: the probability of a number less than each element.

    >>> import pluggrad
    >>> pluggrad.special.ndtr(pluggrad.asarray([0.0, 1.0, -2.0]))
    tensor([0.5000, 0.8413, 0.0228])
    """
    return xp.erfc(x / -_SQRT_2) * 0.5


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: g * xp.exp(x * x * -0.5 - out) / _SQRT_2PI)
def log_ndtr(xp, x, /):
    """Logarithm of :func:`ndtr`, exact for large negative elements, too. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.log_ndtr(pluggrad.asarray([0.0, -40.0]))
    tensor([-6.9315e-01, -8.0461e+02])
    """
    return on_host(xp, "log_ndtr", x)


def _ndtri_x(xp: Any, g: Any, out: Any) -> Any:
    return g * xp.exp(out * out * 0.5) * _SQRT_2PI


@composite(result="same", kinds=REAL_FLOATING, vjp=_ndtri_x)
def ndtri(xp, x, /):
    """The inverse of :func:`ndtr`: infinite at 0 and 1, NaN outside. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.ndtri(pluggrad.asarray([0.5, 0.975, 0.0]))
    tensor([0.0000, 1.9600,   -inf])
    """
    return on_host(xp, "ndtri", x)
