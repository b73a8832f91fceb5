"""A table of a model: its layers, the shapes they give, their parameters, and their multiply-adds."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import nn
from ..autograd.mode import no_grad
from ..nn.modules.conv import _ConvNd, _ConvTransposeNd
from ..nn.modules.rnn import RNNBase
from ..nn.modules.rnn_cell import RNNCellBase
from ..nn.utils.rnn import PackedSequence
from ..ops.creation import zeros
from ..tensor import Tensor

__all__ = ["Row", "Summary", "summary"]


@dataclass(frozen=True)
class Row:
    """One module. Its numbers are those of the module and of all below it; a shared parameter counts once.

    Attributes
    ----------
    name : its dotted name; "" is the model
    kind : the name of its class
    depth : how far below the model it is
    output_shape : of its last call: a tuple, or lists and dicts of such, as the output is; None if it was not called
    params, trainable_params : how many numbers its parameters hold, and those that require a gradient
    mult_adds : multiply-adds of all its calls; None if the model was not run
    calls : how often it was called
    """

    name: str
    kind: str
    depth: int
    output_shape: Any
    params: int
    trainable_params: int
    mult_adds: int | None
    calls: int


@dataclass(frozen=True, repr=False)
class Summary:
    """What :func:`summary` found; ``str()`` of it is the table.

    Attributes
    ----------
    rows : one of each module, whatever the depth that is printed; the first is the model
    depth : the rows that are printed are at most so far below the model
    """

    rows: tuple[Row, ...]
    depth: int

    @property
    def total_params(self) -> int:
        """How many numbers the parameters hold."""
        return self.rows[0].params

    @property
    def trainable_params(self) -> int:
        """Those of them that require a gradient."""
        return self.rows[0].trainable_params

    @property
    def total_mult_adds(self) -> int | None:
        """Multiply-adds of one call of the model; None if it was not run."""
        return self.rows[0].mult_adds

    def __str__(self) -> str:
        table: list[tuple[str, ...]] = [("Layer", "Output shape", "Parameters", "Trainable", "Multiply-adds")]
        for row in self.rows:
            if row.depth <= self.depth:
                label = f"{row.name.rpartition('.')[2]}: {row.kind}" if row.depth else row.kind
                label = "  " * row.depth + label + (f" ({row.calls} calls)" if row.calls > 1 else "")
                numbers = (row.params, row.trainable_params, row.mult_adds)
                table.append((label, _shape_text(row.output_shape), *map(_number_text, numbers)))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(r, widths, strict=True))
            )
            for r in table
        ]
        rule = "-" * len(lines[0])
        frozen = self.total_params - self.trainable_params
        foot = [f"Parameters: {self.total_params:,} ({self.trainable_params:,} trainable, {frozen:,} not)"]
        if self.total_mult_adds is not None:
            foot.append(f"Multiply-adds: {self.total_mult_adds:,}")
        return "\n".join([lines[0], rule, *lines[1:], rule, *foot])

    __repr__ = __str__


def summary(
    model: nn.Module,
    input_size: Sequence[int] | Sequence[Sequence[int]] | None = None,
    input_data: Any = None,
    depth: int = 3,
) -> Summary:
    """The layers of a model with the shapes they give, their parameters and their multiply-adds.

    The model runs once, in evaluation mode and without a graph; its mode is restored. Multiply-adds are those of
    linear, bilinear, convolution, recurrent and attention layers: one for each product of a weight (or, in attention,
    of a query with a key, and of a weight with a value) and a number. Biases, normalisation, activations, and what a
    ``forward`` computes without a module are not counted.

    Parameters
    ----------
    input_size : the shape of the input, with the batch, or a list of such: zeros, like the first parameter, are given
    input_data : the input itself: a tensor; a list or tuple of positional, or a dict of keyword arguments
    depth : print modules that are at most so far below the model

    Returns
    -------
    Summary : with neither input, without shapes and multiply-adds

    Raises
    ------
    TypeError : both inputs are given

    >>> from pluggrad import nn
    >>> from pluggrad.utils import summary
    >>> summary(nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10)), (2, 1, 8, 8))
    Layer         Output shape  Parameters  Trainable  Multiply-adds
    ----------------------------------------------------------------
    Sequential    [2, 10]            2,970      2,970         10,944
      0: Conv2d   [2, 8, 6, 6]          80         80          5,184
      1: ReLU     [2, 8, 6, 6]           0          0              0
      2: Flatten  [2, 288]               0          0              0
      3: Linear   [2, 10]            2,890      2,890          5,760
    ----------------------------------------------------------------
    Parameters: 2,970 (2,970 trainable, 0 not)
    Multiply-adds: 10,944
    """
    if input_size is not None and input_data is not None:
        raise TypeError("summary: give input_size or input_data, not both")
    args, kwargs = _inputs(model, input_size, input_data)
    runs = bool(args or kwargs)
    seen: dict[nn.Module, _Calls] = {module: _Calls() for module in model.modules()}
    if runs:
        _run(model, args, kwargs, seen)
    rows = []
    for name, module in model.named_modules():
        # Once per parameter and module, however often they are used.
        parameters = {id(p): p for p in module.parameters()}.values()
        below = sum(seen[m].mult_adds for m in module.modules())
        rows.append(
            Row(
                name=name,
                kind=type(module).__name__,
                depth=name.count(".") + 1 if name else 0,
                output_shape=seen[module].output_shape,
                params=sum(p.numel() for p in parameters),
                trainable_params=sum(p.numel() for p in parameters if p.requires_grad),
                mult_adds=below if runs else None,
                calls=seen[module].count,
            )
        )
    return Summary(tuple(rows), depth)


@dataclass
class _Calls:
    """What the calls of one module showed."""

    count: int = 0
    output_shape: Any = None
    mult_adds: int = 0


def _inputs(model: nn.Module, size: Any, data: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if size is not None:
        like = next(model.parameters(), None)
        options: dict[str, Any] = {} if like is None else {"dtype": like.dtype, "device": like.device}
        sizes = [size] if all(isinstance(n, int) for n in size) else size
        return tuple(zeros(*s, **options) for s in sizes), {}
    if isinstance(data, Mapping):
        return (), dict(data)
    if isinstance(data, list) or (isinstance(data, tuple) and not isinstance(data, PackedSequence)):
        return tuple(data), {}
    return (() if data is None else (data,)), {}


def _run(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], seen: dict[nn.Module, _Calls]) -> None:
    def note(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        calls = seen[module]
        calls.count += 1
        calls.output_shape = _shape_of(output)
        calls.mult_adds += _mult_adds(module, args, kwargs, output)

    handles = [module.register_forward_hook(note, with_kwargs=True) for module in seen]
    modes = {module: module.training for module in seen}
    try:
        model.eval()
        with no_grad():
            model(*args, **kwargs)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes.items():
            module.training = mode


def _mult_adds(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> int:
    """Multiply-adds of one call of a module itself, without those of the modules below it."""
    if isinstance(module, nn.Linear):
        return int(output.numel()) * module.in_features
    if isinstance(module, nn.Bilinear):
        return int(output.numel()) * module.in1_features * module.in2_features
    if not isinstance(module, _ConvNd | _ConvTransposeNd | RNNBase | RNNCellBase | nn.MultiheadAttention):
        return 0
    given = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    if isinstance(module, nn.MultiheadAttention):
        return _mult_adds_of_attention(module, given["query"], given["key"])
    if isinstance(module, _ConvNd):  # for each output, a window in all input channels of its group
        return int(output.numel()) * module.in_channels // module.groups * math.prod(module.kernel_size)
    x = given["input"]
    if isinstance(module, _ConvTransposeNd):  # for each input, a window in all output channels of its group
        return int(x.numel()) * module.out_channels // module.groups * math.prod(module.kernel_size)
    x = x.data if isinstance(x, PackedSequence) else x
    steps = int(x.numel()) // x.shape[-1]
    return steps * sum(p.numel() for name, p in module.named_parameters() if name.startswith("weight"))


def _mult_adds_of_attention(module: nn.MultiheadAttention, query: Tensor, key: Tensor) -> int:
    size = module.embed_dim
    sequence = 1 if module.batch_first and query.ndim == 3 else 0
    queries, keys = int(query.numel()) // size, int(key.numel()) // module.kdim
    length = key.shape[sequence] + (module.bias_k is not None) + module.add_zero_attn
    projections = (2 * queries * size + keys * (module.kdim + module.vdim)) * size
    return int(projections + 2 * queries * length * size)


def _shape_of(output: Any) -> Any:
    if isinstance(output, PackedSequence):
        return tuple(output.data.shape)
    if isinstance(output, Tensor):
        return tuple(output.shape)
    if isinstance(output, Mapping):
        return {name: _shape_of(value) for name, value in output.items()}
    if isinstance(output, list | tuple):
        return [_shape_of(value) for value in output]
    return None


def _shape_text(shape: Any) -> str:
    if isinstance(shape, tuple):
        return str(list(shape))
    if isinstance(shape, list):
        return ", ".join(f"({_shape_text(s)})" if isinstance(s, list) else _shape_text(s) for s in shape)
    if isinstance(shape, dict):
        return ", ".join(f"{name}: {_shape_text(s)}" for name, s in shape.items())
    return "-"


def _number_text(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"
