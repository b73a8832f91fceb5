"""The gradient of maximum pooling of windows of any kind, and the maxima of windows that are no regular grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .threads import over

Kernel = Callable[..., np.ndarray]

#: Elements from which on a compiled kernel is called, and from which on threads share the planes.
_LEAST, _LEAST_SHARED = 1 << 12, 1 << 16


def _planes(x: np.ndarray) -> np.ndarray:
    """(N, C, ...) of one to three axes as (planes, D, H, W)."""
    lead = (1,) * (5 - x.ndim)
    return np.ascontiguousarray(x).reshape(x.shape[0] * x.shape[1], *lead, *x.shape[2:])


def max_pool_input(kernel: Kernel) -> Kernel:
    def call(g: np.ndarray, x: np.ndarray, out: np.ndarray, **options: Any) -> np.ndarray:
        if (
            x.size < _LEAST or x.dtype.char not in "fd" or any(a.dtype != x.dtype for a in (g, out)) or x.ndim > 5
        ):  # fmt: skip
            return kernel(g, x, out, **options)
        from . import compiled_windows as compiled

        lead = 5 - x.ndim
        kernel_size, stride, dilation = (
            (1,) * lead + tuple(map(int, options[name])) for name in ("kernel_size", "stride", "dilation")
        )
        before = (0,) * lead + tuple(int(b) for b, _ in options["padding"])
        result = np.zeros((x.shape[0] * x.shape[1], math.prod(x.shape[2:])), x.dtype)
        given = (_planes(g), _planes(x), _planes(out), kernel_size, stride, before, dilation, result)
        over(compiled.max_pool_input, _LEAST_SHARED, x.size, len(result), *given)
        return result.reshape(x.shape)

    return call


def window_argmax(kernel: Kernel) -> Kernel:
    def call(x: np.ndarray, positions: np.ndarray) -> np.ndarray:
        windows, elements = positions.shape[1:]
        if x.shape[0] * windows * elements < _LEAST or x.dtype.char not in "fd" or not elements:
            return kernel(x, positions)
        from . import compiled_windows as compiled

        out = np.empty((x.shape[0], windows), np.int64)
        given = (np.ascontiguousarray(x), np.ascontiguousarray(positions, np.int64), out)
        over(compiled.window_argmax, _LEAST_SHARED, x.shape[0] * windows * elements, x.shape[0], *given)
        return out

    return call


WRAPPERS = {"window_argmax": window_argmax}
