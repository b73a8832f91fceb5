"""Elements filled, selected and replaced by a mask; slices filled by index."""

from __future__ import annotations

from typing import Any

from ..autograd.broadcasting import sum_to_shape
from ..autograd.operands import constant
from ..dtypes import bool_
from ..errors import DTypeError, ShapeError
from ..tensor import Tensor
from .advanced_indexing import Indices, _index, _index_put
from .axes import one_axis
from .declare import composite
from .gathering import _vector
from .indexing import as_value, held
from .manipulation import broadcast_arrays, ravel, reshape
from .views import broadcast_to

__all__ = ["index_fill", "masked_fill", "masked_scatter", "masked_select"]


@composite(name="masked_fill", promoted=("x", "value"), broadcasts=True, result="same", vjp=[
    lambda xp, g, mask: xp.where(mask, xp.zeros_like(g), g), None,
    lambda xp, g, mask, value_shape: sum_to_shape(xp, xp.where(mask, g, xp.zeros_like(g)), value_shape),
])  # fmt: skip
def _masked_fill(xp: Any, x: Any, mask: Any, value: Any, /) -> Any:
    return xp.namespace.where(mask, value, x)


def _mask_for(name: str, x: Tensor, mask: Any) -> Tensor:
    """A mask that broadcasts to the shape of ``x``."""
    if not isinstance(mask, Tensor) or mask._type.dtype.kind != "bool":
        raise DTypeError(f"{name}: expected a mask of bool dtype, got {getattr(mask, 'dtype', type(mask).__name__)}")
    return mask


def masked_fill(x: Tensor, mask: Tensor, value: Any) -> Tensor:
    """``x`` with ``value`` where ``mask`` is true.

    Parameters
    ----------
    x : Tensor
    mask : bool Tensor; its shape and that of ``x`` broadcast
    value : number or 0-d Tensor

    >>> import pluggrad
    >>> pluggrad.masked_fill(pluggrad.zeros(2), pluggrad.asarray([True, False]), 5)
    tensor([5., 0.])
    """
    mask = _mask_for("masked_fill", x, mask)
    value = as_value(value, x._type)
    if value._array.ndim:
        raise ShapeError(
            f"masked_fill only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} "
            "dimension(s)"
        )
    return _masked_fill(x, mask, value)


def masked_select(x: Tensor, mask: Tensor) -> Tensor:
    """The elements of ``x`` where ``mask`` is true, in row-major order; their shapes broadcast.

    >>> import pluggrad
    >>> pluggrad.masked_select(pluggrad.asarray([[1, 2], [3, 4]]), pluggrad.asarray([True, False]))
    tensor([1, 3])
    """
    x, mask = broadcast_arrays(x, _mask_for("masked_select", x, mask))
    if not x._array.ndim:
        x, mask = reshape(x, (1,)), reshape(mask, (1,))
    return _index(x, indices=Indices((held(mask),)))


def masked_scatter(x: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """``x`` with the elements of ``source``, in row-major order, where ``mask`` is true.

    Raises
    ------
    ShapeError : ``source`` has fewer elements than ``mask`` is true

    >>> import pluggrad
    >>> mask = pluggrad.asarray([True, False, True])
    >>> pluggrad.masked_scatter(pluggrad.zeros(3), mask, pluggrad.asarray([1.0, 2.0, 3.0]))
    tensor([1., 0., 2.])
    """
    x, mask = broadcast_arrays(x, _mask_for("masked_scatter", x, mask))
    shape = tuple(x._array.shape)
    kernels = mask._type.kernels
    count = int(kernels.namespace.count_nonzero(mask._array))
    values = ravel(as_value(source, x._type))
    if values._array.shape[0] < count:
        raise ShapeError(
            f"masked_scatter: source has {values._array.shape[0]} elements, the mask is true at {count} places"
        )
    if not shape:
        x, mask = reshape(x, (1,)), reshape(mask, (1,))
    out = _index_put(x, values[:count], indices=Indices((held(mask),)), accumulate=False)
    return out if shape else reshape(out, ())


def index_fill(x: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """``x`` with the slices at ``index`` along an axis filled with a value.

    >>> import pluggrad
    >>> pluggrad.index_fill(pluggrad.zeros(3), 0, pluggrad.asarray([0, 2]), 7)
    tensor([7., 0., 7.])
    """
    index = _vector("index_fill", index, x)
    axis = one_axis("index_fill", dim, x._array.ndim)
    value = as_value(value, x._type)
    if value._array.ndim:
        raise ShapeError(f"index_fill(): value must be a number or a 0-d tensor, got shape {list(value.shape)}")
    if not x._array.ndim:
        return reshape(index_fill(reshape(x, (1,)), 0, index, value), ())
    mask = named_mask(index, x._array.shape[axis])
    mask = reshape(mask, (-1,) + (1,) * (x._array.ndim - axis - 1))
    return _masked_fill(x, mask, value)


def named_mask(index: Tensor, n: int) -> Tensor:
    """Which of ``n`` places an index names: once or several times is the same."""
    false = constant(index._type.with_dtype(bool_), False)
    true = constant(index._type.with_dtype(bool_), True)
    return _index_put(broadcast_to(false, (n,)), true, indices=Indices((held(index),)), accumulate=False)
