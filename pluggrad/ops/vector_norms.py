"""Norms of the elements over axes, taken as vectors."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.operands import wrap
from ..dtypes import FLOATING, DType
from ..errors import ArgumentError
from ..tensor import Tensor
from .axes import Axes
from .declare import composite
from .dtype_functions import _astype
from .reductions import kept_shape, reduced_axes, share_evenly  # fmt: skip

__all__ = ["norm"]


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


def norm(
    x: Tensor, p: float | str | None = "fro", dim: Axes = None, keepdim: bool = False, dtype: DType | None = None, *,
    axis: Axes = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """The p-norm of the elements over axes: ``sum(|x|**p)**(1/p)``, as in PyTorch.

    Parameters
    ----------
    x : Tensor; integers are taken as the default float type
    p : number, inf (largest absolute value), -inf (smallest), 0 (how many are not 0), "fro" (2); or of two axes "nuc"
        (the sum of the singular values)
    dim, axis : int, tuple of ints, or None for all
    keepdim, keepdims : keep the reduced axes with size 1
    dtype : to cast ``x`` to first

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes, real

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ArgumentError : a ``p`` that is not known here; norms of matrices are in ``pluggrad.linalg``

    >>> import pluggrad
    >>> pluggrad.norm(pluggrad.asarray([3.0, 4.0]))
    tensor(5.)
    """
    x = wrap(x) if dtype is None else _astype(wrap(x), dtype=dtype)
    if p is None or p == "fro":
        p = 2
    axes = reduced_axes("norm", x, axis, dim)
    if p == "nuc" and len(axes) == 2:
        from .norms import matrix_norm

        return matrix_norm(x, "nuc", axes, keepdims or keepdim)
    if isinstance(p, str):
        raise ArgumentError(f"norm: p must be a number, 'fro', or for matrices 'nuc', got {p!r} for {len(axes)} axes")
    return _vector_norm(x, ord=p, axis=axes, keepdims=keepdims or keepdim)
