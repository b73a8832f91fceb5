"""The plugin: says that there is a CuPy backend, and why it can't be used, if so. Importing it imports no CuPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pluggy

from .probe import reason, require

hookimpl = pluggy.HookimplMarker("pluggrad")


def _load() -> Any:
    require()
    from .backend import CuPyBackend

    return CuPyBackend()


@hookimpl
def pluggrad_backends() -> list[dict[str, Any]]:
    """CuPy, on the devices ``cuda:0``, ``cuda:1``, ...; ``cuda`` is the current one of the thread."""
    return [
        {
            "name": "cupy",
            "device_type": "cuda",
            "load": _load,
            "probe": reason,
            "array_types": ("cupy.ndarray",),
            "accelerator": True,
        }
    ]


def _to_cuda(array: Any, device: Any, non_blocking: bool = False) -> Any:
    from .transfer import from_host

    return from_host(array, device, non_blocking)


def _to_cpu(array: Any, device: Any, non_blocking: bool = False) -> Any:
    from .transfer import to_host

    return to_host(array, non_blocking)


def _between(array: Any, device: Any) -> Any:
    from .transfer import to_device

    return to_device(array, device)


@hookimpl
def pluggrad_transfers() -> dict[tuple[str, str], Callable[..., Any]]:
    """Between NumPy and a GPU, through pinned memory; and from one GPU to another."""
    return {("cpu", "cuda"): _to_cuda, ("cuda", "cpu"): _to_cpu, ("cuda", "cuda"): _between}
