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


# -- accumulations -----------------------------------------------------------------------------------------


def _accumulate(ufunc: np.ufunc, start: int, x: np.ndarray, axis: int, include_initial: bool, dtype: Any) -> np.ndarray:
    target = x.dtype if dtype is None else np.dtype(dtype.name)
    if not include_initial:
        return ufunc.accumulate(x, axis, target)
    out = np.empty((*x.shape[:axis], x.shape[axis] + 1, *x.shape[axis + 1 :]), target)
    before = (slice(None),) * axis
    out[(*before, 0)] = start
    ufunc.accumulate(x, axis, target, out[(*before, slice(1, None))])
    return out


def cumulative_sum(x: np.ndarray, *, axis: int, include_initial: bool = False, dtype: Any = None) -> np.ndarray:
    if (x.dtype.name if dtype is None else dtype.name) == "float16":  # as in sum
        return _accumulate(np.add, 0, x.astype(np.float32), axis, include_initial, None).astype(np.float16)
    return _accumulate(np.add, 0, x, axis, include_initial, dtype)


def cumulative_prod(x: np.ndarray, *, axis: int, include_initial: bool = False, dtype: Any = None) -> np.ndarray:
    return _accumulate(np.multiply, 1, x, axis, include_initial, dtype)


def logcumsumexp(x: np.ndarray, *, axis: int) -> np.ndarray:
    if not x.ndim:
        return x.copy()
    if x.dtype.kind == "c":
        parts = np.moveaxis(x, axis, 0)
        out = np.empty_like(parts)
        for i, row in enumerate(parts):
            out[i] = row if not i else _log_of_two(out[i - 1], row)
        return np.moveaxis(out, 0, axis)
    return np.logaddexp.accumulate(x, axis)


def _log_of_two(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """``log(exp(x1) + exp(x2))`` of complex numbers."""
    top = np.maximum(x1.real, x2.real)
    top = np.where(np.isfinite(top), top, 0).astype(top.dtype)
    return np.log(np.exp(x1 - top) + np.exp(x2 - top)) + top


def _extrema(ufunc: np.ufunc, x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    values = ufunc.accumulate(x, axis)
    positions = np.arange(x.shape[axis]).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
    here = x == values
    if x.dtype.kind == "f":
        here |= np.isnan(x)
    return values, np.maximum.accumulate(np.where(here, positions, 0), axis)


def cummax(x: np.ndarray, *, axis: int) -> tuple[np.ndarray, np.ndarray]:
    return _extrema(np.maximum, x, axis)


def cummin(x: np.ndarray, *, axis: int) -> tuple[np.ndarray, np.ndarray]:
    return _extrema(np.minimum, x, axis)


def shift(x: np.ndarray, *, axis: int, by: int) -> np.ndarray:
    out = np.zeros_like(x)
    n = x.shape[axis]
    before = (slice(None),) * axis
    if 0 <= by < n:
        out[(*before, slice(by, None))] = x[(*before, slice(None, n - by))]
    elif -n < by < 0:
        out[(*before, slice(None, n + by))] = x[(*before, slice(-by, None))]
    return out


# -- sorting -----------------------------------------------------------------------------------------------


def sort_values(x: np.ndarray, *, axis: int, descending: bool = False) -> np.ndarray:
    if not x.ndim:
        return x.copy()
    out = np.sort(x, axis)
    return np.ascontiguousarray(np.flip(out, axis)) if descending else out


def argsort(x: np.ndarray, *, axis: int, descending: bool = False) -> np.ndarray:
    if not x.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, axis, kind="stable")
    # Sorted from behind and turned round, equal elements keep their order.
    turned = np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)
    return x.shape[axis] - 1 - turned


def topk(
    x: np.ndarray, *, k: int, axis: int, largest: bool = True, sorted: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    if not x.ndim:
        return (x.copy(), np.zeros((), np.int64)) if k else (x.reshape(1)[:0], np.zeros(0, np.int64))
    n = x.shape[axis]
    before = (slice(None),) * axis
    if 0 < 4 * k < n:  # partition first where that leaves little to sort
        chosen = np.argpartition(x, n - k if largest else k - 1, axis)[
            (*before, slice(n - k, None) if largest else slice(k))
        ]
        chosen.sort(axis)  # so that equal elements come in their order
        order = argsort(np.take_along_axis(x, chosen, axis), axis=axis, descending=largest)
        indices = np.take_along_axis(chosen, order, axis)
    else:
        indices = argsort(x, axis=axis, descending=largest)[(*before, slice(k))]
    return np.take_along_axis(x, indices, axis), np.ascontiguousarray(indices)


def kthvalue(x: np.ndarray, *, k: int, axis: int, keepdims: bool = False) -> tuple[np.ndarray, np.ndarray]:
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    index = np.argpartition(x, k - 1, axis)[(*(slice(None),) * axis, slice(k - 1, k))]
    values = np.take_along_axis(x, index, axis)
    return (values, index) if keepdims else (values.squeeze(axis), index.squeeze(axis))


# -- searching ---------------------------------------------------------------------------------------------


def count_nonzero(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return np.asarray(np.count_nonzero(x, axis, keepdims=keepdims), np.int64)


def nonzero(x: np.ndarray) -> tuple[np.ndarray, ...]:
    return x.nonzero()


def unique_all(x: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.unique_all(x))


def unique_values(x: np.ndarray) -> np.ndarray:
    return np.unique(x, equal_nan=False)


def bincount(x: np.ndarray, weights: np.ndarray | None = None, *, length: int) -> np.ndarray:
    if weights is not None and weights.dtype != np.float64:
        out = np.zeros(length, weights.dtype)
        np.add.at(out, x, weights)
        return out
    return np.bincount(x.astype(np.int64, copy=False), weights, length)


KERNELS = {
    f.__name__: f
    for f in (
        sum, mean, prod, max, min, any, all, argmax, argmin, var, std, logsumexp, cumulative_sum, cumulative_prod,
        logcumsumexp, cummax, cummin, shift, sort_values, argsort, topk, kthvalue, count_nonzero, nonzero, unique_all,
        unique_values, bincount,
    )
}  # fmt: skip
