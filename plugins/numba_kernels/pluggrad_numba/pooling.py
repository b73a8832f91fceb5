"""Maximum pooling of 2 × 2 pixels, which most networks do, and its gradient, plane by plane, without masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import windows

Kernel = Callable[..., np.ndarray]

#: Elements from which on a compiled kernel is called.
_LEAST = 1 << 14
_PAIRS = {"kernel_size": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}


def _serves(options: dict[str, Any], x: np.ndarray, *others: np.ndarray) -> bool:
    return (
        x.size >= _LEAST and options == _PAIRS and x.dtype.char in "fd" and all(a.dtype == x.dtype for a in others)
    )  # fmt: skip


def max_pool(kernel: Kernel) -> Kernel:
    def call(x: np.ndarray, **options: Any) -> np.ndarray:
        if not _serves(options, x):
            return kernel(x, **options)
        from . import compiled_pooling as compiled
        from .crew import together

        n, channels, height, width = x.shape
        out = np.empty((n, channels, height // 2, width // 2), x.dtype)
        flat = np.ascontiguousarray(x).reshape(-1)
        together(compiled.max_pool, (n * channels,), flat, height, width, out.reshape(-1))
        return out

    return call


def max_pool_input(kernel: Kernel) -> Kernel:
    kernel = windows.max_pool_input(kernel)  # what is not of pairs

    def call(g: np.ndarray, x: np.ndarray, out: np.ndarray, **options: Any) -> np.ndarray:
        if not _serves(options, x, g, out):
            return kernel(g, x, out, **options)
        from . import compiled_pooling as compiled
        from .crew import together

        n, channels, height, width = x.shape
        result = np.empty(x.shape, g.dtype)
        slopes, pixels, maxima = (np.ascontiguousarray(a).reshape(-1) for a in (g, x, out))
        together(
            compiled.max_pool_input, (n * channels,), slopes, pixels, maxima, height, width, result.reshape(-1)
        )  # fmt: skip
        return result

    return call


WRAPPERS = {f.__name__: f for f in (max_pool, max_pool_input)}
