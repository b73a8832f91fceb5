"""Moving tensors between devices, on record: the gradient takes the way back."""

from __future__ import annotations

from typing import Any

from ..autograd.mode import is_grad_enabled
from ..autograd.transforms.levels import LevelError, LevelType, base_of
from ..backends import plugins, transfer
from ..backends.accelerator import current, found
from ..device import Device
from ..errors import DeviceError
from ..tensor import Applied, Node, Tensor, make

__all__ = ["is_pinned", "pin", "pinned", "record_stream", "to_device"]


class _ToDevice(Applied):
    grad_name = "ToCopyBackward0"

    @staticmethod
    def backward(xp: Any, g: Any, parents: tuple[Any, ...], node: Node) -> tuple[Any]:
        (source,) = node.saved  # type: ignore[misc]
        return (transfer(g, node.type, source),)

    @staticmethod
    def backward_graph(xp: Any, g: Tensor, parents: tuple[Any, ...], node: Node) -> tuple[Tensor]:
        (source,) = node.saved  # type: ignore[misc]
        return (to_device(g, source.device),)


def to_device(x: Tensor, device: Device | str, non_blocking: bool = False) -> Tensor:
    """``x`` on another device; ``x`` itself if it is there already.

    Parameters
    ----------
    x : Tensor
    device : a device or its name
    non_blocking : return before the copy is done, if the plugin can

    Raises
    ------
    DeviceError : no such device
    BackendUnavailable : its library or hardware is missing
    LevelError : a tensor of a transform, which stays where it is
    """
    source = x._type
    target = plugins.array_type(device, source.dtype)
    if target is source:
        return x
    if isinstance(source, LevelType):
        if target is base_of(source):
            return x
        raise LevelError(
            f"a tensor that a transform (vmap, jvp ...) works on cannot move from {str(source.device)!r} to "
            f"{str(target.device)!r}: move it before, or what comes out"
        )
    return _on_record(x, make(transfer(x._array, source, target, non_blocking), target))


def _on_record(x: Tensor, out: Tensor) -> Tensor:
    if x._node is not None and is_grad_enabled():
        out._node = Node(_ToDevice, (x._node,), (x._type,), out._array.shape, out._type)
    return out


def pin(x: Tensor) -> Tensor:
    """A copy in host memory that the accelerator reads by itself; ``x`` if it lies there already.

    Raises
    ------
    BackendUnavailable : there is no accelerator
    DeviceError : ``x`` is not in the host's memory
    """
    accelerator = found()
    if x.device.type != "cpu":
        raise DeviceError(f"pin_memory: only tensors in the CPU's memory can be pinned, got one on {x.device}")
    return x if accelerator.is_pinned(x._array) else _on_record(x, make(accelerator.pin(x._array), x._type))


def pinned(x: Tensor) -> Tensor:
    """A tensor that was just made, in such memory; as it is without an accelerator, and if it is not the host's."""
    return pin(x) if x.device.type == "cpu" and current() is not None else x


def record_stream(x: Tensor, stream: Any) -> None:
    """See :func:`pluggrad.methods.basics.record_stream`.

    Raises
    ------
    DeviceError : ``x`` is on no accelerator
    """
    backend = x._type.backend
    if backend.accelerator is None:
        raise DeviceError(f"record_stream: a tensor on {x.device} is on no accelerator, which alone has streams")
    backend.accelerator.record_stream(x._array, stream.native)


def is_pinned(x: Tensor) -> bool:
    """Whether ``x`` lies in such memory; False without an accelerator."""
    return x.device.type == "cpu" and current() is not None and found().is_pinned(x._array)
