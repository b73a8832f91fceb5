"""A layer of long short-term memory over a sequence (Hochreiter and Schmidhuber, 1997), possibly with a projection.

    i, f, o = sigmoid(...), g = tanh(...)     of x W_ihᵀ + b_ih + h W_hhᵀ + b_hh
    c' = f c + i g,    h' = o tanh(c'), or with a projection (o tanh(c')) W_hrᵀ

:mod:`.recurrent` says how sequences are packed, and what is kept.
"""

from __future__ import annotations

from typing import Any

from ...dtypes import REAL_FLOATING
from ..declare import composite
from . import recurrent

__all__: list[str] = []


def _quarters(a: Any) -> tuple[Any, ...]:
    n = a.shape[1] // 4
    return tuple(a[:, k * n : (k + 1) * n] for k in range(4))


def _arrays(
    xp: Any, g: Any, arrays: Any, out: Any, gates: Any, cells: Any, sizes: tuple[int, ...], reverse: bool,
    biased: bool, projected: bool, needs: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    g = recurrent.with_kept(xp, g, (gates, cells))
    found = xp.lstm_layer_gradients(
        *g, out, gates, cells, *arrays, sizes=sizes, reverse=reverse, biased=biased, projected=projected,
        through=len(g) == 5, wanted=needs,
    )  # fmt: skip
    return recurrent.spread(found, needs)


@composite(
    name="lstm_layer", autocast="lower", kinds=REAL_FLOATING, outputs=("out", "h", "c", "gates", "cells"),
    lazy=frozenset(("gates", "cells")), vjp=_arrays,
)  # fmt: skip
def _lstm_layer(
    xp: Any, *arrays: Any, sizes: tuple[int, ...], reverse: bool, biased: bool, projected: bool
) -> tuple[Any, ...]:
    """X (sum of sizes, I), h (B, P), c (B, H), weight_ih (4H, I), weight_hh (4H, P); then, if ``biased``, bias_ih and
    bias_hh (4H); then, if ``projected``, weight_hr (P, H); otherwise P is H.

    Gives the packed outputs, the last h and c, and the packed values of gates i, f, g, o (4H) and cells (H).
    """
    x, start, w_ih, w_hh, b_ih, b_hh, w_hr = recurrent.split(arrays, 2, biased, projected)

    def step(inputs: Any, h: Any, c: Any) -> Any:
        i, f, g, o = _quarters(inputs + xp.linear(h, w_hh, b_hh))
        i, f, g, o = xp.sigmoid(i), xp.sigmoid(f), xp.tanh(g), xp.sigmoid(o)
        c = f * c + i * g
        h = o * xp.tanh(c)
        h = xp.linear(h, w_hr, None) if projected else h
        return (h, c), (h, xp.concat(i, f, g, o, axis=1), c)

    (out, gates, cells), (h, c) = recurrent.forward(xp, step, xp.linear(x, w_ih, b_ih), start, sizes, reverse)
    return out, h, c, gates, cells


def _gradients_arrays(
    xp: Any, g: Any, arrays: Any, sizes: tuple[int, ...], reverse: bool, biased: bool, projected: bool, through: bool,
    wanted: tuple[bool, ...], needs: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    return recurrent.derivative(
        xp, g, arrays, "lstm_layer_gradients", needs, sizes=sizes, reverse=reverse, biased=biased,
        projected=projected, through=through, wanted=wanted,
    )  # fmt: skip


@composite(name="lstm_layer_gradients", kinds=REAL_FLOATING, many=True, vjp=_gradients_arrays)
def _lstm_layer_gradients(
    xp: Any, *arrays: Any, sizes: tuple[int, ...], reverse: bool, biased: bool, projected: bool, through: bool,
    wanted: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients for the ``wanted`` arrays of the layer: of those for out, h and c and, if ``through``, for gates
    and cells; of out, gates and cells as it gave them; and of its arrays.
    """
    (g_out, g_h, g_c), others = arrays[:3], arrays[3:]
    g_kept, (out, gates, cells, *inputs) = (others[:2], others[2:]) if through else ((), others)
    x, (h0, c0), w_ih, w_hh, _, _, w_hr = recurrent.split(inputs, 2, biased, projected)

    def step(slopes: Any, gates: Any, c: Any, c_before: Any, *g_kept: Any) -> Any:
        of_out, of_c = slopes
        of_h = xp.matmul(of_out, w_hr) if projected else of_out
        i, f, g, o = _quarters(gates)
        t = xp.tanh(c)
        of_c = of_c + of_h * o * (1 - t * t)
        if through:
            of_c = of_c + g_kept[1]
        of_gates = xp.concat(of_c * g, of_c * c_before, of_c * i, of_h * t, axis=1)
        if through:
            of_gates = of_gates + g_kept[0]
        of_gates = of_gates * xp.concat(i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o), axis=1)
        return (xp.matmul(of_gates, w_hh), of_c * f), (of_gates, of_out, o * t) if projected else (of_gates,)

    given = [recurrent.by_step(a, sizes, reverse) for a in (gates, cells)]
    given.append(recurrent.before(xp, cells, c0, sizes, reverse))
    given += [recurrent.by_step(a, sizes, reverse) for a in g_kept]
    (of_gates, *of_projection), of_start = recurrent.backward(xp, step, g_out, (g_h, g_c), given, sizes, reverse)
    hidden = recurrent.packed(xp, recurrent.before(xp, out, h0, sizes, reverse), reverse)
    return recurrent.of_arrays(xp, wanted, x, hidden, w_ih, of_gates, of_gates, of_start, biased, tuple(of_projection))
