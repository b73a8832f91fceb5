"""Pooling, axis by axis where windows of several axes come apart, without arrays in between."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

Sizes = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]

#: How many bytes of images are worked on at a time: they stay in the cache from one pass to the next.
_BLOCK_BYTES = 1 << 19


def _counts(size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> Sizes:
    return tuple(
        (n + b + a - d * (k - 1) - 1) // s + 1
        for n, k, s, (b, a), d in zip(size, kernel_size, stride, padding, dilation, strict=True)
    )


def _inner(size: Sizes, padding: Padding) -> tuple[Any, ...]:
    return (..., *(slice(b, b + n) for n, (b, _) in zip(size, padding, strict=True)))


def _padded_shape(x: np.ndarray, padding: Padding) -> Sizes:
    return (*x.shape[:2], *(b + n + a for n, (b, a) in zip(x.shape[2:], padding, strict=True)))


def _pad(x: np.ndarray, padding: Padding, value: float) -> np.ndarray:
    if not any(map(any, padding)):
        return x
    out = np.full(_padded_shape(x, padding), value, x.dtype)
    out[_inner(x.shape[2:], padding)] = x
    return out


def _keys(kernel_size: Sizes, stride: Sizes, dilation: Sizes, counts: Sizes) -> list[tuple[Any, ...]]:
    """For each place in the window, in row-major order, the key of what all windows have there."""
    return [
        (
            ...,
            *(
                slice(i * d, i * d + (c - 1) * s + 1, s)
                for i, d, s, c in zip(place, dilation, stride, counts, strict=True)
            ),
        )
        for place in product(*map(range, kernel_size))
    ]


def _reduce_windows(
    ufunc: Callable[..., Any], x: np.ndarray, kernel_size: Sizes, stride: Sizes, dilation: Sizes, counts: Sizes
) -> np.ndarray:
    """Combine the elements of each window: along one axis, then what is left along the next.

    Rows come before columns: whole rows are combined at the speed of memory, and fewer columns are left.
    """
    out: Any = x
    nd = len(kernel_size)
    for axis in range(nd):
        k, s, d, c = kernel_size[axis], stride[axis], dilation[axis], counts[axis]
        behind = (slice(None),) * (nd - 1 - axis)
        parts = [out[(..., slice(i * d, i * d + (c - 1) * s + 1, s), *behind)] for i in range(k)]
        if k == 1:
            out = parts[0]
            continue
        out = ufunc(parts[0], parts[1])
        for part in parts[2:]:
            ufunc(out, part, out=out)
    return np.ascontiguousarray(out) if out.base is not None or out is x else out


def max_pool(x: np.ndarray, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> np.ndarray:
    counts = _counts(x.shape[2:], kernel_size, stride, padding, dilation)
    out = _reduce_windows(np.maximum, _pad(x, padding, -np.inf), kernel_size, stride, dilation, counts)
    return out.copy() if out is x else out


def _first_maxima(x: np.ndarray, out: np.ndarray, kernel_size: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """For each place in the window its key, and where it is the first to hold the maximum."""
    has_nan = bool(np.isnan(out).any())
    found = None
    for key in _keys(kernel_size, stride, dilation, out.shape[2:]):
        part = x[key]
        here = np.equal(part, out)
        if has_nan:
            here |= np.isnan(part)
        if found is None:
            found = here.copy()
        else:
            np.greater(here, found, out=here)  # here and not found
            found |= here
        yield key, here


def _touching(kernel_size: Sizes, stride: Sizes, dilation: Sizes) -> bool:
    """Whether windows may overlap."""
    return any(d * (k - 1) >= s for k, s, d in zip(kernel_size, stride, dilation, strict=True))


def max_pool_input(
    g: np.ndarray,
    x: np.ndarray,
    out: np.ndarray,
    *,
    kernel_size: Sizes,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
) -> np.ndarray:
    result = np.zeros(_padded_shape(x, padding), g.dtype)
    overlap = _touching(kernel_size, stride, dilation)
    some = max(1, _BLOCK_BYTES * x.shape[0] // max(x.nbytes, 1))
    for first in range(0, x.shape[0], some):
        block = slice(first, first + some)
        target, slopes = result[block], g[block]
        for key, here in _first_maxima(_pad(x[block], padding, -np.inf), out[block], kernel_size, stride, dilation):
            if overlap:
                target[key] += slopes * here
            else:
                np.multiply(slopes, here, out=target[key])
    return np.ascontiguousarray(result[_inner(x.shape[2:], padding)])


def max_pool_select(
    values: np.ndarray, x: np.ndarray, out: np.ndarray, *, kernel_size: Sizes, stride: Sizes, padding: Padding,
    dilation: Sizes,
) -> np.ndarray:  # fmt: skip
    result = np.zeros(out.shape, values.dtype)
    padded = _pad(values, padding, 0)
    for key, here in _first_maxima(_pad(x, padding, -np.inf), out, kernel_size, stride, dilation):
        np.copyto(result, padded[key], where=here)
    return result


def _divisor(
    dtype: Any, size: Sizes, counts: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding,
    counted: Padding | None, divisor: int | None,
) -> Any:  # fmt: skip
    if divisor is not None:
        return divisor
    if counted is None:
        return math.prod(kernel_size)
    total = np.ones((1,) * len(size), dtype)
    for axis, (n, count, k, s, (before, _), (b, a)) in enumerate(
        zip(size, counts, kernel_size, stride, padding, counted, strict=True)
    ):
        start = np.arange(count) * s - before
        length = np.maximum(np.minimum(start + k, n + a) - np.maximum(start, -b), 1)
        total = total * length.astype(dtype).reshape(-1, *(1,) * (len(size) - 1 - axis))
    return total


def avg_pool(
    x: np.ndarray, *, kernel_size: Sizes, stride: Sizes, padding: Padding, counted: Padding | None, divisor: int | None
) -> np.ndarray:
    if x.dtype == np.float16:  # sums keep their digits in float32
        wide = avg_pool(
            x.astype(np.float32),
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            counted=counted,
            divisor=divisor,
        )
        return wide.astype(np.float16)
    ones = (1,) * len(kernel_size)
    counts = _counts(x.shape[2:], kernel_size, stride, padding, ones)
    out = _reduce_windows(np.add, _pad(x, padding, 0), kernel_size, stride, ones, counts)
    out = out.copy() if out is x else out
    out /= _divisor(x.dtype, x.shape[2:], counts, kernel_size, stride, padding, counted, divisor)
    return out


def avg_pool_input(
    g: np.ndarray, *, size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, counted: Padding | None,
    divisor: int | None,
) -> np.ndarray:  # fmt: skip
    ones = (1,) * len(kernel_size)
    counts = g.shape[2:]
    share = g / np.asarray(_divisor(g.dtype, size, counts, kernel_size, stride, padding, counted, divisor), g.dtype)
    if tuple(kernel_size) == tuple(size) and not any(map(any, padding)):  # one window, of the whole image
        return np.array(np.broadcast_to(share, (*g.shape[:2], *size)))
    shape = (*g.shape[:2], *(b + n + a for n, (b, a) in zip(size, padding, strict=True)))
    result = np.zeros(shape, g.dtype)
    overlap = _touching(kernel_size, stride, ones)
    for key in _keys(kernel_size, stride, ones, counts):
        if overlap:
            result[key] += share
        else:
            result[key] = share
    return np.ascontiguousarray(result[_inner(size, padding)])


KERNELS = {f.__name__: f for f in (max_pool, max_pool_input, max_pool_select, avg_pool, avg_pool_input)}
