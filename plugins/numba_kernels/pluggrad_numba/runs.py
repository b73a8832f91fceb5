"""Copies of runs of memory, most of which are as short as a line of pixels: no loop that must be entered first.

Places are unsigned numbers: a compiler need not think of those that count from the end, and makes vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as _intrinsic
from numba.np import arrayobj

from .compiling import compiled as _compiled

#: What is called by it has other arguments than what it is put around.
intrinsic: Any = _intrinsic


def _places(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Of ``(out, to, x, start, ...)`` the pointers to the first elements."""
    data = (arrayobj.make_array(signature.args[i])(context, builder, args[i]).data for i in (0, 2))
    return [builder.gep(pointer, [args[i]]) for pointer, i in zip(data, (1, 3), strict=True)]


@intrinsic
def _copy_line(typing: Any, out: Any, to: Any, x: Any, start: Any, count: Any) -> Any:
    """So many neighbours, to neighbours."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        to, start = _places(context, builder, signature, args)
        size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        cgutils.raw_memcpy(builder, to, start, args[4], size)
        return context.get_dummy_value()

    return types.void(out, types.uintp, x, types.uintp, types.uintp), generate


def _make_halving(count: int) -> Any:
    @intrinsic
    def halve(typing: Any, out: Any, to: Any, x: Any, start: Any) -> Any:
        """Every second one of some numbers, ``count`` of them; what lies behind the last one is not read."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            to, start = _places(context, builder, signature, args)
            vector = ir.VectorType(to.type.pointee, count)
            later = builder.gep(start, [ir.Constant(ir.IntType(64), count - 1)])
            first, second = (
                builder.load(builder.bitcast(at, vector.as_pointer()), align=4) for at in (start, later)
            )  # fmt: skip
            wanted = [*range(0, count, 2), *range(count + 1, 2 * count, 2)]
            found = builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(ir.IntType(32), count), wanted))
            builder.store(found, builder.bitcast(to, vector.as_pointer()), align=4)
            return context.get_dummy_value()

        return types.void(out, types.uintp, x, types.uintp), generate

    return halve


_halve_16, _halve_4 = _make_halving(16), _make_halving(4)


@_compiled
def copy_run(out: Any, to: Any, to_step: Any, x: Any, start: Any, step: Any, count: Any) -> None:
    """So many numbers, from one array to another."""
    to, to_step, start, step = np.uintp(to), np.uintp(to_step), np.uintp(start), np.uintp(step)
    count, done = np.uintp(count), np.uintp(0)
    if to_step == 1 and step == 1:
        _copy_line(out, to, x, start, count)
    elif to_step == 1 and step == 2:
        while done + np.uintp(16) <= count:
            _halve_16(out, to + done, x, start + done + done)
            done += np.uintp(16)
        while done + np.uintp(4) <= count:
            _halve_4(out, to + done, x, start + done + done)
            done += np.uintp(4)
        while done < count:
            out[to + done] = x[start + done + done]
            done += np.uintp(1)
    else:
        for i in range(count):
            out[to + i * to_step] = x[start + i * step]
