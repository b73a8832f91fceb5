"""Elementwise functions of float64, written so that LLVM vectorises their loops: no calls, no branches.

Each is part of the loop that it is called in: the functions made of these are too long for LLVM to decide so by itself.
How exact they are is said and checked in tests/test_special.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import inlined

f8, i8 = np.float64, np.int64

_LOG2E = f8(1.4426950408889634)
# log(2) in two parts: the product of the first with a small integer is exact.
_LN2_HIGH, _LN2_LOW = f8(6.93147180369123816490e-01), f8(1.90821492927058770002e-10)
#: Adding and subtracting it rounds a small number to an integer.
_ROUND = f8(6755399441055744.0)


@inlined
def bits(x: Any) -> Any:
    """As an integer."""
    return f8(x).view(i8)


@inlined
def from_bits(pattern: Any) -> Any:
    """The number that an integer's bits mean."""
    return i8(pattern).view(f8)


@inlined
def pick(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where it holds, else ``b``, by their bits: LLVM would move the making of each into a branch."""
    mask = -i8(condition)
    return from_bits((bits(a) & mask) | (bits(b) & ~mask))


@inlined
def horner(p: Any, x: Any) -> Any:
    """A polynomial; the constant term comes first."""
    value = f8(p[len(p) - 1])
    for k in range(len(p) - 2, -1, -1):
        value = value * x + p[k]
    return value


# 1 / k! from k = 2 on.
_EXP = (
    5.0e-01, 1.6666666666666666e-01, 4.1666666666666664e-02, 8.3333333333333332e-03, 1.3888888888888889e-03,
    1.9841269841269841e-04, 2.4801587301587302e-05, 2.7557319223985893e-06, 2.7557319223985888e-07,
    2.5052108385441720e-08, 2.0876756987868100e-09, 1.6059043836821613e-10,
)  # fmt: skip


@inlined
def exp_of_two(x: Any, rest: Any) -> Any:
    """``exp(x + rest)``, where the rest is small; NaN for NaN."""
    y = f8(-746.0) if f8(-746.0) > x else x
    y = f8(710.0) if f8(710.0) < y else y
    n = (y * _LOG2E + _ROUND) - _ROUND
    r = y - n * _LN2_HIGH
    r = r - n * _LN2_LOW + rest
    p = horner(_EXP, r) * (r * r) + r + f8(1)
    # 2**n in two factors, each of which is a normal number: n as the last bits of a large number.
    half = np.floor(n * f8(0.5))
    low = from_bits(bits(half + (_ROUND + f8(1023))) << i8(52))
    high = from_bits(bits(n - half + (_ROUND + f8(1023))) << i8(52))
    return p * low * high


@inlined
def exp(x: Any) -> Any:
    """``2**n exp(r)``, with r within log(2) / 2 of 0."""
    return exp_of_two(x, f8(0))


_LOG = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip


@inlined
def log(x: Any) -> Any:
    """``e log(2) + log(1 + f)`` with f between √½ - 1 and √2 - 1, as in the fdlibm library."""
    small = x < f8(2.2250738585072014e-308)
    pattern = bits(x * f8(18014398509481984.0) if small else x)
    e = (pattern - i8(0x3FE6A09E667F3BCD)) >> i8(52)
    f = from_bits(pattern - (e << i8(52))) - f8(1)
    n = f8(e) - (f8(54) if small else f8(0))
    s = f / (f8(2) + f)
    z = s * s
    half = f8(0.5) * f * f
    out = n * _LN2_HIGH - ((half - (s * (half + z * horner(_LOG, z)) + n * _LN2_LOW)) - f)
    out = out if x < f8(np.inf) else x  # infinity and NaN
    out = out if x != f8(0) else f8(-np.inf)
    return out if not x < f8(0) else f8(np.nan)
