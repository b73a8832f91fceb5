"""Special functions, each without calls and branches, for :mod:`.special_tasks`.

The methods are those of ``pluggrad.ops.special_functions``, in double precision; but where float32 alone is asked for,
``erf`` and ``erfinv`` are computed in it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .compiled_doubles import exp_of_two, f8, horner, log, pick
from .compiled_elementwise import choose, exp_of_negative, f4
from .compiled_elementwise import log as log_of_float
from .compiling import inlined

_PI, _LOG_PI, _HALF_LOG_2PI = f8(math.pi), f8(math.log(math.pi)), f8(0.5 * math.log(2 * math.pi))


@inlined
def _polynomial(p: Any, x: Any) -> Any:
    """In float32; the constant term comes first."""
    value = f4(p[len(p) - 1])
    for k in range(len(p) - 2, -1, -1):
        value = value * x + f4(p[k])
    return value


# -- the error function in float32, after N. Juffa's erff -------------------------------------------------

# erf(x) / x - 1 in x**2, and log(1 - erf(x)) / x + 1 in x.
_NEAR_32 = (1.28379166e-1, -3.76125336e-1, 1.12819925e-1, -2.67681349e-2, 4.99119423e-3, -5.96761703e-4)
_FAR_32 = (
    -1.28717512e-1, -6.34846687e-1, -1.06777877e-1, 2.42546219e-2, -3.88396438e-3, 3.83197126e-4, -1.72853470e-5,
)  # fmt: skip


@inlined
def erf_of_float(x: Any) -> Any:
    size = abs(x)
    far = f4(1) - exp_of_negative(_polynomial(_FAR_32, size) * size - size)
    near = _polynomial(_NEAR_32, x * x) * x + x
    return choose(size > f4(0.927734375), np.copysign(far, x), near)


# By w = -log(1 - x**2): up to 5 erfinv(x) / x - 1 in w - 2.5, beyond erfinv(x) / x - 3 in √w - 3.2, as M. Giles does it
# in "Approximating the erfinv function", GPU Computing Gems (2011). Fitted at Chebyshev nodes to 1e-8.
_CENTRE_32 = (
    0.5014093595815106, 0.2466402784838296, -0.004177388471829889, -0.0012527252340082955, 0.00021834588476317765,
    -4.973065231494156e-06, -3.4630924602985153e-06, 4.6826595178166665e-07, 2.3264743798110803e-08,
    -8.941336072596391e-09,
)  # fmt: skip
_SIDE_32 = (
    0.0336364021807976, 1.0046906590949019, 0.005980901617555813, -0.004266023063415621,
    0.0028949933826370737, -0.0021128719508275123, 0.0012181343517928868, -0.00016970798851736996,
    -0.0001532292345642041,
)  # fmt: skip


@inlined
def erfinv_of_float(x: Any) -> Any:
    size = abs(x)
    w = -log_of_float((f4(1) - size) * (f4(1) + size))
    side = _polynomial(_SIDE_32, np.sqrt(w) - f4(3.2)) * x + x * f4(3)
    out = choose(w > f4(5), side, _polynomial(_CENTRE_32, w - f4(2.5)) * x + x)
    return choose(size == f4(1), np.copysign(f4(np.inf), x), out)


# -- in float64 -------------------------------------------------------------------------------------------

# erf(x) / x in x**2, and (1 + 2x) exp(x**2) erfc(x) in (x - 3) / (x + 3).
_ERF = (
    1.1283791670955126, -0.3761263890318375, 0.11283791670954879, -0.026866170645076792, 0.0052239776248180145,
    -0.000854832698083379, 0.0001205533111164271, -1.4925595266831182e-05, 1.6461000484121368e-06,
    -1.6350312701054695e-07, 1.4659775274047436e-08, -1.1372848856791674e-09, 5.957176147748911e-11,
)  # fmt: skip
_ERFC = (
    1.2530080582697296, -0.13562110612458153, -0.047562294353451294, 0.12964515870281876, -0.11927366341527074,
    0.06830802734118499, -0.023770514918925036, 0.0025293918774651355, 0.0018886903370020235, -0.000779832999425681,
    -0.00010515924044950411, 0.00012510428519620944, 4.943808419471413e-06, -2.0119504283023286e-05,
    -7.018693532872742e-07, 3.5089272882232028e-06, 2.7568358328940624e-07, -6.353353124748494e-07,
    -3.7938787075067615e-08, 7.359369666393972e-08,
)  # fmt: skip


@inlined
def _tail(size: Any) -> Any:
    """The complementary error function from 1 on."""
    x = f8(27.5) if size > f8(27.5) else size  # where it underflows
    z = f8(f4(x))  # its square is exact
    return exp_of_two(-z * z, (z - x) * (z + x)) * horner(_ERFC, (x - f8(3)) / (x + f8(3))) / (x * f8(2) + f8(1))


@inlined
def erf(x: Any) -> Any:
    size = abs(x)
    return pick(size >= f8(1), np.copysign(f8(1) - _tail(size), x), x * horner(_ERF, x * x))


@inlined
def erfc(x: Any) -> Any:
    tail = _tail(abs(x))
    return pick(abs(x) >= f8(1), pick(x < f8(0), f8(2) - tail, tail), f8(1) - x * horner(_ERF, x * x))


# M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988): numerators and denominators of PPND16.
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


@inlined
def erfinv(x: Any) -> Any:
    size = abs(x)
    r = np.sqrt(-log((f8(1) - size) * f8(0.5)))
    u = f8(0.180625) - x * x * f8(0.25)
    v = r - f8(1.6)
    w = r - f8(5)
    above = pick(r <= f8(5), horner(_SIDE[0], v), horner(_TAIL[0], w))
    below = pick(r <= f8(5), horner(_SIDE[1], v), horner(_TAIL[1], w))
    centre = size <= f8(0.85)
    above = pick(centre, x * f8(0.5) * horner(_CENTRE[0], u), np.copysign(above, x))
    out = above / pick(centre, horner(_CENTRE[1], u), below) * f8(math.sqrt(0.5))
    return pick(size == f8(1), np.copysign(f8(np.inf), x), out)


# -- the gamma function -----------------------------------------------------------------------------------

# log(gamma(2 + t)) / t in t, for |t| <= 1/2.
_LGAMMA = (
    0.42278433509846713, 0.3224670334241132, -0.06735230105319563, 0.02058080842778338, -0.007385551028935545,
    0.002890510330865901, -0.0011927539009983087, 0.0005096695196526673, -0.00022315497746292723,
    9.945761692157133e-05, -4.4923727564247656e-05, 2.050601970174762e-05, -9.45628851510172e-06,
    4.3828545383846665e-06, -1.9743106888421067e-06, 9.242852225162277e-07, -5.811277768921246e-07,
    2.7475390051909663e-07,
)  # fmt: skip
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_STIRLING = tuple(b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1))
_DIGAMMA = tuple(b / (2 * k) for k, b in enumerate(_BERNOULLI, 1))
# sin(pi x) / x in x**2.
_SINE = tuple((-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(11))


@inlined
def _turn(x: Any) -> Any:
    """The distance from the nearest integer."""
    below = np.floor(x)
    return x - (below + f8(1)) if x - below > f8(0.5) else x - below


@inlined
def _sine(turn: Any) -> Any:
    """``sin(pi turn)``, up to 1/2."""
    return turn * horner(_SINE, turn * turn)


@inlined
def lgamma_of_positive(size: Any) -> Any:
    """Up to 2.5 a series around 2, to which the recurrence leads; beyond Stirling's, of a number moved up by 8."""
    low, moved = size < f8(2.5), size < f8(10)
    t = pick(size < f8(0.5), size, pick(size < f8(1.5), size - f8(1), size - f8(2)))
    steps = pick(size < f8(0.5), size * (size + f8(1)), pick(size < f8(1.5), size, f8(1)))
    product = size
    for k in range(1, 8):
        product = product * (size + f8(k))
    z = pick(moved, size + f8(8), size)
    inverse = f8(1) / z
    high = (z - f8(0.5)) * log(z) - z + _HALF_LOG_2PI + horner(_STIRLING, inverse * inverse) * inverse
    out = pick(low, t * horner(_LGAMMA, t), high) - log(pick(low, steps, pick(moved, product, f8(1))))
    return pick(size == f8(np.inf), size, out)


@inlined
def lgamma(x: Any) -> Any:
    """With the reflection: gamma(-x) gamma(x) = -pi / (x sin(pi x))."""
    size = abs(x)
    out = lgamma_of_positive(size)
    sine = abs(_sine(_turn(size)))
    reflected = pick(sine == f8(0), f8(np.inf), _LOG_PI - log(size * sine) - out)
    return pick(x < f8(0), pick(size == f8(np.inf), size, reflected), out)


@inlined
def _from_ten(y: Any, power: Any) -> Any:
    """What comes before a number of at least 10: it, and the sum of ``(y + k)**-power`` up to there."""
    near = y < f8(10)
    above, below = f8(1), y if power == 1 else y * y  # -0.0 is not 0.0
    for k in range(1, 10):
        step = y + f8(k) if power == 1 else (y + f8(k)) * (y + f8(k))
        above = above * step + below
        below = below * step
    return pick(near, y + f8(10), y), pick(near, above / below, f8(0))


@inlined
def digamma(x: Any) -> Any:
    z, before = _from_ten(pick(x < f8(0), f8(1) - x, x), 1)
    inverse = f8(1) / (z * z)
    out = log(z) - f8(0.5) / z - inverse * horner(_DIGAMMA, inverse) - before
    turn = _turn(x)
    reflected = out - _PI * _sine(f8(0.5) - abs(turn)) / _sine(turn)
    return pick(x < f8(0), pick(turn == f8(0), f8(np.nan), reflected), out)


@inlined
def trigamma(x: Any) -> Any:
    """The derivative of digamma."""
    z, before = _from_ten(pick(x <= f8(0), f8(1) - x, x), 2)
    inverse = f8(1) / z
    square = inverse * inverse
    out = inverse + f8(0.5) * square + square * inverse * horner(_BERNOULLI, square) + before
    turn = _turn(x)
    slope = _PI / _sine(turn)
    return pick(x <= f8(0), pick(turn == f8(0), f8(np.inf), slope * slope - out), out)
