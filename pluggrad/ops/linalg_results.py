"""Named tuples that functions of linear algebra return, with the standard's field names, which are PyTorch's, too."""

from __future__ import annotations

from typing import NamedTuple

from ..tensor import Tensor

__all__: list[str] = []


class linalg_eig(NamedTuple):
    """Eigenvalues, shape (..., n), and eigenvectors as columns, shape (..., n, n); complex."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class linalg_eigh(NamedTuple):
    """Eigenvalues, real, ascending, shape (..., n), and eigenvectors as columns, shape (..., n, n)."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class linalg_svd(NamedTuple):
    """Singular vectors as columns of ``U`` and rows of ``Vh``; singular values ``S``, real, descending."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class linalg_qr(NamedTuple):
    """A matrix with orthonormal columns and an upper triangular one."""

    Q: Tensor
    R: Tensor


class linalg_slogdet(NamedTuple):
    """The sign of a determinant and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


class linalg_lstsq(NamedTuple):
    """A least-squares solution, its squared residuals, the rank and the singular values of the matrix."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor
