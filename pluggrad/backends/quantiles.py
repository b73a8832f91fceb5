"""Uniform, normal and exponential numbers from random bits, the same to the last bit on every backend.

Numbers are made by inversion: a normal is the normal quantile of a uniform number. Only sums, products,
quotients and square roots are used, which IEEE 754 rounds in one way; a library's own ``log`` or ``cos`` may
differ in the last bit from another's, or from its own on another processor. (In-place operators are used on
arrays made here; a library without them makes new arrays, with the same values.)
"""

from __future__ import annotations

from typing import Any

#: By precision: how many random bits a uniform number has.
BITS = {32: 24, 64: 53}

#: sqrt(1/2) in each precision: numbers are scaled to [SQRT_HALF, 2 * SQRT_HALF) for the logarithm.
SQRT_HALF = {32: float.fromhex("0x1.6a09e6p-1"), 64: float.fromhex("0x1.6a09e667f3bcdp-1")}
_LN2 = {32: float.fromhex("0x1.62e430p-1"), 64: float.fromhex("0x1.62e42fefa39efp-1")}

#: log((1+s)/(1-s)) = s * (2 + z * p(z)) with z = s * s: the minimax polynomials of fdlibm's e_logf.c and e_log.c,
#: lowest power first.
_LOG = {
    32: (0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841),
    64: (
        6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
        1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
    ),
}  # fmt: skip

#: Numerators and denominators of the normal quantile, lowest power first: PPND7 and PPND16 of
#: M. J. Wichura: "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37, 1988.
CENTER = {
    32: (
        (3.3871327179e0, 5.0434271938e1, 1.5929113202e2, 5.9109374720e1),
        (1.0, 1.7895169469e1, 7.8757757664e1, 6.7187563600e1),
    ),
    64: (
        (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
         4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
        (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
         3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
    ),
}  # fmt: skip
TAIL = {
    32: ((1.4234372777e0, 2.7568153900e0, 1.3067284816e0, 1.7023821103e-1), (1.0, 7.3700164250e-1, 1.2021132975e-1)),
    64: (
        (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
         1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
        (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
         1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
    ),
}  # fmt: skip
#: Beyond sqrt(-log(p)) = 5, which 24 bits do not reach.
FAR_TAIL = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
     1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def uniform(xp: Any, words: Any, bits: int, count: int) -> Any:
    """``count`` numbers in [0, 1): multiples of 2**-24 (float32, two of each word, low half first) or of 2**-53."""
    ns = xp.namespace
    if bits == 64:
        return ns.astype(words >> 11, ns.float64) * 2.0**-53
    halves = ns.reshape(ns.stack((words & 0xFFFFFFFF, words >> 32), axis=-1), (-1,))[:count]
    return ns.astype(halves >> 8, ns.float32) * 2.0**-24


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    """By Horner's rule; the coefficients begin with the lowest power."""
    value = x * coefficients[-1]
    value += coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        value *= x
        value += coefficient
    return value


def _ratio(x: Any, polynomials: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    value = _polynomial(x, polynomials[0])
    value /= _polynomial(x, polynomials[1])
    return value


def split_power(xp: Any, x: Any) -> tuple[Any, Any]:
    """``0 < x <= 1`` as ``m * 2**e``, SQRT_HALF <= m < 2 * SQRT_HALF; both floats."""
    ns = xp.namespace
    half = SQRT_HALF[64 if x.dtype == ns.float64 else 32]
    e = ns.zeros_like(x)
    for power in (32, 16, 8, 4, 2, 1):
        small = x < half * 2.0 ** (1 - power)
        x = ns.where(small, x * 2.0**power, x)
        e = ns.where(small, e - power, e)
    return x, e


def log(xp: Any, x: Any, bits: int) -> Any:
    """The natural logarithm of 0 < x <= 1, to a rounding error or two."""
    m, e = xp.split_power(x)
    s = m - 1.0
    s /= m + 1.0
    z = s * s
    value = _polynomial(z, _LOG[bits])
    value *= z
    value += 2.0
    value *= s
    value += e * _LN2[bits]
    return value


def normal(xp: Any, u: Any, bits: int) -> Any:
    """The standard normal quantile at the middle of the cell of each uniform number ``u``."""
    q = u + (2.0 ** -(BITS[bits] + 1) - 0.5)
    size = xp.namespace.abs(q)
    z = q * q
    z *= -1.0
    z += 0.180625
    z = _ratio(z, CENTER[bits])
    z *= q
    return xp.apply_where(size > 0.425, q, lambda q: _normal_tail(xp, q, bits), z)


def _normal_tail(xp: Any, q: Any, bits: int) -> Any:
    ns = xp.namespace
    r = log(xp, 0.5 - ns.abs(q), bits)
    r *= -1.0
    r = ns.sqrt(r)
    tail = _ratio(r - 1.6, TAIL[bits])
    if bits == 64:
        tail = xp.apply_where(r > 5.0, r, lambda r: _ratio(r - 5.0, FAR_TAIL), tail)
    return ns.where(q < 0.0, -tail, tail)


def exponential(xp: Any, u: Any, bits: int) -> Any:
    """The exponential quantile, -log(1 - u); never zero: for u = 0, that of the middle of its cell."""
    ns = xp.namespace
    x = log(xp, 1.0 - u, bits)
    x *= -1.0
    smallest = 2.0 ** -(BITS[bits] + 1)
    return ns.where(x < smallest, ns.full_like(x, smallest), x)
