"""Bringing all parameters and buffers of a module to another dtype or device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from ... import dtypes
from ...autograd.mode import no_grad
from ...device import Device
from ...dtypes import DType
from ...ops.creation import empty_like
from ...tensor import Tensor
from ..uninitialized import Uninitialized

__all__ = ["Conversion"]


class Conversion:
    """The part of :class:`.module.Module` that converts. It changes in place: its parameters stay the same objects."""

    children: Callable[[], Any]
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the value of every parameter, its gradient, and every buffer, by what ``fn`` makes of it."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is None:
                continue
            if isinstance(parameter, Uninitialized):
                parameter.convert(fn)
                continue
            with no_grad():
                value, grad = fn(parameter), parameter.grad
                if value is not parameter:
                    parameter.grad = None  # its old dtype would not do beside the new one
                    parameter.data = value
                if grad is not None:
                    parameter.grad = fn(grad).requires_grad_(grad.requires_grad)
        for name, buffer in self._buffers.items():
            if isinstance(buffer, Uninitialized):
                buffer.convert(fn)
            elif buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Bring all parameters and buffers to a device, the floating ones to a dtype; returns this module.

        Called as ``to(device)``, ``to(dtype)``, ``to(device, dtype)`` or ``to(tensor)``, as the method of tensors.

        Raises
        ------
        TypeError : a dtype that is not floating

        >>> import pluggrad
        >>> pluggrad.nn.Linear(1, 1).to(pluggrad.float64).weight.dtype
        pluggrad.float64
        """
        dtype, device, non_blocking = _parse_to(*args, **kwargs)
        if not isinstance(dtype, DType | None):
            raise TypeError(f"to(): argument 'dtype' must be a dtype, got {dtype!r}")
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )

        def convert(t: Tensor) -> Tensor:
            return t.to(device=device, dtype=dtype if _floating(t) else None, non_blocking=non_blocking)

        return self._apply(convert)

    def type(self, dst_type: DType | str) -> Self:
        """Cast all parameters and buffers to a dtype; returns this module."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self) -> Self:
        """Cast the floating parameters and buffers to float32; returns this module."""
        return self._cast(dtypes.float32)

    def double(self) -> Self:
        """Cast the floating parameters and buffers to float64; returns this module."""
        return self._cast(dtypes.float64)

    def half(self) -> Self:
        """Cast the floating parameters and buffers to float16; returns this module."""
        return self._cast(dtypes.float16)

    def bfloat16(self) -> Self:
        """Cast the floating parameters and buffers to bfloat16; returns this module."""
        return self._cast(dtypes.bfloat16)

    def _cast(self, dtype: DType) -> Self:
        return self._apply(lambda t: t.to(dtype) if t.dtype.is_floating_point else t)

    def cpu(self) -> Self:
        """Bring all parameters and buffers to the CPU; returns this module."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Device | str | int | None = None) -> Self:
        """Bring all parameters and buffers to a GPU; returns this module."""
        return self._apply(lambda t: t.cuda(device))

    def to_empty(self, *, device: Device | str | None, recurse: bool = True) -> Self:
        """Bring all parameters and buffers to a device, without their values; returns this module."""
        return self._apply(lambda t: empty_like(t, device=device), recurse)


def _floating(t: Tensor) -> bool:
    return t.dtype.is_floating_point or t.dtype.is_complex


def _parse_to(
    *args: Any,
    device: Any = None,
    dtype: DType | None = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> tuple[DType | None, Any, bool]:
    """The dtype and device that the arguments of ``to`` ask for."""
    rest = list(args)
    if rest and isinstance(rest[0], Tensor):
        return rest[0].dtype, rest[0].device, non_blocking
    if rest and not isinstance(rest[0], DType | bool):
        device = rest.pop(0)
        if isinstance(device, int):
            device = Device("cuda", device)
    if rest and (rest[0] is None or isinstance(rest[0], DType)):
        dtype = rest.pop(0)
    if rest and isinstance(rest[0], bool):
        non_blocking = rest.pop(0)
    if rest:
        raise TypeError(f"to() takes (dtype), (device), (device, dtype) or (tensor), got {args!r}")
    return dtype, device, non_blocking
