"""Bitwise functions on integers; and, or, exclusive or and not are also those of bools."""

from __future__ import annotations

from ..dtypes import BOOL, INTEGRAL
from .declare import standard

__all__ = [
    "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
]  # fmt: skip


@standard(operator="and", method=True, broadcasts=True, result="same", kinds=INTEGRAL | BOOL)
def bitwise_and(x1, x2, /):
    """The bits that are set in both elements of each pair.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, integer dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.bitwise_and(pluggrad.asarray([6, 5]), 3)
    tensor([2, 1])
    """


@standard(operator="or", method=True, broadcasts=True, result="same", kinds=INTEGRAL | BOOL)
def bitwise_or(x1, x2, /):
    """The bits that are set in either element of each pair.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, integer dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.bitwise_or(pluggrad.asarray([6, 5]), 3)
    tensor([7, 7])
    """


@standard(operator="xor", method=True, broadcasts=True, result="same", kinds=INTEGRAL | BOOL)
def bitwise_xor(x1, x2, /):
    """The bits that are set in just one element of each pair.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, integer dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.bitwise_xor(pluggrad.asarray([6, 5]), 3)
    tensor([5, 6])
    """


@standard(alias="bitwise_not", operator="invert", method=True, result="same", kinds=INTEGRAL | BOOL)
def bitwise_invert(x, /):
    """Each element with all its bits inverted; of bools, not.

    >>> import pluggrad
    >>> pluggrad.bitwise_invert(pluggrad.asarray([0, 5]))
    tensor([-1, -6])
    """


@standard(operator="lshift", method=True, broadcasts=True, result="same", kinds=INTEGRAL)
def bitwise_left_shift(x1, x2, /):
    """The bits of each element of ``x1`` shifted to the left, zeros following.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, integer dtypes; ``x2`` not negative

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.bitwise_left_shift(pluggrad.asarray([1, 3]), 2)
    tensor([ 4, 12])
    """


@standard(operator="rshift", method=True, broadcasts=True, result="same", kinds=INTEGRAL)
def bitwise_right_shift(x1, x2, /):
    """The bits of each element of ``x1`` shifted to the right, its sign following.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, integer dtypes; ``x2`` not negative

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.bitwise_right_shift(pluggrad.asarray([4, -13]), 2)
    tensor([ 1, -4])
    """
