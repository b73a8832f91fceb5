"""Padding layers: with a constant, zeros, or the tensor's own elements mirrored, repeated or wrapped around."""

from __future__ import annotations

from typing import Any

from ...autograd.operands import require_tensors
from ...errors import ShapeError
from ...ops.neural.windows import per_axis
from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
    "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class _Pad(Module):
    """``padding`` : int, or ints: before and after of the last axis, then of the one before it, ..."""

    _dims: int
    _mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = per_axis(type(self).__name__, "padding", padding, 2 * self._dims, least=-(1 << 62))

    def forward(self, input: Tensor) -> Tensor:
        require_tensors(type(self).__name__, input=input)
        if input.ndim not in (self._dims + 1, self._dims + 2):
            # The classes of exception are those of PyTorch.
            error = ShapeError if self._mode == "circular" else NotImplementedError
            raise error(
                f"{type(self).__name__}: expected {self._dims + 1}D or {self._dims + 2}D input, got shape "
                f"{tuple(input.shape)}"
            )
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A constant around the last axis."""

    _dims = 1


class ConstantPad2d(_ConstantPad):
    """A constant around the last two axes.

    >>> import pluggrad
    >>> pluggrad.nn.ConstantPad2d((1, 0, 0, 0), 3.0)(pluggrad.zeros(1, 1, 1))
    tensor([[[3., 0.]]])
    """

    _dims = 2


class ConstantPad3d(_ConstantPad):
    """A constant around the last three axes."""

    _dims = 3


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad):
    """Zeros around the last axis."""

    _dims = 1


class ZeroPad2d(_ZeroPad):
    """Zeros around the last two axes."""

    _dims = 2


class ZeroPad3d(_ZeroPad):
    """Zeros around the last three axes."""

    _dims = 3


class ReflectionPad1d(_Pad):
    """The last axis mirrored at its ends, without the ends themselves."""

    _dims, _mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """The last two axes mirrored at their ends, without the ends themselves."""

    _dims, _mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """The last three axes mirrored at their ends, without the ends themselves."""

    _dims, _mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """The ends of the last axis repeated."""

    _dims, _mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """The ends of the last two axes repeated."""

    _dims, _mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """The ends of the last three axes repeated."""

    _dims, _mode = 3, "replicate"


class CircularPad1d(_Pad):
    """The last axis continued by its other end."""

    _dims, _mode = 1, "circular"


class CircularPad2d(_Pad):
    """The last two axes continued by their other ends."""

    _dims, _mode = 2, "circular"


class CircularPad3d(_Pad):
    """The last three axes continued by their other ends."""

    _dims, _mode = 3, "circular"
