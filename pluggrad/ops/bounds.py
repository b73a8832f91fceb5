"""Bounds: clipping, and the greater or lesser of two numbers where one may be missing (NaN)."""

from __future__ import annotations

from typing import Any, Final

from ..autograd.operands import cast, is_operand, wrap
from ..dtypes import BOOL, REAL, promote_scalar
from ..tensor import Tensor
from .arithmetic import positive
from .declare import composite

__all__ = ["clamp", "clamp_max", "clamp_min", "clip", "fmax", "fmin"]


def _number_greater(xp: Any, x1: Any, x2: Any) -> Any:
    """Whether fmax takes the first of two elements; equal elements leave the whole gradient to it, as in PyTorch."""
    return (x1 >= x2) | xp.isnan(x2)


@composite(
    method=True, broadcasts=True, result="same", kinds=REAL | BOOL,
    vjp=[
        lambda xp, g, x1, x2: xp.where(_number_greater(xp, x1, x2), g, 0),
        lambda xp, g, x1, x2: xp.where(_number_greater(xp, x1, x2), 0, g),
    ],
)  # fmt: skip
def fmax(xp, x1, x2, /):
    """The greater of each pair of elements; if one is NaN, the other.

    Equal elements leave the gradient to ``x1``, as in PyTorch.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.fmax(pluggrad.asarray([1.0, pluggrad.nan]), 0.5)
    tensor([1.0000, 0.5000])
    """
    if not xp.isdtype(x1.dtype, "real floating"):
        return xp.maximum(x1, x2)
    return xp.namespace.where(_number_greater(xp.namespace, x1, x2), x1, x2)


def _number_less(xp: Any, x1: Any, x2: Any) -> Any:
    return (x1 <= x2) | xp.isnan(x2)


@composite(
    method=True, broadcasts=True, result="same", kinds=REAL | BOOL,
    vjp=[
        lambda xp, g, x1, x2: xp.where(_number_less(xp, x1, x2), g, 0),
        lambda xp, g, x1, x2: xp.where(_number_less(xp, x1, x2), 0, g),
    ],
)  # fmt: skip
def fmin(xp, x1, x2, /):
    """The lesser of each pair of elements; if one is NaN, the other.

    Equal elements leave the gradient to ``x1``, as in PyTorch.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.fmin(pluggrad.asarray([1.0, pluggrad.nan]), 0.5)
    tensor([0.5000, 0.5000])
    """
    if not xp.isdtype(x1.dtype, "real floating"):
        return xp.minimum(x1, x2)
    return xp.namespace.where(_number_less(xp.namespace, x1, x2), x1, x2)


def _clip_x(xp: Any, g: Any, x: Any, min: float | None, max: float | None) -> Any:
    """One inside the bounds, the bounds included, as in PyTorch."""
    if max is None:
        return xp.where(x >= min, g, 0)
    if min is None:
        return xp.where(x <= max, g, 0)
    return xp.where((x >= min) & (x <= max), g, 0)


@composite(name="clip", alias="clamp", result="same", kinds=REAL, vjp=_clip_x)
def _clip(xp: Any, x: Any, /, *, min: float | None, max: float | None) -> Any:
    """Bounds that are numbers, one of which may be missing."""
    if min is not None:
        x = xp.namespace.maximum(x, min)
    return x if max is None else xp.namespace.minimum(x, max)


# Bounds that are tensors. Where the bound holds, x or the bound has the gradient; where they are equal, x has.
@composite(
    broadcasts=True, result="same", kinds=REAL,
    vjp=[
        lambda xp, g, x, min: xp.where(x >= min, g, 0),
        lambda xp, g, x, min: xp.where(x < min, g, 0),
    ],
)  # fmt: skip
def clamp_min(xp, x, min, /):
    """``x``, but ``min`` where that is greater.

    The gradient goes to ``x`` where ``x >= min``, to ``min`` elsewhere, as in PyTorch.

    Parameters
    ----------
    x : Tensor, real dtype
    min : Tensor or Python scalar, of a shape that broadcasts

    >>> import pluggrad
    >>> pluggrad.clamp_min(pluggrad.asarray([1.0, -1.0]), 0.0)
    tensor([1., 0.])
    """
    return xp.maximum(x, min)


@composite(
    broadcasts=True, result="same", kinds=REAL,
    vjp=[
        lambda xp, g, x, max: xp.where(x <= max, g, 0),
        lambda xp, g, x, max: xp.where(x > max, g, 0),
    ],
)  # fmt: skip
def clamp_max(xp, x, max, /):
    """``x``, but ``max`` where that is less.

    The gradient goes to ``x`` where ``x <= max``, to ``max`` elsewhere, as in PyTorch.

    Parameters
    ----------
    x : Tensor, real dtype
    max : Tensor or Python scalar, of a shape that broadcasts

    >>> import pluggrad
    >>> pluggrad.clamp_max(pluggrad.asarray([1.0, -1.0]), 0.0)
    tensor([ 0., -1.])
    """
    return xp.minimum(x, max)


def clip(x: Tensor, /, min: Any = None, max: Any = None) -> Tensor:
    """Each element of ``x`` brought into the range from ``min`` to ``max``.

    Parameters
    ----------
    x : Tensor, real dtype
    min, max : Tensor or Python scalar, of shapes that broadcast with that of ``x``, or None for no bound

    Returns
    -------
    Tensor, the broadcast shape; the dtype of ``x``, but a floating one if ``x`` is an integer and a bound is not, as
    in PyTorch. Where ``min > max``, ``max``.

    Notes
    -----
    The gradient goes to ``x`` inside the bounds, the bounds included, and else to the bound that holds.

    >>> import pluggrad
    >>> pluggrad.clip(pluggrad.asarray([-3, 0, 3]), -1, 2)
    tensor([-1,  0,  2])
    """
    if min.__class__ in _SIMPLE and max.__class__ in _SIMPLE and isinstance(x, Tensor):
        if x._type.dtype.kind == "real floating" and not (min is None and max is None):
            return _clip(x, min=min, max=max)  # the common case, in few steps
    elif is_operand(x):
        x = wrap(x)
    if min is None and max is None:
        return positive(x)
    numbers = [b for b in (min, max) if b is not None and not _is_tensor(b)]
    dtype = x.dtype
    for number in numbers:
        dtype = promote_scalar(dtype, number)
    if dtype is not x.dtype:
        x = cast(x, dtype)
    if len(numbers) == (min is not None) + (max is not None):
        return _clip(x, min=min, max=max)
    if min is not None:
        x = clamp_min(x, min)
    return x if max is None else clamp_max(x, max)


#: PyTorch's name.
clamp = clip


_SIMPLE: Final = frozenset({int, float, type(None)})


def _is_tensor(bound: Any) -> bool:
    """Whether a bound is a tensor or an array, and no Python scalar.

    Raises
    ------
    TypeError : it is neither
    """
    if isinstance(bound, bool | int | float):
        return False
    if not is_operand(bound) or isinstance(bound, complex):
        raise TypeError(f"clip: a bound must be a Tensor or a real number, got {type(bound).__name__}")
    return True
