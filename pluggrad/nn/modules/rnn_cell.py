"""One step of a recurrent layer, and the cells that are just that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...device import Device
from ...dtypes import DType
from ...errors import ShapeError
from ...ops.creation import empty, zeros
from ...ops.neural.gru import _gru_layer
from ...ops.neural.lstm import _lstm_layer
from ...ops.neural.rnn import _rnn_layer
from ...tensor import Tensor
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]

State = tuple[Tensor, ...]


def run_layer(
    mode: str, x: Tensor, state: State, weights: Sequence[Tensor | None], sizes: Sequence[int], reverse: bool = False,
    projection: Tensor | None = None,
) -> tuple[Tensor, State]:  # fmt: skip
    """One layer in one direction over packed steps: the outputs, packed likewise, and the last state.

    ``weights`` : weight_ih, weight_hh, bias_ih and bias_hh, the last two None if there are none
    """
    given = [w for w in (*weights, projection) if w is not None]
    options: dict[str, Any] = {"sizes": tuple(sizes), "reverse": reverse, "biased": weights[2] is not None}
    if mode == "LSTM":
        out, h, c, *_ = _lstm_layer(x, *state, *given, projected=projection is not None, **options)
        return out, (h, c)
    if mode == "GRU":
        out, h, _ = _gru_layer(x, *state, *given, **options)
    else:
        out, h = _rnn_layer(x, *state, *given, nonlinearity=mode.removeprefix("RNN_").lower(), **options)
    return out, (h,)


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
        elif isinstance(state, Tensor):
            raise TypeError(f"{name}: expected hidden to be {parts} tensors, got one, of shape {tuple(state.shape)}")
        for part in state:
            if tuple(part.shape) != shape:
                raise ShapeError(f"{name}: Expected hidden to have shape {shape}, got {tuple(part.shape)}")
        weights = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        if input.ndim == 2:
            return run_layer(mode, input, state, weights, (input.shape[0],))[1]
        _, state = run_layer(mode, input.unsqueeze(0), tuple(s.unsqueeze(0) for s in state), weights, (1,))
        return tuple(s.squeeze(0) for s in state)

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
