"""Elements of a tensor by strides: views that no shape and no slice describes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from ..tensor import Buffer, Tensor
from .advanced_indexing import Indices
from .declare import composite

__all__ = ["as_strided"]

Ints = tuple[int, ...]


def _positions(xp: Any, like: Any, size: Ints, stride: Ints, offset: int) -> Indices:
    """Where in the flattened tensor each element of the result lies."""
    ns, device = xp.namespace, xp.native_device(like)
    places = ns.full((1,) * len(size), offset, dtype=ns.int64, device=device)
    for axis, (n, step) in enumerate(zip(size, stride, strict=True)):
        own = (1,) * axis + (n,) + (1,) * (len(size) - axis - 1)
        places = places + ns.reshape(ns.arange(n, dtype=ns.int64, device=device) * step, own)
    return Indices((Buffer(ns.reshape(places, size)),))


def _copy_strided_x(xp: Any, g: Any, x_shape: Ints, size: Ints, stride: Ints, offset: int) -> Any:
    return xp.add_strided(g, shape=x_shape, size=size, stride=stride, offset=offset)


@composite(name="as_strided", view=True, result="same", vjp=_copy_strided_x)
def _as_strided(xp: Any, x: Any, /, *, size: Ints, stride: Ints, offset: int) -> Any:
    """A view of a contiguous array. The standard has no strides; a backend that has any overrides this."""
    raise ValueError("as_strided: this backend has no strides")


@composite(name="copy_strided", alias="AsStridedCopy", result="same", vjp=_copy_strided_x)
def _copy_strided(xp: Any, x: Any, /, *, size: Ints, stride: Ints, offset: int) -> Any:
    """What :func:`as_strided` shows, as a copy."""
    flat = xp.namespace.reshape(x, (math.prod(x.shape),))
    if not math.prod(size):
        return xp.new_zeros(x, shape=size)
    if not size:
        return xp.namespace.asarray(flat[offset, ...], copy=True)
    return xp.index(flat, indices=_positions(xp, x, size, stride, offset))


def _add_strided_x(xp: Any, g: Any, size: Ints, stride: Ints, offset: int) -> Any:
    return xp.copy_strided(g, size=size, stride=stride, offset=offset)


@composite(name="add_strided", result="same", vjp=_add_strided_x)
def _add_strided(xp: Any, x: Any, /, *, shape: Ints, size: Ints, stride: Ints, offset: int) -> Any:
    """The way back: each element added to where it was shown from."""
    zeros = xp.new_zeros(x, shape=(math.prod(shape),))
    if math.prod(size):
        x = xp.namespace.reshape(x, size or (1,))
        places = _positions(xp, x, size or (1,), stride or (1,), offset)
        zeros = xp.index_put(zeros, x, indices=places, accumulate=True)
    return xp.namespace.reshape(zeros, shape)


def as_strided(x: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Elements of ``x`` by strides: a view where the backend has any, else a copy.

    Parameters
    ----------
    x : Tensor, contiguous
    size : the shape of the result
    stride : for each of its axes, how many elements of ``x`` lie from one element to the next; not negative
    storage_offset : which element of ``x`` is the first one. PyTorch counts from the start of the storage, which is
        the same for a tensor that is no view.

    Raises
    ------
    ShapeError : elements outside of ``x``, or a tensor that is not contiguous

    >>> import pluggrad
    >>> pluggrad.as_strided(pluggrad.arange(6), (2, 3), (1, 2))
    tensor([[0, 2, 4],
            [1, 3, 5]])
    """
    shape, steps, offset = tuple(map(int, size)), tuple(map(int, stride)), int(storage_offset or 0)
    if len(shape) != len(steps):
        raise ShapeError(
            f"as_strided: mismatch in length of strides and shape: {len(steps)} strides, {len(shape)} sizes"
        )
    if min((*shape, *steps, offset), default=0) < 0:
        raise ShapeError(
            f"as_strided: negative sizes, strides or offsets are not supported: {shape}, {steps}, {offset}"
        )
    last = offset + sum((n - 1) * s for n, s in zip(shape, steps, strict=True))
    count = math.prod(x._array.shape)
    if math.prod(shape) and last >= count:
        raise ShapeError(
            f"as_strided: size {list(shape)}, stride {list(steps)} and offset {offset} reach element {last} of a "
            f"tensor of {count} elements"
        )
    if not x.is_contiguous():
        raise ShapeError("as_strided: the tensor is not contiguous; call .contiguous() first")
    try:
        return _as_strided(x, size=shape, stride=steps, offset=offset)
    except ValueError:
        return _copy_strided(x, size=shape, stride=steps, offset=offset)
