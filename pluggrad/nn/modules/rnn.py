"""Recurrent layers over whole sequences: RNN, LSTM and GRU."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ...device import Device
from ...dtypes import DType
from ...errors import ShapeError
from ...ops.creation import empty, zeros
from ...ops.joining import concat
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from ..utils.rnn import PackedSequence
from .module import Module
from .rnn_cell import State, run_layer

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]


class RNNBase(Module):
    """What RNN, LSTM and GRU share: the parameters, and the way through layers, directions and steps.

    Parameters
    ----------
    mode : 'RNN_TANH', 'RNN_RELU', 'LSTM' or 'GRU'
    input_size, hidden_size : the last sizes of the input and of the state
    num_layers : how many layers stand on each other
    bias : whether they have biases
    batch_first : whether a batched input is (B, T, ...) and not (T, B, ...)
    dropout : probability of dropout on the outputs of all layers but the last, in training
    bidirectional : whether each layer also runs backwards in time
    proj_size : for LSTM: the size that the hidden state is projected to; 0: it is not

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 (weight_hr_l0) : Parameters of the first layer, all drawn evenly
        from ±1/√hidden_size; those of the k-th end in ``_lk``, those of the way back in ``_reverse``
    """

    #: How many gates a step has.
    _GATES: ClassVar[dict[str, int]] = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0,
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if mode not in self._GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if not isinstance(hidden_size, int):
            raise TypeError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
        if hidden_size <= 0 or num_layers <= 0:
            raise ValueError(f"{'hidden_size' if hidden_size <= 0 else 'num_layers'} must be greater than zero")
        if proj_size < 0 or (proj_size and mode != "LSTM"):
            raise ValueError("proj_size should be a positive integer or zero to disable projections, for LSTM alone")
        if proj_size >= hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        out, gates = proj_size or hidden_size, self._GATES[mode] * hidden_size
        for layer in range(num_layers):
            size = input_size if layer == 0 else out * len(self._directions)
            for direction in self._directions:
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, size), "weight_hh": (gates, out)}
                if bias:
                    shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                for name, shape in shapes.items():
                    table = empty(*shape, device=device, dtype=dtype)
                    setattr(self, f"{name}_l{layer}{direction}", Parameter(table))
        self.reset_parameters()

    @property
    def _directions(self) -> tuple[str, ...]:
        """What the names of the parameters of each direction end in."""
        return ("", "_reverse") if self.bidirectional else ("",)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: it is there for PyTorch's sake, where it makes the parameters one block of a GPU's memory."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [
            [p for name, p in self.named_parameters() if name.partition("_l")[2] == f"{layer}{direction}"]
            for layer in range(self.num_layers)
            for direction in self._directions
        ]

    def _state_sizes(self) -> tuple[int, ...]:
        """The last size of each part of the state."""
        return (self.hidden_size,)

    def _unpack_state(self, hx: Any) -> State:
        return (hx,)

    def _pack_state(self, state: State) -> Any:
        return state[0]

    def forward(self, input: Any, hx: Any = None) -> Any:
        name = type(self).__name__
        order = back = None
        if isinstance(input, PackedSequence):
            data, sizes = input.data, [int(n) for n in input.batch_sizes.tolist()]
            order, back, batched, steps, batch = input.sorted_indices, input.unsorted_indices, True, 0, sizes[0]
        else:
            if input.ndim not in (2, 3):
                raise ShapeError(f"{name}: Expected input to be 2D or 3D, got {input.ndim}D tensor instead")
            batched = input.ndim == 3
            data = input if batched else input.unsqueeze(1)
            if batched and self.batch_first:
                data = data.transpose(0, 1)
            steps, batch = data.shape[:2]
            if not steps:
                raise ShapeError(f"{name}: expected a sequence of at least one step, got shape {tuple(input.shape)}")
            data, sizes = data.reshape(steps * batch, data.shape[2]), [batch] * steps
        if data.shape[-1] != self.input_size:
            raise ShapeError(
                f"{name}: input.size(-1) must be equal to input_size. Expected {self.input_size}, got {data.shape[-1]}"
            )
        state = self._initial_state(hx, batch, batched, data)
        if order is not None and hx is not None:
            state = tuple(s.index_select(1, order) for s in state)
        data, state = self._run(data, sizes, state)
        if isinstance(input, PackedSequence):
            if back is not None:
                state = tuple(s.index_select(1, back) for s in state)
            return PackedSequence(data, input.batch_sizes, order, back), self._pack_state(state)
        out = data.reshape(steps, batch, data.shape[-1])
        if not batched:
            return out.squeeze(1), self._pack_state(tuple(s.squeeze(1) for s in state))
        return out.transpose(0, 1) if self.batch_first else out, self._pack_state(state)

    def _initial_state(self, hx: Any, batch: int, batched: bool, data: Tensor) -> State:
        """The given state, checked, or zeros: shape (layers x directions, B, H) for each part."""
        rows = self.num_layers * len(self._directions)
        if hx is None:
            return tuple(zeros(rows, batch, n, dtype=data.dtype, device=data.device) for n in self._state_sizes())
        state = self._unpack_state(hx)
        for part, size in zip(state, self._state_sizes(), strict=True):
            expected = (rows, batch, size) if batched else (rows, size)
            if tuple(part.shape) != expected:
                raise ShapeError(f"{type(self).__name__}: Expected hidden size {expected}, got {tuple(part.shape)}")
        return state if batched else tuple(s.unsqueeze(1) for s in state)

    def _run(self, data: Tensor, sizes: list[int], state: State) -> tuple[Tensor, State]:
        """All layers over packed steps: the outputs, packed likewise, and the last state."""
        last: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                data = F.dropout(data, self.dropout, self.training)
            outputs = []
            for number, direction in enumerate(self._directions):
                row = layer * len(self._directions) + number
                out, end = self._run_one(f"_l{layer}{direction}", data, sizes, tuple(s[row] for s in state))
                outputs.append(out)
                last.append(end)
            data = outputs[0] if len(outputs) == 1 else concat(outputs, axis=1)
        return data, tuple(concat([s.unsqueeze(0) for s in part], axis=0) for part in zip(*last, strict=True))

    def _run_one(self, suffix: str, data: Tensor, sizes: list[int], start: State) -> tuple[Tensor, State]:
        """One layer in one direction. Sequences end (backwards: begin) at different steps: the short ones are last."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = [getattr(self, f"{n}{suffix}") if self.bias or n.startswith("weight") else None for n in names]
        projection = getattr(self, f"weight_hr{suffix}") if self.proj_size else None
        return run_layer(self.mode, data, start, weights, sizes, suffix.endswith("_reverse"), projection)

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}", f"{self.hidden_size}"]
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
                    "bidirectional": False}  # fmt: skip
        parts += [f"{n}={getattr(self, n)}" for n, default in defaults.items() if getattr(self, n) != default]
        return ", ".join(parts)


class RNN(RNNBase):
    """A plain recurrent network: ``h = tanh(W_ih x + b_ih + W_hh h + b_hh)`` at every step.

    ``RNN(input_size, hidden_size, num_layers=1, nonlinearity='tanh', ...)``; the others as :class:`RNNBase`.

    >>> import pluggrad
    >>> out, h = pluggrad.nn.RNN(10, 20, 2)(pluggrad.zeros(5, 3, 10))
    >>> out.shape, h.shape
    (pluggrad.Size([5, 3, 20]), pluggrad.Size([2, 3, 20]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", *args: Any,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class GRU(RNNBase):
    """Gated recurrent units (Cho et al., 2014, arXiv:1406.1078).

    ``GRU(input_size, hidden_size, num_layers=1, ...)``; the others as :class:`RNNBase`.

    >>> import pluggrad
    >>> out, h = pluggrad.nn.GRU(10, 20, batch_first=True)(pluggrad.zeros(3, 5, 10))
    >>> out.shape, h.shape
    (pluggrad.Size([3, 5, 20]), pluggrad.Size([1, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("GRU", *args, **kwargs)


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997); with projections: Sak et al., 2014, arXiv:1402.1128.

    ``LSTM(input_size, hidden_size, num_layers=1, ...)``; the others as :class:`RNNBase`. The state is a pair
    ``(h, c)``.

    >>> import pluggrad
    >>> out, (h, c) = pluggrad.nn.LSTM(10, 20, bidirectional=True)(pluggrad.zeros(5, 3, 10))
    >>> out.shape, h.shape, c.shape
    (pluggrad.Size([5, 3, 40]), pluggrad.Size([2, 3, 20]), pluggrad.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def _state_sizes(self) -> tuple[int, ...]:
        return (self.proj_size or self.hidden_size, self.hidden_size)

    def _unpack_state(self, hx: Any) -> State:
        h, c = hx
        return h, c

    def _pack_state(self, state: State) -> Any:
        return state
