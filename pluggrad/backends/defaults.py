"""What a backend need not provide: helpers on raw arrays, composed from the standard.

A backend overrides one by putting a function of the same name into its ``kernels`` (without ``xp``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import mul
from typing import Any

import array_api_compat


def native_device(xp: Any, x: Any) -> Any:
    """The library's own object for the device that holds ``x``."""
    return array_api_compat.device(x)


def strides(xp: Any, x: Any) -> tuple[int, ...]:
    """Strides in elements. The standard has none: those of a contiguous array."""
    return tuple(accumulate(x.shape[:0:-1], mul, initial=1))[::-1] if x.ndim else ()


def owns_memory(xp: Any, x: Any) -> bool:
    """Whether nobody else can hold the memory of a just computed ``x``. False if unknown: it is copied then."""
    return False


def data_ptr(xp: Any, x: Any) -> int:
    """Address of the first element."""
    raise NotImplementedError("this backend does not tell the address of an array")


def tolist(xp: Any, x: Any) -> Any:
    """Nested lists of Python scalars; a scalar for a 0-D array."""
    if x.ndim:
        return [tolist(xp, x[i, ...]) for i in range(x.shape[0])]
    if xp.isdtype(x.dtype, "bool"):
        return bool(x)
    if xp.isdtype(x.dtype, "integral"):
        return int(x)
    return complex(x) if xp.isdtype(x.dtype, "complex floating") else float(x)


def to_host(xp: Any, x: Any) -> Any:
    """The values as something every library's ``asarray`` takes: nested lists."""
    return tolist(xp, x)


def synchronize(xp: Any, device: Any) -> None:
    """Wait until all work queued on the device is done. Nothing to do where calls return when done."""


def write(xp: Any, x: Any, key: Any, value: Any) -> None:
    """Write ``value`` into ``x[key]``, in place."""
    x[key] = value


def write_index(xp: Any, x: Any, indices: Any, values: Any, accumulate: bool) -> None:
    """Write ``values`` into ``x`` at :class:`pluggrad.ops.indexing.Indices`, in place. The standard has no such write: all of ``x`` is written."""
    xp.write(x, ..., xp.index_put(x, values, indices=indices, accumulate=accumulate))
