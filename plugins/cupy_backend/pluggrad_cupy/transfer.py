"""To the host and from it, through pinned memory; and from one GPU to another."""

from __future__ import annotations

from typing import Any

import cupy
import cupyx
import numpy

from . import host, late

#: Smaller arrays are copied by the driver's own staging buffer as fast.
_PINNED_BYTES = 1 << 16


def to_host(array: cupy.ndarray) -> numpy.ndarray:
    """A NumPy array with the values. Waits for the GPU."""
    host.note_copy("cpu")
    with array.device:
        if array.nbytes < _PINNED_BYTES or array.dtype.kind == "V":
            values = array.get()
        else:
            values = cupyx.empty_pinned(array.shape, array.dtype)
            cupy.ascontiguousarray(array).get(out=values)
        late.check()
    return values


def from_host(array: numpy.ndarray, device: Any) -> cupy.ndarray:
    """An array on the GPU with the values of a NumPy array, never sharing its memory."""
    with cupy.cuda.Device(device):
        # CuPy itself goes through pinned memory, if there is any to be had.
        return cupy.array(array, order="C", copy=True)


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
