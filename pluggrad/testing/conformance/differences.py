"""Derivatives by central differences, along directions in which all arguments move at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ... import autograd
from ...dtypes import DType
from ...errors import ShapeError
from ...function import Function
from ...ops.complex_functions import conj, real
from ...ops.creation import asarray
from ...tensor import Tensor
from ..samples import Sample, determined
from .inputs import arrays_of, tensors_of
from .reference import numpy
from .target import Target

STEP = 1e-6


def _waves(shape: Sequence[int], phase: float, like: Tensor) -> Tensor:
    """Numbers between -1 and 1 without a pattern that a symmetry could hide in; complex for complex dtypes."""
    np = numpy()
    values = np.cos(1.3 * np.arange(int(np.prod(shape, dtype="int64"))) + phase)
    if like.dtype.is_complex:
        values = values + 1j * np.sin(2.1 * values + phase)
    return asarray(values.tolist(), dtype=like.dtype, device=like.device).reshape(tuple(shape))


@dataclass
class Problem:
    """A function at a sample, as a smooth real function of its differentiable arguments.

    ``inputs`` : the arguments; ``active`` : positions of those that a gradient is taken by
    """

    function: Function
    sample: Sample
    inputs: list[Any]
    active: list[int]

    @classmethod
    def of(
        cls, function: Function, sample: Sample, dtype: DType, target: Target, layout: str = "contiguous"
    ) -> Problem:
        """The problem on the device, in a dtype."""
        arrays = arrays_of(function, sample, dtype)
        inputs = tensors_of(function, sample, arrays, dtype, target.device, layout)
        active = [
            i for i, x in enumerate(inputs)
            if x is not None and x.dtype.is_differentiable and function.rules[0 if function.variadic else i] is not None
        ]  # fmt: skip
        return cls(function, sample, [None if x is None else x.detach() for x in inputs], active)

    def value(self, inputs: Sequence[Any]) -> Tensor | None:
        """A weighted sum of all differentiable outputs, whose weights tell the outputs apart; None if there is none."""
        function = self.function
        with self.device:
            outputs = function.call(*inputs, **self.sample.parameters)
        total = None
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        outputs = [
            o for k, o in enumerate(outputs) if not (function.outputs and function.outputs[k] in function.constant)
        ]
        for k, out in enumerate(determined(function.name, outputs)):
            if not out.dtype.is_differentiable:
                continue
            weighted = (out * _waves(out.shape, 0.5 + k, out)).sum()
            weighted = real(weighted) if out.dtype.is_complex else weighted
            total = weighted if total is None else total + weighted
        return total

    @property
    def device(self) -> Any:
        """The device of the arguments."""
        return next(x for x in self.inputs if x is not None).device

    def direction(self, phase: float) -> list[Any]:
        """A direction for every active argument, None for the others."""
        return [_waves(x.shape, phase + i, x) if i in self.active else None for i, x in enumerate(self.inputs)]

    def leaves(self) -> list[Any]:
        """The arguments, the active ones as leaves that require a gradient."""
        return [x.detach().clone().requires_grad_() if i in self.active else x for i, x in enumerate(self.inputs)]

    def gradients(self, inputs: Sequence[Any], create_graph: bool = False) -> list[Any]:
        """The gradients by the active arguments, None for the others."""
        found: Sequence[Any] = (None,) * len(self.active)
        with self.device:  # rules, too, may make small arrays on the default device
            value = self.value(inputs)
            if value is not None and value.requires_grad:
                sources = [inputs[i] for i in self.active]
                found = autograd.grad(value, sources, create_graph=create_graph, materialize_grads=True)
        out: list[Any] = [None] * len(inputs)
        for i, g in zip(self.active, found, strict=True):
            out[i] = g
        return out

    def difference(self, f: Callable[[list[Any]], Tensor | None], direction: list[Any]) -> float:
        """The central difference of ``f`` along a direction."""
        with autograd.no_grad():
            ends = []
            for step in (STEP, -STEP):
                end = f([x if d is None else x + d * step for x, d in zip(self.inputs, direction, strict=True)])
                ends.append(0.0 if end is None else end.item())
        return (ends[0] - ends[1]) / (2 * STEP)


def along(gradients: Sequence[Any], direction: Sequence[Any]) -> Tensor | None:
    """The slope along a direction that gradients predict."""
    total = None
    for g, d in zip(gradients, direction, strict=True):
        if g is None or d is None:
            continue
        if g.shape != d.shape:
            raise ShapeError(f"a gradient of shape {tuple(g.shape)} for an argument of shape {tuple(d.shape)}")
        term = real((conj(g) * d).sum()) if g.dtype.is_complex else (g * d).sum()
        total = term if total is None else total + term
    return total
