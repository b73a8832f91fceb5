"""Recurrent layers: one product for the inputs of all steps, then a loop over time that works in place.

A plugin can replace this loop (the argument ``steps``), and what makes the products and the sums of columns before and
after it.
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
Steps = Callable[..., tuple[Array, ...]]
Product = Callable[[Array, Array], Array]
Sums = Callable[[Array], Array]
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


def _inputs(matmul: Product, x: Array, weight: Array, *biases: Array) -> Array:
    out = matmul(x, weight.T)
    for bias in biases:
        out += bias
    return out


def _of_hidden_weight(
    matmul: Product, slopes: Array, states: Array, start: Array, sizes: Sequence[int], reverse: bool
) -> Array:
    """The gradient for the weight that states are multiplied by, of those for what it gives."""
    n, last = sizes[0], len(states) - sizes[0]
    if sizes[-1] != n or not last:
        return matmul(slopes.T, _packed(_starts(states, start, _order(sizes, reverse)), reverse))
    # All but the first step start from what the one before ended with.
    first, others, before = (
        (slopes[last:], slopes[:last], states[n:]) if reverse else (slopes[:n], slopes[n:], states[:last])
    )
    found = matmul(others.T, before)
    found += matmul(first.T, start)
    return found


def _gradients(
    wanted: Sequence[bool], matmul: Product, sums: Sums, x: Array, w_ih: Array, states: Any, of_inputs: Array,
    of_hidden: Array, of_start: tuple[Array, ...], biased: bool, *of_projection: Callable[[], Array],
) -> tuple[Array, ...]:  # fmt: skip
    """Those that are wanted, in the order of the layer's arrays.

    states : those after each step, the first ones, and the sequences' sizes and direction
    of_inputs, of_hidden : the gradients for the sums of inputs and of states
    """
    late = functools.partial
    computed: list[Callable[[], Any]] = [
        late(matmul, of_inputs, w_ih),
        *[late(np.asarray, s) for s in of_start],
        late(matmul, of_inputs.T, x),
        late(_of_hidden_weight, matmul, of_hidden, *states),
    ]
    if biased:
        of_bias = sums(of_inputs)
        other = late(np.array, of_bias) if of_hidden is of_inputs else late(sums, of_hidden)
        computed += [late(np.asarray, of_bias), other]
    computed += of_projection
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


def _lstm_steps(
    gates: Array, h: Array, c: Array, w_hh: Array, projection: Array | None, sizes: Sequence[int], reverse: bool,
    cells: Array, out: Array,
) -> tuple[Array, ...]:  # fmt: skip
    """``gates`` hold the sums of inputs, and then values; ``cells`` and ``out`` are written. Gives the last states."""
    order, h0, c0 = _order(sizes, reverse), h, c
    hidden = out if projection is None else np.empty_like(cells)
    weight = np.ascontiguousarray(w_hh.T)
    sums = np.empty((len(h), gates.shape[1]), gates.dtype)
    for rows, n in order:
        h, c = _earlier(h, h0, n), _earlier(c, c0, n)
        now = gates[rows]
        now += np.matmul(h, weight, out=sums[:n])
        _lstm_cell(now, c, cells[rows], hidden[rows])
        h, c = out[rows], cells[rows]
        if projection is not None:
            np.matmul(hidden[rows], projection.T, out=h)
    return _last(out, h0, order), _last(cells, c0, order)


@_wide
def lstm_layer(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, projected: bool, steps: Steps = _lstm_steps,
    matmul: Product = np.matmul,
) -> tuple[Array, ...]:  # fmt: skip
    x, h0, c0, w_ih, w_hh, *others = arrays
    gates = _inputs(matmul, x, w_ih, *([others[0] + others[1]] if biased else []))
    cells = np.empty((len(x), c0.shape[1]), x.dtype)
    out = np.empty((len(x), h0.shape[1]), x.dtype)
    h, c = steps(gates, h0, c0, w_hh, others[-1] if projected else None, sizes, reverse, cells, out)
    return out, h, c, gates, cells


def _lstm_steps_gradients(
    g_out: Array, g_h: Array, g_c: Array, gates: Array, cells: Array, c0: Array, w_hh: Array, projection: Array | None,
    sizes: Sequence[int], reverse: bool, of_gates: Array, of_out: Array, *g_kept: Array,
) -> tuple[Array, ...]:  # fmt: skip
    """``of_gates`` and, for a projection, ``of_out`` are written. Gives the gradients for the first states."""
    order = _order(sizes, reverse)
    slopes_h, slopes_c = np.array(g_h), np.array(g_c)
    for (rows, n), before in reversed(list(zip(order, _starts(cells, c0, order), strict=True))):
        of_h, of_c = slopes_h[:n], slopes_c[:n]
        of_h += g_out[rows]
        slope = of_h
        if projection is not None:
            of_out[rows] = of_h
            slope = np.matmul(of_h, projection)
        now = of_gates[rows]
        _lstm_cell_gradients(slope, of_c, gates[rows], before, cells[rows], now, *[g[rows] for g in g_kept])
        np.matmul(now, w_hh, out=of_h)
    return slopes_h, slopes_c


@_wide
def lstm_layer_gradients(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, projected: bool, through: bool,
    wanted: Sequence[bool], steps: Steps = _lstm_steps_gradients, matmul: Product = np.matmul, sums: Sums = column_sums,
) -> tuple[Array, ...]:  # fmt: skip
    (g_out, g_h, g_c), arrays = arrays[:3], arrays[3:]
    g_kept, arrays = (arrays[:2], arrays[2:]) if through else ((), arrays)
    out, gates, cells, x, h0, c0, w_ih, w_hh, *others = arrays
    projection = others[-1] if projected else None
    of_gates = np.empty_like(gates)
    of_out = np.empty_like(out) if projected else out[:0]
    of_start = steps(g_out, g_h, g_c, gates, cells, c0, w_hh, projection, sizes, reverse, of_gates, of_out, *g_kept)

    def of_projection() -> Array:
        return matmul(of_out.T, gates[:, 3 * cells.shape[1] :] * np.tanh(cells))

    return _gradients(
        wanted, matmul, sums, x, w_ih, (out, h0, sizes, reverse), of_gates, of_gates, of_start, biased,
        *([of_projection] if projected else []),
    )  # fmt: skip


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


def _gru_steps(
    inputs: Array, h: Array, w_hh: Array, bias: Array | None, sizes: Sequence[int], reverse: bool, gates: Array,
    out: Array,
) -> tuple[Array, ...]:  # fmt: skip
    """``gates`` (N, 4H) and ``out`` are written. Gives the last state."""
    order, h0 = _order(sizes, reverse), h
    weight = np.ascontiguousarray(w_hh.T)
    sums = np.empty((len(h), weight.shape[1]), h.dtype)
    for rows, n in order:
        h = _earlier(h, h0, n)
        hidden = np.matmul(h, weight, out=sums[:n])
        if bias is not None:
            hidden += bias
        _gru_cell(inputs[rows], hidden, h, gates[rows], out[rows])
        h = out[rows]
    return (_last(out, h0, order),)


@_wide
def gru_layer(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, steps: Steps = _gru_steps,
    matmul: Product = np.matmul,
) -> tuple[Array, ...]:  # fmt: skip
    x, h0, w_ih, w_hh, *biases = arrays
    inputs = _inputs(matmul, x, w_ih, *biases[:1])
    out = np.empty((len(x), h0.shape[1]), x.dtype)
    gates = np.empty((len(x), 4 * h0.shape[1]), x.dtype)
    (h,) = steps(inputs, h0, w_hh, biases[1] if biased else None, sizes, reverse, gates, out)
    return out, h, gates


def _gru_steps_gradients(
    g_out: Array, g_h: Array, gates: Array, out: Array, h0: Array, w_hh: Array, sizes: Sequence[int], reverse: bool,
    of_inputs: Array, of_hidden: Array, *g_kept: Array,
) -> tuple[Array, ...]:  # fmt: skip
    """``of_inputs`` and ``of_hidden`` are written. Gives the gradient for the first state."""
    order, slopes = _order(sizes, reverse), np.array(g_h)
    product = np.empty_like(slopes)
    for (rows, n), before in reversed(list(zip(order, _starts(out, h0, order), strict=True))):
        of_h = slopes[:n]
        of_h += g_out[rows]
        now = of_hidden[rows]
        _gru_cell_gradients(of_h, gates[rows], before, of_inputs[rows], now, *[g[rows] for g in g_kept])
        of_h += np.matmul(now, w_hh, out=product[:n])
    return (slopes,)


@_wide
def gru_layer_gradients(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, through: bool, wanted: Sequence[bool],
    steps: Steps = _gru_steps_gradients, matmul: Product = np.matmul, sums: Sums = column_sums,
) -> tuple[Array, ...]:  # fmt: skip
    (g_out, g_h), arrays = arrays[:2], arrays[2:]
    g_kept, arrays = (arrays[:1], arrays[1:]) if through else ((), arrays)
    out, gates, x, h0, w_ih, w_hh, *_ = arrays
    of_inputs, of_hidden = (np.empty((len(x), w_hh.shape[0]), x.dtype) for _ in range(2))
    of_start = steps(g_out, g_h, gates, out, h0, w_hh, sizes, reverse, of_inputs, of_hidden, *g_kept)
    states = out, h0, sizes, reverse
    return _gradients(wanted, matmul, sums, x, w_ih, states, of_inputs, of_hidden, of_start, biased)


# -- plain -----------------------------------------------------------------------------------------------


def _rnn_steps(
    out: Array, h: Array, w_hh: Array, nonlinearity: str, sizes: Sequence[int], reverse: bool
) -> tuple[Array, ...]:
    """``out`` holds the sums of inputs, and then what the layer gives. Gives the last state."""
    order, h0 = _order(sizes, reverse), h
    weight = np.ascontiguousarray(w_hh.T)
    sums = np.empty(h.shape, h.dtype)
    for rows, n in order:
        now = out[rows]
        now += np.matmul(_earlier(h, h0, n), weight, out=sums[:n])
        h = np.maximum(now, 0, out=now) if nonlinearity == "relu" else np.tanh(now, out=now)
    return (_last(out, h0, order),)


@_wide
def rnn_layer(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, nonlinearity: str, steps: Steps = _rnn_steps,
    matmul: Product = np.matmul,
) -> tuple[Array, ...]:  # fmt: skip
    x, h0, w_ih, w_hh, *biases = arrays
    out = _inputs(matmul, x, w_ih, *([biases[0] + biases[1]] if biased else []))
    (h,) = steps(out, h0, w_hh, nonlinearity, sizes, reverse)
    return out, h


def _rnn_steps_gradients(
    g_out: Array, g_h: Array, out: Array, w_hh: Array, nonlinearity: str, sizes: Sequence[int], reverse: bool,
    of_sums: Array,
) -> tuple[Array, ...]:  # fmt: skip
    """``of_sums`` is written. Gives the gradient for the first state."""
    slopes = np.array(g_h)
    if nonlinearity == "relu":
        np.greater(out, 0, out=of_sums)
    else:
        np.multiply(out, out, out=of_sums)
        np.subtract(1, of_sums, out=of_sums)
    for rows, n in reversed(_order(sizes, reverse)):
        of_h, now = slopes[:n], of_sums[rows]
        of_h += g_out[rows]
        now *= of_h
        np.matmul(now, w_hh, out=of_h)
    return (slopes,)


@_wide
def rnn_layer_gradients(
    *arrays: Array, sizes: Sequence[int], reverse: bool, biased: bool, nonlinearity: str, wanted: Sequence[bool],
    steps: Steps = _rnn_steps_gradients, matmul: Product = np.matmul, sums: Sums = column_sums,
) -> tuple[Array, ...]:  # fmt: skip
    g_out, g_h, out, x, h0, w_ih, w_hh, *_ = arrays
    of_sums = np.empty_like(out)
    of_start = steps(g_out, g_h, out, w_hh, nonlinearity, sizes, reverse, of_sums)
    states = out, h0, sizes, reverse
    return _gradients(wanted, matmul, sums, x, w_ih, states, of_sums, of_sums, of_start, biased)


KERNELS = {
    f.__name__: f
    for f in (
        lstm_layer, lstm_layer_gradients, gru_layer, gru_layer_gradients, rnn_layer, rnn_layer_gradients,
    )
}  # fmt: skip
