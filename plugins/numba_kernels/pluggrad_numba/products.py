"""Matrix products on the crew, of the sizes that networks have: on the threads that do all else, so that none waits for
a core that another holds.

Of ``c = a @ b``, ``a`` is read where it lies, and the columns of ``b`` in panels that are as wide as a register tile
(:mod:`.tiles`). What lies otherwise is copied into such panels first; where both factors would need that, the smaller
one is. Small products, vectors and other dtypes go on to the kernel that was there.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
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
Pair = tuple[int, int]


@functools.cache
def _modules() -> tuple[ModuleType, ModuleType]:
    """Those which import Numba: when the first large product comes."""
    from . import compiled_products, crew

    return compiled_products, crew


@dataclass(frozen=True, slots=True)
class Plan:
    """All that follows from shapes and from how matrices lie.

    transposed : ``b.T @ a.T`` is computed
    first, second : of both factors, in elements, how far the last one lies, and the steps between rows and columns
    sizes : see ``compiled_products``
    row, column : the steps of the result
    packed : how many elements of the second factor are copied
    copies, tiles : the parts of the work; the latter by columns first, perhaps
    """

    transposed: bool
    first: tuple[int, int, int]
    second: tuple[int, int, int]
    sizes: tuple[int, ...]
    row: int
    column: int
    packed: int
    copies: np.ndarray
    tiles: np.ndarray
    columns_first: bool


@functools.lru_cache(maxsize=1024)
def _plan(m: int, k: int, n: int, a: Pair, b: Pair, itemsize: int, stack: int, count: int) -> Plan | None:
    """Of products of (m, k) and (k, n) with such strides; none where a matrix lies neither by rows nor by columns."""
    from .crew import ranges
    from .tiles import ROWS, VECTOR_BYTES, VECTORS

    a, b = ((row // itemsize, column // itemsize) for row, column in (a, b))
    if min(m, k, n) < _LEAST_SIDE or min(*a, *b) < 1 or 1 not in a or 1 not in b:
        return None
    transposed = a[1] == b[0] == 1 and 2 * m <= n  # the smaller factor is copied
    row, column = (1, n) if transposed else (n, 1)
    if transposed:
        m, n, a, b = n, m, b[::-1], a[::-1]
    lane = VECTOR_BYTES // itemsize
    vectors = -(-n // lane)
    wide = -(-vectors // -(-vectors // VECTORS)) * lane
    panels, tall = -(-n // wide), -(-m // ROWS)
    in_place = n // wide if b[1] == 1 and m < _MANY else 0
    depth = k if transposed or k <= 2 * _DEPTH else -(-k // -(-k // _DEPTH))
    first, second = (
        ((rows - 1) * steps[0] + (columns - 1) * steps[1] + 1, *steps)
        for rows, columns, steps in ((m, k, a), (k, n, b))
    )
    copied, columns_first = panels - in_place, n > m
    tiles = ranges(count, stack, *((panels, tall) if columns_first else (tall, panels)))
    return Plan(
        transposed, first, second, (m, k, n, wide, in_place, depth), row, column, stack * copied * wide * k,
        ranges(count, stack, max(1, copied)), tiles, columns_first,
    )  # fmt: skip


def _offsets(x: np.ndarray, lead: tuple[int, ...]) -> np.ndarray:
    """Where the matrices of a stack begin, in elements."""
    found = np.zeros((), np.int64)
    strides = (0,) * (len(lead) - x.ndim + 2) + x.strides[:-2]
    for length, stride, own in zip(lead, strides, (1,) * (len(lead) - x.ndim + 2) + x.shape[:-2], strict=True):
        found = np.add.outer(found, np.arange(length) * (stride // x.itemsize if own > 1 else 0))
    return found.reshape(-1)


#: Of two matrices that are no stack.
_LONE = np.zeros((1, 3), np.int64)
_NO_BIAS = {char: np.empty(0, char) for char in "fd"}


def product(a: np.ndarray, b: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray | None:
    """``a @ b + bias`` of matrices, or of stacks of matrices with axes that broadcast, and without a bias.

    None where it is better done otherwise.
    """
    (m, k), n, dtype = a.shape[-2:], b.shape[-1], a.dtype
    if dtype.char not in "fd" or dtype is not b.dtype:
        return None
    lead, size, stack, count = (), 1, _LONE, threads()
    if a.ndim > 2 or b.ndim > 2:
        if m * k * n < _LEAST_OF_STACK:
            return None
        lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        size = math.prod(lead)
    plan = _plan(m, k, n, a.strides[-2:], b.strides[-2:], dtype.itemsize, size, count) if size else None
    if plan is None:
        return None
    out = np.empty((*lead, m, n), dtype)
    if plan.transposed:
        a, b = b, a
    if lead:
        stack = np.stack([_offsets(a, lead), _offsets(b, lead), np.arange(size) * (m * n)], axis=1)
    given = (
        (a.ctypes.data, *plan.first), (b.ctypes.data, *plan.second), stack, plan.sizes, np.empty(plan.packed, dtype),
        _NO_BIAS[dtype.char] if bias is None else bias, out.reshape(-1), plan.row, plan.column, plan.columns_first,
    )  # fmt: skip
    compiled, threads_of = _modules()
    if count == 1 or len(plan.tiles) < 2:
        compiled.multiply(0, plan.copies, plan.tiles, *given)
        return out
    with threads_of.crew_of(count).lead() as crew:
        compiled.multiply(crew, plan.copies, plan.tiles, *given)
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
        if x2.ndim < 2 or x1.ndim < 2 or x1.size * x2.shape[-1] < _LEAST:
            return kernel(x1, x2)
        if x2.ndim == 2 and x1.ndim > 2 and x1.flags.c_contiguous:
            out = product(x1.reshape(-1, x1.shape[-1]), x2)
            return kernel(x1, x2) if out is None else out.reshape(*x1.shape[:-1], x2.shape[1])
        out = product(x1, x2)
        return kernel(x1, x2) if out is None else out

    return call


@_of_floats
def linear(kernel: Kernel) -> Kernel:
    def call(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> Any:
        if x.size * len(weight) < _LEAST or not (bias is None or (bias.dtype is x.dtype and bias.flags.c_contiguous)):
            return kernel(x, weight, bias)
        out = product(x if x.ndim == 2 else x.reshape(-1, x.shape[-1]), weight.T, bias)
        return kernel(x, weight, bias) if out is None else out.reshape(*x.shape[:-1], len(weight))

    return call


@_of_floats
def linear_weight(kernel: Kernel) -> Kernel:
    def call(gradient: np.ndarray, x: np.ndarray) -> Any:
        if gradient.size * x.shape[-1] < _LEAST:
            return kernel(gradient, x)
        g, rows = (a if a.ndim == 2 else a.reshape(-1, a.shape[-1]) for a in (gradient, x))
        out = product(g.T, rows)
        return kernel(gradient, x) if out is None else out

    return call


WRAPPERS = {"matmul": matmul, "linear": linear, "linear_weight": linear_weight}
