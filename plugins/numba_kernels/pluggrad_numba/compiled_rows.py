"""Functions of rows that stay in the cache from one pass to the next: layer normalisation, softmax, their gradients.

Arrays are 2-D, C-contiguous and of float32 or, for layer normalisation, float64. A kernel does the rows of a part alone
(from ``part[0]`` to before ``part[1]``), so that threads can share them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_elementwise import exp
from .compiled_sharing import sharing
from .compiled_sums import squares_of, sum_of
from .compiling import compiled as _compiled
from .compiling import summing

_LANES = 16
#: Numbers of which the exponentials are computed together, if rows are shorter: they stay in the first-level cache.
_TOGETHER = 1 << 12


@summing
def _products(x: Any, y: Any) -> Any:
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i] * y[i]
    return total


@_compiled
def largest_of(x: Any, lanes: Any) -> Any:
    """NaN are passed over. ``lanes`` : working memory, so that this is a loop over vectors."""
    whole = x.size - x.size % _LANES
    for k in range(_LANES):
        lanes[k] = -np.inf
    for i in range(0, whole, _LANES):
        for k in range(_LANES):
            lanes[k] = x[i + k] if x[i + k] > lanes[k] else lanes[k]
    half = _LANES // 2
    while half:
        for k in range(half):
            lanes[k] = lanes[k] if lanes[k] > lanes[k + half] else lanes[k + half]
        half //= 2
    found = lanes[0]
    for i in range(whole, x.size):
        found = x[i] if x[i] > found else found
    return found


# -- layer normalisation ---------------------------------------------------------------------------------


@_compiled
def _layer_norm(part: Any, x: Any, weight: Any, bias: Any, eps: Any, out: Any, mean: Any, rstd: Any) -> None:
    n = x.dtype.type(x.shape[1])
    for r in range(part[0], part[1]):
        row, result = x[r], out[r]
        center = sum_of(row) / n
        scale = x.dtype.type(1) / np.sqrt(squares_of(row, center) / n + eps)
        mean[r], rstd[r] = center, scale
        for i in range(row.size):
            result[i] = (row[i] - center) * scale * weight[i] + bias[i]


@_compiled
def _rms_norm(part: Any, x: Any, weight: Any, eps: Any, out: Any, rstd: Any) -> None:
    n = x.dtype.type(x.shape[1])
    for r in range(part[0], part[1]):
        row, result = x[r], out[r]
        scale = x.dtype.type(1) / np.sqrt(_products(row, row) / n + eps)
        rstd[r] = scale
        for i in range(row.size):
            result[i] = row[i] * scale * weight[i]


@_compiled
def _layer_norm_gradients(
    part: Any, g: Any, g_mean: Any, g_rstd: Any, x: Any, mean: Any, rstd: Any, weight: Any, block: Any, out: Any,
    of_weight: Any, of_bias: Any,
) -> None:  # fmt: skip
    """``rstd (h - average(h) - x̂ average(h x̂)) + (g_mean - g_rstd rstd² x̂) / n`` with h = g weight.

    Of some blocks of so many rows: to the block's row of ``of_weight`` and ``of_bias``, g x̂ and g are added.
    """
    n = x.dtype.type(x.shape[1])
    normal, h = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
    for number in range(part[0], part[1]):
        slope_of_weight, slope_of_bias = of_weight[number], of_bias[number]
        for r in range(number * block, min((number + 1) * block, x.shape[0])):
            row, slope, result = x[r], g[r], out[r]
            center, scale = mean[r], rstd[r]
            for i in range(row.size):
                normal[i] = (row[i] - center) * scale
            for i in range(row.size):
                h[i] = slope[i] * weight[i]
            shift = sum_of(h) / n - g_mean[r] / (scale * n)
            along = _products(h, normal) / n + g_rstd[r] * (scale / n)
            for i in range(row.size):
                result[i] = (h[i] - shift - normal[i] * along) * scale
            for i in range(row.size):
                slope_of_weight[i] += slope[i] * normal[i]
            for i in range(row.size):
                slope_of_bias[i] += slope[i]


# -- softmax ---------------------------------------------------------------------------------------------


@_compiled
def _exponentials(x: Any) -> None:
    for i in range(x.size):
        x[i] = exp(x[i])


@_compiled
def _softmax(part: Any, x: Any, period: Any, safe: Any) -> None:
    """In place. With a ``period``, row r of each so many rows has numbers up to column r alone, and 0 behind.

    Some rows at a time: exponentials are of all of them, as vectors would fit a short row badly.

    ``safe`` : rows of -inf alone become 0, not NaN
    """
    lanes, columns, nothing = np.empty(_LANES, x.dtype), x.shape[1], x.dtype.type(0)
    flat, together = x.reshape(-1), max(1, _TOGETHER // columns)
    for start in range(part[0], part[1], together):
        end = min(start + together, part[1])
        for r in range(start, end):
            row, width = x[r], min(r % period + 1, columns) if period else columns
            for i in range(width, columns):
                row[i] = -np.inf
            largest = largest_of(row, lanes)
            if safe and largest == -np.inf:
                largest = nothing
            for i in range(width, columns):
                row[i] = largest  # exponentials of very small numbers take long
            for i in range(columns):
                row[i] -= largest
        _exponentials(flat[start * columns : end * columns])
        for r in range(start, end):
            row = x[r]
            if period:
                for i in range(r % period + 1, columns):
                    row[i] = nothing
            total = sum_of(row)
            if safe and total == 0:
                total = x.dtype.type(1)
            for i in range(columns):
                row[i] /= total
            if period and total != total:
                for i in range(r % period + 1, columns):
                    row[i] = nothing


@_compiled
def _softmax_slope(part: Any, g: Any, y: Any) -> None:
    """``(g - sum(g y)) y``, in place of ``g``."""
    for r in range(part[0], part[1]):
        slope, row = g[r], y[r]
        along = _products(slope, row)
        for i in range(row.size):
            slope[i] = (slope[i] - along) * row[i]


@_compiled
def _logsumexp(part: Any, x: Any, out: Any) -> None:
    """Without what is greatest, where that is finite: no exponential overflows."""
    lanes, terms = np.empty(_LANES, np.float32), np.empty(min(_TOGETHER, x.shape[1]), np.float32)
    for r in range(part[0], part[1]):
        row = x[r]
        top = largest_of(row, lanes)
        top = top if abs(top) < np.inf else np.float32(0)
        total = np.float32(0)
        for first in range(0, row.size, terms.size):
            some = row[first : first + terms.size]
            for i in range(some.size):
                terms[i] = exp(some[i] - top)
            total += sum_of(terms[: some.size])
        out[r] = np.log(total) + top


# -- with a crew -------------------------------------------------------------------------------------------

_share_layer_norm, _share_layer_norm_gradients = sharing(_layer_norm), sharing(_layer_norm_gradients)
_share_softmax, _share_softmax_slope = sharing(_softmax), sharing(_softmax_slope)


_share_rms_norm, _share_logsumexp = sharing(_rms_norm), sharing(_logsumexp)


@_compiled
def logsumexp(crew: Any, parts: Any, *args: Any) -> None:
    _share_logsumexp(crew, parts, args)


@_compiled
def rms_norm(crew: Any, parts: Any, *args: Any) -> None:
    _share_rms_norm(crew, parts, args)


@_compiled
def layer_norm(crew: Any, parts: Any, *args: Any) -> None:
    _share_layer_norm(crew, parts, args)


@_compiled
def layer_norm_gradients(crew: Any, parts: Any, *args: Any) -> None:
    _share_layer_norm_gradients(crew, parts, args)


@_compiled
def softmax(crew: Any, parts: Any, *args: Any) -> None:
    _share_softmax(crew, parts, args)


@_compiled
def softmax_slope(crew: Any, parts: Any, *args: Any) -> None:
    _share_softmax_slope(crew, parts, args)
