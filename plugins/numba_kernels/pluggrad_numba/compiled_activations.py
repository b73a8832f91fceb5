"""What activations of float32 are made of, without calls and branches; and selection. Arrays are 1-D."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_elementwise import choose, exp, log
from .compiling import compiled

f4 = np.float32
_ONE = f4(1)


@compiled
def between(x: Any, low: Any, high: Any) -> Any:
    """Brought between two numbers; NaN stays."""
    x = choose(x < low, low, x)
    return choose(x > high, high, x)


@compiled
def exp_less_one(x: Any) -> Any:
    """``exp(x) - 1`` of a number that is not positive; near 0 by the polynomial of ``exp``, without the 1."""
    p = f4(1.9875691500e-4)
    p = p * x + f4(1.3981999507e-3)
    p = p * x + f4(8.3334519073e-3)
    p = p * x + f4(4.1665795894e-2)
    p = p * x + f4(1.6666665459e-1)
    p = p * x + f4(5.0000001201e-1)
    return choose(x > f4(-0.34), p * (x * x) + x, exp(x) - _ONE)


@compiled
def log_of_one_and(x: Any) -> Any:
    """``log(1 + x)`` of a number in [0, 1], with what ``1 + x`` has lost."""
    whole = _ONE + x
    return log(whole) + (x - (whole - _ONE)) / whole


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
