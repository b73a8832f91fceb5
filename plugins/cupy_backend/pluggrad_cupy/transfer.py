"""To the host and from it, through pinned memory; and from one GPU to another."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import cupy
import cupyx
import numpy

from . import host, late

#: Smaller arrays are copied by the driver's own staging buffer as fast.
_PINNED_BYTES = 1 << 16

_lock = threading.Lock()
#: The host's arrays that are being copied, each with the event that happens when it is. Their memory goes back to the
#: pool with the last reference, and must not be given to others before.
_copied: deque[tuple[Any, numpy.ndarray]] = deque()


def _keep(array: numpy.ndarray) -> None:
    """Hold a pinned array until what the current stream has been given is done."""
    event = cupy.cuda.Event(disable_timing=True)
    event.record()
    with _lock:
        while _copied and _copied[0][0].done:
            _copied.popleft()
        _copied.append((event, array))


def to_host(array: cupy.ndarray, non_blocking: bool = False) -> numpy.ndarray:
    """A NumPy array with the values. Waits for the GPU, unless ``non_blocking``: then they come later."""
    with array.device:
        if non_blocking:
            values = cupyx.empty_pinned(array.shape, array.dtype)
            cupy.ascontiguousarray(array).get(out=values, blocking=False)
            _keep(values)
            return values
        host.note_copy("cpu")
        if array.nbytes < _PINNED_BYTES or array.dtype.kind == "V":
            values = array.get()
        else:
            values = cupyx.empty_pinned(array.shape, array.dtype)
            cupy.ascontiguousarray(array).get(out=values)
        late.check()
    return values


def from_host(array: numpy.ndarray, device: Any, non_blocking: bool = False, dtype: Any = None) -> cupy.ndarray:
    """An array on the GPU with the values of a NumPy array, never sharing its memory.

    The GPU reads pinned memory by itself, after this returns if ``non_blocking``. Other memory is copied to such first.
    """
    pinned = is_pinned(array)
    with cupy.cuda.Device(device):
        copy = cupy.array(array, dtype=dtype, order="C", copy=True, blocking=pinned and not non_blocking)
        if pinned and non_blocking:
            _keep(array)
    return copy


def to_device(array: cupy.ndarray, device: Any) -> cupy.ndarray:
    """A copy on another GPU, straight from one to the other where their hardware allows it."""
    with cupy.cuda.Device(device):
        return array.copy(order="C")


def pin(array: numpy.ndarray) -> numpy.ndarray:
    """A copy in pinned memory, from which the GPU reads without a copy in between."""
    values = cupyx.empty_pinned(array.shape, array.dtype)
    values[...] = array
    return values


def is_pinned(array: Any) -> bool:
    """Whether a NumPy array lies in pinned memory."""
    base: Any = array
    while isinstance(base, numpy.ndarray):
        base = base.base
    memory = getattr(base, "obj", base)  # NumPy holds the buffer by a memoryview
    return isinstance(memory, cupy.cuda.PinnedMemoryPointer)
