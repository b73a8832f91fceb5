"""Comparisons: functions that give bool tensors, and have no derivative."""

from __future__ import annotations

from typing import Any

from ..dtypes import BOOL, REAL
from .declare import composite, standard

__all__ = ["equal", "greater", "greater_equal", "less", "less_equal", "not_equal"]


@standard(alias="eq", operator="eq", broadcasts=True, result="bool")
def equal(x1, x2, /):
    """Whether each pair of elements is equal.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, any dtypes

    Returns
    -------
    Tensor, the broadcast shape, bool

    >>> import pluggrad
    >>> pluggrad.equal(pluggrad.asarray([1, 2]), 2)
    tensor([False,  True])
    """


@standard(alias="ne", operator="ne", method=True, broadcasts=True, result="bool")
def not_equal(x1, x2, /):
    """Whether the elements of each pair differ.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, any dtypes

    Returns
    -------
    Tensor, the broadcast shape, bool

    >>> import pluggrad
    >>> pluggrad.not_equal(pluggrad.asarray([1, 2]), 2)
    tensor([ True, False])
    """


def _ordered(xp: Any, x: Any) -> Any:
    """Bools as integers, False < True: the standard's comparisons take numbers."""
    return xp.namespace.astype(x, xp.namespace.uint8) if xp.isdtype(x.dtype, "bool") else x


@composite(alias="lt", operator="lt", method=True, broadcasts=True, result="bool", kinds=REAL | BOOL)
def less(xp, x1, x2, /):
    """Whether each element of ``x1`` is less than its counterpart in ``x2``.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, bool

    >>> import pluggrad
    >>> pluggrad.less(pluggrad.asarray([1, 2, 3]), 2)
    tensor([ True, False, False])
    """
    return xp.namespace.less(_ordered(xp, x1), _ordered(xp, x2))


@composite(alias="le", operator="le", method=True, broadcasts=True, result="bool", kinds=REAL | BOOL)
def less_equal(xp, x1, x2, /):
    """Whether each element of ``x1`` is less than or equal to its counterpart in ``x2``.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, bool

    >>> import pluggrad
    >>> pluggrad.less_equal(pluggrad.asarray([1, 2, 3]), 2)
    tensor([ True,  True, False])
    """
    return xp.namespace.less_equal(_ordered(xp, x1), _ordered(xp, x2))


@composite(alias="gt", operator="gt", method=True, broadcasts=True, result="bool", kinds=REAL | BOOL)
def greater(xp, x1, x2, /):
    """Whether each element of ``x1`` is greater than its counterpart in ``x2``.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, bool

    >>> import pluggrad
    >>> pluggrad.greater(pluggrad.asarray([1, 2, 3]), 2)
    tensor([False, False,  True])
    """
    return xp.namespace.greater(_ordered(xp, x1), _ordered(xp, x2))


@composite(alias="ge", operator="ge", method=True, broadcasts=True, result="bool", kinds=REAL | BOOL)
def greater_equal(xp, x1, x2, /):
    """Whether each element of ``x1`` is greater than or equal to its counterpart in ``x2``.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, bool

    >>> import pluggrad
    >>> pluggrad.greater_equal(pluggrad.asarray([1, 2, 3]), 2)
    tensor([False,  True,  True])
    """
    return xp.namespace.greater_equal(_ordered(xp, x1), _ordered(xp, x2))
