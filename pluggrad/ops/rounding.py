"""Rounding. The results are constant but for jumps: their gradient is zero, as in PyTorch, and not absent."""

from __future__ import annotations

from typing import Any

from ..dtypes import FLOATING, NUMERIC, REAL, REAL_FLOATING
from ..errors import DTypeError
from ..tensor import Tensor
from .declare import composite
from .rules import zero

__all__ = ["ceil", "floor", "frac", "round", "trunc"]


@composite(method=True, result="same", kinds=REAL, vjp=zero)
def ceil(xp, x, /):
    """Each element rounded up to a whole number.

    >>> import pluggrad
    >>> pluggrad.ceil(pluggrad.asarray([-1.5, 1.5]))
    tensor([-1.,  2.])
    """
    return xp.namespace.ceil(x) if xp.isdtype(x.dtype, "real floating") else xp.copy(x)


@composite(method=True, result="same", kinds=REAL, vjp=zero)
def floor(xp, x, /):
    """Each element rounded down to a whole number.

    >>> import pluggrad
    >>> pluggrad.floor(pluggrad.asarray([-1.5, 1.5]))
    tensor([-2.,  1.])
    """
    return xp.namespace.floor(x) if xp.isdtype(x.dtype, "real floating") else xp.copy(x)


@composite(alias="fix", method=True, result="same", kinds=REAL, vjp=zero)
def trunc(xp, x, /):
    """Each element rounded toward zero to a whole number.

    >>> import pluggrad
    >>> pluggrad.trunc(pluggrad.asarray([-1.5, 1.5]))
    tensor([-1.,  1.])
    """
    return xp.namespace.trunc(x) if xp.isdtype(x.dtype, "real floating") else xp.copy(x)


@composite(name="round", result="same", kinds=NUMERIC, vjp=zero)
def _round(xp: Any, x: Any, /) -> Any:
    return xp.copy(x) if xp.isdtype(x.dtype, "integral") else xp.namespace.round(x)


@composite(name="round_decimals", result="same", kinds=FLOATING, vjp=zero)
def _round_decimals(xp: Any, x: Any, /, *, decimals: int) -> Any:
    factor = 10.0 ** abs(decimals)
    return xp.round(x * factor) / factor if decimals > 0 else xp.round(x / factor) * factor


def round(x: Tensor, /, *, decimals: int = 0) -> Tensor:
    """Each element rounded to the nearest whole number, halves to the even one.

    Parameters
    ----------
    x : Tensor, numeric dtype; of complex elements both parts are rounded
    decimals : PyTorch's: how many decimal places are kept, for floating dtypes; negative: tens, hundreds, ...

    Returns
    -------
    Tensor, same shape and dtype

    Raises
    ------
    DTypeError : ``decimals`` for an integer tensor

    >>> import pluggrad
    >>> pluggrad.round(pluggrad.asarray([0.5, 1.5, -1.7]))
    tensor([ 0.,  2., -2.])
    >>> pluggrad.round(pluggrad.asarray([3.14159]), decimals=2)
    tensor([3.1400])
    """
    if not decimals:
        return _round(x)
    if not x.dtype.is_differentiable:
        raise DTypeError(f"round: decimals={decimals} needs a floating-point tensor, got {x.dtype.name}")
    return _round_decimals(x, decimals=decimals)


@composite(method=True, result="same", kinds=REAL_FLOATING, vjp=lambda xp, g: g)
def frac(xp, x, /):
    """The part of each element behind the point, with its sign.

    >>> import pluggrad
    >>> pluggrad.frac(pluggrad.asarray([1.25, -1.25]))
    tensor([ 0.2500, -0.2500])
    """
    return x - xp.trunc(x)
