"""Decompositions of matrices: eigenvalues, singular values, QR, and what is computed by them.

Eigenvectors and singular vectors are determined up to a phase only. A gradient exists for losses that do not
depend on it; for others the rules raise, as PyTorch's do. Between equal eigenvalues (singular values) the
vectors are not determined either: losses that depend on them get infinite or NaN gradients.

Derivatives after Boeddeker et al., "On the computation of complex-valued gradients with application to
statistically optimum beamforming" (2017), and Walter and Lehmann, "Algorithmic differentiation of linear
algebra functions" (2010).
"""

from __future__ import annotations

import math
from typing import Any

from ..autograd.autocast import runs_in
from ..autograd.operands import wrap
from ..dtypes import FLOATING, finfo
from ..errors import ArgumentError, GradientError, ShapeError
from ..tensor import Tensor
from .creation import empty
from .declare import composite
from .diagonals import tril, triu
from .linalg_results import linalg_eig, linalg_eigh, linalg_lstsq, linalg_qr, linalg_svd
from .linear_systems import check_matrix, explained, extension, hermitian_part, mH
from .matrix import matmul

__all__ = ["eig", "eigh", "eigvals", "eigvalsh", "lstsq", "matrix_rank", "pinv", "qr", "svd", "svdvals"]

_NOT_CONVERGED = "the algorithm did not converge; the matrix may hold NaN or infinities"


def _is_complex(xp: Any, x: Any) -> bool:
    return bool(xp.isdtype(x.dtype, "complex floating"))


def _diagonal(xp: Any, x: Any) -> Any:
    return xp.copy_diagonal(x, offset=0, axis1=x.ndim - 2, axis2=x.ndim - 1)


def _diagonal_matrix(xp: Any, values: Any) -> Any:
    n = values.shape[-1]
    shape = (*values.shape, n)
    return xp.put_diagonal(values, shape=shape, offset=0, axis1=len(shape) - 2, axis2=len(shape) - 1)


def _ratio(xp: Any, numerator: Any, denominator: Any) -> Any:
    """The quotient, in which 0 / 0 is 0: what equal eigenvalues contribute where nothing depends on their vectors."""
    both = xp.logical_and(numerator == 0, denominator == 0)
    return numerator / xp.where(both, xp.ones_like(denominator), denominator)


def _check_phase(xp: Any, imaginary: Any, name: str, vectors: str) -> None:
    """Refuse the gradient of a loss that depends on the phase of the vectors.

    Raises
    ------
    GradientError
    """
    if math.prod(imaginary.shape) and xp.anywhere(xp.any(xp.abs(imaginary) > 1e-2, axis=tuple(range(imaginary.ndim)))):
        raise GradientError(
            f"linalg.{name}: the {vectors} in the complex case are specified up to multiplication by e^(i phi). "
            f"The specified loss function depends on this quantity, so it is ill-defined."
        )


# -- Hermitian matrices ----------------------------------------------------------------------------------


def _eigh_x(xp: Any, g: tuple[Any, Any], eigenvalues: Any, eigenvectors: Any) -> Any:
    g_values, g_vectors = g
    v = eigenvectors
    p = xp.matmul(mH(xp, v), g_vectors)
    if _is_complex(xp, p):
        _check_phase(xp, xp.imag(_diagonal(xp, p)), "eigh", "eigenvectors")
    # Only the skew-Hermitian part turns the vectors; divided by the skew differences it is Hermitian.
    skew = xp.triu(p - mH(xp, p), k=1) + xp.tril(p - mH(xp, p), k=-1)
    gaps = eigenvalues[..., None, :] - eigenvalues[..., :, None]
    inner = _ratio(xp, skew * 0.5, gaps) + _diagonal_matrix(xp, g_values)
    return xp.matmul(xp.matmul(v, inner), mH(xp, v))


@composite(
    name="eigh",
    autocast="float32",
    alias="LinalgEigh",
    kinds=FLOATING,
    outputs=("eigenvalues", "eigenvectors"),
    vjp=_eigh_x,
)
def _eigh(xp: Any, x: Any, /) -> Any:
    return tuple(extension(xp).eigh(hermitian_part(xp, x)))


def _from_triangle(x: Tensor, UPLO: str | None) -> Tensor:
    """The Hermitian matrix whose one triangle is given."""
    if UPLO is None:
        return x
    if UPLO.upper() not in ("L", "U"):
        raise ArgumentError(f"linalg.eigh: UPLO must be 'L' or 'U', got {UPLO!r}")
    # Its diagonal appears twice, but only its real part counts, and the Hermitian part is taken.
    return tril(x) + tril(x, -1).mH if UPLO.upper() == "L" else triu(x) + triu(x, 1).mH


def eigh(x: Tensor, /, UPLO: str | None = None) -> Any:
    """Eigenvalues and eigenvectors of each Hermitian (real symmetric) matrix.

    Parameters
    ----------
    x : Tensor, shape (..., n, n), floating; of another matrix, the Hermitian part is taken
    UPLO : "L" or "U": read only the lower or upper triangle

    Returns
    -------
    eigenvalues : Tensor, shape (..., n), real, ascending
    eigenvectors : Tensor, shape (..., n, n), orthonormal columns, each determined up to its sign (phase)

    Raises
    ------
    GradientError : in backward, of a loss that depends on the phase of complex eigenvectors

    >>> import pluggrad
    >>> pluggrad.linalg.eigh(pluggrad.asarray([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    check_matrix("eigh", x, square=True)
    return linalg_eigh(*explained("eigh", _NOT_CONVERGED, _eigh, _from_triangle(x, UPLO)))


def _eigvalsh_x(xp: Any, g: Any, x: Any) -> Any:
    _, v = xp.eigh(x)
    return xp.matmul(v * g[..., None, :], mH(xp, v))


@composite(name="eigvalsh", autocast="float32", alias="LinalgEigvalsh", kinds=FLOATING, result="real", vjp=_eigvalsh_x)
def _eigvalsh(xp: Any, x: Any, /) -> Any:
    return extension(xp).eigvalsh(hermitian_part(xp, x))


def eigvalsh(x: Tensor, /, UPLO: str | None = None) -> Tensor:
    """Eigenvalues of each Hermitian (real symmetric) matrix, ascending. Arguments as for :func:`eigh`.

    >>> import pluggrad
    >>> pluggrad.linalg.eigvalsh(pluggrad.asarray([[2.0, 0.0], [0.0, 1.0]]))
    tensor([1., 2.])
    """
    check_matrix("eigvalsh", x, square=True)
    return explained("eigvalsh", _NOT_CONVERGED, _eigvalsh, _from_triangle(x, UPLO))


# -- any square matrix -------------------------------------------------------------------------------------


def _real_if(xp: Any, g: Any, x_is_complex: bool) -> Any:
    return g if x_is_complex else xp.real(g)


def _eig_x(xp: Any, g: tuple[Any, Any], eigenvalues: Any, eigenvectors: Any, x_dtype: Any) -> Any:
    g_values, g_vectors = g
    v = eigenvectors
    p = xp.matmul(mH(xp, v), g_vectors)
    _check_phase(xp, xp.imag(_diagonal(xp, p)), "eig", "eigenvectors")
    # The vectors have length 1, so a change along themselves has no effect.
    p = p - xp.matmul(mH(xp, v), v) * xp.real(_diagonal(xp, p))[..., None, :]
    p = xp.triu(p, k=1) + xp.tril(p, k=-1)
    gaps = xp.conj(eigenvalues[..., None, :] - eigenvalues[..., :, None])
    inner = _ratio(xp, p, gaps) + _diagonal_matrix(xp, g_values)
    return _real_if(xp, xp.solve(mH(xp, v), xp.matmul(inner, mH(xp, v))), x_dtype.is_complex)


@composite(
    name="eig",
    autocast="float32",
    alias="LinalgEig",
    kinds=FLOATING,
    outputs=("eigenvalues", "eigenvectors"),
    vjp=_eig_x,
)
def _eig(xp: Any, x: Any, /) -> Any:
    return tuple(_complex(xp, part, x) for part in extension(xp).eig(x))


def _complex(xp: Any, array: Any, x: Any) -> Any:
    """``array`` as complex numbers: some libraries give real ones where all are real."""
    if _is_complex(xp, array):
        return array
    ns = xp.namespace
    return ns.astype(array, ns.complex64 if x.dtype == ns.float32 else ns.complex128)


def eig(x: Tensor, /) -> Any:
    """Eigenvalues and eigenvectors of each square matrix.

    Parameters
    ----------
    x : Tensor, shape (..., n, n), floating

    Returns
    -------
    eigenvalues : Tensor, shape (..., n), complex, in no particular order
    eigenvectors : Tensor, shape (..., n, n), complex, columns of length 1, each determined up to its phase

    Raises
    ------
    GradientError : in backward, of a loss that depends on the phase of the eigenvectors

    >>> import pluggrad
    >>> pluggrad.linalg.eig(pluggrad.asarray([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([2.+0.j, 1.+0.j])
    """
    check_matrix("eig", x, square=True)
    return linalg_eig(*explained("eig", _NOT_CONVERGED, _eig, x))


def _eigvals_x(xp: Any, g: Any, x: Any, x_dtype: Any) -> Any:
    _, v = xp.eig(x)
    return _real_if(xp, xp.solve(mH(xp, v), g[..., :, None] * mH(xp, v)), x_dtype.is_complex)


@composite(name="eigvals", autocast="float32", alias="LinalgEigvals", kinds=FLOATING, vjp=_eigvals_x)
def _eigvals(xp: Any, x: Any, /) -> Any:
    return _complex(xp, extension(xp).eigvals(x), x)


def eigvals(x: Tensor, /) -> Tensor:
    """Eigenvalues of each square matrix, complex, in no particular order.

    >>> import pluggrad
    >>> pluggrad.linalg.eigvals(pluggrad.asarray([[0.0, 1.0], [0.0, 0.0]]))
    tensor([0.+0.j, 0.+0.j])
    """
    check_matrix("eigvals", x, square=True)
    return explained("eigvals", _NOT_CONVERGED, _eigvals, x)


# -- singular values ---------------------------------------------------------------------------------------


def _svd_x(xp: Any, g: tuple[Any, Any, Any], U: Any, S: Any, Vh: Any, x_shape: tuple[int, ...]) -> Any:
    g_u, g_s, g_vh = g
    m, n = x_shape[-2:]
    k = min(m, n)
    # Of full matrices, what lies beyond the singular values is any basis: it has no derivative, as in PyTorch.
    u, g_u, vh, g_vh = U[..., :k], g_u[..., :k], Vh[..., :k, :], g_vh[..., :k, :]
    p, q = xp.matmul(mH(xp, u), g_u), xp.matmul(vh, mH(xp, g_vh))
    inner = _diagonal_matrix(xp, g_s)
    if _is_complex(xp, p):
        turn = xp.imag(_diagonal(xp, p))
        _check_phase(xp, turn + xp.imag(_diagonal(xp, q)), "svd", "singular vectors")
        inner = inner + _diagonal_matrix(xp, _ratio(xp, turn, S)) * 1j
    skew_p, skew_q = (xp.triu(a, k=1) + xp.tril(a, k=-1) for a in (p - mH(xp, p), q - mH(xp, q)))
    squares = S * S
    gaps = squares[..., None, :] - squares[..., :, None]
    inner = inner + _ratio(xp, skew_p, gaps) * S[..., None, :] + S[..., :, None] * _ratio(xp, skew_q, gaps)
    out = xp.matmul(xp.matmul(u, inner), vh)
    if m > k:
        rest = g_u / S[..., None, :]
        out = out + xp.matmul(rest - xp.matmul(u, xp.matmul(mH(xp, u), rest)), vh)
    if n > k:
        rest = g_vh / S[..., :, None]
        out = out + xp.matmul(u, rest - xp.matmul(xp.matmul(rest, mH(xp, vh)), vh))
    return out


@composite(name="svd", autocast="float32", alias="LinalgSvd", kinds=FLOATING, outputs=("U", "S", "Vh"), vjp=_svd_x)
def _svd(xp: Any, x: Any, /, *, full_matrices: bool) -> Any:
    return tuple(extension(xp).svd(x, full_matrices=full_matrices))


def svd(x: Tensor, /, full_matrices: bool = True) -> Any:
    """The singular value decomposition of each matrix, ``x = U @ diag(S) @ Vh``.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating
    full_matrices : give square ``U`` and ``Vh``; else only the k = min(m, n) vectors that belong to singular values

    Returns
    -------
    U : Tensor, shape (..., m, m) or (..., m, k), orthonormal columns
    S : Tensor, shape (..., k), real, descending
    Vh : Tensor, shape (..., n, n) or (..., k, n), orthonormal rows

    Raises
    ------
    GradientError : in backward, of a loss that depends on the phase of complex singular vectors

    >>> import pluggrad
    >>> pluggrad.linalg.svd(pluggrad.asarray([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])
    """
    check_matrix("svd", x)
    return linalg_svd(*explained("svd", _NOT_CONVERGED, _svd, x, full_matrices=full_matrices))


def _svdvals_x(xp: Any, g: Any, x: Any) -> Any:
    u, _, vh = xp.svd(x, full_matrices=False)
    return xp.matmul(u * g[..., None, :], vh)


@composite(name="svdvals", autocast="float32", alias="LinalgSvdvals", kinds=FLOATING, result="real", vjp=_svdvals_x)
def _svdvals(xp: Any, x: Any, /) -> Any:
    return extension(xp).svdvals(x)


def svdvals(x: Tensor, /) -> Tensor:
    """The singular values of each matrix, descending.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating

    Returns
    -------
    Tensor, shape (..., min(m, n)), real

    >>> import pluggrad
    >>> pluggrad.linalg.svdvals(pluggrad.asarray([[3.0, 0.0], [0.0, 4.0]]))
    tensor([4., 3.])
    """
    check_matrix("svdvals", x)
    return explained("svdvals", _NOT_CONVERGED, _svdvals, x)


def _cutoff(name: str, x: Tensor, rtol: Any, atol: Any) -> tuple[Any, Any]:
    """Relative and absolute tolerance as numbers or raw arrays; the standard's default if neither is given."""
    given = []
    for value in (rtol, atol):
        if value is not None and not isinstance(value, int | float):
            value = wrap(value).detach().to(x.device, x.dtype.to_real()).clone()._array
        given.append(value)
    if rtol is None and atol is None:
        given[0] = max(x._array.shape[-2:]) * finfo(x.dtype).eps
    return 0.0 if given[0] is None else given[0], 0.0 if given[1] is None else given[1]


def _threshold(xp: Any, s: Any, rtol: Any, atol: Any) -> Any:
    """Below which singular values count as zero: the larger of both tolerances."""
    ns = xp.namespace
    largest = s[..., :1] if s.shape[-1] else ns.zeros((*s.shape[:-1], 1), dtype=s.dtype, device=xp.native_device(s))
    relative = (rtol if isinstance(rtol, int | float) else rtol[..., None]) * largest
    absolute = atol if isinstance(atol, int | float) else atol[..., None]
    return ns.maximum(relative, absolute + ns.zeros_like(relative))


def _pinv_x(xp: Any, g: Any, x: Any, out: Any) -> Any:
    """After Golub and Pereyra (1973), for matrices of constant rank; written for the smaller of the two inner sizes."""
    gh, outh = mH(xp, g), mH(xp, out)
    if x.shape[-2] <= x.shape[-1]:
        k = xp.matmul(gh, out)
        kh = xp.matmul(k, outh)
        first = kh - mH(xp, xp.matmul(out, k)) - xp.matmul(xp.matmul(x, out), kh)
        return first + xp.matmul(xp.matmul(outh, out), gh - xp.matmul(k, x))
    k = xp.matmul(out, gh)
    kh = xp.matmul(outh, k)
    first = kh - mH(xp, xp.matmul(k, out)) - xp.matmul(xp.matmul(kh, out), x)
    return first + xp.matmul(xp.matmul(gh - xp.matmul(x, k), out), outh)


@composite(name="pinv", autocast="float32", alias="LinalgPinv", kinds=FLOATING, result="same", vjp=_pinv_x)
def _pinv(xp: Any, x: Any, /, *, rtol: Any, atol: Any) -> Any:
    ns = xp.namespace
    u, s, vh = xp.svd(x, full_matrices=False)
    keep = s > _threshold(xp, s, rtol, atol)
    inverse = ns.where(keep, 1.0 / ns.where(keep, s, ns.ones_like(s)), ns.zeros_like(s))
    return ns.matmul(mH(xp, vh) * ns.astype(inverse, x.dtype)[..., None, :], mH(xp, u))


def pinv(x: Tensor, /, rtol: Any = None, *, atol: Any = None, hermitian: bool = False) -> Tensor:
    """The Moore-Penrose pseudoinverse of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating
    rtol : number or Tensor of shape (...): singular values up to ``rtol`` times the largest count as zero; default
        max(m, n) times the distance of 1 to the next number of the dtype
    atol : singular values up to it count as zero, too
    hermitian : accepted for PyTorch's sake; the result is the same

    Returns
    -------
    Tensor, shape (..., n, m). Its gradient is that for matrices of the same rank.

    >>> import pluggrad
    >>> pluggrad.linalg.pinv(pluggrad.asarray([[2.0], [0.0]]))
    tensor([[0.5000, 0.0000]])
    """
    check_matrix("pinv", x)
    relative, absolute = _cutoff("pinv", x, rtol, atol)
    return explained("pinv", _NOT_CONVERGED, _pinv, x, rtol=relative, atol=absolute)


@composite(name="matrix_rank", autocast="float32", kinds=FLOATING)
def _matrix_rank(xp: Any, x: Any, /, *, rtol: Any, atol: Any) -> Any:
    ns = xp.namespace
    s = xp.svdvals(x)
    return ns.sum(ns.astype(s > _threshold(xp, s, rtol, atol), ns.int64), axis=-1)


def matrix_rank(x: Tensor, /, rtol: Any = None, *, atol: Any = None, hermitian: bool = False) -> Tensor:
    """The rank of each matrix: how many singular values are larger than the tolerance. Arguments as for :func:`pinv`.

    Returns
    -------
    Tensor, shape (...), int64

    >>> import pluggrad
    >>> pluggrad.linalg.matrix_rank(pluggrad.asarray([[1.0, 1.0], [1.0, 1.0]]))
    tensor(1)
    """
    check_matrix("matrix_rank", x)
    relative, absolute = _cutoff("matrix_rank", x, rtol, atol)
    return explained("matrix_rank", _NOT_CONVERGED, _matrix_rank, x, rtol=relative, atol=absolute)


# -- QR, least squares ---------------------------------------------------------------------------------------


def _qr_square(xp: Any, g_q: Any, g_r: Any, q: Any, r: Any) -> Any:
    """The gradient for a matrix with at least as many rows as columns."""
    m = xp.triu(xp.matmul(g_r, mH(xp, r)) - xp.matmul(mH(xp, q), g_q), k=0)
    # The Hermitian matrix with this triangle; of its diagonal, the real part.
    m = xp.triu(m, k=1) + mH(xp, xp.triu(m, k=1)) + _diagonal_matrix(xp, xp.real(_diagonal(xp, m)))
    whole = g_q + xp.matmul(q, m)
    # Of a matrix without full rank the factors have no derivative: NaN, as in PyTorch, and no error.
    diagonal = _diagonal(xp, r)
    r = r + _diagonal_matrix(xp, xp.where(diagonal == 0, math.nan, 0 * diagonal))
    return mH(xp, xp.solve_triangular(r, mH(xp, whole), upper=True, unit=False))


def _qr_x(xp: Any, g: tuple[Any, Any], x: Any, Q: Any, R: Any, x_shape: tuple[int, ...], mode: str) -> Any:
    g_q, g_r = g
    m, n = x_shape[-2:]
    if m >= n:
        if mode == "complete" and m > n:
            raise GradientError(
                "linalg.qr: the QR decomposition is not differentiable when mode='complete' and nrows > ncols; use "
                "mode='reduced'"
            )
        return _qr_square(xp, g_q, g_r, Q, R)
    # x = [a, b]: Q and the first columns of R belong to a, the others are Q.mH @ b.
    b = x[..., m:]
    g_rest = g_r[..., m:]
    g_a = _qr_square(xp, g_q + xp.matmul(b, mH(xp, g_rest)), g_r[..., :m], Q, R[..., :m])
    return xp.concat(g_a, xp.matmul(Q, g_rest), axis=len(x_shape) - 1)


@composite(name="qr", autocast="float32", alias="LinalgQr", kinds=FLOATING, outputs=("Q", "R"), vjp=_qr_x)
def _qr(xp: Any, x: Any, /, *, mode: str) -> Any:
    return tuple(extension(xp).qr(x, mode=mode))


def qr(x: Tensor, /, mode: str = "reduced") -> Any:
    """The decomposition of each matrix as ``Q @ R``, with orthonormal columns and upper triangular.

    Parameters
    ----------
    x : Tensor, shape (..., m, n), floating
    mode : "reduced": k = min(m, n) columns of ``Q``; "complete": m; "r": ``Q`` is empty, as in PyTorch

    Returns
    -------
    Q : Tensor, shape (..., m, k) or (..., m, m)
    R : Tensor, shape (..., k, n) or (..., m, n)

    Raises
    ------
    GradientError : in backward, for mode "complete" and more rows than columns, and for mode "r"

    >>> import pluggrad
    >>> pluggrad.linalg.qr(pluggrad.asarray([[2.0, 0.0], [0.0, 3.0]])).R.abs()
    tensor([[2., 0.],
            [0., 3.]])
    """
    check_matrix("qr", x)
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(f"linalg.qr: mode must be 'reduced', 'complete' or 'r', got {mode!r}")
    if mode == "r":
        # Like PyTorch, which cannot differentiate it: a graph would need Q.
        r = _qr(x.detach(), mode="reduced")[1]
        return linalg_qr(empty(0, dtype=x.dtype, device=x.device), r)
    return linalg_qr(*_qr(x, mode=mode))


@runs_in("float32")
def lstsq(x1: Tensor, x2: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The X that makes ``x1 @ X - x2`` smallest, in the sum of squares; of several, the smallest X.

    Parameters
    ----------
    x1 : Tensor, shape (..., m, n), floating
    x2 : Tensor, shape (..., m, k) or (m,)
    rcond : singular values up to ``rcond`` times the largest count as zero; default as for :func:`pinv`
    driver : accepted for PyTorch's sake

    Returns
    -------
    solution : Tensor, shape (..., n, k) or (n,)
    residuals : Tensor, shape (..., k): sums of squares, if m > n and all ranks are n; else empty
    rank : Tensor, shape (...), int64
    singular_values : Tensor, shape (..., min(m, n))

    >>> import pluggrad
    >>> x = pluggrad.asarray([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> pluggrad.linalg.lstsq(x, pluggrad.asarray([1.0, 3.0, 5.0])).solution
    tensor([1.0000, 2.0000])
    """
    from .reductions import sum

    check_matrix("lstsq", x1)
    vector = x2._array.ndim == 1
    columns = x2[:, None] if vector else x2
    check_matrix("lstsq", columns)
    m, n = x1._array.shape[-2:]
    if columns._array.shape[-2] != m:
        raise ShapeError(
            f"linalg.lstsq: x1 has shape {tuple(x1.shape)}, so x2 must have {m} rows, got shape {tuple(x2.shape)}"
        )
    solution = matmul(pinv(x1, rcond), columns)
    rank = matrix_rank(x1, rcond)
    residuals = x1.new_empty(0, dtype=x1.dtype.to_real())
    if m > n and bool((rank == n).all()):
        residuals = sum((matmul(x1, solution) - columns).abs() ** 2, axis=-2)
    return linalg_lstsq(solution[..., 0] if vector else solution, residuals, rank, svdvals(x1))
