"""Recurrent layers: an LSTM of sequences of one length compiled as a whole, others as the NumPy backend's own loop over
time with compiled cells.

Short sequences, small states and other dtypes than float32 go on to the kernel that was there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: Numbers in all gates of a sequence from which on the cells are compiled.
_LEAST = 1 << 17

Kernel = Callable[..., Any]


def _with_cell(name: str, gates: int) -> Callable[[Kernel], Kernel]:
    """The wrapper of a layer, or of its gradients, by the compiled cell of that name. ``gates`` : how many it has."""

    def wrap(kernel: Kernel) -> Kernel:
        def call(*arrays: Any, **options: Any) -> Any:
            # Gradients that go through the gates are those of second derivatives: their cell is not compiled.
            large = sum(options["sizes"]) * gates * arrays[1].shape[-1] >= _LEAST
            if not large or arrays[0].dtype.char != "f" or options.get("through"):
                return kernel(*arrays, **options)
            from . import compiled_recurrent as compiled

            sizes = options["sizes"]
            if name in _STEPS and sizes[0] == sizes[-1] and not options["projected"]:
                return kernel(*arrays, **options, steps=_STEPS[name])
            return kernel(*arrays, **options, cell=getattr(compiled, name))

        return call

    return wrap


def _matrix(weights: Any, columns: int) -> tuple[Any, int]:
    """A matrix as the compiled kernels read it, 1-D: with whole tiles of columns; and how many these are."""
    width = -(-weights.shape[1] // columns) * columns
    found = np.zeros((len(weights), width), np.float32)
    found[:, : weights.shape[1]] = weights
    return found.reshape(-1), width


def _lstm_steps(gates: Any, h0: Any, c0: Any, w_hh: Any, reverse: bool, cells: Any, hidden: Any) -> None:
    from . import compiled_sequences as compiled
    from .crew import together
    from .tiles import ROWS

    tiles = -(-len(h0) // ROWS)
    h, c = map(np.ascontiguousarray, (h0, c0))
    weights, width = _matrix(w_hh.T, compiled.COLUMNS)
    together(compiled.lstm, (tiles,), gates, h, c, weights, width, reverse, cells, hidden)


def _lstm_steps_gradients(
    g_out: Any, gates: Any, c0: Any, w_hh: Any, reverse: bool, cells: Any, of_h: Any, of_c: Any, of_gates: Any
) -> None:
    from . import compiled_sequences as compiled
    from .crew import together
    from .tiles import ROWS

    tiles = -(-len(c0) // ROWS)
    g, gates, c, cells = map(np.ascontiguousarray, (g_out, gates, c0, cells))
    weights, width = _matrix(w_hh, compiled.COLUMNS)
    together(compiled.lstm_gradients, (tiles,), g, gates, c, weights, width, reverse, cells, of_h, of_c, of_gates)


#: What takes all steps of sequences of one length, by the cell that it has in it.
_STEPS: dict[str, Callable[..., None]] = {"lstm_cell": _lstm_steps, "lstm_cell_gradients": _lstm_steps_gradients}

WRAPPERS = {
    "lstm_layer": _with_cell("lstm_cell", 4), "lstm_layer_gradients": _with_cell("lstm_cell_gradients", 4),
    "gru_layer": _with_cell("gru_cell", 3), "gru_layer_gradients": _with_cell("gru_cell_gradients", 3),
}  # fmt: skip
