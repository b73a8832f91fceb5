"""Reading, writing and adding at indices. ``indices.key`` is a key that NumPy understands."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np


def index(x: np.ndarray, *, indices: Any) -> np.ndarray:
    """The elements at the indices, in C order."""
    key = indices.key
    # take gives C order, and is faster than x[:, i]; among neighbours (full slices only) it means the same.
    if type(key[-1]) is not slice and key[-1].dtype.kind != "b" and all(type(k) is slice for k in key[:-1]):
        return np.take(x, key[-1], axis=len(key) - 1)
    return np.ascontiguousarray(x[key])


def index_put(
    x: np.ndarray, values: np.ndarray, *, indices: Any, accumulate: bool, add: Callable[..., None] | None = None
) -> np.ndarray:
    out = np.array(x, order="C")
    write_index(out, indices, values, accumulate, add)
    return out


def write_index(
    x: np.ndarray, indices: Any, values: np.ndarray, accumulate: bool, add: Callable[..., None] | None = None
) -> None:
    """Write or add ``values`` at the indices, in place; ``add``: :func:`add_along`, or what a plugin does instead."""
    key = indices.key
    if not accumulate:
        # Unlike elsewhere, NumPy takes no leading axes of size 1 where a mask covers the whole array.
        x[key] = (
            values.reshape(values.shape[-1:])
            if len(key) == 1 and values.ndim > 1 and key[0].dtype.kind == "b" and key[0].ndim == x.ndim
            else values
        )
        return
    is_whole = [type(k) is slice for k in key]
    first = is_whole.index(False)
    last = len(key) - is_whole[::-1].index(False)
    if all(type(k) is not slice and k.dtype.kind == "b" for k in key):
        x[key] += values  # a mask names no element twice
    elif any(is_whole[first:last]) or any(k.dtype.kind == "b" for k in key[first:last]):
        np.add.at(x, key, values)
    elif not x.flags.c_contiguous:
        whole = np.array(x, order="C")
        write_index(whole, indices, values, accumulate, add)
        x[...] = whole
    else:  # of several axes beside each other one is made
        named = np.broadcast_arrays(*key[first:last])
        before, size, behind = x.shape[:first], x.shape[first:last], x.shape[last:]
        rows = flat_index(tuple(named), size).reshape(-1)
        values = np.broadcast_to(values, (*before, *named[0].shape, *behind))
        lead, trail = math.prod(before), math.prod(behind)
        (add or add_along)(
            x.reshape(lead, math.prod(size), trail), rows, values.reshape(lead, rows.size, trail)
        )  # fmt: skip


def flat_index(key: tuple[np.ndarray, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Integer indices into each axis as one index into the flattened array.

    Raises
    ------
    IndexError : out of range
    """
    flat: Any = 0
    for axis, (i, n) in enumerate(zip(key, shape, strict=True)):
        if i.size:
            low = i.min()
            if low < -n or i.max() >= n:
                bad = i[(i < -n) | (i >= n)][0]
                raise IndexError(f"index {bad} is out of bounds for axis {axis} with size {n}")
            if low < 0:
                i = np.where(i < 0, i + n, i)
        flat = flat * n + i if axis else i.astype(np.intp, copy=False)
    return flat


def add_elements(flat: np.ndarray, at: np.ndarray, values: np.ndarray) -> None:
    """``flat[at] += values``, repeated places adding up."""
    # np.add.at has a fast way for 1-D arrays.
    np.add.at(flat, at.reshape(-1), np.broadcast_to(values, at.shape).reshape(-1))


#: Rows from which on one call adds to all of them what comes next for each.
_MANY = 32


def add_along(x: np.ndarray, rows: np.ndarray, values: np.ndarray) -> None:
    """``x[:, rows] += values`` of 3-D arrays, repeated rows adding up.

    Parameters
    ----------
    x : (lead, n, trail), C-contiguous
    rows : 1-D, in [0, n)
    values : (lead, number of rows, trail)
    """
    if x.shape[0] == 1 and x.shape[2] == 1:
        add_elements(x.reshape(-1), rows, values.reshape(-1))
        return
    # In rounds: the first value of each row, then the second of each that has one, ... of which the last few rows'
    # sums are made one by one. A fifth of the time of np.add.at, and of np.add.reduceat over sorted rows.
    order = np.argsort(rows, kind="stable")
    present, starts, counts = np.unique(rows[order], return_index=True, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")
    present, starts, counts = present[frequent], starts[frequent], counts[frequent]
    done = 0
    while (active := int(np.searchsorted(-counts, -done))) >= _MANY:
        x[:, present[:active]] += np.take(values, order[starts[:active] + done], axis=1)
        done += 1
    for row, start, count in zip(present[:active].tolist(), starts.tolist(), counts.tolist(), strict=False):
        x[:, row] += np.add.reduce(np.take(values, order[start + done : start + count], axis=1), 1, dtype=x.dtype)


# -- along one axis ------------------------------------------------------------------------------------


def take(x: np.ndarray, indices: np.ndarray, *, axis: int) -> np.ndarray:
    return np.take(x, indices, axis=axis)


def index_add(
    x: np.ndarray, indices: np.ndarray, values: np.ndarray, *, axis: int, add: Callable[..., None] | None = None
) -> np.ndarray:
    out = np.array(x, order="C")
    lead, n, trail = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    rows = flat_index((indices.reshape(-1),), (n,))
    (add or add_along)(out.reshape(lead, n, trail), rows, values.reshape(lead, rows.size, trail))
    return out


def flat_along(index: np.ndarray, shape: tuple[int, ...], axis: int) -> np.ndarray:
    """The index of gather and scatter into one axis, as an index into the flattened array.

    Raises
    ------
    IndexError : out of range
    """
    n = shape[axis]
    index = index.astype(np.intp, copy=False)
    if index.size:
        low, high = index.min(), index.max()
        if not (-n <= low and high < n):
            raise IndexError(f"index {low if low < -n else high} is out of bounds for dimension {axis} with size {n}")
        if low < 0:
            index = np.where(index < 0, index + n, index)
    step = 1
    flat: Any = 0
    for i in reversed(range(len(shape))):
        if i == axis:
            flat = flat + index * step
        elif index.shape[i] > 1:
            flat = flat + (np.arange(index.shape[i]) * step).reshape((-1,) + (1,) * (len(shape) - i - 1))
        step *= shape[i]
    return np.broadcast_to(flat, index.shape)


@functools.lru_cache(maxsize=64)
def _places(n: int, trailing: int) -> np.ndarray:
    """The numbers below n, followed by so many axes of size 1."""
    return np.arange(n).reshape((n,) + (1,) * trailing)


def gather(x: np.ndarray, index: np.ndarray, *, axis: int) -> np.ndarray:
    if index.size > 1000:
        return np.take(x, flat_along(index, x.shape, axis))
    # Slower for each element, but without a dozen calls.
    last = x.ndim - 1
    return x[tuple([index if i == axis else _places(n, last - i) for i, n in enumerate(index.shape)])]


def scatter(x: np.ndarray, index: np.ndarray, src: np.ndarray, *, axis: int) -> np.ndarray:
    out = np.array(x, order="C")
    out.reshape(-1)[flat_along(index, x.shape, axis)] = src
    return out


def scatter_add(x: np.ndarray, index: np.ndarray, src: np.ndarray, *, axis: int) -> np.ndarray:
    out = np.array(x, order="C")
    add_elements(out.reshape(-1), flat_along(index, x.shape, axis), src)
    return out


def scatter_extreme(
    x: np.ndarray, index: np.ndarray, src: np.ndarray, *, axis: int, largest: bool, include_self: bool
) -> np.ndarray:
    out = np.array(x, order="C")
    at, flat = flat_along(index, x.shape, axis).reshape(-1), out.reshape(-1)
    if not include_self:
        limits = None if x.dtype.kind == "f" else np.iinfo(x.dtype)
        least = limits.min if limits else -np.inf
        most = limits.max if limits else np.inf
        flat[at] = least if largest else most
    (np.maximum if largest else np.minimum).at(flat, at, src.reshape(-1))
    return out


KERNELS = {
    f.__name__: f
    for f in (index, index_put, write_index, take, index_add, gather, scatter, scatter_add, scatter_extreme)
}
