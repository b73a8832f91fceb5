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


class linalg_lu(NamedTuple):
    """A permutation, a lower triangular matrix with ones on its diagonal, and an upper triangular one."""

    P: Tensor
    L: Tensor
    U: Tensor


class linalg_lu_factor(NamedTuple):
    """L and U in one matrix, and the exchanges of rows."""

    LU: Tensor
    pivots: Tensor


class linalg_lu_factor_ex(NamedTuple):
    """L and U in one matrix, the exchanges of rows, and where U first has a zero on its diagonal."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


class linalg_cholesky_ex(NamedTuple):
    """A Cholesky factor, and the order of the first leading minor that is not positive."""

    L: Tensor
    info: Tensor


class linalg_inv_ex(NamedTuple):
    """An inverse, and whether there is none."""

    inverse: Tensor
    info: Tensor


class linalg_solve_ex(NamedTuple):
    """A solution, and whether the matrix is singular."""

    result: Tensor
    info: Tensor


class linalg_ldl_factor(NamedTuple):
    """L and D in one matrix, and the exchanges of rows and columns."""

    LD: Tensor
    pivots: Tensor


class linalg_ldl_factor_ex(NamedTuple):
    """L and D in one matrix, the exchanges of rows and columns, and where D has a zero."""

    LD: Tensor
    pivots: Tensor
    info: Tensor
