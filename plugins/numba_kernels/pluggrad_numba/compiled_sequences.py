"""All steps of a recurrent layer in one call: each thread takes some sequences through time, and waits for nobody.

So many sequences at a time as a tile has rows (:mod:`.tiles`): their states, and the sums of a step, stay in the cache
while the weights pass by, in panels as :mod:`.compiled_products` has them. Arrays are 2-D, of float32; a step has the
rows from ``starts[step]`` on, a sequence each, and those that are shorter are the last ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_products import block
from .compiled_recurrent import (
    gru_cell,
    gru_cell_gradients,
    lstm_cell,
    lstm_cell_gradients,
    rnn_cell,
    rnn_cell_gradients,
)  # fmt: skip
from .compiled_sharing import sharing
from .compiling import compiled as _compiled
from .tasks import whole_vectors
from .tiles import ROWS, VECTOR_BYTES, VECTORS

#: What a layer consists of, by name and for the kernels.
KINDS = {"lstm": 0, "gru": 1, "tanh": 2, "relu": 3}
_LSTM, _GRU, _RELU = (KINDS[name] for name in ("lstm", "gru", "relu"))

#: Columns that are summed at a time.
STRIP = 64


@_compiled
def width_of(columns: Any) -> Any:
    """How far the rows of a tile of so many columns lie apart: whole vectors."""
    lane = VECTOR_BYTES // 4
    return (columns + lane - 1) // lane * lane


@_compiled
def _tile(columns: Any) -> Any:
    return np.zeros((ROWS, width_of(columns)), np.float32)


@_compiled
def _add(x: Any, y: Any) -> None:
    whole_vectors()
    for i in range(y.size):
        x[i] += y[i]


@_compiled
def _multiply(a: Any, first: Any, count: Any, panels: Any, begin: Any, out: Any) -> None:
    """A tile: rows of ``a`` from ``first`` on, of ``count`` numbers, times a matrix in panels; ``begin`` is added."""
    width, lane, item = out.shape[1], VECTOR_BYTES // 4, 4
    wide, a_step = VECTORS * lane, a.shape[1]
    for p in range(0, width, wide):
        block(
            min(VECTORS, (width - p) // lane), True, out, a.ctypes.data + first * a_step * item, a_step,
            panels.ctypes.data + p * count * item, wide, count, begin.ctypes.data + p * item, 0,
            out.ctypes.data + p * item, width,
        )  # fmt: skip


@_compiled
def _forward(
    part: Any, kind: Any, starts: Any, reverse: Any, weights: Any, bias: Any, projection: Any, inputs: Any, gates: Any,
    cells: Any, out: Any, h: Any, c: Any,
) -> None:  # fmt: skip
    """The steps of some tiles of sequences.

    weights, projection : of states, in panels; the latter for an LSTM, if it has one
    inputs : what they give for the sums of each step; of an LSTM they become the values of its gates
    gates, cells, out : written, where a layer has them
    h, c : the first states, which become the last ones
    """
    shown, size = h.shape[1], c.shape[1]
    sums, state, cell = _tile(inputs.shape[1]), _tile(shown), _tile(size)
    hidden, projected = (_tile(size), _tile(shown)) if projection.size else (state, state)
    steps, nothing = starts.size - 1, np.zeros(width_of(shown), np.float32)
    for tile in range(part[0], part[1]):
        first = tile * ROWS
        last = min(first + ROWS, h.shape[0])
        state[: last - first, :shown] = h[first:last]
        cell[: last - first, :size] = c[first:last]
        for number in range(steps):
            step = steps - 1 - number if reverse else number
            now = starts[step] + first
            active = min(ROWS, starts[step + 1] - now)
            if active <= 0:
                continue
            _multiply(state, 0, shown, weights, bias, sums)
            for r in range(active):
                row, h_now, c_now = now + r, hidden[r, :size], cell[r, :size]
                if kind == _LSTM:
                    lstm_cell(sums[r], inputs[row], c_now, h_now)
                    cells[row] = c_now
                elif kind == _GRU:
                    gru_cell(sums[r], inputs[row], gates[row], h_now)
                else:
                    rnn_cell(sums[r], inputs[row], kind == _RELU, h_now)
            if projection.size:
                _multiply(hidden, 0, size, projection, nothing, projected)
                state[:active] = projected[:active]
            out[now : now + active] = state[:active, :shown]
        h[first:last] = state[: last - first, :shown]
        c[first:last] = cell[: last - first, :size]


@_compiled
def _backward(
    part: Any, kind: Any, starts: Any, reverse: Any, weights: Any, projection: Any, gates: Any, start: Any, states: Any,
    g_out: Any, of_out: Any, of_inputs: Any, of_hidden: Any, of_h: Any, of_c: Any,
) -> None:  # fmt: skip
    """The steps of some tiles of sequences, back.

    start, states : cells of an LSTM, of other layers what they give: the first ones, and those after each step
    of_out, of_inputs, of_hidden : written, where a layer has them; the latter are those for the sums of inputs and of
        states, which are the same for all but a GRU
    of_h, of_c : of the last states, which become those of the first ones
    """
    shown, size, width = of_h.shape[1], of_c.shape[1], of_hidden.shape[1]
    slope, of_cell, found, spare = _tile(shown), _tile(size), _tile(shown), _tile(width)
    of_state = _tile(size) if projection.size else slope
    steps, nothing = starts.size - 1, np.zeros(max(width_of(shown), width_of(size)), np.float32)
    for tile in range(part[0], part[1]):
        first = tile * ROWS
        last = min(first + ROWS, of_h.shape[0])
        slope[: last - first, :shown] = of_h[first:last]
        of_cell[: last - first, :size] = of_c[first:last]
        for number in range(steps):
            step = number if reverse else steps - 1 - number
            earlier = step + 1 if reverse else step - 1
            now = starts[step] + first
            active = min(ROWS, starts[step + 1] - now)
            if active <= 0:
                continue
            for r in range(active):
                _add(slope[r], g_out[now + r])
            if projection.size:
                of_out[now : now + active] = slope[:active, :shown]
                _multiply(slope, 0, shown, projection, nothing, of_state)
            for r in range(active):
                row, before, now_of_h = now + r, start[first + r], of_state[r, :size]
                if number < steps - 1 and starts[earlier] + first + r < starts[earlier + 1]:
                    before = states[starts[earlier] + first + r]
                if kind == _LSTM:
                    lstm_cell_gradients(now_of_h, of_cell[r, :size], gates[row], before, states[row], of_hidden[row])
                elif kind == _GRU:
                    gru_cell_gradients(now_of_h, gates[row], before, of_inputs[row], of_hidden[row])
                else:
                    rnn_cell_gradients(now_of_h, states[row], kind == _RELU, of_hidden[row])
            if active == ROWS:
                _multiply(of_hidden, now, width, weights, nothing, found)
            else:
                spare[:active, :width] = of_hidden[now : now + active]
                _multiply(spare, 0, width, weights, nothing, found)
            for r in range(active):
                if kind == _GRU:
                    _add(slope[r], found[r])
                else:
                    slope[r] = found[r]
        of_h[first:last] = slope[: last - first, :shown]
        of_c[first:last] = of_cell[: last - first, :size]


@_compiled
def _column_sums(part: Any, x: Any, out: Any) -> None:
    """Of some strips of columns; ``out`` is zeros."""
    first, last = part[0] * STRIP, min(part[1] * STRIP, x.shape[1])
    for r in range(x.shape[0]):
        _add(out[first:last], x[r, first:last])


_share_forward, _share_backward, _share_column_sums = sharing(_forward), sharing(_backward), sharing(_column_sums)


@_compiled
def forward(crew: Any, parts: Any, *args: Any) -> None:
    _share_forward(crew, parts, args)


@_compiled
def backward(crew: Any, parts: Any, *args: Any) -> None:
    _share_backward(crew, parts, args)


@_compiled
def column_sums(crew: Any, parts: Any, *args: Any) -> None:
    _share_column_sums(crew, parts, args)
