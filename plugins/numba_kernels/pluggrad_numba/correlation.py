"""The sums of a convolution's gradient for the weight: over windows, of some images each, and then of these."""

from __future__ import annotations

from typing import Any

import numpy as np

from .packing import VECTOR_BYTES, up_to
from .plans import Plan

#: Bytes of a gradient for the weight, of which each share of the images may have one of its own.
_PARTIAL_BYTES = 1 << 22
#: Into how many shares images are divided for it: this decides the order in which sums are made.
_SHARES = 8


def _divided(plan: Plan, taps: int, rows: int, dtype: np.dtype[Any]) -> tuple[np.ndarray, int]:
    """The places, up to whole tiles of so many taps, and into how many shares images are divided."""
    places = np.concatenate([plan.places, np.zeros(-plan.places.size % taps, np.intp)])
    most = _PARTIAL_BYTES // (rows * places.size * dtype.itemsize)
    return places, max(1, min(_SHARES, plan.packed.blocks, most))


def sums_of_lines(g: np.ndarray, x: np.ndarray, plan: Plan, groups: int) -> np.ndarray:
    """(groups, rows, places), both up to whole tiles, of few rows: line by line, between the zeros of images."""
    from . import compiled_correlation as compiled
    from . import tiles
    from .crew import together

    packed, rows = plan.packed, g.shape[1] // groups
    slopes = packed.beside(g.shape[1], g.shape[2:])
    tile = 1 if rows == 1 else tiles.LINES
    whole = up_to(rows, tile)
    places, shares = _divided(plan, tiles.TAPS, groups * whole, g.dtype)
    partial = np.zeros((shares, groups, whole // tile, places.size // tiles.TAPS, tile, tiles.TAPS), g.dtype)
    together(
        compiled.correlate, (shares, groups * whole // tile), g.reshape(-1), slopes.geometry, x.reshape(-1),
        packed.geometry, shares, packed.block, packed.images, packed.channels, slopes.memory(tile * packed.line),
        packed.memory(VECTOR_BYTES), packed.group_step(groups), places, groups, rows, partial.reshape(-1),
    )  # fmt: skip
    return np.add.reduce(partial, 0).swapaxes(2, 3).reshape(groups, whole, places.size)


def sums_of_rows(g: np.ndarray, x: np.ndarray, plan: Plan, groups: int) -> np.ndarray:
    """The same, of rows that fill vectors."""
    from . import compiled_correlation as compiled
    from . import row_tiles, tiles
    from .crew import together

    packed, rows = plan.packed, g.shape[1] // groups
    width = tiles.VECTOR_BYTES // g.itemsize
    tile = width if -(-rows // width) % 2 else 2 * width
    whole = up_to(rows, tile)
    places, shares = _divided(plan, row_tiles.ROW_TAPS, groups * whole, g.dtype)
    partial = np.zeros((shares, groups, whole // tile, places.size, tile), g.dtype)
    together(
        compiled.correlate_rows, (shares, groups * whole // tile), g.reshape(-1), x.reshape(-1), packed.geometry,
        shares, packed.block, packed.images, packed.channels, packed.memory(VECTOR_BYTES), packed.group_step(groups),
        places, *plan.lines, groups, rows, tile, partial.reshape(-1),
    )  # fmt: skip
    return np.add.reduce(partial, 0).swapaxes(2, 3).reshape(groups, whole, places.size)
