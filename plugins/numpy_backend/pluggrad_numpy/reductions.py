"""Reductions and accumulations by ufuncs, without NumPy's Python wrappers."""

from __future__ import annotations

from typing import Any

import numpy as np

Axes = tuple[int, ...]


def _native(dtype: Any) -> Any:
    """NumPy's dtype for a neutral one."""
    return None if dtype is None else np.dtype(dtype.name)


def sum(x: np.ndarray, *, axis: Axes, keepdims: bool = False, dtype: Any = None) -> np.ndarray:
    if dtype is None:
        if x.dtype == np.float16:  # 2048 + 1 is 2048 in float16
            return np.asarray(np.add.reduce(x, axis, np.float32, None, keepdims)).astype(np.float16)
        return np.asarray(np.add.reduce(x, axis, None, None, keepdims))
    if dtype.name == "float16":
        return np.asarray(np.add.reduce(x, axis, np.float32, None, keepdims)).astype(np.float16)
    return np.asarray(np.add.reduce(x, axis, np.dtype(dtype.name), None, keepdims))


def mean(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    count = 1
    for i in axis:
        count *= x.shape[i]
    if not count:
        shape = np.add.reduce(x, axis, None, None, keepdims).shape
        return np.full(shape, np.nan, x.dtype)
    if x.dtype == np.float16:
        return np.asarray(np.add.reduce(x, axis, np.float32, None, keepdims) / count).astype(np.float16)
    return np.asarray(np.true_divide(np.add.reduce(x, axis, None, None, keepdims), count))


def prod(x: np.ndarray, *, axis: Axes, keepdims: bool = False, dtype: Any = None) -> np.ndarray:
    return np.asarray(np.multiply.reduce(x, axis, _native(dtype), None, keepdims))


def max(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return np.asarray(np.maximum.reduce(x, axis, None, None, keepdims))


def min(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return np.asarray(np.minimum.reduce(x, axis, None, None, keepdims))


def any(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return np.asarray(np.logical_or.reduce(x, axis, np.bool_, None, keepdims))


def all(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return np.asarray(np.logical_and.reduce(x, axis, np.bool_, None, keepdims))


def argmax(x: np.ndarray, *, axis: int | None, keepdims: bool = False) -> np.ndarray:
    return np.asarray(x.argmax(axis, keepdims=keepdims))


def argmin(x: np.ndarray, *, axis: int | None, keepdims: bool = False) -> np.ndarray:
    return np.asarray(x.argmin(axis, keepdims=keepdims))


def var(x: np.ndarray, *, axis: Axes, correction: float = 0.0, keepdims: bool = False) -> np.ndarray:
    away = x - mean(x, axis=axis, keepdims=True)
    squares = away.real**2 + away.imag**2 if x.dtype.kind == "c" else away * away
    count = 1
    for i in axis:
        count *= x.shape[i]
    freedom = count - correction
    return np.asarray(sum(squares, axis=axis, keepdims=keepdims) * (1 / freedom if freedom > 0 else np.nan))


def std(x: np.ndarray, *, axis: Axes, correction: float = 0.0, keepdims: bool = False) -> np.ndarray:
    return np.asarray(np.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims)))


def logsumexp(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    if not x.size:
        return np.full(np.add.reduce(x, axis, None, None, keepdims).shape, -np.inf, x.dtype)
    top = np.maximum.reduce(x.real, axis, None, None, True)
    finite = np.isfinite(top)
    if finite.all():
        out = _log_of_sum(x, top, axis)
    else:
        # An infinite term cannot be brought to exp(0). The logarithm of 0, and infinity, are right there.
        with np.errstate(divide="ignore", over="ignore"):
            out = _log_of_sum(x, np.where(finite, top, np.zeros_like(top)), axis)
    return out if keepdims else out.squeeze(axis)


def _log_of_sum(x: np.ndarray, top: np.ndarray, axis: Axes) -> np.ndarray:
    terms = x - top
    out = sum(np.exp(terms, out=terms if terms.ndim else None), axis=axis, keepdims=True)
    return np.add(np.log(out), top)


KERNELS = {f.__name__: f for f in (sum, mean, prod, max, min, any, all, argmax, argmin, var, std, logsumexp)}
