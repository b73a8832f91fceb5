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
