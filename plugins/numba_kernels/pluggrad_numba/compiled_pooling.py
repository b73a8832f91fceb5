"""Maximum pooling of pairs of pixels of pairs of rows, of some planes of (planes, H, W). Arrays are 1-D.

Places are unsigned numbers: a compiler need not think of those that count from the end, and makes vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_sharing import sharing
from .compiling import compiled as _compiled

_ONE = np.uintp(1)


@_compiled
def _larger(a: Any, b: Any) -> Any:
    """The larger one, or the one that is NaN."""
    return a if (a >= b) | (a != a) else b


@_compiled
def _max_pool(part: Any, x: Any, height: Any, width: Any, out: Any) -> None:
    rows, columns = height // 2, np.uintp(width // 2)
    for plane in range(part[0], part[1]):
        for row in range(rows):
            above = np.uintp((plane * height + 2 * row) * width)
            below = above + np.uintp(width)
            to = np.uintp(plane * rows + row) * columns
            for m in range(columns):
                i, j = above + m + m, below + m + m
                out[to + m] = _larger(_larger(x[i], x[i + _ONE]), _larger(x[j], x[j + _ONE]))


@_compiled
def _max_pool_input(part: Any, g: Any, x: Any, out: Any, height: Any, width: Any, result: Any) -> None:
    """``g`` to the first maximum of each window, zeros elsewhere."""
    rows, columns, nothing = height // 2, np.uintp(width // 2), g.dtype.type(0)
    for plane in range(part[0], part[1]):
        for row in range(rows):
            above = np.uintp((plane * height + 2 * row) * width)
            below = above + np.uintp(width)
            at = np.uintp(plane * rows + row) * columns
            for m in range(columns):
                i, j = above + m + m, below + m + m
                a, b, c, d, most, slope = x[i], x[i + _ONE], x[j], x[j + _ONE], out[at + m], g[at + m]
                one = (a == most) | (a != a)
                two = ((b == most) | (b != b)) & ~one
                three = ((c == most) | (c != c)) & ~(one | two)
                four = ((d == most) | (d != d)) & ~(one | two | three)
                result[i] = slope if one else nothing
                result[i + _ONE] = slope if two else nothing
                result[j] = slope if three else nothing
                result[j + _ONE] = slope if four else nothing
            if width % 2:
                result[below - _ONE] = result[below + np.uintp(width) - _ONE] = 0
        if height % 2:
            edge = np.uintp((plane * height + height - 1) * width)
            for m in range(np.uintp(width)):
                result[edge + m] = 0


_share_max_pool, _share_max_pool_input = sharing(_max_pool), sharing(_max_pool_input)


@_compiled
def max_pool(crew: Any, parts: Any, *args: Any) -> None:
    _share_max_pool(crew, parts, args)


@_compiled
def max_pool_input(crew: Any, parts: Any, *args: Any) -> None:
    _share_max_pool_input(crew, parts, args)
