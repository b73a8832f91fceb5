"""The sums of a convolution's gradient for the weight. See :mod:`.convolution`. Arrays are 1-D."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_packing import pack, pack_rows
from .compiled_sharing import sharing
from .compiling import compiled as _compiled
from .row_tiles import ROW_TAPS, narrow_correlation, wide_correlation
from .tiles import LINES, TAPS, VECTOR_BYTES, correlation, lone_correlation

#: Positions over which a sum goes at a time, of few rows and of rows side by side: they stay in the first-level cache.
_RUN, _ROW_RUN = 1024, 192


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
    first, last, in_group = first_tile // tiles, (last_tile - 1) // tiles + 1, channels // groups
    for share in range(first_share, last_share):
        for number in range(share * blocks // shares, (share + 1) * blocks // shares):
            present = min(block, images - number * block)
            if present < block:
                slopes[:], source[:] = 0, 0
            pack(x, number * block, present, channels, first * in_group, last * in_group, geometry, source)
            pack(g, number * block, present, groups * rows, first * rows, last * rows, slope_geometry, slopes)
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


@_compiled
def _correlate_rows(
    part: Any, g: Any, x: Any, geometry: Any, shares: Any, block: Any, images: Any, channels: Any, memory: Any,
    group_step: Any, places: Any, starts: Any, width: Any, groups: Any, rows: Any, tile: Any, out: Any,
) -> None:  # fmt: skip
    """The same, of rows that fill vectors: these stand side by side, and the sums of a vector are those of its rows.

    starts, width : where the lines of windows begin, of a block's images, and how many windows each has
    tile : rows, of one or two vectors
    out : (shares, groups, tiles of rows, places, rows of a tile), where places are whole tiles; zeros
    """
    first_share, last_share, first_tile, last_tile = part[0], part[1], part[2], part[3]
    tiles, count, blocks = -(-rows // tile), places.size, -(-images // block)
    lines, run = starts.size // block, max(_ROW_RUN // width, 1)
    windows = lines * width
    first, last, in_group = first_tile // tiles, (last_tile - 1) // tiles + 1, channels // groups
    slopes = np.zeros((last_tile - first_tile) * block * windows * tile, x.dtype)
    source = np.zeros(memory, x.dtype)
    for share in range(first_share, last_share):
        for number in range(share * blocks // shares, (share + 1) * blocks // shares):
            present = min(block, images - number * block)
            pack(x, number * block, present, channels, first * in_group, last * in_group, geometry, source)
            pack_rows(g, number * block, present, windows, groups, rows, tile, first_tile, last_tile, block, slopes)
            for group_tile in range(first_tile, last_tile):
                start = group_tile // tiles * group_step
                target = (share * groups * tiles + group_tile) * count * tile
                for line in range(0, present * lines, run):
                    at = ((group_tile - first_tile) * block * windows + line * width) * tile
                    these = min(run, present * lines - line)
                    for k in range(0, count, ROW_TAPS):
                        to = target + k * tile
                        if tile * x.itemsize == VECTOR_BYTES:
                            narrow_correlation(
                                slopes, at, starts, line, these, width, source, start, places, k, out, to
                            )  # fmt: skip
                        else:
                            wide_correlation(slopes, at, starts, line, these, width, source, start, places, k, out, to)


_share_correlate, _share_correlate_rows = sharing(_correlate), sharing(_correlate_rows)


@_compiled
def correlate(crew: Any, parts: Any, *args: Any) -> None:
    _share_correlate(crew, parts, args)


@_compiled
def correlate_rows(crew: Any, parts: Any, *args: Any) -> None:
    _share_correlate_rows(crew, parts, args)
