"""Sums over 1-D arrays, vectorised: for rows and for normalisation."""

from __future__ import annotations

from typing import Any

from .compiling import summing


@summing
def sum_of(x: Any) -> Any:
    """The sum of a 1-D array, in its own dtype."""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i]
    return total


@summing
def squares_of(x: Any, center: Any) -> Any:
    """The sum of the squares of distances from a number."""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += (x[i] - center) * (x[i] - center)
    return total


@summing
def products_of(x: Any, center: Any, g: Any) -> Any:
    """The sum of distances from a number, times others."""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += (x[i] - center) * g[i]
    return total
