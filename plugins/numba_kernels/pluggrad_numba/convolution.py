"""Convolution and its two gradients, without columns: windows are read where they lie.

The images of a block are copied once, between zeros, into (C, phases, B, *length): pixels whose distance is a multiple
of the stride stand together, so that all windows' pixels of one place in the kernel are one run of memory, which begins
at a place of its own. A product of the weights with these runs is the convolution; what runs over the end of a line of
pixels is computed for nothing, and left out when results are written. The gradient for the input is the same product,
once for each phase of its pixels; the gradient for the weight sums over the runs.

Blocks of images go over the threads. What a block gives does not depend on how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from pluggrad_numpy.scratch import scratch

from .packing import VECTOR_BYTES, Axis, Packed, Sizes, three, up_to
from .threads import divide, share

Kernel = Callable[..., np.ndarray]

#: Products of two numbers beyond which a compiled kernel is called.
_LEAST = 1 << 21
#: Bytes of a gradient for the weight, of which each share of the images may have one of its own.
_PARTIAL_BYTES = 1 << 22
#: Into how many shares images are divided for it: this decides the order in which sums are made.
_SHARES = 8


@dataclass(frozen=True)
class _Product:
    """A product of weights with the windows of a packed source, and where its results belong.

    places : where the runs begin
    weights : as the kernel reads them: of each tile of rows together
    counts : the windows on each axis
    start, steps : where the result of the first one goes in an image, and how far apart those of each axis go
    """

    places: np.ndarray
    weights: np.ndarray
    counts: Sizes
    start: int
    steps: Sizes


def _in_tiles(rows: np.ndarray, tile: int) -> np.ndarray:
    """(groups, rows, ...) as (groups, tiles, rows of a tile, ...), the last of which may be 0."""
    groups, count, *rest = rows.shape
    whole = up_to(count, tile)
    if whole != count:
        rows = np.concatenate([rows, np.zeros((groups, whole - count, *rest), rows.dtype)], axis=1)
    return rows.reshape(groups, whole // tile, tile, *rest)


def _multiply(
    packed: Packed, source: np.ndarray, products: Sequence[_Product], begin: np.ndarray, groups: int, rows: int,
    out: np.ndarray,
) -> None:  # fmt: skip
    """Products of a source with weights of so many rows for each group, into ``out`` (N, groups · rows, ...).

    begin : of each tile of rows what is added to them
    """
    from . import compiled_convolution as compiled
    from . import tiles

    tile = 1 if rows == 1 else tiles.ROWS
    width = tiles.VECTOR_BYTES // out.itemsize * (tiles.LONE_VECTORS if rows == 1 else tiles.VECTORS)
    count = -(-rows // tile)
    places = np.concatenate([p.places for p in products])
    begins = np.cumsum([0, *(p.places.size for p in products)])
    table = np.array(
        [
            [first, p.places.size, packed.positions(p.counts, width), *p.counts, p.start, *p.steps]
            for first, p in zip(begins, products, strict=False)
        ],
        np.intp,
    )
    weights = np.concatenate([p.weights for p in products]) if len(products) > 1 else products[0].weights
    flat, row_step = out.reshape(-1), math.prod(out.shape[2:])
    parts = divide(packed.blocks, groups * count)

    def work(number: int) -> None:
        (first_block, last_block), (first_tile, last_tile) = parts[number]
        compiled.multiply(
            source, first_block, last_block, packed.block, packed.images, packed.channels, packed.geometry,
            scratch("source", (packed.memory(width),), out.dtype), packed.group_step(groups), table, weights, places,
            begin, count, first_tile, last_tile, rows, scratch("lines", (tile * int(table[:, 2].max()),), out.dtype),
            flat, groups * rows * row_step, row_step,
        )  # fmt: skip

    share(work, len(parts))


def _steps(size: Sizes) -> Sizes:
    return (size[1] * size[2], size[2], 1)


def _serves(a: Any, b: Any, work: int) -> bool:
    """Whether the compiled kernels are for these arrays, and so many products of two numbers."""
    return work > _LEAST and a.dtype == b.dtype and a.dtype.char in "fd" and 3 <= a.ndim <= 5


def convolution(kernel: Kernel) -> Kernel:
    def call(
        x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, stride: Sizes,
        padding: tuple[tuple[int, int], ...], dilation: Sizes, groups: int,
    ) -> np.ndarray:  # fmt: skip
        kernel_size, size = weight.shape[2:], x.shape[2:]
        geometry = list(zip(size, kernel_size, stride, padding, dilation, strict=True))
        counts = tuple((n + b + a - d * (k - 1) - 1) // s + 1 for n, k, s, (b, a), d in geometry)
        if not _serves(x, weight, x.shape[0] * weight.size * math.prod(counts)):
            return kernel(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
        from . import tiles

        taps = [[i * d for i in range(k)] for _, k, _, _, d in geometry]
        axes = [Axis.of(n, b, s, t, c) for (n, _, s, (b, _), _), t, c in zip(geometry, taps, counts, strict=True)]
        axes = [Axis.of(1, 0, 1, [0], 1)] * (3 - len(axes)) + axes
        packed = Packed(x.shape[0], x.shape[1], axes, x.dtype)
        rows = weight.shape[0] // groups
        tile = 1 if rows == 1 else tiles.ROWS
        places = packed.places(weight.shape[1], list(product(*[[0]] * (3 - len(taps)), *taps)))
        weights = _in_tiles(weight.reshape(groups, rows, -1), tile)
        begin = np.zeros(weight.shape[0], x.dtype) if bias is None else bias
        out = np.empty((x.shape[0], weight.shape[0], *counts), x.dtype)
        whole = three(counts, 1)
        one = _Product(
            places, np.ascontiguousarray(weights.swapaxes(2, 3)).reshape(-1),
            whole, 0, _steps(whole),
        )  # fmt: skip
        begin = _in_tiles(begin.reshape(groups, rows), tile).reshape(-1)
        _multiply(packed, np.ascontiguousarray(x).reshape(-1), [one], begin, groups, rows, out)
        return out

    return call


def _phases(size: int, kernel: int, stride: int, before: int, dilation: int) -> list[list[tuple[int, int]]]:
    """For each rest of a pixel's position, divided by the stride: the taps that meet it, and how many windows on.

    The window at ``(position + before - tap · dilation) / stride`` has it at that tap.
    """
    found = []
    for rest in range(min(stride, size)):
        reached = [(tap, rest + before - tap * dilation) for tap in range(kernel)]
        found.append([(tap, at // stride) for tap, at in reached if at % stride == 0])
    return found


def convolution_input(kernel: Kernel) -> Kernel:
    """The gradient for the input: of all pixels with one rest, divided by the stride, it is a product of its own."""

    def call(
        g: np.ndarray, weight: np.ndarray, *, size: Sizes, stride: Sizes, padding: tuple[tuple[int, int], ...],
        dilation: Sizes, groups: int,
    ) -> np.ndarray:  # fmt: skip
        kernel_size, counts = weight.shape[2:], g.shape[2:]
        if not _serves(g, weight, g.shape[0] * weight.size * math.prod(counts)):
            return kernel(
                g, weight, size=size, stride=stride, padding=padding, dilation=dilation, groups=groups
            )  # fmt: skip
        from . import tiles

        missing = 3 - len(size)
        of_axes = [[[(0, 0)]]] * missing + [
            _phases(n, k, s, b, d)
            for n, k, s, (b, _), d in zip(size, kernel_size, stride, padding, dilation, strict=True)
        ]
        size, kernel_size, stride, counts = (three(v, 1) for v in (size, kernel_size, stride, counts))
        axes, befores = [], []
        for phases, n, s, count in zip(of_axes, size, stride, counts, strict=True):
            windows = [at for phase in phases for _, at in phase] or [0]
            befores.append(max(0, -min(windows)))
            axes.append(Axis.of(count, befores[-1], 1, [at + befores[-1] for at in windows], -(-n // s)))
        packed = Packed(g.shape[0], g.shape[1], axes, g.dtype)
        inner, rows = g.shape[1] // groups, weight.shape[1]
        tile = 1 if rows == 1 else tiles.ROWS
        w = weight.reshape(groups, inner, rows, *kernel_size).transpose(0, 2, 1, 3, 4, 5)
        begin = np.zeros(groups * up_to(rows, tile), g.dtype)
        steps, products = _steps(size), []
        for rests in product(*(range(len(phases)) for phases in of_axes)):
            met = [phases[rest] for phases, rest in zip(of_axes, rests, strict=True)]
            used = w
            for axis, phase in enumerate(met):
                used = np.take(used, [tap for tap, _ in phase], axis=3 + axis)
            taps = [[at + before for _, at in phase] for phase, before in zip(met, befores, strict=True)]
            weights = _in_tiles(used.reshape(groups, rows, math.prod(used.shape[2:])), tile)
            products.append(
                _Product(
                    packed.places(inner, list(product(*taps))) if weights.size else np.empty(0, np.intp),
                    np.ascontiguousarray(weights.swapaxes(2, 3)).reshape(-1),
                    tuple(-(-(n - rest) // s) for n, rest, s in zip(size, rests, stride, strict=True)),
                    sum(rest * step for rest, step in zip(rests, steps, strict=True)),
                    tuple(s * step for s, step in zip(stride, steps, strict=True)),
                )
            )
        out = np.empty((g.shape[0], groups * rows, *size[missing:]), g.dtype)
        _multiply(packed, np.ascontiguousarray(g).reshape(-1), products, begin, groups, rows, out)
        return out

    return call


def convolution_weight(kernel: Kernel) -> Kernel:
    """The gradient for the weight: sums over windows, of some images each, and then of these."""

    def call(
        g: np.ndarray, x: np.ndarray, *, kernel_size: Sizes, stride: Sizes, padding: tuple[tuple[int, int], ...],
        dilation: Sizes, groups: int,
    ) -> np.ndarray:  # fmt: skip
        options: dict[str, Any] = {
            "kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
        }  # fmt: skip
        counts, channels, rows = g.shape[2:], x.shape[1] // groups, g.shape[1] // groups
        if not _serves(g, x, g.size * channels * math.prod(kernel_size)):
            return kernel(g, x, **options)
        from . import compiled_convolution as compiled
        from . import tiles

        taps = [[i * d for i in range(k)] for k, d in zip(kernel_size, dilation, strict=True)]
        geometry = zip(x.shape[2:], stride, padding, taps, counts, strict=True)
        axes = [Axis.of(n, b, s, t, c) for n, s, (b, _), t, c in geometry]
        axes = [Axis.of(1, 0, 1, [0], 1)] * (3 - len(axes)) + axes
        packed = Packed(x.shape[0], x.shape[1], axes, x.dtype)
        slopes = Packed(
            x.shape[0], g.shape[1],
            [Axis(n, 0, 1, (0,), axis.length) for n, axis in zip(three(counts, 1), axes, strict=True)], x.dtype,
        )  # fmt: skip
        slopes.block, slopes.line, slopes.channel = packed.block, packed.line, packed.line
        tile = 1 if rows == 1 else tiles.LINES
        whole = up_to(rows, tile)
        places = packed.places(channels, list(product(*[[0]] * (3 - len(taps)), *taps)))
        depth = places.size
        places = np.concatenate([places, np.zeros(-depth % tiles.TAPS, np.intp)])
        most = _PARTIAL_BYTES // (groups * whole * places.size * x.itemsize)
        shares = max(1, min(_SHARES, packed.blocks, most))
        partial = np.zeros((shares, groups, whole, places.size), x.dtype)
        flat_g, flat_x = np.ascontiguousarray(g).reshape(-1), np.ascontiguousarray(x).reshape(-1)
        parts = divide(shares, groups * whole // tile)

        def work(number: int) -> None:
            (first_share, last_share), (first_tile, last_tile) = parts[number]
            compiled.correlate(
                flat_g, slopes.geometry, flat_x, packed.geometry, first_share, last_share, shares, packed.block,
                packed.images, packed.channels, scratch("slopes", (slopes.memory(tile * packed.line),), x.dtype),
                scratch("source", (packed.memory(VECTOR_BYTES),), x.dtype), packed.group_step(groups), places, groups,
                rows, first_tile, last_tile, partial.reshape(-1),
            )  # fmt: skip

        share(work, len(parts))
        out = np.ascontiguousarray(np.add.reduce(partial, 0)[:, :rows, :depth])
        if not np.isfinite(out).all():  # an infinite pixel, times a zero between the lines
            return kernel(g, x, **options)
        return out.reshape(g.shape[1], channels, *kernel_size)

    return call


WRAPPERS = {f.__name__: f for f in (convolution, convolution_input, convolution_weight)}
