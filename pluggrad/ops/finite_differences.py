"""Derivatives of sampled functions, estimated by differences."""

from __future__ import annotations

from typing import Any

from ..autograd.operands import SCALARS
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .axes import Axes, some_axes
from .joining import concat

__all__ = ["gradient"]


def gradient(x: Tensor, *, spacing: Any = None, dim: Axes = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The derivative of a function along each axis, estimated from its samples ``x`` by central differences.

    Parameters
    ----------
    x : Tensor
    spacing : the distance of samples, one for all axes or one for each, default 1; or, as 1-D tensors, their
        coordinates
    dim : which axes; default all
    edge_order : 1 or 2: the order of the one-sided differences at both ends

    Returns
    -------
    tuple of Tensors of the shape of ``x``, one for each axis

    Raises
    ------
    ArgumentError, ShapeError : too few samples, spacings that do not fit

    >>> import pluggrad
    >>> pluggrad.gradient(pluggrad.asarray([1.0, 4.0, 9.0, 16.0]))
    (tensor([3., 4., 6., 7.]),)
    """
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    axes = some_axes("gradient", dim, x.ndim)
    if spacing is None or isinstance(spacing, SCALARS):
        spacings: list[Any] = [1 if spacing is None else spacing] * len(axes)
    elif isinstance(spacing, Tensor) or len(spacing) != len(axes):
        raise ShapeError(f"gradient: spacing is one number, or a list of as many as axes ({len(axes)})")
    else:
        spacings = list(spacing)
    return tuple(
        _along(x if x.dtype.is_differentiable else x * 1.0, a, s, edge_order)
        for a, s in zip(axes, spacings, strict=True)
    )


def _along(x: Tensor, axis: int, spacing: Any, edge_order: int) -> Tensor:
    n = x.shape[axis]
    if n < edge_order + 1:
        raise ShapeError(f"gradient: axis {axis} has {n} samples, but edge_order={edge_order} needs {edge_order + 1}")

    def part(start: int | None, stop: int | None) -> Tensor:
        return x[(*(slice(None),) * axis, slice(start, stop))]

    def at(i: int) -> Tensor:
        return part(i, i + 1 or None)

    if isinstance(spacing, Tensor):
        if tuple(spacing.shape) != (n,):
            raise ShapeError(
                f"gradient: the coordinates along axis {axis} must have shape ({n},), got {tuple(spacing.shape)}"
            )
        steps = (spacing[1:] - spacing[:-1]).reshape((-1,) + (1,) * (x.ndim - axis - 1))
        h: Any = steps[:-1], steps[1:]
        first, second, before, last = steps[0], steps[1] if n > 2 else None, steps[-2] if n > 2 else None, steps[-1]
    else:
        h = spacing, spacing
        first = second = before = last = spacing
    h0, h1 = h
    low, middle, high = part(None, -2), part(1, -1), part(2, None)
    inner = (h0 * h0 * high - h1 * h1 * low + (h1 * h1 - h0 * h0) * middle) / (h0 * h1 * (h0 + h1))
    if edge_order == 1:
        start, end = (at(1) - at(0)) / first, (at(-1) - at(-2)) / last
    else:
        start = _one_sided(at(0), at(1), at(2), first, second)
        end = -_one_sided(at(-1), at(-2), at(-3), last, before)
    return concat([start, inner, end], axis=axis)


def _one_sided(f0: Tensor, f1: Tensor, f2: Tensor, h1: Any, h2: Any) -> Tensor:
    """The slope at the first of three samples, at distances ``h1`` and ``h2``, exact for parabolas."""
    return -f0 * ((2 * h1 + h2) / (h1 * (h1 + h2))) + f1 * ((h1 + h2) / (h1 * h2)) - f2 * (h1 / (h2 * (h1 + h2)))
