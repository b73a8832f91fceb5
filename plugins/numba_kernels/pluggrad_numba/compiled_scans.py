"""Accumulations along the middle axis of 3-D arrays: what comes before each element, and it. In the order of NumPy's.

A kernel does some lanes alone: those of leading numbers ``part[0]`` to before ``part[1]`` and of trailing ones
``part[2]`` to before ``part[3]``, so that threads can share them. Where there is no trailing axis, four lanes go side
by side: each step waits for the one before.
"""

from __future__ import annotations

from typing import Any

from .compiled_sharing import sharing
from .compiling import compiled

_SIDES = 4


@compiled
def _sums(part: Any, x: Any, out: Any) -> None:
    n = x.shape[1]
    if x.shape[2] == 1:
        whole = part[1] - (part[1] - part[0]) % _SIDES
        for r in range(part[0], whole, _SIDES):
            a, b, c, d = x[r, 0, 0], x[r + 1, 0, 0], x[r + 2, 0, 0], x[r + 3, 0, 0]
            out[r, 0, 0], out[r + 1, 0, 0], out[r + 2, 0, 0], out[r + 3, 0, 0] = a, b, c, d
            for i in range(1, n):
                a, b, c, d = a + x[r, i, 0], b + x[r + 1, i, 0], c + x[r + 2, i, 0], d + x[r + 3, i, 0]
                out[r, i, 0], out[r + 1, i, 0], out[r + 2, i, 0], out[r + 3, i, 0] = a, b, c, d
        for r in range(whole, part[1]):
            a = x[r, 0, 0]
            out[r, 0, 0] = a
            for i in range(1, n):
                a = a + x[r, i, 0]
                out[r, i, 0] = a
        return
    for r in range(part[0], part[1]):
        out[r, 0, part[2] : part[3]] = x[r, 0, part[2] : part[3]]
        for i in range(1, n):
            before, row, result = out[r, i - 1], x[r, i], out[r, i]
            for k in range(part[2], part[3]):
                result[k] = before[k] + row[k]


@compiled
def _products(part: Any, x: Any, out: Any) -> None:
    n = x.shape[1]
    if x.shape[2] == 1:
        whole = part[1] - (part[1] - part[0]) % _SIDES
        for r in range(part[0], whole, _SIDES):
            a, b, c, d = x[r, 0, 0], x[r + 1, 0, 0], x[r + 2, 0, 0], x[r + 3, 0, 0]
            out[r, 0, 0], out[r + 1, 0, 0], out[r + 2, 0, 0], out[r + 3, 0, 0] = a, b, c, d
            for i in range(1, n):
                a, b, c, d = a * x[r, i, 0], b * x[r + 1, i, 0], c * x[r + 2, i, 0], d * x[r + 3, i, 0]
                out[r, i, 0], out[r + 1, i, 0], out[r + 2, i, 0], out[r + 3, i, 0] = a, b, c, d
        for r in range(whole, part[1]):
            a = x[r, 0, 0]
            out[r, 0, 0] = a
            for i in range(1, n):
                a = a * x[r, i, 0]
                out[r, i, 0] = a
        return
    for r in range(part[0], part[1]):
        out[r, 0, part[2] : part[3]] = x[r, 0, part[2] : part[3]]
        for i in range(1, n):
            before, row, result = out[r, i - 1], x[r, i], out[r, i]
            for k in range(part[2], part[3]):
                result[k] = before[k] * row[k]


@compiled
def _recurrence(part: Any, a: Any, b: Any, reverse: Any, out: Any) -> None:
    """``out[i] = a[i] * out[i - 1] + b[i]``, or from behind with ``out[i + 1]``."""
    n = a.shape[1]
    first, step = (n - 1, -1) if reverse else (0, 1)
    for r in range(part[0], part[1]):
        for k in range(part[2], part[3]):
            out[r, first, k] = b[r, first, k]
        for j in range(1, n):
            i = first + j * step
            for k in range(part[2], part[3]):
                out[r, i, k] = a[r, i, k] * out[r, i - step, k] + b[r, i, k]


@compiled
def _extrema(part: Any, x: Any, sign: Any, values: Any, indices: Any) -> None:
    """The greatest so far of ``x * sign``, the last one of equals; NaN stays."""
    for r in range(part[0], part[1]):
        for k in range(part[2], part[3]):
            values[r, 0, k], indices[r, 0, k] = x[r, 0, k], 0
        for i in range(1, x.shape[1]):
            for k in range(part[2], part[3]):
                old, new = values[r, i - 1, k], x[r, i, k]
                taken = (new * sign >= old * sign) | (new != new)
                values[r, i, k] = new if taken else old
                indices[r, i, k] = i if taken else indices[r, i - 1, k]


# -- with a crew -------------------------------------------------------------------------------------------

_share_sums, _share_products = sharing(_sums), sharing(_products)
_share_recurrence, _share_extrema = sharing(_recurrence), sharing(_extrema)


@compiled
def sums(crew: Any, parts: Any, *args: Any) -> None:
    _share_sums(crew, parts, args)


@compiled
def products(crew: Any, parts: Any, *args: Any) -> None:
    _share_products(crew, parts, args)


@compiled
def recurrence(crew: Any, parts: Any, *args: Any) -> None:
    _share_recurrence(crew, parts, args)


@compiled
def extrema(crew: Any, parts: Any, *args: Any) -> None:
    _share_extrema(crew, parts, args)
