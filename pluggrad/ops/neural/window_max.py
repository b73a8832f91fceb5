"""Maxima of windows that are no regular grid: adaptive and fractional pooling; and pooling undone.

Where the maxima are is found first; the values are gathered from there, which carries the derivative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...autograd.operands import require_tensors
from ...dtypes import REAL_FLOATING, int64
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor, make
from ..creation import zeros
from ..declare import composite
from ..gathering import _gather, _scatter
from ..manipulation import reshape
from .adaptive_avg_pool import output_sizes
from .max_pool import _max_pool, _max_pool_indices
from .windows import Sizes, batched, check_not_empty, per_axis, unbatched

__all__ = [
    "adaptive_max_pool1d", "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "max_unpool1d",
    "max_unpool2d", "max_unpool3d",
]  # fmt: skip


@composite(name="window_argmax", kinds=REAL_FLOATING, promoted=("x",))
def _window_argmax(xp: Any, x: Any, positions: Any, /) -> Any:
    """The position of the first maximum of each window.

    x (P, S) and positions (P, W, K), or (1, W, K) for windows that all P share, give positions (P, W), int64.
    """
    ns = xp.namespace
    planes, (shared, windows, elements) = x.shape[0], positions.shape
    flat = ns.reshape(positions, (shared, windows * elements))
    parts = ns.take(x, flat[0, :], axis=1) if shared == 1 else xp.gather(x, flat, axis=1)
    parts = ns.reshape(parts, (planes, windows, elements))
    # A NaN is the maximum of its window.
    found = ns.argmax(ns.where(ns.isnan(parts), ns.full_like(parts, math.inf), parts), axis=2)
    found = ns.astype(ns.expand_dims(found, axis=2), ns.int64)
    every = ns.broadcast_to(positions, (planes, windows, elements))
    return ns.reshape(xp.gather(ns.asarray(every, copy=True), found, axis=2), (planes, windows))


def _positions(windows: Sequence[Sequence[Sequence[int]]], size: Sizes) -> list[list[int]]:
    """The positions, in the flattened axes, of each window, from those along each axis."""
    rows: list[list[int]] = [[0]]
    for axis, own in enumerate(windows):
        scale = math.prod(size[axis + 1 :])
        rows = [[p + i * scale for p in row for i in one] for row in rows for one in own]
    longest = max(map(len, rows), default=0)
    # Repeating the last position changes no maximum, nor where it is first.
    return [row + [row[-1]] * (longest - len(row)) for row in rows]


def maxima_of(x: Tensor, windows: Sequence[Sequence[Sequence[Sequence[int]]]], counts: Sizes) -> tuple[Tensor, Tensor]:
    """Values and positions of the maxima of (N, C, *size): of windows along each axis, for all planes or for each."""
    lead, size = tuple(x._array.shape[:2]), tuple(x._array.shape[2:])
    planes, total = math.prod(lead), math.prod(size)
    flat = reshape(x, (planes, total))
    ns, int_type = x._type.kernels.namespace, x._type.with_dtype(int64)
    rows = [_positions(own, size) for own in windows]
    longest = max((len(row) for plane in rows for row in plane), default=1)
    padded = [p for plane in rows for row in plane for p in row + [row[-1]] * (longest - len(row))]
    positions = ns.asarray(padded, dtype=ns.int64, device=x._type.native_device)
    positions = ns.reshape(positions, (len(windows), math.prod(counts), longest))
    at = _window_argmax(flat.detach(), make(positions, int_type))
    out = _gather(flat, at, axis=1)
    return reshape(out, (*lead, *counts)), reshape(at, (*lead, *counts))


# -- adaptive ------------------------------------------------------------------------------------------------


def _adaptive(name: str, n: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    x, added = batched(name, input, n)
    check_not_empty(name, x)
    sizes, size = output_sizes(name, x, output_size, n), tuple(x._array.shape[2:])
    if all(count and not m % count for m, count in zip(size, sizes, strict=True)):
        kernel = tuple(m // count for m, count in zip(size, sizes, strict=True))
        geometry: dict[str, Any] = {
            "kernel_size": kernel, "stride": kernel, "padding": tuple((0, 0) for _ in kernel), "dilation": (1,) * n,
        }  # fmt: skip
        out = _max_pool(x, **geometry)
        at = _max_pool_indices(x, out, **geometry) if return_indices else None
    else:
        windows = [
            [range(i * m // count, -(-(i + 1) * m // count)) for i in range(count)]
            for m, count in zip(size, sizes, strict=True)
        ]
        out, at = maxima_of(x, [windows], sizes)
    return (unbatched(out, added), unbatched(at, added)) if at is not None and return_indices else unbatched(out, added)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of ``output_size`` even parts of a signal, (N, C, L) or (C, L); see :func:`adaptive_max_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.adaptive_max_pool1d(pluggrad.tensor([[1.0, 4.0, 2.0]]), 2)
    tensor([[4., 4.]])
    """
    return _adaptive("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of as many even parts of an image as the output is to have pixels.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W), real floating
    output_size : int or (int, int): H' and W'; None keeps a size
    return_indices : also where the maxima are, as positions in the flattened H·W

    Returns
    -------
    Tensor, shape (N, C, H', W'); with ``return_indices`` a pair: that and int64 indices of the same shape. The parts
    are those of :func:`pluggrad.nn.functional.adaptive_avg_pool2d`

    Raises
    ------
    ShapeError : another number of axes, no elements, negative sizes

    >>> import pluggrad
    >>> pluggrad.nn.functional.adaptive_max_pool2d(pluggrad.arange(9.0).view(1, 3, 3), 2)
    tensor([[[4., 5.],
             [7., 8.]]])
    """
    return _adaptive("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of even parts of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`adaptive_max_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.adaptive_max_pool3d(pluggrad.arange(8.0).view(1, 2, 2, 2), 1).item()
    7.0
    """
    return _adaptive("adaptive_max_pool3d", 3, input, output_size, return_indices)


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """:func:`adaptive_max_pool1d` with ``return_indices=True``."""
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """:func:`adaptive_max_pool2d` with ``return_indices=True``."""
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """:func:`adaptive_max_pool3d` with ``return_indices=True``."""
    return adaptive_max_pool3d(input, output_size, True)


# -- fractional ------------------------------------------------------------------------------------------------


def _fractional_starts(sample: float, size: int, count: int, kernel: int) -> list[int]:
    """Where the windows begin: steps of two sizes in a random order (Graham, "Fractional max-pooling", 2014)."""
    step = (size - kernel) / (count - 1) if count > 1 else 0.0
    starts = [int((i + sample) * step) - int(sample * step) for i in range(count - 1)]
    return [*starts, size - kernel]


def fractional_maxima(
    name: str, n: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Any
) -> tuple[Tensor, Tensor]:
    """Values and positions of fractional max pooling; ``samples`` (N, C, n), in [0, 1): nested lists, one per plane.

    Raises
    ------
    ShapeError : windows that do not fit the input
    """
    x, added = batched(name, input, n)
    check_not_empty(name, x)
    kernel, size = per_axis(name, "kernel_size", kernel_size, n), tuple(x._array.shape[2:])
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, Sequence) else (output_ratio,) * n
        counts = tuple(int(m * ratio) for m, ratio in zip(size, ratios, strict=True))
    else:
        counts = per_axis(name, "output_size", output_size, n)
    for m, count, k in zip(size, counts, kernel, strict=True):
        if count < 1 or count + k - 1 > m:
            raise ShapeError(
                f"{name}: windows of size {kernel} and an output of size {counts} are too large relative to the input "
                f"of size {size}"
            )
    # As PyTorch deals them: in a plane the last axis has the first number, in a volume the first one.
    order = tuple(range(n)) if n == 3 else tuple(reversed(range(n)))
    planes = []
    for sample in (s for image in samples for s in image):
        starts = [_fractional_starts(sample[order[axis]], size[axis], counts[axis], kernel[axis]) for axis in range(n)]
        planes.append([[range(s, s + k) for s in own] for own, k in zip(starts, kernel, strict=True)])
    out, at = maxima_of(x, planes, counts)
    return unbatched(out, added), unbatched(at, added)


# -- pooling undone --------------------------------------------------------------------------------------------


def _unpooled_size(name: str, counts: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, output_size: Any) -> Sizes:
    n = len(kernel)
    usual = tuple((c - 1) * s + k - 2 * p for c, k, s, p in zip(counts, kernel, stride, padding, strict=True))
    if output_size is None:
        return usual
    sizes = tuple(output_size)
    sizes = sizes[2:] if len(sizes) == n + 2 else sizes
    if len(sizes) != n:
        raise ValueError(
            f"{name}: output_size should be a sequence containing {n} or {n + 2} elements, but it has a length of "
            f"{len(sizes)}"
        )
    for d, (size, m, s) in enumerate(zip(sizes, usual, stride, strict=True)):
        if not m - s < size < m + s:
            raise ValueError(f"{name}: invalid output_size {sizes} (dim {d} must be between {m - s} and {m + s})")
    return sizes


def _unpool(
    name: str, n: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    x, added = batched(name, input, n)
    kernel = per_axis(name, "kernel_size", kernel_size, n)
    strides = kernel if stride is None or stride in ((), []) else per_axis(name, "stride", stride, n)
    require_tensors(name, indices=indices)
    if tuple(indices._array.shape) != tuple(input._array.shape):
        raise ShapeError(
            f"{name}: expected shape of indices to be the same as that of the input {tuple(input.shape)}, but got "
            f"{tuple(indices.shape)}"
        )
    size = _unpooled_size(
        name, tuple(x._array.shape[2:]), kernel, strides, per_axis(name, "padding", padding, n, least=0), output_size
    )
    lead, total = tuple(x._array.shape[:2]), math.prod(size)
    if indices.size:
        ns, array = indices._type.kernels.namespace, indices._array
        low, high = int(ns.min(array)), int(ns.max(array))
        if low < 0 or high >= total:
            raise ArgumentError(
                f"{name}: found an invalid max index: {low if low < 0 else high}; the output has {total} elements, "
                f"of size {size}"
            )
    nothing = zeros((*lead, total), dtype=x.dtype, device=x.device)
    flat = (*lead, math.prod(x._array.shape[2:]))
    out = _scatter(nothing, reshape(indices, flat), reshape(x, flat), axis=2)
    return unbatched(reshape(out, (*lead, *size)), added)


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Put maxima back where they were taken from in a signal, (N, C, L) or (C, L); see :func:`max_unpool2d`.

    >>> import pluggrad
    >>> F = pluggrad.nn.functional
    >>> F.max_unpool1d(*F.max_pool1d(pluggrad.tensor([[1.0, 3.0, 2.0, 4.0]]), 2, return_indices=True), 2)
    tensor([[0., 3., 0., 4.]])
    """
    return _unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Put maxima back where they were taken from, among zeros.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
    indices : integer Tensor of the same shape, as ``max_pool2d`` returns it
    kernel_size, stride, padding : those of the pooling
    output_size : (H', W') or the whole shape: the size of what was pooled, where several sizes pool to one

    Returns
    -------
    Tensor, shape (N, C, H', W')

    Raises
    ------
    ValueError : a size that does not pool to the input's
    ArgumentError : an index outside of the output

    >>> import pluggrad
    >>> F = pluggrad.nn.functional
    >>> F.max_unpool2d(*F.max_pool2d(pluggrad.arange(4.0).view(1, 2, 2), 2, return_indices=True), 2)
    tensor([[[0., 0.],
             [0., 3.]]])
    """
    return _unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Put maxima back where they were taken from in a volume; see :func:`max_unpool2d`.

    >>> import pluggrad
    >>> F = pluggrad.nn.functional
    >>> pooled = F.max_pool3d(pluggrad.arange(8.0).view(1, 2, 2, 2), 2, return_indices=True)
    >>> F.max_unpool3d(*pooled, 2).flatten()
    tensor([0., 0., 0., 0., 0., 0., 0., 7.])
    """
    return _unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
