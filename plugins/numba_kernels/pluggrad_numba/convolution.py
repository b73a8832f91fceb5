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
from typing import Any

import numpy as np

from .correlation import sums_of_lines, sums_of_rows
from .packing import Sizes, three, up_to
from .plans import Padding, Plan, pixels, windows
from .products import product

Kernel = Callable[..., np.ndarray]

#: Products of two numbers beyond which a compiled kernel is called.
_LEAST = 1 << 21
#: Images up to which threads would have to pack the same ones.
_FEW = 4


def _in_tiles(rows: np.ndarray, tile: int) -> np.ndarray:
    """(groups, rows, ...) as (groups, tiles, rows of a tile, ...), the last of which may be 0."""
    groups, count, *rest = rows.shape
    whole = up_to(count, tile)
    if whole != count:
        rows = np.concatenate([rows, np.zeros((groups, whole - count, *rest), rows.dtype)], axis=1)
    return rows.reshape(groups, whole // tile, tile, *rest)


def _weights(w: np.ndarray, taps: Sequence[Sequence[Sequence[int]]], tile: int) -> np.ndarray:
    """Weights (groups, rows, channels, *kernel) as the kernel reads them: for each product its taps, tile by tile."""
    found = []
    for of_axes in taps:
        used = w
        for axis, wanted in enumerate(of_axes, 3):
            if len(wanted) != w.shape[axis]:
                used = np.take(used, wanted, axis=axis)
        rows = _in_tiles(used.reshape(*w.shape[:2], math.prod(used.shape[2:])), tile)
        found.append(np.ascontiguousarray(rows.swapaxes(2, 3)).reshape(-1))
    return np.concatenate(found) if len(found) > 1 else found[0]


def _multiply(
    plan: Plan, source: np.ndarray, w: np.ndarray, bias: np.ndarray | None, tile: int, out: np.ndarray
) -> None:
    """Products of a source with weights (groups, rows, channels, *kernel), into ``out`` (N, groups · rows, ...)."""
    from . import compiled_convolution as compiled
    from . import threads
    from .crew import together

    groups, rows = w.shape[:2]
    count = -(-rows // tile)
    weights = _weights(w, plan.taps, tile)
    begin = np.zeros(groups * count * tile, w.dtype)
    if bias is not None:
        begin.reshape(groups, -1)[:, :rows] = bias.reshape(groups, rows)
    packed, table = plan.packed, plan.table
    given, flat, row_step = np.ascontiguousarray(source).reshape(-1), out.reshape(-1), math.prod(out.shape[2:])
    positions = int(table[:, 2].max())
    # Who computes some of the rows packs all channels of their group: of one group as few do so as there are threads.
    helpers = threads.count()
    pieces = helpers // math.gcd(helpers, packed.blocks) if packed.blocks < 4 * helpers else 1
    at_once = 1 if groups > 1 else -(-count // pieces)
    together(
        compiled.multiply, (packed.blocks, -(-groups * count // at_once)), given, packed.block, packed.images,
        packed.channels, packed.geometry, packed.memory(positions), packed.group_step(groups), table, weights,
        plan.places, begin, count, rows, positions, flat, groups * rows * row_step, row_step, at_once,
    )  # fmt: skip


def _tiles(rows: int, dtype: np.dtype[Any]) -> tuple[int, int]:
    """How many rows and positions a tile has, of products with so many rows for each group."""
    from . import tiles

    width = tiles.VECTOR_BYTES // dtype.itemsize
    return (1, tiles.LONE_VECTORS * width) if rows == 1 else (tiles.ROWS, tiles.VECTORS * width)


def _serves(a: Any, b: Any, work: int) -> bool:
    """Whether the compiled kernels are for these arrays, and so many products of two numbers."""
    return work > _LEAST and a.dtype == b.dtype and a.dtype.char in "fd" and 3 <= a.ndim <= 5


def _of_pixels(
    x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, stride: Sizes, padding: Padding, groups: int
) -> np.ndarray | None:  # fmt: skip
    """Of few images, and windows that are all pixels, one by one: a product with the images, where they lie.

    None for others: of many images each is found in the cache once it is packed.
    w : (rows, channels, *kernel)
    """
    few = x.shape[0] <= _FEW
    if not few or math.prod(w.shape[2:]) != 1 or math.prod(stride) != 1 or groups != 1 or any(map(any, padding)):
        return None
    rows, channels = w.shape[:2]
    out = product(w.reshape(rows, channels), x.reshape(x.shape[0], channels, -1))
    if out is not None and bias is not None:
        out += bias.reshape(-1, 1)
    return None if out is None else out.reshape(x.shape[0], rows, *x.shape[2:])


def convolution(kernel: Kernel) -> Kernel:
    def call(
        x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, stride: Sizes, padding: Padding,
        dilation: Sizes, groups: int,
    ) -> np.ndarray:  # fmt: skip
        kernel_size, size = weight.shape[2:], x.shape[2:]
        geometry = zip(size, kernel_size, stride, padding, dilation, strict=True)
        counts = tuple([(n + b + a - d * (k - 1) - 1) // s + 1 for n, k, s, (b, a), d in geometry])
        if not _serves(x, weight, x.shape[0] * weight.size * math.prod(counts)):
            return kernel(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
        found = _of_pixels(x, weight, bias, stride, padding, groups)
        if found is not None:
            return found
        rows = weight.shape[0] // groups
        tile, positions = _tiles(rows, x.dtype)
        plan = windows(*x.shape[:2], groups, size, counts, kernel_size, stride, padding, dilation, x.dtype, positions)
        out = np.empty((x.shape[0], weight.shape[0], *counts), x.dtype)
        w = weight.reshape(groups, rows, weight.shape[1], *three(kernel_size, 1))
        _multiply(plan, x, w, bias, tile, out)
        return out

    return call


def convolution_input(kernel: Kernel) -> Kernel:
    def call(
        g: np.ndarray, weight: np.ndarray, *, size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
    ) -> np.ndarray:
        kernel_size, counts = weight.shape[2:], g.shape[2:]
        if not _serves(g, weight, g.shape[0] * weight.size * math.prod(counts)):
            return kernel(g, weight, size=size, stride=stride, padding=padding, dilation=dilation, groups=groups)
        found = _of_pixels(g, weight.swapaxes(0, 1), None, stride, padding, groups)
        if found is not None:
            return found
        rows = weight.shape[1]
        tile, positions = _tiles(rows, g.dtype)
        plan = pixels(
            *g.shape[:2], groups, tuple(size), counts, kernel_size, stride, padding, dilation, g.dtype, positions
        )
        out = np.empty((g.shape[0], groups * rows, *size), g.dtype)
        w = weight.reshape(groups, g.shape[1] // groups, rows, *three(kernel_size, 1)).swapaxes(1, 2)
        _multiply(plan, g, w, None, tile, out)
        return out

    return call


def convolution_weight(kernel: Kernel) -> Kernel:
    def call(
        g: np.ndarray, x: np.ndarray, *, kernel_size: Sizes, stride: Sizes, padding: Padding,
        dilation: Sizes, groups: int,
    ) -> np.ndarray:  # fmt: skip
        options: dict[str, Any] = {
            "kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
        }  # fmt: skip
        counts, channels, rows = g.shape[2:], x.shape[1] // groups, g.shape[1] // groups
        if not _serves(g, x, g.size * channels * math.prod(kernel_size)):
            return kernel(g, x, **options)
        from . import tiles

        width = tiles.VECTOR_BYTES // x.itemsize
        plan = windows(
            *x.shape[:2], groups, x.shape[2:], counts, tuple(kernel_size), stride, padding, dilation, x.dtype, width
        )
        given = (np.ascontiguousarray(g), np.ascontiguousarray(x), plan, groups)
        sums = sums_of_lines(*given) if rows <= width // 2 else sums_of_rows(*given)
        out = np.ascontiguousarray(sums[:, :rows, : plan.places.size])
        if not np.isfinite(out).all():  # an infinite pixel, times a zero between the lines
            return kernel(g, x, **options)
        return out.reshape(g.shape[1], channels, *kernel_size)

    return call


WRAPPERS = {f.__name__: f for f in (convolution, convolution_input, convolution_weight)}
