"""Products of Householder reflections ``1 - tau v vᴴ``, the form in which LAPACK keeps an orthogonal matrix."""

from __future__ import annotations

from typing import Any

from ..autograd.mode import no_grad
from ..errors import ShapeError
from ..tensor import Tensor
from . import return_types
from .creation import eye, zeros
from .diagonals import tril
from .joining import concat, stack
from .linear_systems import check_matrix
from .matrix import matmul

__all__ = ["geqrf", "householder_product", "ormqr"]


def _reflections(name: str, x: Tensor, tau: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Each vector, with its leading one, as a column, and its factor.

    Raises
    ------
    ShapeError
    """
    check_matrix(name, x)
    m, n = x.shape[-2:]
    k = tau.shape[-1]
    if k > n or n > m or tuple(tau.shape[:-1]) != tuple(x.shape[:-2]):
        raise ShapeError(
            f"linalg.{name}: need x of shape (..., m, n) with m >= n and tau of shape (..., k) with k <= n, got "
            f"{tuple(x.shape)} and {tuple(tau.shape)}"
        )
    vectors = tril(x, -1) + eye(m, n, dtype=x.dtype, device=x.device)
    return [(vectors[..., i : i + 1], tau[..., i, None, None]) for i in range(k)]


def householder_product(x: Tensor, tau: Tensor) -> Tensor:
    """The first columns of a product of Householder reflections, an orthonormal matrix.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), m >= n, floating: below the diagonal of column i, the vector of reflection i, whose
        first elements are zeros and a one
    tau : Tensor, shape (..., k), k <= n: their factors

    Returns
    -------
    Tensor, shape (..., m, n)

    Raises
    ------
    ShapeError : shapes that do not fit

    >>> import pluggrad
    >>> a, tau = pluggrad.geqrf(pluggrad.asarray([[3.0], [4.0]]))
    >>> pluggrad.linalg.householder_product(a, tau)
    tensor([[-0.6000],
            [-0.8000]])
    """
    m, n = x.shape[-2:]
    out: Tensor = eye(m, n, dtype=x.dtype, device=x.device).expand(*x.shape)
    for v, factor in reversed(_reflections("householder_product", x, tau)):
        out = out - factor * matmul(v, matmul(v.mH, out))
    return out


def ormqr(x: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """A matrix times the whole square orthogonal matrix Q that reflections make: ``Q @ other``.

    Parameters
    ----------
    x, tau : as for :func:`householder_product`
    other : Tensor, shape (..., m, n)
    left : False: ``other @ Q``
    transpose : multiply by Qᴴ

    >>> import pluggrad
    >>> a, tau = pluggrad.geqrf(pluggrad.asarray([[3.0], [4.0]]))
    >>> pluggrad.ormqr(a, tau, pluggrad.asarray([[3.0], [4.0]]), transpose=True).round()
    tensor([[-5.],
            [ 0.]])
    """
    if not left:
        return ormqr(x, tau, other.mH, True, not transpose).mH
    reflections = _reflections("ormqr", x, tau)
    for v, factor in reflections if transpose else reversed(reflections):
        factor = factor.conj() if transpose else factor
        other = other - factor * matmul(v, matmul(v.mH, other))
    return other


def geqrf(x: Tensor) -> return_types.geqrf:
    """The QR decomposition of each matrix in LAPACK's form, for :func:`householder_product`. It has no derivative.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating

    Returns
    -------
    a : Tensor, shape (..., m, n): R on and above the diagonal, below it the vectors of the reflections
    tau : Tensor, shape (..., min(m, n))

    >>> import pluggrad
    >>> pluggrad.geqrf(pluggrad.asarray([[3.0], [4.0]])).tau
    tensor([1.6000])
    """
    check_matrix("geqrf", x)
    with no_grad():
        return _geqrf(x)


def _geqrf(x: Tensor) -> return_types.geqrf:
    m, n = x.shape[-2:]
    rest: Any = x
    columns, taus = [], []
    done: Any = x[..., :0, :]
    for i in range(min(m, n)):
        column = rest[..., :, :1]
        alpha = column[..., :1, :]
        size = (column.abs() ** 2).sum((-2, -1), keepdim=True).sqrt().to(x.dtype)
        real = alpha.real if x.dtype.is_complex else alpha
        beta = (-size.real if x.dtype.is_complex else -size) * ((real >= 0) * 2 - 1)
        beta = beta.to(x.dtype)
        plain = (column[..., 1:, :].abs() ** 2).sum((-2, -1), keepdim=True) == 0  # nothing below: no reflection
        if x.dtype.is_complex:
            plain = plain & (alpha.imag == 0)
        safe = beta + (beta == 0)
        tau = (1 - plain.to(x.dtype)) * ((beta - alpha) / safe)
        gap = alpha - beta
        tail = column[..., 1:, :] / (gap + (gap == 0)) * (1 - plain.to(x.dtype))
        v = concat([zeros(alpha.shape, dtype=x.dtype, device=x.device) + 1, tail], axis=-2)
        rest = rest - tau.conj() * matmul(v, matmul(v.mH, rest))
        done = concat([done, _row(rest[..., :1, :], i)], axis=-2)
        columns.append(tail)
        taus.append(tau[..., 0, 0])
        rest = rest[..., 1:, 1:]
    a = _assembled(done, columns, m, n)
    return return_types.geqrf(a, stack(taus, axis=-1) if taus else x[..., 0, :0])


def _row(row: Tensor, i: int) -> Tensor:
    """Row i of R, with zeros where the vectors will stand."""
    return concat([row.new_zeros((*row.shape[:-1], i)), row], axis=-1)


def _assembled(r: Tensor, columns: list[Tensor], m: int, n: int) -> Tensor:
    k = r.shape[-2]
    whole = concat([r, r.new_zeros((*r.shape[:-2], m - k, n))], axis=-2)
    padded = [concat([c.new_zeros((*c.shape[:-2], i + 1, 1)), c], axis=-2) for i, c in enumerate(columns)]
    if not padded:
        return whole
    beyond = whole.new_zeros((*whole.shape[:-1], n - len(padded)))
    return whole + concat([*padded, beyond], axis=-1)
