"""Attention in blocks: the compiled loops. See ``pluggrad/ops/neural/tiled_attention.py`` for the formulas.

A block of scores has a row for each key, with the queries side by side: so the maximum and the sum of a query's scores
are those of whole vectors, and the block serves as it lies as left factor of the products with values, keys, queries
and slopes.

Matrices of a batch are given as (address, where each item starts, how far rows lie apart, how far elements lie apart),
in numbers of float32. All arrays are 1-D.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.np.numpy_support import carray

from .compiled_elementwise import choose, exp_or_zero, log
from .compiled_sharing import sharing
from .compiling import compiled as _compiled
from .tasks import pointer, whole_vectors
from .tiles import ROWS, VECTOR_BYTES, blocks_of_columns, blocks_of_lines, transposition

#: Queries and keys of a block: two blocks of scores stay in the first-level cache.
BLOCK = 64
#: Numbers of a vector, and those side by side in a tile of two.
_VECTOR = VECTOR_BYTES // 4
_TILE = 2 * _VECTOR
_tile_of_lines, _tile_of_columns = blocks_of_lines[1], blocks_of_columns[1]

_ZERO, _ONE, _INFINITE = np.float32(0), np.float32(1), np.float32(np.inf)


@_compiled
def _whole(count: Any, unit: Any) -> Any:
    """The next multiple of a unit."""
    return (count + unit - 1) // unit * unit


# -- blocks of matrices ------------------------------------------------------------------------------------


@_compiled
def _fetch(matrices: Any, item: Any, first: Any, rows: Any, column: Any, columns: Any, out: Any, width: Any) -> None:
    """Some columns of some rows of a matrix, in rows of a ``width``, with zeros behind and below."""
    address, starts, row_step, step = matrices
    for r in range(rows):
        at = address + (starts[item] + (first + r) * row_step + column * step) * 4
        line = out[r * width : (r + 1) * width]
        if step == 1:
            row = carray(pointer(at), columns, np.float32)
            for i in range(columns):
                line[i] = row[i]
        else:
            for i in range(columns):
                line[i] = carray(pointer(at + i * step * 4), 1, np.float32)[0]
        line[columns:] = _ZERO
    out[rows * width :] = _ZERO


@_compiled
def _put(rows_of: Any, width: Any, scale: Any, matrices: Any, item: Any, first: Any, rows: Any, columns: Any) -> None:
    """Rows of a ``width``, times a number, to where they belong: there, the elements of a row are neighbours."""
    address, starts, row_step, _ = matrices
    for r in range(rows):
        row = carray(pointer(address + (starts[item] + (first + r) * row_step) * 4), columns, np.float32)
        line = rows_of[r * width : (r + 1) * width]
        for i in range(columns):
            row[i] = line[i] * scale


@_compiled
def _turn(block: Any, width: Any, out: Any) -> None:
    """The transpose of a block's rows, which have a ``width``."""
    for r in range(0, BLOCK, _VECTOR):
        for c in range(0, width, _VECTOR):
            transposition(block, r * width + c, width, out, c * BLOCK + r, BLOCK)


@_compiled
def _fetch_both(
    matrices: Any, item: Any, first: Any, rows: Any, columns: Any, out: Any, width: Any, turned: Any
) -> None:
    """Rows of a matrix, and their transpose."""
    _fetch(matrices, item, first, rows, 0, columns, out, width)
    _turn(out, width, turned)


@_compiled
def _at(array: Any, place: Any) -> Any:
    """The address of an element."""
    return array.ctypes.data + place * array.itemsize


# -- products of blocks, of a block of queries with one of keys ----------------------------------------------
#
# ``ahead`` : how far the queries' first position lies behind that of the keys. A key r is closed to the queries before
# r - ahead: what belongs to such a pair is left out, where it is a whole tile, or 0.


@_compiled
def _pairs(keys: Any, width: Any, queries: Any, inner: Any, count: Any, ahead: Any, out: Any) -> None:
    """For each key and query the sum of their products."""
    for r in range(0, count, ROWS):
        for p in range(0, BLOCK, _TILE):
            if r < p + _TILE + ahead:
                left, right, to = _at(keys, r * width), _at(queries, p), _at(out, r * BLOCK + p)
                _tile_of_lines(out, left, width, right, BLOCK, inner, 0, 0, to, BLOCK)


@_compiled
def _close(block: Any, count: Any, ahead: Any, value: Any) -> None:
    """Give a value to the pairs of a query with a closed key; and 0 to keys behind the last one, for a whole tile."""
    for r in range(max(0, ahead + 1), count):
        block[r * BLOCK : r * BLOCK + min(BLOCK, r - ahead)] = value
    block[count * BLOCK : _whole(count, ROWS) * BLOCK] = _ZERO


@_compiled
def _add_to_queries(block: Any, count: Any, ahead: Any, present: Any, keys: Any, width: Any, out: Any) -> None:
    """For each query, the sum over keys of the block times ``keys``."""
    for r in range(0, present, ROWS):
        inner = min(count, r + ROWS + ahead)
        for p in range(0, width, _TILE):
            to = _at(out, r * width + p)
            _tile_of_columns(out, _at(block, r), BLOCK, _at(keys, p), width, inner, to, width, to, width)


@_compiled
def _add_to_keys(
    block: Any, count: Any, ahead: Any, present: Any, queries: Any, width: Any, out: Any, begin: Any
) -> None:
    """For each key, the sum over queries of the block times ``queries``; ``begin`` : of the keys in ``out``."""
    for r in range(0, count, ROWS):
        first = min(max(0, r - ahead), present)
        for p in range(0, width, _TILE):
            left, right, to = (
                _at(block, r * BLOCK + first), _at(queries, first * width + p), _at(out, (begin + r) * width + p),
            )  # fmt: skip
            _tile_of_lines(out, left, BLOCK, right, width, present - first, to, width, to, width)


@_compiled
def _add_mask(
    masks: Any, item: Any, first: Any, present: Any, begin: Any, count: Any, memory: Any, turned: Any, scores: Any
) -> None:
    _fetch(masks, item, first, present, begin, count, memory, BLOCK)
    _turn(memory, BLOCK, turned)
    for i in range(count * BLOCK):
        scores[i] += turned[i]


# -- softmax, of queries side by side ------------------------------------------------------------------------


@_compiled
def _raise_largest(scores: Any, count: Any, largest: Any) -> None:
    """NaN are passed over."""
    for r in range(count):
        row = scores[r * BLOCK : (r + 1) * BLOCK]
        for i in range(BLOCK):
            largest[i] = row[i] if row[i] > largest[i] else largest[i]


@_compiled
def _weigh(scores: Any, count: Any, center: Any) -> None:
    """``exp(scores - center)``, in place."""
    whole_vectors()
    for r in range(count):
        row = scores[r * BLOCK : (r + 1) * BLOCK]
        for i in range(BLOCK):
            row[i] = exp_or_zero(row[i] - center[i])


@_compiled
def _add_rows(block: Any, count: Any, total: Any) -> None:
    for r in range(count):
        row = block[r * BLOCK : (r + 1) * BLOCK]
        for i in range(BLOCK):
            total[i] += row[i]


@_compiled
def _slope(block: Any, weights: Any, count: Any, delta: Any) -> None:
    """``weights * (block - delta)``, in place of the block."""
    for r in range(count):
        row, weight = block[r * BLOCK : (r + 1) * BLOCK], weights[r * BLOCK : (r + 1) * BLOCK]
        for i in range(BLOCK):
            row[i] = weight[i] * (row[i] - delta[i])


@_compiled
def _scale(x: Any, factor: Any) -> None:
    for i in range(x.size):
        x[i] *= factor


@_compiled
def _scale_rows(block: Any, width: Any, factors: Any) -> None:
    for r in range(BLOCK):
        _scale(block[r * width : (r + 1) * width], factors[r])


@_compiled
def _finish(total: Any, center: Any, factor: Any) -> None:
    """``1 / total`` as factor and ``log(total) + center`` as total; 1 and infinity where there is nothing."""
    for i in range(BLOCK):
        some = choose(total[i] == _ZERO, _ONE, total[i])
        factor[i] = _ONE / some
        total[i] = choose(total[i] == _ZERO, _INFINITE, log(some) + center[i])


# -- attention -----------------------------------------------------------------------------------------------


@_compiled
def _attention(
    part: Any, query: Any, key: Any, value: Any, mask: Any, masked: Any, sizes: Any, scale: Any, causal: Any, out: Any,
    log_total: Any,
) -> None:  # fmt: skip
    """Of some items, some blocks of queries. sizes : queries, keys, numbers of a query and of a value."""
    whole_vectors()
    queries, keys, inner, values = sizes
    width, value_width = _whole(inner, _TILE), _whole(values, _TILE)
    rooms = np.empty((3, BLOCK * width), np.float32)
    q, across, k = rooms[0], rooms[1], rooms[2]
    v, mixed = np.empty(BLOCK * value_width, np.float32), np.empty(BLOCK * value_width, np.float32)
    rooms = np.empty((3, BLOCK * BLOCK), np.float32)
    scores, memory, turned = rooms[0], rooms[1], rooms[2]
    rooms = np.empty((4, BLOCK), np.float32)
    largest, center, total, factor = rooms[0], rooms[1], rooms[2], rooms[3]
    for item in range(part[0], part[1]):
        for first in range(part[2] * BLOCK, min(part[3] * BLOCK, queries), BLOCK):
            present = min(BLOCK, queries - first)
            _fetch_both(query, item, first, present, inner, q, width, across)
            _scale(across, scale)
            mixed[:], total[:], largest[:] = _ZERO, _ZERO, -_INFINITE
            end = min(keys, first + present) if causal else keys
            for begin in range(0, end, BLOCK):
                count, ahead = min(BLOCK, end - begin), first - begin if causal else BLOCK
                _fetch(key, item, begin, count, 0, inner, k, width)
                _fetch(value, item, begin, count, 0, values, v, value_width)
                _pairs(k, width, across, inner, count, ahead, scores)
                if masked:
                    _add_mask(mask, item, first, present, begin, count, memory, turned, scores)
                _close(scores, count, ahead, -_INFINITE)
                factor[:] = largest
                _raise_largest(scores, count, largest)
                for i in range(BLOCK):
                    center[i] = choose(largest[i] == -_INFINITE, _ZERO, largest[i])
                    factor[i] = exp_or_zero(factor[i] - center[i])
                _weigh(scores, count, center)
                if begin:
                    for i in range(BLOCK):
                        total[i] *= factor[i]
                    _scale_rows(mixed, value_width, factor)
                _add_rows(scores, count, total)
                _add_to_queries(scores, count, ahead, present, v, value_width, mixed)
            _finish(total, center, factor)
            _scale_rows(mixed, value_width, factor)
            log_total[item * queries + first : item * queries + first + present] = total[:present]
            _put(mixed, value_width, _ONE, out, item, first, present, values)


@_compiled
def _attention_gradients(
    part: Any, g: Any, delta: Any, query: Any, key: Any, value: Any, log_total: Any, mask: Any, masked: Any, sizes: Any,
    scale: Any, causal: Any, of_query: Any, of_key: Any, of_value: Any,
) -> None:  # fmt: skip
    """Of some items."""
    whole_vectors()
    queries, keys, inner, values = sizes
    width, value_width = _whole(inner, _TILE), _whole(values, _TILE)
    rooms = np.empty((4, BLOCK * width), np.float32)
    q, q_across, k, of_q = rooms[0], rooms[1], rooms[2], rooms[3]
    rooms = np.empty((3, BLOCK * value_width), np.float32)
    slope, slope_across, v = rooms[0], rooms[1], rooms[2]
    rooms = np.empty((4, BLOCK * BLOCK), np.float32)
    weights, slopes, memory, turned = rooms[0], rooms[1], rooms[2], rooms[3]
    center, along = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    of_k = np.empty(_whole(keys, BLOCK) * width, np.float32)
    of_v = np.empty(_whole(keys, BLOCK) * value_width, np.float32)
    for item in range(part[0], part[1]):
        of_k[:], of_v[:] = _ZERO, _ZERO
        for first in range(0, queries, BLOCK):
            present = min(BLOCK, queries - first)
            _fetch_both(query, item, first, present, inner, q, width, q_across)
            _fetch_both(g, item, first, present, values, slope, value_width, slope_across)
            _scale(q_across, scale)
            of_q[:] = _ZERO
            center[present:], along[present:] = _INFINITE, _ZERO
            center[:present] = log_total[item * queries + first : item * queries + first + present]
            along[:present] = delta[item * queries + first : item * queries + first + present]
            end = min(keys, first + present) if causal else keys
            for begin in range(0, end, BLOCK):
                count, ahead = min(BLOCK, end - begin), first - begin if causal else BLOCK
                _fetch(key, item, begin, count, 0, inner, k, width)
                _fetch(value, item, begin, count, 0, values, v, value_width)
                _pairs(k, width, q_across, inner, count, ahead, weights)
                if masked:
                    _add_mask(mask, item, first, present, begin, count, memory, turned, weights)
                _close(weights, count, ahead, -_INFINITE)
                _weigh(weights, count, center)
                _pairs(v, value_width, slope_across, values, count, ahead, slopes)
                _close(slopes, count, ahead, _ZERO)
                _slope(slopes, weights, count, along)
                _add_to_keys(weights, count, ahead, present, slope, value_width, of_v, begin)
                _add_to_keys(slopes, count, ahead, present, q, width, of_k, begin)
                _add_to_queries(slopes, count, ahead, present, k, width, of_q)
            _put(of_q, width, scale, of_query, item, first, present, inner)
        _put(of_k, width, scale, of_key, item, 0, keys, inner)
        _put(of_v, value_width, _ONE, of_value, item, 0, keys, values)


_share_attention, _share_attention_gradients = sharing(_attention), sharing(_attention_gradients)


@_compiled
def attention(crew: Any, parts: Any, *args: Any) -> None:
    _share_attention(crew, parts, args)


@_compiled
def attention_gradients(crew: Any, parts: Any, *args: Any) -> None:
    _share_attention_gradients(crew, parts, args)
