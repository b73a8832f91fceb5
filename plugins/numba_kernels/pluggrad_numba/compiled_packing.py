"""Images and slopes, as the compiled convolution reads them, and its results, as they are wanted. Arrays are 1-D."""

from __future__ import annotations

from typing import Any

from .compiling import compiled as _compiled
from .runs import copy_run
from .tiles import VECTOR_BYTES, transposition


@_compiled
def pack(
    x: Any, first: Any, images: Any, channels: Any, first_channel: Any, last_channel: Any, geometry: Any, out: Any
) -> None:  # fmt: skip
    """Some images (B, C, D, H, W) as lines (B, *length) of (C, phases), between the zeros that are there.

    first_channel, last_channel : those that are wanted
    geometry : see ``packing.Packed.geometry``
    """
    size, before, stride, phases, length, line_step = geometry
    depth, height, width = size
    of_depth, of_height, of_width = phases
    at = first_channel * of_depth.size * of_height.size * of_width.size * line_step
    for c in range(first_channel, last_channel):
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
def unpack(
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
def pack_rows(
    g: Any, first: Any, images: Any, windows: Any, groups: Any, rows: Any, tile: Any, first_tile: Any, last_tile: Any,
    block: Any, out: Any,
) -> None:  # fmt: skip
    """Some images (B, groups · rows, windows) as (tiles, block · windows, rows of a tile): rows side by side.

    The tiles are some of all groups'; zeros that are there stand for rows that a group does not have.
    """
    lanes = VECTOR_BYTES // g.itemsize
    tiles = -(-rows // tile)
    for group_tile in range(first_tile, last_tile):
        row = group_tile % tiles * tile
        present = min(tile, rows - row)
        for i in range(images):
            to = ((group_tile - first_tile) * block + i) * windows * tile
            start = (((first + i) * groups + group_tile // tiles) * rows + row) * windows
            for r in range(0, present, lanes):
                for p in range(0, windows, lanes):
                    if r + lanes <= present and p + lanes <= windows:
                        transposition(g, start + r * windows + p, windows, out, to + p * tile + r, tile)
                    else:
                        for k in range(r, min(r + lanes, present)):
                            for q in range(p, min(p + lanes, windows)):
                                out[to + q * tile + k] = g[start + k * windows + q]
