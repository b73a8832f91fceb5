"""Manipulation: shapes, joining and splitting."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .axes import complete_shape, one_axis, shape_of_arguments
from .declare import composite
from .views import _view, broadcast_to, permute_dims

__all__ = ["broadcast_to", "permute_dims", "reshape", "stack"]


@composite(name="reshape", result="same", vjp=lambda xp, g, x_shape: xp.reshape(g, shape=x_shape))
def _reshape(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    return xp.namespace.reshape(x, shape)


def reshape(x: Tensor, /, shape: int | tuple[int, ...], *, copy: bool | None = None) -> Tensor:
    """``x`` in another shape: a view where the memory allows one, else a copy; -1 stands for the size that is left.

    Parameters
    ----------
    x : Tensor
    shape : the new shape
    copy : True: always; False: never, ValueError if needed; None: if needed

    Raises
    ------
    ShapeError : another number of elements; a copy that ``copy=False`` forbids

    >>> import pluggrad
    >>> pluggrad.reshape(pluggrad.arange(4), (2, -1))
    tensor([[0, 1],
            [2, 3]])
    """
    new = complete_shape("reshape", shape_of_arguments((shape,)), int(x.size), x._array.shape)
    if copy:
        return _view(x.clone(), shape=new)
    try:
        return _view(x, shape=new)
    except ValueError:
        if copy is False:
            raise
        return _view(_reshape(x, shape=x._array.shape).clone(), shape=new)


def _stack_arrays(xp: Any, g: Any, axis: int, needs: tuple[bool, ...]) -> tuple[Any, ...]:
    before = (slice(None),) * axis
    return tuple(g[(*before, i, ...)] if need else None for i, need in enumerate(needs))


@composite(name="stack", result="same", vjp=_stack_arrays)
def _stack(xp: Any, *arrays: Any, axis: int) -> Any:
    return xp.namespace.stack(arrays, axis=axis)


def stack(arrays: tuple[Tensor, ...] | list[Tensor], /, *, axis: int = 0, dim: int | None = None) -> Tensor:
    """Tensors of one shape, joined along a new axis.

    >>> import pluggrad
    >>> pluggrad.stack([pluggrad.zeros(2), pluggrad.ones(2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    axis = axis if dim is None else dim
    return _stack(*arrays, axis=one_axis("stack", axis, arrays[0].ndim + 1))
