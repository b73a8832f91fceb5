"""Elementwise functions of float32 and their gradients, each as one loop over part of the arrays.

The result may be written over the first array. LLVM is shown that case by itself: where it can't tell whether two
arrays are the same memory, it takes one element after the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

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
from .compiling import compiled
from .tasks import STEP, Task, array, number, place_of, whole_vectors

_SQRT_2_OVER_PI, _CUBE = f4(0.79788456080286536), f4(0.044715)
_DENSITY = f4(0.39894228040143268)  # 1 / √(2π)


@njit(inline="always")
def _of_one(formula: Any, job: Any, first: Any, last: Any) -> None:
    """Of (x, out)."""
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    if place_of(job, 0) == place_of(job, 1):
        for i in range(x.size):
            x[i] = formula(x[i])
    else:
        for i in range(x.size):
            out[i] = formula(x[i])


@njit(inline="always")
def _of_two(formula: Any, job: Any, first: Any, last: Any) -> None:
    """Of (x, y, out)."""
    whole_vectors()
    x, y, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    if place_of(job, 0) == place_of(job, 2):
        for i in range(x.size):
            x[i] = formula(x[i], y[i])
    else:
        for i in range(x.size):
            out[i] = formula(x[i], y[i])


@njit(inline="always")
def _of_a_number(formula: Any, job: Any, first: Any, last: Any) -> None:
    """Of (x, out, number)."""
    whole_vectors()
    x, out, c = array(job, 0, first, last), array(job, 1, first, last), number(job, 2)
    if place_of(job, 0) == place_of(job, 1):
        for i in range(x.size):
            x[i] = formula(x[i], c)
    else:
        for i in range(x.size):
            out[i] = formula(x[i], c)


# -- functions: (x, out) -----------------------------------------------------------------------------


@compiled
def _silu(x: Any) -> Any:
    return x * sigmoid(x)


@compiled
def _relu(x: Any) -> Any:
    return ZERO if x <= ZERO else x  # NaN stays


@compiled
def _negative(x: Any) -> Any:
    return -x


@compiled
def _abs(x: Any) -> Any:
    return abs(x)


@compiled
def _sqrt(x: Any) -> Any:
    return np.sqrt(x)


@compiled
def _square(x: Any) -> Any:
    return x * x


@compiled
def _reciprocal(x: Any) -> Any:
    return ONE / x


@compiled
def _gelu_tanh(x: Any) -> Any:
    return x * sigmoid(TWO * _SQRT_2_OVER_PI * (x + _CUBE * x * x * x))  # (1 + tanh(u)) / 2 is sigmoid(2u)


@compiled
def _gelu_erf(x: Any) -> Any:
    tail = normal_tail(abs(x), exp_of_negative(-HALF * x * x))
    return x * (ONE - tail if x > ZERO else tail)


@Task
def exp_all(job: Any, first: Any, last: Any) -> None:
    _of_one(exp, job, first, last)


@Task
def log_all(job: Any, first: Any, last: Any) -> None:
    _of_one(log, job, first, last)


@Task
def tanh_all(job: Any, first: Any, last: Any) -> None:
    _of_one(tanh, job, first, last)


@Task
def sigmoid_all(job: Any, first: Any, last: Any) -> None:
    _of_one(sigmoid, job, first, last)


@Task
def silu_all(job: Any, first: Any, last: Any) -> None:
    _of_one(_silu, job, first, last)


@Task
def relu_all(job: Any, first: Any, last: Any) -> None:
    _of_one(_relu, job, first, last)


@Task
def negative_all(job: Any, first: Any, last: Any) -> None:
    _of_one(_negative, job, first, last)


@Task
def abs_all(job: Any, first: Any, last: Any) -> None:
    _of_one(_abs, job, first, last)


@Task
def sqrt_all(job: Any, first: Any, last: Any) -> None:
    _of_one(_sqrt, job, first, last)


@Task
def square_all(job: Any, first: Any, last: Any) -> None:
    _of_one(_square, job, first, last)


@Task
def reciprocal_all(job: Any, first: Any, last: Any) -> None:
    _of_one(_reciprocal, job, first, last)


@Task
def gelu_tanh(job: Any, first: Any, last: Any) -> None:
    _of_one(_gelu_tanh, job, first, last)


@Task
def gelu_erf(job: Any, first: Any, last: Any) -> None:
    _of_one(_gelu_erf, job, first, last)


# -- gradients: (g, x or the function's result, out) -------------------------------------------------


@compiled
def _silu_slope(g: Any, x: Any) -> Any:
    s = sigmoid(x)
    return g * (s * (x * (ONE - s) + ONE))


@compiled
def _sigmoid_slope(g: Any, y: Any) -> Any:
    return g * (y * (ONE - y))


@compiled
def _tanh_slope(g: Any, y: Any) -> Any:
    return g * (ONE - y * y)


@compiled
def _relu_slope(g: Any, y: Any) -> Any:
    return choose(y <= ZERO, ZERO, g)


@compiled
def _gelu_tanh_slope(g: Any, x: Any) -> Any:
    s = sigmoid(TWO * _SQRT_2_OVER_PI * (x + _CUBE * x * x * x))
    inner = TWO * _SQRT_2_OVER_PI * (ONE + f4(3) * _CUBE * x * x)
    return g * (s + x * s * (ONE - s) * inner)


@compiled
def _gelu_erf_slope(g: Any, x: Any) -> Any:
    density = exp_of_negative(-HALF * x * x)
    tail = normal_tail(abs(x), density)
    return g * ((ONE - tail if x > ZERO else tail) + x * _DENSITY * density)


@Task
def silu_slope(job: Any, first: Any, last: Any) -> None:
    _of_two(_silu_slope, job, first, last)


@Task
def sigmoid_slope(job: Any, first: Any, last: Any) -> None:
    _of_two(_sigmoid_slope, job, first, last)


@Task
def tanh_slope(job: Any, first: Any, last: Any) -> None:
    _of_two(_tanh_slope, job, first, last)


@Task
def relu_slope(job: Any, first: Any, last: Any) -> None:
    _of_two(_relu_slope, job, first, last)


@Task
def gelu_tanh_slope(job: Any, first: Any, last: Any) -> None:
    _of_two(_gelu_tanh_slope, job, first, last)


@Task
def gelu_erf_slope(job: Any, first: Any, last: Any) -> None:
    _of_two(_gelu_erf_slope, job, first, last)


# -- arithmetic: (x, y, out), and (x, out, number) ---------------------------------------------------


@compiled
def _add(x: Any, y: Any) -> Any:
    return x + y


@compiled
def _subtract(x: Any, y: Any) -> Any:
    return x - y


@compiled
def _multiply(x: Any, y: Any) -> Any:
    return x * y


@compiled
def _divide(x: Any, y: Any) -> Any:
    return x / y


@compiled
def _subtract_from(x: Any, c: Any) -> Any:
    return c - x


@compiled
def _divide_by(x: Any, c: Any) -> Any:
    return c / x


@Task
def add_all(job: Any, first: Any, last: Any) -> None:
    _of_two(_add, job, first, last)


@Task
def subtract_all(job: Any, first: Any, last: Any) -> None:
    _of_two(_subtract, job, first, last)


@Task
def multiply_all(job: Any, first: Any, last: Any) -> None:
    _of_two(_multiply, job, first, last)


@Task
def divide_all(job: Any, first: Any, last: Any) -> None:
    _of_two(_divide, job, first, last)


@Task
def add_number(job: Any, first: Any, last: Any) -> None:
    _of_a_number(_add, job, first, last)


@Task
def multiply_number(job: Any, first: Any, last: Any) -> None:
    _of_a_number(_multiply, job, first, last)


@Task
def divide_number(job: Any, first: Any, last: Any) -> None:
    _of_a_number(_divide, job, first, last)


@Task
def number_subtract(job: Any, first: Any, last: Any) -> None:
    _of_a_number(_subtract_from, job, first, last)


@Task
def number_divide(job: Any, first: Any, last: Any) -> None:
    _of_a_number(_divide_by, job, first, last)


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
