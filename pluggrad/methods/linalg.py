"""Linear algebra as methods, with PyTorch's names and signatures; see :mod:`pluggrad.linalg`."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..ops import added_products, decompositions, diagonals, householder, linear_systems, matrix, return_types
from ..ops import lu as lu_decomposition
from ..tensor import Tensor
from .attach import method

for _product in (
    matrix.matmul, matrix.mm, matrix.bmm, matrix.mv, matrix.dot, matrix.vdot, matrix.outer, matrix.inner,
    matrix.cross, matrix.kron,
):  # fmt: skip
    method()(_product)
for _name in added_products.__all__:
    method(inplace=True)(getattr(added_products, _name))
Tensor.ger = matrix.outer  # type: ignore[attr-defined]


@method()
def trace(self: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix; of integers, in int64.

    Raises
    ------
    ShapeError : no matrix
    """
    if self._array.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {self._array.ndim}")
    return diagonals.diagonal(self).sum()


@method()
def det(self: Tensor) -> Tensor:
    """The determinant of each matrix."""
    return linear_systems.det(self)


@method()
def logdet(self: Tensor) -> Tensor:
    """The logarithm of the determinant of each matrix."""
    return linear_systems.logdet(self)


@method()
def slogdet(self: Tensor) -> Any:
    """The sign and the logarithm of the absolute value of the determinant."""
    return linear_systems.slogdet(self)


@method()
def inverse(self: Tensor) -> Tensor:
    """The inverse of each matrix."""
    return linear_systems.inv(self)


@method()
def pinverse(self: Tensor, rcond: float | None = 1e-15) -> Tensor:
    """The Moore-Penrose pseudoinverse of each matrix."""
    return decompositions.pinv(self, rcond)


@method()
def matrix_power(self: Tensor, n: int) -> Tensor:
    """Each matrix multiplied n times by itself."""
    return linear_systems.matrix_power(self, n)


@method()
def matrix_exp(self: Tensor) -> Tensor:
    """The exponential of each matrix."""
    return linear_systems.matrix_exp(self)


@method()
def cholesky(self: Tensor, upper: bool = False) -> Tensor:
    """The Cholesky factor of each matrix."""
    return linear_systems.cholesky(self, upper=upper)


@method()
def cholesky_solve(self: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """The solution X of ``A @ X = self``, given the Cholesky factor of A."""
    return linear_systems.cholesky_solve(self, input2, upper)


@method()
def cholesky_inverse(self: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, this being its Cholesky factor."""
    return linear_systems.cholesky_inverse(self, upper)


@method()
def qr(self: Tensor, some: bool = True) -> Any:
    """The QR decomposition of each matrix; ``some=False`` gives all columns of Q."""
    return decompositions.qr(self, "reduced" if some else "complete")


@method()
def svd(self: Tensor, some: bool = True, compute_uv: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """The singular value decomposition of each matrix as U, S and V (the older form: not V transposed).

    Parameters
    ----------
    some : only the vectors that belong to singular values
    compute_uv : False: U and V are zeros
    """
    if not compute_uv:
        m, n = self.shape[-2:]
        zeros = [self.new_zeros(*self.shape[:-2], k, k) for k in (m, n)]
        return zeros[0], decompositions.svdvals(self), zeros[1]
    u, s, vh = decompositions.svd(self, full_matrices=not some)
    return u, s, vh.mH


@method()
def lu(self: Tensor, pivot: bool = True, get_infos: bool = False) -> tuple[Tensor, ...]:
    """The LU decomposition of each matrix in compact form, and its exchanges of rows: the older form.

    Parameters
    ----------
    pivot : exchange rows
    get_infos : also give where U first has a zero on its diagonal, else 0
    """
    found = lu_decomposition.lu_factor_ex(self, pivot=pivot, check_errors=not get_infos)
    return tuple(found) if get_infos else tuple(found)[:2]


@method()
def lu_solve(self: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """The solution X of ``A @ X = self``, given the compact LU decomposition of A."""
    return lu_decomposition.lu_solve(LU_data, LU_pivots, self)


@method()
def triangular_solve(
    self: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """The solution X of ``A @ X = self`` for triangular A, or of ``A.T @ X = self``; and a copy of A."""
    matrices, upper_ = (A.mT, not upper) if transpose else (A, upper)
    solution = linear_systems.solve_triangular(matrices, self, upper=upper_, unitriangular=unitriangular)
    return return_types.triangular_solve(solution, A.clone())


for _reflecting in (householder.geqrf, householder.ormqr):
    method()(_reflecting)
Tensor.orgqr = householder.householder_product  # type: ignore[attr-defined]
