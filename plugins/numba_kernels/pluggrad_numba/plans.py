"""Plans of convolutions: all that follows from shapes, worked out once for each."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from .packing import Axis, Packed, Sizes, three

Padding = tuple[tuple[int, int], ...]

_ONE_PIXEL = Axis.of(1, 0, 1, [0], 1)
_remembered = functools.lru_cache(maxsize=256)


@dataclass(frozen=True)
class Plan:
    """Products of weights with the windows of a packed source.

    places : where the runs begin, for all products
    table : for each product its first place, their number, how many positions it has, its three ``counts`` of windows;
        where the result of the first one goes in an image, and how far apart those of each axis go
    taps : for each product the taps of the kernel that it uses, on each axis
    """

    packed: Packed
    places: np.ndarray
    table: np.ndarray
    taps: tuple[tuple[Sizes, Sizes, Sizes], ...]

    @functools.cached_property
    def lines(self) -> tuple[np.ndarray, int]:
        """Where the lines of the windows begin, of the first product, and how many each has."""
        depth, height, width = self.table[0, 3:6].tolist()
        return self.packed.lines((depth, height, width))


def _steps(size: Sizes) -> Sizes:
    return (size[1] * size[2], size[2], 1)


@_remembered
def windows(
    images: int, channels: int, groups: int, size: Sizes, counts: Sizes, kernel_size: Sizes, stride: Sizes,
    padding: Padding, dilation: Sizes, dtype: np.dtype[Any], tile: int,
) -> Plan:  # fmt: skip
    """Of a convolution, and of its gradient for the weight: one product, for all windows. tile : of positions."""
    taps = [[i * d for i in range(k)] for k, d in zip(kernel_size, dilation, strict=True)]
    geometry = zip(size, stride, padding, taps, counts, strict=True)
    axes = [Axis.of(n, before, s, at, count) for n, s, (before, _), at, count in geometry]
    missing = 3 - len(axes)
    packed = Packed(images, channels, [_ONE_PIXEL] * missing + axes, dtype)
    places = packed.places(channels // groups, list(product(*[[0]] * missing, *taps)))
    counts = three(counts, 1)
    table = np.array([[0, places.size, packed.positions(counts, tile), *counts, 0, *_steps(counts)]], np.intp)
    first, second, third = map(range, three(kernel_size, 1))
    return Plan(packed, places, table, ((tuple(first), tuple(second), tuple(third)),))


def _phases(size: int, kernel: int, stride: int, before: int, dilation: int) -> list[list[tuple[int, int]]]:
    """For each rest of a pixel's position, divided by the stride: the taps that meet it, and how many windows on.

    The window at ``(position + before - tap · dilation) / stride`` has it at that tap.
    """
    found = []
    for rest in range(min(stride, size)):
        reached = [(tap, rest + before - tap * dilation) for tap in range(kernel)]
        found.append([(tap, at // stride) for tap, at in reached if at % stride == 0])
    return found


@_remembered
def pixels(
    images: int, channels: int, groups: int, size: Sizes, counts: Sizes, kernel_size: Sizes, stride: Sizes,
    padding: Padding, dilation: Sizes, dtype: np.dtype[Any], tile: int,
) -> Plan:  # fmt: skip
    """Of the gradient for the input: a product for all pixels with one rest, divided by the stride.

    channels : of the gradient of the result, which is the source; counts : its pixels
    """
    of_axes = [[[(0, 0)]]] * (3 - len(size)) + [
        _phases(n, k, s, b, d) for n, k, s, (b, _), d in zip(size, kernel_size, stride, padding, dilation, strict=True)
    ]
    size, stride, counts = three(size, 1), three(stride, 1), three(counts, 1)
    axes, befores = [], []
    for phases, n, s, count in zip(of_axes, size, stride, counts, strict=True):
        ats = [at for phase in phases for _, at in phase] or [0]
        befores.append(max(0, -min(ats)))
        axes.append(Axis.of(count, befores[-1], 1, [at + befores[-1] for at in ats], -(-n // s)))
    packed = Packed(images, channels, axes, dtype)
    steps, places, table, taps = _steps(size), [np.empty(0, np.intp)], [], []
    for rests in product(*(range(len(phases)) for phases in of_axes)):
        met = [phases[rest] for phases, rest in zip(of_axes, rests, strict=True)]
        windows_of = [[at + before for _, at in phase] for phase, before in zip(met, befores, strict=True)]
        first = sum(p.size for p in places)
        if all(windows_of):
            places.append(packed.places(channels // groups, list(product(*windows_of))))
        where = tuple(-(-(n - rest) // s) for n, rest, s in zip(size, rests, stride, strict=True))
        table.append(
            [
                first,
                sum(p.size for p in places) - first,
                packed.positions(where, tile),
                *where,
                sum(rest * step for rest, step in zip(rests, steps, strict=True)),
                *(s * step for s, step in zip(stride, steps, strict=True)),
            ]
        )
        depth, height, width = (tuple(tap for tap, _ in phase) for phase in met)
        taps.append((depth, height, width))
    return Plan(packed, np.concatenate(places), np.array(table, np.intp), tuple(taps))
