"""Register tiles of sums whose rows stand side by side, one to an element of a vector.

A number that all rows have in common is read once, for the whole vector: that takes less time than reading a vector.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as _intrinsic

from .tiles import _MANY_REGISTERS, _data, _load, _multiply_add, _splat, _store, _vector_of

#: What is called by it has other arguments than what it is put around.
intrinsic: Any = _intrinsic

#: Taps of a tile of a correlation.
ROW_TAPS = 8 if _MANY_REGISTERS else 6


def _make_row_correlation(vectors: int) -> Any:
    @intrinsic
    def correlation(
        typing: Any, a: Any, a_at: Any, starts: Any, line: Any, lines: Any, width: Any, source: Any, start: Any,
        places: Any, first: Any, out: Any, out_at: Any,
    ) -> Any:  # fmt: skip
        """``out[t, r] += sum over l, p of a[l, p, r] * source[start + places[first + t] + starts[line + l] + p]``.

        Of one tile: so many taps as it has, and rows of so many vectors; p runs over ``width``. Arrays are 1-D.
        """
        number = types.intp
        signature = types.void(
            a, number, starts, number, number, number, source, number, places, number, out, number
        )  # fmt: skip

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            a, starts, source, places, out = (
                _data(context, builder, signature.args[i], args[i]) for i in (0, 2, 6, 8, 10)
            )
            a_at, line, lines, width, start, first, out_at = (args[i] for i in (1, 3, 4, 5, 7, 9, 11))
            vector = _vector_of(context.get_data_type(signature.args[10].dtype))
            row_size = ir.Constant(start.type, vectors * vector.count)

            def at(pointer: Any, *indices: Any) -> Any:
                for i in indices:
                    pointer = builder.gep(pointer, [ir.Constant(start.type, i) if isinstance(i, int) else i])
                return pointer

            nothing = ir.Constant(vector, None)
            sums = [[cgutils.alloca_once_value(builder, nothing) for _ in range(vectors)] for _ in range(ROW_TAPS)]
            windows = [at(source, start, builder.load(at(places, first, t))) for t in range(ROW_TAPS)]
            with cgutils.for_range(builder, lines) as outer:
                begin = builder.load(at(starts, line, outer.index))
                of_line = at(a, a_at, builder.mul(builder.mul(outer.index, width), row_size))
                of_taps = [at(window, begin) for window in windows]
                with cgutils.for_range(builder, width) as inner:
                    rows = at(of_line, builder.mul(inner.index, row_size))
                    slopes = [_load(builder, at(rows, v * vector.count), vector) for v in range(vectors)]
                    for tap, of_tap in zip(of_taps, sums, strict=True):
                        factor = _splat(builder, builder.load(at(tap, inner.index)), vector)
                        for slope, place in zip(slopes, of_tap, strict=True):
                            builder.store(_multiply_add(builder, factor, slope, builder.load(place)), place)
            target = at(out, out_at)
            for number, place in enumerate([place for of_tap in sums for place in of_tap]):
                to = at(target, number * vector.count)
                _store(builder, builder.fadd(_load(builder, to, vector), builder.load(place)), to)
            return context.get_dummy_value()

        return signature, generate

    return correlation


narrow_correlation, wide_correlation = _make_row_correlation(1), _make_row_correlation(2)
