"""Reading, writing and adding at indices. ``indices.key`` is a key that NumPy understands."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np


def index(x: np.ndarray, *, indices: Any) -> np.ndarray:
    """The elements at the indices, in C order."""
    key = indices.key
    # take gives C order, and is faster than x[:, i]; among neighbours (full slices only) it means the same.
    if type(key[-1]) is not slice and key[-1].dtype.kind != "b" and all(type(k) is slice for k in key[:-1]):
        return np.take(x, key[-1], axis=len(key) - 1)
    return np.ascontiguousarray(x[key])


def index_put(x: np.ndarray, values: np.ndarray, *, indices: Any, accumulate: bool) -> np.ndarray:
    out = np.array(x, order="C")
    write_index(out, indices, values, accumulate)
    return out


def write_index(x: np.ndarray, indices: Any, values: np.ndarray, accumulate: bool) -> None:
    """Write or add ``values`` at the indices, in place."""
    key = indices.key
    if not accumulate:
        # Unlike elsewhere, NumPy takes no leading axes of size 1 where a mask covers the whole array.
        x[key] = (
            values.reshape(values.shape[-1:])
            if len(key) == 1 and values.ndim > 1 and key[0].dtype.kind == "b" and key[0].ndim == x.ndim
            else values
        )
    elif all(type(k) is not slice and k.dtype.kind == "b" for k in key):
        x[key] += values  # a mask names no element twice
    elif len(key) == 1:
        add_rows(x, key[0], values)
    elif len(key) == x.ndim and x.flags.c_contiguous and all(type(k) is not slice and k.dtype.kind != "b" for k in key):
        add_elements(x.reshape(-1), flat_index(key, x.shape), values)
    else:
        np.add.at(x, key, values)


def flat_index(key: tuple[np.ndarray, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Integer indices into each axis as one index into the flattened array.

    Raises
    ------
    IndexError : out of range
    """
    flat: Any = 0
    for axis, (i, n) in enumerate(zip(key, shape, strict=True)):
        if i.size and not (-n <= i.min() and i.max() < n):
            bad = i[(i < -n) | (i >= n)][0]
            raise IndexError(f"index {bad} is out of bounds for axis {axis} with size {n}")
        flat = flat * n + np.where(i < 0, i + n, i)
    return flat


def add_elements(flat: np.ndarray, at: np.ndarray, values: np.ndarray) -> None:
    """``flat[at] += values``, repeated places adding up."""
    # np.add.at has a fast way for 1-D arrays.
    np.add.at(flat, at.reshape(-1), np.broadcast_to(values, at.shape).reshape(-1))


def add_rows(x: np.ndarray, rows: np.ndarray, values: np.ndarray) -> None:
    """``x[rows] += values``, repeated rows adding up."""
    if x.ndim == 1 or rows.size < 2:
        np.add.at(x, rows, values)
        return
    values = np.broadcast_to(values, rows.shape + x.shape[1:]).reshape(rows.size, *x.shape[1:])
    n = x.shape[0]
    rows = rows.reshape(-1)
    if not (-n <= rows.min() and rows.max() < n):
        bad = rows[(rows < -n) | (rows >= n)][0]
        raise IndexError(f"index {bad} is out of bounds for axis 0 with size {n}")
    rows = np.where(rows < 0, rows + n, rows)
    # Sorted by row, each run is summed by reduceat: less than half the time of np.add.at.
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    starts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
    if len(starts) == len(rows):
        x[rows] += values[order]
    else:
        x[rows[starts]] += np.add.reduceat(values[order], starts, axis=0, dtype=x.dtype)


# -- along one axis ------------------------------------------------------------------------------------


def take(x: np.ndarray, indices: np.ndarray, *, axis: int) -> np.ndarray:
    return np.take(x, indices, axis=axis)


def index_add(x: np.ndarray, indices: np.ndarray, values: np.ndarray, *, axis: int) -> np.ndarray:
    out = np.array(x, order="C")
    if indices.ndim != 1:
        values = values.reshape(*x.shape[:axis], indices.size, *x.shape[axis + 1 :])
        indices = indices.reshape(-1)
    add_rows(out.swapaxes(0, axis), indices, values.swapaxes(0, axis))
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


KERNELS = {f.__name__: f for f in (index, index_put, write_index, take, index_add, gather, scatter, scatter_add)}
