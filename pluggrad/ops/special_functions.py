"""Special functions: the error function and its inverse, the logarithm of the gamma function and its derivatives.

Composed from the standard, in double precision, to which other dtypes are brought: exact to some units in the
last place of float64 (near a zero of a function: to that many units of the terms that cancel there).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..dtypes import REAL_FLOATING
from ..errors import ArgumentError
from ..tensor import Tensor
from .declare import composite

__all__ = ["digamma", "erf", "erfc", "erfinv", "lgamma", "polygamma"]

_SQRT_PI = math.sqrt(math.pi)


def _in_double(xp: Any, x: Any, f: Callable[[Any, Any], Any]) -> Any:
    """``f(namespace, x)`` in float64, in the dtype of ``x`` again."""
    namespace = xp.namespace
    if x.dtype == namespace.float64:
        return f(namespace, x)
    return namespace.astype(f(namespace, namespace.astype(x, namespace.float64)), x.dtype)


def _polynomial(coefficients: Sequence[float], x: Any) -> Any:
    """Horner's rule; the constant term comes first."""
    value = x * coefficients[-1]
    for c in coefficients[-2:0:-1]:
        value = (value + c) * x
    return value + coefficients[0]


# -- the error function --------------------------------------------------------------------------

# erf(x) / x in x**2, for |x| < 1. Fitted at Chebyshev nodes in fifty digits, as are the other two of ours.
_ERF = (
    1.1283791670955126, -0.3761263890318375, 0.11283791670954879, -0.026866170645076792, 0.0052239776248180145,
    -0.000854832698083379, 0.0001205533111164271, -1.4925595266831182e-05, 1.6461000484121368e-06,
    -1.6350312701054695e-07, 1.4659775274047436e-08, -1.1372848856791674e-09, 5.957176147748911e-11,
)  # fmt: skip

# (1 + 2x) exp(x**2) erfc(x) in (x - 3) / (x + 3), for x from 1 to 27.5, where erfc underflows. The form is that of
# Shepherd and Laframboise, Chebyshev approximation of (1 + 2x)exp(x²)erfc x in 0 ≤ x < ∞, Math. Comp. 36 (1981).
_ERFC = (
    1.2530080582697296, -0.13562110612458153, -0.047562294353451294, 0.12964515870281876, -0.11927366341527074,
    0.06830802734118499, -0.023770514918925036, 0.0025293918774651355, 0.0018886903370020235, -0.000779832999425681,
    -0.00010515924044950411, 0.00012510428519620944, 4.943808419471413e-06, -2.0119504283023286e-05,
    -7.018693532872742e-07, 3.5089272882232028e-06, 2.7568358328940624e-07, -6.353353124748494e-07,
    -3.7938787075067615e-08, 7.359369666393972e-08,
)  # fmt: skip


def _erfc_tail(xp: Any, x: Any) -> Any:
    """The complementary error function from 1 on."""
    x = xp.where(x > 27.5, 27.5, x)
    # exp(-x**2) from a part of x whose square is exact, and the small rest.
    z = xp.astype(xp.astype(x, xp.float32), xp.float64)
    return xp.exp(-z * z) * xp.exp((z - x) * (z + x)) * _polynomial(_ERFC, (x - 3) / (x + 3)) / (x * 2 + 1)


def _erf(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    large = 1 - _erfc_tail(xp, size)
    return xp.where(size < 1, x * _polynomial(_ERF, x * x), xp.where(x < 0, -large, large))


def _erfc(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    large = _erfc_tail(xp, size)
    return xp.where(size < 1, 1 - x * _polynomial(_ERF, x * x), xp.where(x < 0, 2 - large, large))


def _erf_slope(xp: Any, g: Any, x: Any) -> Any:
    return g * (xp.exp(-x * x) * (2 / _SQRT_PI))


@composite(method=True, result="same", kinds=REAL_FLOATING, vjp=_erf_slope)
def erf(xp, x, /):
    """Error function of each element: ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to ``x``.

    >>> import pluggrad
    >>> pluggrad.erf(pluggrad.asarray([0.0, 1.0, -pluggrad.inf]))
    tensor([ 0.0000,  0.8427, -1.0000])
    """
    return _in_double(xp, x, _erf)


@composite(method=True, result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: -_erf_slope(xp, g, x))
def erfc(xp, x, /):
    """Complementary error function of each element, ``1 - erf(x)``, with all its digits where that is small.

    >>> import pluggrad
    >>> pluggrad.erfc(pluggrad.asarray([0.0, 1.0, 5.0]))
    tensor([1.0000e+00, 1.5730e-01, 1.5375e-12])
    """
    return _in_double(xp, x, _erfc)


# The inverse of the normal distribution function, from M. J. Wichura, Algorithm AS 241: The percentage points of the
# normal distribution, Applied Statistics 37 (1988): numerators and denominators of PPND16.
_CENTRE = (
    (3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
     67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
    (1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867,
     39307.895800092710610, 28729.085735721942674, 5226.4952788528545610),
)  # fmt: skip
_SIDE = (
    (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
     1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
     0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_TAIL = (
    (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
     0.0265321895265761230930, 0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4,
     1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def _ratio(parts: tuple[Sequence[float], Sequence[float]], x: Any) -> Any:
    return _polynomial(parts[0], x) / _polynomial(parts[1], x)


def _erfinv(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    centre = x / 2 * _ratio(_CENTRE, 0.180625 - x * x / 4)
    r = xp.sqrt(-xp.log((1 - size) / 2))
    outside = xp.where(r <= 5, _ratio(_SIDE, r - 1.6), _ratio(_TAIL, r - 5))
    outside = xp.where(size == 1, math.inf, outside)
    return xp.where(size <= 0.85, centre, xp.where(x < 0, -outside, outside)) / math.sqrt(2)


@composite(method=True, result="same", kinds=REAL_FLOATING,
           vjp=lambda xp, g, out: g * (xp.exp(out * out) * (_SQRT_PI / 2)))  # fmt: skip
def erfinv(xp, x, /):
    """The number of which each element is the error function; infinite at -1 and 1, NaN beyond.

    >>> import pluggrad
    >>> pluggrad.erfinv(pluggrad.asarray([0.0, 0.5, -1.0]))
    tensor([0.0000, 0.4769,   -inf])
    """
    return _in_double(xp, x, _erfinv)


# -- the gamma function ------------------------------------------------------------------------------

# log(gamma(2 + t)) / t in t, for |t| <= 1/2.
_LGAMMA = (
    0.42278433509846713, 0.3224670334241132, -0.06735230105319563, 0.02058080842778338, -0.007385551028935545,
    0.002890510330865901, -0.0011927539009983087, 0.0005096695196526673, -0.00022315497746292723,
    9.945761692157133e-05, -4.4923727564247656e-05, 2.050601970174762e-05, -9.45628851510172e-06,
    4.3828545383846665e-06, -1.9743106888421067e-06, 9.242852225162277e-07, -5.811277768921246e-07,
    2.7475390051909663e-07,
)  # fmt: skip
#: The Bernoulli numbers B2, B4, ..., of the asymptotic series.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_STIRLING = tuple(b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1))
_DIGAMMA = tuple(b / (2 * k) for k, b in enumerate(_BERNOULLI, 1))


def _lgamma(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    # Up to 2.5 a series around 2, to which the recurrence leads.
    t = xp.where(size < 0.5, size, xp.where(size < 1.5, size - 1, size - 2))
    t = xp.where(size < 2.5, t, 0.0)
    low = t * _polynomial(_LGAMMA, t) - xp.where(size < 1.5, xp.log1p(t), 0.0) - xp.where(size < 0.5, xp.log(size), 0.0)
    # Beyond, Stirling's series; below 10, of a number moved up by 8.
    product = size
    for k in range(1, 8):
        product = product * (size + k)
    z = xp.where(size < 10, size + 8, size)
    high = (z - 0.5) * xp.log(z) - z + 0.5 * math.log(2 * math.pi) + _polynomial(_STIRLING, 1 / (z * z)) / z
    high = high - xp.where(size < 10, xp.log(product), 0.0)
    out = xp.where(size < 2.5, low, xp.where(size == math.inf, math.inf, high))
    # The reflection: gamma(-x) gamma(x) = -pi / (x sin(pi x)).
    sine = xp.abs(xp.sin((size - xp.round(size)) * math.pi))
    reflected = xp.where(sine == 0, math.inf, math.log(math.pi) - xp.log(size * sine) - out)
    return xp.where(x < 0, xp.where(size == math.inf, math.inf, reflected), out)


@composite(method=True, result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * xp.digamma(x))
def lgamma(xp, x, /):
    """Natural logarithm of the absolute value of the gamma function of each element; infinite at 0, -1, -2, ...

    >>> import pluggrad
    >>> pluggrad.lgamma(pluggrad.asarray([0.5, 1.0, 5.0]))
    tensor([0.5724, 0.0000, 3.1781])
    """
    return _in_double(xp, x, _lgamma)


def _digamma(xp: Any, x: Any) -> Any:
    y = xp.where(x < 0, 1 - x, x)
    near = y < 10
    z = xp.where(near, y + 10, y)
    inverse = 1 / (z * z)
    out = xp.log(z) - 0.5 / z - inverse * _polynomial(_DIGAMMA, inverse)
    steps = 1 / y
    for k in range(1, 10):
        steps = steps + 1 / (y + k)
    out = out - xp.where(near, steps, 0.0)
    turn = x - xp.round(x)
    reflected = xp.where(turn == 0, math.nan, out - math.pi / xp.tan(turn * math.pi))
    return xp.where(x < 0, reflected, out)


@composite(method=True, result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * xp.polygamma(x, n=1))
def digamma(xp, x, /):
    """Derivative of :func:`lgamma` at each element; NaN at -1, -2, ..., where it has poles; infinite at 0.

    >>> import pluggrad
    >>> pluggrad.digamma(pluggrad.asarray([1.0, 0.5]))
    tensor([-0.5772, -1.9635])
    """
    return _in_double(xp, x, _digamma)


def _hurwitz_zeta(xp: Any, s: int, x: Any) -> Any:
    """Sum of ``(x + k)**-s`` over k = 0, 1, ..., for x > 0, by the Euler-Maclaurin formula from k = 10 on."""
    total = x**-s
    for k in range(1, 10):
        total = total + (x + k) ** -s
    z = x + 10
    total = total + z ** (1 - s) / (s - 1) + 0.5 * z**-s
    factor = float(s)
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + (b * factor / math.factorial(2 * k)) * z ** (1 - s - 2 * k)
        factor *= (s + 2 * k - 1) * (s + 2 * k)
    return total


def _cotangent_derivative(n: int) -> list[int]:
    """The n-th derivative of cot as a polynomial in cot: that of c**k is ``-k c**(k-1) (1 + c**2)``."""
    coefficients = [0, 1]
    for _ in range(n):
        after = [0] * (len(coefficients) + 1)
        for k, c in enumerate(coefficients[1:], 1):
            after[k - 1] -= k * c
            after[k + 1] -= k * c
        coefficients = after
    return coefficients


@composite(name="polygamma", result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, n: g * xp.polygamma(x, n=n + 1))
def _polygamma(xp: Any, x: Any, /, *, n: int) -> Any:
    sign = 1.0 if n % 2 else -1.0

    def compute(xp: Any, x: Any) -> Any:
        out = sign * math.factorial(n) * _hurwitz_zeta(xp, n + 1, xp.where(x <= 0, 1 - x, x))
        turn = x - xp.round(x)
        cotangent = 1 / xp.tan(turn * math.pi)
        reflection = _polynomial(_cotangent_derivative(n), cotangent) * math.pi ** (n + 1)
        reflected = xp.where(turn == 0, sign * math.inf, -sign * out - reflection)
        return xp.where(x <= 0, reflected, out)

    return _in_double(xp, x, compute) if n else xp.digamma(x)


def polygamma(n: int, x: Tensor, /) -> Tensor:
    """The n-th derivative of :func:`digamma` at each element.

    Parameters
    ----------
    n : int, not negative
    x : Tensor, real dtype

    Returns
    -------
    Tensor, same shape, floating dtype; infinite at the poles 0, -1, -2, ...

    Raises
    ------
    ValueError : ``n`` is negative

    >>> import pluggrad
    >>> pluggrad.polygamma(1, pluggrad.asarray([1.0, 0.5]))
    tensor([1.6449, 4.9348])
    """
    if n < 0:
        raise ArgumentError(f"polygamma: n must not be negative, got {n}")
    return _polygamma(x, n=n)
