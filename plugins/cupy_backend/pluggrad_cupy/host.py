"""The counter of copies to the host: each makes Python wait for the GPU, and a training step should need none."""

from __future__ import annotations

import threading
import warnings

import cupy

_lock = threading.Lock()
_counts: dict[str, int] = {}
_mode = "default"

MODES = ("default", "warn", "error")


def note_copy(operation: str) -> None:
    """Count a copy to the host that an operation cannot do without; warn of it, or refuse it, if asked to.

    Raises
    ------
    RuntimeError : :func:`set_mode` was called with "error"
    """
    with _lock:
        _counts[operation] = _counts.get(operation, 0) + 1
    if _mode == "error":
        raise RuntimeError(f"{operation} copies to the host, which makes it wait for the GPU (sync debug mode 'error')")
    if _mode == "warn":
        warnings.warn(f"{operation} copies to the host, which makes it wait for the GPU", UserWarning, stacklevel=3)


def copies() -> dict[str, int]:
    """How many copies there were, by operation."""
    with _lock:
        return dict(_counts)


def set_mode(mode: str) -> None:
    """What happens at a copy to the host: "default" (it is counted), "warn" or "error"."""
    global _mode
    _mode = mode


def get_mode() -> str:
    """See :func:`set_mode`."""
    return _mode


def read(x: cupy.ndarray, operation: str) -> object:
    """A 0-D array as a Python number: waits for the GPU, and is counted."""
    note_copy(operation)
    return x.item()
