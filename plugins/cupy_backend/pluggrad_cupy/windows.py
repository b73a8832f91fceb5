"""Sliding windows: pooling, and convolution as a product of matrices (cuBLAS) over columns made by a kernel."""

from __future__ import annotations

import functools
import math
from typing import Any

import cupy
import numpy
from cupy import ndarray as Array

from .launch import blocks_for, launch

Sizes = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]

#: How many bytes of columns are made at a time.
_COLUMN_BYTES = 1 << 28


def counts(size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> Sizes:
    """How many windows there are along each axis."""
    return tuple(
        (n + b + a - d * (k - 1) - 1) // s + 1
        for n, k, s, (b, a), d in zip(size, kernel_size, stride, padding, dilation, strict=True)
    )


@functools.lru_cache(maxsize=256)
def _numbers(
    device: int, size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, count: Sizes
) -> Array:
    """The windows as csrc/windows.cuh reads them: three axes, missing ones of size 1 in front."""
    more = (3 - len(size),)
    ones, zeros = (1,) * more[0], (0,) * more[0]
    before = tuple(b for b, _ in padding)
    rows = (ones + size, ones + kernel_size, ones + stride, zeros + before, ones + dilation, ones + count)
    return cupy.asarray(numpy.array(rows, numpy.int32).reshape(-1))


def _geometry(
    size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes | None = None
) -> tuple[Array, Sizes]:
    dilation = (1,) * len(size) if dilation is None else tuple(dilation)
    size, kernel_size, stride = tuple(size), tuple(kernel_size), tuple(stride)
    padding = tuple((b, a) for b, a in padding)
    count = counts(size, kernel_size, stride, padding, dilation)
    return _numbers(cupy.cuda.get_device_id(), size, kernel_size, stride, padding, dilation, count), count


# -- pooling ------------------------------------------------------------------------------------------------------


def _pool(name: str, like: Array, x: Array, given: tuple[Array, ...], dtype: Any, **geometry: Any) -> Array:
    numbers, count = _geometry(x.shape[2:], **geometry)
    out = cupy.empty((*x.shape[:2], *count), dtype)
    arrays = [cupy.ascontiguousarray(a) for a in given]
    launch("pooling", name, like.dtype, blocks_for(out.size), (*arrays, out, numbers, x.shape[0] * x.shape[1]))
    return out


def max_pool(x: Array, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> Array:
    return _pool("max_pool", x, x, (x,), x.dtype, kernel_size=kernel_size, stride=stride, padding=padding,
                 dilation=dilation)  # fmt: skip


def max_pool_indices(
    x: Array, out0: Array, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Array:
    return _pool("max_pool_indices", x, x, (x,), cupy.int64, kernel_size=kernel_size, stride=stride, padding=padding,
                 dilation=dilation)  # fmt: skip


def max_pool_select(
    values: Array, x: Array, out0: Array, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Array:
    return _pool("max_pool_select", x, x, (values, x), x.dtype, kernel_size=kernel_size, stride=stride,
                 padding=padding, dilation=dilation)  # fmt: skip


def max_pool_input(
    g0: Array, x: Array, out0: Array, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Array:
    geometry: dict[str, Any] = dict(kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)
    at = max_pool_indices(x, out0, **geometry)
    numbers, _ = _geometry(x.shape[2:], **geometry)
    out = cupy.empty(x.shape, g0.dtype)
    launch("pooling", "max_pool_input", g0.dtype, blocks_for(out.size),
           (cupy.ascontiguousarray(g0), at, out, numbers, x.shape[0] * x.shape[1]))  # fmt: skip
    return out


@functools.lru_cache(maxsize=256)
def _counted(device: int, padding: Padding) -> Array:
    pairs = (*((0, 0),) * (3 - len(padding)), *padding)
    return cupy.asarray(numpy.array(pairs, numpy.int32).reshape(-1))


def _divisor(kernel_size: Sizes, counted: Padding | None, divisor: int | None) -> tuple[Array, int]:
    """How much of the padding counts, and the divisor; 0: as many as count."""
    number = math.prod(kernel_size) if divisor is None and counted is None else divisor or 0
    padding = tuple((b, a) for b, a in counted or ())
    return _counted(cupy.cuda.get_device_id(), padding), number


def avg_pool(
    x: Array, *, kernel_size: Sizes, stride: Sizes, padding: Padding, counted: Padding | None, divisor: int | None
) -> Array:
    numbers, count = _geometry(x.shape[2:], kernel_size, stride, padding)
    out = cupy.empty((*x.shape[:2], *count), x.dtype)
    launch("pooling", "avg_pool", x.dtype, blocks_for(out.size), (
        cupy.ascontiguousarray(x), out, numbers, *_divisor(kernel_size, counted, divisor), x.shape[0] * x.shape[1],
    ))  # fmt: skip
    return out


def avg_pool_input(
    g0: Array, *, size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, counted: Padding | None,
    divisor: int | None,
) -> Array:  # fmt: skip
    numbers, _ = _geometry(size, kernel_size, stride, padding)
    out = cupy.empty((*g0.shape[:2], *size), g0.dtype)
    launch("pooling", "avg_pool_input", g0.dtype, blocks_for(out.size), (
        cupy.ascontiguousarray(g0), out, numbers, *_divisor(kernel_size, counted, divisor), g0.shape[0] * g0.shape[1],
    ))  # fmt: skip
    return out


# -- convolution --------------------------------------------------------------------------------------------------


class _Convolution:
    """The columns of some images at a time, (B, C · elements, windows)."""

    def __init__(self, x_shape: Sizes, dtype: Any, kernel_size: Sizes, stride: Sizes, padding: Padding,
                 dilation: Sizes) -> None:  # fmt: skip
        self.images, self.channels, self.size = x_shape[0], x_shape[1], tuple(x_shape[2:])
        self.numbers, self.count = _geometry(self.size, kernel_size, stride, padding, dilation)
        self.windows, self.elements = math.prod(self.count), math.prod(kernel_size)
        self.dtype = dtype
        each = max(self.channels * self.elements * self.windows * dtype.itemsize, 1)
        self.block = max(1, min(self.images, _COLUMN_BYTES // each))
        # The windows are the pixels: the images are their columns.
        self.is_pointwise = self.elements == 1 and self.count == self.size and not any(map(any, padding))

    def blocks(self) -> list[slice]:
        return [slice(i, min(i + self.block, self.images)) for i in range(0, self.images, self.block)]

    def columns(self, x: Array) -> Array:
        images = x.shape[0]
        if self.is_pointwise:
            return x.reshape(images, self.channels, self.windows)
        out = cupy.empty((images, self.channels * self.elements, self.windows), self.dtype)
        launch("convolution", "columns", self.dtype, blocks_for(out.size),
               (cupy.ascontiguousarray(x), out, self.numbers, images, self.channels))  # fmt: skip
        return out

    def add_columns(self, columns: Array, out: Array) -> None:
        images = out.shape[0]
        if self.is_pointwise:
            out[...] = columns.reshape(out.shape)
            return
        launch("convolution", "add_columns", self.dtype, blocks_for(out.size),
               (cupy.ascontiguousarray(columns), out, self.numbers, images, self.channels))  # fmt: skip


def convolution(
    x: Array, weight: Array, bias: Array | None = None, *, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Array:
    c = _Convolution(x.shape, x.dtype, weight.shape[2:], stride, padding, dilation)
    outs = weight.shape[0]
    out = cupy.empty((c.images, outs, *c.count), x.dtype)
    w = weight.reshape(groups, outs // groups, -1)
    for block in c.blocks():
        columns = c.columns(x[block])
        columns = columns.reshape(columns.shape[0], groups, -1, c.windows)
        out[block] = cupy.matmul(w, columns).reshape(columns.shape[0], outs, *c.count)
    if bias is not None:
        out += bias.reshape((-1,) + (1,) * len(c.count))
    return out


def convolution_input(
    g0: Array, weight: Array, *, size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Array:
    outs, channels = g0.shape[1], weight.shape[1] * groups
    c = _Convolution((g0.shape[0], channels, *size), g0.dtype, weight.shape[2:], stride, padding, dilation)
    w = weight.reshape(groups, outs // groups, -1).transpose(0, 2, 1)
    out = cupy.empty((c.images, channels, *size), g0.dtype)
    for block in c.blocks():
        g = g0[block].reshape(-1, groups, outs // groups, c.windows)
        c.add_columns(cupy.matmul(w, g).reshape(g.shape[0], -1, c.windows), out[block])
    return out


def convolution_weight(
    g0: Array, x: Array, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Array:
    c = _Convolution(x.shape, x.dtype, kernel_size, stride, padding, dilation)
    outs = g0.shape[1]
    out = None
    for block in c.blocks():
        columns = c.columns(x[block])
        images = columns.shape[0]
        # One product for each group: images and windows side by side.
        columns = columns.reshape(images, groups, -1, c.windows).transpose(1, 2, 0, 3)
        g = g0[block].reshape(images, groups, outs // groups, c.windows).transpose(1, 2, 0, 3)
        term = cupy.matmul(
            g.reshape(groups, outs // groups, -1), columns.reshape(groups, columns.shape[1], -1).transpose(0, 2, 1)
        )
        out = term if out is None else out + term
    shape = (outs, c.channels // groups, *kernel_size)
    return cupy.zeros(shape, x.dtype) if out is None else out.reshape(shape)


KERNELS = {f.__name__: f for f in (
    max_pool, max_pool_indices, max_pool_select, max_pool_input, avg_pool, avg_pool_input, convolution,
    convolution_input, convolution_weight,
)}  # fmt: skip
