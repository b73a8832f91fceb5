"""Errors that are found on the GPU, where nothing can be raised: noted there, raised at the next synchronising point.

To know at once whether an index is out of range, the host would have to wait for the GPU at each look-up. So a
kernel that meets one skips it, notes it in a few numbers on the device, and goes on. Whoever next waits for the GPU
anyway (``item()``, ``tolist()``, ``cpu()``, ``synchronize()``) reads the note and raises. Other errors that depend on
values (a probability above 1) go the same way.

With ``CUDA_LAUNCH_BLOCKING=1``, as CUDA's own errors do, it is raised by the call that met it.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import cupy

from . import devices

#: What a note may name, by number: an operation whose index was out of range, or an error; see :func:`number_of`.
_known: list[str | Exception] = []
_numbers: dict[str, int] = {}
_lock = threading.Lock()
_notes: dict[int, Any] = {}
#: The devices on which kernels have run that may have noted something since the note was last read.
_unread: set[int] = set()

#: What a note holds: the number of the operation plus 1 (0: nothing happened), the index, the size, the axis.
LENGTH = 4


def number_of(what: str | Exception) -> int:
    """The number by which a kernel names an operation, whose index is out of range, or an error to be raised."""
    key = what if isinstance(what, str) else f"{type(what).__qualname__}: {what}"
    number = _numbers.get(key)
    if number is None:
        with _lock:
            if key not in _numbers:
                _known.append(what)
                _numbers[key] = len(_known)
            number = _numbers[key]
    return number


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
        what = _known[operation - 1]
        if isinstance(what, str):
            what = IndexError(f"{what}: index {index} is out of bounds for axis {axis} with size {size}")
        raise type(what)(f"{what}{_late(number)}")


def _late(number: int) -> str:
    """What is added to the message of an error that comes late."""
    if blocking():
        return ""
    return (
        f" (on cuda:{number}). The GPU works behind Python, so this was found at a synchronising point and may come "
        f"from an earlier call; with the environment variable CUDA_LAUNCH_BLOCKING=1 the call itself raises"
    )


def check_if_blocking() -> None:
    """What a call does after its kernels: wait and check, if the user asked for it."""
    if blocking():
        check()
