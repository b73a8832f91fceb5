"""The compiled steps: one loop, which LLVM turns into vector instructions. Arrays are 1-D and of one dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_sharing import sharing
from .compiling import compiled


@compiled
def _adam(
    part: Any, p: Any, g: Any, m: Any, v: Any, of_m: Any, keep_v: Any, of_v: Any, scale: Any, floor: Any, shrink: Any,
    pull: Any, sign: Any,
) -> None:  # fmt: skip
    """``of_m``, ``of_v`` : 1 - beta; ``shrink``, ``pull`` : weight decay, decoupled (1 for none) and not (0)."""
    p, g, m, v = p[part[0] : part[1]], g[part[0] : part[1]], m[part[0] : part[1]], v[part[0] : part[1]]
    for i in range(p.size):
        old = p[i] * shrink
        slope = g[i] * sign + p[i] * pull
        first = m[i] + (slope - m[i]) * of_m
        second = v[i] * keep_v + slope * slope * of_v
        m[i] = first
        v[i] = second
        p[i] = old - first / (np.sqrt(second) + floor) * scale


@compiled
def _amsgrad(
    part: Any, p: Any, g: Any, m: Any, v: Any, v_max: Any, of_m: Any, keep_v: Any, of_v: Any, scale: Any, floor: Any,
    shrink: Any, pull: Any, sign: Any,
) -> None:  # fmt: skip
    """As :func:`_adam`, divided by the largest ``v`` so far."""
    p, g, m, v = p[part[0] : part[1]], g[part[0] : part[1]], m[part[0] : part[1]], v[part[0] : part[1]]
    v_max = v_max[part[0] : part[1]]
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


@compiled
def _sgd(part: Any, p: Any, g: Any, lr: Any, pull: Any, sign: Any) -> None:
    """``pull`` : weight decay."""
    p, g = p[part[0] : part[1]], g[part[0] : part[1]]
    for i in range(p.size):
        p[i] -= (g[i] * sign + p[i] * pull) * lr


@compiled
def _sgd_with_momentum(
    part: Any,
    p: Any,
    g: Any,
    buffer: Any,
    lr: Any,
    pull: Any,
    sign: Any,
    keep: Any,
    gain: Any,
    momentum: Any,
    nesterov: Any,
) -> None:
    """``keep``, ``gain`` : of the buffer and of the gradient, in the new buffer."""
    p, g, buffer = p[part[0] : part[1]], g[part[0] : part[1]], buffer[part[0] : part[1]]
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


_share_adam, _share_amsgrad, _share_sgd = sharing(_adam), sharing(_amsgrad), sharing(_sgd)
_share_sgd_with_momentum = sharing(_sgd_with_momentum)


@compiled
def adam(crew: Any, parts: Any, *args: Any) -> None:
    _share_adam(crew, parts, args)


@compiled
def amsgrad(crew: Any, parts: Any, *args: Any) -> None:
    _share_amsgrad(crew, parts, args)


@compiled
def sgd(crew: Any, parts: Any, *args: Any) -> None:
    _share_sgd(crew, parts, args)


@compiled
def sgd_with_momentum(crew: Any, parts: Any, *args: Any) -> None:
    _share_sgd_with_momentum(crew, parts, args)
