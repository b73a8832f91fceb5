"""Exponentials, logarithms and powers that keep their digits, and exponential integrals (DLMF 6 and 8.19)."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import REAL_FLOATING
from ..ops.activations import logit, sigmoid
from ..ops.declare import composite
from ..ops.exponential import exp2, expm1, log1p
from ..ops.neural.activations import logsigmoid
from .host import on_host

__all__ = [
    "boxcox",
    "boxcox1p",
    "cbrt",
    "exp1",
    "exp2",
    "exp10",
    "expi",
    "expit",
    "expm1",
    "expn",
    "exprel",
    "inv_boxcox",
    "inv_boxcox1p",
    "log1p",
    "log_expit",
    "logit",
]  # fmt: skip

expit, log_expit = sigmoid, logsigmoid
_LN_10 = math.log(10)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, out: g * out * _LN_10)
def exp10(xp, x, /):
    """10 to the power of each element.

    >>> import pluggrad
    >>> pluggrad.special.exp10(pluggrad.asarray([0.0, 2.0, -1.0]))
    tensor([  1.0000, 100.0000,   0.1000])
    """
    return xp.namespace.pow(10.0, x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, out: g / (out * out * 3))
def cbrt(xp, x, /):
    """Real cube root of each element; its slope at 0 is infinite.

    >>> import pluggrad
    >>> pluggrad.special.cbrt(pluggrad.asarray([8.0, -27.0]))
    tensor([ 2., -3.])
    """
    ns = xp.namespace
    size = ns.abs(x)
    plain = (size > 0) & ns.isfinite(x)
    safe = ns.where(plain, size, 1.0)
    root = ns.pow(safe, 1 / 3)
    root = root - (root - safe / (root * root)) / 3  # one step of Newton's, since 1/3 is not exact
    return ns.where(plain, ns.copysign(root, x), x)


def _exprel_x(xp: Any, g: Any, x: Any, out: Any) -> Any:
    small = xp.abs(x) < 0.05
    safe = xp.where(small, 1.0, x)
    series = 0.5 + x * (1 / 3 + x * (1 / 8 + x * (1 / 30 + x * (1 / 144 + x * (1 / 840 + x / 5760)))))
    # exp(x) is out * x + 1, and so the slope (exp(x) - out) / x:
    return g * xp.where(small, series, out + (1 - out) / safe)


@composite(result="same", kinds=REAL_FLOATING, vjp=_exprel_x)
def exprel(xp, x, /):
    """``(exp(x) - 1) / x`` of each element, 1 at 0.

    >>> import pluggrad
    >>> pluggrad.special.exprel(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 1.7183])
    """
    ns = xp.namespace
    zero = (x == 0) | (x == math.inf)
    return ns.where(x == math.inf, math.inf, ns.where(zero, 1.0, ns.expm1(x) / ns.where(zero, 1.0, x)))


# -- the transformation of Box and Cox -----------------------------------------------------------------------


def _boxcox_lmbda(xp: Any, g: Any, x: Any, lmbda: Any, out: Any) -> Any:
    """``(x**lmbda log(x) - out) / lmbda``; half the square of log(x) at 0."""
    log = xp.log(x)
    t = lmbda * log
    return g * log * log * _second(xp, t)


def _second(xp: Any, t: Any) -> Any:
    """The derivative of ``exprel`` at ``t``."""
    return _exprel_x(xp, 1.0, t, xp.exprel(t))


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x, lmbda: g * xp.exp((lmbda - 1) * xp.log(x)), _boxcox_lmbda],
)
def boxcox(xp, x, lmbda, /):
    """Transformation of Box and Cox: ``(x**lmbda - 1) / lmbda``, ``log(x)`` where ``lmbda`` is 0.

    Parameters
    ----------
    x : Tensor or Python scalar, not negative (NaN there)
    lmbda : Tensor or Python scalar; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.boxcox(pluggrad.asarray([1.0, 4.0]), 0.5)
    tensor([0., 2.])
    """
    log = xp.namespace.log(x)
    return _transformed(xp, log, lmbda)


def _transformed(xp: Any, log: Any, lmbda: Any) -> Any:
    """``expm1(lmbda * log) / lmbda``."""
    where, zero = xp.namespace.where, lmbda == 0
    return where(zero, log, xp.namespace.expm1(lmbda * log) / where(zero, 1.0, lmbda))


def _boxcox1p_lmbda(xp: Any, g: Any, x: Any, lmbda: Any) -> Any:
    log = xp.log1p(x)
    return g * log * log * _second(xp, lmbda * log)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x, lmbda: g * xp.exp((lmbda - 1) * xp.log1p(x)), _boxcox1p_lmbda],
)
def boxcox1p(xp, x, lmbda, /):
    """:func:`boxcox` of ``1 + x``, exact for small ``x``.

    >>> import pluggrad
    >>> pluggrad.special.boxcox1p(pluggrad.asarray([0.0, 3.0]), 0.5)
    tensor([0., 2.])
    """
    return _transformed(xp, xp.namespace.log1p(x), lmbda)


def _log_inverse(xp: Any, y: Any, lmbda: Any) -> Any:
    """``log(inv_boxcox(y, lmbda))``: ``log1p(lmbda * y) / lmbda``, ``y`` where lmbda is 0."""
    zero = lmbda == 0
    return xp.where(zero, y, xp.log1p(lmbda * y) / xp.where(zero, 1.0, lmbda))


def _inverse_lmbda(xp: Any, y: Any, lmbda: Any) -> Any:
    """The derivative of :func:`_log_inverse` by ``lmbda``, minus half the square of y at 0."""
    t = lmbda * y
    small = xp.abs(t) < 0.02
    safe = xp.where(small, 1.0, t)
    series = -1 / 2 + t * (2 / 3 + t * (-3 / 4 + t * (4 / 5 + t * (-5 / 6 + t * (6 / 7 - t * (7 / 8))))))
    return y * y * xp.where(small, series, (safe / (1 + safe) - xp.log1p(safe)) / (safe * safe))


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, y, lmbda, out: g * out / (1 + lmbda * y),
        lambda xp, g, y, lmbda, out: g * out * _inverse_lmbda(xp, y, lmbda),
    ],
)
def inv_boxcox(xp, y, lmbda, /):
    """The inverse of :func:`boxcox`: ``(1 + lmbda y)**(1 / lmbda)``, ``exp(y)`` where ``lmbda`` is 0.

    >>> import pluggrad
    >>> pluggrad.special.inv_boxcox(pluggrad.asarray([0.0, 2.0]), 0.5)
    tensor([1., 4.])
    """
    return xp.namespace.exp(_log_inverse(xp.namespace, y, lmbda))


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, y, lmbda, out: g * (out + 1) / (1 + lmbda * y),
        lambda xp, g, y, lmbda, out: g * (out + 1) * _inverse_lmbda(xp, y, lmbda),
    ],
)
def inv_boxcox1p(xp, y, lmbda, /):
    """The inverse of :func:`boxcox1p`.

    >>> import pluggrad
    >>> pluggrad.special.inv_boxcox1p(pluggrad.asarray([0.0, 2.0]), 0.5)
    tensor([0., 3.])
    """
    return xp.namespace.expm1(_log_inverse(xp.namespace, y, lmbda))


# -- exponential integrals -----------------------------------------------------------------------------------


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: -g * xp.exp(-x) / x)
def exp1(xp, x, /):
    """Exponential integral E1: of ``exp(-t) / t`` from ``x`` to infinity; NaN below 0. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.exp1(pluggrad.asarray([1.0, 2.0]))
    tensor([0.2194, 0.0489])
    """
    return on_host(xp, "exp1", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * xp.exp(x) / x)
def expi(xp, x, /):
    """Exponential integral Ei: the principal value of that of ``exp(t) / t`` up to ``x``. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.expi(pluggrad.asarray([1.0, -1.0]))
    tensor([ 1.8951, -0.2194])
    """
    return on_host(xp, "expi", x)


def _expn_x(xp: Any, g: Any, n: Any, x: Any, out: Any) -> Any:
    """``-E(n - 1)``; that of ``E0 = exp(-x) / x`` is ``-E0 (1 + 1 / x)``."""
    return -g * xp.where(n == 0, out * (1 + 1 / x), xp.expn(xp.where(n == 0, 1.0, n) - 1, x))


@composite(broadcasts=True, result="same", kinds=REAL_FLOATING, vjp=[None, _expn_x])
def expn(xp, n, x, /):
    """Exponential integral of order ``n``: of ``exp(-x t) / t**n`` from 1 to infinity. Needs SciPy.

    Parameters
    ----------
    n : Tensor or Python scalar: whole numbers, not negative
    x : Tensor or Python scalar, not negative; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.expn(2, pluggrad.asarray([1.0]))
    tensor([0.1485])
    """
    return on_host(xp, "expn", n, x)
