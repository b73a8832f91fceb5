"""A layer of gated recurrent units over a sequence (Cho et al., 2014, arXiv:1406.1078), in PyTorch's form.

    r, z = sigmoid(of x W_ihᵀ + b_ih + h W_hhᵀ + b_hh),    m = h W_hnᵀ + b_hn
    n = tanh(x W_inᵀ + b_in + r m),    h' = n + z (h - n)

:mod:`.recurrent` says how sequences are packed, and what is kept.
"""

from __future__ import annotations

from typing import Any

from ...dtypes import REAL_FLOATING
from ..declare import composite
from . import recurrent

__all__: list[str] = []


def _parts(a: Any, count: int) -> tuple[Any, ...]:
    n = a.shape[1] // count
    return tuple(a[:, k * n : (k + 1) * n] for k in range(count))


def _arrays(
    xp: Any, g: Any, arrays: Any, out: Any, gates: Any, sizes: tuple[int, ...], reverse: bool, biased: bool,
    needs: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    g = recurrent.with_kept(xp, g, (gates,))
    found = xp.gru_layer_gradients(
        *g, out, gates, *arrays, sizes=sizes, reverse=reverse, biased=biased, through=len(g) == 3, wanted=needs
    )
    return recurrent.spread(found, needs)


@composite(
    name="gru_layer", kinds=REAL_FLOATING, outputs=("out", "h", "gates"),
    lazy=frozenset(("gates",)), vjp=_arrays,
)  # fmt: skip
def _gru_layer(xp: Any, *arrays: Any, sizes: tuple[int, ...], reverse: bool, biased: bool) -> tuple[Any, ...]:
    """X (sum of sizes, I), h (B, H), weight_ih (3H, I), weight_hh (3H, H); then, if ``biased``, bias_ih, bias_hh (3H).

    Gives the packed outputs, the last h, and the packed values of r, z, n and m (4H).
    """
    x, start, w_ih, w_hh, b_ih, b_hh, _ = recurrent.split(arrays, 1, biased)

    def step(inputs: Any, h: Any) -> Any:
        (r, z, n), (r_h, z_h, m) = _parts(inputs, 3), _parts(xp.linear(h, w_hh, b_hh), 3)
        r, z = xp.sigmoid(r + r_h), xp.sigmoid(z + z_h)
        n = xp.tanh(n + r * m)
        h = n + z * (h - n)
        return (h,), (h, xp.concat(r, z, n, m, axis=1))

    (out, gates), (h,) = recurrent.forward(xp, step, xp.linear(x, w_ih, b_ih), start, sizes, reverse)
    return out, h, gates


def _gradients_arrays(
    xp: Any, g: Any, arrays: Any, sizes: tuple[int, ...], reverse: bool, biased: bool, through: bool,
    wanted: tuple[bool, ...], needs: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    return recurrent.derivative(
        xp, g, arrays, "gru_layer_gradients", needs, sizes=sizes, reverse=reverse, biased=biased, through=through,
        wanted=wanted,
    )  # fmt: skip


@composite(name="gru_layer_gradients", kinds=REAL_FLOATING, many=True, vjp=_gradients_arrays)
def _gru_layer_gradients(
    xp: Any, *arrays: Any, sizes: tuple[int, ...], reverse: bool, biased: bool, through: bool,
    wanted: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients for the ``wanted`` arrays of the layer: of those for out and h and, if ``through``, for gates; of
    out and gates as it gave them; and of its arrays.
    """
    (g_out, g_h), others = arrays[:2], arrays[2:]
    g_kept, (out, gates, *inputs) = (others[:1], others[1:]) if through else ((), others)
    x, (h0,), w_ih, w_hh, *_ = recurrent.split(inputs, 1, biased)

    def step(slopes: Any, gates: Any, h: Any, *g_kept: Any) -> Any:
        (of_h,) = slopes
        r, z, n, m = _parts(gates, 4)
        g_r, g_z, g_n, g_m = _parts(g_kept[0], 4) if through else (0.0,) * 4
        of_n = (of_h * (1 - z) + g_n) * (1 - n * n)
        of_r = (of_n * m + g_r) * (r * (1 - r))
        of_z = (of_h * (h - n) + g_z) * (z * (1 - z))
        of_hidden = xp.concat(of_r, of_z, of_n * r + g_m, axis=1)
        return (of_h * z + xp.matmul(of_hidden, w_hh),), (xp.concat(of_r, of_z, of_n, axis=1), of_hidden)

    earlier = recurrent.before(xp, out, h0, sizes, reverse)
    given = [recurrent.by_step(gates, sizes, reverse), earlier]
    given += [recurrent.by_step(a, sizes, reverse) for a in g_kept]
    (of_inputs, of_hidden), of_start = recurrent.backward(xp, step, g_out, (g_h,), given, sizes, reverse)
    hidden = recurrent.packed(xp, earlier, reverse)
    return recurrent.of_arrays(xp, wanted, x, hidden, w_ih, of_inputs, of_hidden, of_start, biased)
