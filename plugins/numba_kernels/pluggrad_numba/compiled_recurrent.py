"""What is elementwise in a step of a recurrent layer, in float32: of one sequence, within the cache.

Each loop writes one array and reads few: so LLVM can tell that they do not overlap, and vectorises it. All arrays are
1-D: states have H numbers, gates one part of H for each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_elementwise import sigmoid, tanh
from .compiling import compiled as _compiled
from .tasks import whole_vectors

_ZERO, _ONE = np.float32(0), np.float32(1)


@_compiled
def lstm_cell(sums: Any, gates: Any, c: Any, h: Any) -> None:
    """``gates`` hold the sums of the inputs, and then values; ``c`` and ``h`` are those after the step."""
    whole_vectors()
    n = c.size
    i, f, g, o = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    of_i, of_f, of_g, of_o = sums[:n], sums[n : 2 * n], sums[2 * n : 3 * n], sums[3 * n : 4 * n]
    for j in range(n):
        i[j] = sigmoid(i[j] + of_i[j])
    for j in range(n):
        f[j] = sigmoid(f[j] + of_f[j])
    for j in range(n):
        g[j] = tanh(g[j] + of_g[j])
    for j in range(n):
        o[j] = sigmoid(o[j] + of_o[j])
    for j in range(n):
        c[j] = f[j] * c[j] + i[j] * g[j]
    for j in range(n):
        h[j] = o[j] * tanh(c[j])


@_compiled
def lstm_cell_gradients(of_h: Any, of_c: Any, gates: Any, before: Any, c: Any, of_gates: Any) -> None:
    """``of_gates`` is written, ``of_c`` becomes that of the cells before."""
    whole_vectors()
    n = c.size
    i, f, g, o = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    of_i, of_f, of_g, of_o = of_gates[:n], of_gates[n : 2 * n], of_gates[2 * n : 3 * n], of_gates[3 * n :]
    for j in range(n):
        of_o[j] = tanh(c[j])
    for j in range(n):
        of_c[j] += of_h[j] * o[j] * (_ONE - of_o[j] * of_o[j])
    for j in range(n):
        of_o[j] *= of_h[j] * o[j] * (_ONE - o[j])
    for j in range(n):
        of_i[j] = of_c[j] * g[j] * i[j] * (_ONE - i[j])
    for j in range(n):
        of_f[j] = of_c[j] * before[j] * f[j] * (_ONE - f[j])
    for j in range(n):
        of_g[j] = of_c[j] * i[j] * (_ONE - g[j] * g[j])
    for j in range(n):
        of_c[j] *= f[j]


@_compiled
def gru_cell(sums: Any, inputs: Any, gates: Any, h: Any) -> None:
    """``sums`` and ``inputs`` (3H) give ``gates`` (r, z, n, and the sum that r is for); ``h`` becomes the next one."""
    whole_vectors()
    n = h.size
    rz, new, m = gates[: 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    r, z, of_new = rz[:n], rz[n:], inputs[2 * n :]
    for j in range(2 * n):
        rz[j] = sigmoid(inputs[j] + sums[j])
    for j in range(n):
        m[j] = sums[2 * n + j]
    for j in range(n):
        new[j] = tanh(of_new[j] + r[j] * m[j])
    for j in range(n):
        h[j] = new[j] + z[j] * (h[j] - new[j])


@_compiled
def gru_cell_gradients(of_h: Any, gates: Any, before: Any, of_inputs: Any, of_hidden: Any) -> None:
    """``of_inputs`` and ``of_hidden`` (3H) are written; ``of_h`` becomes the part that does not pass them."""
    whole_vectors()
    n = of_h.size
    r, z, new, m = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    of_r, of_z, of_n = of_inputs[:n], of_inputs[n : 2 * n], of_inputs[2 * n :]
    both, of_m = of_hidden[: 2 * n], of_hidden[2 * n :]
    for j in range(n):
        of_n[j] = of_h[j] * (_ONE - z[j]) * (_ONE - new[j] * new[j])
    for j in range(n):
        of_z[j] = of_h[j] * (before[j] - new[j]) * z[j] * (_ONE - z[j])
    for j in range(n):
        of_r[j] = of_n[j] * m[j] * r[j] * (_ONE - r[j])
    for j in range(n):
        of_m[j] = of_n[j] * r[j]
    for j in range(2 * n):
        both[j] = of_inputs[j]
    for j in range(n):
        of_h[j] *= z[j]


@_compiled
def rnn_cell(sums: Any, inputs: Any, relu: Any, h: Any) -> None:
    """``inputs`` hold sums, and then what ``h`` becomes."""
    whole_vectors()
    if relu:
        for j in range(h.size):
            value = inputs[j] + sums[j]
            inputs[j] = _ZERO if value < _ZERO else value  # NaN stays
    else:
        for j in range(h.size):
            inputs[j] = tanh(inputs[j] + sums[j])
    for j in range(h.size):
        h[j] = inputs[j]


@_compiled
def rnn_cell_gradients(of_h: Any, h: Any, relu: Any, of_sums: Any) -> None:
    """``of_sums`` is written."""
    whole_vectors()
    if relu:
        for j in range(h.size):
            of_sums[j] = of_h[j] if h[j] > _ZERO else _ZERO
    else:
        for j in range(h.size):
            of_sums[j] = of_h[j] * (_ONE - h[j] * h[j])
