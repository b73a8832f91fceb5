"""Recurrent layers: the NumPy backend's own loop over time, with compiled cells.

Short sequences, small states and other dtypes than float32 go on to the kernel that was there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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

            return kernel(*arrays, **options, cell=getattr(compiled, name))

        return call

    return wrap


WRAPPERS = {
    "lstm_layer": _with_cell("lstm_cell", 4), "lstm_layer_gradients": _with_cell("lstm_cell_gradients", 4),
    "gru_layer": _with_cell("gru_cell", 3), "gru_layer_gradients": _with_cell("gru_cell_gradients", 3),
}  # fmt: skip
