"""How images lie in memory for the compiled convolution: between zeros, and by the rests of their pixels' positions."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Sizes = tuple[int, ...]

#: How many positions a block has, if it has several images, and how many bytes its copy may take.
_POSITIONS, _BLOCK_BYTES = 1 << 10, 1 << 20
#: How many positions a block has even so that there are fewer blocks: of few ones much of a last tile is for nothing.
_LEAST_POSITIONS = 192
#: Into how many blocks images are divided at least, if they can be: for so many threads.
_BLOCKS = 8
#: How many windows a line has that is made of several.
_LINE = 128
#: Lines begin at a multiple of so many bytes: no processor's vectors have more.
VECTOR_BYTES = 64


def up_to(count: int, unit: int) -> int:
    """The next multiple of a unit."""
    return -(-count // unit) * unit


def three(values: Sequence[int], fill: int) -> Sizes:
    """Of two axes, or one, as of three."""
    return (*(fill,) * (3 - len(values)), *values)


@dataclass(frozen=True)
class Axis:
    """One axis of the packed images.

    size, before : pixels, and zeros in front of them
    stride, phases : the distance of windows, and the rests of positions divided by it that are wanted
    length : of the packed axis
    """

    size: int
    before: int
    stride: int
    phases: Sizes
    length: int

    @classmethod
    def of(cls, size: int, before: int, stride: int, taps: Sequence[int], count: int) -> Axis:
        """For windows that have their pixels at ``taps``, and ``count`` places."""
        reach = max(tap // stride for tap in taps) + count
        if stride == 1:
            # The zeros behind a line are those in front of the next one.
            length = size + max(before, reach - size - before)
        else:
            length = max(-(-(size + before) // stride), reach)
        return cls(size, before, stride, tuple(sorted({tap % stride for tap in taps})), length)

    def place(self, tap: int) -> tuple[int, int]:
        """In which phase, by its number, and how far from a window's position, its pixel lies."""
        return self.phases.index(tap % self.stride), tap // self.stride


class Packed:
    """Images as the compiled kernels read them, a block of them at a time: lines (B, *length) of (C, phases)."""

    def __init__(self, images: int, channels: int, axes: Sequence[Axis], dtype: np.dtype[Any]) -> None:
        self.images, self.channels, self.axes, self.dtype = images, channels, axes, dtype
        self.length = tuple(axis.length for axis in axes)
        self.plane = math.prod(self.length)
        self.phases = math.prod(len(axis.phases) for axis in axes)
        bytes_each = channels * self.phases * self.plane * dtype.itemsize
        most = max(1, min(_POSITIONS // self.plane, _BLOCK_BYTES // bytes_each))
        self.block = max(1, min(most, images, max(images // _BLOCKS, -(-_LEAST_POSITIONS // self.plane))))
        self.line = up_to(self.block * self.plane, VECTOR_BYTES // dtype.itemsize)
        self.channel = self.phases * self.line

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return -(-self.images // self.block)

    @functools.cached_property
    def geometry(self) -> tuple[Any, ...]:
        """For compiled kernels: of each axis size, zeros before, stride, phases, length; how far lines lie apart."""
        axes = self.axes
        return (
            tuple(a.size for a in axes), tuple(a.before for a in axes), tuple(a.stride for a in axes),
            tuple(np.array(a.phases, np.intp) for a in axes), self.length, self.line,
        )  # fmt: skip

    def group_step(self, groups: int) -> int:
        """How far one group's channels lie from the next one's."""
        return self.channels // groups * self.channel

    def places(self, channels: int, taps: Sequence[Sequence[int]]) -> np.ndarray:
        """Where the runs begin, of each channel and tap (a position on each axis), in that order."""
        counts = [len(axis.phases) for axis in self.axes]
        within = []
        for tap in taps:
            (p, z), (q, y), (r, x) = (axis.place(position) for axis, position in zip(self.axes, tap, strict=True))
            phase = (p * counts[1] + q) * counts[2] + r
            within.append(phase * self.line + (z * self.length[1] + y) * self.length[2] + x)
        steps = np.arange(channels, dtype=np.intp) * self.channel
        return (steps[:, None] + np.array(within, np.intp)).reshape(-1)

    def positions(self, counts: Sizes, tile: int) -> int:
        """How many positions lie between a block's first and last window, up to whole tiles."""
        last = ((counts[0] - 1) * self.length[1] + counts[1] - 1) * self.length[2] + counts[2]
        return up_to((self.block - 1) * self.plane + last, tile)

    def lines(self, counts: Sizes) -> tuple[np.ndarray, int]:
        """Where the lines of windows begin, of a block's images, and how many windows each has.

        Lines between which no zeros lie are one, if it is not too long.
        """
        depth, height, width = counts
        together = 1
        if self.length[2] == width:
            together = max(n for n in range(1, height + 1) if not height % n and (n == 1 or n * width <= _LINE))
        image, z, y = np.ogrid[: self.block, :depth, :height:together]
        starts = image * self.plane + (z * self.length[1] + y) * self.length[2]
        return np.ascontiguousarray(starts.reshape(-1), np.intp), together * width

    def beside(self, channels: int, counts: Sizes) -> Packed:
        """Numbers for each window, packed so that each lies at the position of its window."""
        axes = [Axis(n, 0, 1, (0,), axis.length) for n, axis in zip(three(counts, 1), self.axes, strict=True)]
        found = Packed(self.images, channels, axes, self.dtype)
        found.block, found.line, found.channel = self.block, self.line, self.line
        return found

    def memory(self, more: int) -> int:
        """How many numbers a packed block has, with so many more and an image, for what is read beyond it."""
        return self.channels * self.channel + self.plane + more
