"""The LU decomposition with row pivoting, and solving by it.

The standard has none: elimination runs column by column over all matrices of a batch at once. A backend may have a
kernel of the name ``lu_factor``.
"""

from __future__ import annotations

from typing import Any

from ..autograd.operands import wrap
from ..dtypes import FLOATING
from ..errors import ArgumentError, LinAlgError, ShapeError
from ..tensor import Tensor
from . import return_types
from .creation import arange, eye, zeros
from .declare import composite
from .diagonals import diagonal, tril, triu
from .dtype_functions import _astype
from .gathering import take_along_axis
from .linalg_results import linalg_lu, linalg_lu_factor, linalg_lu_factor_ex
from .linear_systems import check_matrix, mH, solve_triangular
from .sorting import argsort
from .views import broadcast_to

__all__ = ["lu", "lu_factor", "lu_factor_ex", "lu_solve", "lu_unpack"]


def _square_part(xp: Any, upper: Any, lower: Any, g_upper: Any, g_lower: Any) -> Any:
    """The cotangent of ``L @ U`` for square factors: L⁻ᴴ (tril(Lᴴ gL, -1) + triu(gU Uᴴ)) U⁻ᴴ."""
    inner = xp.tril(xp.matmul(mH(xp, lower), g_lower), k=-1) + xp.triu(xp.matmul(g_upper, mH(xp, upper)), k=0)
    left = xp.solve_triangular(mH(xp, lower), inner, upper=True, unit=True)
    return mH(xp, xp.solve_triangular(upper, mH(xp, left), upper=True, unit=False))


def _lu_factor_x(xp: Any, g: Any, LU: Any, order: Any) -> Any:
    """For the square part after Giles; what is beyond it follows from ``L2 = A2 U⁻¹`` or ``U2 = L⁻¹ A2``."""
    g = g[0]
    m, n = LU.shape[-2:]
    k = min(m, n)
    upper, packed = xp.triu(LU[..., :k, :k], k=0), xp.tril(LU[..., :k, :k], k=-1)
    lower = packed + xp.identity_like(packed)
    g_upper, g_lower = xp.triu(g[..., :k, :k], k=0), xp.tril(g[..., :k, :k], k=-1)
    below = beside = None
    if m > k:
        rest, g_rest = LU[..., k:, :], g[..., k:, :]
        below = mH(xp, xp.solve_triangular(upper, mH(xp, g_rest), upper=True, unit=False))
        g_upper = g_upper - xp.triu(xp.matmul(mH(xp, rest), below), k=0)
    if n > k:
        rest, g_rest = LU[..., :, k:], g[..., :, k:]
        beside = xp.solve_triangular(mH(xp, lower), g_rest, upper=True, unit=True)
        g_lower = g_lower - xp.tril(xp.matmul(beside, mH(xp, rest)), k=-1)
    out = _square_part(xp, upper, lower, g_upper, g_lower)
    if below is not None:
        out = xp.concat(out, below, axis=out.ndim - 2)
    if beside is not None:
        out = xp.concat(out, beside, axis=out.ndim - 1)
    return xp.rows_back(out, order)


@composite(name="identity_like", result="same", kinds=FLOATING)
def _identity_like(xp: Any, x: Any, /) -> Any:
    """The identity matrix of the size and for the batch of ``x``."""
    ns = xp.namespace
    return ns.zeros_like(x) + ns.eye(x.shape[-1], dtype=x.dtype, device=xp.native_device(x))


def _whole_rows(xp: Any, order: Any, x: Any) -> Any:
    return xp.namespace.broadcast_to(order[..., None], x.shape)


@composite(name="rows_back", promoted=("x",), result="same", vjp=[lambda xp, g, order: xp.rows_in(g, order), None])
def _rows_back(xp: Any, x: Any, order: Any, /) -> Any:
    """Rows put back to where ``order`` took them from."""
    back = xp.namespace.argsort(order, axis=-1)
    return xp.namespace.take_along_axis(x, _whole_rows(xp, back, x), axis=-2)


@composite(name="rows_in", promoted=("x",), result="same", vjp=[lambda xp, g, order: xp.rows_back(g, order), None])
def _rows_in(xp: Any, x: Any, order: Any, /) -> Any:
    """Rows in another order, for each matrix of a batch."""
    return xp.namespace.take_along_axis(x, _whole_rows(xp, order, x), axis=-2)


@composite(
    name="lu_factor", alias="LinalgLuFactorEx", kinds=FLOATING, outputs=("LU", "pivots", "order"),
    constant=frozenset({"pivots", "order"}), vjp=_lu_factor_x,
)  # fmt: skip
def _lu_factor(xp: Any, x: Any, /, *, pivot: bool) -> Any:
    """L and U in one matrix; the row that each step took, from 1 on, as LAPACK counts; the order of rows these give."""
    ns, device = xp.namespace, xp.native_device(x)
    m, n = x.shape[-2:]
    batch, steps = tuple(x.shape[:-2]), min(m, n)
    rows = ns.arange(m, dtype=ns.int64, device=device)
    order = ns.broadcast_to(rows, (*batch, m))
    columns = ns.arange(n, dtype=ns.int64, device=device)
    pivots = []
    for k in range(steps):
        best = ns.full((*batch, 1), k, dtype=ns.int64, device=device)
        if pivot:
            best = ns.astype(ns.argmax(_size(xp, x[..., k:, k]), axis=-1, keepdims=True), ns.int64) + k
            swap = ns.where(rows == k, best, ns.where(rows == best, ns.full_like(rows, k), rows))
            x = ns.take_along_axis(x, _whole_rows(xp, swap, x), axis=-2)
            order = ns.take_along_axis(order, swap, axis=-1)
        pivots.append(best)
        top = x[..., k : k + 1, :]
        head = top[..., k : k + 1]
        below = ns.astype(rows > k, x.dtype)[:, None]
        factor = x[..., :, k : k + 1] / ns.where(head == 0, ns.ones_like(head), head) * below
        x = ns.where(columns == k, x * (1 - below) + factor, x - factor * top * ns.astype(columns > k, x.dtype))
    found = ns.concat(pivots, axis=-1) + 1 if pivots else ns.zeros((*batch, 0), dtype=ns.int64, device=device)
    return ns.asarray(x, copy=True), ns.astype(found, ns.int32), ns.asarray(order, copy=True)


def _size(xp: Any, x: Any) -> Any:
    """By which the largest element is chosen; of complex ones, as LAPACK does, by the sum of the parts' sizes."""
    ns = xp.namespace
    if not xp.isdtype(x.dtype, "complex floating"):
        return ns.abs(x)
    return ns.abs(ns.real(x)) + ns.abs(ns.imag(x))


def lu_factor(x: Tensor, *, pivot: bool = True) -> Any:
    """The LU decomposition of each matrix in compact form, for :func:`lu_solve`.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating
    pivot : exchange rows, for stability; without it, a zero on the diagonal ends in infinities

    Returns
    -------
    LU : Tensor, shape (..., m, n): U on and above the diagonal, below it L, whose diagonal is ones
    pivots : Tensor, shape (..., min(m, n)), int32: row i was exchanged with row ``pivots[i] - 1``

    Raises
    ------
    LinAlgError : a square matrix that is singular

    >>> import pluggrad
    >>> pluggrad.linalg.lu_factor(pluggrad.asarray([[1.0, 2.0], [2.0, 8.0]])).LU
    tensor([[ 2.0000,  8.0000],
            [ 0.5000, -2.0000]])
    """
    found = lu_factor_ex(x, pivot=pivot, check_errors=True)
    return linalg_lu_factor(found.LU, found.pivots)


def lu_factor_ex(x: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """:func:`lu_factor`, with ``info``: 0, or the first place on the diagonal of U, from 1 on, that is zero.

    Returns
    -------
    LU, pivots : see :func:`lu_factor`
    info : Tensor, shape (...), int32

    Raises
    ------
    LinAlgError : such a place, and ``check_errors``

    >>> import pluggrad
    >>> pluggrad.linalg.lu_factor_ex(pluggrad.zeros(2, 2)).info
    tensor(1, dtype=pluggrad.int32)
    """
    check_matrix("lu_factor", x)
    LU, pivots, _ = _lu_factor(x, pivot=pivot)
    zero = diagonal(LU.detach(), 0, -2, -1) == 0
    k = zero.shape[-1]
    numbers = arange(1, k + 1, device=x.device)
    first = (zero * (k + 1 - numbers)).amax(-1) if k else zero.sum(-1)
    info = _astype((k + 1 - first) * (first > 0), dtype=pivots.dtype)
    if check_errors and bool((info > 0).any()):
        raise LinAlgError(
            f"linalg.lu_factor: U has a zero on its diagonal, the first at {info.max().item()}: a solve by it "
            "would divide by zero"
        )
    return linalg_lu_factor_ex(LU, pivots, info)


def _order_of(pivots: Tensor, m: int) -> Tensor:
    """The order of rows that exchanges one after the other lead to."""
    order = broadcast_to(arange(m, device=pivots.device), (*pivots.shape[:-1], m))
    for k in range(pivots.shape[-1]):
        best = pivots[..., k : k + 1].long() - 1
        at = arange(m, device=pivots.device)
        swap = at + (at == k) * (best - at) + (at == best) * (k - at) * (best != k)
        order = take_along_axis(order, swap, axis=-1)
    return order


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> return_types.lu_unpack:
    """The factors P, L and U of what :func:`lu_factor` gave: ``x = P @ L @ U``.

    Parameters
    ----------
    LU_data : Tensor, shape (..., m, n)
    LU_pivots : Tensor, shape (..., min(m, n)), integers
    unpack_data, unpack_pivots : whether to make L and U, and P; empty ones if not

    Returns
    -------
    P : Tensor, shape (..., m, m); L : shape (..., m, k); U : shape (..., k, n), with k = min(m, n)

    >>> import pluggrad
    >>> LU, pivots = pluggrad.linalg.lu_factor(pluggrad.asarray([[1.0, 2.0], [2.0, 8.0]]))
    >>> pluggrad.lu_unpack(LU, pivots).P
    tensor([[0., 1.],
            [1., 0.]])
    """
    m, n = LU_data.shape[-2:]
    k = min(m, n)
    empty = zeros(0, dtype=LU_data.dtype, device=LU_data.device)
    P = L = U = empty
    if unpack_data:
        L = tril(LU_data[..., :k], -1) + eye(m, k, dtype=LU_data.dtype, device=LU_data.device)
        U = triu(LU_data[..., :k, :])
    if unpack_pivots:
        back = argsort(_order_of(LU_pivots, m), axis=-1)
        P = eye(m, dtype=LU_data.dtype, device=LU_data.device)[back]
    return return_types.lu_unpack(P, L, U)


def lu(x: Tensor, *, pivot: bool = True) -> Any:
    """The LU decomposition of each matrix, ``x = P @ L @ U``.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating
    pivot : exchange rows; without it P is empty

    Returns
    -------
    P : Tensor, shape (..., m, m), a permutation; L : shape (..., m, k), lower triangular with ones on the diagonal;
    U : shape (..., k, n), upper triangular, with k = min(m, n)

    >>> import pluggrad
    >>> pluggrad.linalg.lu(pluggrad.asarray([[1.0, 2.0], [2.0, 8.0]])).U
    tensor([[ 2.,  8.],
            [ 0., -2.]])
    """
    check_matrix("lu", x)
    LU, pivots, _ = _lu_factor(x, pivot=pivot)
    return linalg_lu(*lu_unpack(LU, pivots, unpack_pivots=pivot))


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """The solution X of ``A @ X = B``, given the compact LU decomposition of A.

    Parameters
    ----------
    LU, pivots : what :func:`lu_factor` gave
    B : Tensor, shape (..., n, k)
    left : False: solve ``X @ A = B``
    adjoint : solve with Aᴴ in place of A

    Raises
    ------
    ShapeError : shapes that do not fit

    >>> import pluggrad
    >>> LU, pivots = pluggrad.linalg.lu_factor(pluggrad.asarray([[1.0, 2.0], [2.0, 8.0]]))
    >>> pluggrad.linalg.lu_solve(LU, pivots, pluggrad.asarray([[3.0], [10.0]]))
    tensor([[1.],
            [1.]])
    """
    check_matrix("lu_solve", LU, square=True)
    check_matrix("lu_solve", wrap(B))
    if not left:
        return lu_solve(LU, pivots, B.mH, adjoint=not adjoint).mH
    n = LU.shape[-1]
    if B.shape[-2] != n or pivots.shape[-1] != n:
        raise ShapeError(
            f"linalg.lu_solve: LU has shape {tuple(LU.shape)}, so B must have {n} rows and pivots {n} entries; got "
            f"{tuple(B.shape)} and {tuple(pivots.shape)}"
        )
    if pivots.dtype.is_differentiable:
        raise ArgumentError(f"linalg.lu_solve: pivots must be integers, got {pivots.dtype.name}")
    order = _order_of(pivots, n)
    batch = (LU[..., :1, :1] * B[..., :1, :1]).shape[:-2]
    B = broadcast_to(B, (*batch, *B.shape[-2:]))
    order = broadcast_to(order, (*batch, n))
    if adjoint:
        y = solve_triangular(LU.mH, B, upper=False)
        z = solve_triangular(LU.mH, y, upper=True, unitriangular=True)
        return _rows_back(z, order)
    y = solve_triangular(LU, _rows_in(B, order), upper=False, unitriangular=True)
    return solve_triangular(LU, y, upper=True)
