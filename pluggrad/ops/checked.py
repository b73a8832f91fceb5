"""Functions of linear algebra that report a singular matrix by a number instead of an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..dtypes import int32
from ..errors import LinAlgError
from ..tensor import Tensor
from .creation import zeros
from .joining import stack
from .linalg_results import linalg_cholesky_ex, linalg_inv_ex, linalg_solve_ex
from .linear_systems import check_matrix, cholesky, inv, solve
from .lu import lu_factor_ex

__all__ = ["cholesky_ex", "inv_ex", "solve_ex"]


def _reported(
    function: Callable[..., Tensor], failed: Callable[[Tensor], Tensor], why: Callable[[Tensor], int], *args: Tensor
) -> tuple[Tensor, Tensor]:
    """A result, and 0 for each matrix of the first argument that has one, else ``why`` it has none."""
    x = args[0]
    batch = tuple(x.shape[:-2])
    try:
        return function(*args), zeros(batch, dtype=int32, device=x.device)
    except LinAlgError:
        pass
    # One of them has no result: one by one.
    results, info = [], []
    lead = [a.expand(*batch, *a.shape[len(a.shape) - 2 :]) for a in args]
    flat = [a.reshape(math.prod(batch), *a.shape[-2:]) for a in lead]
    for rows in zip(*[list(a) for a in flat], strict=True):
        try:
            results.append(function(*rows))
            info.append(0)
        except LinAlgError:
            results.append(failed(rows[-1]))
            info.append(why(rows[0]))
    out = stack(results)
    return out.reshape(*batch, *out.shape[1:]), x.new_tensor(info, dtype=int32).reshape(batch)


def _nothing(x: Tensor) -> Tensor:
    return x.new_full(x.shape, math.nan)


def _minor(x: Tensor) -> int:
    """The order of the first leading minor that is not positive definite."""
    for k in range(1, x.shape[-1] + 1):
        try:
            cholesky(x[:k, :k])
        except LinAlgError:
            return k
    return x.shape[-1]


def _first_singular(x: Tensor) -> int:
    return int(lu_factor_ex(x.detach()).info.item()) or x.shape[-1]


def cholesky_ex(x: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """The Cholesky factor of each matrix, and 0, or the order of the first leading minor that is not positive.

    Parameters
    ----------
    x : Tensor, shape (..., n, n), Hermitian positive definite
    upper : give the upper triangular factor
    check_errors : raise instead

    Returns
    -------
    L : Tensor, shape (..., n, n); NaN where there is no factor
    info : Tensor, shape (...), int32

    Raises
    ------
    LinAlgError : a matrix that is not positive definite, and ``check_errors``

    >>> import pluggrad
    >>> pluggrad.linalg.cholesky_ex(pluggrad.asarray([[1.0, 2.0], [2.0, 1.0]])).info
    tensor(2, dtype=pluggrad.int32)
    """
    check_matrix("cholesky_ex", x, square=True)
    if check_errors:
        return linalg_cholesky_ex(cholesky(x, upper=upper), zeros(x.shape[:-2], dtype=int32, device=x.device))
    return linalg_cholesky_ex(*_reported(lambda a: cholesky(a, upper=upper), _nothing, _minor, x))


def inv_ex(x: Tensor, *, check_errors: bool = False) -> Any:
    """The inverse of each matrix, and 0, or the first place on the diagonal of its factor U that is zero.

    Returns
    -------
    inverse : Tensor, shape (..., n, n); NaN where there is none
    info : Tensor, shape (...), int32

    Raises
    ------
    LinAlgError : a singular matrix, and ``check_errors``

    >>> import pluggrad
    >>> pluggrad.linalg.inv_ex(pluggrad.zeros(2, 2)).info
    tensor(1, dtype=pluggrad.int32)
    """
    check_matrix("inv_ex", x, square=True)
    if check_errors:
        return linalg_inv_ex(inv(x), zeros(x.shape[:-2], dtype=int32, device=x.device))
    return linalg_inv_ex(*_reported(inv, _nothing, _first_singular, x))


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """The solution X of ``A @ X = B``, and 0, or the first place on the diagonal of the factor U of A that is zero.

    Returns
    -------
    result : Tensor; NaN where there is none
    info : Tensor, the batch shape of ``A``, int32

    Raises
    ------
    LinAlgError : a singular matrix, and ``check_errors``

    >>> import pluggrad
    >>> pluggrad.linalg.solve_ex(pluggrad.zeros(1, 1), pluggrad.ones(1, 1)).info
    tensor(1, dtype=pluggrad.int32)
    """
    check_matrix("solve_ex", A, square=True)
    if check_errors:
        return linalg_solve_ex(solve(A, B, left=left), zeros(A.shape[:-2], dtype=int32, device=A.device))
    if B.ndim == 1 or (B.ndim == A.ndim - 1 and tuple(B.shape) == tuple(A.shape[:-1])):
        result, info = _reported(solve, _nothing, _first_singular, A, B[..., None])
        return linalg_solve_ex(result[..., 0], info)
    return linalg_solve_ex(*_reported(lambda a, b: solve(a, b, left=left), _nothing, _first_singular, A, B))
