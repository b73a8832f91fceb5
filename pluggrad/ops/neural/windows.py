"""Sliding windows: what convolution and pooling have in common, for any number of spatial axes.

Arrays have the shape (N, C, *sizes). A geometry is given by one number for each spatial axis
(``kernel``, ``stride``, ``dilation``) and by ``padding``, a pair (before, after) for each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any

from ...autograd.operands import require_tensors
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ..manipulation import reshape

Sizes = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]


# -- arguments as users write them -------------------------------------------------------------------


def per_axis(name: str, what: str, value: Any, n: int, least: int = 1) -> Sizes:
    """A number for each of ``n`` axes: one for all, or one for each.

    Raises
    ------
    ValueError : too few or too many numbers, or one below ``least``
    TypeError : no integers
    """
    try:
        values = tuple(v.__index__() for v in value) if isinstance(value, Iterable) else (value.__index__(),) * n
    except AttributeError:
        raise TypeError(f"{name}: {what} must be one int or {n} ints, got {value!r}") from None
    if len(values) == 1:
        values *= n
    if len(values) != n:
        raise ArgumentError(f"{name}: {what} must be one int or {n} ints, one for each spatial axis, got {value!r}")
    if min(values) < least:
        raise ArgumentError(f"{name}: {what} must be at least {least}, got {value!r}")
    return values


def batched(name: str, x: Tensor, n: int) -> tuple[Tensor, bool]:
    """``x`` with a batch axis, and whether it was without.

    Raises
    ------
    ShapeError : neither (N, C, *sizes) nor (C, *sizes)
    TypeError : no tensor
    """
    try:
        ndim = x._array.ndim
    except AttributeError:
        require_tensors(name, input=x)
        raise
    if ndim == n + 2:
        return x, False
    if ndim == n + 1:
        return reshape(x, (1, *x._array.shape)), True
    raise ShapeError(f"{name}: expected {n + 2}-D (batched) or {n + 1}-D (unbatched) input, got shape {tuple(x.shape)}")


def check_not_empty(name: str, x: Tensor) -> None:
    """Refuse an input without elements along a spatial axis: no window would have any.

    Raises
    ------
    ShapeError
    """
    if 0 in x._array.shape[2:]:
        raise ShapeError(f"{name}: expected input with non-zero spatial sizes, got shape {tuple(x.shape)}")


def unbatched(x: Tensor, added: bool) -> Tensor:
    """Take the batch axis out again that :func:`batched` put in."""
    return reshape(x, tuple(x._array.shape[1:])) if added else x


# -- geometry ------------------------------------------------------------------------------------------


def window_counts(size: Sequence[int], kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> Sizes:
    """How many windows fit, along each axis."""
    return tuple(
        (n + before + after - d * (k - 1) - 1) // s + 1
        for n, k, s, (before, after), d in zip(size, kernel, stride, padding, dilation, strict=True)
    )


def offsets(kernel: Sizes, stride: Sizes, dilation: Sizes, counts: Sizes) -> Iterator[tuple[Any, ...]]:
    """Keys into a padded array: for each place in the window, in row-major order, what all windows have there."""
    for place in product(*map(range, kernel)):
        yield (
            ...,
            *(
                slice(i * d, i * d + (count - 1) * s + 1, s)
                for i, d, s, count in zip(place, dilation, stride, counts, strict=True)
            ),
        )


def pad(xp: Any, x: Any, padding: Padding, value: float = 0) -> Any:
    """``x`` with a border of ``value`` around its spatial axes. Raw arrays; the standard has no ``pad``."""
    if not any(map(any, padding)):
        return x
    lead = x.ndim - len(padding)
    shape = (*x.shape[:lead], *(b + n + a for n, (b, a) in zip(x.shape[lead:], padding, strict=True)))
    out = xp.namespace.full(shape, value, dtype=x.dtype, device=xp.native_device(x))
    xp.write(out, interior(x.shape[lead:], padding), x)
    return out


def crop(x: Any, size: Sequence[int], padding: Padding) -> Any:
    """What :func:`pad` was given."""
    return x[interior(size, padding)] if any(map(any, padding)) else x


def padded(size: Sequence[int], padding: Padding) -> Sizes:
    """The size after padding."""
    return tuple(b + n + a for n, (b, a) in zip(size, padding, strict=True))


def interior(size: Sequence[int], padding: Padding) -> tuple[Any, ...]:
    """The key, into an array that was padded, of what it was before."""
    return (..., *(slice(b, b + n) for n, (b, _) in zip(size, padding, strict=True)))


def columns(xp: Any, x: Any, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes) -> Any:
    """All windows of ``x``: (N, C, *sizes) gives (N, C, K, *counts), with K the elements of a window."""
    counts = window_counts(x.shape[2:], kernel, stride, padding, dilation)
    x = pad(xp, x, padding)
    return xp.namespace.stack([x[key] for key in offsets(kernel, stride, dilation, counts)], axis=2)


def add_columns(
    xp: Any, cols: Any, size: Sizes, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes
) -> Any:
    """The transpose of :func:`columns`: windows laid over each other and added up, (N, C, *size)."""
    counts = tuple(cols.shape[3:])
    out = xp.new_zeros(cols, shape=(*cols.shape[:2], *padded(size, padding)))
    for i, key in enumerate(offsets(kernel, stride, dilation, counts)):
        xp.write(out, key, out[key] + cols[:, :, i, ...])
    return crop(out, size, padding)


def elements(kernel: Sizes) -> int:
    """The number of elements of a window."""
    return math.prod(kernel)
