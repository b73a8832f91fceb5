"""The compiled parts of a convolution. See :mod:`.convolution` for how they fit together. Arrays are 1-D."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_sharing import sharing
from .compiling import compiled as _compiled
from .runs import copy_run
from .tiles import (
    LINES,
    LONE_VECTORS,
    ROWS,
    TAPS,
    VECTOR_BYTES,
    VECTORS,
    correlation,
    lone_correlation,
    lone_product,
    product,
)  # fmt: skip

#: Positions over which a sum of a correlation goes at a time: its rows stay in the first-level cache.
_RUN = 1024


@_compiled
def _pack(x: Any, first: Any, images: Any, channels: Any, geometry: Any, out: Any) -> None:
    """Some images (B, C, D, H, W) as lines (B, *length) of (C, phases), between the zeros that are there.

    geometry : see ``packing.Packed.geometry``
    """
    size, before, stride, phases, length, line_step = geometry
    depth, height, width = size
    of_depth, of_height, of_width = phases
    at = 0
    for c in range(channels):
        for a in of_depth:
            for b in of_height:
                for e in of_width:
                    low = max(-((e - before[2]) // stride[2]), 0)  # the first position within the image
                    high = min((width - 1 + before[2] - e) // stride[2] + 1, length[2])
                    to = at
                    for i in range(images):
                        image = ((first + i) * channels + c) * depth * height * width
                        for j in range(length[0]):
                            z = j * stride[0] + a - before[0]
                            for k in range(length[1]):
                                y = k * stride[1] + b - before[1]
                                if 0 <= z < depth and 0 <= y < height:
                                    pixels = image + (z * height + y) * width + e - before[2] + low * stride[2]
                                    copy_run(out, to + low, 1, x, pixels, stride[2], max(high - low, 0))
                                to += length[2]
                    at += line_step


@_compiled
def _unpack(
    lines: Any, begin: Any, images: Any, counts: Any, length: Any, out: Any, start: Any, image_step: Any, steps: Any
) -> None:
    """A line of results, (B, *length), of which the first ``counts`` of each axis are wanted, to where they belong."""
    for i in range(images):
        for j in range(counts[0]):
            for k in range(counts[1]):
                to = start + i * image_step + j * steps[0] + k * steps[1]
                at = begin + ((i * length[0] + j) * length[1] + k) * length[2]
                copy_run(out, to, steps[2], lines, at, 1, counts[2])


@_compiled
def _multiply(
    part: Any, x: Any, block: Any, images: Any, channels: Any, geometry: Any, memory: Any, group_step: Any,
    products: Any, weights: Any, places: Any, begin: Any, tiles: Any, rows: Any, line: Any, out: Any, image_step: Any,
    row_step: Any,
) -> None:  # fmt: skip
    """Products of each group's weights with windows of images: of some blocks, for some tiles of all groups' rows.

    memory : numbers in a packed block
    products : of each its first place, their number, how many positions it has; its ``counts``, where its results
        start in an image, and their three ``steps``
    weights : for each product (groups, tiles, places, rows of a tile); ``rows`` of each group are wanted
    line : positions, at most
    """
    first_block, last_block, first_tile, last_tile = part[0], part[1], part[2], part[3]
    width = VECTOR_BYTES // x.itemsize
    tile_rows = 1 if rows == 1 else ROWS
    source, lines = np.zeros(memory, x.dtype), np.empty(tile_rows * line, x.dtype)
    length = geometry[4]
    for number in range(first_block, last_block):
        image = number * block
        present = min(block, images - image)
        if present < block:
            source[:] = 0
        _pack(x, image, present, channels, geometry, source)
        for q in range(products.shape[0]):
            first, count, positions = products[q, 0], products[q, 1], products[q, 2]
            counts = (products[q, 3], products[q, 4], products[q, 5])
            start = image * image_step + products[q, 6]
            steps = (products[q, 7], products[q, 8], products[q, 9])
            runs = places[first : first + count]
            for group_tile in range(first_tile, last_tile):
                group, tile = group_tile // tiles, group_tile % tiles
                at, row = group * group_step, group_tile * tile_rows
                w = begin.size * first + row * count
                if rows == 1:
                    for p in range(0, positions, LONE_VECTORS * width):
                        lone_product(weights, w, source, at + p, runs, count, begin, row, lines, p, positions)
                else:
                    for p in range(0, positions, VECTORS * width):
                        product(weights, w, source, at + p, runs, count, begin, row, lines, p, positions)
                for r in range(min(tile_rows, rows - tile * tile_rows)):
                    to = start + (group * rows + tile * tile_rows + r) * row_step
                    _unpack(lines, r * positions, present, counts, length, out, to, image_step, steps)


@_compiled
def _correlate(
    part: Any, g: Any, slope_geometry: Any, x: Any, geometry: Any, shares: Any, block: Any, images: Any, channels: Any,
    slope_memory: Any, memory: Any, group_step: Any, places: Any, groups: Any, rows: Any, out: Any,
) -> None:  # fmt: skip
    """For each row of slopes and each place the sum of slopes times source: of some shares of the images each.

    slope_memory, memory : numbers in packed blocks
    out : (shares, groups, tiles of rows, tiles of places, rows of a tile, places of a tile), zeros
    """
    first_share, last_share, first_tile, last_tile = part[0], part[1], part[2], part[3]
    slopes, source = np.zeros(slope_memory, x.dtype), np.zeros(memory, x.dtype)
    width = VECTOR_BYTES // x.itemsize
    tile_rows = 1 if rows == 1 else LINES
    tiles, count, line = -(-rows // tile_rows), places.size, geometry[5]
    blocks = -(-images // block)
    for share in range(first_share, last_share):
        for number in range(share * blocks // shares, (share + 1) * blocks // shares):
            present = min(block, images - number * block)
            if present < block:
                slopes[:], source[:] = 0, 0
            _pack(x, number * block, present, channels, geometry, source)
            _pack(g, number * block, present, groups * rows, slope_geometry, slopes)
            for group_tile in range(first_tile, last_tile):
                group, tile = group_tile // tiles, group_tile % tiles
                row = (group * rows + tile * tile_rows) * line
                target = (share * groups * tiles + group_tile) * tile_rows * count
                for p in range(0, line, _RUN):
                    steps = min(_RUN, line - p) // width
                    at, start = row + p, group * group_step + p
                    for k in range(0, count, TAPS):
                        if rows == 1:
                            lone_correlation(
                                slopes, at, line, source, start, places, k, steps, out, target + k * tile_rows
                            )
                        else:
                            correlation(slopes, at, line, source, start, places, k, steps, out, target + k * tile_rows)


_share_multiply, _share_correlate = sharing(_multiply), sharing(_correlate)


@_compiled
def multiply(crew: Any, parts: Any, *args: Any) -> None:
    _share_multiply(crew, parts, args)


@_compiled
def correlate(crew: Any, parts: Any, *args: Any) -> None:
    _share_correlate(crew, parts, args)
