"""Maximum pooling in any number of dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...dtypes import INTEGRAL, REAL_FLOATING, float64
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ..declare import composite
from ..dtype_functions import _astype
from .windows import (
    Padding,
    Sizes,
    batched,
    check_not_empty,
    crop,
    elements,
    offsets,
    pad,
    padded,
    per_axis,
    unbatched,
    window_counts,
)

__all__ = [
    "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d",
    "max_pool3d_with_indices",
]  # fmt: skip

_LOWEST = float("-inf")


def _max_pool_x(xp: Any, g: Any, x: Any, out: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    return xp.max_pool_input(g, x, out, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)


@composite(name="max_pool", result="same", kinds=REAL_FLOATING, vjp=_max_pool_x)
def _max_pool(xp: Any, x: Any, /, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> Any:
    """The largest element of each window: (N, C, *sizes) gives (N, C, *counts)."""
    counts = window_counts(x.shape[2:], kernel_size, stride, padding, dilation)
    x = pad(xp, x, padding, _LOWEST)
    out = None
    for key in offsets(kernel_size, stride, dilation, counts):
        out = xp.copy(x[key]) if out is None else xp.maximum(out, x[key])
    return out


def _first_maxima(
    xp: Any, x: Any, out: Any, kernel_size: Sizes, stride: Sizes, dilation: Sizes
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """For each place in the window, its key into the padded ``x`` and where it is the first to hold the maximum."""
    found = None
    for key in offsets(kernel_size, stride, dilation, tuple(out.shape[2:])):
        part = x[key]
        here = xp.equal(part, out) | xp.isnan(part)  # a NaN is the maximum of its window
        if found is None:
            found = here
        else:
            here = here & ~found
            found = found | here
        yield key, here


@composite(
    name="max_pool_input", result="same", kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, x, out0, kernel_size, stride, padding, dilation: xp.max_pool_select(
            g, x, out0, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
        ),
        None,
        None,
    ],
)  # fmt: skip
def _max_pool_input(
    xp: Any, g0: Any, x: Any, out0: Any, /, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Any:
    """The gradient of max pooling: ``g0`` at the first maximum of each window, in row-major order, as in PyTorch.

    ``x`` and ``out0``, the input and output of the pooling, only tell where that is.
    """
    size = tuple(x.shape[2:])
    x = pad(xp, x, padding, _LOWEST)
    result = xp.new_zeros(g0, shape=(*g0.shape[:2], *padded(size, padding)))
    nothing = xp.new_zeros(g0, shape=())
    for key, here in _first_maxima(xp, x, out0, kernel_size, stride, dilation):
        xp.write(result, key, result[key] + xp.namespace.where(here, g0, nothing))
    return crop(result, size, padding)


@composite(
    name="max_pool_select", result="same", kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, x, out0, kernel_size, stride, padding, dilation: xp.max_pool_input(
            g, x, out0, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
        ),
        None,
        None,
    ],
)  # fmt: skip
def _max_pool_select(
    xp: Any, values: Any, x: Any, out0: Any, /, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Any:
    """``values``, of the shape of ``x``, read where each window of ``x`` has its first maximum."""
    x, values = pad(xp, x, padding, _LOWEST), pad(xp, values, padding)
    nothing = xp.new_zeros(values, shape=())
    result = None
    for key, here in _first_maxima(xp, x, out0, kernel_size, stride, dilation):
        part = xp.namespace.where(here, values[key], nothing)
        result = part if result is None else result + part
    return result


@composite(name="max_pool_indices", kinds=REAL_FLOATING, promoted=("x",))
def _max_pool_indices(
    xp: Any, x: Any, out0: Any, /, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Any:
    """Where each window has its first maximum, as a position in the flattened spatial axes of the unpadded ``x``."""
    ns = xp.namespace
    size = tuple(x.shape[2:])
    positions = ns.reshape(ns.arange(elements(size), dtype=ns.int64, device=xp.native_device(x)), (1, 1, *size))
    positions = pad(xp, positions, padding)
    result = None
    for key, here in _first_maxima(xp, pad(xp, x, padding, _LOWEST), out0, kernel_size, stride, dilation):
        part = ns.where(here, positions[key], ns.zeros_like(positions[key]))
        result = part if result is None else result + part
    return result


# -- public --------------------------------------------------------------------------------------------


def ceil_padding(size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> Padding:
    """Padding enlarged behind, so that windows which start inside the padded input but end beyond it count, too."""
    pairs = []
    for n, k, s, (before, after), d in zip(size, kernel_size, stride, padding, dilation, strict=True):
        reach = d * (k - 1) + 1
        count = -(-(n + before + after - reach) // s) + 1
        # As in PyTorch, the last window starts inside the input or the padding before it, not in the padding behind.
        if (count - 1) * s >= n + before:
            count -= 1
        pairs.append((before, max(after, (count - 1) * s + reach - n - before)))
    return tuple(pairs)


def pool_geometry(
    name: str, n: int, x: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any
) -> tuple[Sizes, Sizes, Padding, Sizes]:
    """The arguments of a pooling, checked: kernel, stride, padding, dilation.

    Raises
    ------
    ArgumentError : a padding of more than half a window, which would leave windows without an element
    """
    kernel = per_axis(name, "kernel_size", kernel_size, n)
    strides = kernel if stride is None or stride in ((), []) else per_axis(name, "stride", stride, n)
    pads = per_axis(name, "padding", padding, n, least=0)
    dilations = per_axis(name, "dilation", dilation, n)
    for p, k, d in zip(pads, kernel, dilations, strict=True):
        if 2 * p > d * (k - 1) + 1:
            raise ArgumentError(
                f"{name}: pad should be at most half of effective kernel size, got padding={pads} and "
                f"kernel_size={kernel} with dilation={dilations}"
            )
    return kernel, strides, tuple((p, p) for p in pads), dilations


def check_counts(name: str, x: Tensor, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> None:
    """Refuse a window larger than the padded input.

    Raises
    ------
    ShapeError
    """
    if min(window_counts(x._array.shape[2:], kernel, stride, padding, dilation)) < 1:
        raise ShapeError(
            f"{name}: the window, of size {kernel} with dilation {dilation}, is larger than the input of size "
            f"{tuple(x.shape[2:])} with padding {padding}"
        )


def _pool(
    name: str, n: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    return_indices: bool,
) -> Any:  # fmt: skip
    x, added = batched(name, input, n)
    check_not_empty(name, x)
    if x.dtype.kind in INTEGRAL:
        given = _astype(input, dtype=float64)
        found = _pool(name, n, given, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
        if not return_indices:
            return _astype(found, dtype=input.dtype)
        return _astype(found[0], dtype=input.dtype), found[1]
    kernel, strides, pads, dilations = pool_geometry(name, n, x, kernel_size, stride, padding, dilation)
    if ceil_mode:
        pads = ceil_padding(x._array.shape[2:], kernel, strides, pads, dilations)
    check_counts(name, x, kernel, strides, pads, dilations)
    out = _max_pool(x, kernel_size=kernel, stride=strides, padding=pads, dilation=dilations)
    if not return_indices:
        return unbatched(out, added)
    indices = _max_pool_indices(x, out, kernel_size=kernel, stride=strides, padding=pads, dilation=dilations)
    return unbatched(out, added), unbatched(indices, added)


def max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """Take the maximum over sliding windows of a signal, (N, C, L) or (C, L); see :func:`max_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.max_pool1d(pluggrad.tensor([[[1.0, 3.0, 2.0, 4.0]]]), 2)
    tensor([[[3., 4.]]])
    """
    return _pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """Take the maximum over sliding windows of an image.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W), real floating
    kernel_size, stride, padding, dilation : int or (int, int), in pixels; stride defaults to kernel_size
    ceil_mode : also windows that reach beyond the padded input
    return_indices : also where the maxima are, as positions in the flattened H·W

    Returns
    -------
    Tensor, shape (N, C, H', W'); H' = (H + 2·padding - dilation·(kernel_size - 1) - 1) // stride + 1.
    With ``return_indices`` a pair: that and int64 indices of the same shape

    Raises
    ------
    ShapeError : the window is larger than the padded input
    ArgumentError : a padding of more than half a window

    Notes
    -----
    Integers keep their dtype; they are compared in float64, which tells those below 2**53 apart.
    Ties send the gradient to the first maximum in row-major order, as PyTorch does.

    >>> import pluggrad
    >>> pluggrad.nn.functional.max_pool2d(pluggrad.arange(16.0).view(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    return _pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """Take the maximum over sliding windows of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`max_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.max_pool3d(pluggrad.arange(8.0).view(1, 1, 2, 2, 2), 2).item()
    7.0
    """
    return _pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """:func:`max_pool1d` with ``return_indices=True``."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)


def max_pool2d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """:func:`max_pool2d` with ``return_indices=True``."""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)


def max_pool3d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """:func:`max_pool3d` with ``return_indices=True``."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)
