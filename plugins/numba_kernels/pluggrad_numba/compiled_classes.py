"""Softmax and what belongs to it along the second of three axes, (N, C, L), or of two, (N, C), in float32.

Where there are places (L), a block of them goes through all classes while it is in the cache. A kernel does the blocks
or rows from ``first`` to ``last`` alone, so that threads can share them; of N rows of blocks each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_elementwise import exp, log
from .compiled_rows import largest_of
from .compiled_sums import sum_of
from .compiling import compiled, summing

_LANES = 16
#: Places to a block.
BLOCK = 256

f4 = np.float32


@summing
def _sum_of_exp(x: Any, largest: Any) -> Any:
    total = f4(0)
    for i in range(x.size):
        total += exp(x[i] - largest)
    return total


@compiled
def normalizers_of_rows(x: Any, largest: Any, logarithm: Any, first: Any, last: Any) -> None:
    """The largest number of a row, and the logarithm of the sum of exponentials, less that number."""
    lanes = np.empty(_LANES, x.dtype)
    for r in range(first, last):
        largest[r] = largest_of(x[r], lanes)
        logarithm[r] = log(_sum_of_exp(x[r], largest[r]))


@compiled
def spread_over_rows(x: Any, factor: Any, out: Any, first: Any, last: Any) -> None:
    """Softmax of each row, times a factor."""
    lanes = np.empty(_LANES, x.dtype)
    for r in range(first, last):
        row, result = x[r], out[r]
        largest = largest_of(row, lanes)
        for i in range(row.size):
            result[i] = exp(row[i] - largest)
        scale = factor[r] / sum_of(result)
        for i in range(row.size):
            result[i] *= scale


@compiled
def log_softmax_of_rows(x: Any, out: Any, first: Any, last: Any) -> None:
    lanes = np.empty(_LANES, x.dtype)
    for r in range(first, last):
        row, result = x[r], out[r]
        largest = largest_of(row, lanes)
        logarithm = log(_sum_of_exp(row, largest))
        for i in range(row.size):
            result[i] = row[i] - largest - logarithm


# -- beside each other: (N, C, L) ------------------------------------------------------------------------


@compiled
def _largest_at(x: Any, n: Any, start: Any, stop: Any, largest: Any) -> None:
    """Of each place between two, over all classes; NaN are passed over."""
    for p in range(largest.size):
        largest[p] = -np.inf
    for c in range(x.shape[1]):
        row = x[n, c, start:stop]
        for p in range(largest.size):
            largest[p] = row[p] if row[p] > largest[p] else largest[p]


@compiled
def _sums_of_exp(x: Any, n: Any, start: Any, stop: Any, largest: Any, total: Any) -> None:
    for p in range(total.size):
        total[p] = 0
    for c in range(x.shape[1]):
        row = x[n, c, start:stop]
        for p in range(total.size):
            total[p] += exp(row[p] - largest[p])


@compiled
def normalizers(x: Any, largest: Any, logarithm: Any, first: Any, last: Any) -> None:
    blocks = -(-x.shape[2] // BLOCK)
    for number in range(first, last):
        n, start = number // blocks, number % blocks * BLOCK
        stop = min(start + BLOCK, x.shape[2])
        most, result = largest[n, start:stop], logarithm[n, start:stop]
        _largest_at(x, n, start, stop, most)
        _sums_of_exp(x, n, start, stop, most, result)
        for p in range(result.size):
            result[p] = log(result[p])


@compiled
def spread(x: Any, factor: Any, out: Any, first: Any, last: Any) -> None:
    blocks = -(-x.shape[2] // BLOCK)
    working, most = np.empty(BLOCK, x.dtype), np.empty(BLOCK, x.dtype)
    for number in range(first, last):
        n, start = number // blocks, number % blocks * BLOCK
        stop = min(start + BLOCK, x.shape[2])
        largest, total, wanted = most[: stop - start], working[: stop - start], factor[n, start:stop]
        _largest_at(x, n, start, stop, largest)
        for p in range(total.size):
            total[p] = 0
        for c in range(x.shape[1]):
            row, result = x[n, c, start:stop], out[n, c, start:stop]
            for p in range(total.size):
                result[p] = exp(row[p] - largest[p])
            for p in range(total.size):
                total[p] += result[p]
        for p in range(total.size):
            total[p] = wanted[p] / total[p]
        for c in range(x.shape[1]):
            result = out[n, c, start:stop]
            for p in range(total.size):
                result[p] *= total[p]


@compiled
def log_softmax(x: Any, out: Any, first: Any, last: Any) -> None:
    blocks = -(-x.shape[2] // BLOCK)
    working, most = np.empty(BLOCK, x.dtype), np.empty(BLOCK, x.dtype)
    for number in range(first, last):
        n, start = number // blocks, number % blocks * BLOCK
        stop = min(start + BLOCK, x.shape[2])
        largest, logarithm = most[: stop - start], working[: stop - start]
        _largest_at(x, n, start, stop, largest)
        _sums_of_exp(x, n, start, stop, largest, logarithm)
        for p in range(logarithm.size):
            logarithm[p] = log(logarithm[p])
        for c in range(x.shape[1]):
            row, result = x[n, c, start:stop], out[n, c, start:stop]
            for p in range(logarithm.size):
                result[p] = row[p] - largest[p] - logarithm[p]
