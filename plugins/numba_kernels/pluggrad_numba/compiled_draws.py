"""Random numbers from a counter, and quantiles of them, to the bit as ``pluggrad.backends`` has them.

So nothing here may round once where it is said to round twice: these functions are compiled without contraction. A
kernel does the blocks of a part alone (from ``part[0]`` to before ``part[1]``): each is a function of its number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic as _intrinsic

from .compiled_elementwise import choose
from .compiled_sharing import sharing
from .compiling import exact

intrinsic: Any = _intrinsic
f4, f8, i4, u8 = np.float32, np.float64, np.int32, np.uint64

# -- Philox4x64-10, see pluggrad/backends/philox.py -----------------------------------------------------------

_FIRST, _SECOND = u8(0xD2E7470EE14C6C93), u8(0xCA5A826395121157)
_FIRST_STEP, _SECOND_STEP = u8(0x9E3779B97F4A7C15), u8(0xBB67AE8584CAA73B)


@intrinsic
def _high(typing: Any, a: Any, b: Any) -> Any:
    """The upper half of a product of two words."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(arg, wide) for arg in args))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


@exact
def _block(number: Any, seed: Any) -> Any:
    a, b, c, d = number, u8(0), u8(0), u8(0)
    first, second = seed, u8(0)
    for _ in range(10):
        a, b, c, d = _high(_SECOND, c) ^ b ^ first, _SECOND * c, _high(_FIRST, a) ^ d ^ second, _FIRST * a
        first, second = first + _FIRST_STEP, second + _SECOND_STEP
    return a, b, c, d


@exact
def _words(first: Any, last: Any, seed: Any, block: Any, out: Any) -> None:
    for i in range(last - first):
        number = block + u8(first + i) + u8(1)
        out[4 * i], out[4 * i + 1], out[4 * i + 2], out[4 * i + 3] = _block(number, seed)


@exact
def _halves(words: Any, out: Any) -> None:
    """Two numbers of each word, low half first."""
    for i in range(words.size):
        out[2 * i] = f4(i4((words[i] & u8(0xFFFFFFFF)) >> u8(8))) * f4(2.0**-24)
        out[2 * i + 1] = f4(i4(words[i] >> u8(40))) * f4(2.0**-24)


# -- quantiles of float32, see pluggrad/backends/quantiles.py -------------------------------------------------

_SQRT_HALF, _LN2 = i4(0x3F3504F3), f4(float.fromhex("0x1.62e430p-1"))
_LOG = (0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841)
_CENTRE = (
    (3.3871327179e0, 5.0434271938e1, 1.5929113202e2, 5.9109374720e1),
    (1.0, 1.7895169469e1, 7.8757757664e1, 6.7187563600e1),
)
_TAIL = (
    (1.4234372777e0, 2.7568153900e0, 1.3067284816e0, 1.7023821103e-1), (1.0, 7.3700164250e-1, 1.2021132975e-1),
)  # fmt: skip


@exact
def _polynomial(x: Any, p: Any) -> Any:
    """The constant term comes first."""
    value = x * f4(p[len(p) - 1])
    for k in range(len(p) - 2, 0, -1):
        value = (value + f4(p[k])) * x
    return value + f4(p[0])


@exact
def _log(x: Any) -> Any:
    """Of what is above 0 and at most 1."""
    pattern = f4(x).view(i4) - _SQRT_HALF
    m = i4((pattern & i4(0x7FFFFF)) + _SQRT_HALF).view(f4)
    s = (m - f4(1)) / (m + f4(1))
    z = s * s
    return (_polynomial(z, _LOG) * z + f4(2)) * s + f4(pattern >> i4(23)) * _LN2


@exact
def _normal_all(x: Any) -> None:
    """In place of numbers in [0, 1)."""
    for i in range(x.size):
        q = x[i] + f4(2.0**-25 - 0.5)
        size = abs(q)
        z = f4(0.180625) - q * q
        centre = _polynomial(z, _CENTRE[0]) / _polynomial(z, _CENTRE[1]) * q
        r = np.sqrt(-_log(f4(0.5) - size)) - f4(1.6)
        tail = np.copysign(_polynomial(r, _TAIL[0]) / _polynomial(r, _TAIL[1]), q)
        x[i] = choose(size > f4(0.425), tail, centre)


@exact
def _exponential_all(x: Any) -> None:
    for i in range(x.size):
        y = -_log(f4(1) - x[i])
        x[i] = choose(y < f4(2.0**-25), f4(2.0**-25), y)


# -- parts: so many blocks at a time that what is made of them stays in the cache --------------------------------

_TOGETHER = 256


@exact
def _uniform_32(part: Any, seed: Any, block: Any, kind: Any, out: Any) -> None:
    """``kind`` : 0 uniform numbers, 1 normal, 2 exponential ones."""
    words = np.empty(4 * _TOGETHER, np.uint64)
    for first in range(part[0], part[1], _TOGETHER):
        last = min(first + _TOGETHER, part[1])
        _words(first, last, seed, block, words)
        some = out[8 * first : 8 * last]
        _halves(words[: 4 * (last - first)], some)
        if kind == 1:
            _normal_all(some)
        elif kind == 2:
            _exponential_all(some)


@exact
def _uniform_64(part: Any, seed: Any, block: Any, out: Any) -> None:
    words = np.empty(4 * _TOGETHER, np.uint64)
    for first in range(part[0], part[1], _TOGETHER):
        last = min(first + _TOGETHER, part[1])
        _words(first, last, seed, block, words)
        for i in range(4 * (last - first)):
            out[4 * first + i] = f8(words[i] >> u8(11)) * f8(2.0**-53)


# -- with a crew -------------------------------------------------------------------------------------------------

_share_32, _share_64 = sharing(_uniform_32), sharing(_uniform_64)


@exact
def uniform_32(crew: Any, parts: Any, *args: Any) -> None:
    _share_32(crew, parts, args)


@exact
def uniform_64(crew: Any, parts: Any, *args: Any) -> None:
    _share_64(crew, parts, args)
