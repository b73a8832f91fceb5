"""To the host and from it, through pinned memory; and from one GPU to another."""

from __future__ import annotations

import functools
import threading
import weakref
from collections import deque
from typing import Any

import cupy
import cupyx
import numpy

from . import host, late
from .errors import guarded

#: Smaller arrays are copied by the driver's own staging buffer as fast.
_PINNED_BYTES = 1 << 16

_lock = threading.Lock()
#: Memory that a stream still uses, each with the event that happens when it is done: the host's arrays that are being
#: copied, and what :func:`keep_for` was told of. It goes back to its pool with the last reference, not before.
_kept: deque[tuple[Any, Any]] = deque()


def _keep(memory: Any, stream: Any = None) -> None:
    """Hold memory until what a stream (None: the current one) has been given is done."""
    event = cupy.cuda.Event(disable_timing=True)
    event.record(stream)
    with _lock:
        while _kept and _kept[0][0].done:
            _kept.popleft()
        _kept.append((event, memory))


def keep_for(array: cupy.ndarray, stream: Any) -> None:
    """When an array is gone, keep its memory until a stream has done what it was given by then.

    CuPy gives memory back to the stream on which it was allocated; another stream may still read it.
    """
    owner = array if array.base is None else array.base  # of which views are gone before it
    weakref.finalize(owner, _keep_on, owner.device.id, owner.data, stream).atexit = False


def _keep_on(device: int, memory: Any, stream: Any) -> None:
    with cupy.cuda.Device(device):  # of which the event must be
        _keep(memory, stream)


@functools.partial(guarded, "to_host")
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


@functools.partial(guarded, "from_host")
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


@functools.partial(guarded, "to_device")
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
