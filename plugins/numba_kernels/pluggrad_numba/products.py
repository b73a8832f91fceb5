"""Matrix products on the crew, of the sizes that networks have: on the threads that do all else, so that none waits for
a core that another holds.

Of ``c = a @ b``, ``a`` is read where it lies, and the columns of ``b`` in panels that are as wide as a register tile
(:mod:`.tiles`). What lies otherwise is copied into such panels first; where both factors would need that, the smaller
one is. Small products, vectors and other dtypes go on to the kernel that was there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .elementwise import of_dtype
from .threads import count as threads

#: Multiplications from which on the compiled product is called, and of one matrix of a stack.
_LEAST, _LEAST_OF_STACK = 1 << 22, 1 << 14
#: Rows, columns and steps of the sums that a matrix needs.
_LEAST_SIDE = 8
#: Rows from which on copying the columns pays.
_MANY = 256
#: Steps of the sums that are done at a time, about.
_DEPTH = 512

Kernel = Callable[..., Any]
Steps = tuple[int, int]


def _steps(x: np.ndarray) -> Steps:
    """Between rows and between columns, in elements."""
    row, column = x.strides[-2:]
    return row // x.itemsize, column // x.itemsize


def _is_suited(a: np.ndarray, b: np.ndarray) -> bool:
    """Two matrices, or stacks of matrices, that lie by rows or by columns."""
    m, k = a.shape[-2:]
    n = b.shape[-1]
    if m * k * n < _LEAST and (a.ndim == 2 or a.size * n < _LEAST or m * k * n < _LEAST_OF_STACK):
        return False
    if min(m, k, n) < _LEAST_SIDE or a.dtype.char not in "fd" or a.dtype is not b.dtype:
        return False
    return all(1 in steps and min(steps) > 0 for steps in (_steps(a), _steps(b)))


def _address(x: np.ndarray, rows: int, columns: int, steps: Steps) -> tuple[int, int, int, int]:
    """Of a matrix, for compiled functions."""
    return x.ctypes.data, (rows - 1) * steps[0] + (columns - 1) * steps[1] + 1, *steps


def _offsets(x: np.ndarray, lead: tuple[int, ...]) -> np.ndarray:
    """Where the matrices of a stack begin, in elements."""
    found = np.zeros((), np.int64)
    strides = (0,) * (len(lead) - x.ndim + 2) + x.strides[:-2]
    for length, stride, own in zip(lead, strides, (1,) * (len(lead) - x.ndim + 2) + x.shape[:-2], strict=True):
        found = np.add.outer(found, np.arange(length) * (stride // x.itemsize if own > 1 else 0))
    return found.reshape(-1)


def product(a: np.ndarray, b: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """``a @ b + bias`` of matrices, or of stacks of matrices with axes that broadcast, and without a bias."""
    from . import compiled_products as compiled
    from .crew import crew_of, ranges
    from .tiles import ROWS, VECTOR_BYTES, VECTORS

    (m, k), n, dtype = a.shape[-2:], b.shape[-1], a.dtype
    lead = a.shape[:-2] if a.shape[:-2] == b.shape[:-2] else np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    out = np.empty((*lead, m, n), dtype)
    size = math.prod(lead)
    at_a, at_b, row, column = _steps(a), _steps(b), n, 1
    if at_a[1] == at_b[0] == 1 and 2 * m <= n:
        # The transposed product, of which the smaller factor is copied.
        a, b, m, n, at_a, at_b, row, column = b, a, n, m, at_b[::-1], at_a[::-1], 1, n
    lane = VECTOR_BYTES // dtype.itemsize
    vectors = -(-n // lane)
    wide = -(-vectors // -(-vectors // VECTORS)) * lane
    panels, tall = -(-n // wide), -(-m // ROWS)
    in_place = n // wide if at_b[1] == 1 and m < _MANY else 0
    depth = k if column != 1 or k <= 2 * _DEPTH else -(-k // -(-k // _DEPTH))
    stack = np.zeros((size, 3), np.int64)
    if lead:
        stack[:, 0], stack[:, 1], stack[:, 2] = _offsets(a, lead), _offsets(b, lead), np.arange(size) * (m * n)
    packed = np.empty(size * (panels - in_place) * wide * k, dtype)
    columns_first, count = n > m, threads()
    copies = ranges(count, size, max(1, panels - in_place))
    tiles = ranges(count, size, panels, tall) if columns_first else ranges(count, size, tall, panels)
    given = (
        _address(a, m, k, at_a), _address(b, k, n, at_b), stack, (m, k, n, wide, in_place, depth), packed,
        np.empty(0, dtype) if bias is None else bias, out.reshape(-1), row, column, columns_first,
    )  # fmt: skip
    if count == 1 or len(tiles) < 2:
        compiled.multiply(0, copies, tiles, *given)
        return out
    with crew_of(count).lead() as crew:
        compiled.multiply(crew, copies, tiles, *given)
    return out


def _of_floats(make: Callable[[Kernel], Kernel]) -> Callable[[Kernel], Kernel]:
    """The wrapper that ``make`` is, around what the kernel chooses for a dtype; of float32 and float64 alone."""

    def wrap(kernel: Kernel) -> Kernel:
        def for_dtype(dtype: Any) -> Kernel:
            within = of_dtype(kernel, dtype)
            return make(within) if dtype.char in "fd" else within

        call = make(kernel)
        call.for_dtype = for_dtype  # type: ignore[attr-defined]
        return call

    return wrap


@_of_floats
def matmul(kernel: Kernel) -> Kernel:
    def call(x1: np.ndarray, x2: np.ndarray) -> Any:
        if x2.ndim > 1 and x1.size * x2.shape[-1] < _LEAST:
            return kernel(x1, x2)
        if x1.ndim < 2 or x2.ndim < 2:
            return kernel(x1, x2)
        if x2.ndim == 2 and x1.ndim > 2 and x1.flags.c_contiguous:
            rows = x1.reshape(-1, x1.shape[-1])
            return product(rows, x2).reshape(*x1.shape[:-1], x2.shape[1]) if _is_suited(rows, x2) else kernel(x1, x2)
        return product(x1, x2) if _is_suited(x1, x2) else kernel(x1, x2)

    return call


@_of_floats
def linear(kernel: Kernel) -> Kernel:
    def call(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> Any:
        if x.size * len(weight) < _LEAST:
            return kernel(x, weight, bias)
        rows = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])
        if not _is_suited(rows, weight.T) or not (bias is None or (bias.dtype is x.dtype and bias.flags.c_contiguous)):
            return kernel(x, weight, bias)
        return product(rows, weight.T, bias).reshape(*x.shape[:-1], len(weight))

    return call


@_of_floats
def linear_weight(kernel: Kernel) -> Kernel:
    def call(gradient: np.ndarray, x: np.ndarray) -> Any:
        if gradient.size * x.shape[-1] < _LEAST:
            return kernel(gradient, x)
        g, rows = (a if a.ndim == 2 else a.reshape(-1, a.shape[-1]) for a in (gradient, x))
        return product(g.T, rows) if _is_suited(g.T, rows) else kernel(gradient, x)

    return call


WRAPPERS = {"matmul": matmul, "linear": linear, "linear_weight": linear_weight}
