"""Average pooling of windows of any kind, some planes of (planes, D, H, W) at a time. Arrays are 1-D.

The lines of a window are added up first, whole, which makes vectors; and then what is left along the line.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_sharing import sharing
from .compiled_sums import sum_of
from .compiling import compiled as _compiled


@_compiled
def _range(number: Any, kernel_size: Any, stride: Any, before: Any, size: Any) -> Any:
    """First and last of a window's places along an axis, as far as there are pixels."""
    first = number * stride - before
    return max(first, 0), max(min(first + kernel_size, size), 0)


@_compiled
def _meeting(tap: Any, stride: Any, before: Any, width: Any, count: Any) -> Any:
    """First and last of the windows along a line that have a pixel at this place, and the pixel of the first one."""
    first = max(-((tap - before) // stride), 0)
    last = max(min((width - 1 + before - tap) // stride + 1, count), first)
    return first, last, first * stride + tap - before


@_compiled
def _add_apart(out: Any, to: Any, x: Any, start: Any, step: Any, count: Any) -> None:
    """So many numbers, which lie ``step`` apart, added to neighbours."""
    to, start, step = np.uintp(to), np.uintp(start), np.uintp(step)
    if step == 1:
        for i in range(np.uintp(count)):
            out[to + i] += x[start + i]
    elif step == 2:
        for i in range(np.uintp(count)):
            out[to + i] += x[start + i + i]
    else:
        for i in range(np.uintp(count)):
            out[to + i] += x[start + i * step]


@_compiled
def _add_neighbours(out: Any, to: Any, step: Any, x: Any, start: Any, count: Any) -> None:
    """So many neighbours, added to what lies ``step`` apart."""
    to, start, step = np.uintp(to), np.uintp(start), np.uintp(step)
    if step == 1:
        for i in range(np.uintp(count)):
            out[to + i] += x[start + i]
    else:
        for i in range(np.uintp(count)):
            out[to + i * step] += x[start + i]


@_compiled
def _avg_pool(
    part: Any, x: Any, size: Any, counts: Any, kernel_size: Any, stride: Any, before: Any, lengths: Any, out: Any
) -> None:  # fmt: skip
    """The averages of windows.

    lengths : by what the sum of a window is divided, as factors, of each axis' windows
    """
    depth, height, width = size
    row = np.empty(width, x.dtype)
    at = part[0] * counts[0] * counts[1] * counts[2]
    for plane in range(part[0], part[1]):
        for a in range(counts[0]):
            z_first, z_last = _range(a, kernel_size[0], stride[0], before[0], depth)
            for b in range(counts[1]):
                y_first, y_last = _range(b, kernel_size[1], stride[1], before[1], height)
                row[:] = 0
                for z in range(z_first, z_last):
                    for y in range(y_first, y_last):
                        line = x[((plane * depth + z) * height + y) * width :][:width]
                        for i in range(width):
                            row[i] += line[i]
                factor = lengths[0][a] * lengths[1][b]
                result = out[at:][: counts[2]]
                if kernel_size[2] > counts[2]:  # few windows, which are long
                    for c in range(counts[2]):
                        first, last = _range(c, kernel_size[2], stride[2], before[2], width)
                        result[c] = sum_of(row[first:last])
                else:
                    result[:] = 0
                    for tap in range(kernel_size[2]):
                        first, last, pixel = _meeting(tap, stride[2], before[2], width, counts[2])
                        _add_apart(result, first, row, pixel, stride[2], last - first)
                for c in range(counts[2]):
                    result[c] /= factor * lengths[2][c]
                at += counts[2]


@_compiled
def _avg_pool_input(
    part: Any, g: Any, size: Any, counts: Any, kernel_size: Any, stride: Any, before: Any, lengths: Any, out: Any
) -> None:  # fmt: skip
    """The gradient, of which each pixel gets the share of all windows that it is in."""
    depth, height, width = size
    row, share = np.empty(width, g.dtype), np.empty(counts[2], g.dtype)
    at = part[0] * counts[0] * counts[1] * counts[2]
    out[part[0] * depth * height * width : part[1] * depth * height * width] = 0
    for plane in range(part[0], part[1]):
        for a in range(counts[0]):
            z_first, z_last = _range(a, kernel_size[0], stride[0], before[0], depth)
            for b in range(counts[1]):
                y_first, y_last = _range(b, kernel_size[1], stride[1], before[1], height)
                factor = lengths[0][a] * lengths[1][b]
                row[:] = 0
                slopes = g[at:][: counts[2]]
                for c in range(counts[2]):
                    share[c] = slopes[c] / (factor * lengths[2][c])
                for tap in range(kernel_size[2]):
                    first, last, pixel = _meeting(tap, stride[2], before[2], width, counts[2])
                    _add_neighbours(row, pixel, stride[2], share, first, last - first)
                at += counts[2]
                for z in range(z_first, z_last):
                    for y in range(y_first, y_last):
                        line = out[((plane * depth + z) * height + y) * width :][:width]
                        for i in range(width):
                            line[i] += row[i]


_share_avg_pool, _share_avg_pool_input = sharing(_avg_pool), sharing(_avg_pool_input)


@_compiled
def avg_pool(crew: Any, parts: Any, *args: Any) -> None:
    _share_avg_pool(crew, parts, args)


@_compiled
def avg_pool_input(crew: Any, parts: Any, *args: Any) -> None:
    _share_avg_pool_input(crew, parts, args)
