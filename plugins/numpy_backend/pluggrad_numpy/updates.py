"""Steps of optimisers: block by block, so that all arrays of a block stay in the cache from one ufunc to the next."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

#: Elements to a block: five arrays of 32 KiB in float32, within the second level cache.
_BLOCK = 8192


def _blocks(*arrays: Any) -> Any:
    """Flat views of the arrays, block by block; None stays None. The whole, if it is small or not contiguous."""
    first = arrays[0]
    if first.ndim and (first.size <= _BLOCK or not all(a is None or a.flags.c_contiguous for a in arrays)):
        yield arrays
        return
    flat = [None if a is None else a.reshape(-1) for a in arrays]
    for start in range(0, first.size, _BLOCK):
        yield tuple(None if a is None else a[start : start + _BLOCK] for a in flat)


def sgd_step(
    p: Any, g: Any, momentum_buffer: Any, *, lr: float, momentum: float, dampening: float, weight_decay: float,
    nesterov: bool, maximize: bool, first: bool,
) -> None:  # fmt: skip
    sign = -1.0 if maximize else 1.0
    for p, g, buffer in _blocks(p, g, momentum_buffer):  # noqa: PLR1704
        if weight_decay:
            g = p * weight_decay + (g if sign == 1.0 else -g)
        elif maximize:
            g = -g
        if momentum:
            if first:
                np.copyto(buffer, g)
            else:
                np.multiply(buffer, momentum, out=buffer)
                np.add(buffer, g if not dampening else g * (1 - dampening), out=buffer)
            g = g + momentum * buffer if nesterov else buffer
        np.subtract(p, g * lr, out=p)


def adam_step(
    p: Any, g: Any, exp_avg: Any, exp_avg_sq: Any, max_exp_avg_sq: Any, *, step: float, lr: float, beta1: float,
    beta2: float, eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> None:  # fmt: skip
    correction = math.sqrt(1 - beta2**step)
    # p -= lr/c1 * m / (√v/c2 + ε) with one pass less, as m / (√v + ε c2) * (lr/c1 * c2)
    scale, floor = lr / (1 - beta1**step) * correction, eps * correction
    for p, g, m, v, v_max in _blocks(p, g, exp_avg, exp_avg_sq, max_exp_avg_sq):  # noqa: PLR1704
        if maximize:
            g = -g
        if weight_decay:
            if decoupled:
                np.multiply(p, 1 - lr * weight_decay, out=p)
            else:
                g = g + p * weight_decay
        t = g - m
        np.multiply(t, 1 - beta1, out=t)
        np.add(m, t, out=m)
        np.multiply(g, g, out=t)
        np.multiply(t, 1 - beta2, out=t)
        np.multiply(v, beta2, out=v)
        np.add(v, t, out=v)
        second = v if v_max is None else np.maximum(v_max, v, out=v_max)
        np.sqrt(second, out=t)
        np.add(t, floor, out=t)
        np.divide(m, t, out=t)
        np.multiply(t, scale, out=t)
        np.subtract(p, t, out=p)


KERNELS = {f.__name__: f for f in (sgd_step, adam_step)}
