"""Comparisons: functions that give bool tensors, and have no derivative."""

from __future__ import annotations

from typing import Any

from ..dtypes import BOOL, REAL
from ..errors import ArgumentError
from ..tensor import Tensor
from .declare import composite, standard

__all__ = ["allclose", "equal", "greater", "greater_equal", "isclose", "less", "less_equal", "not_equal"]


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


@composite(name="isclose", broadcasts=True, result="bool")
def _isclose(xp: Any, x1: Any, x2: Any, /, *, rtol: float, atol: float, equal_nan: bool) -> Any:
    namespace = xp.namespace
    close = x1 == x2
    if not xp.isdtype(x1.dtype, ("real floating", "complex floating")):
        if rtol == 0 and atol == 0:
            return close
        x1, x2 = (namespace.astype(x, namespace.float64) for x in (x1, x2))
    elif equal_nan:
        close = close | (namespace.isnan(x1) & namespace.isnan(x2))
    distance = namespace.abs(x1 - x2)
    # An infinity is close to itself alone, whatever the tolerance, which is infinite, too.
    return close | (namespace.isfinite(distance) & (distance <= atol + rtol * namespace.abs(x2)))


def isclose(x1: Any, x2: Any, /, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether the elements of each pair are equal within a tolerance: ``abs(x1 - x2) <= atol + rtol * abs(x2)``.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, any dtypes
    rtol, atol : the relative and the absolute tolerance, not negative
    equal_nan : whether NaN counts as equal to NaN

    Returns
    -------
    Tensor, the broadcast shape, bool

    Raises
    ------
    ValueError : a negative tolerance

    >>> import pluggrad
    >>> pluggrad.isclose(pluggrad.asarray([1.0, 1.1]), 1.0000001)
    tensor([ True, False])
    """
    if rtol < 0 or atol < 0:
        raise ArgumentError(f"isclose: rtol and atol must not be negative, got {rtol} and {atol}")
    return _isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(x1: Any, x2: Any, /, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all pairs of elements are equal within a tolerance; see :func:`isclose`.

    >>> import pluggrad
    >>> pluggrad.allclose(pluggrad.asarray([1.0, 1.1]), pluggrad.asarray([1.0, 1.1000001]))
    True
    """
    close = isclose(x1, x2, rtol, atol, equal_nan)
    return bool(close._type.kernels.namespace.all(close._array))
