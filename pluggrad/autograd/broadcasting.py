"""Undoing broadcasting, in one place for all rules."""

from __future__ import annotations

from typing import Any


def sum_to_shape(xp: Any, g: Any, shape: tuple[int, ...]) -> Any:
    """Sum the cotangent ``g`` over the axes that broadcasting added or stretched, giving exactly ``shape``."""
    lead = len(g.shape) - len(shape)
    stretched = tuple(lead + i for i, n in enumerate(shape) if n == 1 and g.shape[lead + i] != 1)
    axes = tuple(range(lead)) + stretched
    if axes:
        g = xp.sum(g, axis=axes)
    return g if tuple(g.shape) == tuple(shape) else xp.reshape(g, shape=shape)
