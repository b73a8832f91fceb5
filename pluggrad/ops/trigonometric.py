"""Trigonometric and hyperbolic functions and their inverses; angles are in radians."""

from __future__ import annotations

from ..dtypes import FLOATING
from .declare import standard

__all__ = ["cos", "sin", "tanh"]


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g * xp.conj(xp.cos(x)))
def sin(x, /):
    """Sine of each element.

    >>> import pluggrad
    >>> pluggrad.sin(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: -g * xp.conj(xp.sin(x)))
def cos(x, /):
    """Cosine of each element.

    >>> import pluggrad
    >>> pluggrad.cos(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, out: g * xp.conj(1 - out * out))
def tanh(x, /):
    """Hyperbolic tangent of each element.

    >>> import pluggrad
    >>> pluggrad.tanh(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
