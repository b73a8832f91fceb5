"""Integrals of log-concave densities from a point outwards: the derivatives of distribution functions by parameters.

A distribution function is ``F(U) = integral of exp(h(u)) for u < U``, where ``h`` depends on a parameter, too. Its
derivative by the parameter is the integral of ``exp(h) dh``; over the whole line that is 0. So it is taken over
whichever side of U the density falls off on, by the trapezoidal rule in ``z``, where the distance from U is
``width exp(z - exp(-z))``: it converges exponentially fast, whatever the scale on which the density falls off
(H. Takahasi, M. Mori, Double exponential formulas for numerical integration, Publ. RIMS 9 (1974)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

_STEP = 0.125
#: Distances and weights, in units of the width: from 1e-17 of it, to where the flattest tails end.
_NODES = [
    (distance, distance * (1 + math.exp(-z)) * _STEP)
    for z in (_STEP * k for k in range(-28, 144))
    for distance in (math.exp(z - math.exp(-z)),)
]


def below(xp: Any, upper: Any, centre: Any, width: Any, integrand: Callable[[Any], Any]) -> Any:
    """The integral of ``integrand(u)`` for ``u < upper``, given that it is 0 over the whole line.

    Parameters
    ----------
    xp : of a derivative rule
    upper, centre, width : arrays that broadcast; the density is largest within some ``width`` of ``centre``
    integrand : of an array ``u``, elementwise
    """
    side = xp.where(upper < centre, -xp.ones_like(upper), 1.0)
    scale = width * side
    total = None
    for distance, weight in _NODES:
        part = integrand(upper + scale * distance) * weight
        total = part if total is None else total + part
    return -scale * total
