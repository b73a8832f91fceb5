"""Reductions and accumulations by ufuncs, without NumPy's Python wrappers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .manipulation import copy

Axes = tuple[int, ...]

# Looked up once. (Their stubs know no positional keepdims.)
_add: Any = np.add.reduce
_multiply: Any = np.multiply.reduce
_maximum: Any = np.maximum.reduce
_minimum: Any = np.minimum.reduce
_or: Any = np.logical_or.reduce
_and: Any = np.logical_and.reduce
_asarray: Any = np.asarray


def _count(x: np.ndarray, axis: Axes) -> int:
    count = 1
    for i in axis:
        count *= x.shape[i]
    return count


_ONES = {kind: np.ones(1 << 10, kind) for kind in "fd"}


def column_sums(x: np.ndarray) -> np.ndarray:
    """The sum of each column of a matrix of float32 or float64: as a product with ones it takes half as long."""
    rows = len(x)
    ones = _ONES[x.dtype.char][:rows] if rows <= 1 << 10 else np.ones(rows, x.dtype)
    return ones.dot(x)


def sum(x: np.ndarray, *, axis: Axes, keepdims: bool = False, dtype: Any = None) -> np.ndarray:
    """In float32 for float16, in which 2048 + 1 is 2048."""
    if axis == (0,) and dtype is None and x.ndim == 2 and x.dtype.char in "fd":
        sums = column_sums(x)
        return sums[None] if keepdims else sums
    if (x.dtype.char == "e") if dtype is None else (dtype.name == "float16"):
        return _asarray(_add(x, axis, np.float32, None, keepdims)).astype(np.float16)
    return _asarray(_add(x, axis, None if dtype is None else np.dtype(dtype.name), None, keepdims))


def mean(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    """A sum and a division; NaN for the mean of nothing."""
    count = _count(x, axis) or np.nan
    if x.dtype.char == "e":
        return _asarray(_add(x, axis, np.float32, None, keepdims) / count).astype(np.float16)
    total = _add(x, axis, None, None, keepdims)
    # A Python number leaves the dtype as it is, of arrays and of scalars.
    return _asarray(total / count)


#: Numbers whose product is made one after the other; and from how many on it is not.
_ROW, _LARGE = 64, 1 << 12


def _folded(x: np.ndarray) -> np.ndarray:
    """Fewer numbers of the same product along the last axis: one half times the other, which NumPy does in vectors."""
    while (half := x.shape[-1] // 2) >= _ROW:
        rest = x[..., 2 * half :]
        x = x[..., :half] * x[..., half : 2 * half]
        x[..., : rest.shape[-1]] *= rest
    return x


def prod(x: np.ndarray, *, axis: Axes, keepdims: bool = False, dtype: Any = None) -> np.ndarray:
    same = dtype is None or dtype.name == x.dtype.name
    if same and x.size >= _LARGE and x.dtype.char in "fd" and x.flags.c_contiguous:
        if len(axis) == x.ndim:
            return _asarray(_multiply(_folded(x.reshape(-1)))).reshape((1,) * x.ndim if keepdims else ())
        if axis == (x.ndim - 1,):
            x = _folded(x)
    return _asarray(_multiply(x, axis, None if dtype is None else np.dtype(dtype.name), None, keepdims))


def max(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return _asarray(_maximum(x, axis, None, None, keepdims))


def min(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return _asarray(_minimum(x, axis, None, None, keepdims))


def any(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return _asarray(_or(x, axis, np.bool_, None, keepdims))


def all(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return _asarray(_and(x, axis, np.bool_, None, keepdims))


def argmax(x: Any, *, axis: int | None, keepdims: bool = False) -> np.ndarray:
    return _asarray(x.argmax(axis, keepdims=keepdims))


def argmin(x: Any, *, axis: int | None, keepdims: bool = False) -> np.ndarray:
    return _asarray(x.argmin(axis, keepdims=keepdims))


def max_along(x: Any, *, axis: int, keepdims: bool = False) -> tuple[np.ndarray, np.ndarray]:
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    return _asarray(_maximum(x, axis, None, None, keepdims)), _asarray(x.argmax(axis, keepdims=keepdims))


def min_along(x: Any, *, axis: int, keepdims: bool = False) -> tuple[np.ndarray, np.ndarray]:
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    return _asarray(_minimum(x, axis, None, None, keepdims)), _asarray(x.argmin(axis, keepdims=keepdims))


def is_position(index: np.ndarray, *, axis: int, size: int) -> np.ndarray:
    if not index.ndim:
        return np.equal(index, 0)
    return index == np.arange(size).reshape(-1, *(1,) * (index.ndim - 1 - axis))


def vector_norm(x: np.ndarray, *, ord: float, axis: Axes, keepdims: bool = False) -> np.ndarray:
    """The Euclidean norm in three steps, the others as they are defined."""
    if ord == 2:
        squares = x.real**2 + x.imag**2 if x.dtype.kind == "c" else x * x
        return _asarray(np.sqrt(sum(squares, axis=axis, keepdims=keepdims)))
    size = np.abs(x)
    if ord == 0:
        return _asarray(_add(x != 0, axis, size.dtype, None, keepdims))
    if ord == 1:
        return sum(size, axis=axis, keepdims=keepdims)
    if abs(ord) == np.inf:
        return _asarray((_maximum if ord > 0 else _minimum)(size, axis, None, None, keepdims))
    return _asarray(sum(size**ord, axis=axis, keepdims=keepdims) ** (1 / ord))


def var(x: np.ndarray, *, axis: Axes, correction: float = 0.0, keepdims: bool = False) -> np.ndarray:
    """The mean square distance from the mean, in two passes."""
    if x.dtype.char == "e":
        wide = x.astype(np.float32)
        return var(wide, axis=axis, correction=correction, keepdims=keepdims).astype(np.float16)
    count = _count(x, axis)
    away = x - _add(x, axis, None, None, True) / (count or np.nan)
    squares = away.real**2 + away.imag**2 if x.dtype.kind == "c" else away * away
    freedom = count - correction
    return _asarray(_add(squares, axis, None, None, keepdims) * (1 / freedom if freedom > 0 else np.nan))


def std(x: np.ndarray, *, axis: Axes, correction: float = 0.0, keepdims: bool = False) -> np.ndarray:
    return _asarray(np.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims)))


def logsumexp(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    if not x.size:
        return np.full(_add(x, axis, None, None, keepdims).shape, -np.inf, x.dtype)
    top = _maximum(x.real, axis, None, None, True)
    finite = np.isfinite(top)
    if not finite.all():  # an infinite term cannot be brought to exp(0)
        top = np.where(finite, top, np.zeros_like(top))
    terms = _asarray(x - top)
    np.exp(terms, terms)
    out = _asarray(np.log(sum(terms, axis=axis, keepdims=True)) + top)
    return out if keepdims else out.squeeze(axis)


# -- accumulations -----------------------------------------------------------------------------------------


def _accumulate(ufunc: np.ufunc, start: int, x: np.ndarray, axis: int, include_initial: bool, dtype: Any) -> np.ndarray:
    target = x.dtype if dtype is None else np.dtype(dtype.name)
    if not include_initial:
        return ufunc.accumulate(x, axis, target)
    out = np.empty((*x.shape[:axis], x.shape[axis] + 1, *x.shape[axis + 1 :]), target)
    out[_part(axis, None, 1)] = start
    ufunc.accumulate(x, axis, target, out[_part(axis, 1, None)])
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
    if 0 <= by < n:
        out[_part(axis, by, None)] = x[_part(axis, None, n - by)]
    elif -n < by < 0:
        out[_part(axis, None, n + by)] = x[_part(axis, -by, None)]
    return out


# -- sorting -----------------------------------------------------------------------------------------------


#: Up to this length the plain stable sort is at least as fast.
_SHORT = 2000


def _part(axis: int, start: int | None, stop: int | None, step: int | None = None) -> Any:
    """The key of a part along an axis."""
    return (*(slice(None),) * axis, slice(start, stop, step))


def _take_along(x: np.ndarray, index: np.ndarray, axis: int) -> Any:
    """``np.take_along_axis`` without its Python layer."""
    last = x.ndim - 1
    if not last:
        return x[index]
    key = [np.arange(n).reshape(-1, *(1,) * (last - i)) for i, n in enumerate(x.shape)]
    key[axis] = index
    return x[tuple(key)]


def sort_values(x: np.ndarray, *, axis: int, descending: bool = False) -> np.ndarray:
    if not x.ndim:
        return x.copy()
    out = x.copy()
    out.sort(axis)
    return np.ascontiguousarray(out[_part(axis, None, None, -1)]) if descending else out


def _stable_order(x: np.ndarray, axis: int) -> np.ndarray:
    """The indices that sort; equal elements keep their order."""
    n = x.shape[axis]
    if n <= _SHORT or x.dtype not in (np.float32, np.float64):
        return x.argsort(axis, kind="stable")
    # NumPy's vectorised sort takes a third to a tenth of the time, but is not stable: runs of equal elements are put
    # in order behind it.
    rows = np.moveaxis(x, axis, -1).reshape(-1, n)
    order = rows.argsort(-1)
    values = rows[np.arange(len(rows))[:, None], order]
    same = values[:, 1:] == values[:, :-1]
    if np.isnan(values[:, -2]).any():  # NaN, which stand at the end, equal each other here
        same |= np.isnan(values[:, :-1])
    if same.any():
        tied = np.zeros(order.shape, bool)
        tied[:, 1:] = same
        run = np.cumsum(~tied)  # the number of the run that an element belongs to, over all rows
        tied[:, :-1] |= same
        where = np.flatnonzero(tied)
        # By run, and in it by index: one number of both.
        keys = run[where] * n + order.reshape(-1)[where]
        keys.sort()
        order.reshape(-1)[where] = keys % n
    return np.moveaxis(order.reshape(np.moveaxis(x, axis, -1).shape), -1, axis)


def argsort(x: np.ndarray, *, axis: int, descending: bool = False) -> np.ndarray:
    if not x.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return _stable_order(x, axis)
    # Sorted from behind and turned round, equal elements keep their order.
    back = _part(axis, None, None, -1)
    return x.shape[axis] - 1 - _stable_order(x[back], axis)[back]


def sort(x: np.ndarray, *, axis: int, descending: bool = False) -> tuple[np.ndarray, np.ndarray]:
    indices = argsort(x, axis=axis, descending=descending)
    return (_take_along(x, indices, axis) if x.ndim else x.copy()), indices


def topk(
    x: np.ndarray, *, k: int, axis: int, largest: bool = True, sorted: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    if not x.ndim:
        return (x.copy(), np.zeros((), np.int64)) if k else (x.reshape(1)[:0], np.zeros(0, np.int64))
    n = x.shape[axis]
    if 0 < 4 * k < n:  # partition first where that leaves little to sort
        chosen = x.argpartition(n - k if largest else k - 1, axis)
        chosen = chosen[_part(axis, n - k, None) if largest else _part(axis, None, k)]
        chosen.sort(axis)  # so that equal elements come in their order
        order = argsort(_take_along(x, chosen, axis), axis=axis, descending=largest)
        indices = _take_along(chosen, order, axis)
    else:
        indices = np.ascontiguousarray(argsort(x, axis=axis, descending=largest)[_part(axis, None, k)])
    return _take_along(x, indices, axis), indices


def kthvalue(x: np.ndarray, *, k: int, axis: int, keepdims: bool = False) -> tuple[np.ndarray, np.ndarray]:
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    return _with_index(x, _of_rank(x, k - 1, axis), k - 1, axis, keepdims)


def _of_rank(x: np.ndarray, rank: int, axis: int) -> np.ndarray:
    """What stands there in order along an axis, which keeps size 1."""
    lanes = copy(np.moveaxis(x, axis, -1))
    lanes.partition(rank, -1)
    return np.moveaxis(lanes[..., rank : rank + 1], -1, axis)


def _with_index(
    x: np.ndarray, values: np.ndarray, rank: Any, axis: int, keepdims: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Values of some rank, one along the axis, and where they are: of equal ones the place that a stable sort gives.

    (NumPy is slow at partitions of indices.)
    """
    here, missing = x == values, np.isnan(values)
    if missing.any():
        here |= np.isnan(x) & missing
    before = np.where(missing, 0, rank - np.count_nonzero(x < values, axis, keepdims=True))
    if before.any():
        here &= np.cumsum(here, axis) == before + 1
    index = here.argmax(axis, keepdims=True)
    return (values, index) if keepdims else (values.squeeze(axis), index.squeeze(axis))


def _lower_middle(x: np.ndarray, axis: int, skip_nan: bool) -> tuple[np.ndarray, Any]:
    """The lower median along an axis, which keeps size 1, and its rank; NaN where there is one, unless skipped."""
    missing = np.isnan(_maximum(x, axis, None, None, True))
    if not skip_nan or not missing.any():
        middle = (x.shape[axis] - 1) // 2
        out = _of_rank(x, middle, axis)
        return np.where(missing, x.dtype.type(np.nan), out) if missing.any() else out, middle
    rank = (np.maximum(_add(~np.isnan(x), axis, np.intp, None, True), 1) - 1) // 2
    return _take_along(np.sort(x, axis), rank, axis), rank


def median_along(
    x: np.ndarray, *, axis: int, keepdims: bool = False, skip_nan: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    return _with_index(x, *_lower_middle(x, axis, skip_nan), axis, keepdims)


def lower_median(x: np.ndarray, *, axis: Axes, keepdims: bool = False, skip_nan: bool = False) -> np.ndarray:
    return _lower_middle(x.reshape(-1), 0, skip_nan)[0].reshape((1,) * x.ndim if keepdims else ())


# -- searching ---------------------------------------------------------------------------------------------


def count_nonzero(x: np.ndarray, *, axis: Axes, keepdims: bool = False) -> np.ndarray:
    return _asarray(np.count_nonzero(x, axis, keepdims=keepdims), np.int64)


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
        sum, mean, prod, max, min, any, all, argmax, argmin, max_along, min_along, is_position, vector_norm, var, std,
        logsumexp, cumulative_sum, cumulative_prod, logcumsumexp, cummax, cummin, shift, sort_values, argsort, sort,
        topk, kthvalue, median_along, lower_median, count_nonzero, nonzero, unique_all, unique_values, bincount,
    )
}  # fmt: skip
