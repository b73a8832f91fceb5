"""Norms of matrices, the norm of either kind, and the condition number."""

from __future__ import annotations

import math

from ..dtypes import DType
from ..errors import ArgumentError, LinAlgError, ShapeError
from ..tensor import Tensor
from .axes import Axes, either, some_axes
from .decompositions import svdvals
from .linear_systems import check_matrix, det, inv
from .reductions import amax, amin, sum
from .searching import where
from .vector_norms import _vector_norm, cast, vector_norm
from .views import moveaxis

__all__ = ["cond", "matrix_norm", "norm"]


def matrix_norm(
    x: Tensor, /, ord: float | str = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False, *,
    keepdims: bool = False, axis: tuple[int, int] | None = None, dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The norm of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating
    ord : "fro" (or None): root of the sum of squares; "nuc": sum of the singular values; 2, -2: the largest, smallest
        singular value; 1, -1: the largest, smallest sum of absolute values of a column; inf, -inf: of a row
    dim, axis : the axes that hold the matrices
    keepdims, keepdim : keep them with size 1
    dtype : to cast ``x`` to first

    Returns
    -------
    Tensor, real

    >>> import pluggrad
    >>> x = pluggrad.asarray([[3.0, 0.0], [0.0, -4.0]])
    >>> pluggrad.linalg.matrix_norm(x), pluggrad.linalg.matrix_norm(x, ord="nuc")
    (tensor(5.), tensor(7.))
    """
    x = cast(x, dtype)
    check_matrix("matrix_norm", x)
    keepdims = keepdims or keepdim
    axes = some_axes("matrix_norm", dim if axis is None else axis, x._array.ndim)
    if len(axes) != 2:
        raise ShapeError(f"linalg.matrix_norm: dim must name two axes, got {dim if axis is None else axis}")
    ord = "fro" if ord is None else ord
    if ord == "fro":
        return _vector_norm(x, ord=2, axis=axes, keepdims=keepdims)
    if ord not in ("nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise ArgumentError(f"linalg.matrix_norm: ord must be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got {ord!r}")
    if ord != "nuc" and not (x._array.shape[axes[0]] and x._array.shape[axes[1]]):
        raise ShapeError(
            f"linalg.matrix_norm: ord {ord!r} has no value for an empty matrix, got shape {tuple(x.shape)}"
        )
    x = moveaxis(x, axes, (-2, -1))
    if ord in ("nuc", 2, -2):
        s = svdvals(x)
        out = sum(s, axis=-1) if ord == "nuc" else amax(s, axis=-1) if ord == 2 else amin(s, axis=-1)
    else:
        sums = sum(x.abs(), axis=-2 if abs(ord) == 1 else -1)  # type: ignore[arg-type]
        out = amax(sums, axis=-1) if ord > 0 else amin(sums, axis=-1)  # type: ignore[operator]
    if keepdims:
        for a in sorted(axes):
            out = out.unsqueeze(a)
    return out


def norm(
    x: Tensor, ord: float | str | None = None, dim: Axes = None, keepdim: bool = False, *, axis: Axes = None,
    keepdims: bool = False, dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The norm of a vector or a matrix, by the number of axes.

    Parameters
    ----------
    x : Tensor, floating
    ord : as for :func:`vector_norm` or :func:`matrix_norm`; None: root of the sum of squares of all elements
    dim, axis : one axis: vectors; two axes and an ``ord``: matrices; None: all, then with an ``ord`` of one or two axes
    keepdim, keepdims : keep the axes with size 1
    dtype : to cast ``x`` to first

    >>> import pluggrad
    >>> x = pluggrad.asarray([[3.0, 4.0]])
    >>> pluggrad.linalg.norm(x), pluggrad.linalg.norm(x, ord=1)
    (tensor(5.), tensor(4.))
    """
    dim = either("norm", axis, dim)
    keepdim = keepdim or keepdims
    if ord is None:
        return vector_norm(x, 2, dim, keepdim, dtype=dtype)
    if dim is None:
        ndim = x._array.ndim
        if ndim not in (1, 2):
            raise ShapeError(
                f"linalg.norm: if dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D."
            )
        dim = tuple(range(ndim))
    axes = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(axes) == 2:
        return matrix_norm(x, ord, axes, keepdim, dtype=dtype)
    return vector_norm(x, ord, axes, keepdim, dtype=dtype)


def cond(x: Tensor, p: float | str | None = None) -> Tensor:
    """The condition number of each matrix: the norm of it times the norm of its inverse.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating; square but for ``p`` None, 2 or -2
    p : a norm of :func:`matrix_norm`; None: 2, the ratio of the largest and the smallest singular value

    Returns
    -------
    Tensor, real; inf for a singular matrix

    >>> import pluggrad
    >>> pluggrad.linalg.cond(pluggrad.asarray([[4.0, 0.0], [0.0, 2.0]]))
    tensor(2.)
    """
    check_matrix("cond", x, square=p not in (None, 2, -2))
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    size = matrix_norm(x, p)
    try:
        return size * matrix_norm(inv(x), p)
    except LinAlgError:
        singular = det(x.detach()) == 0
        eye = x.new_zeros(x.shape)
        eye.diagonal(0, -2, -1).fill_(1)
        regular = where(singular[..., None, None], eye, x)
        return where(singular, math.inf, size * matrix_norm(inv(regular), p))
