"""Exponentials, logarithms and roots."""

from __future__ import annotations

from ..dtypes import FLOATING
from .declare import standard

__all__ = ["exp", "log", "sqrt"]


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, out: g * xp.conj(out))
def exp(x, /):
    """e to the power of each element.

    >>> import pluggrad
    >>> pluggrad.exp(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g / xp.conj(x))
def log(x, /):
    """Natural logarithm of each element.

    >>> import pluggrad
    >>> pluggrad.log(pluggrad.asarray([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, out: g / xp.conj(out * 2))
def sqrt(x, /):
    """Square root of each element; NaN for negative real ones.

    >>> import pluggrad
    >>> pluggrad.sqrt(pluggrad.asarray([4.0, 2.0]))
    tensor([2.0000, 1.4142])
    """
