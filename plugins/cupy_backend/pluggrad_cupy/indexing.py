"""Reading, writing and adding at indices.

Indices are checked on the GPU, where none can raise: see :mod:`.late`. Places that are named twice add up, or the last
one stays, by sorting them: the result has the same bits each time, which atomic additions would not give.
"""

from __future__ import annotations

import math
from typing import Any

import cupy
from cupy import ndarray as Array

from . import host, late, pointwise
from .launch import blocks_for, launch


def places(name: str, index: Array, size: int, axis: int, otherwise: int) -> Array:
    """Indices counted from the start, int64. One out of range is noted, and becomes ``otherwise``.

    Raises
    ------
    IndexError : there is nothing that an index could name
    """
    if not size and index.size:
        raise IndexError(f"{name}: index is out of bounds for axis {axis} with size 0")
    out = pointwise.place(index, size, axis, late.number_of(name), otherwise, late.note())
    late.check_if_blocking()
    return out


def _key(name: str, indices: Any, shape: tuple[int, ...], otherwise: int) -> tuple[Any, ...]:
    """A key whose integers are in range; masks as they are."""
    key, axis = [], 0
    for item in indices.key:
        if type(item) is slice:
            key.append(item)
            axis += 1
        elif item.dtype.kind == "b":
            host.note_copy(f"{name} at a mask")  # how many elements it has
            key += cupy.nonzero(item) if item.ndim else [item]
            axis += item.ndim
        else:
            key.append(places(name, item, shape[axis], axis, otherwise))
            axis += 1
    return tuple(key)


def index(x: Array, *, indices: Any) -> Array:
    """The elements at the indices, in C order."""
    return cupy.ascontiguousarray(x[_key("index", indices, x.shape, 0)])


def index_put(x: Array, values: Array, *, indices: Any, accumulate: bool) -> Array:
    out = x.copy(order="C")
    write_index(out, indices, values, accumulate)
    return out


def write_index(x: Array, indices: Any, values: Array, accumulate: bool) -> None:
    """Write or add ``values`` at the indices, in place."""
    key = _key("index_put", indices, x.shape, -1)
    # The trailing axes that are left whole are rows, which are moved as they are.
    count = len(key)
    while type(key[count - 1]) is slice:
        count -= 1
    lead = x.shape[:count]
    numbers = _numbers(key[:count], lead)
    shape = (*numbers.shape, *x.shape[count:])
    if values.ndim > len(shape):
        values = values.reshape(values.shape[values.ndim - len(shape) :])
    values = cupy.broadcast_to(values, shape)
    target = x if x.flags.c_contiguous else cupy.ascontiguousarray(x)
    put_rows(target, numbers, values, math.prod(x.shape[count:]), accumulate)
    if target is not x:
        x[...] = target


def _numbers(key: tuple[Any, ...], lead: tuple[int, ...]) -> Array:
    """The places that a key names in an array of the shape ``lead``, counted along its flattened elements."""
    if len(key) == 1:
        return key[0]
    arrays = [k for k in key if type(k) is not slice]
    try:
        arrays = cupy.broadcast_arrays(*arrays)
    except ValueError:
        shapes = " ".join(str(k.shape) for k in arrays)
        raise IndexError(f"shape mismatch: indexing arrays could not be broadcast with shapes {shapes}") from None
    # An index of -1 was out of range: it names nothing, whatever the others name.
    outside = None
    for k in arrays:
        outside = k < 0 if outside is None else outside | (k < 0)
    every = cupy.arange(math.prod(lead), dtype=cupy.int64).reshape(lead)
    found = every[key]
    if any(type(k) is slice for k in key):
        marks = cupy.zeros(lead, cupy.bool_)
        return cupy.where(marks[key] | _spread(outside, key, found), -1, found)
    return cupy.where(outside, -1, found)


def _spread(outside: Array, key: tuple[Any, ...], found: Array) -> Array:
    """``outside``, of the shape of the index arrays, where their axes are in the result of indexing."""
    at = [i for i, k in enumerate(key) if type(k) is not slice]
    neighbours = at == list(range(at[0], at[0] + len(at)))
    before = at[0] if neighbours else 0
    behind = found.ndim - before - outside.ndim
    return outside.reshape((1,) * before + outside.shape + (1,) * behind)


def put_rows(x: Array, numbers: Array, values: Array, width: int, accumulate: bool, *, by_count: bool = False) -> None:
    """Add or write rows of ``width`` numbers at places of a contiguous ``x``; negative numbers name nothing."""
    numbers = cupy.ascontiguousarray(numbers).reshape(-1)
    values = cupy.ascontiguousarray(values.astype(x.dtype, copy=False))
    if not (numbers.size and width):
        return
    order = cupy.argsort(numbers)
    ranked = cupy.take(numbers, order)
    blocks = blocks_for(numbers.size * width)
    if accumulate:
        launch("rows", "add_runs", x.dtype, blocks, (ranked, order, values, x, numbers.size, width, by_count))
    else:
        launch("rows", "put_runs", x.dtype, blocks, (ranked, order, values, x, numbers.size, width))


# -- along one axis ---------------------------------------------------------------------------------------------


def take(x: Array, indices: Array, *, axis: int) -> Array:
    return cupy.take(x, places("take", indices, x.shape[axis], axis, 0), axis=axis)


def index_add(x: Array, indices: Array, values: Array, *, axis: int) -> Array:
    out = x.copy(order="C")
    where = places("index_add", indices, x.shape[axis], axis, -1)
    shape = (*x.shape[:axis], *where.shape, *x.shape[axis + 1 :])
    values = cupy.broadcast_to(values, shape).reshape((*x.shape[:axis], where.size, *x.shape[axis + 1 :]))
    if axis:
        moved = cupy.ascontiguousarray(cupy.moveaxis(out, axis, 0))
        put_rows(moved, where, cupy.moveaxis(values, axis, 0), math.prod(moved.shape[1:]), True)
        return cupy.ascontiguousarray(cupy.moveaxis(moved, 0, axis))
    put_rows(out, where, values, math.prod(x.shape[1:]), True)
    return out


def _flat_along(name: str, index: Array, shape: tuple[int, ...], axis: int) -> Array:
    """The index of gather and scatter into one axis, as an index into the flattened array; -1 out of range."""
    where = places(name, index, shape[axis], axis, -1)
    flat: Any = 0
    step = 1
    for i in reversed(range(len(shape))):
        if i == axis:
            flat = flat + where * step
        elif index.shape[i] > 1:
            along = cupy.arange(index.shape[i], dtype=cupy.int64) * step
            flat = flat + along.reshape((-1,) + (1,) * (len(shape) - i - 1))
        step *= shape[i]
    return cupy.where(where < 0, -1, flat)


def gather(x: Array, index: Array, *, axis: int) -> Array:
    if not x.ndim:
        places("gather", index, 1, 0, 0)
        return x.copy()
    part = x[tuple([slice(None) if i == axis else slice(n) for i, n in enumerate(index.shape)])]
    return cupy.take_along_axis(part, places("gather", index, x.shape[axis], axis, 0), axis)


def _scatter(name: str, x: Array, index: Array, src: Array, axis: int, accumulate: bool) -> Array:
    out = x.copy(order="C")
    shape = x.shape or (1,)
    flat = _flat_along(name, index.reshape(index.shape or (1,)), shape, axis)
    src = src[tuple(slice(n) for n in index.shape)] if src.ndim else src
    put_rows(out, flat, cupy.broadcast_to(src, index.shape), 1, accumulate)
    return out


def scatter(x: Array, index: Array, src: Array, *, axis: int) -> Array:
    return _scatter("scatter", x, index, src, axis, False)


def scatter_add(x: Array, index: Array, src: Array, *, axis: int) -> Array:
    return _scatter("scatter_add", x, index, src, axis, True)


# -- embedding --------------------------------------------------------------------------------------------------


def embedding(
    weight: Array, indices: Array, *, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> Array:
    numbers = cupy.ascontiguousarray(indices.astype(cupy.int64, copy=False))
    rows, width = weight.shape[0], math.prod(weight.shape[1:])
    out = cupy.empty((*indices.shape, *weight.shape[1:]), weight.dtype)
    launch("rows", "read_rows", weight.dtype, blocks_for(out.size), (
        cupy.ascontiguousarray(weight), numbers, out, late.note(), numbers.size, rows, width,
        late.number_of("embedding"),
    ))  # fmt: skip
    return out


def embedding_weight(
    g0: Array, indices: Array, *, rows: int, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> Array:
    width = g0.shape[-1]
    out = cupy.zeros((rows, width), g0.dtype)
    numbers = indices.reshape(-1).astype(cupy.int64)
    if padding_idx is not None:
        numbers = cupy.where(numbers == padding_idx, -1, numbers)
    numbers = cupy.where(numbers < rows, numbers, -1)
    put_rows(out, numbers, g0.reshape(-1, width), width, True, by_count=scale_grad_by_freq)
    return out


KERNELS = {f.__name__: f for f in (
    index, index_put, write_index, take, index_add, gather, scatter, scatter_add, embedding,
    embedding_weight,
)}  # fmt: skip
