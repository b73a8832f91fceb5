"""Uniform, normal and exponential numbers, the same to the bit: threads share the blocks that a counter numbers.

Few numbers are left to the kernel that was there, which need not begin anew if they follow what it made last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: Numbers from which on a compiled kernel is called.
_LEAST = 1 << 14

Kernel = Callable[..., Any]


def _perform(name: str, dtype: Any, seed: int, block: int, count: int, *options: int) -> np.ndarray:
    from . import compiled_draws
    from .crew import together

    per_block = 32 // np.dtype(dtype).itemsize
    blocks = -(-count // per_block)
    out = np.empty(blocks * per_block, dtype)
    together(getattr(compiled_draws, name), (blocks,), np.uint64(seed), np.uint64(block), *options, out)
    return out[:count]


def _numbers(kind: int) -> Callable[[Kernel], Kernel]:
    def wrap(kernel: Kernel) -> Kernel:
        def call(*, seed: int, block: int, count: int, bits: int, device: Any) -> Any:
            if count < _LEAST or (bits == 64 and kind):  # quantiles in double precision are made of compiled numbers
                return kernel(seed=seed, block=block, count=count, bits=bits, device=device)
            if bits == 64:
                return _perform("uniform_64", np.float64, seed, block, count)
            return _perform("uniform_32", np.float32, seed, block, count, kind)

        return call

    return wrap


WRAPPERS = {"random_uniform": _numbers(0), "random_normal": _numbers(1), "random_exponential": _numbers(2)}
