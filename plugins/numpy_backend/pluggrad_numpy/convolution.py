"""Convolution as products of matrices: the windows of some images become columns, which one product takes in.

So many images are taken at a time that their columns stay in the cache between being written and being read. Of
these, the same pixel of all images stands together, (C, *size, B): a row of windows is then one long run of memory,
to copy or to add, however small the images are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from .scratch import scratch

Sizes = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]

#: How many bytes of columns are made at a time: about half of a second-level cache.
_BLOCK_BYTES = 1 << 20


class _Geometry:
    """Sizes of one convolution, and the images that are taken at a time."""

    def __init__(
        self, images: int, channels: int, size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding,
        dilation: Sizes, dtype: np.dtype[Any],
    ) -> None:  # fmt: skip
        self.images, self.channels, self.size, self.kernel_size = images, channels, size, kernel_size
        self.stride, self.dilation, self.dtype = stride, dilation, dtype
        self.padded = tuple(b + n + a for n, (b, a) in zip(size, padding, strict=True))
        self.counts = tuple(
            (n - d * (k - 1) - 1) // s + 1
            for n, k, s, d in zip(self.padded, kernel_size, stride, dilation, strict=True)
        )
        self.windows, self.elements = math.prod(self.counts), math.prod(kernel_size)
        bytes_each = max(channels * self.elements * self.windows * dtype.itemsize, 1)
        self.block = max(1, min(images, _BLOCK_BYTES // bytes_each))
        #: Of padded images (C, *padded, B), what is not padding.
        self.inner: tuple[Any, ...] = (
            slice(None),
            *(slice(b, b + n) for n, (b, _) in zip(size, padding, strict=True)),
        )
        self.is_padded = self.padded != tuple(size)
        #: The windows are the pixels: no columns need be made.
        self.is_pointwise = self.elements == 1 and not self.is_padded and all(s == 1 for s in stride)

    def blocks(self) -> Iterator[slice]:
        """The images in turn, a block at a time."""
        for first in range(0, self.images, self.block):
            yield slice(first, min(first + self.block, self.images))

    def columns(self, x: np.ndarray) -> np.ndarray:
        """The windows of some images (B, C, *size) as a matrix (C · elements, windows · B)."""
        count = x.shape[0]
        together = np.moveaxis(x, 0, -1)
        shape = (self.channels * self.elements, self.windows * count)
        if self.is_pointwise:
            out = scratch("columns", (self.channels, *self.counts, count), self.dtype)
            np.copyto(out, together)
            return out.reshape(shape)
        padded = scratch("padded", (self.channels, *self.padded, count), self.dtype)
        if self.is_padded:
            padded.fill(0)
        padded[self.inner] = together
        out = scratch("columns", (self.channels, *self.kernel_size, *self.counts, count), self.dtype)
        for place, key in self.places():
            out[place] = padded[key]
        return out.reshape(shape)

    def places(self) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        """For each place in the window, the keys of what all windows have there: into columns, and into images."""
        for place in product(*map(range, self.kernel_size)):
            key = [
                slice(i * d, i * d + (c - 1) * s + 1, s)
                for i, d, s, c in zip(place, self.dilation, self.stride, self.counts, strict=True)
            ]
            yield (slice(None), *place), (slice(None), *key)

    def add_columns(self, cols: np.ndarray, out: np.ndarray) -> None:
        """The transpose of :meth:`columns`: the windows added up where they came from, into ``out`` (B, C, *size)."""
        count = out.shape[0]
        together: Any = np.moveaxis(out, 0, -1)
        if self.is_pointwise:
            np.copyto(together, cols.reshape(together.shape))
            return
        target: Any = scratch("padded", (self.channels, *self.padded, count), self.dtype)
        target.fill(0)
        parts: Any = cols.reshape(self.channels, *self.kernel_size, *self.counts, count)
        for place, key in self.places():
            target[key] += parts[place]
        np.copyto(together, target[self.inner])


def _together(g: np.ndarray, windows: int) -> np.ndarray:
    """Some gradients (B, O, *counts) as a matrix (O, windows · B)."""
    shape = (g.shape[1], windows * g.shape[0])
    if g.shape[0] == 1:
        return np.ascontiguousarray(g).reshape(shape)
    out = scratch("together", (*g.shape[1:], g.shape[0]), g.dtype)
    np.copyto(out, np.moveaxis(g, 0, -1))
    return out.reshape(shape)


def _multiply(a: np.ndarray, b: np.ndarray, groups: int, out: np.ndarray) -> None:
    """The product of two matrices, or of so many on the diagonal: rows and columns are in groups."""
    if groups == 1:
        np.matmul(a[0], b, out=out)
    else:
        np.matmul(a, b.reshape(groups, b.shape[0] // groups, -1), out=out.reshape(groups, out.shape[0] // groups, -1))


def _single(*arrays: np.ndarray | None) -> tuple[Any, ...]:
    """float16 as float32, which BLAS knows, and in which sums keep their digits."""
    return tuple(a.astype(np.float32) if a is not None and a.dtype == np.float16 else a for a in arrays)


def convolution(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, stride: Sizes, padding: Padding,
    dilation: Sizes, groups: int,
) -> np.ndarray:  # fmt: skip
    if x.dtype == np.float16:
        wide = convolution(*_single(x, weight, bias), stride=stride, padding=padding, dilation=dilation, groups=groups)
        return wide.astype(np.float16)
    n, channels = x.shape[:2]
    geometry = _Geometry(n, channels, x.shape[2:], weight.shape[2:], stride, padding, dilation, x.dtype)
    out_channels = weight.shape[0]
    out = np.empty((n, out_channels, *geometry.counts), x.dtype)
    w = weight.reshape(groups, out_channels // groups, -1)
    column = None if bias is None else bias.reshape(-1, 1)
    for block in geometry.blocks():
        cols = geometry.columns(x[block])
        count = block.stop - block.start
        # The product of one image is the result; of several, their pixels stand together and are sorted again.
        if count == 1:
            result = out[block].reshape(out_channels, -1)
        else:
            result = scratch("result", (out_channels, cols.shape[1]), x.dtype)
        _multiply(w, cols, groups, result)
        if column is not None:
            result += column
        if count > 1:
            np.copyto(np.moveaxis(out[block], 0, -1), result.reshape(out_channels, *geometry.counts, count))
    return out


def convolution_input(
    g: np.ndarray, weight: np.ndarray, *, size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> np.ndarray:
    if g.dtype == np.float16:
        wide = convolution_input(
            *_single(g, weight), size=size, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
        return wide.astype(np.float16)
    n, out_channels = g.shape[:2]
    channels = weight.shape[1] * groups
    geometry = _Geometry(n, channels, size, weight.shape[2:], stride, padding, dilation, g.dtype)
    w = weight.reshape(groups, out_channels // groups, -1).transpose(0, 2, 1)
    out = np.empty((n, channels, *size), g.dtype)
    for block in geometry.blocks():
        slopes = _together(g[block], geometry.windows)
        cols = scratch("columns", (channels * geometry.elements, slopes.shape[1]), g.dtype)
        _multiply(w, slopes, groups, cols)
        geometry.add_columns(cols, out[block])
    return out


def convolution_weight(
    g: np.ndarray, x: np.ndarray, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> np.ndarray:
    if g.dtype == np.float16:
        wide = convolution_weight(
            *_single(g, x), kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
        return wide.astype(np.float16)
    n, channels = x.shape[:2]
    geometry = _Geometry(n, channels, x.shape[2:], kernel_size, stride, padding, dilation, x.dtype)
    out_channels, depth = g.shape[1], channels // groups * geometry.elements
    out = np.zeros((groups, out_channels // groups, depth), x.dtype)
    term = scratch("term", out.shape, x.dtype)
    for block in geometry.blocks():
        cols = geometry.columns(x[block]).reshape(groups, depth, -1)
        slopes = _together(g[block], geometry.windows).reshape(groups, out_channels // groups, -1)
        np.matmul(slopes, cols.transpose(0, 2, 1), out=term)
        out += term
    return out.reshape(out_channels, channels // groups, *kernel_size)


KERNELS = {f.__name__: f for f in (convolution, convolution_input, convolution_weight)}
