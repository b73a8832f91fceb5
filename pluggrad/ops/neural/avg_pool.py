"""Average pooling in any number of dimensions. It is linear, and its gradient's gradient is it itself."""

from __future__ import annotations

from typing import Any

from ...dtypes import REAL_FLOATING
from ...errors import ArgumentError
from ...tensor import Tensor
from ..declare import composite
from .max_pool import ceil_padding, check_counts, pool_geometry
from .windows import Padding, Sizes, batched, crop, elements, offsets, pad, padded, unbatched, window_counts

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d"]


def _avg_pool_x(
    xp: Any, g: Any, x_shape: Any, kernel_size: Any, stride: Any, padding: Any, counted: Any, divisor: Any
) -> Any:
    return xp.avg_pool_input(
        g,
        size=tuple(x_shape[2:]),
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        counted=counted,
        divisor=divisor,
    )


@composite(name="avg_pool", result="same", kinds=REAL_FLOATING, vjp=_avg_pool_x)
def _avg_pool(
    xp: Any,
    x: Any,
    /,
    *,
    kernel_size: Sizes,
    stride: Sizes,
    padding: Padding,
    counted: Padding | None,
    divisor: int | None,
) -> Any:
    """The sum of each window over a number: ``divisor``, or how many of its elements count.

    Those count that lie in the input or in as much of the padding as ``counted`` says; None: all.
    """
    ones = (1,) * len(kernel_size)
    size = tuple(x.shape[2:])
    counts = window_counts(size, kernel_size, stride, padding, ones)
    x = pad(xp, x, padding)
    out = None
    for key in offsets(kernel_size, stride, ones, counts):
        out = x[key] if out is None else out + x[key]
    return out / _divisor(xp, x, size, counts, kernel_size, stride, padding, counted, divisor)


@composite(
    name="avg_pool_input", result="same", kinds=REAL_FLOATING,
    vjp=lambda xp, g, kernel_size, stride, padding, counted, divisor: xp.avg_pool(
        g, kernel_size=kernel_size, stride=stride, padding=padding, counted=counted, divisor=divisor
    ),
)  # fmt: skip
def _avg_pool_input(
    xp: Any, g0: Any, /, *, size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, counted: Padding | None,
    divisor: int | None,
) -> Any:  # fmt: skip
    """The gradient of average pooling with respect to an input of that ``size``."""
    ones = (1,) * len(kernel_size)
    counts = tuple(g0.shape[2:])
    share = g0 / _divisor(xp, g0, size, counts, kernel_size, stride, padding, counted, divisor)
    out = xp.new_zeros(g0, shape=(*g0.shape[:2], *padded(size, padding)))
    for key in offsets(kernel_size, stride, ones, counts):
        xp.write(out, key, out[key] + share)
    return crop(out, size, padding)


def _divisor(
    xp: Any, like: Any, size: Sizes, counts: Sizes, kernel: Sizes, stride: Sizes, padding: Padding,
    counted: Padding | None, divisor: int | None,
) -> Any:  # fmt: skip
    if divisor is not None:
        return divisor
    if counted is None:
        return elements(kernel)
    ns = xp.namespace
    total: Any = 1
    for axis, lengths in enumerate(window_lengths(size, counts, kernel, stride, padding, counted)):
        shape = [1] * len(counts)
        shape[axis] = len(lengths)
        array = ns.asarray(lengths, dtype=like.dtype, device=xp.native_device(like))
        total = ns.reshape(array, tuple(shape)) * total
    return total


def window_lengths(
    size: Sizes, counts: Sizes, kernel: Sizes, stride: Sizes, padding: Padding, counted: Padding
) -> list[list[int]]:
    """Along each axis, how many elements of each window count."""
    out = []
    for n, count, k, s, (before, _), (b, a) in zip(size, counts, kernel, stride, padding, counted, strict=True):
        starts = [i * s - before for i in range(count)]
        out.append([max(min(start + k, n + a) - max(start, -b), 1) for start in starts])
    return out


# -- public --------------------------------------------------------------------------------------------


def _pool(
    name: str, n: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None,
) -> Tensor:  # fmt: skip
    if divisor_override == 0:
        raise ArgumentError(f"{name}: divisor must be not zero")
    x, added = batched(name, input, n)
    kernel, strides, given, ones = pool_geometry(name, n, x, kernel_size, stride, padding, 1)
    pads = ceil_padding(x._array.shape[2:], kernel, strides, given, ones) if ceil_mode else given
    check_counts(name, x, kernel, strides, pads, ones)
    counted: Padding | None = given if count_include_pad else tuple((0, 0) for _ in given)
    if counted == pads:
        counted = None  # every element of every window
    out = _avg_pool(x, kernel_size=kernel, stride=strides, padding=pads, counted=counted, divisor=divisor_override)
    return unbatched(out, added)


def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """Average over sliding windows of a signal, (N, C, L) or (C, L); see :func:`avg_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.avg_pool1d(pluggrad.tensor([[[1.0, 3.0, 2.0, 4.0]]]), 2)
    tensor([[[2., 3.]]])
    """
    return _pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Average over sliding windows of an image.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W), real floating
    kernel_size, stride, padding : int or (int, int), in pixels; stride defaults to kernel_size
    ceil_mode : also windows that reach beyond the padded input
    count_include_pad : whether zeros of the padding count as elements of a window
    divisor_override : divide by this instead of the number of elements

    Returns
    -------
    Tensor, shape (N, C, H', W'); H' = (H + 2·padding - kernel_size) // stride + 1

    Raises
    ------
    ShapeError : the window is larger than the padded input
    ArgumentError : a padding of more than half a window, a divisor of 0

    >>> import pluggrad
    >>> pluggrad.nn.functional.avg_pool2d(pluggrad.arange(16.0).view(1, 1, 4, 4), 2)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    return _pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Average over sliding windows of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`avg_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.avg_pool3d(pluggrad.arange(8.0).view(1, 1, 2, 2, 2), 2).item()
    3.5
    """
    return _pool("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
