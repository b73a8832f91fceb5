"""Resampling along an axis: every element of the result is a weighted sum of a few elements of the input.

Which elements, and by what weights, is written as *taps*: for each element of the result the positions it reads and
their weights. Interpolation of all kinds, area averages and antialiasing filters are such taps, one axis after the
other. The map is linear, and its transpose is one of the same kind: so the derivative is the function itself, of the
transposed taps.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from ...dtypes import FLOATING
from ..declare import composite

Positions = tuple[tuple[int, ...], ...]
Weights = tuple[tuple[float, ...], ...]


class Taps(NamedTuple):
    """``size`` elements are read; element i of the result is the sum of x[positions[i][k]]·weights[i][k] over k."""

    size: int
    positions: Positions
    weights: Weights


def _padded(size: int, rows: list[list[tuple[int, float]]]) -> Taps:
    """Taps of rows of (position, weight), brought to one length by repeating a position with weight 0."""
    longest = max(map(len, rows), default=0)
    full = [row + [(row[-1][0] if row else 0, 0.0)] * (longest - len(row)) for row in rows]
    return Taps(size, tuple(tuple(p for p, _ in row) for row in full), tuple(tuple(w for _, w in row) for row in full))


@functools.lru_cache(maxsize=256)
def transposed(taps: Taps) -> Taps:
    """Taps that take the result's place back to the input's."""
    rows: list[list[tuple[int, float]]] = [[] for _ in range(taps.size)]
    for i, (positions, weights) in enumerate(zip(taps.positions, taps.weights, strict=True)):
        for p, w in zip(positions, weights, strict=True):
            if w:
                rows[p].append((i, w))
    return _padded(len(taps.positions), rows)


def _resample_x(xp: Any, g: Any, axis: int, taps: Taps) -> Any:
    return xp.resample(g, axis=axis, taps=transposed(taps))


@composite(name="resample", result="same", kinds=FLOATING, vjp=_resample_x)
def _resample(xp: Any, x: Any, /, *, axis: int, taps: Taps) -> Any:
    """One tap of all elements of the result after the other."""
    ns = xp.namespace
    device = xp.native_device(x)
    shape = (len(taps.positions), *(1 for _ in range(x.ndim - axis - 1)))
    out = None
    for positions, weights in zip(zip(*taps.positions, strict=True), zip(*taps.weights, strict=True), strict=True):
        part = ns.take(x, ns.asarray(positions, dtype=ns.int64, device=device), axis=axis)
        if any(w != 1.0 for w in weights):
            part = part * ns.reshape(ns.astype(ns.asarray(weights, dtype=ns.float64, device=device), x.dtype), shape)
        out = part if out is None else out + part
    return xp.new_zeros(x, shape=(*x.shape[:axis], *shape[:1], *x.shape[axis + 1 :])) if out is None else out


# -- taps -------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def area(size: int, count: int) -> Taps:
    """The mean of each of ``count`` even parts, which overlap where they do not come out even, as in PyTorch."""
    rows = []
    for i in range(count):
        first, last = i * size // count, -(-(i + 1) * size // count)
        rows.append([(p, 1.0 / (last - first)) for p in range(first, last)])
    return _padded(size, rows)


def _single(value: float) -> float:
    """Rounded to float32."""
    return struct.unpack("f", struct.pack("f", value))[0]


@functools.lru_cache(maxsize=256)
def nearest(size: int, count: int, scale: float | None, exact: bool, single: bool) -> Taps:
    """The element that each one of the result falls upon; ``exact``: their middles count, not their beginnings.

    ``single``: computed in float32, as PyTorch does for tensors of it, since a rounding error decides here.
    """
    rounded: Callable[[float], float] = _single if single else float
    step = rounded(1.0 / scale if scale else size / count)
    rows = []
    for i in range(count):
        at = rounded(step * i) if not exact else rounded(max(rounded(rounded(step * (i + 0.5)) - 0.5), 0.0) + 0.5)
        rows.append([(min(math.floor(at), size - 1), 1.0)])
    return _padded(size, rows)


def _step(size: int, count: int, scale: float | None, align_corners: bool) -> float:
    """How far apart, in the input, neighbours of the result are."""
    if align_corners:
        return (size - 1) / (count - 1) if count > 1 else 0.0
    return 1.0 / scale if scale else size / count


@functools.lru_cache(maxsize=256)
def linear(size: int, count: int, scale: float | None, align_corners: bool) -> Taps:
    """The two neighbours, by how close they are."""
    step = _step(size, count, scale, align_corners)
    rows = []
    for i in range(count):
        at = step * i if align_corners else max(step * (i + 0.5) - 0.5, 0.0)
        first = min(math.floor(at), size - 1)
        share = min(max(at - first, 0.0), 1.0)
        rows.append([(first, 1.0 - share), (min(first + 1, size - 1), share)])
    return _padded(size, rows)


def _cubic_weight(distance: float, a: float) -> float:
    """The weight at a distance (Keys, "Cubic convolution interpolation for digital image processing", 1981)."""
    d = abs(distance)
    if d < 1:
        return ((a + 2) * d - (a + 3)) * d * d + 1
    return (((d - 5) * d + 8) * d - 4) * a if d < 2 else 0.0


@functools.lru_cache(maxsize=256)
def cubic(size: int, count: int, scale: float | None, align_corners: bool) -> Taps:
    """The four neighbours; those beyond the edge are the edge."""
    step = _step(size, count, scale, align_corners)
    rows = []
    for i in range(count):
        at = step * i if align_corners else step * (i + 0.5) - 0.5
        first = math.floor(at)
        rows.append([(min(max(first + k, 0), size - 1), _cubic_weight(at - first - k, -0.75)) for k in (-1, 0, 1, 2)])
    return _padded(size, rows)


def _triangle(x: float) -> float:
    return max(1.0 - abs(x), 0.0)


def _lanczos(x: float) -> float:
    if not -3 < x < 3:
        return 0.0
    return 1.0 if x == 0 else 3 * math.sin(math.pi * x) * math.sin(math.pi * x / 3) / (math.pi * x) ** 2


#: Filters of antialiasing, as of Pillow: how far they reach, and their weight at a distance.
_FILTERS: dict[str, tuple[float, Callable[[float], float]]] = {
    "bilinear": (1.0, _triangle),
    "bicubic": (2.0, lambda x: _cubic_weight(x, -0.5)),
    "lanczos": (3.0, _lanczos),
}


@functools.lru_cache(maxsize=256)
def antialiased(mode: str, size: int, count: int, scale: float | None, align_corners: bool) -> Taps:
    """A filter as wide as an element of the result, so that no element of the input is passed over."""
    reach, weight = _FILTERS[mode]
    step = _step(size, count, scale, align_corners)
    spread = max(step, 1.0)
    rows = []
    for i in range(count):
        center = step * (i + 0.5)
        first = max(int(center - reach * spread + 0.5), 0)
        last = min(int(center + reach * spread + 0.5), size)
        found = [weight((p - center + 0.5) / spread) for p in range(first, last)]
        total = sum(found)
        rows.append([(p, w / total if total else 0.0) for p, w in zip(range(first, last), found, strict=True)])
    return _padded(size, rows)
