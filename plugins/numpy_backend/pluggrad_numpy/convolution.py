"""Convolution as products of matrices: the windows of some images become columns, which one product takes in.

So many images are taken at a time that their columns stay in the cache between being written and being read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

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
        self.stride, self.dilation, self.padding, self.dtype = stride, dilation, padding, dtype
        self.padded = tuple(b + n + a for n, (b, a) in zip(size, padding, strict=True))
        self.counts = tuple(
            (n - d * (k - 1) - 1) // s + 1
            for n, k, s, d in zip(self.padded, kernel_size, stride, dilation, strict=True)
        )
        self.windows, self.elements = math.prod(self.counts), math.prod(kernel_size)
        bytes_each = max(channels * self.elements * self.windows * dtype.itemsize, 1)
        self.block = max(1, min(images, _BLOCK_BYTES // bytes_each))
        self.is_padded = any(map(any, padding))
        self.inner: tuple[Any, ...] = (..., *(slice(b, b + n) for n, (b, _) in zip(size, padding, strict=True)))
        #: The windows are the pixels: no columns need be made.
        self.is_pointwise = self.elements == 1 and not self.is_padded and all(s == 1 for s in stride)

    def blocks(self) -> Iterator[slice]:
        """The images in turn, a block at a time."""
        for first in range(0, self.images, self.block):
            yield slice(first, min(first + self.block, self.images))

    def pad(self, x: np.ndarray) -> np.ndarray:
        """Some images with their border of zeros."""
        if not self.is_padded:
            return x
        out = scratch("padded", (*x.shape[:2], *self.padded), self.dtype)
        out.fill(0)
        out[self.inner] = x
        return out

    def windows_of(self, x: np.ndarray) -> np.ndarray:
        """All windows of padded images, as a view: (B, C, *kernel_size, *counts)."""
        spatial = x.strides[2:]
        inside = tuple(s * d for s, d in zip(spatial, self.dilation, strict=True))
        between = tuple(s * t for s, t in zip(spatial, self.stride, strict=True))
        shape = (*x.shape[:2], *self.kernel_size, *self.counts)
        return as_strided(x, shape, (*x.strides[:2], *inside, *between), writeable=False)


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
    depth, out_channels = weight.shape[1] * geometry.elements, weight.shape[0]
    out = np.empty((n, out_channels, *geometry.counts), x.dtype)
    w = weight.reshape(groups, out_channels // groups, depth)
    products = out.reshape(n, groups, out_channels // groups, geometry.windows)
    column = None if bias is None else bias.reshape(groups, out_channels // groups, 1)
    for block in geometry.blocks():
        some = x[block]
        if geometry.is_pointwise:
            cols = some
        else:
            view = geometry.windows_of(geometry.pad(some))
            cols = scratch("columns", view.shape, x.dtype)
            np.copyto(cols, view)
        target = products[block]
        np.matmul(w, cols.reshape(len(some), groups, depth, geometry.windows), out=target)
        if column is not None:
            target += column
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
    depth = weight.shape[1] * geometry.elements
    w = weight.reshape(groups, out_channels // groups, depth).transpose(0, 2, 1)
    products = g.reshape(n, groups, out_channels // groups, geometry.windows)
    out = np.empty((n, channels, *size), g.dtype)
    if geometry.is_pointwise:
        np.matmul(w, products, out=out.reshape(n, groups, depth, geometry.windows))
        return out
    for block in geometry.blocks():
        count = block.stop - block.start
        cols: Any = scratch("columns", (count, channels, *geometry.kernel_size, *geometry.counts), g.dtype)
        np.matmul(w, products[block], out=cols.reshape(count, groups, depth, geometry.windows))
        # The windows are laid over each other where they came from.
        target: Any = (
            scratch("padded", (count, channels, *geometry.padded), g.dtype) if geometry.is_padded else out[block]
        )
        target.fill(0)
        for place in product(*map(range, geometry.kernel_size)):
            key: tuple[Any, ...] = tuple(
                slice(i * d, i * d + (c - 1) * s + 1, s)
                for i, d, s, c in zip(place, dilation, stride, geometry.counts, strict=True)
            )
            target[(..., *key)] += cols[(slice(None), slice(None), *place)]
        if geometry.is_padded:
            out[block] = target[geometry.inner]
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
    nd = len(kernel_size)
    for block in geometry.blocks():
        some = x[block]
        rows = len(some) * geometry.windows
        # The images side by side, so that the product sums over all of them: (C, *kernel_size, B, *counts).
        view = np.moveaxis(geometry.windows_of(geometry.pad(some)), 0, nd + 1)
        cols = scratch("columns", view.shape, x.dtype)
        np.copyto(cols, view)
        slopes = np.moveaxis(g[block].reshape(len(some), out_channels, geometry.windows), 0, 1)
        if len(some) > 1:
            beside = scratch("slopes", slopes.shape, x.dtype)
            np.copyto(beside, slopes)
            slopes = beside
        a = slopes.reshape(groups, out_channels // groups, rows)
        np.matmul(a, cols.reshape(groups, depth, rows).transpose(0, 2, 1), out=term)
        out += term
    return out.reshape(out_channels, channels // groups, *kernel_size)


KERNELS = {f.__name__: f for f in (convolution, convolution_input, convolution_weight)}
