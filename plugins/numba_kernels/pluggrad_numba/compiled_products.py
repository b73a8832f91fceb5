"""The compiled parts of a matrix product. See :mod:`.products` for how they fit together.

Of ``c = a @ b + bias``: ``a`` is read where it lies; the columns of ``b`` are taken in panels as wide as a tile, where
they lie or from a copy; ``c`` is written tile by tile. Matrices are given by an address, the number of elements that
lie from there on, and the steps between rows and between columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic as _intrinsic
from numba.np.numpy_support import carray

from .compiled_sharing import sharing
from .compiling import compiled as _compiled
from .tiles import ROWS, VECTOR_BYTES, blocks_of_columns, blocks_of_lines, copy, transposition

#: What is called by it has other arguments than what it is put around.
intrinsic: Any = _intrinsic

#: Panels of rows that meet a panel of columns before the next one: they stay in the second-level cache.
_TALL = 32

_one_of_lines, _two_of_lines, _three_of_lines = blocks_of_lines
_one_of_columns, _two_of_columns, _three_of_columns = blocks_of_columns


@intrinsic
def _pointer(typing: Any, address: Any, like: Any) -> Any:
    pointer: Any = types.CPointer
    element = pointer(like.dtype)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(element))

    return element(address, like), generate


@_compiled
def _memory(matrix: Any, at: Any, like: Any) -> Any:
    """What a matrix lies in, from a place on, as a 1-D array."""
    return carray(_pointer(matrix[0] + at * like.itemsize, like), matrix[1] - at)


@_compiled
def _pack(part: Any, b: Any, stack: Any, sizes: Any, packed: Any) -> None:
    """Panels of columns: for each step of the sum the elements of one lie together, and zeros up to a whole tile."""
    _, k, n, wide, first_panel, _ = sizes
    item = packed.itemsize
    lane = VECTOR_BYTES // item
    panels = (n + wide - 1) // wide - first_panel
    for z in range(part[0], part[1]):
        for panel in range(part[2], part[3]):
            first = (first_panel + panel) * wide
            width, at = min(wide, n - first), stack[z, 1] + first * b[3]
            whole, steps = width // lane * lane, k if b[3] == 1 else k // lane * lane
            source, to = _memory(b, at, packed), packed[(z * panels + panel) * wide * k :]
            first_of, out = source.ctypes.data, to.ctypes.data
            if b[3] == 1:
                for step in range(k):
                    for p in range(0, whole, lane):
                        copy(packed, first_of + (step * b[2] + p) * item, out + (step * wide + p) * item)
            else:
                for p in range(0, whole, lane):
                    for step in range(0, steps, lane):
                        transposition(source, p * b[3] + step, b[3], to, step * wide + p, wide)
            if steps < k or whole < wide:
                for step in range(k):
                    for p in range(whole if step < steps else 0, wide):
                        to[step * wide + p] = source[step * b[2] + p * b[3]] if p < width else 0


@_compiled
def block(
    vectors: Any, lines: Any, like: Any, a: Any, a_step: Any, b: Any, b_step: Any, count: Any, begin: Any,
    begin_step: Any, out: Any, out_step: Any,
) -> None:  # fmt: skip
    """A tile of so many vectors of columns, of rows that are lines of ``a``, or that lie together there."""
    if lines:
        if vectors == 3:
            _three_of_lines(like, a, a_step, b, b_step, count, begin, begin_step, out, out_step)
        elif vectors == 2:
            _two_of_lines(like, a, a_step, b, b_step, count, begin, begin_step, out, out_step)
        else:
            _one_of_lines(like, a, a_step, b, b_step, count, begin, begin_step, out, out_step)
    elif vectors == 3:
        _three_of_columns(like, a, a_step, b, b_step, count, begin, begin_step, out, out_step)
    elif vectors == 2:
        _two_of_columns(like, a, a_step, b, b_step, count, begin, begin_step, out, out_step)
    else:
        _one_of_columns(like, a, a_step, b, b_step, count, begin, begin_step, out, out_step)


@_compiled
def _gather_rows(a: Any, at: Any, row: Any, step: Any, rows: Any, count: Any, out: Any) -> None:
    """Fewer rows than a tile has, so that they lie together, and zeros."""
    for r in range(ROWS):
        for k in range(count):
            out[k * ROWS + r] = a[at + r * row + k * step] if r < rows else 0


@_compiled
def _multiply(
    part: Any, columns_first: Any, a: Any, b: Any, stack: Any, sizes: Any, packed: Any, bias: Any, c: Any, c_row: Any,
    c_column: Any,
) -> None:  # fmt: skip
    """Tiles of ``c``.

    part : ranges of the stack, of panels of rows, and of those of columns (these first if ``columns_first``)
    sizes : rows, steps of the sum, columns, those of a panel, panels that are read where they lie, and how many steps
        are done at a time: so that rows and columns stay in the cache meanwhile
    bias : of each row (steps of ``c``: 1 between rows) or column, or none
    """
    m, k, n, wide, in_place, depth = sizes
    item = c.itemsize
    lane = VECTOR_BYTES // item
    first_row, last_row, first_panel, last_panel = part[2], part[3], part[4], part[5]
    if columns_first:
        first_row, last_row, first_panel, last_panel = first_panel, last_panel, first_row, last_row
    copied = (n + wide - 1) // wide - in_place
    tile, few = np.empty(ROWS * wide, c.dtype), np.empty(ROWS * depth, c.dtype)
    for z in range(part[0], part[1]):
        for start in range(0, k, depth):
            count = min(depth, k - start)
            for first in range(first_row, last_row, _TALL):
                last = min(first + _TALL, last_row)
                if last * ROWS > m:
                    at = (last - 1) * ROWS * a[2] + start * a[3]
                    _gather_rows(_memory(a, stack[z, 0], c), at, a[2], a[3], m - (last - 1) * ROWS, count, few)
                for j in range(first_panel, last_panel):
                    columns = min(wide, n - j * wide)
                    vectors = (columns + lane - 1) // lane
                    if j < in_place:
                        source, step = b[0] + (stack[z, 1] + start * b[2] + j * wide) * item, b[2]
                    else:
                        place = ((z * copied + j - in_place) * k + start) * wide
                        source, step = packed.ctypes.data + place * item, wide
                    for i in range(first, last):
                        rows = min(ROWS, m - i * ROWS)
                        if rows < ROWS:
                            lines, factors, between = False, few.ctypes.data, ROWS
                        else:
                            lines = a[3] == 1
                            factors = a[0] + (stack[z, 0] + i * ROWS * a[2] + start * a[3]) * item
                            between = a[2] if lines else a[3]
                        at = stack[z, 2] + i * ROWS * c_row + j * wide * c_column
                        if rows == ROWS and columns == wide and c_column == 1:
                            out = c.ctypes.data + at * item
                            if start:
                                begin, of_begin = out, c_row
                            elif bias.size:
                                begin, of_begin = bias.ctypes.data + j * wide * item, 0
                            else:
                                begin, of_begin = 0, 0
                            block(vectors, lines, c, factors, between, source, step, count, begin, of_begin, out, c_row)
                            continue
                        for r in range(rows):
                            for p in range(columns):
                                if start:
                                    tile[r * wide + p] = c[at + r * c_row + p * c_column]
                                elif bias.size:
                                    tile[r * wide + p] = bias[j * wide + p if c_column == 1 else i * ROWS + r]
                                else:
                                    tile[r * wide + p] = 0
                        out = tile.ctypes.data
                        block(vectors, lines, c, factors, between, source, step, count, out, wide, out, wide)
                        for p in range(columns):
                            for r in range(rows):
                                c[at + r * c_row + p * c_column] = tile[r * wide + p]


_share_pack, _share_multiply = sharing(_pack), sharing(_multiply)


@_compiled
def pack(crew: Any, parts: Any, *args: Any) -> None:
    """Copy into panels."""
    _share_pack(crew, parts, args)


@_compiled
def multiply(
    crew: Any, copies: Any, tiles: Any, a: Any, b: Any, stack: Any, sizes: Any, packed: Any, bias: Any, c: Any,
    c_row: Any, c_column: Any, columns_first: Any,
) -> None:  # fmt: skip
    """Copy what has to be, and then multiply: ``copies`` and ``tiles`` say which parts."""
    if packed.size:
        _share_pack(crew, copies, (b, stack, sizes, packed))
    _share_multiply(crew, tiles, (columns_first, a, b, stack, sizes, packed, bias, c, c_row, c_column))
