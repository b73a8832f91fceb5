"""Axes and shapes as users write them, checked and made canonical, the same way for every function."""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import index
from typing import Any

from ..errors import AxisError, ShapeError

Axes = int | tuple[int, ...] | list[int] | None


def one_axis(name: str, axis: Any, ndim: int) -> int:
    """A non-negative axis.

    Raises
    ------
    AxisError : out of range (a 0-D tensor takes 0 and -1, as in PyTorch)
    """
    axis = index(axis)
    n = max(ndim, 1)
    if not -n <= axis < n:
        raise AxisError(f"{name}: axis {axis} is out of range: the tensor has {ndim} axes, so it is in [{-n}, {n - 1}]")
    return axis % n


def some_axes(name: str, axis: Axes, ndim: int) -> tuple[int, ...]:
    """Non-negative axes; None means all.

    Raises
    ------
    AxisError : out of range
    ShapeError : an axis twice
    """
    if axis is None:
        return tuple(range(ndim))
    if not isinstance(axis, Iterable):
        return (one_axis(name, axis, ndim),)
    axes = tuple(one_axis(name, a, ndim) for a in axis)
    if len(set(axes)) < len(axes):
        raise ShapeError(f"{name}: axes {tuple(axis)} name one axis twice")
    return axes


def either(name: str, axis: Any, dim: Any, default: Any = None) -> Any:
    """The standard's ``axis`` or PyTorch's ``dim``, whichever was given; ``axis`` is ``default`` if it was not.

    Raises
    ------
    TypeError : both
    """
    if dim is None:
        return axis
    if axis is not None and axis != default:
        raise TypeError(f"{name}: axis and dim are two names of one argument; give one")
    return dim


def shape_of_arguments(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape given as ints or as one sequence."""
    if len(shape) == 1 and not isinstance(shape[0], int) and isinstance(shape[0], Iterable):
        shape = tuple(shape[0])
    return tuple(map(index, shape))


def complete_shape(name: str, shape: tuple[int, ...], count: int, old: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` with its one -1 replaced, so that it has ``count`` elements.

    Raises
    ------
    ShapeError : it cannot have
    """
    if -1 not in shape:
        if math.prod(shape) == count and min(shape, default=0) >= 0:
            return shape
    else:
        at = shape.index(-1)
        others = (*shape[:at], *shape[at + 1 :])
        rest = math.prod(others)
        if min(others, default=0) < 0:
            raise ShapeError(f"{name}: only one size can be inferred, got {list(shape)}")
        if rest and count % rest == 0:
            return (*shape[:at], count // rest, *shape[at + 1 :])
    raise ShapeError(f"{name}: shape {list(shape)} is invalid for input of shape {list(old)} with {count} elements")
