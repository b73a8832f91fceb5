"""Softmax and its logarithm."""

from __future__ import annotations

import warnings
from typing import Any

from ...autograd.operands import require_tensors
from ...dtypes import REAL_FLOATING, DType
from ...tensor import Tensor
from ..axes import either, one_axis
from ..declare import composite
from ..dtype_functions import _astype

__all__ = ["log_softmax", "softmax", "softmin"]


def _softmax_input_y(xp: Any, g: Any, g0: Any, y: Any, axis: int) -> Any:
    along = xp.sum(g0 * y, axis=(axis,), keepdims=True)
    return g * (g0 - along) - g0 * xp.sum(g * y, axis=(axis,), keepdims=True)


@composite(
    name="softmax_input", result="same", kinds=REAL_FLOATING,
    vjp=[lambda xp, g, y, axis: xp.softmax_input(g, y, axis=axis), _softmax_input_y],
)  # fmt: skip
def _softmax_input(xp: Any, g0: Any, y: Any, /, *, axis: int) -> Any:
    """The gradient of softmax with respect to its input, of the one ``g0`` for its output ``y``."""
    # The product is freed before the next array is made.
    return (g0 - xp.namespace.sum(g0 * y, axis=axis, keepdims=True)) * y


def _softmax_x(xp: Any, g: Any, out: Any, axis: int) -> Any:
    return xp.softmax_input(g, out, axis=axis)


@composite(name="softmax", result="same", kinds=REAL_FLOATING, vjp=_softmax_x)
def _softmax(xp: Any, x: Any, /, *, axis: int) -> Any:
    # Less the largest, so that nothing overflows; an all -inf slice has no softmax and gives NaN, as in PyTorch.
    e = xp.exp(x - xp.namespace.max(x, axis=axis, keepdims=True))
    return e / xp.namespace.sum(e, axis=axis, keepdims=True)


def _log_softmax_x(xp: Any, g: Any, out: Any, axis: int) -> Any:
    return g - xp.exp(out) * xp.sum(g, axis=(axis,), keepdims=True)


@composite(name="log_softmax", result="same", kinds=REAL_FLOATING, vjp=_log_softmax_x)
def _log_softmax(xp: Any, x: Any, /, *, axis: int) -> Any:
    shifted = x - xp.namespace.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.namespace.sum(xp.exp(shifted), axis=axis, keepdims=True))


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    """The axis of the classes, where none is given: 0 for inputs of 0, 1 and 3 axes, else 1, as in PyTorch."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def _prepare(
    name: str, x: Tensor, dim: int | None, axis: int | None, dtype: DType | None, stacklevel: int
) -> tuple[Tensor, int]:
    require_tensors(name, input=x)
    given = either(name, axis, dim)
    if given is None:
        given = _implicit_dim(name, x._array.ndim, stacklevel + 1)
    if dtype is not None and x.dtype is not dtype:
        x = _astype(x, dtype=dtype)
    return x, one_axis(name, given, x._array.ndim)


def softmax(
    input: Tensor, dim: int | None = None, dtype: DType | None = None, *, axis: int | None = None, _stacklevel: int = 3
) -> Tensor:
    """exp(x) over its sum along an axis.

    Parameters
    ----------
    input : Tensor, real floating
    dim, axis : the axis along which the result sums to 1; without, that of the classes, with a warning
    dtype : cast to it first

    Returns
    -------
    Tensor, same shape

    >>> import pluggrad
    >>> pluggrad.softmax(pluggrad.tensor([1.0, 1.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    x, axis = _prepare("softmax", input, dim, axis, dtype, _stacklevel)
    return _with_axis(_softmax, x, axis)


def log_softmax(
    input: Tensor, dim: int | None = None, dtype: DType | None = None, *, axis: int | None = None, _stacklevel: int = 3
) -> Tensor:
    """The logarithm of :func:`softmax`, without the rounding of computing one after the other.

    >>> import pluggrad
    >>> pluggrad.log_softmax(pluggrad.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    x, axis = _prepare("log_softmax", input, dim, axis, dtype, _stacklevel)
    return _with_axis(_log_softmax, x, axis)


def softmin(
    input: Tensor, dim: int | None = None, dtype: DType | None = None, *, axis: int | None = None, _stacklevel: int = 3
) -> Tensor:
    """:func:`softmax` of the negative.

    >>> import pluggrad
    >>> pluggrad.nn.functional.softmin(pluggrad.tensor([1.0, 1.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return softmax(-input, dim, dtype, axis=axis, _stacklevel=_stacklevel + 1)


def _with_axis(function: Any, x: Tensor, axis: int) -> Tensor:
    """A 0-D tensor has its one element along axis 0, as PyTorch sees it."""
    shape = x._array.shape
    if shape and shape[axis]:
        return function(x, axis=axis)
    if shape:
        return x * 1.0  # empty: there is no largest element to begin with
    return function(x.view(1), axis=0).view(())
