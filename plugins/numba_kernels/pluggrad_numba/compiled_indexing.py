"""Elements along the middle one of three axes, read, written and added at integers. Arrays are C-contiguous.

A kernel does what lies between ``a0`` and ``a1`` along the first axis and ``b0`` and ``b1`` along the last alone: no
two parts name the same element, so that threads can share them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import compiled


@compiled
def add_along(x: Any, rows: Any, values: Any, a0: Any, a1: Any, b0: Any, b1: Any) -> None:
    """``x[:, rows] += values``; rows in [0, n)."""
    if x.shape[2] == 1:
        for a in range(a0, a1):
            target, source = x[a, :, 0], values[a, :, 0]
            for k in range(rows.size):
                target[np.uintp(rows[k])] += source[k]
        return
    for a in range(a0, a1):
        for k in range(rows.size):
            target, source = x[a, np.uintp(rows[k]), b0:b1], values[a, k, b0:b1]
            for b in range(target.size):
                target[b] += source[b]


@compiled
def is_within(index: Any, n: Any) -> Any:
    """Whether all of a 1-D index are in [0, n): as unsigned numbers, negative ones are large."""
    outside = np.uintp(0)
    for k in range(index.size):
        outside |= np.uintp(np.uintp(index[k]) >= np.uintp(n))
    return outside == 0


@compiled
def gather(x: Any, index: Any, out: Any, a0: Any, a1: Any, b0: Any, b1: Any) -> None:
    """``out[a, k, b] = x[a, index[a, k, b], b]``."""
    if x.shape[2] == 1:
        for a in range(a0, a1):
            source, where, target = x[a, :, 0], index[a, :, 0], out[a, :, 0]
            for k in range(where.size):
                target[k] = source[np.uintp(where[k])]
        return
    for a in range(a0, a1):
        for k in range(index.shape[1]):
            where, target = index[a, k, b0:b1], out[a, k, b0:b1]
            for b in range(where.size):
                target[b] = x[a, np.uintp(where[b]), np.uintp(b0 + b)]


@compiled
def scatter(x: Any, index: Any, src: Any, a0: Any, a1: Any, b0: Any, b1: Any) -> None:
    """``x[a, index[a, k, b], b] = src[a, k, b]``."""
    for a in range(a0, a1):
        for k in range(index.shape[1]):
            where, source = index[a, k, b0:b1], src[a, k, b0:b1]
            for b in range(where.size):
                x[a, np.uintp(where[b]), np.uintp(b0 + b)] = source[b]


@compiled
def scatter_add(x: Any, index: Any, src: Any, a0: Any, a1: Any, b0: Any, b1: Any) -> None:
    """``x[a, index[a, k, b], b] += src[a, k, b]``."""
    if x.shape[2] == 1:
        for a in range(a0, a1):
            target, where, source = x[a, :, 0], index[a, :, 0], src[a, :, 0]
            for k in range(where.size):
                target[np.uintp(where[k])] += source[k]
        return
    for a in range(a0, a1):
        for k in range(index.shape[1]):
            where, source = index[a, k, b0:b1], src[a, k, b0:b1]
            for b in range(where.size):
                x[a, np.uintp(where[b]), np.uintp(b0 + b)] += source[b]
