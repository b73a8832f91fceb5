"""A layer of a plain recurrent network over a sequence (Elman, "Finding structure in time", 1990).

    h' = tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh), or relu

:mod:`.recurrent` says how sequences are packed.
"""

from __future__ import annotations

from typing import Any

from ...dtypes import REAL_FLOATING
from ..declare import composite
from . import recurrent

__all__: list[str] = []


def _arrays(
    xp: Any, g: Any, arrays: Any, out: Any, sizes: tuple[int, ...], reverse: bool, biased: bool, nonlinearity: str,
    needs: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    found = xp.rnn_layer_gradients(
        *g, out, *arrays, sizes=sizes, reverse=reverse, biased=biased, nonlinearity=nonlinearity, wanted=needs
    )
    return recurrent.spread(found, needs)


@composite(name="rnn_layer", autocast="lower", kinds=REAL_FLOATING, outputs=("out", "h"), vjp=_arrays)
def _rnn_layer(
    xp: Any, *arrays: Any, sizes: tuple[int, ...], reverse: bool, biased: bool, nonlinearity: str
) -> tuple[Any, ...]:
    """X (sum of sizes, I), h (B, H), weight_ih (H, I), weight_hh (H, H), and, if ``biased``, bias_ih and bias_hh (H).

    ``nonlinearity`` : 'tanh' or 'relu'. Gives the packed outputs and the last h.
    """
    x, start, w_ih, w_hh, b_ih, b_hh, _ = recurrent.split(arrays, 1, biased)
    apply = xp.relu if nonlinearity == "relu" else xp.tanh

    def step(inputs: Any, h: Any) -> Any:
        h = apply(inputs + xp.linear(h, w_hh, b_hh))
        return (h,), (h,)

    (out,), (h,) = recurrent.forward(xp, step, xp.linear(x, w_ih, b_ih), start, sizes, reverse)
    return out, h


def _gradients_arrays(
    xp: Any, g: Any, arrays: Any, sizes: tuple[int, ...], reverse: bool, biased: bool, nonlinearity: str,
    wanted: tuple[bool, ...], needs: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    return recurrent.derivative(
        xp, g, arrays, "rnn_layer_gradients", needs, sizes=sizes, reverse=reverse, biased=biased,
        nonlinearity=nonlinearity, wanted=wanted,
    )  # fmt: skip


@composite(name="rnn_layer_gradients", kinds=REAL_FLOATING, many=True, vjp=_gradients_arrays)
def _rnn_layer_gradients(
    xp: Any, *arrays: Any, sizes: tuple[int, ...], reverse: bool, biased: bool, nonlinearity: str,
    wanted: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients for the ``wanted`` arrays of the layer: of those for out and h, of out, and of its arrays."""
    g_out, g_h, out, *inputs = arrays
    x, (h0,), w_ih, w_hh, *_ = recurrent.split(inputs, 1, biased)
    slope = xp.relu_backward if nonlinearity == "relu" else xp.tanh_backward

    def step(slopes: Any, h: Any) -> Any:
        of_sum = slope(slopes[0], h)
        return (xp.matmul(of_sum, w_hh),), (of_sum,)

    given = [recurrent.by_step(out, sizes, reverse)]
    (of_sum,), of_start = recurrent.backward(xp, step, g_out, (g_h,), given, sizes, reverse)
    hidden = recurrent.packed(xp, recurrent.before(xp, out, h0, sizes, reverse), reverse)
    return recurrent.of_arrays(xp, wanted, x, hidden, w_ih, of_sum, of_sum, of_start, biased)
