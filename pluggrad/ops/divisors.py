"""Greatest common divisors and least common multiples of integers."""

from __future__ import annotations

from typing import Any

from ..dtypes import INTEGRAL
from .declare import composite

__all__ = ["gcd", "lcm"]


@composite(method=True, broadcasts=True, result="same", kinds=INTEGRAL)
def gcd(xp, x1, x2, /):
    """The greatest common divisor of each pair of elements, not negative; that of 0 and 0 is 0.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, integer dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.gcd(pluggrad.asarray([12, -5, 0]), pluggrad.asarray([18, 10, 7]))
    tensor([6, 5, 7])
    """
    ns = xp.namespace
    a, b = ns.broadcast_arrays(xp.abs(x1), xp.abs(x2))
    while xp.truth(ns.any(b != 0)):  # Euclid's algorithm, for all pairs at once; no pair takes more than some 90 steps
        going = b != 0
        rest = xp.remainder(a, ns.where(going, b, ns.ones_like(b)))
        a, b = ns.where(going, b, a), ns.where(going, rest, b)
    return ns.asarray(a, copy=True)


@composite(method=True, broadcasts=True, result="same", kinds=INTEGRAL)
def lcm(xp, x1, x2, /):
    """The least common multiple of each pair of elements, not negative; 0 if one of them is.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, integer dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.lcm(pluggrad.asarray([4, 0]), pluggrad.asarray([6, 5]))
    tensor([12,  0])
    """
    ns = xp.namespace
    divisor: Any = xp.gcd(x1, x2)
    part = xp.floor_divide(x1, ns.where(divisor == 0, ns.ones_like(divisor), divisor))
    return xp.abs(xp.multiply(part, x2))
