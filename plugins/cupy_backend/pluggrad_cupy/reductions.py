"""Sums along an axis: float16 in float32, in which 2048 + 1 is not 2048."""

from __future__ import annotations

from typing import Any

import cupy
from cupy import ndarray as Array

Axes = tuple[int, ...]


def sum(x: Array, *, axis: Axes, keepdims: bool = False, dtype: Any = None) -> Array:
    target = x.dtype if dtype is None else cupy.dtype(dtype.name)
    if not axis:
        return x.astype(target)
    if target == cupy.float16:
        return cupy.sum(x, axis=axis, dtype=cupy.float32, keepdims=keepdims).astype(target)
    return cupy.sum(x, axis=axis, dtype=target, keepdims=keepdims)


def cumulative_sum(x: Array, *, axis: int, include_initial: bool = False, dtype: Any = None) -> Array:
    target = x.dtype if dtype is None else cupy.dtype(dtype.name)
    wide = cupy.float32 if target == cupy.float16 else target
    out = cupy.cumsum(x, axis=axis, dtype=wide).astype(target, copy=False)
    if not include_initial:
        return out
    first = cupy.zeros((*x.shape[:axis], 1, *x.shape[axis + 1 :]), target)
    return cupy.concatenate((first, out), axis)


KERNELS = {f.__name__: f for f in (sum, cumulative_sum)}
