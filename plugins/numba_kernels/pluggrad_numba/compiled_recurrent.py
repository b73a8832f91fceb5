"""What is elementwise in a step of a recurrent layer, in float32, in one call and within the cache.

Each loop writes one array and reads few: so LLVM can tell that they do not overlap, and vectorises it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_elementwise import sigmoid, tanh
from .compiling import compiled as _compiled

_ONE = np.float32(1)


@_compiled
def lstm_cell(gates: Any, before: Any, c: Any, h: Any) -> None:
    """``gates`` (n, 4H) hold sums, and then values; ``c`` and ``h`` (n, H) are written."""
    rows, n = c.shape
    for r in range(rows):
        i, f, g, o = gates[r, :n], gates[r, n : 2 * n], gates[r, 2 * n : 3 * n], gates[r, 3 * n :]
        b, new, out = before[r], c[r], h[r]
        for j in range(n):
            i[j] = sigmoid(i[j])
        for j in range(n):
            f[j] = sigmoid(f[j])
        for j in range(n):
            g[j] = tanh(g[j])
        for j in range(n):
            o[j] = sigmoid(o[j])
        for j in range(n):
            new[j] = f[j] * b[j] + i[j] * g[j]
        for j in range(n):
            out[j] = o[j] * tanh(new[j])


@_compiled
def lstm_cell_gradients(of_h: Any, of_c: Any, gates: Any, before: Any, c: Any, of_gates: Any) -> None:
    """``of_gates`` (n, 4H) is written, ``of_c`` (n, H) becomes that of the cells before."""
    rows, n = c.shape
    for r in range(rows):
        i, f, g, o = gates[r, :n], gates[r, n : 2 * n], gates[r, 2 * n : 3 * n], gates[r, 3 * n :]
        of_i, of_f, of_g = of_gates[r, :n], of_gates[r, n : 2 * n], of_gates[r, 2 * n : 3 * n]
        of_o = of_gates[r, 3 * n :]
        b, now, slope_h, slope_c = before[r], c[r], of_h[r], of_c[r]
        for j in range(n):
            of_o[j] = tanh(now[j])
        for j in range(n):
            slope_c[j] += slope_h[j] * o[j] * (_ONE - of_o[j] * of_o[j])
        for j in range(n):
            of_o[j] *= slope_h[j] * o[j] * (_ONE - o[j])
        for j in range(n):
            of_i[j] = slope_c[j] * g[j] * i[j] * (_ONE - i[j])
        for j in range(n):
            of_f[j] = slope_c[j] * b[j] * f[j] * (_ONE - f[j])
        for j in range(n):
            of_g[j] = slope_c[j] * i[j] * (_ONE - g[j] * g[j])
        for j in range(n):
            slope_c[j] *= f[j]


@_compiled
def gru_cell(inputs: Any, hidden: Any, before: Any, gates: Any, h: Any) -> None:
    """``inputs`` and ``hidden`` (n, 3H) hold sums; ``gates`` (n, 4H) and ``h`` (n, H) are written."""
    rows, n = h.shape
    for k in range(rows):
        x, y, b, out = inputs[k], hidden[k], before[k], h[k]
        rz, new, m = gates[k, : 2 * n], gates[k, 2 * n : 3 * n], gates[k, 3 * n :]
        for j in range(2 * n):
            rz[j] = sigmoid(x[j] + y[j])
        for j in range(n):
            m[j] = y[2 * n + j]
        for j in range(n):
            new[j] = tanh(x[2 * n + j] + rz[j] * m[j])
        for j in range(n):
            out[j] = new[j] + rz[n + j] * (b[j] - new[j])


@_compiled
def gru_cell_gradients(of_h: Any, gates: Any, before: Any, of_inputs: Any, of_hidden: Any) -> None:
    """``of_inputs`` and ``of_hidden`` (n, 3H) are written; ``of_h`` (n, H) becomes the part that does not pass them."""
    rows, n = of_h.shape
    for k in range(rows):
        r, z, new, m = gates[k, :n], gates[k, n : 2 * n], gates[k, 2 * n : 3 * n], gates[k, 3 * n :]
        of_r, of_z, of_n = of_inputs[k, :n], of_inputs[k, n : 2 * n], of_inputs[k, 2 * n :]
        b, slope, both, of_m = before[k], of_h[k], of_hidden[k, : 2 * n], of_hidden[k, 2 * n :]
        for j in range(n):
            of_n[j] = slope[j] * (_ONE - z[j]) * (_ONE - new[j] * new[j])
        for j in range(n):
            of_z[j] = slope[j] * (b[j] - new[j]) * z[j] * (_ONE - z[j])
        for j in range(n):
            of_r[j] = of_n[j] * m[j] * r[j] * (_ONE - r[j])
        for j in range(n):
            of_m[j] = of_n[j] * r[j]
        for j in range(2 * n):
            both[j] = of_inputs[k, j]
        for j in range(n):
            slope[j] *= z[j]
