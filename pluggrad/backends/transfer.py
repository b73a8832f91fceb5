"""Moving arrays between devices: a registered way, else DLPack, else through the host."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

from ..errors import PluginError
from .loaded import ArrayType
from .manager import plugins


def transfer(array: Any, source: ArrayType, target: ArrayType, non_blocking: bool = False) -> Any:
    """A new array with the values of ``array`` on the device of ``target``, of the target's dtype.

    Never aliases the source. The dtypes of ``source`` and ``target`` may differ; the cast is made
    on the target's side. ``non_blocking``: return before the copy is done, where the plugin's way knows how.
    """
    between = target.backend.array_type(target.device, source.dtype)
    moved = _move(array, source, between, non_blocking)
    if target.dtype is not source.dtype:
        moved = target.kernels.astype(moved, target.native)
    return moved


def _may_not_block(way: Any) -> bool:
    return "non_blocking" in inspect.signature(way).parameters


def _move(array: Any, source: ArrayType, target: ArrayType, non_blocking: bool) -> Any:
    way: Any = plugins.transfers().get((source.device.type, target.device.type))
    if way is not None:
        options = {"non_blocking": True} if non_blocking and _may_not_block(way) else {}
        moved = way(array, target.native_device, **options)
        if not isinstance(moved, target.array_class):
            pair = source.device.type, target.device.type
            raise PluginError(
                f"plugin {plugins.transferrer(*pair)!r}: its transfer from {pair[0]!r} to {pair[1]!r} must return a "
                f"{target.array_class.__module__}.{target.array_class.__qualname__}, got {moved!r}"
            )
        return moved
    if source.backend is target.backend:
        to_device = getattr(array, "to_device", None)
        if to_device is not None:
            return target.kernels.copy(to_device(target.native_device))
    from_dlpack = getattr(target.backend.namespace, "from_dlpack", None)
    if from_dlpack is not None and hasattr(array, "__dlpack__"):
        # By the standard BufferError says that an array can't be exchanged (this pair of devices, this dtype), but
        # libraries say it with these, too. What else goes wrong is a defect of a plugin, and is not hidden.
        with contextlib.suppress(BufferError, NotImplementedError, RuntimeError, ValueError):
            return target.kernels.copy(from_dlpack(array, device=target.native_device))
    host = source.kernels.to_host(array)
    namespace = target.backend.namespace
    moved = namespace.asarray(host, dtype=target.native, device=target.native_device)
    if moved.shape != array.shape:  # nested lists do not tell the sizes behind an empty axis
        moved = namespace.reshape(moved, tuple(array.shape))
    # Copied, since the host's array may be the source itself.
    return target.kernels.copy(moved)
