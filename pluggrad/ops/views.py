"""Views: functions whose result shares the memory of their input.

Each is one step by which :mod:`pluggrad.autograd.inplace` can find a view in its base. A view is never a copy;
where a shape cannot be had without one, :func:`view` says why and ``reshape`` copies.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ..autograd.broadcasting import sum_to_shape
from ..errors import BoundsError, DTypeError, ShapeError
from ..tensor import Tensor
from .axes import Axes, complete_shape, either, one_axis, shape_of_arguments, some_axes
from .complex_functions import conj
from .declare import composite

__all__ = [
    "adjoint", "broadcast_to", "expand_dims", "matrix_transpose", "moveaxis", "movedim", "narrow", "permute",
    "permute_dims", "select", "squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze", "view",
]  # fmt: skip


# -- the view functions proper: each one a step that an in-place write can follow ---------------------


@composite(name="view", view=True, result="same", vjp=lambda xp, g, x_shape: xp.reshape(g, shape=x_shape))
def _view(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    if 0 in shape:
        return xp.namespace.reshape(x, shape)  # no memory: every shape is a view
    try:
        # The standard: ValueError where copy=False cannot be.
        return xp.namespace.reshape(x, shape, copy=False)
    except AttributeError as error:  # array-api-strict up to 2.6, instead of a ValueError
        raise ValueError(str(error)) from None


@composite(name="permute_dims", alias="permute", view=True, result="same",
           vjp=lambda xp, g, axes: xp.permute_dims(g, axes=inverse(axes)))  # fmt: skip
def _permute_dims(xp: Any, x: Any, /, *, axes: tuple[int, ...]) -> Any:
    return xp.namespace.permute_dims(x, axes)


def inverse(axes: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes ``axes``."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


@composite(name="broadcast_to", alias="expand", view=True, result="same",
           vjp=lambda xp, g, x_shape: sum_to_shape(xp, g, x_shape))  # fmt: skip
def _broadcast_to(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    return xp.namespace.broadcast_to(x, shape)


@composite(name="put_slice", result="same", vjp=lambda xp, g, key: xp.copy(xp.getitem(g, key=key)))
def _put_slice(xp: Any, x: Any, /, *, shape: tuple[int, ...], key: tuple[Any, ...]) -> Any:
    """Zeros of ``shape``, with ``x`` where a basic key leads."""
    out = xp.new_zeros(x, shape=shape)
    xp.write(xp.getitem(out, key=key), ..., x)
    return out


@composite(name="getitem", alias="slice", view=True, result="same",
           vjp=lambda xp, g, x_shape, key: xp.put_slice(g, shape=x_shape, key=key))  # fmt: skip
def _getitem(xp: Any, x: Any, /, *, key: tuple[Any, ...]) -> Any:
    return x[key]


@composite(name="squeeze", view=True, result="same", vjp=lambda xp, g, x_shape: xp.reshape(g, shape=x_shape))
def _squeeze(xp: Any, x: Any, /, *, axis: tuple[int, ...]) -> Any:
    return x[tuple([0 if i in axis else slice(None) for i in range(x.ndim)])] if axis else x[...]


@composite(
    name="expand_dims",
    alias="unsqueeze",
    view=True,
    result="same",
    vjp=lambda xp, g, x_shape: xp.reshape(g, shape=x_shape),
)
def _expand_dims(xp: Any, x: Any, /, *, axis: tuple[int, ...]) -> Any:
    if len(axis) == 1:
        return x[(slice(None),) * axis[0] + (None, ...)]
    return x[tuple([None if i in axis else slice(None) for i in range(x.ndim + len(axis))])]


def axes_last(ndim: int, *axes: int) -> tuple[int, ...]:
    """The permutation that puts some axes last, in that order."""
    return (*(i for i in range(ndim) if i not in axes), *axes)


def view(x: Tensor, *shape: int | tuple[int, ...]) -> Tensor:
    """``x`` in another shape, sharing its memory; -1 stands for the size that is left.

    Raises
    ------
    ShapeError : another number of elements, or a memory layout that the shape would need a copy of

    >>> import pluggrad
    >>> x = pluggrad.zeros(2, 4)
    >>> pluggrad.view(x, 8).shape, pluggrad.view(x, -1, 2).shape
    (pluggrad.Size([8]), pluggrad.Size([4, 2]))
    """
    old = x._array.shape
    new = complete_shape("view", shape_of_arguments(shape), math.prod(old), old)
    try:
        return _view(x, shape=new)
    except ValueError:
        raise ShapeError(
            f"view size is not compatible with input tensor's size and stride (at least one dimension spans across "
            f"two contiguous subspaces): shape {list(old)} with strides {list(x.stride())} cannot be seen as "
            f"{list(new)} "
            f"without a copy. Use .reshape(...) instead."
        ) from None


def permute_dims(x: Tensor, /, axes: tuple[int, ...]) -> Tensor:
    """``x`` with its axes in another order, sharing its memory.

    Parameters
    ----------
    x : Tensor, n-D
    axes : the n axes of ``x``, in the order of the result; negative ones count from the end

    Raises
    ------
    ValueError : ``axes`` is not a permutation

    >>> import pluggrad
    >>> pluggrad.permute_dims(pluggrad.zeros(2, 3), (1, 0)).shape
    pluggrad.Size([3, 2])
    """
    ndim = x._array.ndim
    order = tuple([one_axis("permute_dims", a, ndim) for a in axes])
    if len(order) != ndim or len(set(order)) != ndim:
        raise ShapeError(
            f"permute_dims: {tuple(axes)} is not a permutation of the {ndim} axes of shape {tuple(x.shape)}"
        )
    return _permute_dims(x, axes=order)


def permute(x: Tensor, dims: Sequence[int]) -> Tensor:
    """PyTorch's name for :func:`permute_dims`.

    >>> import pluggrad
    >>> pluggrad.permute(pluggrad.zeros(2, 3), (1, 0)).shape
    pluggrad.Size([3, 2])
    """
    return permute_dims(x, tuple(dims))


def broadcast_to(x: Tensor, /, shape: tuple[int, ...]) -> Tensor:
    """``x`` repeated along new axes and axes of size 1, without copying: the memory is shared and must not be written.

    Raises
    ------
    ShapeError : shapes that do not fit

    >>> import pluggrad
    >>> pluggrad.broadcast_to(pluggrad.asarray([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    old, new = x._array.shape, shape_of_arguments((shape,))
    lead = len(new) - len(old)
    if lead < 0 or any(o not in (1, n) for o, n in zip(old, new[max(lead, 0) :], strict=False)):
        raise ShapeError(
            f"broadcast_to: shape {tuple(old)} does not broadcast to {tuple(new)}: sizes must match or be 1"
        )
    return _broadcast_to(x, shape=new)


# -- what users call ------------------------------------------------------------------------------------


def squeeze(x: Tensor, /, axis: Axes = None, *, dim: Axes = None) -> Tensor:
    """``x`` without axes of size 1, sharing its memory.

    Parameters
    ----------
    x : Tensor
    axis, dim : int or tuple of ints; None: all axes of size 1

    Raises
    ------
    ShapeError : an axis of another size, as the standard asks; the method ``x.squeeze(dim)`` leaves it, as PyTorch does

    >>> import pluggrad
    >>> pluggrad.squeeze(pluggrad.zeros(1, 3, 1), 0).shape
    pluggrad.Size([3, 1])
    """
    axis = either("squeeze", axis, dim)
    shape = x._array.shape
    if axis is None:
        axes = tuple(i for i, n in enumerate(shape) if n == 1)
    else:
        axes = some_axes("squeeze", axis, len(shape)) if shape else ()
        for a in axes:
            if shape[a] != 1:
                raise ShapeError(
                    f"squeeze: axis {a} of shape {tuple(shape)} has size {shape[a]}; only axes of size 1 can be "
                    "squeezed"
                )
    return _squeeze(x, axis=axes)


def expand_dims(x: Tensor, /, axis: int | tuple[int, ...]) -> Tensor:
    """``x`` with new axes of size 1, sharing its memory.

    Parameters
    ----------
    x : Tensor
    axis : where the new axes stand in the result; negative ones count from its end

    Raises
    ------
    AxisError : out of range
    ValueError : one place named twice

    >>> import pluggrad
    >>> pluggrad.expand_dims(pluggrad.zeros(3), 0).shape, pluggrad.expand_dims(pluggrad.zeros(3), (0, -1)).shape
    (pluggrad.Size([1, 3]), pluggrad.Size([1, 3, 1]))
    """
    new = (axis,) if not isinstance(axis, tuple | list) else tuple(axis)
    return _expand_dims(x, axis=some_axes("expand_dims", new, x._array.ndim + len(new)))


def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """``x`` with a new axis of size 1 at ``dim``: PyTorch's name for :func:`expand_dims`.

    >>> import pluggrad
    >>> pluggrad.unsqueeze(pluggrad.zeros(3), 1).shape
    pluggrad.Size([3, 1])
    """
    return _expand_dims(x, axis=(one_axis("unsqueeze", dim, x._array.ndim + 1),))


def transpose(
    x: Tensor, dim0: int | Sequence[int] | None = None, dim1: int | None = None, *, axes: Sequence[int] | None = None
) -> Tensor:
    """``x`` with two axes swapped (PyTorch), or with its axes in another order (NumPy), sharing its memory.

    Parameters
    ----------
    x : Tensor
    dim0, dim1 : the two axes; or, as ``dim0`` or ``axes``, the order of all axes; by default their reversal

    >>> import pluggrad
    >>> x = pluggrad.zeros(2, 3, 4)
    >>> pluggrad.transpose(x, 0, 1).shape, pluggrad.transpose(x, (2, 0, 1)).shape
    (pluggrad.Size([3, 2, 4]), pluggrad.Size([4, 2, 3]))
    """
    if dim1 is not None:
        return swapaxes(x, dim0, dim1)  # type: ignore[arg-type]
    order = axes if dim0 is None else dim0
    if isinstance(order, int):
        raise TypeError(f"transpose: give two axes to swap, or the order of all, got {order}")
    return permute_dims(x, tuple(order) if order is not None else tuple(range(x._array.ndim))[::-1])


def swapaxes(x: Tensor, axis0: int, axis1: int) -> Tensor:
    """``x`` with two axes swapped, sharing its memory.

    >>> import pluggrad
    >>> pluggrad.swapaxes(pluggrad.zeros(2, 3, 4), 0, -1).shape
    pluggrad.Size([4, 3, 2])
    """
    ndim = x._array.ndim
    a, b = one_axis("transpose", axis0, ndim), one_axis("transpose", axis1, ndim)
    order = list(range(ndim))
    if order:
        order[a], order[b] = b, a
    return _permute_dims(x, axes=tuple(order))


swapdims = swapaxes


def t(x: Tensor) -> Tensor:
    """A matrix transposed, sharing its memory; vectors and scalars as they are.

    Raises
    ------
    ShapeError : more than two axes

    >>> import pluggrad
    >>> pluggrad.t(pluggrad.zeros(2, 3)).shape
    pluggrad.Size([3, 2])
    """
    ndim = x._array.ndim
    if ndim > 2:
        raise ShapeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D; use x.mT for a batch of matrices"
        )
    return _permute_dims(x, axes=(1, 0) if ndim == 2 else tuple(range(ndim)))


def matrix_transpose(x: Tensor, /) -> Tensor:
    """A matrix, or each of a batch, transposed, sharing its memory.

    Parameters
    ----------
    x : Tensor, shape (..., m, n)

    Returns
    -------
    Tensor, shape (..., n, m)

    Raises
    ------
    ShapeError : fewer than two axes

    >>> import pluggrad
    >>> pluggrad.matrix_transpose(pluggrad.zeros(5, 2, 3)).shape
    pluggrad.Size([5, 3, 2])
    """
    ndim = x._array.ndim
    if ndim < 2:
        raise ShapeError(f"matrix_transpose: needs a matrix or a batch of matrices, got shape {tuple(x.shape)}")
    return _permute_dims(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def adjoint(x: Tensor) -> Tensor:
    """A matrix, or each of a batch, transposed and conjugated.

    >>> import pluggrad
    >>> pluggrad.adjoint(pluggrad.asarray([[1j, 2j]]))
    tensor([[0.-1.j],
            [0.-2.j]])
    """
    return conj(matrix_transpose(x))


def moveaxis(x: Tensor, source: int | Sequence[int], destination: int | Sequence[int], /) -> Tensor:
    """``x`` with some axes moved to other places, the others in their order, sharing its memory.

    Parameters
    ----------
    x : Tensor
    source, destination : int or tuple of ints: where the axes stand, and where they go

    Raises
    ------
    AxisError, ValueError : no such axes, an axis twice, or differing numbers of them

    >>> import pluggrad
    >>> pluggrad.moveaxis(pluggrad.zeros(2, 3, 4), 0, -1).shape
    pluggrad.Size([3, 4, 2])
    """
    ndim = x._array.ndim
    sources = some_axes("moveaxis", source, ndim)  # type: ignore[arg-type]
    destinations = some_axes("moveaxis", destination, ndim)  # type: ignore[arg-type]
    if len(sources) != len(destinations):
        raise ShapeError(
            f"moveaxis: {len(sources)} source axes {source} but {len(destinations)} destination axes {destination}"
        )
    if not ndim:
        return _permute_dims(x, axes=())
    order = [i for i in range(ndim) if i not in sources]
    for to, origin in sorted(zip(destinations, sources, strict=True)):
        order.insert(to, origin)
    return _permute_dims(x, axes=tuple(order))


movedim = moveaxis


def select(x: Tensor, dim: int, index: int) -> Tensor:
    """The part of ``x`` at one index of an axis, sharing its memory.

    Raises
    ------
    IndexError : no such axis or index

    >>> import pluggrad
    >>> pluggrad.select(pluggrad.asarray([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    axis = _axis_of("select", x, dim)
    return x[(slice(None),) * axis + (index,)]


def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """``length`` neighbours of ``x`` along an axis, from ``start``, sharing its memory.

    Raises
    ------
    IndexError : no such axis or start
    DTypeError : a tensor for ``start`` that is no integer
    ShapeError : the part does not lie within the axis

    >>> import pluggrad
    >>> pluggrad.narrow(pluggrad.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    axis = _axis_of("narrow", x, dim)
    if isinstance(start, Tensor) and (start.ndim or not start.dtype.kind.endswith("integer")):
        raise DTypeError(f"narrow: start must be an integer or a 0-dim tensor of one, got {start!r}")
    n, start, length = x._array.shape[axis], int(start), int(length)
    if not -n <= start <= n:
        raise IndexError(f"narrow: start {start} is out of range [{-n}, {n}] of axis {axis}")
    start = start + n if start < 0 else start
    if length < 0 or start + length > n:
        raise ShapeError(f"narrow: start ({start}) + length ({length}) exceeds dimension size ({n}) of axis {axis}")
    return _getitem(x, key=(*(slice(None),) * axis, slice(start, start + length), ...))


def _axis_of(name: str, x: Tensor, dim: int) -> int:
    """An axis of a tensor that must have one."""
    if not x._array.ndim:
        raise BoundsError(f"{name}() cannot be applied to a 0-dim tensor.")
    return one_axis(name, dim, x._array.ndim)


def _get_T(self: Tensor) -> Tensor:
    """The matrix transposed, sharing its memory; PyTorch reverses the axes of other tensors, with a warning."""
    ndim = self._array.ndim
    if ndim != 2:
        warnings.warn(
            f"the use of `x.T` on a tensor of {ndim} dimensions to reverse their shape is deprecated; it will throw "
            "an error in "
            f"a future release of PyTorch. Consider `x.mT` to transpose batches of matrices or "
            f"`x.permute(*range(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
            stacklevel=2,
        )
    return _permute_dims(self, axes=tuple(range(ndim))[::-1])


def _get_H(self: Tensor) -> Tensor:
    """The matrix transposed and conjugated.

    Raises
    ------
    ShapeError : not a matrix (or a scalar)
    """
    if self._array.ndim not in (0, 2):
        raise ShapeError(
            f"tensor.H is only supported on matrices (2-D tensors), got {self._array.ndim}-D; use x.mH for batches"
        )
    return adjoint(self) if self._array.ndim else self


Tensor.T = property(_get_T)  # type: ignore[attr-defined]
Tensor.H = property(_get_H)  # type: ignore[attr-defined]
Tensor.mT = property(matrix_transpose)  # type: ignore[attr-defined]
Tensor.mH = property(adjoint)  # type: ignore[attr-defined]
