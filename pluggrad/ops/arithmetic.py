"""Arithmetic: the elementwise functions behind ``+ - * / // % **`` and their kin."""

from __future__ import annotations

from ..dtypes import NUMERIC, REAL
from .declare import standard

__all__ = ["add", "multiply", "negative", "subtract"]


@standard(operator="add", method=True, broadcasts=True, result="same", vjp=[lambda xp, g: g, lambda xp, g: g])
def add(x1, x2, /):
    """Sum of each pair of elements.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes (bool: logical or)

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.add(pluggrad.asarray([1, 2]), 10)
    tensor([11, 12])
    """


@standard(alias="sub", operator="sub", method=True, broadcasts=True, result="same", kinds=NUMERIC,
          vjp=[lambda xp, g: g, lambda xp, g: -g])  # fmt: skip
def subtract(x1, x2, /):
    """Difference ``x1 - x2`` of each pair of elements.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.subtract(pluggrad.asarray([5, 7]), 2)
    tensor([3, 5])
    """


@standard(
    alias="mul", operator="mul", method=True, broadcasts=True, result="same",
    vjp=[lambda xp, g, x2: g * xp.conj(x2), lambda xp, g, x1: g * xp.conj(x1)],
)  # fmt: skip
def multiply(x1, x2, /):
    """Product of each pair of elements.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes (bool: logical and)

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.multiply(pluggrad.asarray([1, 2]), pluggrad.asarray([3, 4]))
    tensor([3, 8])
    """


@standard(operator="neg", alias="neg", method=True, result="same", kinds=NUMERIC, vjp=lambda xp, g: -g)
def negative(x, /):
    """Each element with its sign changed.

    >>> import pluggrad
    >>> pluggrad.negative(pluggrad.asarray([1, -2]))
    tensor([-1,  2])
    """
