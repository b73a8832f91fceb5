"""The compiled steps: one loop, which LLVM turns into vector instructions. Arrays are 1-D and of one dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

#: ``contract`` lets a product and a sum be one instruction. Nothing that would depend on the order of elements.
_compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})


@_compiled
def adam(
    p: Any, g: Any, m: Any, v: Any, of_m: Any, keep_v: Any, of_v: Any, scale: Any, floor: Any, shrink: Any, pull: Any,
    sign: Any,
) -> None:  # fmt: skip
    """``of_m``, ``of_v`` : 1 - beta; ``shrink``, ``pull`` : weight decay, decoupled (1 for none) and not (0)."""
    for i in range(p.size):
        old = p[i] * shrink
        slope = g[i] * sign + p[i] * pull
        first = m[i] + (slope - m[i]) * of_m
        second = v[i] * keep_v + slope * slope * of_v
        m[i] = first
        v[i] = second
        p[i] = old - first / (np.sqrt(second) + floor) * scale


@_compiled
def amsgrad(
    p: Any, g: Any, m: Any, v: Any, v_max: Any, of_m: Any, keep_v: Any, of_v: Any, scale: Any, floor: Any, shrink: Any,
    pull: Any, sign: Any,
) -> None:  # fmt: skip
    """As :func:`adam`, divided by the largest ``v`` so far."""
    for i in range(p.size):
        old = p[i] * shrink
        slope = g[i] * sign + p[i] * pull
        first = m[i] + (slope - m[i]) * of_m
        second = v[i] * keep_v + slope * slope * of_v
        # A NaN is kept, as by np.maximum.
        largest = v_max[i] if v_max[i] >= second or v_max[i] != v_max[i] else second
        m[i] = first
        v[i] = second
        v_max[i] = largest
        p[i] = old - first / (np.sqrt(largest) + floor) * scale


@_compiled
def sgd(p: Any, g: Any, lr: Any, pull: Any, sign: Any) -> None:
    """``pull`` : weight decay."""
    for i in range(p.size):
        p[i] -= (g[i] * sign + p[i] * pull) * lr


@_compiled
def sgd_with_momentum(
    p: Any, g: Any, buffer: Any, lr: Any, pull: Any, sign: Any, keep: Any, gain: Any, momentum: Any, nesterov: Any
) -> None:
    """``keep``, ``gain`` : of the buffer and of the gradient, in the new buffer."""
    if nesterov:
        for i in range(p.size):
            slope = g[i] * sign + p[i] * pull
            new = buffer[i] * keep + slope * gain
            buffer[i] = new
            p[i] -= (slope + new * momentum) * lr
    else:
        for i in range(p.size):
            new = buffer[i] * keep + (g[i] * sign + p[i] * pull) * gain
            buffer[i] = new
            p[i] -= new * lr
