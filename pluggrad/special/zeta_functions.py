"""Riemann's and Hurwitz's zeta functions (DLMF 25)."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import REAL_FLOATING
from ..ops.declare import composite
from ..tensor import Tensor
from .host import on_host

__all__ = ["zeta", "zetac"]

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_HEAD = 12


def _slope(xp: Any, x: Any, q: Any) -> Any:
    """The derivative of the zeta function by its first argument.

    The sum of ``-log(q + k) (q + k)**-x``: its head, and its tail by the Euler-Maclaurin formula, differentiated.
    """
    total = None
    for k in range(_HEAD):
        log = xp.log(q + k)
        term = -log * xp.exp(-x * log)
        total = term if total is None else total + term
    z = q + _HEAD
    log = xp.log(z)
    power = xp.exp(-x * log)
    total = total - z * power / (x - 1) * (log + 1 / (x - 1)) - power * log * 0.5
    # B_2k / (2k)! x (x + 1) ... (x + 2k - 2) z**(-x - 2k + 1)
    product, sum_of_inverses, power = x, 1 / x, power / z
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + product * power * (sum_of_inverses - log) * (b / math.factorial(2 * k))
        for j in (2 * k - 1, 2 * k):
            product, sum_of_inverses = product * (x + j), sum_of_inverses + 1 / (x + j)
        power = power / (z * z)
    return total


@composite(
    name="hurwitz_zeta",
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x, q: g * _slope(xp, x, q), lambda xp, g, x, q: -g * x * xp.hurwitz_zeta(x + 1, q)],
)
def _hurwitz_zeta(xp: Any, x: Any, q: Any, /) -> Any:
    return on_host(xp, "zeta", x, q)


def zeta(x: Tensor | float, q: Tensor | float = 1.0) -> Tensor:
    """The sum of ``(k + q)**-x`` over k = 0, 1, ...: Riemann's zeta function for q = 1, else Hurwitz's. Needs SciPy.

    Parameters
    ----------
    x : Tensor or Python scalar, greater than 1 (for q = 1 any number but for the gradient)
    q : Tensor or Python scalar, positive; shapes broadcast

    Returns
    -------
    Tensor, the broadcast shape

    >>> import pluggrad
    >>> pluggrad.special.zeta(pluggrad.asarray([2.0, 4.0]), 1.0)
    tensor([1.6449, 1.0823])
    """
    return _hurwitz_zeta(x, q)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * _slope(xp, x, xp.ones_like(x)))
def zetac(xp, x, /):
    """Riemann's zeta function less 1, with all its digits for large elements. The gradient is for ``x > 1``.

    Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.zetac(pluggrad.asarray([2.0, 30.0]))
    tensor([6.4493e-01, 9.3133e-10])
    """
    return on_host(xp, "zetac", x)
