"""The plugin: says that there is a PyTorch backend, without importing PyTorch."""

from __future__ import annotations

import importlib.util
from typing import Any

import pluggy

hookimpl = pluggy.HookimplMarker("pluggrad")


def _probe() -> str | None:
    return None if importlib.util.find_spec("torch") is not None else "PyTorch is not installed; pip install torch"


def _load() -> Any:
    from .backend import TorchBackend

    return TorchBackend()


@hookimpl
def pluggrad_backends() -> list[dict[str, Any]]:
    """PyTorch, on the devices ``torch`` (the CPU), ``torch:cuda0``, ``torch:mps``, ``torch:xpu0``, ..."""
    return [{"name": "torch", "device_type": "torch", "load": _load, "probe": _probe, "array_types": ("torch.Tensor",)}]
