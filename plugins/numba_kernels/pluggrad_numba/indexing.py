"""Elements read, written and added at integers: gradients of embeddings and of indexing, gather and scatter.

What repeats is added one after the other, whatever the number of threads.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from pluggrad_numpy import indexing as numpys

from .threads import divide, share

#: Elements to add, read or write from which on a compiled kernel is called, and from which on threads share them.
_LEAST, _LEAST_SHARED = 1 << 11, 1 << 16
_DTYPES = "fdFDilq"

Kernel = Callable[..., Any]


def _over(kernel: Callable[..., None], *arrays: np.ndarray) -> None:
    """Call a kernel for parts of the first and the last axis."""
    lead, _, trail = arrays[0].shape
    if max(a.size for a in arrays) < _LEAST_SHARED:
        kernel(*arrays, 0, lead, 0, trail)
        return
    parts = divide(lead, trail)
    share(lambda number: kernel(*arrays, *parts[number][0], *parts[number][1]), len(parts))


def _add_along(x: np.ndarray, rows: np.ndarray, values: np.ndarray) -> None:
    """The NumPy backend's, compiled."""
    if values.size < _LEAST or x.dtype.char not in _DTYPES or values.dtype != x.dtype:
        numpys.add_along(x, rows, values)
        return
    from . import compiled_indexing as compiled

    _over(compiled.add_along, x, rows.astype(np.intp, copy=False), np.ascontiguousarray(values))


def _adding(kernel: Kernel) -> Kernel:
    """A kernel of the NumPy backend that adds along an axis, by compiled code."""
    return functools.partial(kernel, add=_add_along)


def _as_three(x: np.ndarray, index: np.ndarray, axis: int) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
    """The shapes of both with all axes before that axis as one, and all behind it; None where they do not fit."""
    before, behind = x.shape[:axis], x.shape[axis + 1 :]
    if index.shape[:axis] != before or index.shape[axis + 1 :] != behind:
        return None
    lead, trail = math.prod(before), math.prod(behind)
    return (lead, x.shape[axis], trail), (lead, index.shape[axis], trail)


def _serves(x: np.ndarray, index: np.ndarray, axis: int) -> Any:
    """The shapes of :func:`_as_three` and the index, checked; None where the compiled kernels are not for these."""
    if index.size < _LEAST or x.dtype.char not in _DTYPES or (shapes := _as_three(x, index, axis)) is None:
        return None
    from . import compiled_indexing as compiled

    where = np.ascontiguousarray(index, np.intp)
    if not compiled.is_within(where.reshape(-1), x.shape[axis]):
        low, high, n = where.min(), where.max(), x.shape[axis]
        if low < -n or high >= n:
            return None  # the kernel that was there says what is wrong
        where = np.where(where < 0, where + n, where)
    return *shapes, where.reshape(shapes[1])


def gather(kernel: Kernel) -> Kernel:
    def call(x: np.ndarray, index: np.ndarray, *, axis: int) -> np.ndarray:
        if (found := _serves(x, index, axis)) is None:
            return kernel(x, index, axis=axis)
        from . import compiled_indexing as compiled

        of_x, of_index, where = found
        out = np.empty(index.shape, x.dtype)
        _over(compiled.gather, np.ascontiguousarray(x).reshape(of_x), where, out.reshape(of_index))
        return out

    return call


def _scattering(name: str) -> Callable[[Kernel], Kernel]:
    def wrap(kernel: Kernel) -> Kernel:
        def call(x: np.ndarray, index: np.ndarray, src: np.ndarray, *, axis: int) -> np.ndarray:
            fits = src.dtype == x.dtype and src.shape == index.shape
            if not fits or (found := _serves(x, index, axis)) is None:
                return kernel(x, index, src, axis=axis)
            from . import compiled_indexing as compiled

            of_x, of_index, where = found
            out = np.array(x, order="C")
            _over(getattr(compiled, name), out.reshape(of_x), where, np.ascontiguousarray(src).reshape(of_index))
            return out

        return call

    return wrap


WRAPPERS = {
    **dict.fromkeys(("index_put", "write_index", "index_add", "embedding_weight"), _adding),
    "gather": gather, "scatter": _scattering("scatter"), "scatter_add": _scattering("scatter_add"),
}  # fmt: skip
