"""Elementwise functions of float32, written so that LLVM vectorises their loops: no calls, no branches.

Polynomials after S. L. Moshier's Cephes library (tanhf), and our own. How exact they are over all of
float32, subnormal numbers, infinities and NaN included, is said and checked in tests/test_elementwise.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic as _intrinsic

from .compiling import compiled as _compiled

#: What is called by it has other arguments than what it is put around.
intrinsic: Any = _intrinsic

f4, i4 = np.float32, np.int32

ZERO, HALF, ONE, TWO = f4(0), f4(0.5), f4(1), f4(2)
_LOG2E = f4(1.44269504088896341)
# log(2) in two parts: the product of the first with a small integer is exact.
_LN2_HIGH, _LN2_LOW = f4(0.693359375), f4(-2.12194440e-4)
#: Where nothing of the normal distribution is left.
_FAR = f4(20)
#: Adding and subtracting it rounds a small number to an integer; the sum's last bits are those of an exponent. And so
#: that this is by 64 too large or too small.
_ROUND = f4(12582912.0 + 127)
_ROUND_UP, _ROUND_DOWN = f4(12582912.0 + 127 + 64), f4(12582912.0 + 127 - 64)


@_compiled
def _bits(x: Any) -> Any:
    return f4(x).view(i4)


@_compiled
def _float(bits: Any) -> Any:
    return i4(bits).view(f4)


@_compiled
def choose(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where it holds, else ``b``, by their bits: LLVM would move the making of each into a branch."""
    mask = -i4(condition)
    return _float((_bits(a) & mask) | (_bits(b) & ~mask))


@intrinsic
def ratio(typing: Any, a: Any, b: Any) -> Any:
    """``a / b`` of finite numbers, or NaN: by an estimate of ``1 / b`` and a step of Newton's, where that is faster.

    A division of whole vectors takes as long as a polynomial does. (Of an infinite b, the step would make NaN.) What
    the quotient leaves of ``a`` mends its last digit: ``1 / 1`` is 1.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b = args
        inverse = builder.fdiv(ir.Constant(b.type, 1), b, flags=("arcp", "ninf", "contract"))
        quotient = builder.fmul(a, inverse)
        rest = builder.fsub(a, builder.fmul(b, quotient, flags=("contract",)), flags=("contract",))
        return builder.fadd(quotient, builder.fmul(rest, inverse, flags=("contract",)), flags=("contract",))

    return types.float32(types.float32, types.float32), generate


@_compiled
def _signed(size: Any, x: Any) -> Any:
    """A positive number with the sign of another."""
    return _float(_bits(size) | (_bits(x) & i4(-0x80000000)))


@_compiled
def _exp_parts(x: Any, rounding: Any) -> Any:
    """``exp(x)`` as ``exp(r)``, with r within log(2) / 2 of 0, and a power of two.

    ``rounding`` : adding it rounds to an integer, whose last bits, with what it has added, are the power's exponent
    """
    shifted = x * _LOG2E + rounding
    n = shifted - rounding
    r = x - n * _LN2_HIGH
    r = r - n * _LN2_LOW
    # The best polynomial that begins with 1 + r: off by 3e-9. Begun in pairs, which need not wait for each other.
    s = r * r
    p = (f4(1.3818738516e-3) * r + f4(8.3687212318e-3)) * s + (f4(4.1668292135e-2) * r + f4(1.6666521132e-1))
    p = ((p * r + f4(4.9999994040e-1)) * r + ONE) * r + ONE
    return p, _float(_bits(shifted) << i4(23))


@_compiled
def exp(x: Any) -> Any:
    """The power of two as two factors, each of which is a normal number."""
    # Beyond these, it is 0 and infinite. Asked in this way, NaN stays what it is.
    y = f4(-104.0) if f4(-104.0) > x else x
    y = f4(89.0) if f4(89.0) < y else y
    below = _bits(x) < i4(0)
    p, power = _exp_parts(y, _ROUND_UP if below else _ROUND_DOWN)
    return p * power * (f4(2.0**-64) if below else f4(2.0**64))


@_compiled
def exp_of_negative(x: Any) -> Any:
    """``exp(x)`` of what is not above 0, in fewer steps."""
    y = f4(-104.0) if f4(-104.0) > x else x
    p, power = _exp_parts(y, _ROUND_UP)
    return p * power * f4(2.0**-64)


@_compiled
def exp_or_zero(x: Any) -> Any:
    """``exp(x)`` of what is not above 0, but for rounding, in the fewest steps: 0 below the normal numbers."""
    y = f4(-87.0) if f4(-87.0) > x else x
    p, power = _exp_parts(y, _ROUND)
    return choose(x < f4(-87.0), ZERO, p * power)


@_compiled
def log(x: Any) -> Any:
    """``e log(2) + log(m)`` with m between 2/3 and 4/3, by a polynomial of N. Juffa's."""
    small = x < f4(1.17549435e-38)
    bits = _bits(x * f4(8388608.0) if small else x)
    e = (bits - i4(0x3F2AAAAB)) & i4(-0x800000)
    m = _float(bits - e) - ONE
    n = f4(e) * f4(2.0**-23) - (f4(23) if small else ZERO)
    s = m * m
    r = f4(-0.130310059) * s + f4(-0.121484190)
    t = f4(0.140869141) * s + f4(0.139814854)
    r = r * s + f4(-0.166846052)
    t = t * s + f4(0.200120345)
    r = r * s + f4(-0.249996200)
    r = t * m + r
    r = r * m + f4(0.333331972)
    r = r * m - HALF
    out = n * f4(0.693147182) + (r * s + m)
    out = out if x < f4(np.inf) else x  # infinity and NaN
    out = out if x != ZERO else f4(-np.inf)
    return out if not x < ZERO else f4(np.nan)


@_compiled
def tanh(x: Any) -> Any:
    """A polynomial near 0, ``(1 - exp(-2 x)) / (1 + exp(-2 x))`` elsewhere."""
    size = abs(x)
    z = x * x
    p = f4(-5.70498872745e-3)
    p = p * z + f4(2.06390887954e-2)
    p = p * z + f4(-5.37397155531e-2)
    p = p * z + f4(1.33314422036e-1)
    p = p * z + f4(-3.33332819422e-1)
    near = p * z * size + size
    e = exp_of_negative(-(size + size))
    far = ratio(ONE - e, ONE + e)
    return _signed(choose(size > f4(0.625), far, near), x)  # NaN goes the way of near


@_compiled
def sigmoid(x: Any) -> Any:
    """By ``exp(-abs(x))``, which never overflows: small values are as exact as large ones."""
    e = exp_of_negative(-abs(x))
    return ratio(ONE if x >= ZERO else e, ONE + e)


@_compiled
def normal_tail(size: Any, density: Any) -> Any:
    """Φ(-size), the tail of the normal distribution, from ``exp(-size**2 / 2)``.

    The ratio of the two is smooth (J. P. Mills, Biometrika 18, 1926): a polynomial in t, fitted to 3e-8.
    """
    t = ratio(ONE, ONE + f4(0.35) * (size if size < _FAR else _FAR))
    p = f4(-2.915793923e-02)
    p = p * t + f4(1.440311862e-01)
    p = p * t + f4(-2.558395698e-01)
    p = p * t + f4(1.593203608e-01)
    p = p * t + f4(-2.321282626e-02)
    p = p * t + f4(1.055527094e-01)
    p = p * t + f4(1.198212333e-01)
    p = p * t + f4(1.398635233e-01)
    p = p * t + f4(1.396213064e-01)
    return p * t * density
