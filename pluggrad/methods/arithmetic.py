"""Arithmetic with PyTorch's extra arguments: ``x.add(y, alpha=2)``, ``x.div_(y, rounding_mode="floor")``."""

from __future__ import annotations

from typing import Any

from ..errors import DTypeError
from ..ops import arithmetic
from ..ops.dtype_functions import result_type
from ..tensor import Tensor
from .attach import method


def _scaled(name: str, x: Tensor, other: Any, alpha: Any) -> Any:
    """``alpha * other``, refused where it would change the kind of the result."""
    kind = result_type(x, other).kind
    if isinstance(alpha, float) and kind not in ("real floating", "complex floating"):
        raise DTypeError(
            f"{name}: for integral input tensors, argument alpha must not be a floating point number, got {alpha}"
        )
    if isinstance(alpha, complex) and kind != "complex floating":
        raise DTypeError(
            f"{name}: for non-complex input tensors, argument alpha must not be a complex number, got {alpha}"
        )
    if kind == "bool":
        return bool(alpha) and other
    return other * alpha


@method(inplace=True)
def add(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """``self + alpha * other``.

    >>> import pluggrad
    >>> pluggrad.asarray([1, 2]).add(10, alpha=2)
    tensor([21, 22])
    """
    return arithmetic.add(self, other if alpha == 1 else _scaled("add", self, other, alpha))


@method("sub", inplace=True)
def subtract(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """``self - alpha * other``.

    >>> import pluggrad
    >>> pluggrad.asarray([1, 2]).sub(10, alpha=2)
    tensor([-19, -18])
    """
    return arithmetic.subtract(self, other if alpha == 1 else _scaled("sub", self, other, alpha))


@method("div", inplace=True)
def divide(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """``self / other``; ``rounding_mode="floor"`` rounds down, ``"trunc"`` toward zero, and both keep integers.

    >>> import pluggrad
    >>> pluggrad.asarray([7, -7]).div(2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    return arithmetic.divide(self, other, rounding_mode=rounding_mode)


@method(inplace=True)
def true_divide(self: Tensor, other: Any) -> Tensor:
    """``self / other``."""
    return arithmetic.divide(self, other)
