"""What a backend need not provide: helpers on raw arrays, composed from the standard.

A backend overrides one by putting a function of the same name into its ``kernels`` (without ``xp``).
"""

from __future__ import annotations

import struct
from itertools import accumulate
from operator import mul
from typing import Any

import array_api_compat

from . import philox, quantiles


def check_array(xp: Any, x: Any) -> None:
    """Refuse an array that a user brings and that the kernels cannot work on, by an exception that says why."""


def anywhere(xp: Any, condition: Any) -> bool:
    """Whether a condition, a 0-D bool array, holds; in a batch, whether it does for any member."""
    return bool(condition)


def native_device(xp: Any, x: Any) -> Any:
    """The library's own object for the device that holds ``x``."""
    return array_api_compat.device(x)


def strides(xp: Any, x: Any) -> tuple[int, ...]:
    """Strides in elements. The standard has none: those of a contiguous array."""
    return tuple(accumulate(x.shape[:0:-1], mul, initial=1))[::-1] if x.ndim else ()


def as_array(xp: Any, x: Any) -> Any:
    """An array of what an operation gave: some libraries give scalars where 0-D arrays should come."""
    return xp.namespace.asarray(x)


def owns_memory(xp: Any, x: Any) -> bool:
    """Whether nobody else can hold the memory of a just computed ``x``. False if unknown: it is copied then."""
    return False


def is_spare(xp: Any, x: Any) -> bool:
    """Whether a cotangent that nobody refers to any more shares its memory with none, and is worth writing over."""
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


def truth(xp: Any, x: Any) -> bool:
    """A 0-D array of a bool as Python's: the host waits for it."""
    return bool(x)


def extent(xp: Any, x: Any) -> tuple[Any, Any] | None:
    """The smallest and the largest element as Python's integers, to refuse wrong ones at once; ``x`` is not empty.

    None where the host would have to wait for a device whose kernels find wrong ones by themselves.
    """
    return int(xp.namespace.min(x)), int(xp.namespace.max(x))


def refuse(xp: Any, wrong: Any, error: Exception) -> None:
    """Raise ``error`` if any element of the bool array ``wrong`` is true: at once or, so as not to wait, later."""
    if xp.truth(xp.namespace.any(wrong)):
        raise error


def synchronize(xp: Any, device: Any) -> None:
    """Wait until all work queued on the device is done. Nothing to do where calls return when done."""


# -- elements as bytes -------------------------------------------------------------------------------

#: The formats of :mod:`struct` by the standard's names of data types. A complex number is two.
_FORMATS = {
    "bool": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B", "uint16": "H", "uint32": "I",
    "uint64": "Q", "float16": "e", "float32": "f", "float64": "d", "complex64": "ff", "complex128": "dd",
}  # fmt: skip


def to_bytes(xp: Any, x: Any, dtype: str) -> bytes:
    """The elements of ``x``, whose data type has this name, in row-major order, little-endian."""
    values = xp.tolist(xp.namespace.reshape(x, (-1,)))
    if dtype.startswith("complex"):
        values = [part for value in values for part in (value.real, value.imag)]
    return struct.pack(f"<{len(values)}{_FORMATS[dtype][0]}", *values)


def from_bytes(xp: Any, data: bytearray, dtype: str, device: Any) -> Any:
    """A vector of what :func:`to_bytes` gave. It may share the memory of ``data``."""
    values = [item[0] if len(item) == 1 else complex(*item) for item in struct.iter_unpack(f"<{_FORMATS[dtype]}", data)]
    return xp.namespace.asarray(values, dtype=getattr(xp.namespace, dtype), device=device)


# -- the library's own generator of random numbers ---------------------------------------------------
#
# pluggrad never draws from it, but the datasets of its users do: worker processes seed it, checkpoints keep it.


def seed_library(xp: Any, base_seed: int, worker: int) -> None:
    """Seed it in a worker process: as PyTorch's loader seeds that library, if it does."""


def library_random_state(xp: Any) -> dict[str, Any] | None:
    """Its state, as Python scalars, bytes and lists by name; None: the library has none."""
    return None


def set_library_random_state(xp: Any, state: dict[str, Any]) -> None:
    """Put it back into a state."""


def write(xp: Any, x: Any, key: Any, value: Any) -> None:
    """Write ``value`` into ``x[key]``, in place."""
    x[key] = value


def write_index(xp: Any, x: Any, indices: Any, values: Any, accumulate: bool) -> None:
    """Write ``values`` into ``x`` at :class:`pluggrad.ops.advanced_indexing.Indices`, in place.

    The standard has no such write: all of ``x`` is written.
    """
    xp.write(x, ..., xp.index_put(x, values, indices=indices, accumulate=accumulate))


def update_each(xp: Any, rule: Any, params: Any, grads: Any, *memories: Any) -> None:
    """Take one step of an optimiser for each parameter: write what a rule of :mod:`.updates` makes of it.

    ``memories`` : for each thing that the rule remembers, a list as long as that of parameters, or None.
    """
    for i, (p, g) in enumerate(zip(params, grads, strict=True)):
        old = (p, *(None if m is None else m[i] for m in memories))
        if not xp.isdtype(p.dtype, "complex floating"):
            new = rule(p, g, *old[1:])
        else:
            real, imag = (
                rule(part(p), part(g), *(None if m is None else part(m) for m in old[1:]))
                for part in (xp.real, xp.imag)
            )
            new = tuple(None if o is None else xp.complex(r, m) for o, r, m in zip(old, real, imag, strict=True))
        for array, value in zip(old, new, strict=True):
            if array is not None:
                xp.write(array, ..., value)


# -- random numbers --------------------------------------------------------------------------------
#
# A stream is named by a seed. It consists of blocks of 4 words of 64 bits, see :mod:`.philox`. A kernel reads
# ``count`` numbers from the beginning of a block on, and an override must give the same numbers.


def random_bits(xp: Any, *, seed: int, block: int, count: int, device: Any) -> Any:
    """Random 64-bit words: uint64, shape (count,), on the library's own ``device``."""
    return philox.words(xp, seed=seed, block=block, count=count, device=device)


def random_uniform(xp: Any, *, seed: int, block: int, count: int, bits: int, device: Any) -> Any:
    """Numbers in [0, 1): float32 (``bits`` = 32), two of each word; or float64 (64), one of each."""
    words = count if bits == 64 else -(-count // 2)
    return quantiles.uniform(xp, xp.random_bits(seed=seed, block=block, count=words, device=device), bits, count)


def random_normal(xp: Any, *, seed: int, block: int, count: int, bits: int, device: Any) -> Any:
    """Standard normal numbers: the quantiles of what :func:`random_uniform` gives."""
    u = xp.random_uniform(seed=seed, block=block, count=count, bits=bits, device=device)
    return xp.in_chunks(lambda part: quantiles.normal(xp, part, bits), u)


def random_exponential(xp: Any, *, seed: int, block: int, count: int, bits: int, device: Any) -> Any:
    """Standard exponential numbers, above 0: the quantiles of what :func:`random_uniform` gives."""
    u = xp.random_uniform(seed=seed, block=block, count=count, bits=bits, device=device)
    return xp.in_chunks(lambda part: quantiles.exponential(xp, part, bits), u)


def split_power(xp: Any, x: Any) -> tuple[Any, Any]:
    """``0 < x <= 1`` as ``m * 2**e``, sqrt(1/2) <= m < sqrt(2): exact, ``e`` of the dtype of ``x``."""
    return quantiles.split_power(xp, x)


def apply_where(xp: Any, condition: Any, x: Any, function: Any, otherwise: Any) -> Any:
    """``function(x)`` where the condition holds, ``otherwise`` elsewhere; ``otherwise`` may be written."""
    # Elsewhere the function gets the value of x, whatever it makes of it; where() drops it.
    return xp.namespace.where(condition, function(x), otherwise)


def in_chunks(xp: Any, function: Any, x: Any) -> Any:
    """``function(x)`` of a 1-D array; the function works on each element by itself, so an override may cut ``x`` up."""
    return function(x)
