"""Joining tensors, and splitting one into views."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from .. import function
from ..errors import ShapeError
from ..tensor import Tensor
from ..tensor.memory import link_view
from .axes import one_axis
from .creation import _stack, asarray
from .declare import composite
from .manipulation import atleast_1d, atleast_2d, atleast_3d, ravel, reshape
from .padding import pad
from .views import _axis_of

__all__ = [
    "block_diag", "cat", "chunk", "column_stack", "concat", "concatenate", "dsplit", "dstack", "hsplit", "hstack",
    "row_stack", "split", "split_with_sizes", "stack", "tensor_split", "unbind", "unstack", "vsplit", "vstack",
]  # fmt: skip

Tensors = tuple[Tensor, ...] | list[Tensor]


# -- joining -----------------------------------------------------------------------------------------


def _concat_arrays(
    xp: Any, g: Any, arrays_shape: tuple[Any, ...], axis: int, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    before = (slice(None),) * axis
    ends = tuple(itertools.accumulate(shape[axis] for shape in arrays_shape))
    bounds = zip((0, *ends), ends, needs)  # noqa: B905 (the first is one longer)
    return tuple([g[(*before, slice(start, end), ...)] if need else None for start, end, need in bounds])


@composite(name="concat", alias="cat", result="same", vjp=_concat_arrays)
def _concat(xp: Any, *arrays: Any, axis: int) -> Any:
    return xp.namespace.concat(arrays, axis=axis)


def _tensors(name: str, arrays: Any) -> tuple[Tensor, ...]:
    """The tensors to join, of which there is at least one; arrays and numbers as tensors."""
    if isinstance(arrays, Tensor):
        raise TypeError(f"{name}: expected a tuple or list of Tensors, got a Tensor")
    tensors = tuple([a if isinstance(a, Tensor) else asarray(a) for a in arrays])
    if not tensors:
        raise ShapeError(f"{name}: expected a non-empty list of Tensors")
    return tensors


def stack(arrays: Tensors, /, axis: int = 0, *, dim: int | None = None) -> Tensor:
    """Tensors of one shape, joined along a new axis; dtypes are promoted.

    Parameters
    ----------
    arrays : sequence of Tensors
    axis, dim : where the new axis stands in the result

    Raises
    ------
    ShapeError : shapes that differ
    ValueError : no tensors

    >>> import pluggrad
    >>> pluggrad.stack([pluggrad.zeros(2), pluggrad.ones(2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    tensors = _tensors("stack", arrays)
    axis = one_axis("stack", axis if dim is None else dim, tensors[0]._array.ndim + 1)
    try:
        return _stack(*tensors, axis=axis)
    except ValueError:
        first = tuple(tensors[0].shape)
        for i, a in enumerate(tensors):
            if tuple(a.shape) != first:
                raise ShapeError(
                    f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                    f"{list(a.shape)} at entry {i}"
                ) from None
        raise


def concat(arrays: Tensors, /, axis: int | None = 0, *, dim: int | None = None) -> Tensor:
    """Tensors joined along an axis that they have; dtypes are promoted.

    Parameters
    ----------
    arrays : sequence of Tensors of one shape but for ``axis``; as in PyTorch, tensors of shape (0,) may be among others
    axis, dim : None: all are flattened

    Raises
    ------
    ShapeError : shapes that do not fit
    ValueError : no tensors

    >>> import pluggrad
    >>> pluggrad.concat([pluggrad.asarray([[1, 2]]), pluggrad.asarray([[3, 4]])], axis=1)
    tensor([[1, 2, 3, 4]])
    """
    tensors = _tensors("concat", arrays)
    axis = axis if dim is None else dim
    if axis is None:
        tensors, axis = tuple(map(ravel, tensors)), 0
    ndims = {a._array.ndim for a in tensors}
    ndim = max(ndims)
    if not ndim:
        raise ShapeError("concat: zero-dimensional tensors cannot be concatenated; use stack, or axis=None")
    axis = one_axis("concat", axis, ndim)
    if len(ndims) > 1:
        like = next(a._array.shape for a in tensors if a._array.ndim == ndim)
        empty = (*like[:axis], 0, *like[axis + 1 :])
        tensors = tuple([reshape(a, empty) if a._array.shape == (0,) else a for a in tensors])
    try:
        return _concat(*tensors, axis=axis)
    except ValueError:
        _explain_concat(tensors, axis)
        raise


def _explain_concat(tensors: tuple[Tensor, ...], axis: int) -> None:
    first = tuple(tensors[0].shape)
    for i, a in enumerate(tensors):
        shape = tuple(a.shape)
        if len(shape) != len(first):
            raise ShapeError(
                f"concat: tensors must have the same number of dimensions: got {len(first)} and {len(shape)} (shapes "
                f"{list(first)} at entry 0, {list(shape)} at entry {i})"
            ) from None
        for d, (m, n) in enumerate(zip(first, shape, strict=True)):
            if m != n and d != axis:
                raise ShapeError(
                    f"concat: sizes of tensors must match except in dimension {axis}. Expected size {m} but got size "
                    f"{n} "
                    f"in dimension {d} for tensor number {i} in the list."
                ) from None


cat = concatenate = concat


def hstack(arrays: Tensors) -> Tensor:
    """Tensors joined side by side: along axis 1, vectors along axis 0.

    >>> import pluggrad
    >>> pluggrad.hstack([pluggrad.asarray([1, 2]), pluggrad.asarray([3])])
    tensor([1, 2, 3])
    """
    tensors = atleast_1d(_tensors("hstack", arrays))
    return concat(tensors, axis=0 if tensors[0].ndim == 1 else 1)


def vstack(arrays: Tensors) -> Tensor:
    """Tensors joined one below the other: along axis 0, vectors as rows.

    >>> import pluggrad
    >>> pluggrad.vstack([pluggrad.asarray([1, 2]), pluggrad.asarray([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return concat(atleast_2d(_tensors("vstack", arrays)), axis=0)


row_stack = vstack


def dstack(arrays: Tensors) -> Tensor:
    """Tensors joined along axis 2, which vectors and matrices are given.

    >>> import pluggrad
    >>> pluggrad.dstack([pluggrad.asarray([1, 2]), pluggrad.asarray([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])
    """
    return concat(atleast_3d(_tensors("dstack", arrays)), axis=2)


def column_stack(arrays: Tensors) -> Tensor:
    """Tensors joined along axis 1, vectors as columns.

    >>> import pluggrad
    >>> pluggrad.column_stack([pluggrad.asarray([1, 2]), pluggrad.asarray([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    return concat([a if a.ndim > 1 else reshape(a, (-1, 1)) for a in _tensors("column_stack", arrays)], axis=1)


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices placed along the diagonal of one that is zero elsewhere; vectors count as rows.

    >>> import pluggrad
    >>> pluggrad.block_diag(pluggrad.asarray([[1, 2]]), pluggrad.asarray(3))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    blocks = []
    for i, a in enumerate(tensors):
        if a.ndim > 2:
            raise ShapeError(f"block_diag: input tensors must have 2 or fewer dimensions, input {i} has {a.ndim}")
        blocks.append(atleast_2d(a))
    width = sum(int(b.shape[1]) for b in blocks)
    rows, before = [], 0
    for b in blocks:
        n = int(b.shape[1])
        rows.append(pad(b, ((0, 0), (before, width - before - n))))
        before += n
    return concat(rows, axis=0)


# -- splitting ---------------------------------------------------------------------------------------


@composite(name="unstack", alias="Unbind", result="same", many=True, vjp=lambda xp, g, axis: xp.stack(*g, axis=axis))
def _unstack(xp: Any, x: Any, /, *, axis: int) -> Any:
    before = (slice(None),) * axis
    return tuple([x[(*before, i, ...)] for i in range(x.shape[axis])])


@composite(name="split", result="same", many=True, vjp=lambda xp, g, axis: xp.concat(*g, axis=axis))
def _split(xp: Any, x: Any, /, *, sizes: tuple[int, ...], axis: int) -> Any:
    return tuple([x[key] for key in _split_keys(sizes, axis)])


def _split_keys(sizes: tuple[int, ...], axis: int) -> list[tuple[Any, ...]]:
    before = (slice(None),) * axis
    ends = tuple(itertools.accumulate(sizes))
    return [(*before, slice(end - n, end), ...) for n, end in zip(sizes, ends, strict=True)]


def _link(x: Tensor, parts: tuple[Tensor, ...], keys: list[tuple[Any, ...]]) -> tuple[Tensor, ...]:
    """Note that each part shows ``x`` through a key: the parts share one node of the graph, yet are views."""
    getitem = function.functions()["getitem"]
    for part, key in zip(parts, keys, strict=True):
        link_view(x, part, getitem, {"key": key})
    return parts


def unstack(x: Tensor, /, *, axis: int = 0, dim: int | None = None) -> tuple[Tensor, ...]:
    """The parts of ``x`` along an axis, which they lose: views.

    >>> import pluggrad
    >>> pluggrad.unstack(pluggrad.asarray([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    axis = _axis_of("unstack", x, axis if dim is None else dim)
    n = x._array.shape[axis]
    if not n:
        return ()
    before = (slice(None),) * axis
    return _link(x, _unstack(x, axis=axis), [(*before, i, ...) for i in range(n)])


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """PyTorch's name for :func:`unstack`.

    >>> import pluggrad
    >>> pluggrad.unbind(pluggrad.asarray([[1, 2], [3, 4]]), 1)
    (tensor([1, 3]), tensor([2, 4]))
    """
    return unstack(x, axis=dim)


def _split_at(x: Tensor, sizes: Sequence[int], axis: int) -> tuple[Tensor, ...]:
    sizes = tuple(sizes)
    return _link(x, _split(x, sizes=sizes, axis=axis), _split_keys(sizes, axis))


def split(x: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """``x`` in pieces of a size, the last one perhaps smaller, or of the given sizes: views.

    Raises
    ------
    ShapeError : sizes that do not add up

    >>> import pluggrad
    >>> pluggrad.split(pluggrad.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    axis = _axis_of("split", x, dim)
    n = x._array.shape[axis]
    if not isinstance(split_size_or_sections, int):
        sizes = tuple(int(s) for s in split_size_or_sections)
        if sum(sizes) != n or min(sizes, default=0) < 0:
            raise ShapeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (the size of axis {axis}), but got "
                f"{list(sizes)}"
            )
        return _split_at(x, sizes, axis)
    size = split_size_or_sections
    if size < 0 or (size == 0 and n):
        raise ShapeError(f"split expects split_size to be positive, got {size}")
    if not n:
        return _split_at(x, (0,), axis)
    return _split_at(x, [min(size, n - start) for start in range(0, n, size)], axis)


def split_with_sizes(x: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """``x`` in pieces of the given sizes: :func:`split` with a list.

    >>> import pluggrad
    >>> pluggrad.split_with_sizes(pluggrad.arange(3), [1, 2])
    (tensor([0]), tensor([1, 2]))
    """
    return split(x, tuple(split_sizes), dim)


def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """``x`` in at most ``chunks`` pieces of one size, the last one perhaps smaller: views.

    >>> import pluggrad
    >>> pluggrad.chunk(pluggrad.arange(5), 3)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    axis = _axis_of("chunk", x, dim)
    n = x._array.shape[axis]
    return split(x, math.ceil(n / chunks), axis) if n else _split_at(x, (0,) * chunks, axis)


def tensor_split(x: Tensor, indices_or_sections: int | Sequence[int] | Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """``x`` in a number of pieces as equal as can be, or cut before the given indices: views.

    >>> import pluggrad
    >>> pluggrad.tensor_split(pluggrad.arange(5), 3), pluggrad.tensor_split(pluggrad.arange(5), (1, 3))
    ((tensor([0, 1]), tensor([2, 3]), tensor([4])), (tensor([0]), tensor([1, 2]), tensor([3, 4])))
    """
    axis = _axis_of("tensor_split", x, dim)
    n = x._array.shape[axis]
    given: Any = indices_or_sections.tolist() if isinstance(indices_or_sections, Tensor) else indices_or_sections
    if isinstance(given, int):
        pieces = given
        if pieces <= 0:
            raise ShapeError(f"tensor_split: number of sections must be larger than 0, got {pieces}")
        return _split_at(x, [n // pieces + (i < n % pieces) for i in range(pieces)], axis)
    # As slices: an index past the end, or before the last cut, gives an empty piece.
    cuts = [0, *(slice(i, None).indices(n)[0] for i in given), n]
    keys = [(*(slice(None),) * axis, slice(a, max(a, b))) for a, b in itertools.pairwise(cuts)]
    return tuple([x[key] for key in keys])


def _splitter(name: str, least: int, axis_of: Callable[[int], int]) -> Any:
    def split_along(x: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
        ndim = x._array.ndim
        if ndim < least:
            raise ShapeError(
                f"{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor with "
                f"{ndim} dimensions"
            )
        axis = axis_of(ndim)
        n = x._array.shape[axis]
        if isinstance(indices_or_sections, int) and (indices_or_sections <= 0 or n % indices_or_sections):
            raise ShapeError(f"{name}: the size {n} along axis {axis} is not divisible by {indices_or_sections}")
        return tensor_split(x, indices_or_sections, axis)

    split_along.__name__ = split_along.__qualname__ = name
    return split_along


hsplit = _splitter("hsplit", 1, lambda ndim: 0 if ndim == 1 else 1)
hsplit.__doc__ = """``x`` in equal pieces, or cut before indices, along axis 1 (of a vector: 0): views.

    >>> import pluggrad
    >>> pluggrad.hsplit(pluggrad.arange(4), 2)
    (tensor([0, 1]), tensor([2, 3]))
    """
vsplit = _splitter("vsplit", 2, lambda ndim: 0)
vsplit.__doc__ = """``x`` in equal pieces, or cut before indices, along axis 0: views.

    >>> import pluggrad
    >>> [part.shape for part in pluggrad.vsplit(pluggrad.zeros(4, 2), 2)]
    [pluggrad.Size([2, 2]), pluggrad.Size([2, 2])]
    """
dsplit = _splitter("dsplit", 3, lambda ndim: 2)
dsplit.__doc__ = """``x`` in equal pieces, or cut before indices, along axis 2: views.

    >>> import pluggrad
    >>> [part.shape for part in pluggrad.dsplit(pluggrad.zeros(1, 1, 4), 2)]
    [pluggrad.Size([1, 1, 2]), pluggrad.Size([1, 1, 2])]
    """
