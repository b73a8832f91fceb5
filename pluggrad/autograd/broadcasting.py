"""Undoing broadcasting, in one place for all rules; and what a failed one says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from ..errors import ShapeError


def check_broadcast(name: str, shapes: Sequence[tuple[int, ...] | None]) -> None:
    """Say which shapes do not broadcast; None stands for an argument that was left out.

    Raises
    ------
    ShapeError : they do not
    """
    given = [tuple(shape) for shape in shapes if shape is not None]
    for sizes in zip_longest(*(shape[::-1] for shape in given), fillvalue=1):
        if len(set(sizes) - {1}) > 1:
            raise ShapeError(
                f"{name}: shapes {' and '.join(map(str, given))} do not broadcast: from the right, "
                f"sizes must be equal or 1, got {' and '.join(map(str, sizes))}"
            ) from None


def sum_to_shape(xp: Any, g: Any, shape: tuple[int, ...]) -> Any:
    """Sum the cotangent ``g`` over the axes that broadcasting added or stretched, giving exactly ``shape``."""
    lead = len(g.shape) - len(shape)
    stretched = tuple(lead + i for i, n in enumerate(shape) if n == 1 and g.shape[lead + i] != 1)
    axes = tuple(range(lead)) + stretched
    if axes:
        g = xp.sum(g, axis=axes)
    return g if tuple(g.shape) == tuple(shape) else xp.reshape(g, shape=shape)
