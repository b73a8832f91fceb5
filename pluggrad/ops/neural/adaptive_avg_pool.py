"""Adaptive average pooling: the size of the output is given, and the windows follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import ShapeError
from ...tensor import Tensor
from .avg_pool import _avg_pool
from .resampling import _resample, area
from .windows import Sizes, batched, check_not_empty, unbatched

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"]


def output_sizes(name: str, x: Tensor, output_size: Any, n: int) -> Sizes:
    """The size of the output as a user writes it: one int for all axes, or one for each; None keeps an axis's size.

    Raises
    ------
    ShapeError : negative sizes, or another number of them
    """
    given = list(output_size) if isinstance(output_size, Sequence) else [output_size] * n
    if len(given) == 1:
        given *= n
    if len(given) != n:
        raise ShapeError(f"{name}: output_size must be one int or {n} ints, got {output_size!r}")
    try:
        sizes = tuple(
            int(m) if size is None else size.__index__() for size, m in zip(given, x._array.shape[-n:], strict=True)
        )
    except AttributeError:
        raise TypeError(f"{name}: output_size must be one int or {n} ints or Nones, got {output_size!r}") from None
    if min(sizes) < 0:
        raise ShapeError(f"{name}: elements of output_size must be greater than or equal to 0, got {output_size!r}")
    return sizes


def adaptive_average(x: Tensor, sizes: Sizes) -> Tensor:
    """The mean of each of so many even parts of (N, C, *size)."""
    size = tuple(x._array.shape[2:])
    if all(count and not m % count for m, count in zip(size, sizes, strict=True)):
        # All windows are alike, and lie beside each other.
        kernel = tuple(m // count for m, count in zip(size, sizes, strict=True))
        none = tuple((0, 0) for _ in size)
        return _avg_pool(x, kernel_size=kernel, stride=kernel, padding=none, counted=None, divisor=None)
    for axis, (m, count) in enumerate(zip(size, sizes, strict=True), start=2):
        if m != count:
            x = _resample(x, axis=axis, taps=area(m, count))
    return x


def _pool(name: str, n: int, input: Tensor, output_size: Any) -> Tensor:
    x, added = batched(name, input, n)
    check_not_empty(name, x)
    return unbatched(adaptive_average(x, output_sizes(name, x, output_size, n)), added)


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The means of ``output_size`` even parts of a signal, (N, C, L) or (C, L); see :func:`adaptive_avg_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.adaptive_avg_pool1d(pluggrad.tensor([[1.0, 2.0, 4.0]]), 2)
    tensor([[1.5000, 3.0000]])
    """
    return _pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of as many even parts of an image as the output is to have pixels.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W), real floating
    output_size : int or (int, int): H' and W'; None keeps a size

    Returns
    -------
    Tensor, shape (N, C, H', W'). Row i is the mean of the rows from ⌊i·H/H'⌋ up to ⌈(i + 1)·H/H'⌉

    Raises
    ------
    ShapeError : another number of axes, no elements, negative sizes

    >>> import pluggrad
    >>> pluggrad.nn.functional.adaptive_avg_pool2d(pluggrad.arange(16.0).view(1, 4, 4), 1)
    tensor([[[7.5000]]])
    """
    return _pool("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The means of even parts of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`adaptive_avg_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.adaptive_avg_pool3d(pluggrad.arange(8.0).view(1, 2, 2, 2), 1).item()
    3.5
    """
    return _pool("adaptive_avg_pool3d", 3, input, output_size)
