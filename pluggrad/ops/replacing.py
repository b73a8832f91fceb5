"""Copies in which a part is replaced: what writing through a view does, without the write."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.operands import constant
from ..dtypes import bool_
from ..errors import ShapeError
from ..tensor import Tensor
from .advanced_indexing import Indices, _index_put
from .axes import one_axis
from .creation import _copy, arange
from .diagonals import _put_diagonal, diagonal
from .gathering import _integers
from .indexing import as_value, held
from .manipulation import ravel, reshape
from .searching import where
from .strided import as_strided
from .views import broadcast_to, select

__all__ = ["as_strided_scatter", "diagonal_scatter", "put", "select_scatter", "slice_scatter"]


def _replaced(name: str, x: Tensor, part_of: Callable[[Tensor], Tensor], src: Any) -> Tensor:
    """A copy of ``x`` whose part holds ``src``."""
    out = _copy(x)
    part = part_of(out)
    value = as_value(src, x._type)
    if tuple(value._array.shape) != tuple(part._array.shape):
        raise ShapeError(f"{name}: src has shape {list(value.shape)}, the part to replace has {list(part.shape)}")
    part[...] = value
    return out


def select_scatter(x: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of ``x`` in which ``src`` stands where ``x.select(dim, index)`` reads.

    >>> import pluggrad
    >>> pluggrad.select_scatter(pluggrad.zeros(2, 2), pluggrad.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    return _replaced("select_scatter", x, lambda out: select(out, dim, index), src)


def slice_scatter(
    x: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of ``x`` in which ``src`` stands where a slice along an axis reads.

    >>> import pluggrad
    >>> pluggrad.slice_scatter(pluggrad.zeros(4), pluggrad.ones(2), start=1, step=2)
    tensor([0., 1., 0., 1.])
    """
    key = (*(slice(None),) * one_axis("slice_scatter", dim, x._array.ndim), slice(start, end, step))
    return _replaced("slice_scatter", x, lambda out: out[key], src)


def diagonal_scatter(x: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of ``x`` in which ``src`` stands where ``x.diagonal(offset, dim1, dim2)`` reads.

    >>> import pluggrad
    >>> pluggrad.diagonal_scatter(pluggrad.zeros(2, 2), pluggrad.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    value = as_value(src, x._type)
    expected = tuple(diagonal(x.detach(), offset, dim1, dim2)._array.shape)
    if tuple(value._array.shape) != expected:
        raise ShapeError(
            f"diagonal_scatter: src has shape {list(value.shape)}, the part to replace has {list(expected)}"
        )
    shape = tuple(x._array.shape)
    axis1, axis2 = (one_axis("diagonal_scatter", d, len(shape)) for d in (dim1, dim2))
    true = broadcast_to(constant(x._type.with_dtype(bool_), True), expected)
    # Not written through a view: not every backend has one of a diagonal.
    mask, spread = (_put_diagonal(v, shape=shape, offset=offset, axis1=axis1, axis2=axis2) for v in (true, value))
    return where(mask, spread, x)


def put(x: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of ``x`` with elements of ``source`` written, or added, at indices into the flattened tensor.

    >>> import pluggrad
    >>> pluggrad.put(pluggrad.zeros(2, 2), pluggrad.asarray([3]), pluggrad.asarray([5.0]))
    tensor([[0., 0.],
            [0., 5.]])
    """
    index = ravel(_integers("put", index, x))
    values = ravel(as_value(source, x._type))
    if values._array.shape != index._array.shape:
        raise ShapeError(
            f"put(): {values._array.shape[0]} values for {index._array.shape[0]} indices; they must be equal"
        )
    flat = _index_put(ravel(x), values, indices=Indices((held(index),)), accumulate=accumulate)
    return reshape(flat, tuple(x._array.shape))


def as_strided_scatter(
    x: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy of ``x`` in which ``src`` stands where ``as_strided(x, size, stride, storage_offset)`` reads.

    >>> import pluggrad
    >>> pluggrad.as_strided_scatter(pluggrad.zeros(4), pluggrad.ones(2), (2,), (2,))
    tensor([1., 0., 1., 0.])
    """
    places = as_strided(arange(math.prod(x.shape), device=x.device).reshape(x.shape), size, stride, storage_offset)
    value = as_value(src, x._type)
    if tuple(value._array.shape) != tuple(places._array.shape):
        raise ShapeError(
            f"as_strided_scatter: src has shape {list(value.shape)}, the part to replace has {list(places.shape)}"
        )
    return put(x, places, value)
