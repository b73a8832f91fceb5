"""Register tiles: the innermost loops of products, in LLVM's own vectors.

What decides the speed of a product is that its sums stay in registers while factors pass by. A compiler does not find
that by itself; so the loops that need it are written here as instructions, for the vectors that this processor has,
and everything around them is plain Numba. The element's type is that of the arrays.

After K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34 (2008).
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic as _intrinsic
from numba.np import arrayobj

#: What is called by it has other arguments than what it is put around.
intrinsic: Any = _intrinsic

#: What the processor has, unless Numba was told otherwise.
_ASKED = getattr(config, "CPU_FEATURES", None)
_FEATURES = binding.get_host_cpu_features().flatten() if _ASKED is None else _ASKED
#: Bytes of a vector register.
VECTOR_BYTES = 64 if "+avx512f" in _FEATURES else 32 if "+avx," in _FEATURES + "," else 16
_MANY_REGISTERS = VECTOR_BYTES == 64 or "+neon" in _FEATURES

#: Rows and vectors of a tile of a product: as many sums as there are registers, less those for the factors.
ROWS, VECTORS = (8, 3) if _MANY_REGISTERS else (4, 3)
#: The same for a product of a single row.
LONE_VECTORS = 8
#: Steps of a matrix product's sum in a turn of its loop.
_UNROLLED = 4
#: Rows and taps of a tile of a correlation of few rows.
LINES, TAPS = (4, 6) if _MANY_REGISTERS else (3, 4)


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return arrayobj.make_array(kind)(context, builder, array).data


def _vector_of(element: Any) -> Any:
    return ir.VectorType(element, VECTOR_BYTES // (4 if isinstance(element, ir.FloatType) else 8))


def _load(builder: Any, pointer: Any, vector: Any) -> Any:
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=4)


def _store(builder: Any, value: Any, pointer: Any) -> None:
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=4)


def _splat(builder: Any, scalar: Any, vector: Any) -> Any:
    """A vector of one number."""
    nothing = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(nothing, scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None))


def _multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` in one rounding where the processor has it."""
    return builder.fadd(builder.fmul(a, b, flags=("contract",)), c, flags=("contract",))


def _paired(builder: Any, a: Any, b: Any) -> Any:
    """The sums of neighbours in two vectors, those of the first one before those of the second."""
    kind = ir.VectorType(ir.IntType(32), a.type.count)
    evens, odds = (
        builder.shuffle_vector(a, b, ir.Constant(kind, list(range(first, 2 * kind.count, 2)))) for first in (0, 1)
    )
    return builder.fadd(evens, odds)


def _totals(builder: Any, vectors: Any) -> Any:
    """The sum of each vector's elements, in a vector: of a power of two of them, not more than they have elements."""
    wanted = len(vectors)
    while len(vectors) > 1:
        vectors = [_paired(builder, a, b) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]
    (sums,) = vectors
    while sums.type.count > wanted:
        kind = ir.VectorType(ir.IntType(32), sums.type.count // 2)
        evens, odds = (
            builder.shuffle_vector(sums, sums, ir.Constant(kind, list(range(first, sums.type.count, 2))))
            for first in (0, 1)
        )
        sums = builder.fadd(evens, odds)
    return sums


def _make_product(rows: int, vectors: int) -> Any:
    @intrinsic
    def product(
        typing: Any, weights: Any, first: Any, source: Any, start: Any, places: Any, count: Any, begin: Any,
        begin_at: Any, out: Any, out_at: Any, out_step: Any,
    ) -> Any:  # fmt: skip
        """``out[r, p] = begin[r] + sum over k of weights[k, r] * source[start + places[k] + p]``, of one tile.

        All arrays are 1-D; ``out_step`` lies between rows of ``out``, rows of weights stand together for each k.
        """
        number = types.intp
        signature = types.void(weights, number, source, number, places, number, begin, number, out, number, number)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            weights, source, places, begin, out = (
                _data(context, builder, signature.args[i], args[i]) for i in (0, 2, 4, 6, 8)
            )
            first, start, count, begin_at, out_at, out_step = (args[i] for i in (1, 3, 5, 7, 9, 10))
            vector = _vector_of(context.get_data_type(signature.args[8].dtype))

            def at(pointer: Any, *indices: Any) -> Any:
                for i in indices:
                    pointer = builder.gep(pointer, [ir.Constant(first.type, i) if isinstance(i, int) else i])
                return pointer

            # LLVM makes registers of these.
            sums = [[cgutils.alloca_once(builder, vector) for _ in range(vectors)] for _ in range(rows)]
            for r, row in enumerate(sums):
                value = _splat(builder, builder.load(at(begin, begin_at, r)), vector)
                for place in row:
                    builder.store(value, place)
            weights, source = at(weights, first), at(source, start)
            with cgutils.for_range(builder, count) as loop:
                window = at(source, builder.load(at(places, loop.index)))
                xs = [_load(builder, at(window, v * vector.count), vector) for v in range(vectors)]
                factors = at(weights, builder.mul(loop.index, ir.Constant(first.type, rows)))
                for r, row in enumerate(sums):
                    factor = _splat(builder, builder.load(at(factors, r)), vector)
                    for x, place in zip(xs, row, strict=True):
                        builder.store(_multiply_add(builder, factor, x, builder.load(place)), place)
            line = at(out, out_at)
            for row in sums:
                for v, place in enumerate(row):
                    _store(builder, builder.load(place), at(line, v * vector.count))
                line = at(line, out_step)
            return context.get_dummy_value()

        return signature, generate

    return product


def _make_correlation(lines: int, taps: int) -> Any:
    @intrinsic
    def correlation(
        typing: Any, a: Any, a_at: Any, a_step: Any, source: Any, start: Any, places: Any, first: Any, steps: Any,
        out: Any, out_at: Any,
    ) -> Any:  # fmt: skip
        """``out[r, t] += sum over p of a[r, p] * source[start + places[first + t] + p]``, of one tile.

        p runs over so many vectors as ``steps`` says; ``a_step`` lies between rows. Arrays are 1-D, and ``out`` has
        the sums of a tile together.
        """
        number = types.intp
        signature = types.void(a, number, number, source, number, places, number, number, out, number)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            a, source, places, out = (_data(context, builder, signature.args[i], args[i]) for i in (0, 3, 5, 8))
            a_at, a_step, start, first, steps, out_at = (args[i] for i in (1, 2, 4, 6, 7, 9))
            vector = _vector_of(context.get_data_type(signature.args[8].dtype))

            def at(pointer: Any, *indices: Any) -> Any:
                for i in indices:
                    pointer = builder.gep(pointer, [ir.Constant(start.type, i) if isinstance(i, int) else i])
                return pointer

            nothing = ir.Constant(vector, None)
            sums = [[cgutils.alloca_once_value(builder, nothing) for _ in range(taps)] for _ in range(lines)]
            rows = [at(a, a_at)]
            for _ in range(lines - 1):
                rows.append(at(rows[-1], a_step))
            windows = [at(source, start, builder.load(at(places, first, t))) for t in range(taps)]
            with cgutils.for_range(builder, steps) as loop:
                p = builder.mul(loop.index, ir.Constant(start.type, vector.count))
                xs = [_load(builder, at(window, p), vector) for window in windows]
                for row, line in zip(rows, sums, strict=True):
                    factor = _load(builder, at(row, p), vector)
                    for x, place in zip(xs, line, strict=True):
                        builder.store(_multiply_add(builder, factor, x, builder.load(place)), place)
            totals, done = [builder.load(place) for line in sums for place in line], 0
            while done < len(totals):
                count = min(vector.count, 1 << (len(totals) - done).bit_length() - 1)
                target = at(out, out_at, done)
                found = _totals(builder, totals[done : done + count])
                _store(builder, builder.fadd(_load(builder, target, found.type), found), target)
                done += count
            return context.get_dummy_value()

        return signature, generate

    return correlation


def _make_block(vectors: int, rows_lie_together: bool) -> Any:
    @intrinsic
    def block(
        typing: Any, like: Any, a: Any, a_step: Any, b: Any, b_step: Any, count: Any, begin: Any, begin_step: Any,
        out: Any, out_step: Any,
    ) -> Any:  # fmt: skip
        """``out[r, p] = begin[r, p] + sum over k of a[r, k] * b[k, p]``, of one tile.

        Matrices are given by addresses of elements like those of the array ``like``, and by steps, in elements, between
        rows; of ``a`` between those of k where rows lie together. No ``begin``, address 0, counts as zeros.
        """
        number = types.intp
        signature = types.void(like, *(number,) * 9)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            element = context.get_data_type(signature.args[0].dtype)
            vector = _vector_of(element)
            _, a, a_step, b, b_step, count, begin, begin_step, out, out_step = args
            a, b, begin, out = (builder.inttoptr(place, element.as_pointer()) for place in (a, b, begin, out))

            def of(value: int) -> Any:
                return ir.Constant(a_step.type, value)

            def at(pointer: Any, *indices: Any) -> Any:
                for i in indices:
                    pointer = builder.gep(pointer, [of(i) if isinstance(i, int) else i])
                return pointer

            # LLVM makes registers of these.
            nothing = ir.Constant(vector, None)
            sums = [[cgutils.alloca_once_value(builder, nothing) for _ in range(vectors)] for _ in range(ROWS)]
            with builder.if_then(cgutils.is_not_null(builder, begin)):
                line = begin
                for row in sums:
                    for v, place in enumerate(row):
                        builder.store(_load(builder, at(line, v * vector.count), vector), place)
                    line = at(line, begin_step)
            lines = [a]
            for _ in range(ROWS - 1):
                lines.append(at(lines[-1], 1 if rows_lie_together else a_step))
            a_now, b_now = cgutils.alloca_once_value(builder, lines[0]), cgutils.alloca_once_value(builder, b)

            def advance(k: Any, more: int) -> None:
                source = builder.load(b_now)
                builder.store(at(source, b_step), b_now)
                xs = [_load(builder, at(source, v * vector.count), vector) for v in range(vectors)]
                if rows_lie_together:
                    source = builder.load(a_now)
                    builder.store(at(source, a_step), a_now)
                    factors = [at(source, r) for r in range(ROWS)]
                else:
                    factors = [at(line, k, more) for line in lines]
                for pointer, row in zip(factors, sums, strict=True):
                    factor = _splat(builder, builder.load(pointer), vector)
                    for x, place in zip(xs, row, strict=True):
                        builder.store(_multiply_add(builder, factor, x, builder.load(place)), place)

            whole = builder.sdiv(count, of(_UNROLLED))
            with cgutils.for_range(builder, whole) as loop:
                k = builder.mul(loop.index, of(_UNROLLED))
                for more in range(_UNROLLED):
                    advance(k, more)
            with cgutils.for_range_slice(builder, builder.mul(whole, of(_UNROLLED)), count, of(1)) as (k, _):
                advance(k, 0)
            line = out
            for row in sums:
                for v, place in enumerate(row):
                    _store(builder, builder.load(place), at(line, v * vector.count))
                line = at(line, out_step)
            return context.get_dummy_value()

        return signature, generate

    return block


@intrinsic
def transposition(
    typing: Any, source: Any, start: Any, step: Any, out: Any, out_at: Any, out_step: Any
) -> Any:  # fmt: skip
    """``out[c, r] = source[r, c]`` of a square as wide as a vector; ``step``, ``out_step`` lie between rows.

    Arrays are 1-D. Rows are interleaved, each with the one half of all rows further on: as if the digits of the
    binary numbers of row and column, one behind the other, were turned by one place.
    """
    number = types.intp
    signature = types.void(source, number, number, out, number, number)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source, out = (_data(context, builder, signature.args[i], args[i]) for i in (0, 3))
        _, start, step, _, out_at, out_step = args
        vector = _vector_of(context.get_data_type(signature.args[3].dtype))
        count, place = vector.count, ir.IntType(32)
        pointer, rows = builder.gep(source, [start]), []
        for _ in range(count):
            rows.append(_load(builder, pointer, vector))
            pointer = builder.gep(pointer, [step])
        halves = [
            ir.Constant(ir.VectorType(place, count), [half // 2 + i // 2 + i % 2 * count for i in range(count)])
            for half in (0, count)
        ]
        for _ in range(count.bit_length() - 1):
            pairs = zip(rows[: count // 2], rows[count // 2 :], strict=True)
            rows = [builder.shuffle_vector(a, b, half) for a, b in pairs for half in halves]
        pointer = builder.gep(out, [out_at])
        for row in rows:
            _store(builder, row, pointer)
            pointer = builder.gep(pointer, [out_step])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy(typing: Any, like: Any, source: Any, out: Any) -> Any:
    """As many elements as a vector has, from one address to another."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        element = context.get_data_type(signature.args[0].dtype)
        source, out = (builder.inttoptr(place, element.as_pointer()) for place in args[1:])
        _store(builder, _load(builder, source, _vector_of(element)), out)
        return context.get_dummy_value()

    return types.void(like, types.intp, types.intp), generate


product, lone_product = _make_product(ROWS, VECTORS), _make_product(1, LONE_VECTORS)
correlation, lone_correlation = _make_correlation(LINES, TAPS), _make_correlation(1, TAPS)
#: By how many vectors wide, less one: of rows that are lines, and of rows that lie together.
blocks_of_lines = tuple(_make_block(vectors, False) for vectors in range(1, VECTORS + 1))
blocks_of_columns = tuple(_make_block(vectors, True) for vectors in range(1, VECTORS + 1))
