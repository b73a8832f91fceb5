"""The compiled parts of group normalisation, and of batch normalisation of vectors. Sums of sums are in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_sums import products_of, squares_of, sum_of
from .compiling import compiled


@compiled
def group_norm(
    x: Any, groups: Any, weight: Any, bias: Any, eps: Any, out: Any, mean: Any, rstd: Any, first: Any, last: Any
) -> None:
    """Groups of (N, C, L), counted over all samples; each stays in the cache."""
    size = x.shape[1] // groups
    for number in range(first, last):
        n, start = number // groups, number % groups * size
        count = size * x.shape[2]
        total = 0.0
        for c in range(start, start + size):
            total += np.float64(sum_of(x[n, c]))
        mean[number] = total / count
        center, total = mean[number], 0.0
        for c in range(start, start + size):
            total += np.float64(squares_of(x[n, c], center))
        rstd[number] = 1 / np.sqrt(total / count + eps)
        for c in range(start, start + size):
            row, result = x[n, c], out[n, c]
            scale, shift = rstd[number] * weight[c], bias[c]
            for i in range(row.size):
                result[i] = (row[i] - center) * scale + shift


@compiled
def group_norm_gradients(
    g: Any, g_mean: Any, g_rstd: Any, x: Any, mean: Any, rstd: Any, weight: Any, groups: Any, out: Any, of_weight: Any,
    of_bias: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """``rstd (h - average(h) - x̂ average(h x̂)) + (g_mean - g_rstd rstd² x̂) / n``; h = g weight.

    of_weight, of_bias : (N, C), the parts of each sample
    """
    size = x.shape[1] // groups
    for number in range(first, last):
        n, start = number // groups, number % groups * size
        count, center, r = size * x.shape[2], mean[number], np.float64(rstd[number])
        total, slope = 0.0, 0.0
        for c in range(start, start + size):
            of_bias[n, c] = sum_of(g[n, c])
            of_weight[n, c] = np.float64(products_of(x[n, c], center, g[n, c])) * r
            total += np.float64(of_bias[n, c]) * weight[c]
            slope += np.float64(of_weight[n, c]) * weight[c]
        of_x = x.dtype.type((slope + g_rstd[number] * r) / count * r * r)
        constant = x.dtype.type((total * r - g_mean[number]) / count)
        for c in range(start, start + size):
            row, slopes, result = x[n, c], g[n, c], out[n, c]
            of_g = x.dtype.type(weight[c] * r)
            for i in range(row.size):
                result[i] = slopes[i] * of_g - (row[i] - center) * of_x - constant


# -- batch normalisation of (N, C) ------------------------------------------------------------------------


@compiled
def batch_norm(x: Any, weight: Any, bias: Any, eps: Any, out: Any, mean: Any, rstd: Any, first: Any, last: Any) -> None:
    """Some channels of (N, C)."""
    width, count = last - first, x.shape[0]
    total = np.zeros(width, np.float64)
    for n in range(count):
        row = x[n, first:last]
        for i in range(width):
            total[i] += row[i]
    center, scale, shift = mean[first:last], rstd[first:last], bias[first:last]
    for i in range(width):
        center[i] = total[i] / count
        total[i] = 0
    for n in range(count):
        row = x[n, first:last]
        for i in range(width):
            total[i] += np.float64((row[i] - center[i]) * (row[i] - center[i]))
    factor = np.empty(width, x.dtype)
    for i in range(width):
        scale[i] = 1 / np.sqrt(total[i] / count + eps)
        factor[i] = scale[i] * weight[first + i]
    for n in range(count):
        row, result = x[n, first:last], out[n, first:last]
        for i in range(width):
            result[i] = (row[i] - center[i]) * factor[i] + shift[i]


@compiled
def batch_norm_gradients(
    g: Any, g_mean: Any, g_rstd: Any, x: Any, mean: Any, rstd: Any, weight: Any, out: Any, of_weight: Any, of_bias: Any,
    first: Any, last: Any,
) -> None:  # fmt: skip
    width, count = last - first, x.shape[0]
    total, slope = np.zeros(width, np.float64), np.zeros(width, np.float64)
    center = mean[first:last]
    for n in range(count):
        row, slopes = x[n, first:last], g[n, first:last]
        for i in range(width):
            total[i] += slopes[i]
            slope[i] += np.float64((row[i] - center[i]) * slopes[i])
    of_g, of_x, constant = np.empty(width, x.dtype), np.empty(width, x.dtype), np.empty(width, x.dtype)
    for i in range(width):
        c = first + i
        r, w = np.float64(rstd[c]), np.float64(weight[c])
        of_bias[c], of_weight[c] = total[i], slope[i] * r
        of_g[i] = w * r
        of_x[i] = (slope[i] * r * w + g_rstd[c] * r) / count * r * r
        constant[i] = (total[i] * w * r - g_mean[c]) / count
    for n in range(count):
        row, slopes, result = x[n, first:last], g[n, first:last], out[n, first:last]
        for i in range(width):
            result[i] = slopes[i] * of_g[i] - (row[i] - center[i]) * of_x[i] - constant[i]
