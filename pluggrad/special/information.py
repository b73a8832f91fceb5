"""Entropies, divergences and robust losses, elementwise."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import REAL_FLOATING
from ..ops.declare import composite
from ..ops.exponential import xlogy

__all__ = ["entr", "huber", "kl_div", "pseudo_huber", "rel_entr", "xlog1py", "xlogy"]


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: -g * (xp.log(x) + 1))
def entr(xp, x, /):
    """``-x log(x)`` of each element: 0 at 0, minus infinity below.

    >>> import pluggrad
    >>> pluggrad.special.entr(pluggrad.asarray([0.0, 0.5, -1.0]))
    tensor([0.0000, 0.3466,   -inf])
    """
    where = xp.namespace.where
    plain = ~(x <= 0)  # NaN stays NaN
    return where(plain, -x * xp.namespace.log(where(plain, x, 1.0)), where(x == 0, x, -math.inf))


def _rel_entr(xp: Any, x: Any, y: Any) -> Any:
    ns = xp.namespace
    both = (x > 0) & (y > 0)
    quotient = ns.where(both, x, 1.0) / ns.where(both, y, 1.0)
    # Where the quotient overflows or vanishes, a difference of logarithms does not.
    far = (quotient == 0) | (quotient == math.inf)
    log = ns.where(
        far,
        ns.log(ns.where(both, x, 1.0)) - ns.log(ns.where(both, y, 1.0)),
        ns.log(ns.where(far, 1.0, quotient)),
    )
    out = ns.where(both, x * log, ns.where((x == 0) & (y >= 0), x, math.inf))
    return ns.where(ns.isnan(x) | ns.isnan(y), math.nan, out)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x, y: g * (xp.log(x / y) + 1), lambda xp, g, x, y: -g * x / y],
)
def rel_entr(xp, x, y, /):
    """``x log(x / y)`` of each pair: 0 where ``x`` is 0, infinite where one is negative.

    Parameters
    ----------
    x, y : Tensors or Python scalars, real, shapes that broadcast

    >>> import pluggrad
    >>> pluggrad.special.rel_entr(pluggrad.asarray([0.5, 0.0]), 0.25)
    tensor([0.3466, 0.0000])
    """
    return _rel_entr(xp, x, y)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x, y: g * xp.log(x / y), lambda xp, g, x, y: g * (1 - x / y)],
)
def kl_div(xp, x, y, /):
    """``x log(x / y) - x + y`` of each pair, never negative: the divergence of Kullback and Leibler.

    >>> import pluggrad
    >>> pluggrad.special.kl_div(pluggrad.asarray([0.5, 0.0]), 0.25)
    tensor([0.0966, 0.2500])
    """
    infinite = (x == math.inf) | (y == math.inf)
    rest = xp.namespace.where(infinite, 0.0, y - x)
    return _rel_entr(xp, x, y) + rest


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, x, y: xp.where((x == 0) & (y <= -1), 0.0, g * xp.log1p(y)),
        lambda xp, g, x, y: g * x / (y + 1),
    ],
)
def xlog1py(xp, x, y, /):
    """``x log(1 + y)`` of each pair, and 0 where ``x`` is 0, unless ``y`` is NaN.

    >>> import pluggrad
    >>> pluggrad.special.xlog1py(pluggrad.asarray([0.0, 2.0]), pluggrad.asarray([-1.0, 1.0]))
    tensor([0.0000, 1.3863])
    """
    ns = xp.namespace
    zero = (x == 0) & ~ns.isnan(y)
    return ns.where(zero, 0.0, x * ns.log1p(ns.where(zero, 0.0, y)))


# -- robust losses -----------------------------------------------------------------------------------------------


def _huber_delta(xp: Any, g: Any, delta: Any, r: Any) -> Any:
    size = xp.abs(r)
    return g * xp.where(size <= delta, 0.0, size - delta)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[_huber_delta, lambda xp, g, delta, r: g * xp.maximum(xp.minimum(r, delta), -delta)],
)
def huber(xp, delta, r, /):
    """Huber's loss: ``r**2 / 2`` where ``abs(r) <= delta``, ``delta (abs(r) - delta / 2)`` beyond.

    Parameters
    ----------
    delta : Tensor or Python scalar; the loss is infinite where it is negative
    r : Tensor or Python scalar, the residual; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.huber(1.0, pluggrad.asarray([0.5, 3.0]))
    tensor([0.1250, 2.5000])
    """
    where, size = xp.namespace.where, xp.namespace.abs(r)
    out = where(size <= delta, r * r * 0.5, delta * (size - delta * 0.5))
    return where(delta < 0, math.inf, out)


def _pseudo_huber_delta(xp: Any, g: Any, delta: Any, r: Any) -> Any:
    u = r / delta
    root = xp.sqrt(u * u + 1)
    return g * delta * (2 * u * u / (root + 1) - u * u / root)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[_pseudo_huber_delta, lambda xp, g, delta, r: g * r / xp.sqrt((r / delta) * (r / delta) + 1)],
)
def pseudo_huber(xp, delta, r, /):
    """A smooth form of Huber's loss: ``delta**2 (sqrt(1 + (r / delta)**2) - 1)``, 0 where ``delta`` or ``r`` is 0.

    >>> import pluggrad
    >>> pluggrad.special.pseudo_huber(1.0, pluggrad.asarray([0.0, 3.0]))
    tensor([0.0000, 2.1623])
    """
    where = xp.namespace.where
    zero = (delta == 0) | (r == 0)
    safe = where(zero, 1.0, delta)
    u = where(zero, 0.0, r) / safe
    out = where(zero, 0.0, r) * u / (xp.namespace.sqrt(u * u + 1) + 1) * safe
    return where(delta < 0, math.inf, where(xp.namespace.isnan(r), math.nan, out))
