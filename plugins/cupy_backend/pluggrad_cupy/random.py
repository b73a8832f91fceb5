"""Random numbers: pluggrad's own stream, one element of the grid to each block of 256 bits."""

from __future__ import annotations

from typing import Any

import cupy
import numpy

from . import pointwise


def _draw(kernel: pointwise.Pointwise, seed: int, block: int, count: int, each: int, dtype: Any) -> cupy.ndarray:
    blocks = -(-count // each)
    out = cupy.empty(blocks * each, dtype)
    if blocks:
        kernel(numpy.uint64(seed), numpy.uint64(block), out, size=blocks)
    return out[:count]


def random_bits(*, seed: int, block: int, count: int, device: Any) -> cupy.ndarray:
    return _draw(pointwise.random_bits, seed, block, count, 4, cupy.uint64)


def _floats(narrow: pointwise.Pointwise, broad: pointwise.Pointwise) -> Any:
    def kernel(*, seed: int, block: int, count: int, bits: int, device: Any) -> cupy.ndarray:
        if bits == 64:
            return _draw(broad, seed, block, count, 4, cupy.float64)
        return _draw(narrow, seed, block, count, 8, cupy.float32)

    return kernel


KERNELS = {
    "random_bits": random_bits,
    "random_uniform": _floats(pointwise.uniform_32, pointwise.uniform_64),
    "random_normal": _floats(pointwise.normal_32, pointwise.normal_64),
    "random_exponential": _floats(pointwise.exponential_32, pointwise.exponential_64),
}
