"""Bessel functions of orders 0 and 1, and of others. The derivatives are those of DLMF 10.6 and 10.29."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dtypes import REAL_FLOATING
from ..errors import ArgumentError
from ..ops.declare import composite
from ..tensor import Tensor
from .host import no_derivative, on_host

__all__ = [
    "airy_ai", "i0", "i0e", "i1", "i1e", "iv", "j0", "j1", "jv", "k0", "k0e", "k1", "k1e", "kv", "spherical_bessel_j0",
    "y0", "y1", "yn", "yv",
]  # fmt: skip


def _over(xp: Any, value: Any, x: Any, at_zero: float) -> Any:
    """``value / x``, and its limit where ``x`` is 0."""
    zero = x == 0
    return xp.where(zero, at_zero, value / xp.where(zero, 1.0, x))


# -- modified ones, and those scaled by an exponential -------------------------------------------------------


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * xp.i1(x))
def i0(xp, x, /):
    """Modified Bessel function of the first kind, of order 0. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.i0(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
    return on_host(xp, "i0", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: g * (xp.i0(x) - _over(xp, out, x, 0.5)))
def i1(xp, x, /):
    """Modified Bessel function of the first kind, of order 1. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.i1(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.5652])
    """
    return on_host(xp, "i1", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: g * (xp.i1e(x) - xp.sign(x) * out))
def i0e(xp, x, /):
    """``exp(-abs(x)) i0(x)`` of each element. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.i0e(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 0.4658])
    """
    return on_host(xp, "i0e", x)


def _i1e_x(xp: Any, g: Any, x: Any, out: Any) -> Any:
    return g * (xp.i0e(x) - _over(xp, out, x, 0.5) - xp.sign(x) * out)


@composite(result="same", kinds=REAL_FLOATING, vjp=_i1e_x)
def i1e(xp, x, /):
    """``exp(-abs(x)) i1(x)`` of each element. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.i1e(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.2079])
    """
    return on_host(xp, "i1e", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: -g * xp.k1(x))
def k0(xp, x, /):
    """Modified Bessel function of the second kind, of order 0: infinite at 0, NaN below. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.k0(pluggrad.asarray([1.0, 2.0]))
    tensor([0.4210, 0.1139])
    """
    return on_host(xp, "k0", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: -g * (xp.k0(x) + out / x))
def k1(xp, x, /):
    """Modified Bessel function of the second kind, of order 1. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.k1(pluggrad.asarray([1.0, 2.0]))
    tensor([0.6019, 0.1399])
    """
    return on_host(xp, "k1", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: g * (out - xp.k1e(x)))
def k0e(xp, x, /):
    """``exp(x) k0(x)`` of each element. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.k0e(pluggrad.asarray([1.0, 100.0]))
    tensor([1.1445, 0.1252])
    """
    return on_host(xp, "k0e", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: g * (out - xp.k0e(x) - out / x))
def k1e(xp, x, /):
    """``exp(x) k1(x)`` of each element. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.k1e(pluggrad.asarray([1.0, 100.0]))
    tensor([1.6362, 0.1258])
    """
    return on_host(xp, "k1e", x)


# -- the plain ones ------------------------------------------------------------------------------------------------


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: -g * xp.j1(x))
def j0(xp, x, /):
    """Bessel function of the first kind, of order 0. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.j0(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 0.7652])
    """
    return on_host(xp, "j0", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: g * (xp.j0(x) - _over(xp, out, x, 0.5)))
def j1(xp, x, /):
    """Bessel function of the first kind, of order 1. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.j1(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.4401])
    """
    return on_host(xp, "j1", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: -g * xp.y1(x))
def y0(xp, x, /):
    """Bessel function of the second kind, of order 0: minus infinity at 0, NaN below. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.y0(pluggrad.asarray([1.0, 2.0]))
    tensor([0.0883, 0.5104])
    """
    return on_host(xp, "y0", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: g * (xp.y0(x) - out / x))
def y1(xp, x, /):
    """Bessel function of the second kind, of order 1. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.y1(pluggrad.asarray([1.0, 2.0]))
    tensor([-0.7812, -0.1070])
    """
    return on_host(xp, "y1", x)


def _neighbours(name: str, sign: float, scale: float) -> list[Callable[..., Any]]:
    """The rules of a Bessel function: its slope is half the sum or the difference of its neighbours in order."""
    return [
        lambda xp, g, v, x: no_derivative(name, "v"),
        lambda xp, g, v, x: g * (getattr(xp, name)(v - 1, x) + sign * getattr(xp, name)(v + 1, x)) * scale,
    ]


@composite(broadcasts=True, result="same", kinds=REAL_FLOATING, vjp=_neighbours("jv", -1.0, 0.5))
def jv(xp, v, x, /):
    """Bessel function of the first kind, of real order. Needs SciPy.

    Parameters
    ----------
    v : Tensor or Python scalar, the order; a gradient by it is an error
    x : Tensor or Python scalar, real; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.jv(2.0, pluggrad.asarray([1.0]))
    tensor([0.1149])
    """
    return on_host(xp, "jv", v, x)


@composite(broadcasts=True, result="same", kinds=REAL_FLOATING, vjp=_neighbours("yv", -1.0, 0.5))
def yv(xp, v, x, /):
    """Bessel function of the second kind, of real order. Arguments as in :func:`jv`. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.yv(2.0, pluggrad.asarray([1.0]))
    tensor([-1.6507])
    """
    return on_host(xp, "yv", v, x)


@composite(broadcasts=True, result="same", kinds=REAL_FLOATING, vjp=_neighbours("iv", 1.0, 0.5))
def iv(xp, v, x, /):
    """Modified Bessel function of the first kind, of real order. Arguments as in :func:`jv`. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.iv(2.0, pluggrad.asarray([1.0]))
    tensor([0.1357])
    """
    return on_host(xp, "iv", v, x)


@composite(broadcasts=True, result="same", kinds=REAL_FLOATING, vjp=_neighbours("kv", 1.0, -0.5))
def kv(xp, v, x, /):
    """Modified Bessel function of the second kind, of real order. Arguments as in :func:`jv`. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.kv(2.0, pluggrad.asarray([1.0]))
    tensor([1.6248])
    """
    return on_host(xp, "kv", v, x)


def yn(n: Tensor | int, x: Tensor) -> Tensor:
    """Bessel function of the second kind, of integer order: :func:`yv` under another name.

    Raises
    ------
    ArgumentError : an order that is not a whole number

    >>> import pluggrad
    >>> pluggrad.special.yn(2, pluggrad.asarray([1.0]))
    tensor([-1.6507])
    """
    if isinstance(n, Tensor):
        if n.dtype.is_differentiable and bool((n.detach() != n.detach().round()).any()):
            raise ArgumentError("yn: the order must be a whole number; yv takes others")
        n = n.detach()
    elif n != int(n):
        raise ArgumentError(f"yn: the order must be a whole number, got {n}; yv takes others")
    return yv(n, x)


# -- and two more ----------------------------------------------------------------------------------------------------


def _spherical_x(xp: Any, g: Any, x: Any, out: Any) -> Any:
    small = xp.abs(x) < 0.05
    safe = xp.where(small, 1.0, x)
    series = x * (-1 / 3 + x * x * (1 / 30 - x * x / 840))
    return g * xp.where(small, series, (xp.cos(safe) - out) / safe)


@composite(result="same", kinds=REAL_FLOATING, vjp=_spherical_x)
def spherical_bessel_j0(xp, x, /):
    """Spherical Bessel function of the first kind, of order 0: ``sin(x) / x``, 1 at 0.

    >>> import pluggrad
    >>> pluggrad.special.spherical_bessel_j0(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 0.8415])
    """
    zero = x == 0
    ns = xp.namespace
    return ns.where(zero, 1.0, ns.sin(x) / ns.where(zero, 1.0, x))


@composite(name="airy_ai_slope", result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * x * xp.airy_ai(x))
def _airy_ai_slope(xp: Any, x: Any, /) -> Any:
    return on_host(xp, "airy", x, part=1)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * xp.airy_ai_slope(x))
def airy_ai(xp, x, /):
    """Airy function Ai of each element (DLMF 9.2). Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.airy_ai(pluggrad.asarray([0.0, 1.0]))
    tensor([0.3550, 0.1353])
    """
    return on_host(xp, "airy", x, part=0)
