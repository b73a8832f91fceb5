"""Average pooling of windows of any kind, and its gradient, plane by plane."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .packing import Sizes, three

Kernel = Callable[..., np.ndarray]
Padding = tuple[tuple[int, int], ...]

#: Elements from which on a compiled kernel is called, and from which on threads share the planes.
_LEAST, _LEAST_SHARED = 1 << 12, 1 << 16


def _lengths(
    dtype: Any, size: Sizes, counts: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding,
    counted: Padding | None, divisor: int | None,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    """By what the sums of windows are divided, as factors: of each axis, for each of its windows."""
    if divisor is not None or counted is None:
        lengths = [np.ones(count, dtype) for count in counts]
        lengths[0] *= math.prod(kernel_size) if divisor is None else divisor
    else:
        lengths = []
        for n, count, k, s, (before, _), (b, a) in zip(
            size, counts, kernel_size, stride, padding, counted, strict=True
        ):
            start = np.arange(count) * s - before
            inside = np.minimum(start + k, n + a) - np.maximum(start, -b)
            lengths.append(np.maximum(inside, 1).astype(dtype))
    return (*[np.ones(1, dtype)] * (3 - len(counts)), *lengths)


def _geometry(
    dtype: Any, size: Sizes, counts: Sizes, *, kernel_size: Sizes, stride: Sizes, padding: Padding,
    counted: Padding | None, divisor: int | None,
) -> tuple[Any, ...]:  # fmt: skip
    """What the compiled kernels are told of windows, of three axes."""
    before = three([b for b, _ in padding], 0)
    sizes = (three(tuple(map(int, sizes)), 1) for sizes in (size, counts, kernel_size, stride))
    return (*sizes, before, _lengths(dtype, size, counts, kernel_size, stride, padding, counted, divisor))


def _run(kernel: Callable[..., None], given: np.ndarray, geometry: tuple[Any, ...], out: np.ndarray) -> np.ndarray:
    from .crew import ranges, together

    planes, args = out.shape[0] * out.shape[1], (np.ascontiguousarray(given).reshape(-1), *geometry, out.reshape(-1))
    if max(given.size, out.size) < _LEAST_SHARED:
        kernel(0, ranges(1, planes), *args)
    else:
        together(kernel, (planes,), *args)
    return out


def avg_pool(kernel: Kernel) -> Kernel:
    def call(x: np.ndarray, **options: Any) -> np.ndarray:
        if x.size < _LEAST or x.dtype.char not in "fd" or x.ndim > 5:
            return kernel(x, **options)
        from . import compiled_averages as compiled

        spans = zip(x.shape[2:], options["kernel_size"], options["stride"], options["padding"], strict=True)
        counts = tuple([(n + b + a - k) // s + 1 for n, k, s, (b, a) in spans])
        geometry = _geometry(x.dtype, x.shape[2:], counts, **options)
        return _run(compiled.avg_pool, x, geometry, np.empty((*x.shape[:2], *counts), x.dtype))

    return call


def avg_pool_input(kernel: Kernel) -> Kernel:
    def call(g: np.ndarray, *, size: Sizes, **options: Any) -> np.ndarray:
        small = g.shape[0] * g.shape[1] * math.prod(size) < _LEAST
        alone = math.prod(g.shape[2:]) == 1  # of one window, copies of a number
        if small or alone or g.dtype.char not in "fd" or g.ndim > 5:
            return kernel(g, size=size, **options)
        from . import compiled_averages as compiled

        geometry = _geometry(g.dtype, tuple(size), g.shape[2:], **options)
        return _run(compiled.avg_pool_input, g, geometry, np.empty((*g.shape[:2], *size), g.dtype))

    return call


WRAPPERS = {f.__name__: f for f in (avg_pool, avg_pool_input)}
