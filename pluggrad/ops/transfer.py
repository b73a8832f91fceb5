"""Moving tensors between devices, on record: the gradient takes the way back."""

from __future__ import annotations

from typing import Any

from ..autograd.mode import is_grad_enabled
from ..backends import plugins, transfer
from ..device import Device
from ..tensor import Node, Tensor, make

__all__ = ["to_device"]


class _ToDevice:
    grad_name = "ToCopyBackward0"
    saves_arrays = False

    @staticmethod
    def backward(xp: Any, g: Any, parents: tuple[Any, ...], node: Node) -> tuple[Any]:
        (source,) = node.saved  # type: ignore[misc]
        return (transfer(g, node.type, source),)

    @staticmethod
    def backward_graph(xp: Any, g: Tensor, parents: tuple[Any, ...], node: Node) -> tuple[Tensor]:
        (source,) = node.saved  # type: ignore[misc]
        return (to_device(g, source.device),)


def to_device(x: Tensor, device: Device | str) -> Tensor:
    """``x`` on another device; ``x`` itself if it is there already.

    Parameters
    ----------
    x : Tensor
    device : a device or its name

    Raises
    ------
    DeviceError : no such device
    BackendUnavailable : its library or hardware is missing
    """
    source = x._type
    target = plugins.array_type(device, source.dtype)
    if target is source:
        return x
    out = make(transfer(x._array, source, target), target)
    if x._node is not None and is_grad_enabled():
        out._node = Node(_ToDevice, (x._node,), (source,), out._array.shape, target)
    return out
