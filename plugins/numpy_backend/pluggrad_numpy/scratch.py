"""Working memory that is kept from call to call: fresh pages from the system cost more than a small kernel does."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

_MOST_BYTES = 1 << 25

_local = threading.local()


def scratch(key: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An uninitialised array that the next call with this key, in this thread, may hand out again.

    It must not outlive the kernel that asked for it. Large ones are not kept.
    """
    dtype = np.dtype(dtype)
    count = math.prod(shape)
    size = count * dtype.itemsize
    if size > _MOST_BYTES:
        return np.empty(shape, dtype)
    kept: dict[str, np.ndarray] = _local.__dict__
    memory = kept.get(key)
    if memory is None or memory.size < size:
        memory = kept[key] = np.empty(size, np.uint8)
    return memory[:size].view(dtype).reshape(shape)


def keep_freed_memory() -> None:
    """Let the C library keep up to 64 MiB of what is freed, for the next arrays: fresh pages cost a fifth of a step.

    glibc takes its measure from the largest block below 32 MiB that was ever freed, and keeps twice as much. So this
    frees one, whose pages were never touched. With another C library, or where the environment sets
    ``MALLOC_TRIM_THRESHOLD_``, it changes nothing.
    """
    np.empty((1 << 25) - (1 << 13), np.uint8)
