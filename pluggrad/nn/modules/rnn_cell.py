"""One step of a recurrent layer, and the cells that are just that."""

from __future__ import annotations

import math
from typing import Any

from ...device import Device
from ...dtypes import DType
from ...errors import ShapeError
from ...ops.activations import sigmoid
from ...ops.creation import empty, zeros
from ...ops.trigonometric import tanh
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]

State = tuple[Tensor, ...]


def _rnn_tanh(inputs: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
    return (tanh(inputs + F.linear(state[0], weight, bias)),)


def _rnn_relu(inputs: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
    return (F.relu(inputs + F.linear(state[0], weight, bias)),)


def _lstm(inputs: Tensor, state: State, weight: Tensor, bias: Tensor | None, projection: Tensor | None = None) -> State:
    h, c = state
    i, f, g, o = (inputs + F.linear(h, weight, bias)).chunk(4, -1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return (h if projection is None else F.linear(h, projection)), c


def _gru(inputs: Tensor, state: State, weight: Tensor, bias: Tensor | None) -> State:
    (h,) = state
    r_x, z_x, n_x = inputs.chunk(3, -1)
    r_h, z_h, n_h = F.linear(h, weight, bias).chunk(3, -1)
    n = tanh(n_x + sigmoid(r_x + r_h) * n_h)
    return (n + sigmoid(z_x + z_h) * (h - n),)


#: By mode: ``step(inputs, state, weight_hh, bias_hh)``, where ``inputs`` is the input's part of the gates.
STEPS: dict[str, Any] = {"RNN_TANH": _rnn_tanh, "RNN_RELU": _rnn_relu, "LSTM": _lstm, "GRU": _gru}


class RNNCellBase(Module):
    """What the cells share: parameters named as those of one layer, without its number."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Device | str | None = None,
        dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty(rows, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(empty(rows, hidden_size, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew, evenly from ±1/√hidden_size."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _step(self, mode: str, input: Tensor, state: State | None, parts: int) -> State:
        name = type(self).__name__
        if input.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise ShapeError(
                f"{name}: input has inconsistent input_size: got {input.shape[-1]}, expected {self.input_size}"
            )
        shape = (*input.shape[:-1], self.hidden_size)
        if state is None:
            state = (zeros(*shape, dtype=input.dtype, device=input.device),) * parts
        for part in state:
            if tuple(part.shape) != shape:
                raise ShapeError(f"{name}: Expected hidden to have shape {shape}, got {tuple(part.shape)}")
        inputs = F.linear(input, self.weight_ih, self.bias_ih)
        result: State = STEPS[mode](inputs, state, self.weight_hh, self.bias_hh)
        return result

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        text += "" if self.bias else ", bias=False"
        kind = self.__dict__.get("nonlinearity", "tanh")
        return text if kind == "tanh" else f"{text}, nonlinearity={kind}"


class RNNCell(RNNCellBase):
    """One step of :class:`RNN`: input (B, I) and state (B, H), or both without B, give the next state.

    >>> import pluggrad
    >>> pluggrad.nn.RNNCell(10, 20)(pluggrad.zeros(3, 10)).shape
    pluggrad.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(f"RNN_{self.nonlinearity.upper()}", input, None if hx is None else (hx,), 1)[0]


class LSTMCell(RNNCellBase):
    """One step of :class:`LSTM`: input (B, I) and a state ``(h, c)`` of shapes (B, H) give the next state.

    >>> import pluggrad
    >>> h, c = pluggrad.nn.LSTMCell(10, 20)(pluggrad.zeros(3, 10))
    >>> h.shape, c.shape
    (pluggrad.Size([3, 20]), pluggrad.Size([3, 20]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Device | str | None = None,
        dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> State:
        return self._step("LSTM", input, hx, 2)


class GRUCell(RNNCellBase):
    """One step of :class:`GRU`: input (B, I) and state (B, H) give the next state.

    >>> import pluggrad
    >>> pluggrad.nn.GRUCell(10, 20)(pluggrad.zeros(3, 10)).shape
    pluggrad.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Device | str | None = None,
        dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step("GRU", input, None if hx is None else (hx,), 1)[0]
