"""Sums, norms and losses along axes. Sums of float16 are made in float32: in float16 2048 + 1 is 2048."""

from __future__ import annotations

import math
from typing import Any

import cupy
from cupy import ndarray as Array

from . import reducing

Axes = tuple[int, ...]


def sum(x: Array, *, axis: Axes, keepdims: bool = False, dtype: Any = None) -> Array:
    target = x.dtype if dtype is None else cupy.dtype(dtype.name)
    if not axis:
        return x.astype(target)
    if target == cupy.float16:
        return cupy.sum(x, axis=axis, dtype=cupy.float32, keepdims=keepdims).astype(target)
    return cupy.sum(x, axis=axis, dtype=target, keepdims=keepdims)


def vecdot(x1: Array, x2: Array, *, axis: int) -> Array:
    # Not CuPy's own, which is a product of matrices of one row.
    products = x1.conj() * x2
    return sum(products, axis=(products.ndim + axis,))


def cumulative_sum(x: Array, *, axis: int, include_initial: bool = False, dtype: Any = None) -> Array:
    target = x.dtype if dtype is None else cupy.dtype(dtype.name)
    wide = cupy.float32 if target == cupy.float16 else target
    out = cupy.cumsum(x, axis=axis, dtype=wide).astype(target, copy=False)
    if not include_initial:
        return out
    first = cupy.zeros((*x.shape[:axis], 1, *x.shape[axis + 1 :]), target)
    return cupy.concatenate((first, out), axis)


# -- in one pass ----------------------------------------------------------------------------------------------------

_NORMS = {1: reducing.norm_1, 2: reducing.norm_2, math.inf: reducing.norm_max}


def vector_norm(x: Array, *, ord: float, axis: Axes, keepdims: bool = False) -> Array:
    one_pass = _NORMS.get(ord)
    if one_pass is not None and axis and x.size and x.dtype.kind == "f":
        return one_pass(x, axis=axis, keepdims=keepdims)
    if ord == 2 and axis and x.size:  # a complex number is two real ones
        pairs = cupy.ascontiguousarray(x)[..., None].view(x.real.dtype)
        out = reducing.norm_2(pairs, axis=(*axis, x.ndim), keepdims=keepdims)
        return out[..., 0] if keepdims else out
    size = cupy.abs(x)
    if ord == 0:
        return cupy.sum(x != 0, axis=axis, keepdims=keepdims).astype(size.dtype)
    if not axis:
        return size
    if abs(ord) == math.inf:
        return (cupy.max if ord > 0 else cupy.min)(size, axis=axis, keepdims=keepdims)
    return cupy.sum(size**ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def mse_loss(x: Array, target: Array, *, reduction: str) -> Array:
    if reduction == "none" or not x.size:
        return _few(cupy.square(x - target), reduction)
    return (reducing.mean_square if reduction == "mean" else reducing.squares)(x, target)


def l1_loss(x: Array, target: Array, *, reduction: str) -> Array:
    if reduction == "none" or not x.size:
        return _few(cupy.abs(x - target), reduction)
    return (reducing.mean_size if reduction == "mean" else reducing.sizes)(x, target)


def _few(loss: Array, reduction: str) -> Array:
    """The losses themselves; of none at all their sum, 0, or their mean, NaN."""
    if reduction == "none":
        return loss
    return cupy.full((), math.nan if reduction == "mean" else 0.0, loss.dtype)


KERNELS = {f.__name__: f for f in (sum, vecdot, cumulative_sum, vector_norm, mse_loss, l1_loss)}
