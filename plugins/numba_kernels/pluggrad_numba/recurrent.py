"""Recurrent layers: the NumPy backend's own, with all steps in one compiled call, and products and sums on the crew.

Short sequences, small states and other dtypes than float32 go on to the kernel that was there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .products import product

#: Numbers in all gates of a sequence from which on the steps are compiled.
_LEAST = 1 << 17
#: Multiplications from which on OpenBLAS has threads.
_LEAST_PRODUCT = 1 << 18

Array = np.ndarray
Kernel = Callable[..., Any]
Sizes = Sequence[int]

#: Of a matrix that is no stack, and what a layer does not have.
_LONE = np.zeros((1, 3), np.int64)
_NONE, _NOWHERE = np.empty(0, np.float32), np.empty((0, 0), np.float32)


def _with_steps(gates: int, steps: Callable[..., Any], **more: Any) -> Callable[[Kernel], Kernel]:
    """The wrapper of a layer, or of its gradients, by its compiled steps. ``gates`` : how many it has."""

    def wrap(kernel: Kernel) -> Kernel:
        def call(*arrays: Any, **options: Any) -> Any:
            # Gradients that go through the gates are those of second derivatives: their steps are not compiled.
            large = sum(options["sizes"]) * gates * arrays[1].shape[-1] >= _LEAST
            if not large or arrays[0].dtype.char != "f" or options.get("through"):
                return kernel(*arrays, **options)
            return kernel(*arrays, **options, steps=steps, matmul=_matmul, **more)

        return call

    return wrap


# -- products and sums -----------------------------------------------------------------------------------


def _matmul(a: Array, b: Array) -> Array:
    """On the crew already where BLAS would divide the work: its threads would wait for more, on the crew's cores."""
    found = product(a, b) if a.size * b.shape[1] >= _LEAST_PRODUCT else None
    return np.matmul(a, b) if found is None else found


def _column_sums(x: Array) -> Array:
    from . import compiled_sequences as compiled
    from .crew import together

    out = np.zeros(x.shape[1], np.float32)
    together(compiled.column_sums, (-(-len(out) // compiled.STRIP),), x, out)
    return out


def _panels(weight: Array, transposed: bool) -> Array:
    """A matrix as the steps read it: in panels as wide as a tile."""
    from . import compiled_products as compiled
    from .crew import together
    from .tiles import VECTOR_BYTES, VECTORS

    weight = np.ascontiguousarray(weight)
    matrix = weight.T if transposed else weight
    (k, n), (row, column), wide = matrix.shape, (s // 4 for s in matrix.strides), VECTORS * VECTOR_BYTES // 4
    panels = -(-n // wide)
    packed = np.empty(panels * wide * k, np.float32)
    given = matrix.ctypes.data, (k - 1) * row + (n - 1) * column + 1, row, column
    together(compiled.pack, (1, panels), given, _LONE, (0, k, n, wide, 0, k), packed)
    return packed


# -- steps -----------------------------------------------------------------------------------------------


def _forward(
    kind: str, inputs: Array, h: Array, c: Array, w_hh: Array, bias: Array | None, projection: Array | None,
    sizes: Sizes, reverse: bool, gates: Array, cells: Array, out: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """The last states; see ``compiled_sequences.forward``."""
    from . import compiled_sequences as compiled
    from .crew import together
    from .tiles import ROWS

    h, c = np.array(h, order="C"), np.array(c, order="C")
    weights, narrow = _panels(w_hh, True), _NONE if projection is None else _panels(projection, True)
    begin = np.zeros(compiled.width_of(len(w_hh)), np.float32)
    if bias is not None:
        begin[: len(bias)] = bias
    starts = np.array([0, *itertools.accumulate(sizes)])
    together(
        compiled.forward, (-(-len(h) // ROWS),), compiled.KINDS[kind], starts, reverse, weights, begin, narrow, inputs,
        gates, cells, out, h, c,
    )  # fmt: skip
    return h, c


def _backward(
    kind: str, g_out: Array, of_h: Array, of_c: Array, w_hh: Array, projection: Array | None, sizes: Sizes,
    reverse: bool, gates: Array, start: Array, states: Array, of_out: Array, of_inputs: Array, of_hidden: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """The gradients for the first states; see ``compiled_sequences.backward``."""
    from . import compiled_sequences as compiled
    from .crew import together
    from .tiles import ROWS

    of_h, of_c, start = (np.array(a, order="C") for a in (of_h, of_c, start))
    gates, states, g_out = (np.ascontiguousarray(a) for a in (gates, states, g_out))
    weights, narrow = _panels(w_hh, False), _NONE if projection is None else _panels(projection, False)
    starts = np.array([0, *itertools.accumulate(sizes)])
    together(
        compiled.backward, (-(-len(of_h) // ROWS),), compiled.KINDS[kind], starts, reverse, weights, narrow, gates,
        start, states, g_out, of_out, of_inputs, of_hidden, of_h, of_c,
    )  # fmt: skip
    return of_h, of_c


def _lstm(
    gates: Array, h: Array, c: Array, w_hh: Array, projection: Array | None, sizes: Sizes, reverse: bool,
    cells: Array, out: Array,
) -> tuple[Array, ...]:  # fmt: skip
    return _forward("lstm", gates, h, c, w_hh, None, projection, sizes, reverse, gates, cells, out)


def _lstm_gradients(
    g_out: Array, g_h: Array, g_c: Array, gates: Array, cells: Array, c0: Array, w_hh: Array, projection: Array | None,
    sizes: Sizes, reverse: bool, of_gates: Array, of_out: Array,
) -> tuple[Array, ...]:  # fmt: skip
    return _backward(
        "lstm", g_out, g_h, g_c, w_hh, projection, sizes, reverse, gates, c0, cells, of_out, of_gates, of_gates
    )


def _gru(
    inputs: Array, h: Array, w_hh: Array, bias: Array | None, sizes: Sizes, reverse: bool, gates: Array, out: Array
) -> tuple[Array, ...]:
    return _forward("gru", inputs, h, h, w_hh, bias, None, sizes, reverse, gates, _NOWHERE, out)[:1]


def _gru_gradients(
    g_out: Array, g_h: Array, gates: Array, out: Array, h0: Array, w_hh: Array, sizes: Sizes, reverse: bool,
    of_inputs: Array, of_hidden: Array,
) -> tuple[Array, ...]:  # fmt: skip
    return _backward(
        "gru", g_out, g_h, g_h, w_hh, None, sizes, reverse, gates, h0, out, _NOWHERE, of_inputs, of_hidden
    )[:1]


def _rnn(out: Array, h: Array, w_hh: Array, nonlinearity: str, sizes: Sizes, reverse: bool) -> tuple[Array, ...]:
    return _forward(nonlinearity, out, h, h, w_hh, None, None, sizes, reverse, _NOWHERE, _NOWHERE, out)[:1]


def _rnn_gradients(
    g_out: Array, g_h: Array, out: Array, w_hh: Array, nonlinearity: str, sizes: Sizes, reverse: bool, of_sums: Array
) -> tuple[Array, ...]:
    nowhere = _NOWHERE
    return _backward(
        nonlinearity, g_out, g_h, g_h, w_hh, None, sizes, reverse, nowhere, g_h, out, nowhere, of_sums, of_sums
    )[:1]


WRAPPERS = {
    "lstm_layer": _with_steps(4, _lstm), "lstm_layer_gradients": _with_steps(4, _lstm_gradients, sums=_column_sums),
    "gru_layer": _with_steps(3, _gru), "gru_layer_gradients": _with_steps(3, _gru_gradients, sums=_column_sums),
    "rnn_layer": _with_steps(1, _rnn), "rnn_layer_gradients": _with_steps(1, _rnn_gradients, sums=_column_sums),
}  # fmt: skip
