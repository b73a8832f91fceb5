"""Linear algebra: the standard's ``linalg`` extension, and PyTorch's names beside it."""

from __future__ import annotations

from typing import Any

from .autograd.autocast import runs_in
from .dtypes import DType
from .errors import LinAlgError
from .ops.checked import cholesky_ex, inv_ex, solve_ex
from .ops.decompositions import eig, eigh, eigvals, eigvalsh, lstsq, matrix_rank, pinv, qr, svd, svdvals
from .ops.diagonals import diagonal as _diagonal
from .ops.householder import householder_product
from .ops.linear_systems import (
    cholesky,
    det,
    inv,
    matrix_exp,
    matrix_power,
    slogdet,
    solve,
    solve_triangular,
    tensorinv,
    tensorsolve,
)  # fmt: skip
from .ops.lu import lu, lu_factor, lu_factor_ex, lu_solve
from .ops.matrix import cross, matmul, outer, tensordot, vecdot
from .ops.matrix_norms import cond, matrix_norm, norm
from .ops.multi_dot import multi_dot
from .ops.reductions import sum as _sum
from .ops.vector_norms import vector_norm
from .ops.views import matrix_transpose
from .tensor import Tensor

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals",
    "eigvalsh", "householder_product", "inv", "inv_ex", "lstsq", "lu", "lu_factor", "lu_factor_ex", "lu_solve",
    "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm",
    "outer", "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensordot",
    "tensorinv", "tensorsolve", "trace", "vander", "vecdot", "vector_norm",
]  # fmt: skip


def diagonal(x: Tensor, /, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """A diagonal of each matrix: a view where the memory allows one.

    Parameters
    ----------
    x : Tensor, shape (..., m, n)
    offset : which diagonal: elements (i, i + offset)
    dim1, dim2 : the axes that hold the matrices. (``pluggrad.diagonal`` takes the first two.)

    >>> import pluggrad
    >>> pluggrad.linalg.diagonal(pluggrad.asarray([[1, 2], [3, 4]]), offset=1)
    tensor([2])
    """
    return _diagonal(x, offset, dim1, dim2)


@runs_in("float32")
def trace(x: Tensor, /, *, offset: int = 0, dtype: DType | None = None) -> Tensor:
    """The sum along a diagonal of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), numeric
    offset : which diagonal
    dtype : of the result; default as for ``sum``

    >>> import pluggrad
    >>> pluggrad.linalg.trace(pluggrad.asarray([[1, 2], [3, 4]]))
    tensor(5)
    """
    return _sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def vander(x: Tensor, *, N: int | None = None) -> Any:
    """The matrix of powers: column j holds ``x**j``.

    Parameters
    ----------
    x : Tensor, shape (..., n)
    N : how many powers; default n

    >>> import pluggrad
    >>> pluggrad.linalg.vander(pluggrad.asarray([2, 3]), N=3)
    tensor([[1, 2, 4],
            [1, 3, 9]])
    """
    from .ops.creation import arange

    x = x if x.ndim else x[None]
    count = x.shape[-1] if N is None else N
    return x[..., None] ** arange(count, device=x.device)
