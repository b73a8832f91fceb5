"""Functions of rows that stay in the cache from one pass to the next: layer normalisation, softmax, their gradients.

Arrays are 2-D, C-contiguous and of float32 or, for layer normalisation, float64. A kernel does the rows from ``first``
to ``last`` alone, so that threads can share them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .compiled_elementwise import exp
from .compiled_sums import squares_of, sum_of, summing

_compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})

_LANES = 16


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
    found = lanes[0]
    for k in range(1, _LANES):
        found = lanes[k] if lanes[k] > found else found
    for i in range(whole, x.size):
        found = x[i] if x[i] > found else found
    return found


# -- layer normalisation ---------------------------------------------------------------------------------


@_compiled
def layer_norm(x: Any, weight: Any, bias: Any, eps: Any, out: Any, mean: Any, rstd: Any, first: Any, last: Any) -> None:
    n = x.dtype.type(x.shape[1])
    for r in range(first, last):
        row, result = x[r], out[r]
        center = sum_of(row) / n
        scale = x.dtype.type(1) / np.sqrt(squares_of(row, center) / n + eps)
        mean[r], rstd[r] = center, scale
        for i in range(row.size):
            result[i] = (row[i] - center) * scale * weight[i] + bias[i]


@_compiled
def layer_norm_gradients(
    g: Any, g_mean: Any, g_rstd: Any, x: Any, mean: Any, rstd: Any, weight: Any, out: Any, of_weight: Any,
    of_bias: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """``rstd (h - average(h) - x̂ average(h x̂)) + (g_mean - g_rstd rstd² x̂) / n`` with h = g weight.

    To ``of_weight`` and ``of_bias``, of one row each, g x̂ and g are added.
    """
    n = x.dtype.type(x.shape[1])
    normal, h = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
    for r in range(first, last):
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
            of_weight[i] += slope[i] * normal[i]
        for i in range(row.size):
            of_bias[i] += slope[i]


# -- softmax ---------------------------------------------------------------------------------------------


@_compiled
def softmax(x: Any, period: Any, safe: Any, first: Any, last: Any) -> None:
    """In place. With a ``period``, row r of each so many rows has numbers up to column r alone, and 0 behind.

    ``safe`` : rows of -inf alone become 0, not NaN
    """
    lanes = np.empty(_LANES, x.dtype)
    for r in range(first, last):
        width = min(r % period + 1, x.shape[1]) if period else x.shape[1]
        row = x[r, :width]
        largest = largest_of(row, lanes)
        if safe and largest == -np.inf:
            largest = x.dtype.type(0)
        for i in range(row.size):
            row[i] = exp(row[i] - largest)
        total = sum_of(row)
        if safe and total == 0:
            total = x.dtype.type(1)
        for i in range(row.size):
            row[i] /= total
        x[r, width:] = 0


@_compiled
def softmax_slope(g: Any, y: Any, first: Any, last: Any) -> None:
    """``(g - sum(g y)) y``, in place of ``g``."""
    for r in range(first, last):
        slope, row = g[r], y[r]
        along = _products(slope, row)
        for i in range(row.size):
            slope[i] = (slope[i] - along) * row[i]
