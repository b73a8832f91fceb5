"""Views: functions whose result shares the memory of their input.

Each is one step by which :mod:`pluggrad.autograd.inplace` can find a view in its base. A view is never a copy;
where a shape cannot be had without one, :func:`view` says why and ``reshape`` copies.
"""

from __future__ import annotations

import math
from typing import Any

from ..autograd.broadcasting import sum_to_shape
from ..errors import ShapeError
from ..tensor import Tensor
from .axes import complete_shape, one_axis, shape_of_arguments
from .declare import composite

__all__ = ["broadcast_to", "permute_dims", "view"]


@composite(name="view", view=True, result="same", vjp=lambda xp, g, x_shape: xp.reshape(g, shape=x_shape))
def _view(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    # The standard: ValueError where copy=False cannot be.
    return xp.namespace.reshape(x, shape, copy=False)


@composite(name="permute_dims", alias="permute", view=True, result="same",
           vjp=lambda xp, g, axes: xp.permute_dims(g, axes=tuple(sorted(range(len(axes)), key=axes.__getitem__))))  # fmt: skip
def _permute_dims(xp: Any, x: Any, /, *, axes: tuple[int, ...]) -> Any:
    return xp.namespace.permute_dims(x, axes)


@composite(name="broadcast_to", alias="expand", view=True, result="same",
           vjp=lambda xp, g, x_shape: sum_to_shape(xp, g, x_shape))  # fmt: skip
def _broadcast_to(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    return xp.namespace.broadcast_to(x, shape)


def _getitem_x(xp: Any, g: Any, x_shape: tuple[int, ...], key: tuple[Any, ...]) -> Any:
    z = xp.new_zeros(g, shape=x_shape)
    xp.write(xp.getitem(z, key=key), ..., g)
    return z


@composite(name="getitem", alias="slice", view=True, result="same", vjp=_getitem_x)
def _getitem(xp: Any, x: Any, /, *, key: tuple[Any, ...]) -> Any:
    return x[key]


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
            f"two contiguous subspaces): shape {list(old)} with strides {list(x.stride())} cannot be seen as {list(new)} "
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
        raise ShapeError(f"permute_dims: {tuple(axes)} is not a permutation of the {ndim} axes of shape {tuple(x.shape)}")
    return _permute_dims(x, axes=order)


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
        raise ShapeError(f"broadcast_to: shape {tuple(old)} does not broadcast to {tuple(new)}: sizes must match or be 1")
    return _broadcast_to(x, shape=new)
