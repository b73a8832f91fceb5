"""Moving arrays between devices: a registered way, else DLPack, else through the host."""

from __future__ import annotations

from typing import Any

from .loaded import ArrayType
from .manager import plugins


def transfer(array: Any, source: ArrayType, target: ArrayType) -> Any:
    """A new array with the values of ``array`` on the device of ``target``, of the target's dtype.

    Never aliases the source. The dtypes of ``source`` and ``target`` may differ; the cast is made
    on the target's side.
    """
    between = target.backend.array_type(target.device, source.dtype)
    moved = _move(array, source, between)
    if target.dtype is not source.dtype:
        moved = target.kernels.astype(moved, target.native)
    return moved


def _move(array: Any, source: ArrayType, target: ArrayType) -> Any:
    way = plugins.transfers().get((source.device.type, target.device.type))
    if way is not None:
        return way(array, target.native_device)
    if source.backend is target.backend:
        to_device = getattr(array, "to_device", None)
        if to_device is not None:
            return target.kernels.copy(to_device(target.native_device))
    try:
        return target.kernels.copy(target.backend.namespace.from_dlpack(array, device=target.native_device))
    except (AttributeError, BufferError, NotImplementedError, RuntimeError, TypeError, ValueError):
        # DLPack does not know this pair of devices (or this dtype): the way through the host always works.
        host = source.kernels.to_host(array)
        # Copied, since the host's array may be the source itself.
        return target.kernels.copy(
            target.backend.namespace.asarray(host, dtype=target.native, device=target.native_device)
        )
