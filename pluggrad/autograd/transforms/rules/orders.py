"""What stands where in order: members become rows."""

from __future__ import annotations

import math
from typing import Any

from ..batched import BatchedKernels, batch_size
from .registry import batching, full, loop


@batching("lower_median")
def _lower_median(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """Of all elements of each member: of each row."""
    (x,) = args
    if not math.prod(x.array.shape):
        return loop(xp, name, args, parameters)
    rows = xp.inner.reshape(x.array, shape=(x.array.shape[0], x.size))
    out, _ = xp.inner.median_along(rows, axis=1, keepdims=False, skip_nan=parameters["skip_nan"])
    shape = (1,) * x.ndim if parameters["keepdims"] else ()
    return xp.wrap(xp.inner.reshape(out, shape=(out.shape[0], *shape)))


@batching("searchsorted")
def _searchsorted(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """Rows of values among rows of sorted ones; sorted ones that all share stay one row."""
    edges, x = args
    if not edges.batched and edges.ndim == 1:
        return xp.wrap(xp.inner.searchsorted(edges.array, x.array, **parameters))
    size = batch_size(args)
    edges, values = full(xp, edges, size), full(xp, x, size)
    if edges.ndim == 2:
        values = xp.inner.reshape(values, shape=(size, x.size))
    out = xp.inner.searchsorted(edges, values, **parameters)
    return xp.wrap(xp.inner.reshape(out, shape=(size, *x.shape)))


@batching("isin")
def _isin(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """At once where all members look among the same elements."""
    x, among = args
    if among.batched:
        return loop(xp, name, args, parameters)
    return xp.wrap(xp.inner.isin(x.array, among.array, **parameters))
