"""Batches in pinned memory, from which a GPU copies by itself while Python goes on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ... import accelerator
from ...tensor import Tensor

__all__ = ["pin_memory", "pins"]


def pins(wanted: bool) -> bool:
    """Whether batches are to be pinned: where it is wanted, and there is an accelerator; else with a warning."""
    if not wanted:
        return False
    if accelerator.is_available():
        return True
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
        UserWarning,
        stacklevel=4,
    )
    return False


def pin_memory(data: Any) -> Any:
    """Tensors pinned, and mappings and sequences of them part by part; an object with ``pin_memory()`` by that.

    Tensors that are not in the CPU's memory, and all else, stay as they are.
    """
    if isinstance(data, Tensor):
        return data.pin_memory() if data.device.type == "cpu" else data
    if callable(getattr(data, "pin_memory", None)):
        return data.pin_memory()
    if isinstance(data, Mapping):
        pinned = {key: pin_memory(value) for key, value in data.items()}
        return type(data)(pinned) if type(data) is not dict else pinned  # type: ignore[call-arg]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        parts = [pin_memory(item) for item in data]
        if hasattr(data, "_fields"):
            return type(data)(*parts)
        return tuple(parts) if isinstance(data, tuple) else parts
    return data
