"""The products of a convolution. See :mod:`.convolution` for how they fit together. Arrays are 1-D."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_packing import pack, unpack
from .compiled_sharing import sharing
from .compiling import compiled as _compiled
from .tiles import LONE_VECTORS, ROWS, VECTOR_BYTES, VECTORS, lone_product, product


@_compiled
def _multiply(
    part: Any, x: Any, block: Any, images: Any, channels: Any, geometry: Any, memory: Any, group_step: Any,
    products: Any, weights: Any, places: Any, begin: Any, tiles: Any, rows: Any, line: Any, out: Any, image_step: Any,
    row_step: Any, at_once: Any,
) -> None:  # fmt: skip
    """Products of each group's weights with windows of images: of some blocks, for some tiles of all groups' rows.

    memory : numbers in a packed block
    products : of each its first place, their number, how many positions it has; its ``counts``, where its results
        start in an image, and their three ``steps``
    weights : for each product (groups, tiles, places, rows of a tile); ``rows`` of each group are wanted
    line : positions, at most
    at_once : how many tiles a part's second range counts as one
    """
    first_block, last_block, all_tiles = part[0], part[1], begin.size // (1 if rows == 1 else ROWS)
    first_tile, last_tile = part[2] * at_once, min(part[3] * at_once, all_tiles)
    in_group = channels * tiles // all_tiles
    first_channel, last_channel = first_tile // tiles * in_group, ((last_tile - 1) // tiles + 1) * in_group
    width = VECTOR_BYTES // x.itemsize
    tile_rows = 1 if rows == 1 else ROWS
    source, lines = np.zeros(memory, x.dtype), np.empty(tile_rows * line, x.dtype)
    length = geometry[4]
    for number in range(first_block, last_block):
        image = number * block
        present = min(block, images - image)
        if present < block:
            source[:] = 0
        pack(x, image, present, channels, first_channel, last_channel, geometry, source)
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
                    unpack(lines, r * positions, present, counts, length, out, to, image_step, steps)


_share_multiply = sharing(_multiply)


@_compiled
def multiply(crew: Any, parts: Any, *args: Any) -> None:
    _share_multiply(crew, parts, args)
