"""Shapes: PyTorch's methods that change how the elements are arranged, most of them views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.broadcasting import sum_to_shape
from ..autograd.engine import graph_namespace
from ..autograd.inplace import check_writable
from ..autograd.mode import enable_grad
from ..dtypes import int64
from ..errors import ShapeError
from ..ops import diagonals, joining, manipulation, repetition, sliding, strided, views
from ..ops.axes import Axes, either, shape_of_arguments, some_axes
from ..tensor import Leaf, Tensor
from .attach import method

# -- shape ---------------------------------------------------------------------------------------------


@method()
def reshape(self: Tensor, *shape: Any) -> Tensor:
    """This tensor in another shape: a view where the memory allows one, else a copy.

    -1 stands for the size that is left.

    >>> import pluggrad
    >>> pluggrad.arange(4).reshape(2, -1)
    tensor([[0, 1],
            [2, 3]])
    """
    return manipulation.reshape(self, shape_of_arguments(shape))


@method()
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor in the shape of ``other``."""
    return manipulation.reshape(self, tuple(other._array.shape))


@method()
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor in the shape of ``other``, sharing its memory."""
    return views.view(self, tuple(other._array.shape))


@method()
def expand(self: Tensor, *sizes: Any, implicit: bool = False) -> Tensor:
    """This tensor repeated along new axes and axes of size 1, without copying; -1 leaves a size as it is.

    >>> import pluggrad
    >>> pluggrad.asarray([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    new, old = shape_of_arguments(sizes), self._array.shape
    lead = len(new) - len(old)
    if lead < 0:
        raise ShapeError(
            f"expand: the number of sizes provided ({len(new)}) must be greater or equal to the number of dimensions "
            "in the "
            f"tensor ({len(old)})"
        )
    if min(new[:lead], default=0) < 0:
        raise ShapeError(
            "expand: the expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension, in "
            f"{list(new)}"
        )
    shape = (*new[:lead], *(o if n == -1 else n for n, o in zip(new[lead:], old, strict=True)))
    for i, (n, o) in enumerate(zip(shape[lead:], old, strict=True)):
        if o not in (1, n):
            raise ShapeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({o}) at non-singleton dimension "
                f"{lead + i}. "
                f"Target sizes: {list(new)}. Tensor sizes: {list(old)}"
            )
    return views._broadcast_to(self, shape=shape)


@method()
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor expanded to the shape of ``other``."""
    return expand(self, *other._array.shape)


@method()
def broadcast_to(self: Tensor, *size: Any) -> Tensor:
    """This tensor broadcast to a shape, without copying."""
    return views.broadcast_to(self, shape_of_arguments(size))


@method()
def squeeze(self: Tensor, dim: Axes = None, *, axis: Axes = None) -> Tensor:
    """This tensor without axes of size 1 (all of them, or those named), sharing its memory; axes of other sizes stay.

    >>> import pluggrad
    >>> pluggrad.zeros(1, 3, 1).squeeze().shape, pluggrad.zeros(1, 3, 1).squeeze(1).shape
    (pluggrad.Size([3]), pluggrad.Size([1, 3, 1]))
    """
    dim = either("squeeze", axis, dim)
    shape = self._array.shape
    axes = range(len(shape)) if dim is None else some_axes("squeeze", dim, len(shape)) if shape else ()
    return views._squeeze(self, axis=tuple([a for a in axes if shape[a] == 1]))


@method()
def unsqueeze(self: Tensor, dim: int) -> Tensor:
    """This tensor with a new axis of size 1 at ``dim``, sharing its memory."""
    return views.unsqueeze(self, dim)


@method()
def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """This tensor with the axes from ``start_dim`` to ``end_dim`` made one."""
    return manipulation.flatten(self, start_dim, end_dim)


@method()
def unflatten(self: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """This tensor with one axis made into several."""
    return manipulation.unflatten(self, dim, sizes)


@method()
def ravel(self: Tensor) -> Tensor:
    """This tensor in one axis."""
    return manipulation.ravel(self)


# -- axes ----------------------------------------------------------------------------------------------


@method()
def permute(self: Tensor, *dims: Any) -> Tensor:
    """This tensor with its axes in another order, sharing its memory.

    >>> import pluggrad
    >>> pluggrad.zeros(2, 3, 4).permute(2, 0, 1).shape
    pluggrad.Size([4, 2, 3])
    """
    return views.permute_dims(self, shape_of_arguments(dims))


@method("swapaxes", "swapdims")
def transpose(self: Tensor, *dims: Any, dim0: int | None = None, dim1: int | None = None) -> Tensor:
    """This tensor with two axes swapped, sharing its memory; given one order of all axes, permuted, as in NumPy.

    >>> import pluggrad
    >>> pluggrad.zeros(2, 3, 4).transpose(0, -1).shape
    pluggrad.Size([4, 3, 2])
    """
    axes = shape_of_arguments((*dims, *(d for d in (dim0, dim1) if d is not None)))
    if len(axes) == 2:
        return views.swapaxes(self, *axes)
    return views.transpose(self, axes or None)


@method()
def t(self: Tensor) -> Tensor:
    """A matrix transposed, sharing its memory."""
    return views.t(self)


@method()
def adjoint(self: Tensor) -> Tensor:
    """A matrix, or each of a batch, transposed and conjugated."""
    return views.adjoint(self)


@method("moveaxis")
def movedim(self: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """This tensor with some axes moved to other places, sharing its memory."""
    return views.moveaxis(self, source, destination)


@method()
def diagonal(self: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two axes, as the last axis of the result: a view where the memory allows one."""
    return diagonals.diagonal(self, offset, dim1, dim2)


@method()
def select(self: Tensor, dim: int, index: int) -> Tensor:
    """The part at one index of an axis, sharing the memory."""
    return views.select(self, dim, index)


@method()
def narrow(self: Tensor, dim: int, start: int, length: int) -> Tensor:
    """``length`` neighbours along an axis, from ``start``, sharing the memory."""
    return views.narrow(self, dim, start, length)


@method()
def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of ``size`` elements, ``step`` apart, along an axis; their elements are the last axis of the result."""
    if not self._array.ndim:  # as in PyTorch, a vector of one element, of which there is one window
        return sliding.windows_along(self[None], dimension, size, step)[0]
    return sliding.windows_along(self, dimension, size, step)


@method()
def as_strided(self: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Elements by strides: a view where the backend has any; see :func:`pluggrad.as_strided`."""
    return strided.as_strided(self, size, stride, storage_offset)


@method()
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The sum over the axes along which ``size`` would be broadcast to this tensor's shape.

    >>> import pluggrad
    >>> pluggrad.ones(2, 3).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])
    """
    shape, own = shape_of_arguments(size), tuple(self._array.shape)
    if len(shape) > len(own) or any(n not in (1, m) for n, m in zip(shape[::-1], own[::-1], strict=False)):
        raise ShapeError(f"size {list(shape)} is not expandable to size {list(own)}.")
    if shape != own and not self.dtype.is_differentiable:
        self = self.to(int64)  # as for sum()
    return sum_to_shape(graph_namespace, self, shape)


# -- splitting -----------------------------------------------------------------------------------------


@method()
def split(self: Tensor, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of a size, or of the given sizes: views."""
    return joining.split(self, split_size, dim)


@method()
def split_with_sizes(self: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of the given sizes: views."""
    return joining.split_with_sizes(self, split_sizes, dim)


@method()
def chunk(self: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` pieces of one size: views."""
    return joining.chunk(self, chunks, dim)


@method()
def tensor_split(self: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces as equal as can be, or cut before the given indices: views."""
    return joining.tensor_split(self, indices_or_sections, dim)


@method()
def unbind(self: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts along an axis, which they lose: views."""
    return joining.unstack(self, axis=dim)


for _split in (joining.hsplit, joining.vsplit, joining.dsplit):
    method()(_split)


# -- copies --------------------------------------------------------------------------------------------


@method()
def repeat(self: Tensor, *sizes: Any) -> Tensor:
    """This tensor repeated as a whole along each axis.

    ``pluggrad.repeat`` is the standard's: it repeats each element.

    >>> import pluggrad
    >>> pluggrad.asarray([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    times = shape_of_arguments(sizes)
    if len(times) < self._array.ndim:
        raise ShapeError(
            f"repeat: number of dimensions of repeat dims {list(times)} can not be smaller than number of dimensions "
            "of the "
            f"tensor, {self._array.ndim}"
        )
    return repetition.tile(self, times)


@method()
def tile(self: Tensor, *dims: Any) -> Tensor:
    """This tensor repeated as a whole along each axis; fewer counts than axes are for the last ones."""
    return repetition.tile(self, shape_of_arguments(dims))


@method()
def repeat_interleave(
    self: Tensor, repeats: int | Tensor, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element repeated; without ``dim``, of the flattened tensor."""
    return repetition.repeat(self, repeats, axis=dim)


@method()
def flip(self: Tensor, *axes: Any, dims: Axes = None) -> Tensor:
    """A copy with the order of the elements along axes reversed; the axes one by one, or as one sequence."""
    return manipulation.flip(self, axis=shape_of_arguments(axes) if dims is None else dims)


@method()
def fliplr(self: Tensor) -> Tensor:
    """A copy with the columns in reversed order."""
    return manipulation.fliplr(self)


@method()
def flipud(self: Tensor) -> Tensor:
    """A copy with the rows in reversed order."""
    return manipulation.flipud(self)


@method()
def roll(self: Tensor, shifts: int | Sequence[int], dims: Axes = None) -> Tensor:
    """A copy whose elements have moved along axes; what leaves at the end comes in at the start."""
    return manipulation.roll(self, shifts, axis=dims if dims != () else None)


@method()
def rot90(self: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy rotated ``k`` times by 90 degrees in the plane of two axes."""
    return manipulation.rot90(self, k, dims)


@method(inplace=True)
def tril(self: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of each matrix, zeros above."""
    return diagonals.tril(self, diagonal)


@method(inplace=True)
def triu(self: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of each matrix, zeros below."""
    return diagonals.triu(self, diagonal)


@method()
def diag(self: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix with this vector on a diagonal; of a matrix, a copy of a diagonal."""
    return diagonals.diag(self, diagonal)


@method()
def diag_embed(self: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last axis on a diagonal, zeros elsewhere."""
    return diagonals.diag_embed(self, offset, dim1, dim2)


@method()
def diagflat(self: Tensor, offset: int = 0) -> Tensor:
    """A matrix with the elements on a diagonal."""
    return diagonals.diagflat(self, offset)


# -- in place: the tensor itself takes another shape, over the same memory ---------------------------------


def adopt(x: Tensor, view: Tensor) -> Tensor:
    """Let ``x`` be ``view``, a view of it: the old ``x`` stays behind as the base that other views of it know."""
    x._array, x._view, x._buffer = view._array, view._view, view._buffer
    if type(x._node) is Leaf:
        x._node.shape = view._array.shape
    else:
        x._node = view._node
    return x


def _shape_in_place(name: str, function: Callable[..., Tensor]) -> None:
    def changed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_writable(self)
        with enable_grad():  # the graph must know the new shape in any mode
            return adopt(self, function(self, *args, **kwargs))

    changed.__name__ = changed.__qualname__ = name
    changed.__doc__ = f"In-place :meth:`{name[:-1]}`: this tensor itself takes the new shape, over the same memory."
    setattr(Tensor, name, changed)


for _name, _function in (
    ("squeeze_", squeeze), ("unsqueeze_", unsqueeze), ("transpose_", transpose), ("swapaxes_", transpose),
    ("swapdims_", transpose), ("t_", t),
):  # fmt: skip
    _shape_in_place(_name, _function)
