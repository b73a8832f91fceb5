"""Activations of float32 with numbers of their own, vectorised: no calls, no branches. Arrays are 1-D."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_elementwise import choose, exp, log
from .compiling import compiled

f4 = np.float32
_ZERO, _ONE = f4(0), f4(1)


@compiled
def _between(x: Any, low: Any, high: Any) -> Any:
    """Brought between two numbers; NaN stays."""
    x = choose(x < low, low, x)
    return choose(x > high, high, x)


@compiled
def _exp_less_one(x: Any) -> Any:
    """``exp(x) - 1`` of a number that is not positive; near 0 by the polynomial of ``exp``, without the 1."""
    p = f4(1.9875691500e-4)
    p = p * x + f4(1.3981999507e-3)
    p = p * x + f4(8.3334519073e-3)
    p = p * x + f4(4.1665795894e-2)
    p = p * x + f4(1.6666665459e-1)
    p = p * x + f4(5.0000001201e-1)
    return choose(x > f4(-0.34), p * (x * x) + x, exp(x) - _ONE)


@compiled
def _log_of_one_and(x: Any) -> Any:
    """``log(1 + x)`` of a number in [0, 1], with what ``1 + x`` has lost."""
    whole = _ONE + x
    return log(whole) + (x - (whole - _ONE)) / whole


@compiled
def elu(x: Any, out: Any, scale: Any, below: Any, inner: Any) -> None:
    """``below`` : alpha times scale; ``inner`` : the input's scale."""
    for i in range(x.size):
        a = x[i]
        out[i] = choose(a > _ZERO, a * scale, _exp_less_one(choose(a > _ZERO, _ZERO, a) * inner) * below)


@compiled
def softplus(x: Any, out: Any, beta: Any, threshold: Any) -> None:
    for i in range(x.size):
        a = x[i] * beta
        soft = choose(a < _ZERO, _ZERO, a) + _log_of_one_and(exp(-abs(a)))
        out[i] = choose(a > threshold, x[i], soft / beta)


@compiled
def log_sigmoid(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = choose(x[i] > _ZERO, _ZERO, x[i]) - _log_of_one_and(exp(-abs(x[i])))


@compiled
def leaky_relu(x: Any, out: Any, slope: Any) -> None:
    for i in range(x.size):
        out[i] = choose(x[i] > _ZERO, x[i], x[i] * slope)


@compiled
def hardtanh(x: Any, out: Any, low: Any, high: Any) -> None:
    for i in range(x.size):
        out[i] = _between(x[i], low, high)


@compiled
def threshold(x: Any, out: Any, least: Any, value: Any) -> None:
    for i in range(x.size):
        out[i] = choose(x[i] <= least, value, x[i])


@compiled
def hardsigmoid(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = _between(x[i] + f4(3), _ZERO, f4(6)) / f4(6)


@compiled
def hardswish(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = x[i] * (_between(x[i] + f4(3), _ZERO, f4(6)) / f4(6))


@compiled
def hardshrink(x: Any, out: Any, size: Any) -> None:
    for i in range(x.size):
        out[i] = choose((x[i] >= -size) & (x[i] <= size), _ZERO, x[i])


@compiled
def softshrink(x: Any, out: Any, size: Any) -> None:
    for i in range(x.size):
        a = x[i]
        out[i] = choose(a > size, a - size, choose(a < -size, a + size, a * _ZERO))


# -- selection --------------------------------------------------------------------------------------------


@compiled
def where(condition: Any, x1: Any, x2: Any, out: Any) -> None:
    for i in range(out.size):
        first, second = x1[i], x2[i]
        out[i] = first if condition[i] else second


@compiled
def where_scalar_first(condition: Any, x2: Any, out: Any, x1: Any) -> None:
    for i in range(out.size):
        second = x2[i]
        out[i] = x1 if condition[i] else second


@compiled
def where_scalar_second(condition: Any, x1: Any, out: Any, x2: Any) -> None:
    for i in range(out.size):
        first = x1[i]
        out[i] = first if condition[i] else x2
