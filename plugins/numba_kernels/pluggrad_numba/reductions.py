"""Sums, means and extrema over some axes that stand together: vectorised, lanes over threads.

The sum of all elements is with the elementwise functions. What is small, of another dtype or not contiguous, and where
axes do not stand together, goes on to the kernel that was there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import elementwise

#: Elements from which on a compiled kernel is called.
_LEAST = 1 << 15
#: Elements of a row from which on NumPy's extrema are as fast.
_LONG = 64

Kernel = Callable[..., Any]
Axes = tuple[int, ...]


def _fits(x: Any, axis: Axes) -> bool:
    """Whether it is large, and axes that stand together, behind others: of the first ones NumPy adds whole rows."""
    return (
        x.__class__ is np.ndarray and x.size >= _LEAST and x.dtype.char in "fd" and x.flags.c_contiguous
        and bool(axis) and axis == tuple(range(axis[0], axis[0] + len(axis))) and math.prod(x.shape[: axis[0]]) > 1
    )  # fmt: skip


def _reduce(name: str, x: np.ndarray, axis: Axes, keepdims: bool, *options: Any) -> np.ndarray:
    from . import compiled_reductions
    from .crew import together

    before, behind = x.shape[: axis[0]], x.shape[axis[-1] + 1 :]
    lead, trail = math.prod(before), math.prod(behind)
    n = x.size // (lead * trail)
    out: np.ndarray
    if trail == 1:
        out = np.empty(lead, x.dtype)
        together(getattr(compiled_reductions, f"{name}_of_rows"), (lead,), x.reshape(lead, n), *options, out)
    else:
        out = np.empty((lead, trail), x.dtype)
        together(getattr(compiled_reductions, name), (lead, trail), x.reshape(lead, n, trail), *options, out)
    return out.reshape((*before, *((1,) * len(axis) if keepdims else ()), *behind))


def sum(kernel: Kernel) -> Kernel:
    within = elementwise.sum(kernel)

    def call(x: Any, *, axis: Axes, keepdims: bool = False, dtype: Any = None) -> Any:
        if dtype is not None or not _fits(x, axis):
            return within(x, axis=axis, keepdims=keepdims, dtype=dtype)
        return _reduce("sums", x, axis, keepdims)

    return call


def mean(kernel: Kernel) -> Kernel:
    def call(x: Any, *, axis: Axes, keepdims: bool = False) -> Any:
        if not _fits(x, axis):
            return kernel(x, axis=axis, keepdims=keepdims)
        out = _reduce("sums", x, axis, keepdims)
        return np.divide(out, x.dtype.type(x.size // out.size), out)

    return call


def _extremum(sign: int) -> Callable[[Kernel], Kernel]:
    def wrap(kernel: Kernel) -> Kernel:
        def call(x: Any, *, axis: Axes, keepdims: bool = False) -> Any:
            if not _fits(x, axis) or (axis[-1] == x.ndim - 1 and math.prod(x.shape[axis[0] :]) >= _LONG):
                return kernel(x, axis=axis, keepdims=keepdims)
            return _reduce("greatest", x, axis, keepdims, x.dtype.type(sign))

        return call

    return wrap


WRAPPERS = {"sum": sum, "mean": mean, "max": _extremum(1), "min": _extremum(-1)}
