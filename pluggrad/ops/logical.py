"""Logical functions. Numbers count as true unless they are zero, as in PyTorch."""

from __future__ import annotations

from typing import Any

from .declare import composite

__all__ = ["logical_and", "logical_not", "logical_or", "logical_xor"]


def _truth(xp: Any, x: Any) -> Any:
    return x if xp.isdtype(x.dtype, "bool") else x != 0


@composite(method=True, broadcasts=True, result="bool")
def logical_and(xp, x1, x2, /):
    """Whether both elements of each pair are true.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, any dtypes

    Returns
    -------
    Tensor, the broadcast shape, bool

    >>> import pluggrad
    >>> pluggrad.logical_and(pluggrad.asarray([True, False]), True)
    tensor([ True, False])
    """
    return _truth(xp, x1) & _truth(xp, x2)


@composite(method=True, broadcasts=True, result="bool")
def logical_or(xp, x1, x2, /):
    """Whether an element of each pair is true.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, any dtypes

    Returns
    -------
    Tensor, the broadcast shape, bool

    >>> import pluggrad
    >>> pluggrad.logical_or(pluggrad.asarray([True, False]), True)
    tensor([True, True])
    """
    return _truth(xp, x1) | _truth(xp, x2)


@composite(method=True, broadcasts=True, result="bool")
def logical_xor(xp, x1, x2, /):
    """Whether just one element of each pair is true.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, any dtypes

    Returns
    -------
    Tensor, the broadcast shape, bool

    >>> import pluggrad
    >>> pluggrad.logical_xor(pluggrad.asarray([True, False]), True)
    tensor([False,  True])
    """
    return _truth(xp, x1) ^ _truth(xp, x2)


@composite(method=True, result="bool")
def logical_not(xp, x, /):
    """Whether each element is false.

    >>> import pluggrad
    >>> pluggrad.logical_not(pluggrad.asarray([0, 2]))
    tensor([ True, False])
    """
    return xp.namespace.logical_not(_truth(xp, x))
