"""Norms of the elements over axes, taken as vectors."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import FLOATING, DType
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .axes import Axes, either, some_axes
from .declare import composite
from .dtype_functions import _astype
from .reductions import kept_shape, share_evenly  # fmt: skip

__all__: list[str] = []  # vector_norm is in linalg


def _vector_norm_x(
    xp: Any,
    g: Any,
    x: Any,
    out: Any,
    x_shape: tuple[int, ...],
    x_dtype: DType,
    ord: float,
    axis: tuple[int, ...],
    keepdims: bool,
) -> Any:
    """At a norm of 0 the gradient is 0; largest (smallest) elements share that of an infinite norm. As in PyTorch."""
    if not keepdims:
        kept = kept_shape(x_shape, axis)
        g, out = xp.reshape(g, shape=kept), xp.reshape(out, shape=kept)
    if ord == 0:
        return xp.broadcast_to(xp.astype(g * 0, dtype=x_dtype), shape=x_shape)
    if ord == 1:
        return g * xp.sign(x)
    zero = xp.equal(out, 0)
    if ord == 2:
        return x * xp.where(zero, 0, g / xp.where(zero, 1, out))
    size = xp.abs(x)
    if abs(ord) == math.inf:
        chosen = xp.logical_or(xp.equal(size, out), xp.not_equal(x, x))
        return xp.sign(x) * share_evenly(xp, g, chosen, x_dtype.to_real(), axis)
    # d|x|_p / dx = sign(x) (|x| / |x|_p)**(p - 1); the ratio is at most 1, so that nothing overflows.
    none = xp.equal(x, 0)
    ratio = xp.where(none, 1, size) / xp.where(zero, 1, out)
    return xp.sign(x) * xp.where(xp.logical_or(none, zero), 0, xp.pow_scalar(ratio, exponent=ord - 1) * g)


@composite(name="vector_norm", result="real", kinds=FLOATING, vjp=_vector_norm_x)
def _vector_norm(xp: Any, x: Any, /, *, ord: float, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    ns = xp.namespace
    if ord == 0:
        return ns.sum(ns.astype(x != 0, ns.abs(x).dtype), axis=axis, keepdims=keepdims)
    if ord == 2:
        squares = ns.real(x) ** 2 + ns.imag(x) ** 2 if xp.isdtype(x.dtype, "complex floating") else x * x
        return ns.sqrt(ns.sum(squares, axis=axis, keepdims=keepdims))
    size = ns.abs(x)
    if ord == 1:
        return ns.sum(size, axis=axis, keepdims=keepdims)
    if abs(ord) == math.inf:
        return (ns.max if ord > 0 else ns.min)(size, axis=axis, keepdims=keepdims)
    return ns.sum(size**ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def cast(x: Tensor, dtype: DType | None) -> Tensor:
    """``x`` in ``dtype``, if one was given."""
    return x if dtype is None or x.dtype is dtype else _astype(x, dtype=dtype)


def vector_norm(
    x: Tensor, /, ord: float | str = 2, axis: Axes = None, keepdims: bool = False, *, dim: Axes = None,
    keepdim: bool = False, dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The norm of the elements along axes, taken as vectors: ``sum(|x|**ord) ** (1 / ord)``.

    Parameters
    ----------
    x : Tensor, floating (integers are taken as the default float type)
    ord : number; inf: the largest absolute value; -inf: the smallest; 0: how many elements are not zero
    axis, dim : int, tuple of ints, or None for all
    keepdims, keepdim : keep the axes with size 1
    dtype : to cast ``x`` to first

    Returns
    -------
    Tensor, real

    >>> import pluggrad
    >>> pluggrad.linalg.vector_norm(pluggrad.asarray([3.0, 4.0]))
    tensor(5.)
    """
    x = cast(x, dtype)
    if not isinstance(ord, int | float):
        raise ArgumentError(
            f"linalg.vector_norm: ord must be a number, got {ord!r}; for norms of matrices see linalg.matrix_norm"
        )
    axes = some_axes("vector_norm", either("vector_norm", axis, dim), x._array.ndim) if x._array.ndim else ()
    if abs(ord) == math.inf and any(not x._array.shape[a] for a in axes):
        raise ShapeError(
            f"linalg.vector_norm: ord {ord} has no value for no elements: shape {tuple(x.shape)}, axes {axes}"
        )
    return _vector_norm(x, ord=ord, axis=axes, keepdims=keepdims or keepdim)
