"""Elementwise functions of float32, written so that LLVM vectorises their loops: no calls, no branches.

Polynomials after S. L. Moshier's Cephes library (expf, logf, tanhf). How exact they are over all of
float32, subnormal numbers, infinities and NaN included, is said and checked in tests/test_elementwise.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})

f4, i4 = np.float32, np.int32

_ZERO, _HALF, _ONE, _TWO = f4(0), f4(0.5), f4(1), f4(2)
_LOG2E = f4(1.44269504088896341)
# log(2) in two parts: the product of the first with a small integer is exact.
_LN2_HIGH, _LN2_LOW = f4(0.693359375), f4(-2.12194440e-4)
#: Adding and subtracting it rounds a small number to an integer.
_ROUND = f4(12582912.0)


@_compiled
def _bits(x: Any) -> Any:
    return f4(x).view(i4)


@_compiled
def _float(bits: Any) -> Any:
    return i4(bits).view(f4)


@_compiled
def _choose(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where it holds, else ``b``, by their bits: LLVM would move the making of each into a branch."""
    mask = -i4(condition)
    return _float((_bits(a) & mask) | (_bits(b) & ~mask))


@_compiled
def _signed(size: Any, x: Any) -> Any:
    """A positive number with the sign of another."""
    return _float(_bits(size) | (_bits(x) & i4(-0x80000000)))


@_compiled
def exp(x: Any) -> Any:
    """``2**n exp(r)`` with r within log(2) / 2 of 0; 2**n in two factors, each of which is a normal number."""
    y = min(max(x, f4(-104.0)), f4(89.0))  # beyond, it is 0 and infinite
    n = (y * _LOG2E + _ROUND) - _ROUND
    r = y - n * _LN2_HIGH
    r = r - n * _LN2_LOW
    p = f4(1.9875691500e-4)
    p = p * r + f4(1.3981999507e-3)
    p = p * r + f4(8.3334519073e-3)
    p = p * r + f4(4.1665795894e-2)
    p = p * r + f4(1.6666665459e-1)
    p = p * r + f4(5.0000001201e-1)
    s = _ONE + r
    p = p * (r * r) + (r - (s - _ONE)) + s  # with what 1 + r has lost
    k = i4(n)
    half = k >> i4(1)
    low = _float((half + i4(127)) << i4(23))
    high = _float((k - half + i4(127)) << i4(23))
    return p * low * high if x == x else x


@_compiled
def log(x: Any) -> Any:
    """``e log(2) + log(m)`` with m within √2 of 1."""
    small = x < f4(1.17549435e-38)
    scaled = x * f4(8388608.0) if small else x
    bits = _bits(scaled)
    e = (bits >> i4(23)) - i4(126) - (i4(23) if small else i4(0))
    m = _float((bits & i4(0x007FFFFF)) | i4(0x3F000000))
    low = m < f4(0.707106781186547524)
    e = f4(e - i4(1) if low else e)
    m = (m + m if low else m) - _ONE
    z = m * m
    p = f4(7.0376836292e-2)
    p = p * m + f4(-1.1514610310e-1)
    p = p * m + f4(1.1676998740e-1)
    p = p * m + f4(-1.2420140846e-1)
    p = p * m + f4(1.4249322787e-1)
    p = p * m + f4(-1.6668057665e-1)
    p = p * m + f4(2.0000714765e-1)
    p = p * m + f4(-2.4999993993e-1)
    p = p * m + f4(3.3333331174e-1)
    p = p * m * z + e * _LN2_LOW - _HALF * z
    out = m + p + e * _LN2_HIGH
    out = out if x < f4(np.inf) else x  # infinity and NaN
    out = out if x != _ZERO else f4(-np.inf)
    return out if not x < _ZERO else f4(np.nan)


@_compiled
def tanh(x: Any) -> Any:
    """A polynomial near 0, ``1 - 2 / (exp(2 x) + 1)`` elsewhere."""
    size = abs(x)
    z = x * x
    p = f4(-5.70498872745e-3)
    p = p * z + f4(2.06390887954e-2)
    p = p * z + f4(-5.37397155531e-2)
    p = p * z + f4(1.33314422036e-1)
    p = p * z + f4(-3.33332819422e-1)
    near = p * z * size + size
    far = _ONE - _TWO / (exp(size + size) + _ONE)
    return _signed(_choose(size > f4(0.625), far, near), x)  # NaN goes the way of near


@_compiled
def sigmoid(x: Any) -> Any:
    """By ``exp(-abs(x))``, which never overflows: small values are as exact as large ones."""
    e = exp(-abs(x))
    return (_ONE if x >= _ZERO else e) / (_ONE + e)


@_compiled
def normal_tail(size: Any, density: Any) -> Any:
    """Φ(-size), the tail of the normal distribution, from ``exp(-size**2 / 2)``.

    The ratio of the two is smooth (J. P. Mills, Biometrika 18, 1926): a polynomial in t, fitted to 3e-8.
    """
    t = _ONE / (_ONE + f4(0.35) * size)
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


_SQRT_2_OVER_PI, _CUBE = f4(0.79788456080286536), f4(0.044715)
_DENSITY = f4(0.39894228040143268)  # 1 / √(2π)


@_compiled
def exp_all(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = exp(x[i])


@_compiled
def log_all(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = log(x[i])


@_compiled
def tanh_all(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = tanh(x[i])


@_compiled
def sigmoid_all(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = sigmoid(x[i])


@_compiled
def silu_all(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = x[i] * sigmoid(x[i])


@_compiled
def silu_slope(g: Any, x: Any, out: Any) -> None:
    for i in range(x.size):
        s = sigmoid(x[i])
        out[i] = g[i] * (s * (x[i] * (_ONE - s) + _ONE))


@_compiled
def sigmoid_slope(g: Any, y: Any, out: Any) -> None:
    for i in range(y.size):
        out[i] = g[i] * (y[i] * (_ONE - y[i]))


@_compiled
def tanh_slope(g: Any, y: Any, out: Any) -> None:
    for i in range(y.size):
        out[i] = g[i] * (_ONE - y[i] * y[i])


@_compiled
def relu_all(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = _ZERO if x[i] <= _ZERO else x[i]  # NaN stays


@_compiled
def relu_slope(g: Any, y: Any, out: Any) -> None:
    for i in range(y.size):
        out[i] = _choose(y[i] <= _ZERO, _ZERO, g[i])


@_compiled
def gelu_tanh(x: Any, out: Any) -> None:
    for i in range(x.size):
        a = x[i]
        out[i] = a * sigmoid(_TWO * _SQRT_2_OVER_PI * (a + _CUBE * a * a * a))  # (1 + tanh(u)) / 2 is sigmoid(2u)


@_compiled
def gelu_erf(x: Any, out: Any) -> None:
    for i in range(x.size):
        a = x[i]
        tail = normal_tail(abs(a), exp(-_HALF * a * a))
        out[i] = a * (_ONE - tail if a > _ZERO else tail)


@_compiled
def gelu_tanh_slope(g: Any, x: Any, out: Any) -> None:
    for i in range(x.size):
        a = x[i]
        s = sigmoid(_TWO * _SQRT_2_OVER_PI * (a + _CUBE * a * a * a))
        inner = _TWO * _SQRT_2_OVER_PI * (_ONE + f4(3) * _CUBE * a * a)
        out[i] = g[i] * (s + a * s * (_ONE - s) * inner)


@_compiled
def gelu_erf_slope(g: Any, x: Any, out: Any) -> None:
    for i in range(x.size):
        a = x[i]
        density = exp(-_HALF * a * a)
        tail = normal_tail(abs(a), density)
        out[i] = g[i] * ((_ONE - tail if a > _ZERO else tail) + a * _DENSITY * density)
