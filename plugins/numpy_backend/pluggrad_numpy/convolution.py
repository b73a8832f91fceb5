"""Convolution as products of matrices: the windows of some images become columns, which one product takes in.

So many images are taken at a time that their columns stay in the cache between being written and being read. Of
these, the same pixel of all images stands together, (C, *size, B): a row of windows is then one long run of memory,
to copy or to add, however small the images are.

Where windows lie side by side along the first axis, columns need not be made for each place along it: those of all
rows of pixels are made once, and the columns of one place are a run of rows, a view. There is a product for each place.
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
#: Pixels of an image that are worth a product, and rows of a matrix.
_LEAST_PIXELS, _LEAST_ROWS = 64, 32


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
        #: The columns of each place along the first axis can be a view.
        self.has_runs = stride[0] == 1 and kernel_size[0] > 1

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
        padded = self._pad(together)
        out = scratch("columns", (self.channels, *self.kernel_size, *self.counts, count), self.dtype)
        for place, key in self.places():
            out[place] = padded[key]
        return out.reshape(shape)

    def _pad(self, together: np.ndarray) -> np.ndarray:
        padded = scratch("padded", (self.channels, *self.padded, together.shape[-1]), self.dtype)
        if self.is_padded:
            padded.fill(0)
        padded[self.inner] = together
        return padded

    def runs(self, x: np.ndarray) -> list[np.ndarray]:
        """The columns (C · elements of the other axes, windows · B) of each place along the kernel's first axis."""
        padded = self._pad(np.moveaxis(x, 0, -1))
        others = self.kernel_size[1:]
        row = math.prod(self.counts[1:]) * x.shape[0]
        shape = (self.channels, *others, self.padded[0], *self.counts[1:], x.shape[0])
        out = scratch("columns", shape, self.dtype)
        for place, key in self.places():
            if place[1] == 0:
                out[(slice(None), *place[2:])] = padded[(slice(None), slice(None), *key[2:])]
        lines = out.reshape(self.channels * math.prod(others), self.padded[0] * row)
        starts = [i * self.dilation[0] * row for i in range(self.kernel_size[0])]
        return [lines[:, start : start + self.counts[0] * row] for start in starts]

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


def _picks(size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, groups: int) -> bool:
    """Whether windows are single pixels, of images large enough to be multiplied each by itself."""
    return (
        groups == 1 and math.prod(kernel_size) == 1 and not any(map(any, padding))
        and math.prod(-(-n // s) for n, s in zip(size, stride, strict=True)) >= _LEAST_PIXELS
    )  # fmt: skip


def _picked(x: np.ndarray, stride: Sizes) -> np.ndarray:
    """Every ``stride``-th pixel of images (N, C, *size)."""
    key: Any = (..., *(slice(None, None, s) for s in stride))
    return x[key]


def _as_lines(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x).reshape(*x.shape[:2], -1)


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


def _by_place(weight: np.ndarray, groups: int) -> list[np.ndarray]:
    """For each place along the kernel's first axis the weights (groups, O, C · elements of the other axes)."""
    parts = weight.reshape(groups, weight.shape[0] // groups, weight.shape[1], weight.shape[2], -1)
    return [parts[:, :, :, i].reshape(*parts.shape[:2], -1) for i in range(weight.shape[2])]


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
    out_channels = weight.shape[0]
    if _picks(x.shape[2:], weight.shape[2:], stride, padding, groups):
        pixels = _picked(x, stride)
        lines = np.matmul(weight.reshape(out_channels, channels), _as_lines(pixels))
        if bias is not None:
            lines += bias[:, None]
        return lines.reshape(n, out_channels, *pixels.shape[2:])
    geometry = _Geometry(n, channels, x.shape[2:], weight.shape[2:], stride, padding, dilation, x.dtype)
    out = np.empty((n, out_channels, *geometry.counts), x.dtype)
    # A product for each place along the first axis needs sums of results, a single one more columns.
    by_runs = geometry.has_runs and out_channels <= channels * math.prod(weight.shape[3:])
    w = _by_place(weight, groups) if by_runs else [weight.reshape(groups, out_channels // groups, -1)]
    column = None if bias is None else bias.reshape(-1, 1)
    for block in geometry.blocks():
        cols, *more = geometry.runs(x[block]) if by_runs else [geometry.columns(x[block])]
        count = block.stop - block.start
        # The product of one image is the result; of several, their pixels stand together and are sorted again.
        if count == 1:
            result = out[block].reshape(out_channels, -1)
        else:
            result = scratch("result", (out_channels, cols.shape[1]), x.dtype)
        _multiply(w[0], cols, groups, result)
        for factors, run in zip(w[1:], more, strict=True):
            term = scratch("term", result.shape, x.dtype)
            _multiply(factors, run, groups, term)
            result += term
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
    if _picks(size, weight.shape[2:], stride, padding, groups):
        lines = np.matmul(weight.reshape(out_channels, channels).T, _as_lines(g)).reshape(n, channels, *g.shape[2:])
        if all(s == 1 for s in stride):
            return lines
        out = np.zeros((n, channels, *size), g.dtype)
        _picked(out, stride)[...] = lines
        return out
    reach = tuple(d * (k - 1) for k, d in zip(weight.shape[2:], dilation, strict=True))
    if out_channels <= channels and all(s == 1 for s in stride) and all(
        max(around) <= r for around, r in zip(padding, reach, strict=True)
    ):  # fmt: skip
        # A convolution itself, with the weights turned round: to copy windows is less work than to add them up.
        key: Any = (..., *(slice(None, None, -1) for _ in reach))
        turned = weight[key]
        turned = turned.reshape(groups, out_channels // groups, *weight.shape[1:]).swapaxes(1, 2)
        around = tuple((r - before, r - after) for (before, after), r in zip(padding, reach, strict=True))
        return convolution(
            g, turned.reshape(channels, out_channels // groups, *weight.shape[2:]), stride=stride, padding=around,
            dilation=dilation, groups=groups,
        )  # fmt: skip
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
    if _picks(x.shape[2:], kernel_size, stride, padding, groups):
        lines = _as_lines(_picked(x, stride))
        total = np.add.reduce(np.matmul(lines, _as_lines(g).swapaxes(1, 2)), 0)
        return np.ascontiguousarray(total.T).reshape(g.shape[1], channels, *kernel_size)
    geometry = _Geometry(n, channels, x.shape[2:], kernel_size, stride, padding, dilation, x.dtype)
    out_channels, per_group = g.shape[1], channels // groups
    by_runs = geometry.has_runs and per_group * math.prod(kernel_size[1:]) >= _LEAST_ROWS
    places = kernel_size[0] if by_runs else 1
    depth = per_group * geometry.elements // places
    # Turned round: BLAS is twice as fast at a tall matrix times a narrow one as at the other way.
    out = np.zeros((places, groups, depth, out_channels // groups), x.dtype)
    term = scratch("term", out.shape[1:], x.dtype)
    for block in geometry.blocks():
        runs = geometry.runs(x[block]) if by_runs else [geometry.columns(x[block])]
        slopes = _together(g[block], geometry.windows).reshape(groups, out_channels // groups, -1).transpose(0, 2, 1)
        for cols, total in zip(runs, out, strict=True):
            np.matmul(cols.reshape(groups, depth, -1), slopes, out=term)
            total += term
    found = out.reshape(places, groups, per_group, depth // per_group, out_channels // groups).transpose(1, 4, 2, 0, 3)
    return np.ascontiguousarray(found).reshape(out_channels, per_group, *kernel_size)


KERNELS = {f.__name__: f for f in (convolution, convolution_input, convolution_weight)}
