"""Reductions of the middle axis of 3-D arrays of float32 or float64: (lead, n, trail) to (lead, trail).

A kernel does some lanes alone: those of leading numbers ``part[0]`` to before ``part[1]`` and of trailing ones
``part[2]`` to before ``part[3]``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_sharing import sharing
from .compiled_sums import sum_of
from .compiling import compiled

_LANES = 16


@compiled
def _sums(part: Any, x: Any, out: Any) -> None:
    for r in range(part[0], part[1]):
        total = out[r, part[2] : part[3]]
        total[:] = 0
        for i in range(x.shape[1]):
            row = x[r, i, part[2] : part[3]]
            for k in range(row.size):
                total[k] += row[k]


@compiled
def _sums_of_rows(part: Any, x: Any, out: Any) -> None:
    """Of a matrix, without a trailing axis."""
    for r in range(part[0], part[1]):
        out[r] = sum_of(x[r])


@compiled
def _greater(a: Any, b: Any) -> Any:
    """The greater one; NaN if one is."""
    return b if (b > a) | (b != b) else a


@compiled
def _greatest(part: Any, x: Any, sign: Any, out: Any) -> None:
    """Of ``x * sign``, which are the least ones of x where that is -1."""
    for r in range(part[0], part[1]):
        best = out[r, part[2] : part[3]]
        best[:] = x[r, 0, part[2] : part[3]]
        for i in range(1, x.shape[1]):
            row = x[r, i, part[2] : part[3]]
            for k in range(row.size):
                best[k] = _greater(best[k] * sign, row[k] * sign) * sign


@compiled
def _greatest_of_rows(part: Any, x: Any, sign: Any, out: Any) -> None:
    lanes = np.empty(_LANES, x.dtype)  # so that this is a loop over vectors
    whole = x.shape[1] - x.shape[1] % _LANES
    for r in range(part[0], part[1]):
        row = x[r]
        lanes[:] = row[0] * sign
        for i in range(0, whole, _LANES):
            for k in range(_LANES):
                lanes[k] = _greater(lanes[k], row[i + k] * sign)
        best = lanes[0]
        for k in range(1, _LANES):
            best = _greater(best, lanes[k])
        for i in range(whole, row.size):
            best = _greater(best, row[i] * sign)
        out[r] = best * sign


# -- with a crew -------------------------------------------------------------------------------------------

_share_sums, _share_sums_of_rows = sharing(_sums), sharing(_sums_of_rows)
_share_greatest, _share_greatest_of_rows = sharing(_greatest), sharing(_greatest_of_rows)


@compiled
def sums(crew: Any, parts: Any, *args: Any) -> None:
    _share_sums(crew, parts, args)


@compiled
def greatest(crew: Any, parts: Any, *args: Any) -> None:
    _share_greatest(crew, parts, args)


@compiled
def sums_of_rows(crew: Any, parts: Any, *args: Any) -> None:
    _share_sums_of_rows(crew, parts, args)


@compiled
def greatest_of_rows(crew: Any, parts: Any, *args: Any) -> None:
    _share_greatest_of_rows(crew, parts, args)
