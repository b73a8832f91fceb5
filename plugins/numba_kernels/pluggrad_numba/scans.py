"""Accumulations along an axis, and recurrences, of which the gradients of products are: one pass, lanes over threads.

Small arrays, other dtypes and other layouts go on to the kernel that was there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

#: Elements from which on a compiled kernel is called.
_LEAST = 1 << 12

Kernel = Callable[..., Any]


def _are_large(*arrays: Any) -> bool:
    first = arrays[0]
    return first.size >= _LEAST and bool(first.ndim) and all(
        x.__class__ is np.ndarray and x.dtype.char in "fd" and x.flags.c_contiguous
        and x.dtype == first.dtype and x.shape == first.shape for x in arrays
    )  # fmt: skip


def _accumulate(name: str, axis: int, arrays: tuple[np.ndarray, ...], options: tuple[Any, ...], results: int) -> Any:
    """Arrays of the shape of the first; of its dtype the first, of indices the second."""
    from . import compiled_scans
    from .crew import together

    x = arrays[0]
    shape = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    found = [np.empty(x.shape, dtype) for dtype in (x.dtype, np.int64)[:results]]
    views = [a.reshape(shape) for a in (*arrays, *found)]
    given = (*views[: len(arrays)], *options, *views[len(arrays) :])
    together(getattr(compiled_scans, name), (shape[0], shape[2]), *given)
    return found


def _cumulative(name: str, start: int) -> Callable[[Kernel], Kernel]:
    def wrap(kernel: Kernel) -> Kernel:
        def call(x: Any, *, axis: int, include_initial: bool = False, dtype: Any = None) -> Any:
            if (dtype is not None and dtype.name != x.dtype.name) or not _are_large(x):
                return kernel(x, axis=axis, include_initial=include_initial, dtype=dtype)
            out = _accumulate(name, axis, (x,), (), 1)[0]
            if not include_initial:
                return out
            first = np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), start, x.dtype)
            return np.concatenate((first, out), axis)

        return call

    return wrap


def _extremum(sign: int) -> Callable[[Kernel], Kernel]:
    def wrap(kernel: Kernel) -> Kernel:
        def call(x: Any, *, axis: int) -> Any:
            if not _are_large(x):
                return kernel(x, axis=axis)
            return tuple(_accumulate("extrema", axis, (x,), (x.dtype.type(sign),), 2))

        return call

    return wrap


def linear_recurrence(kernel: Kernel) -> Kernel:
    def call(a: Any, b: Any, *, axis: int, reverse: bool = False) -> Any:
        if not _are_large(a, b):
            return kernel(a, b, axis=axis, reverse=reverse)
        return _accumulate("recurrence", axis, (a, b), (reverse,), 1)[0]

    return call


WRAPPERS = {
    "cumulative_sum": _cumulative("sums", 0), "cumulative_prod": _cumulative("products", 1), "cummax": _extremum(1),
    "cummin": _extremum(-1), "linear_recurrence": linear_recurrence,
}  # fmt: skip
