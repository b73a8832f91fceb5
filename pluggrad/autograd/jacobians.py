"""Jacobians, numeric and analytic: by central differences and by backward."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..tensor import Tensor, make
from .gradients import grad
from .mode import MODE, with_grad

Rows = list[list[complex]]


def tensors_of(value: Any) -> tuple[Tensor, ...]:
    """The tensors that a function returned, alone or among others."""
    if isinstance(value, Tensor):
        return (value,)
    return tuple(v for v in value if isinstance(v, Tensor)) if isinstance(value, tuple | list) else ()


def flat(x: Tensor) -> list[Any]:
    """The elements, as Python numbers."""
    kernels = x._type.kernels
    return list(kernels.tolist(kernels.namespace.reshape(x._array, (-1,))))


def like(values: Sequence[Any], x: Tensor) -> Tensor:
    """A tensor of the shape, dtype and device of ``x`` with these values."""
    namespace = x._type.kernels.namespace
    array = namespace.asarray(list(values), dtype=x._type.native, device=x._type.native_device)
    return make(namespace.reshape(array, tuple(x._array.shape)), x._type)


def differentiable(outputs: tuple[Tensor, ...]) -> list[tuple[int, Tensor]]:
    """The outputs that can have a gradient, with their numbers."""
    return [(k, out) for k, out in enumerate(outputs) if out.dtype.is_differentiable]


def units(x: Tensor) -> list[complex]:
    """The directions of one element: the real one and, for a complex dtype, the imaginary one."""
    return [1.0, 1j] if x.dtype.is_complex else [1.0]


def difference(
    func: Callable[..., Any], inputs: list[Any], i: int, direction: Sequence[complex], eps: float
) -> tuple[list[complex], ...]:
    """Central difference of all outputs along a direction of input ``i``."""
    x = inputs[i]
    values = flat(x)
    sides = []
    before = MODE.get()
    MODE.set(with_grad(before, False))
    try:
        for sign in (1, -1):
            moved = list(inputs)
            moved[i] = like([v + sign * eps * d for v, d in zip(values, direction, strict=True)], x)
            sides.append([flat(out) for _, out in differentiable(tensors_of(func(*moved)))])
    finally:
        MODE.set(before)
    return tuple(
        [(a - b) / (2 * eps) for a, b in zip(high, low, strict=True)] for high, low in zip(*sides, strict=True)
    )


def inner(a: complex, b: complex) -> float:
    """The real inner product of two complex numbers."""
    return a.real * b.real + a.imag * b.imag


def numerical_jacobian(
    func: Callable[..., Any], inputs: Sequence[Any], i: int, eps: float = 1e-6
) -> list[dict[complex, Rows]]:
    """For each output, by direction of its elements, what the gradient by input ``i`` should be.

    A row for each element of the input.
    """
    inputs = list(inputs)
    x = inputs[i]
    n = math.prod(x.shape)
    columns: dict[complex, list[tuple[list[complex], ...]]] = {}
    for unit in units(x):
        columns[unit] = []
        for j in range(n):
            direction = [0.0] * n
            direction[j] = unit  # type: ignore[call-overload]
            columns[unit].append(difference(func, inputs, i, direction, eps))
    outputs = [out for _, out in differentiable(tensors_of(func(*inputs)))]
    jacobians: list[dict[complex, Rows]] = []
    for k, out in enumerate(outputs):
        jacobians.append({
            v: [
                [sum(unit * inner(v, columns[unit][j][k][m]) for unit in columns) for m in range(math.prod(out.shape))]
                for j in range(n)
            ]
            for v in units(out)
        })  # fmt: skip
    return jacobians


def analytical_jacobian(func: Callable[..., Any], inputs: Sequence[Any], i: int) -> list[dict[complex, Rows]]:
    """The same as backward computes it."""
    x = inputs[i]
    n = math.prod(x.shape)
    jacobians: list[dict[complex, Rows]] = []
    for _, out in differentiable(tensors_of(func(*inputs))):
        size = math.prod(out.shape)
        by_unit = {}
        for v in units(out):
            rows: Rows = [[0.0] * size for _ in range(n)]
            for m in range(size):
                if out._node is None:
                    continue
                cotangent = [0.0] * size
                cotangent[m] = v  # type: ignore[call-overload]
                (g,) = grad(out, x, like(cotangent, out), retain_graph=True, allow_unused=True)
                if g is not None:
                    for j, value in enumerate(flat(g)):
                        rows[j][m] = value
            by_unit[v] = rows
        jacobians.append(by_unit)
    return jacobians
