"""Approximations of matrices by some of their singular vectors, found by random projections.

After Halko, Martinsson and Tropp, "Finding structure with randomness" (2011), algorithms 4.4 and 5.1.
"""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..tensor import Tensor
from .decompositions import qr, svd
from .linear_systems import check_matrix
from .matrix import matmul
from .reductions import mean

__all__ = ["pca_lowrank", "svd_lowrank"]


def _range_of(x: Tensor, q: int, niter: int) -> Tensor:
    """An orthonormal basis of, nearly, what ``x`` makes of vectors; from random ones, by some powers of ``x xᴴ``."""
    start = x.new_empty((*x.shape[:-2], x.shape[-1], q)).normal_()
    basis = qr(matmul(x, start)).Q
    for _ in range(niter):
        basis = qr(matmul(x, qr(matmul(x.mH, basis)).Q)).Q
    return basis


def svd_lowrank(x: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> tuple[Tensor, ...]:
    """The singular value decomposition of a matrix of low rank, approximately: ``x - M ~ U @ diag(S) @ V.mH``.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating
    q : a little more than the rank
    niter : how often to improve the approximation
    M : what to subtract first, such as the mean of the rows

    Returns
    -------
    U : Tensor, shape (..., m, q); S : shape (..., q); V : shape (..., n, q)

    Raises
    ------
    ArgumentError : ``q`` is larger than the matrix

    >>> import pluggrad
    >>> x = pluggrad.outer(pluggrad.asarray([3.0, 4.0]), pluggrad.asarray([0.0, 1.0]))
    >>> pluggrad.svd_lowrank(x, q=1)[1].round(decimals=3)
    tensor([5.])
    """
    check_matrix("svd_lowrank", x)
    x = x if M is None else x - M
    m, n = x.shape[-2:]
    count, times = min(6, m, n) if q is None else q, 2 if niter is None else niter
    if not 0 <= count <= min(m, n):
        raise ArgumentError(f"svd_lowrank: q(={count}) must be between 0 and min(m, n)={min(m, n)}")
    if m < n:
        v, s, u = svd_lowrank(x.mH, count, times)
        return u, s, v
    basis = _range_of(x, count, times)
    found: Any = svd(matmul(basis.mH, x), full_matrices=False)
    return matmul(basis, found.U), found.S, found.Vh.mH


def pca_lowrank(x: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, ...]:
    """The principal components of observations in rows, approximately.

    Parameters
    ----------
    x : Tensor, shape (..., observations, variables), floating
    q : how many, a few more than wanted; default 6
    center : subtract the mean of each variable first
    niter : how often to improve the approximation

    Returns
    -------
    U, S, V : as :func:`svd_lowrank`; the columns of V are the principal directions

    >>> import pluggrad
    >>> x = pluggrad.asarray([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
    >>> pluggrad.pca_lowrank(x, q=1)[2].abs()
    tensor([[1.],
            [0.]])
    """
    check_matrix("pca_lowrank", x)
    count = min(6, *x.shape[-2:]) if q is None else q
    return svd_lowrank(x, count, niter, mean(x, axis=-2, keepdims=True) if center else None)
