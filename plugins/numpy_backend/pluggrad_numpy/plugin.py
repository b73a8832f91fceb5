"""The plugin: says that there is a NumPy backend, without importing NumPy."""

from __future__ import annotations

import importlib.util
from typing import Any

import pluggy

hookimpl = pluggy.HookimplMarker("pluggrad")


def _probe() -> str | None:
    return None if importlib.util.find_spec("numpy") is not None else "NumPy is not installed; pip install numpy"


def _load() -> Any:
    from .backend import NumPyBackend

    return NumPyBackend()


@hookimpl
def pluggrad_backends() -> list[dict[str, Any]]:
    """NumPy, on the device ``cpu``."""
    return [{"name": "numpy", "device_type": "cpu", "load": _load, "probe": _probe, "array_types": ("numpy.ndarray",)}]
