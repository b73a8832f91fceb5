"""Errors that a kernel finds on the GPU, where it cannot raise: noted there, raised at the next synchronising point.

To know at once whether an index is out of range, the host would have to wait for the GPU at each look-up. So a
kernel that meets one skips it, notes it in a few numbers on the device, and goes on. Whoever next waits for the GPU
anyway (``item()``, ``tolist()``, ``cpu()``, ``synchronize()``) reads the note and raises.

With ``CUDA_LAUNCH_BLOCKING=1``, as CUDA's own errors do, it is raised by the call that met it.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import cupy

from . import devices

#: The names of the operations that a note may name, by number; filled by :func:`number_of`.
_names: list[str] = []
_lock = threading.Lock()
_notes: dict[int, Any] = {}
#: The devices on which kernels have run that may have noted something since the note was last read.
_unread: set[int] = set()

#: What a note holds: the number of the operation plus 1 (0: nothing happened), the index, the size, the axis.
LENGTH = 4


def number_of(operation: str) -> int:
    """The number by which a kernel names an operation."""
    with _lock:
        if operation not in _names:
            _names.append(operation)
        return _names.index(operation) + 1


def note() -> Any:
    """The current device's note, int64 of shape (4,), for a kernel that may write it: see ``csrc/note.cuh``."""
    number = devices.current()
    found = _notes.get(number)
    if found is None:
        with _lock:
            found = _notes.setdefault(number, cupy.zeros(LENGTH, cupy.int64))
    _unread.add(number)
    return found


def blocking() -> bool:
    """Whether each call is to wait for its kernels."""
    return os.environ.get("CUDA_LAUNCH_BLOCKING", "0") not in ("", "0")


def check() -> None:
    """Raise what kernels have noted on the current device. Waits for it, if any may have.

    Raises
    ------
    IndexError
    """
    number = devices.current()
    if number not in _unread:
        return
    _unread.discard(number)
    found = _notes[number]
    operation, index, size, axis = found.get().tolist()
    if operation:
        found.fill(0)
        raise IndexError(
            f"{_names[operation - 1]}: index {index} is out of bounds for axis {axis} with size {size}, on "
            f"cuda:{number}. The GPU works behind Python, so this was found at a synchronising point and may come from "
            f"an earlier call; with the environment variable CUDA_LAUNCH_BLOCKING=1 the call itself raises"
        )


def check_if_blocking() -> None:
    """What a call does after its kernels: wait and check, if the user asked for it."""
    if blocking():
        check()
