"""Recurrent layers: one product for the inputs of all steps, then a loop over time that works in place.

What is elementwise in a step is its *cell*, which a plugin can replace by a compiled one (the argument ``cell``). It
can also replace all steps of an LSTM whose sequences are of one length (``steps``).
``pluggrad.ops.neural.recurrent`` says how sequences are packed, and what each layer keeps for its gradient.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .reductions import column_sums
from .scratch import scratch

Array = np.ndarray
Cell = Callable[..., None]
Order = list[tuple[slice, int]]


# -- what the layers share -------------------------------------------------------------------------------


def _wide(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Numbers of 16 bits are computed in float32: BLAS does not know them, and sums keep their digits."""

    @functools.wraps(kernel)
    def call(*arrays: Array, **options: Any) -> Any:
        dtype = arrays[0].dtype
        if dtype.itemsize != 2:
            return kernel(*arrays, **options)
        return tuple([a.astype(dtype) for a in kernel(*[a.astype(np.float32) for a in arrays], **options)])

    return call


def _order(sizes: Sequence[int], reverse: bool) -> Order:
    """The rows of each step and their number, in the order of computing."""
    steps = [(slice(end - n, end), n) for end, n in zip(itertools.accumulate(sizes), sizes, strict=True)]
    return steps[::-1] if reverse else steps


def _earlier(state: Array, start: Array, n: int) -> Array:
    """What a step of ``n`` sequences starts from, after a step of more, or of fewer, which ended with ``state``."""
    return state[:n] if n <= len(state) else np.concatenate((state, start[len(state) : n]))


def _starts(values: Array, start: Array, order: Order) -> list[Array]:
    """What each step starts from, in the order of computing, of the packed states that they end with."""
    found, state = [], start
    for rows, n in order:
        found.append(_earlier(state, start, n))
        state = values[rows]
    return found


def _last(values: Array, start: Array, order: Order) -> Array:
    """The last state of each sequence."""
    last = np.array(start)
    for (rows, n), following in zip(order, [*[n for _, n in order[1:]], 0], strict=True):
        if following < n:
            last[following:n] = values[rows][following:]
    return last


def _packed(values: list[Array], reverse: bool) -> Array:
    return np.concatenate(values[::-1] if reverse else values)


def _inputs(x: Array, weight: Array, *biases: Array) -> Array:
    out = np.matmul(x, weight.T)
    for bias in biases:
        out += bias
    return out


def _gradients(
    wanted: Sequence[bool], x: Array, hidden: Array, w_ih: Array, of_inputs: Array, of_hidden: Array,
    of_start: tuple[Array, ...], biased: bool, projected: bool = False, of_projection: Array | None = None,
) -> tuple[Array, ...]:  # fmt: skip
    """Those that are wanted, in the order of the layer's arrays."""
    late = functools.partial
    computed: list[Callable[[], Any]] = [
        late(np.matmul, of_inputs, w_ih),
        *[late(np.asarray, s) for s in of_start],
        late(np.matmul, of_inputs.T, x),
        late(np.matmul, of_hidden.T, hidden),
    ]
    if biased:
        sums = column_sums(of_inputs)
        same = of_hidden is of_inputs
        computed += [late(np.asarray, sums), late(np.array, sums) if same else late(column_sums, of_hidden)]
    if projected:
        computed.append(late(np.asarray, of_projection))
    return tuple([compute() for compute, want in zip(computed, wanted, strict=True) if want])


def _sigmoid(x: Array) -> None:
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    np.reciprocal(x, out=x)


# -- LSTM ------------------------------------------------------------------------------------------------


def _lstm_cell(gates: Array, before: Array, c: Array, h: Array) -> None:
    """``gates`` (n, 4H) hold sums, and then values; ``c`` and ``h`` (n, H) are written."""
    n = c.shape[1]
    g = np.tanh(gates[:, 2 * n : 3 * n], out=scratch("cell", c.shape, c.dtype))
    _sigmoid(gates)
    gates[:, 2 * n : 3 * n] = g
    np.multiply(gates[:, n : 2 * n], before, out=c)
    c += np.multiply(gates[:, :n], g, out=g)
    np.tanh(c, out=h)
    h *= gates[:, 3 * n :]


def _lstm_cell_gradients(
    of_h: Array, of_c: Array, gates: Array, before: Array, c: Array, of_gates: Array, g_gates: Array | None = None,
    g_c: Array | None = None,
) -> None:  # fmt: skip
    """``of_gates`` (n, 4H) is written, ``of_c`` (n, H) becomes that of the cells before."""
    n = c.shape[1]
    i, f, g, o = (gates[:, k * n : (k + 1) * n] for k in range(4))
    t = np.tanh(c, out=scratch("cell", c.shape, c.dtype))
    np.multiply(of_h, t, out=of_gates[:, 3 * n :])
    np.multiply(t, t, out=t)
    np.subtract(1, t, out=t)
    t *= o
    t *= of_h
    of_c += t
    if g_c is not None:
        of_c += g_c
    np.multiply(of_c, g, out=of_gates[:, :n])
    np.multiply(of_c, before, out=of_gates[:, n : 2 * n])
    np.multiply(of_c, i, out=of_gates[:, 2 * n : 3 * n])
    if g_gates is not None:
        of_gates += g_gates
    slope = np.subtract(1, gates, out=scratch("slope", gates.shape, gates.dtype))
    slope *= gates
    np.multiply(g, g, out=t)
    np.subtract(1, t, out=slope[:, 2 * n : 3 * n])
    of_gates *= slope
    of_c *= f


@_wide
def lstm_layer(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, projected: bool, cell: Cell = _lstm_cell,
    steps: Cell | None = None,
) -> tuple[Array, ...]:  # fmt: skip
    x, h0, c0, w_ih, w_hh, *others = arrays
    order = _order(sizes, reverse)
    gates = _inputs(x, w_ih, *([others[0] + others[1]] if biased else []))
    cells = np.empty((len(x), c0.shape[1]), x.dtype)
    hidden = np.empty_like(cells)
    if steps is not None:
        steps(gates, h0, c0, w_hh, reverse, cells, hidden)
        return hidden, _last(hidden, h0, order), _last(cells, c0, order), gates, cells
    out = np.empty((len(x), h0.shape[1]), x.dtype) if projected else hidden
    weight, projection = np.ascontiguousarray(w_hh.T), others[-1].T if projected else None
    sums = np.empty((h0.shape[0], gates.shape[1]), x.dtype)
    h, c = h0, c0
    for rows, n in order:
        h, c = _earlier(h, h0, n), _earlier(c, c0, n)
        now = gates[rows]
        now += np.matmul(h, weight, out=sums[:n])
        cell(now, c, cells[rows], hidden[rows])
        h, c = out[rows], cells[rows]
        if projection is not None:
            np.matmul(hidden[rows], projection, out=h)
    return out, _last(out, h0, order), _last(cells, c0, order), gates, cells


@_wide
def lstm_layer_gradients(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, projected: bool, through: bool,
    wanted: Sequence[bool], cell: Cell = _lstm_cell_gradients, steps: Cell | None = None,
) -> tuple[Array, ...]:  # fmt: skip
    (g_out, g_h, g_c), arrays = arrays[:3], arrays[3:]
    g_kept, arrays = (arrays[:2], arrays[2:]) if through else ((), arrays)
    out, gates, cells, x, h0, c0, w_ih, w_hh, *others = arrays
    projection = others[-1] if projected else None
    order = _order(sizes, reverse)
    slopes_h, slopes_c = np.array(g_h), np.array(g_c)
    of_gates = np.empty_like(gates)
    of_out = np.empty_like(out) if projected else None
    if steps is not None:
        steps(g_out, gates, c0, w_hh, reverse, cells, slopes_h, slopes_c, of_gates)
    starts = [] if steps is not None else list(zip(order, _starts(cells, c0, order), strict=True))
    for (rows, n), before in reversed(starts):
        of_h, of_c = slopes_h[:n], slopes_c[:n]
        of_h += g_out[rows]
        slope = of_h
        if projection is not None:
            of_out[rows] = of_h  # type: ignore[index]
            slope = np.matmul(of_h, projection)
        now = of_gates[rows]
        cell(slope, of_c, gates[rows], before, cells[rows], now, *[g[rows] for g in g_kept])
        np.matmul(now, w_hh, out=of_h)
    of_projection = None
    if projected and wanted[-1]:
        of_projection = np.matmul(of_out.T, gates[:, 3 * cells.shape[1] :] * np.tanh(cells))  # type: ignore[union-attr]
    hidden = _packed(_starts(out, h0, order), reverse)
    return _gradients(
        wanted, x, hidden, w_ih, of_gates, of_gates, (slopes_h, slopes_c), biased, projected, of_projection
    )


# -- GRU -------------------------------------------------------------------------------------------------


def _gru_cell(inputs: Array, hidden: Array, before: Array, gates: Array, h: Array) -> None:
    """``inputs`` and ``hidden`` (n, 3H) hold sums; ``gates`` (n, 4H) and ``h`` (n, H) are written."""
    n = h.shape[1]
    np.add(inputs[:, : 2 * n], hidden[:, : 2 * n], out=gates[:, : 2 * n])
    _sigmoid(gates[:, : 2 * n])
    gates[:, 3 * n :] = hidden[:, 2 * n :]
    new = np.multiply(gates[:, :n], hidden[:, 2 * n :], out=gates[:, 2 * n : 3 * n])
    new += inputs[:, 2 * n :]
    np.tanh(new, out=new)
    np.subtract(before, new, out=h)
    h *= gates[:, n : 2 * n]
    h += new


def _gru_cell_gradients(
    of_h: Array, gates: Array, before: Array, of_inputs: Array, of_hidden: Array, g_gates: Array | None = None
) -> None:
    """``of_inputs`` and ``of_hidden`` (n, 3H) are written; ``of_h`` (n, H) becomes the part that does not pass them."""
    n = of_h.shape[1]
    r, z, new, m = (gates[:, k * n : (k + 1) * n] for k in range(4))
    of_r, of_z, of_n = (of_inputs[:, k * n : (k + 1) * n] for k in range(3))
    slope = scratch("cell", of_h.shape, of_h.dtype)
    np.subtract(before, new, out=of_z)
    of_z *= of_h
    if g_gates is not None:
        of_z += g_gates[:, n : 2 * n]
    np.subtract(1, z, out=slope)
    np.multiply(of_h, slope, out=of_n)
    slope *= z
    of_z *= slope
    of_h *= z
    if g_gates is not None:
        of_n += g_gates[:, 2 * n : 3 * n]
    np.multiply(new, new, out=slope)
    np.subtract(1, slope, out=slope)
    of_n *= slope
    np.multiply(of_n, m, out=of_r)
    if g_gates is not None:
        of_r += g_gates[:, :n]
    np.subtract(1, r, out=slope)
    slope *= r
    of_r *= slope
    of_hidden[:, : 2 * n] = of_inputs[:, : 2 * n]
    np.multiply(of_n, r, out=of_hidden[:, 2 * n :])
    if g_gates is not None:
        of_hidden[:, 2 * n :] += g_gates[:, 3 * n :]


@_wide
def gru_layer(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, cell: Cell = _gru_cell
) -> tuple[Array, ...]:
    x, h0, w_ih, w_hh, *biases = arrays
    order = _order(sizes, reverse)
    inputs = _inputs(x, w_ih, *biases[:1])
    out = np.empty((len(x), h0.shape[1]), x.dtype)
    gates = np.empty((len(x), 4 * h0.shape[1]), x.dtype)
    weight = np.ascontiguousarray(w_hh.T)
    sums = np.empty((h0.shape[0], weight.shape[1]), x.dtype)
    h = h0
    for rows, n in order:
        h = _earlier(h, h0, n)
        hidden = np.matmul(h, weight, out=sums[:n])
        if biased:
            hidden += biases[1]
        cell(inputs[rows], hidden, h, gates[rows], out[rows])
        h = out[rows]
    return out, _last(out, h0, order), gates


@_wide
def gru_layer_gradients(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, through: bool, wanted: Sequence[bool],
    cell: Cell = _gru_cell_gradients,
) -> tuple[Array, ...]:  # fmt: skip
    (g_out, g_h), arrays = arrays[:2], arrays[2:]
    g_kept, arrays = (arrays[:1], arrays[1:]) if through else ((), arrays)
    out, gates, x, h0, w_ih, w_hh, *_ = arrays
    order = _order(sizes, reverse)
    slopes = np.array(g_h)
    of_inputs, of_hidden = (np.empty((len(x), w_hh.shape[0]), x.dtype) for _ in range(2))
    starts = _starts(out, h0, order)
    product = np.empty_like(slopes)
    for (rows, n), before in reversed(list(zip(order, starts, strict=True))):
        of_h = slopes[:n]
        of_h += g_out[rows]
        now = of_hidden[rows]
        cell(of_h, gates[rows], before, of_inputs[rows], now, *[g[rows] for g in g_kept])
        of_h += np.matmul(now, w_hh, out=product[:n])
    return _gradients(wanted, x, _packed(starts, reverse), w_ih, of_inputs, of_hidden, (slopes,), biased)


# -- plain -----------------------------------------------------------------------------------------------


@_wide
def rnn_layer(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, nonlinearity: str
) -> tuple[Array, ...]:
    x, h0, w_ih, w_hh, *biases = arrays
    order = _order(sizes, reverse)
    out = _inputs(x, w_ih, *([biases[0] + biases[1]] if biased else []))
    weight = np.ascontiguousarray(w_hh.T)
    sums = np.empty(h0.shape, x.dtype)
    h = h0
    for rows, n in order:
        now = out[rows]
        now += np.matmul(_earlier(h, h0, n), weight, out=sums[:n])
        h = np.maximum(now, 0, out=now) if nonlinearity == "relu" else np.tanh(now, out=now)
    return out, _last(out, h0, order)


@_wide
def rnn_layer_gradients(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, nonlinearity: str, wanted: Sequence[bool]
) -> tuple[Array, ...]:
    g_out, g_h, out, x, h0, w_ih, w_hh, *_ = arrays
    order = _order(sizes, reverse)
    slopes = np.array(g_h)
    if nonlinearity == "relu":
        of_sums = (out > 0).astype(out.dtype)
    else:
        of_sums = np.multiply(out, out)
        np.subtract(1, of_sums, out=of_sums)
    for rows, n in reversed(order):
        of_h, now = slopes[:n], of_sums[rows]
        of_h += g_out[rows]
        now *= of_h
        np.matmul(now, w_hh, out=of_h)
    hidden = _packed(_starts(out, h0, order), reverse)
    return _gradients(wanted, x, hidden, w_ih, of_sums, of_sums, (slopes,), biased)


KERNELS = {
    f.__name__: f
    for f in (
        lstm_layer, lstm_layer_gradients, gru_layer, gru_layer_gradients, rnn_layer, rnn_layer_gradients,
    )
}  # fmt: skip
