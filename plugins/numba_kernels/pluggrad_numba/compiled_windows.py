"""Maxima of windows of any kind, some planes at a time. Arrays are C-contiguous."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import compiled


@compiled
def _first_maximum(x: Any, most: Any, corner: Any, kernel_size: Any, dilation: Any) -> Any:
    """The position, in a flattened plane (D, H, W), of the first number of a window that is the maximum or NaN; or -1.

    corner : where the window begins, possibly outside of the plane
    """
    depth, height, width = x.shape
    for i in range(kernel_size[0]):
        z = corner[0] + i * dilation[0]
        if not 0 <= z < depth:
            continue
        for j in range(kernel_size[1]):
            y = corner[1] + j * dilation[1]
            if not 0 <= y < height:
                continue
            for k in range(kernel_size[2]):
                column = corner[2] + k * dilation[2]
                if 0 <= column < width:
                    value = x[np.uintp(z), np.uintp(y), np.uintp(column)]
                    if value == most or value != value:
                        return (z * height + y) * width + column
    return -1


@compiled
def max_pool_input(
    g: Any, x: Any, out: Any, kernel_size: Any, stride: Any, before: Any, dilation: Any, result: Any, first: Any,
    last: Any,
) -> None:  # fmt: skip
    """``g`` (planes, D', H', W') added to ``result`` (planes, D·H·W), zeros, where the windows' maxima ``out`` are."""
    for plane in range(first, last):
        image, target = x[plane], result[plane]
        for a in range(out.shape[1]):
            for b in range(out.shape[2]):
                for c in range(out.shape[3]):
                    corner = (a * stride[0] - before[0], b * stride[1] - before[1], c * stride[2] - before[2])
                    at = _first_maximum(image, out[plane, a, b, c], corner, kernel_size, dilation)
                    if at >= 0:
                        target[at] += g[plane, a, b, c]


@compiled
def window_argmax(x: Any, positions: Any, out: Any, first: Any, last: Any) -> None:
    """Of each window the position of its first maximum or NaN: x (P, S), positions (P or 1, W, K), out (P, W)."""
    for plane in range(first, last):
        row, windows = x[plane], positions[plane if positions.shape[0] > 1 else 0]
        for w in range(windows.shape[0]):
            best = windows[w, 0]
            most = row[best]
            for k in range(1, windows.shape[1]):
                if most != most:
                    break
                value = row[windows[w, k]]
                if value > most or value != value:
                    best, most = windows[w, k], value
            out[plane, w] = best
