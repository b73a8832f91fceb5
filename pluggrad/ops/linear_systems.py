"""Linear systems: solving, inverses, determinants, Cholesky factors, powers and exponentials of matrices.

Derivatives after Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008); for complex matrices with Aᴴ where he writes Aᵀ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..autograd.broadcasting import sum_to_shape
from ..dtypes import FLOATING, bool_, int64
from ..errors import BackendError, DTypeError, LinAlgError, ShapeError
from ..tensor import Tensor
from .creation import eye, zeros
from .declare import composite
from .exponential import log
from .linalg_results import linalg_slogdet
from .matrix import matmul
from .searching import where

__all__ = [
    "cholesky", "cholesky_inverse", "cholesky_solve", "det", "inv", "logdet", "matrix_exp", "matrix_power", "slogdet",
    "solve", "solve_triangular", "tensorinv", "tensorsolve",
]  # fmt: skip


# -- what these functions have in common ---------------------------------------------------------------


def mH(xp: Any, x: Any) -> Any:
    """The matrices transposed and conjugated; raw arrays and Tensors."""
    return xp.conj(x.mT)


def extension(xp: Any) -> Any:
    """The linalg extension of a namespace.

    Raises
    ------
    BackendError : it has none, and the backend no kernel of its own
    """
    found = getattr(xp.namespace, "linalg", None)
    if found is None:
        name = getattr(xp.namespace, "__name__", xp.namespace)
        raise BackendError(
            f"the namespace {name!r} has no linalg extension, and its backend has no kernel of this name"
        )
    return found


def check_matrix(name: str, x: Tensor, square: bool = False) -> None:
    """Refuse what is no matrix, nor a batch of matrices.

    Raises
    ------
    ShapeError, DTypeError
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"linalg.{name}: expected a Tensor, got {type(x).__name__}")
    shape = tuple(x._array.shape)
    if len(shape) < 2:
        raise ShapeError(
            f"linalg.{name}: the input must be a matrix or a batch of matrices (at least 2 axes), got shape {shape}"
        )
    if square and shape[-1] != shape[-2]:
        raise ShapeError(
            f"linalg.{name}: the input must be a batch of square matrices, got {shape[-2]} by {shape[-1]} matrices"
        )
    if not x._type.dtype.is_differentiable:
        raise DTypeError(
            f"linalg.{name}: expected a floating point or complex tensor, got {x.dtype.name}; cast it, as in "
            "x.to(pluggrad.float64)"
        )


def explained(name: str, why: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function; the library's own LinAlgError becomes pluggrad's.

    Raises
    ------
    LinAlgError
    """
    try:
        return function(*args, **kwargs)
    except Exception as error:
        # Every library has an error class of that name (PyTorch's begins with an underscore).
        if not type(error).__name__.endswith("LinAlgError"):
            raise
        raise LinAlgError(f"linalg.{name}: {why} ({type(error).__name__}: {error})") from error


# -- solving ---------------------------------------------------------------------------------------------


def _solve_arrays(
    xp: Any, g: Any, arrays: tuple[Any, Any], arrays_shape: tuple[Any, Any], out: Any, needs: tuple[bool, bool]
) -> tuple[Any, Any]:
    """One solution serves both gradients: that of b is A⁻ᴴ g, that of A is -A⁻ᴴ g xᴴ."""
    a_shape, b_shape = arrays_shape
    vector = len(b_shape) == 1
    g_b = xp.solve(mH(xp, arrays[0]), g[..., None] if vector else g)
    g_a = None
    if needs[0]:
        g_a = sum_to_shape(xp, -xp.matmul(g_b, mH(xp, out[..., None] if vector else out)), a_shape)
    return g_a, sum_to_shape(xp, g_b[..., 0] if vector else g_b, b_shape) if needs[1] else None


@composite(name="solve", autocast="float32", alias="LinalgSolveEx", kinds=FLOATING, result="same", vjp=_solve_arrays)
def _solve(xp: Any, *arrays: Any) -> Any:
    a, b = arrays
    return extension(xp).solve(a, b)


def solve(x1: Tensor, x2: Tensor, /, *, left: bool = True) -> Tensor:
    """The solution X of ``x1 @ X = x2``.

    Parameters
    ----------
    x1 : Tensor, shape (..., n, n), floating
    x2 : Tensor, shape (n,), a vector, or (..., n, k); the batch axes broadcast
    left : False: solve ``X @ x1 = x2``

    Returns
    -------
    Tensor, shape (..., n) or (..., n, k)

    Raises
    ------
    LinAlgError : a singular matrix
    ShapeError : shapes that do not fit

    >>> import pluggrad
    >>> pluggrad.linalg.solve(pluggrad.asarray([[2.0, 0.0], [0.0, 4.0]]), pluggrad.asarray([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    check_matrix("solve", x1, square=True)
    if not left:
        check_matrix("solve", x2)
        return solve(x1.mT, x2.mT).mT
    n, shape = x1._array.shape[-1], tuple(x2._array.shape)
    rows = shape[0] if len(shape) == 1 else shape[-2] if shape else None
    if rows != n:
        raise ShapeError(
            f"linalg.solve: x1 has shape {tuple(x1.shape)}, so x2 must have shape ({n},) or (..., {n}, k), got "
            f"{shape}; "
            f"to solve for a batch of vectors, write solve(x1, x2[..., None])[..., 0]"
        )
    return explained("solve", "the matrix is singular, so there is no unique solution", _solve, x1, x2)


def _triangular(xp: Any, a: Any, upper: bool, unit: bool) -> Any:
    """The triangle that is read."""
    k = int(unit) if upper else -int(unit)
    return xp.triu(a, k=k) if upper else xp.tril(a, k=k)


def _solve_triangular_arrays(
    xp: Any,
    g: Any,
    arrays: tuple[Any, Any],
    arrays_shape: tuple[Any, Any],
    out: Any,
    upper: bool,
    unit: bool,
    needs: tuple[bool, bool],
) -> tuple[Any, Any]:
    g_b = xp.solve_triangular(mH(xp, arrays[0]), g, upper=not upper, unit=unit)
    g_a = (
        sum_to_shape(xp, _triangular(xp, -xp.matmul(g_b, mH(xp, out)), upper, unit), arrays_shape[0])
        if needs[0]
        else None
    )
    return g_a, sum_to_shape(xp, g_b, arrays_shape[1]) if needs[1] else None


@composite(
    name="solve_triangular",
    autocast="float32",
    alias="LinalgSolveTriangular",
    kinds=FLOATING,
    result="same",
    vjp=_solve_triangular_arrays,
)
def _solve_triangular(xp: Any, *arrays: Any, upper: bool, unit: bool) -> Any:
    a, b = arrays
    a = _triangular(xp, a, upper, unit)
    if unit:
        a = a + xp.namespace.eye(a.shape[-1], dtype=a.dtype, device=xp.native_device(a))
    return extension(xp).solve(a, b)


def solve_triangular(x1: Tensor, x2: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """The solution X of ``x1 @ X = x2`` for triangular ``x1``, of which the other triangle is not read.

    Parameters
    ----------
    x1 : Tensor, shape (..., n, n), floating
    x2 : Tensor, shape (..., n, k)
    upper : which triangle
    left : False: solve ``X @ x1 = x2``, where ``x2`` has shape (..., k, n)
    unitriangular : take the diagonal to be ones, without reading it

    Raises
    ------
    LinAlgError : a zero on the diagonal

    >>> import pluggrad
    >>> x = pluggrad.asarray([[1.0, 1.0], [9.0, 2.0]])
    >>> pluggrad.linalg.solve_triangular(x, pluggrad.asarray([[3.0], [4.0]]), upper=True)
    tensor([[1.],
            [2.]])
    """
    check_matrix("solve_triangular", x1, square=True)
    check_matrix("solve_triangular", x2)
    if not left:
        return solve_triangular(x1.mT, x2.mT, upper=not upper, unitriangular=unitriangular).mT
    if x1._array.shape[-1] != x2._array.shape[-2]:
        raise ShapeError(
            f"linalg.solve_triangular: shapes {tuple(x1.shape)} and {tuple(x2.shape)} do not fit: need x1.shape[-1] "
            "== x2.shape[-2]"
        )
    why = "the matrix has a zero on its diagonal, so it is singular"
    return explained("solve_triangular", why, _solve_triangular, x1, x2, upper=upper, unit=unitriangular)


@composite(name="inv", autocast="float32", alias="LinalgInvEx", kinds=FLOATING, result="same",
           vjp=lambda xp, g, out: -xp.matmul(xp.matmul(mH(xp, out), g), mH(xp, out)))  # fmt: skip
def _inv(xp: Any, x: Any, /) -> Any:
    return extension(xp).inv(x)


def inv(x: Tensor, /) -> Tensor:
    """The inverse of each matrix. To solve equations, :func:`solve` is faster and more exact.

    Parameters
    ----------
    x : Tensor, shape (..., n, n), floating

    Raises
    ------
    LinAlgError : a singular matrix

    >>> import pluggrad
    >>> pluggrad.linalg.inv(pluggrad.asarray([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    check_matrix("inv", x, square=True)
    return explained("inv", "the matrix is singular, so it has no inverse", _inv, x)


def _cholesky_x(xp: Any, g: Any, out: Any, upper: bool) -> Any:
    """L⁻ᴴ Φ(Lᴴ g) L⁻¹, where Φ takes the lower triangle and half the diagonal (Murray, arXiv:1602.07527)."""
    if upper:
        out, g = mH(xp, out), mH(xp, g)
    p = xp.tril(xp.matmul(mH(xp, out), g), k=0)
    p = (p + mH(xp, xp.tril(p, k=-1))) * 0.5
    left = xp.solve_triangular(mH(xp, out), p, upper=True, unit=False)
    whole = mH(xp, xp.solve_triangular(mH(xp, out), mH(xp, left), upper=True, unit=False))
    return (whole + mH(xp, whole)) * 0.5


@composite(
    name="cholesky", autocast="float32", alias="LinalgCholeskyEx", kinds=FLOATING, result="same", vjp=_cholesky_x
)
def _cholesky(xp: Any, x: Any, /, *, upper: bool) -> Any:
    return extension(xp).cholesky(hermitian_part(xp, x), upper=upper)


def hermitian_part(xp: Any, x: Any) -> Any:
    """(x + xᴴ) / 2, raw.

    Libraries read one triangle or the other. With this the function is defined, and has a derivative, for any x.
    """
    return (x + mH(xp, x)) * 0.5


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The Cholesky factor L of each Hermitian positive definite matrix, ``x = L @ L.mH``.

    Parameters
    ----------
    x : Tensor, shape (..., n, n), floating; of another matrix, the Hermitian part is taken
    upper : give ``L.mH`` instead

    Raises
    ------
    LinAlgError : a matrix that is not positive definite

    >>> import pluggrad
    >>> pluggrad.linalg.cholesky(pluggrad.asarray([[4.0, 2.0], [2.0, 2.0]]))
    tensor([[2., 0.],
            [1., 1.]])
    """
    check_matrix("cholesky", x, square=True)
    return explained("cholesky", "the matrix is not positive definite", _cholesky, x, upper=upper)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The solution X of ``A @ X = B``, given the Cholesky factor of A.

    >>> import pluggrad
    >>> pluggrad.cholesky_solve(pluggrad.asarray([[8.0], [6.0]]), pluggrad.asarray([[2.0, 0.0], [1.0, 1.0]]))
    tensor([[1.],
            [2.]])
    """
    if upper:
        L = L.mH
    return solve_triangular(L.mH, solve_triangular(L, B, upper=False), upper=True)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, given its Cholesky factor.

    >>> import pluggrad
    >>> pluggrad.cholesky_inverse(pluggrad.asarray([[2.0, 0.0], [0.0, 1.0]]))
    tensor([[0.2500, 0.0000],
            [0.0000, 1.0000]])
    """
    check_matrix("cholesky_inverse", L, square=True)
    return cholesky_solve(eye(L._array.shape[-1], dtype=L.dtype, device=L.device), L, upper)


# -- determinants ------------------------------------------------------------------------------------------


def _all_but_two(xp: Any, s: Any) -> Any:
    """For each pair of different singular values the product of the others, exact where some are zero."""
    none = s == 0
    safe = xp.where(none, xp.ones_like(s), s)
    zeros = xp.astype(none, dtype=int64)
    total = xp.sum(zeros, axis=(s.ndim - 1,), keepdims=True)[..., None]
    others = total - zeros[..., :, None] - zeros[..., None, :]
    product = xp.prod(safe, axis=(s.ndim - 1,), keepdims=True)[..., None] / safe[..., :, None] / safe[..., None, :]
    pairs = xp.where(others == 0, product, xp.zeros_like(product))
    return xp.triu(pairs, k=1) + xp.tril(pairs, k=-1)


def _cofactors_x(xp: Any, g: Any, x: Any) -> Any:
    """The second derivative of the determinant, without a division by it: for singular matrices, too.

    In the basis of the singular vectors the adjugate of S + E is, to first order in E, that of S plus
    diag(P diag(E)) - P * E, where P[i, j] is the product of all singular values but the i-th and the j-th.
    """
    u, s, vh = xp.svd(x, full_matrices=False)
    phase = xp.conj(xp.det(u) * xp.det(vh))[..., None, None]
    p = _all_but_two(xp, s)
    w = phase * xp.matmul(xp.matmul(vh, mH(xp, g)), u)
    rows, columns = w.ndim - 2, w.ndim - 1
    diagonal = xp.matmul(p, xp.copy_diagonal(w, offset=0, axis1=rows, axis2=columns)[..., None])
    e = _on_diagonal(xp, diagonal, w) - p * w
    return xp.matmul(xp.matmul(u, e), vh)


def _on_diagonal(xp: Any, column: Any, like: Any) -> Any:
    """A column as the diagonal of a matrix."""
    return xp.put_diagonal(column[..., 0], shape=tuple(like.shape), offset=0, axis1=like.ndim - 2, axis2=like.ndim - 1)


@composite(name="cofactors", kinds=FLOATING, result="same", vjp=_cofactors_x)
def _cofactors(xp: Any, x: Any, /) -> Any:
    """The conjugated cofactors of each matrix: the gradient of its determinant, defined for singular matrices, too."""
    ns = xp.namespace
    determinant = xp.det(x)
    if xp.truth(ns.all(determinant != 0)):
        return xp.conj(determinant)[..., None, None] * mH(xp, xp.inv(x))
    # adj(U S Vᴴ) = adj(Vᴴ) adj(S) adj(U); see Higham, "What is the adjugate of a matrix?" (2020).
    u, s, vh = extension(xp).svd(x, full_matrices=False)
    phase = xp.conj(xp.det(u) * xp.det(vh))[..., None, None]
    none = s == 0
    safe = ns.where(none, ns.ones_like(s), s)
    zeros = ns.astype(none, ns.int64)
    others = ns.sum(zeros, axis=-1, keepdims=True) - zeros
    p = ns.where(others == 0, ns.prod(safe, axis=-1, keepdims=True) / safe, ns.zeros_like(s))
    return phase * ns.matmul(u * ns.astype(p, u.dtype)[..., None, :], vh)


@composite(
    name="det",
    alias="LinalgDet",
    kinds=FLOATING,
    result="same",
    vjp=lambda xp, g, x: g[..., None, None] * xp.cofactors(x),
)
def _det(xp: Any, x: Any, /) -> Any:
    return extension(xp).det(x)


def det(x: Tensor, /) -> Tensor:
    """The determinant of each matrix. It has derivatives at singular matrices, too.

    Parameters
    ----------
    x : Tensor, shape (..., n, n), floating

    Returns
    -------
    Tensor, shape (...)

    >>> import pluggrad
    >>> pluggrad.linalg.det(pluggrad.asarray([[2.0, 0.0], [0.0, 4.0]]))
    tensor(8.)
    """
    check_matrix("det", x, square=True)
    return _det(x)


def _slogdet_x(xp: Any, g: tuple[Any, Any], x: Any, sign: Any) -> Any:
    """The logarithm of the determinant has the gradient x⁻ᴴ; its imaginary part turns the sign."""
    g_sign, g_log = g
    if g_sign is not None and xp.isdtype(x.dtype, "complex floating"):
        g_log = xp.complex(g_log, -xp.imag(xp.conj(g_sign) * sign))
    if xp.anywhere(xp.any(sign == 0, axis=tuple(range(len(sign.shape))))):
        # Of a singular matrix it is infinite, as in PyTorch, with the signs of the cofactors.
        return g_log[..., None, None] * (xp.cofactors(x) / xp.conj(xp.det(x))[..., None, None])
    return g_log[..., None, None] * mH(xp, xp.inv(x))


@composite(name="slogdet", alias="LinalgSlogdet", kinds=FLOATING, outputs=("sign", "logabsdet"), vjp=_slogdet_x)
def _slogdet(xp: Any, x: Any, /) -> Any:
    return tuple(extension(xp).slogdet(x))


def slogdet(x: Tensor, /) -> Any:
    """The sign and the logarithm of the absolute value of the determinant of each matrix.

    Parameters
    ----------
    x : Tensor, shape (..., n, n), floating

    Returns
    -------
    sign : Tensor, shape (...), the dtype of ``x``; for complex matrices a number of absolute value 1
    logabsdet : Tensor, shape (...), real; -inf for a singular matrix, whose gradient is infinite, too

    >>> import pluggrad
    >>> pluggrad.linalg.slogdet(pluggrad.asarray([[1.0, 0.0], [0.0, -1.0]]))
    linalg_slogdet(sign=tensor(-1.), logabsdet=tensor(0.))
    """
    check_matrix("slogdet", x, square=True)
    return linalg_slogdet(*_slogdet(x))


def logdet(x: Tensor) -> Tensor:
    """The logarithm of the determinant of each matrix; NaN where that is negative.

    >>> import pluggrad
    >>> pluggrad.logdet(pluggrad.asarray([[1.0, 0.0], [0.0, 1.0]]))
    tensor(0.)
    """
    sign, logarithm = slogdet(x)
    return log(sign) + logarithm if x.dtype.is_complex else where(sign < 0, math.nan, logarithm)


# -- powers --------------------------------------------------------------------------------------------------


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """Each matrix multiplied n times by itself; negative powers are those of the inverse, the power 0 is the identity.

    Parameters
    ----------
    x : Tensor, shape (..., m, m), floating
    n : int

    Raises
    ------
    LinAlgError : a negative power of a singular matrix

    >>> import pluggrad
    >>> pluggrad.linalg.matrix_power(pluggrad.asarray([[1.0, 1.0], [0.0, 1.0]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    check_matrix("matrix_power", x, square=True)
    if not isinstance(n, int):
        raise TypeError(f"linalg.matrix_power: the exponent must be an int, got {type(n).__name__}")
    if n == 0:
        never = zeros((), dtype=bool_, device=x.device)  # so that it has a gradient, of zeros, as in PyTorch
        return where(never, x, eye(x._array.shape[-1], dtype=x.dtype, device=x.device))
    base = x if n > 0 else inv(x)
    n = abs(n)
    # By repeated squaring: as many products as n has binary digits, and one for each that is 1.
    result: Tensor | None = None
    while n:
        if n & 1:
            result = base if result is None else matmul(result, base)
        n >>= 1
        if n:
            base = matmul(base, base)
    assert result is not None
    return result.clone() if result is x else result


#: Numerator of the [13/13] Padé approximant of exp; Higham, "The scaling and squaring method for the matrix
#: exponential revisited", SIAM J. Matrix Anal. Appl. 26 (2005), which gives the bound below, too.
_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_PADE_BOUND = 5.371920351148152


def _matrix_exp_x(xp: Any, g: Any, x: Any) -> Any:
    """The derivative of exp at xᴴ in the direction g: a block of the exponential of a block matrix (Mathias, 1996)."""
    n, a = x.shape[-1], mH(xp, x)
    rows, columns = x.ndim - 2, x.ndim - 1
    block = xp.concat(xp.concat(a, g, axis=columns), xp.concat(xp.zeros_like(a), a, axis=columns), axis=rows)
    return xp.matrix_exp(block)[..., :n, n:]


@composite(name="matrix_exp", alias="LinalgMatrixExp", kinds=FLOATING, result="same", vjp=_matrix_exp_x)
def _matrix_exp(xp: Any, x: Any, /) -> Any:
    ns = xp.namespace
    n = x.shape[-1]
    if not math.prod(x.shape):
        return ns.asarray(x, copy=True)
    size = float(ns.max(ns.sum(ns.abs(x), axis=-2)))
    if not math.isfinite(size):
        return x * math.nan
    squarings = max(0, math.ceil(math.log2(size / _PADE_BOUND))) if size else 0
    a = x / 2.0**squarings
    identity = ns.broadcast_to(ns.eye(n, dtype=x.dtype, device=xp.native_device(x)), x.shape)
    a2 = ns.matmul(a, a)
    a4 = ns.matmul(a2, a2)
    a6 = ns.matmul(a4, a2)
    b = _PADE
    odd = ns.matmul(a6, b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * identity
    odd = ns.matmul(a, odd)
    even = ns.matmul(a6, b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * identity
    out = extension(xp).solve(even - odd, even + odd)
    for _ in range(squarings):
        out = ns.matmul(out, out)
    return out


def matrix_exp(x: Tensor) -> Tensor:
    """The exponential of each matrix, the sum of ``x**k / k!``.

    Parameters
    ----------
    x : Tensor, shape (..., n, n), floating

    >>> import pluggrad
    >>> pluggrad.linalg.matrix_exp(pluggrad.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_matrix("matrix_exp", x, square=True)
    return _matrix_exp(x)


# -- tensors as matrices ---------------------------------------------------------------------------------------


def tensorinv(x: Tensor, ind: int = 2) -> Tensor:
    """The inverse of the linear map that ``tensordot(x, y, x.ndim - ind)`` is in y.

    Parameters
    ----------
    x : Tensor; the product of its first ``ind`` sizes equals that of the others

    >>> import pluggrad
    >>> pluggrad.linalg.tensorinv(pluggrad.eye(4).reshape(2, 2, 4), ind=2).shape
    pluggrad.Size([4, 2, 2])
    """
    shape = tuple(x._array.shape)
    rows, columns = shape[:ind], shape[ind:]
    if ind <= 0 or math.prod(rows) != math.prod(columns):
        raise ShapeError(
            f"linalg.tensorinv: the sizes {rows} and {columns} before and after axis {ind} must have equal products"
        )
    return inv(x.reshape(math.prod(rows), -1)).reshape(*columns, *rows)


def tensorsolve(x1: Tensor, x2: Tensor, dims: tuple[int, ...] | None = None) -> Tensor:
    """The solution X of ``tensordot(x1, X, X.ndim) = x2``.

    Parameters
    ----------
    x1 : Tensor, shape ``x2.shape + X.shape``
    x2 : Tensor
    dims : axes of ``x1`` to move to its end first

    >>> import pluggrad
    >>> pluggrad.linalg.tensorsolve(pluggrad.eye(4).reshape(2, 2, 4), pluggrad.ones(2, 2))
    tensor([1., 1., 1., 1.])
    """
    if dims is not None:
        x1 = x1.movedim(tuple(dims), tuple(range(-len(dims), 0)))
    shape = tuple(x1._array.shape)[x2._array.ndim :]
    count = math.prod(x2._array.shape)
    if math.prod(shape) != count or math.prod(x1._array.shape) != count * count:
        raise ShapeError(
            f"linalg.tensorsolve: x1 of shape {tuple(x1.shape)} is no square system for x2 of shape {tuple(x2.shape)}"
        )
    return solve(x1.reshape(-1, math.prod(shape)), x2.reshape(-1)).reshape(shape)
