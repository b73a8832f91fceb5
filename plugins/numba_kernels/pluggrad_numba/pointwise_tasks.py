"""More elementwise functions of float32, each as one loop over part of the arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_activations import log_of_one_and
from .compiled_doubles import f8, i8
from .compiled_elementwise import HALF, ONE, ZERO, choose, exp_of_negative, f4, log
from .compiled_sums import sum_of
from .tasks import STEP, Task, array, number, whole_vectors

_INFINITY = f4(np.inf)
#: Losses that are summed together.
_SOME = 1024

# -- division with a remainder: (x, y, out, odd) -----------------------------------------------------
#
# In double precision the whole part of a quotient of two float32 is exact up to 2**28, and so is what it leaves: they
# have 24 digits, and a quotient that is not whole is 2**-24 of the divisor away from it. Beyond, and where a result is
# NaN, it is NumPy's turn: ``odd`` says in which parts.


@Task
def fmod_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    odd = i8(0)
    for i in range(x.size):
        a, b = abs(f8(x[i])), abs(f8(y[i]))
        whole = np.floor(a / b)
        rest = a - whole * b
        odd |= i8(not (whole < f8(1 << 28))) | i8(rest != rest)
        out[i] = np.copysign(f4(rest), x[i])
    part = first // STEP
    array(job, 3, part, part + 1)[0] = odd


@Task
def remainder_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    odd = i8(0)
    for i in range(x.size):
        a, b = abs(f8(x[i])), abs(f8(y[i]))
        whole = np.floor(a / b)
        rest = a - whole * b
        odd |= i8(not (whole < f8(1 << 28))) | i8(rest != rest)
        small = np.copysign(f4(rest), x[i])
        other = (rest != f8(0)) & ((x[i] < ZERO) != (y[i] < ZERO))
        out[i] = choose(other, small + y[i], np.copysign(small, y[i]))
    part = first // STEP
    array(job, 3, part, part + 1)[0] = odd


@Task
def floor_divide_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    odd = i8(0)
    for i in range(x.size):
        a, b = abs(f8(x[i])), abs(f8(y[i]))
        whole = np.floor(a / b)
        rest = a - whole * b
        odd |= i8(not (whole < f8(1 << 24))) | i8(rest != rest)
        below = (rest != f8(0)) & ((x[i] < ZERO) != (y[i] < ZERO))
        out[i] = np.copysign(f4(whole + f8(below)), x[i] / y[i])
    part = first // STEP
    array(job, 3, part, part + 1)[0] = odd


# -- of two arrays: (x, y, out) ----------------------------------------------------------------------


@Task
def hypot_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        a, b = f8(x[i]), f8(y[i])
        infinite = (abs(x[i]) == _INFINITY) | (abs(y[i]) == _INFINITY)
        out[i] = choose(infinite, _INFINITY, f4(np.sqrt(a * a + b * b)))


@Task
def logaddexp_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        a, b = x[i], y[i]
        apart = choose(a == b, ZERO, abs(a - b))  # two infinities, too
        out[i] = choose(a > b, a, b) + log_of_one_and(exp_of_negative(-apart))


@Task
def copysign_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        out[i] = np.copysign(x[i], y[i])


@Task
def maximum_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        out[i] = choose((x[i] > y[i]) | (x[i] != x[i]), x[i], y[i])


@Task
def minimum_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        out[i] = choose((x[i] < y[i]) | (x[i] != x[i]), x[i], y[i])


# -- interpolation: counted from the nearer end, so that both are met exactly ------------------------


@Task
def lerp_all(job: Any, first: Any, last: Any) -> None:
    """(x, y, weights, out)."""
    whole_vectors()
    x, y, w = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    out = array(job, 3, first, last)
    for i in range(x.size):
        way = y[i] - x[i]
        out[i] = choose(abs(w[i]) < HALF, x[i] + w[i] * way, y[i] - way * (ONE - w[i]))


@Task
def lerp_number(job: Any, first: Any, last: Any) -> None:
    """(x, y, out, weight)."""
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    w = number(job, 3)
    for i in range(x.size):
        way = y[i] - x[i]
        out[i] = choose(abs(w) < HALF, x[i] + w * way, y[i] - way * (ONE - w))


# -- of three arrays: (x, y, z, out, value) ----------------------------------------------------------


@Task
def addcmul_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, z = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    out, value = array(job, 3, first, last), number(job, 4)
    for i in range(x.size):
        out[i] = x[i] + y[i] * z[i] * value


@Task
def addcdiv_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, z = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    out, value = array(job, 3, first, last), number(job, 4)
    for i in range(x.size):
        out[i] = x[i] + y[i] / z[i] * value


# -- of one array: (x, out, numbers) -----------------------------------------------------------------


@Task
def sign_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = choose(x[i] > ZERO, ONE, choose(x[i] < ZERO, -ONE, abs(x[i])))  # 0, or NaN


@Task
def frac_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = x[i] - np.copysign(np.floor(abs(x[i])), x[i])


@Task
def logit_all(job: Any, first: Any, last: Any) -> None:
    """``low`` and ``high`` : where it is clipped to; infinite ones do not."""
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    low, high = number(job, 2), number(job, 3)
    for i in range(x.size):
        a = choose(x[i] < low, low, x[i])
        a = choose(a > high, high, a)
        out[i] = log(a / (ONE - a))


@Task
def cube_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = x[i] * x[i] * x[i]


@Task
def root_all(job: Any, first: Any, last: Any) -> None:
    """The power 1/2: of -0.0 it is 0.0, of -inf inf."""
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = choose(x[i] == -_INFINITY, _INFINITY, np.sqrt(x[i] + ZERO))


# -- Huber's loss ------------------------------------------------------------------------------------


@Task
def huber_all(job: Any, first: Any, last: Any) -> None:
    """(x, y, out, delta)."""
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    delta = number(job, 3)
    for i in range(x.size):
        size = abs(x[i] - y[i])
        out[i] = choose(size <= delta, HALF * size * size, delta * (size - HALF * delta))


@Task
def huber_parts(job: Any, first: Any, last: Any) -> None:
    """(x, y, sums, delta): the sum of each part, whose length is the same for all but the last."""
    whole_vectors()
    x, y, delta = array(job, 0, first, last), array(job, 1, first, last), number(job, 3)
    losses = np.empty(_SOME, np.float32)
    total = f4(0)
    for at in range(0, x.size, _SOME):
        some = losses[: min(_SOME, x.size - at)]
        for i in range(some.size):
            size = abs(x[at + i] - y[at + i])
            some[i] = choose(size <= delta, HALF * size * size, delta * (size - HALF * delta))
        total += sum_of(some)
    part = first // STEP
    array(job, 2, part, part + 1)[0] = total
