"""Picking and placing elements: gather, scatter, masks, filling; the in-place forms write only what they name."""

from __future__ import annotations

from typing import Any

from ..autograd.inplace import assign, check_writable, overwrite
from ..autograd.mode import is_grad_enabled
from ..autograd.transforms.visitors import on_one_level
from ..errors import ShapeError
from ..ops import diagonals, gathering, indexing, joining, masking, replacing, searching
from ..ops.advanced_indexing import Indices
from ..ops.axes import one_axis
from ..ops.views import _broadcast_to, broadcast_to
from ..tensor import Tensor, memory
from .attach import method

# -- picking ---------------------------------------------------------------------------------------------


@method()
def gather(
    self: Tensor, dim: int | None = None, index: Any = None, *, axis: int | None = None, sparse_grad: bool = False
) -> Tensor:
    """Elements picked along an axis; see :func:`pluggrad.gather`.

    >>> import pluggrad
    >>> pluggrad.asarray([[1, 2], [3, 4]]).gather(dim=1, index=pluggrad.asarray([0, 1]).view(-1, 1))
    tensor([[1],
            [4]])
    """
    return gathering.gather(self, dim, index, axis=axis)


@method()
def take(self: Tensor, index: Tensor) -> Tensor:
    """Elements of the flattened tensor."""
    return gathering.take(self, index)


@method()
def take_along_dim(self: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Elements picked along an axis, the other axes broadcast."""
    return gathering.take_along_dim(self, indices, dim)


@method()
def index_select(self: Tensor, dim: int, index: Tensor) -> Tensor:
    """Slices along an axis, a copy."""
    return gathering.index_select(self, dim, index)


@method()
def masked_select(self: Tensor, mask: Tensor) -> Tensor:
    """The elements where ``mask`` is true."""
    return masking.masked_select(self, mask)


# -- placing: a new tensor -------------------------------------------------------------------------------


@method()
def index_add(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy with slices added along an axis."""
    return gathering.index_add(self, dim, index, source, alpha=alpha)


@method()
def index_copy(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with slices replaced along an axis."""
    return gathering.index_copy(self, dim, index, source)


@method()
def index_fill(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy with slices filled along an axis."""
    return masking.index_fill(self, dim, index, value)


@method()
def index_put(self: Tensor, indices: tuple[Tensor, ...], values: Any, accumulate: bool = False) -> Tensor:
    """A copy with ``values`` written, or added, where ``self[indices]`` would read."""
    return gathering.index_put(self, indices, values, accumulate)


@method()
def scatter(
    self: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy with elements written along an axis; see :func:`pluggrad.scatter`."""
    return gathering.scatter(self, dim, index, src, value=value, reduce=reduce)


@method()
def scatter_add(self: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    """A copy with elements added along an axis."""
    return gathering.scatter_add(self, dim, index, src)


@method(inplace=True)
def scatter_reduce(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy with elements combined along an axis."""
    return gathering.scatter_reduce(self, dim, index, src, reduce, include_self=include_self)


@method(inplace=True)
def index_reduce(
    self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy with slices combined along an axis; see :func:`pluggrad.index_reduce`."""
    return gathering.index_reduce(self, dim, index, source, reduce, include_self=include_self)


@method()
def fill(self: Tensor, value: Any) -> Tensor:
    """A tensor of this one's shape and dtype that holds one value; the gradient goes to the value."""
    return broadcast_to(indexing.as_value(value, self._type), self.shape).clone()


@method()
def nonzero_static(self: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first ``size`` rows of :meth:`nonzero`, filled up with ``fill_value`` where there are fewer."""
    found = searching.argwhere(self)[:size]
    filler = found.new_full((size - found.shape[0], found.shape[1]), fill_value)
    return joining.concat([found, filler], axis=0)


@method()
def masked_fill(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy with ``value`` where ``mask`` is true."""
    return masking.masked_fill(self, mask, value)


@method()
def masked_scatter(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with the elements of ``source`` where ``mask`` is true."""
    return masking.masked_scatter(self, mask, source)


@method(inplace=True)
def put(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with elements written, or added, at indices into the flattened tensor."""
    return replacing.put(self, index, source, accumulate)


for _part in (replacing.select_scatter, replacing.slice_scatter, replacing.diagonal_scatter):
    method()(_part)


# -- placing: in place -----------------------------------------------------------------------------------


@method()
def fill_(self: Tensor, value: Any) -> Tensor:
    """Write one value, cast to the dtype of this tensor, into all elements.

    >>> import pluggrad
    >>> pluggrad.zeros(2).fill_(3)
    tensor([3., 3.])
    """
    value = on_one_level(self, indexing.as_value(value, self._type))
    if value._array.ndim:
        raise ShapeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
        )
    if is_grad_enabled() and (self._node is not None or value._node is not None):
        return overwrite(self, _broadcast_to(value, shape=tuple(self._array.shape)))
    memory.release(self)
    self._type.kernels.write(self._array, ..., value._array)
    return self


@method()
def zero_(self: Tensor) -> Tensor:
    """Write zero into all elements."""
    return fill_(self, 0)


@method()
def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """Add slices along an axis; those named twice take both."""
    if not self._array.ndim:
        return assign(self, index_add(self, dim, index, source, alpha=alpha))
    index, axis = gathering._vector("index_add", index, self), one_axis("index_add", dim, self._array.ndim)
    source = indexing.as_value(gathering._source("index_add", self, axis, index, source), self._type)
    return indexing.put(self, source * alpha if alpha != 1 else source, _along(index, axis), accumulate=True)


@method()
def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Replace slices along an axis."""
    if not self._array.ndim:
        return assign(self, index_copy(self, dim, index, source))
    index, axis = gathering._vector("index_copy", index, self), one_axis("index_copy", dim, self._array.ndim)
    source = indexing.as_value(gathering._source("index_copy", self, axis, index, source), self._type)
    return indexing.put(self, source, _along(index, axis), accumulate=False)


@method()
def index_fill_(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """Fill slices along an axis."""
    if not self._array.ndim:
        return assign(self, index_fill(self, dim, index, value))
    index, axis = gathering._vector("index_fill", index, self), one_axis("index_fill", dim, self._array.ndim)
    value = indexing.as_value(value, self._type)
    if value._array.ndim:
        raise ShapeError(f"index_fill_(): value must be a number or a 0-d tensor, got shape {list(value.shape)}")
    mask = masking.named_mask(index, self._array.shape[axis])
    return indexing.put(self, value, _along(mask, axis), accumulate=False)


@method()
def index_put_(self: Tensor, indices: tuple[Tensor, ...], values: Any, accumulate: bool = False) -> Tensor:
    """Write or add ``values`` where ``self[indices]`` would read."""
    return indexing.put(
        self, indexing.as_value(values, self._type), gathering.key_of(self, indices), accumulate=accumulate
    )


@method()
def scatter_(
    self: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """Write elements along an axis.

    >>> import pluggrad
    >>> pluggrad.zeros(2, 3).scatter_(1, pluggrad.asarray([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    if reduce is not None or not self._array.ndim:
        return assign(self, scatter(self, dim, index, src, value=value, reduce=reduce))
    _, index, axis = gathering._gathering("scatter", self, dim, index)
    src = gathering._fit_src("scatter", self, index, value if src is None else src)
    return indexing.put(self, src, _grid(index, axis), accumulate=False)


@method()
def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    """Add elements along an axis."""
    if not self._array.ndim:
        return assign(self, scatter_add(self, dim, index, src))
    _, index, axis = gathering._gathering("scatter_add", self, dim, index)
    return indexing.put(self, gathering._fit_src("scatter_add", self, index, src), _grid(index, axis), accumulate=True)


@method()
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Write ``value`` where ``mask``, broadcast to this tensor's shape, is true.

    >>> import pluggrad
    >>> pluggrad.zeros(2, 2).masked_fill_(pluggrad.asarray([True, False]), 7)
    tensor([[7., 0.],
            [7., 0.]])
    """
    if not self._array.ndim:
        return assign(self, masked_fill(self, mask, value))
    value = indexing.as_value(value, self._type)
    if value._array.ndim:
        raise ShapeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} "
            "dimension(s)."
        )
    return indexing.put(self, value, _mask(self, "masked_fill_", mask), accumulate=False)


@method()
def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Write the elements of ``source``, in row-major order, where ``mask`` is true."""
    return assign(self, masked_scatter(self, broadcast_to(mask, tuple(self._array.shape)), source))


@method()
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Write a value into the main diagonal; with ``wrap``, of a tall matrix begin anew below it."""
    ndim, shape = self._array.ndim, tuple(self._array.shape)
    if ndim < 2 or (ndim > 2 and len(set(shape)) > 1):
        raise ShapeError(f"fill_diagonal_: needs a matrix, or axes of one size, got shape {list(shape)}")
    value = indexing.as_value(fill_value, self._type)
    if ndim > 2:
        for i in range(shape[0]):
            self[(i,) * ndim] = value
        return self
    rows, columns = shape
    for start in range(0, rows if wrap else 1, columns + 1):
        diagonals.diagonal(self[start:]).fill_(value)
    return self


def _along(index: Tensor, axis: int) -> Indices:
    return Indices((None,) * axis + (indexing.held(index),))


def _grid(index: Tensor, axis: int) -> Indices:
    """The index of scatter as an index for every axis."""
    grid = gathering._grid(index._type.kernels, index._array, axis)
    return Indices([indexing.held(index) if i == axis else b for i, b in enumerate(grid.buffers)])


def _mask(x: Tensor, name: str, mask: Tensor) -> Indices:
    check_writable(x)
    mask = masking._mask_for(name, x, mask)
    shape = tuple(x._array.shape)
    return Indices((indexing.held(mask if tuple(mask._array.shape) == shape else broadcast_to(mask, shape)),))
