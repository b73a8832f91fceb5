"""What the tests of reductions share: shapes, and the axes to reduce."""

from __future__ import annotations

from typing import Any

SHAPES = [(), (1,), (5,), (2, 3), (3, 1, 4), (2, 3, 2, 2)]


def axes_of(ndim: int) -> list[Any]:
    """None, each axis, its negative, and pairs."""
    single = [*range(ndim), *range(-ndim, 0)]
    return [None, *single, *([(0, -1), (1, 0)] if ndim > 1 else [])]


#: Each shape with each axis, without and with the reduced axes kept.
CASES = [(shape, axis, keep) for shape in SHAPES for axis in axes_of(len(shape)) for keep in (False, True)]
