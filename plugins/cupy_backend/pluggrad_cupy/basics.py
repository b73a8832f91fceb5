"""Memory and values: copies, writes, addresses, and the ways to Python's numbers."""

from __future__ import annotations

from typing import Any

import cupy
import numpy
from cupy import ndarray as Array

from . import errors, host, late, narrow, pointwise


def copy(x: Array) -> Array:
    return x.copy(order="C")


def owns_memory(x: Array) -> bool:
    # What came by DLPack has no base either, and is another's.
    return x.base is None and not isinstance(x.data.mem, cupy.cuda.UnownedMemory)


def strides(x: Array) -> tuple[int, ...]:
    return tuple(s // x.itemsize for s in x.strides)


def data_ptr(x: Array) -> int:
    return int(x.data.ptr)


def tolist(x: Array) -> Any:
    host.note_copy("tolist")
    values = x.get()
    late.check()
    return values.tolist()


def to_host(x: Array) -> numpy.ndarray:
    host.note_copy("to_host")
    values = x.get()
    late.check()
    return values


def truth(x: Array) -> bool:
    host.note_copy("a decision by values")
    return bool(x)


def extent(x: Array) -> tuple[int, int] | None:
    """None: the kernels look, and tell later; see :mod:`.late`."""
    if not late.blocking():
        return None
    host.note_copy("extent")
    return int(cupy.min(x)), int(cupy.max(x))


def refuse(wrong: Array, error: Exception) -> None:
    if wrong.size:
        pointwise.refuse(wrong, late.number_of(error), late.note())
        late.check_if_blocking()


def native_device(x: Array) -> Any:
    return x.device


def new_zeros(x: Array, *, shape: tuple[int, ...]) -> Array:
    return cupy.zeros(shape, x.dtype)


def write(x: Array, key: Any, value: Any) -> None:
    """Write ``value``, an array or a number, into ``x[key]``."""
    if narrow.is_it(x.dtype):
        value = narrow.astype(value if isinstance(value, Array) else cupy.asarray(value, cupy.float32), x.dtype)
        x, value = x.view(cupy.uint16), value.view(cupy.uint16)
    if isinstance(value, Array) and cupy.may_share_memory(x, value):
        value = value.copy()  # the GPU reads and writes at once: x[1:] = x[:-1] would not be what it says
    x[key] = value


def synchronize(device: Any) -> None:
    errors.synchronize(device.id)


KERNELS = {f.__name__: f for f in (
    copy, owns_memory, strides, data_ptr, tolist, to_host, truth, extent, refuse, native_device, new_zeros, write,
    synchronize,
)}  # fmt: skip
