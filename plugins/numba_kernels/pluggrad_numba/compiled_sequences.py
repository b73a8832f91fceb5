"""All steps of an LSTM layer in one call: each thread takes some sequences through time, and waits for nobody.

A step's product of states with weights is that of a tile (:mod:`.tiles`): so many sequences at a time as a tile has
rows. Arrays are 2-D, of float32; step s has the rows from ``s * n`` on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_recurrent import lstm_cell, lstm_cell_gradients
from .compiled_sharing import sharing
from .compiling import compiled as _compiled
from .tiles import ROWS, VECTOR_BYTES, VECTORS, product

#: Columns of a tile.
COLUMNS = VECTORS * VECTOR_BYTES // 4


@_compiled
def _multiply(x: Any, first: Any, last: Any, weights: Any, width: Any, places: Any, packed: Any, sums: Any) -> None:
    """Some rows of ``x`` times a matrix whose rows, of so many columns, are one after the other in ``weights``.

    packed, sums : working memory, of a tile's rows for each row of the matrix, and for each column
    """
    for r in range(ROWS):
        if first + r < last:
            row = x[first + r]
            for k in range(row.size):
                packed[k * ROWS + r] = row[k]
    begin = sums[width * ROWS :]
    for p in range(0, width, COLUMNS):
        product(packed, 0, weights, p, places, places.size, begin, 0, sums, p, width)


@_compiled
def _lstm(
    part: Any, gates: Any, h0: Any, c0: Any, weights: Any, width: Any, reverse: Any, cells: Any, hidden: Any
) -> None:
    """``gates`` hold the sums of the inputs, and then values; ``cells`` and ``hidden`` are written."""
    count, size = h0.shape
    places = np.arange(size) * width
    packed, sums = np.zeros(size * ROWS, gates.dtype), np.zeros((width + 1) * ROWS, gates.dtype)
    steps = gates.shape[0] // count
    for tile in range(part[0], part[1]):
        first, last = tile * ROWS, min((tile + 1) * ROWS, count)
        h, c, at = h0, c0, 0
        for step in range(steps):
            now = (steps - 1 - step if reverse else step) * count
            _multiply(h, at + first, at + last, weights, width, places, packed, sums)
            for r in range(last - first):
                row = gates[now + first + r]
                for i in range(row.size):
                    row[i] += sums[r * width + i]
            lstm_cell(
                gates[now + first : now + last], c[at + first : at + last], cells[now + first : now + last],
                hidden[now + first : now + last],
            )  # fmt: skip
            h, c, at = hidden, cells, now


@_compiled
def _lstm_gradients(
    part: Any, g_out: Any, gates: Any, c0: Any, weights: Any, width: Any, reverse: Any, cells: Any, of_h: Any,
    of_c: Any, of_gates: Any,
) -> None:  # fmt: skip
    """``of_gates`` is written; ``of_h`` and ``of_c``, of the last states, become those of the first ones."""
    count = c0.shape[0]
    places = np.arange(gates.shape[1]) * width
    packed, sums = np.zeros(gates.shape[1] * ROWS, gates.dtype), np.zeros((width + 1) * ROWS, gates.dtype)
    steps = gates.shape[0] // count
    for tile in range(part[0], part[1]):
        first, last = tile * ROWS, min((tile + 1) * ROWS, count)
        for step in range(steps):
            now = (step if reverse else steps - 1 - step) * count
            earlier = now + count if reverse else now - count
            before, at = (c0, 0) if step == steps - 1 else (cells, earlier)
            for r in range(first, last):
                row, slope = of_h[r], g_out[now + r]
                for i in range(row.size):
                    row[i] += slope[i]
            lstm_cell_gradients(
                of_h[first:last], of_c[first:last], gates[now + first : now + last], before[at + first : at + last],
                cells[now + first : now + last], of_gates[now + first : now + last],
            )  # fmt: skip
            _multiply(of_gates, now + first, now + last, weights, width, places, packed, sums)
            for r in range(last - first):
                row = of_h[first + r]
                for i in range(row.size):
                    row[i] = sums[r * width + i]


_share_lstm, _share_lstm_gradients = sharing(_lstm), sharing(_lstm_gradients)


@_compiled
def lstm(crew: Any, parts: Any, *args: Any) -> None:
    _share_lstm(crew, parts, args)


@_compiled
def lstm_gradients(crew: Any, parts: Any, *args: Any) -> None:
    _share_lstm_gradients(crew, parts, args)
