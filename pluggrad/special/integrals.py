"""Elliptic integrals (DLMF 19), the dilogarithm (DLMF 25.12), Kummer's and Legendre's functions (DLMF 13 and 14)."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import REAL_FLOATING
from ..ops.declare import composite
from .host import no_derivative, on_host

__all__ = ["ellipe", "ellipk", "ellipkm1", "hyp1f1", "lpmv", "spence"]


def _ellipk_slope(xp: Any, m: Any, k: Any) -> Any:
    """``(E - (1 - m) K) / (2 m (1 - m))``, by its series near 0."""
    small = xp.abs(m) < 0.01
    safe = xp.where(small, 0.5, m)
    series = (math.pi / 2) * (1 / 4 + m * (9 / 32 + m * (75 / 256 + m * (1225 / 4096 + m * (19845 / 65536)))))
    rest = 1 - safe
    return xp.where(small, series, (xp.ellipe(safe) - rest * xp.where(small, 1.0, k)) / (safe * rest * 2))


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, m, out: g * _ellipk_slope(xp, m, out))
def ellipk(xp, m, /):
    """Complete elliptic integral of the first kind, of the parameter ``m = k**2`` up to 1. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.ellipk(pluggrad.asarray([0.0, 0.5]))
    tensor([1.5708, 1.8541])
    """
    return on_host(xp, "ellipk", m)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, p, out: -g * _ellipk_slope(xp, 1 - p, out))
def ellipkm1(xp, p, /):
    """Complete elliptic integral of the first kind of ``m = 1 - p``, with all its digits for small ``p``. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.ellipkm1(pluggrad.asarray([1.0, 1e-20]))
    tensor([ 1.5708, 24.4121])
    """
    return on_host(xp, "ellipkm1", p)


def _ellipe_m(xp: Any, g: Any, m: Any, out: Any) -> Any:
    small = xp.abs(m) < 0.01
    safe = xp.where(small, 0.5, m)
    series = (math.pi / 2) * (-1 / 4 + m * (-3 / 32 + m * (-15 / 256 + m * (-175 / 4096 - m * (2205 / 65536)))))
    return g * xp.where(small, series, (xp.where(small, 1.0, out) - xp.ellipk(safe)) / (safe * 2))


@composite(result="same", kinds=REAL_FLOATING, vjp=_ellipe_m)
def ellipe(xp, m, /):
    """Complete elliptic integral of the second kind, of the parameter ``m = k**2`` up to 1. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.ellipe(pluggrad.asarray([0.0, 1.0]))
    tensor([1.5708, 1.0000])
    """
    return on_host(xp, "ellipe", m)


def _spence_z(xp: Any, g: Any, z: Any) -> Any:
    """``log(z) / (1 - z)``, by its series near 1."""
    t = z - 1
    small = xp.abs(t) < 0.02
    safe = xp.where(small, 1.0, t)
    series = -1 + t * (1 / 2 - t * (1 / 3 - t * (1 / 4 - t * (1 / 5 - t * (1 / 6 - t * (1 / 7 - t / 8))))))
    return g * xp.where(small, series, -xp.log1p(safe) / safe)


@composite(result="same", kinds=REAL_FLOATING, vjp=_spence_z)
def spence(xp, z, /):
    """Spence's function: the integral of ``log(t) / (1 - t)`` from 1 to ``z``, Li2(1 - z); NaN below 0. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.spence(pluggrad.asarray([0.0, 1.0, 2.0]))
    tensor([ 1.6449,  0.0000, -0.8225])
    """
    return on_host(xp, "spence", z)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, a, b, x: no_derivative("hyp1f1", "a"),
        lambda xp, g, a, b, x: no_derivative("hyp1f1", "b"),
        lambda xp, g, a, b, x: g * a / b * xp.hyp1f1(a + 1, b + 1, x),
    ],
)
def hyp1f1(xp, a, b, x, /):
    """Kummer's confluent hypergeometric function M(a, b, x). Needs SciPy.

    Parameters
    ----------
    a, b : Tensors or Python scalars; a gradient by them is an error
    x : Tensor or Python scalar, real; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.hyp1f1(1.0, 2.0, pluggrad.asarray([1.0]))
    tensor([1.7183])
    """
    return on_host(xp, "hyp1f1", a, b, x)


def _lpmv_x(xp: Any, g: Any, m: Any, v: Any, x: Any, out: Any) -> Any:
    return g * (v * x * out - (v + m) * xp.lpmv(m, v - 1, x)) / (x * x - 1)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[None, lambda xp, g, m, v, x: no_derivative("lpmv", "v"), _lpmv_x],
)
def lpmv(xp, m, v, x, /):
    """Associated Legendre function of integer order ``m`` and real degree ``v``. Needs SciPy.

    Parameters
    ----------
    m : Tensor or Python scalar: whole numbers
    v : Tensor or Python scalar; a gradient by it is an error
    x : Tensor or Python scalar, in [-1, 1]; its gradient is NaN at the ends

    >>> import pluggrad
    >>> pluggrad.special.lpmv(1, 2.0, pluggrad.asarray([0.5]))
    tensor([-1.2990])
    """
    return on_host(xp, "lpmv", m, v, x)
