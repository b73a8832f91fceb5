"""Elementwise functions of float32 and their gradients, each as one loop over part of the arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_elementwise import (
    HALF,
    ONE,
    TWO,
    ZERO,
    choose,
    exp,
    exp_of_negative,
    f4,
    log,
    normal_tail,
    sigmoid,
    tanh,
)  # fmt: skip
from .compiled_sums import sum_of
from .tasks import STEP, Task, array, number, whole_vectors

_SQRT_2_OVER_PI, _CUBE = f4(0.79788456080286536), f4(0.044715)
_DENSITY = f4(0.39894228040143268)  # 1 / √(2π)

# -- functions: (x, out) -----------------------------------------------------------------------------


@Task
def exp_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = exp(x[i])


@Task
def log_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = log(x[i])


@Task
def tanh_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = tanh(x[i])


@Task
def sigmoid_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = sigmoid(x[i])


@Task
def silu_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = x[i] * sigmoid(x[i])


@Task
def relu_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = ZERO if x[i] <= ZERO else x[i]  # NaN stays


@Task
def negative_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = -x[i]


@Task
def abs_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = abs(x[i])


@Task
def sqrt_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = np.sqrt(x[i])


@Task
def square_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = x[i] * x[i]


@Task
def reciprocal_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = ONE / x[i]


@Task
def gelu_tanh(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        a = x[i]
        out[i] = a * sigmoid(TWO * _SQRT_2_OVER_PI * (a + _CUBE * a * a * a))  # (1 + tanh(u)) / 2 is sigmoid(2u)


@Task
def gelu_erf(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        a = x[i]
        tail = normal_tail(abs(a), exp_of_negative(-HALF * a * a))
        out[i] = a * (ONE - tail if a > ZERO else tail)


# -- gradients: (g, x or the function's result, out) -------------------------------------------------


@Task
def silu_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, x, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(g.size):
        s = sigmoid(x[i])
        out[i] = g[i] * (s * (x[i] * (ONE - s) + ONE))


@Task
def sigmoid_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(g.size):
        out[i] = g[i] * (y[i] * (ONE - y[i]))


@Task
def tanh_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(g.size):
        out[i] = g[i] * (ONE - y[i] * y[i])


@Task
def relu_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(g.size):
        out[i] = choose(y[i] <= ZERO, ZERO, g[i])


@Task
def gelu_tanh_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, x, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(g.size):
        a = x[i]
        s = sigmoid(TWO * _SQRT_2_OVER_PI * (a + _CUBE * a * a * a))
        inner = TWO * _SQRT_2_OVER_PI * (ONE + f4(3) * _CUBE * a * a)
        out[i] = g[i] * (s + a * s * (ONE - s) * inner)


@Task
def gelu_erf_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, x, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(g.size):
        a = x[i]
        density = exp_of_negative(-HALF * a * a)
        tail = normal_tail(abs(a), density)
        out[i] = g[i] * ((ONE - tail if a > ZERO else tail) + a * _DENSITY * density)


# -- arithmetic: (x, y, out), and (x, out, number) ---------------------------------------------------


@Task
def add_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        out[i] = x[i] + y[i]


@Task
def subtract_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        out[i] = x[i] - y[i]


@Task
def multiply_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        out[i] = x[i] * y[i]


@Task
def divide_all(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        out[i] = x[i] / y[i]


@Task
def add_number(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out, c = array(job, 0, first, last), array(job, 1, first, last), number(job, 2)
    for i in range(x.size):
        out[i] = x[i] + c


@Task
def multiply_number(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out, c = array(job, 0, first, last), array(job, 1, first, last), number(job, 2)
    for i in range(x.size):
        out[i] = x[i] * c


@Task
def divide_number(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out, c = array(job, 0, first, last), array(job, 1, first, last), number(job, 2)
    for i in range(x.size):
        out[i] = x[i] / c


@Task
def number_subtract(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out, c = array(job, 0, first, last), array(job, 1, first, last), number(job, 2)
    for i in range(x.size):
        out[i] = c - x[i]


@Task
def number_divide(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out, c = array(job, 0, first, last), array(job, 1, first, last), number(job, 2)
    for i in range(x.size):
        out[i] = c / x[i]


@Task
def fill(job: Any, first: Any, last: Any) -> None:
    """Of one number: (out, number)."""
    whole_vectors()
    out, c = array(job, 0, first, last), number(job, 1)
    for i in range(out.size):
        out[i] = c


@Task
def sum_parts(job: Any, first: Any, last: Any) -> None:
    """(x, sums): the sum of each part, whose length is the same for all but the last."""
    part = first // STEP
    array(job, 1, part, part + 1)[0] = sum_of(array(job, 0, first, last))
