"""Numbers that an optimiser remembers of a parameter, such as its count of steps: 0-D tensors, as in PyTorch.

Some are on the parameter's device (``capturable=True``, ``fused=True``). To read one that is on a GPU, Python would
wait for all that the GPU has to do, at every step. So the host remembers what it wrote last, for as long as nobody else
writes over it, which it sees as the graph does: a write takes the tensor's Buffer away (see ``tensor.memory``).
"""

from __future__ import annotations

import ctypes
from typing import Any

from ..dtypes import float32
from ..ops.creation import tensor
from ..tensor import Tensor
from ..tensor.memory import Buffer


class _Known(Buffer):
    """The Buffer of a number that the host knows."""

    __slots__ = ("value",)

    def __init__(self, array: Any, value: float) -> None:
        super().__init__(array)
        self.value = value


def rounded(value: float, number: Tensor) -> float:
    """``value`` in the precision of ``number``."""
    return ctypes.c_float(value).value if number.dtype is float32 else value


def new(value: float, **options: Any) -> Tensor:
    """A number with its first value; ``options`` are its dtype and device."""
    number = tensor(value, **options)
    _note(number, value)
    return number


def remember(number: Tensor, value: float) -> None:
    """Write a number."""
    number._type.kernels.write(number._array, ..., value)
    _note(number, value)


def _note(number: Tensor, value: float) -> None:
    if number._type.backend.accelerator is not None and number._view is None:
        number._buffer = _Known(number._array, rounded(value, number))


def recall(number: Tensor) -> float:
    """Read a number: from the host's memory, if it knows it."""
    known = number._buffer
    if known.__class__ is _Known and number._view is None and known.array is number._array:
        return known.value
    return float(number._type.kernels.tolist(number._array))


def count(state: dict[str, Any], name: str = "step") -> float:
    """Add one to a remembered number of steps and return it."""
    steps = recall(state[name]) + 1.0
    remember(state[name], steps)
    return steps
