"""Products of matrices, linear algebra, Fourier transforms."""

from __future__ import annotations

from typing import Any

from ..compare import COMPLEX, FLOATS, INEXACT, REAL, Case, N, P, X

NUMBERS = (*REAL, *COMPLEX)
DOUBLE = ("float64", "complex128")


def hermitian(x: Any) -> Any:
    """The matrix, on record as Hermitian: PyTorch's gradient of complex factors has imaginary parts on the diagonal."""
    return (x + x.mH) / 2


def parts(t: Any, factor: Any) -> Any:
    """What a Cholesky factor may be: its diagonal is real. What depends on more has no gradient that is defined."""
    return (t.real(factor), t.tril(t.imag(factor), -1)) if factor.dtype.is_complex else factor


CASES: list[Case] = [
    Case("matmul", lambda t, a, b: t.matmul(a, b), (N(2, 3), N(3, 4)), NUMBERS),
    Case("matmul_vectors", lambda t, a, b: t.matmul(a, b), (N(3), N(3)), NUMBERS),
    Case("matmul_batch", lambda t, a, b: t.matmul(a, b), (N(2, 1, 2, 3), N(4, 3, 2)), NUMBERS),
    Case("matmul_empty", lambda t, a, b: t.matmul(a, b), (N(2, 0), N(0, 3)), FLOATS),
    Case("matmul_bad", lambda t, a, b: t.matmul(a, b), (N(2, 3), N(2, 3)), FLOATS),
    Case("mm", lambda t, a, b: t.mm(a, b), (N(2, 3), N(3, 4)), NUMBERS),
    Case("mm_bad", lambda t, a, b: t.mm(a, b), (N(2, 3), N(3)), FLOATS),
    Case("bmm", lambda t, a, b: t.bmm(a, b), (N(2, 2, 3), N(2, 3, 4)), NUMBERS),
    Case("mv", lambda t, a, b: t.mv(a, b), (N(2, 3), N(3)), NUMBERS),
    Case("dot", lambda t, a, b: t.dot(a, b), (N(3), N(3)), NUMBERS),
    Case("dot_bad", lambda t, a, b: t.dot(a, b), (N(3), N(4)), FLOATS),
    Case("vdot", lambda t, a, b: t.vdot(a, b), (N(3), N(3)), NUMBERS),
    Case("inner", lambda t, a, b: t.inner(a, b), (N(2, 3), N(4, 3)), NUMBERS),
    Case("outer", lambda t, a, b: t.outer(a, b), (N(2), N(3)), NUMBERS),
    Case("ger", lambda t, a, b: t.ger(a, b), (N(2), N(3)), NUMBERS),
    Case("kron", lambda t, a, b: t.kron(a, b), (N(2, 2), N(1, 3)), NUMBERS, strided=False),
    Case("addmm", lambda t, c, a, b: t.addmm(c, a, b, beta=2, alpha=3), (N(4), N(2, 3), N(3, 4)), NUMBERS),
    Case("addmv", lambda t, c, a, b: t.addmv(c, a, b, beta=2), (N(2), N(2, 3), N(3)), NUMBERS),
    Case("addr", lambda t, c, a, b: t.addr(c, a, b, alpha=2), (N(2, 3), N(2), N(3)), NUMBERS),
    Case("addbmm", lambda t, c, a, b: t.addbmm(c, a, b), (N(2, 4), N(2, 2, 3), N(2, 3, 4)), NUMBERS),
    Case("baddbmm", lambda t, c, a, b: t.baddbmm(c, a, b, beta=0), (N(2, 2, 4), N(2, 2, 3), N(2, 3, 4)), NUMBERS),
    Case("chain_matmul", lambda t, a, b, c: t.chain_matmul(a, b, c), (N(2, 3), N(3, 4), N(4, 1)), INEXACT),
    Case("einsum", lambda t, a, b: t.einsum("bij,bjk->bik", a, b), (N(2, 2, 3), N(2, 3, 4)), NUMBERS),
    Case("einsum_trace", lambda t, a: t.einsum("ii", a), (N(3, 3),), NUMBERS),
    Case("tensordot", lambda t, a, b: t.tensordot(a, b, dims=2), (N(2, 3, 4), N(3, 4, 2)), NUMBERS),
    Case("tensordot_dims", lambda t, a, b: t.tensordot(a, b, dims=([0], [1])), (N(2, 3), N(4, 2)), INEXACT),
    Case("matrix_power", lambda t, a: t.matrix_power(a, 3), (N(3, 3),), INEXACT),
    Case("matrix_power_negative", lambda t, a: t.matrix_power(a, -2), (P(3, 3),), DOUBLE),
    Case("matrix_exp", lambda t, a: t.matrix_exp(a), (N(3, 3, low=-1, high=1),), INEXACT),
    Case("det", lambda t, a: t.det(a), (N(3, 3),), INEXACT),
    Case("slogdet", lambda t, a: t.slogdet(a), (N(2, 3, 3),), DOUBLE),
    Case("inverse", lambda t, a: t.inverse(a), (P(3, 3),), INEXACT),
    Case("pinverse", lambda t, a: t.pinverse(a), (N(4, 2),), DOUBLE),
    Case("cholesky", lambda t, a: t.cholesky(hermitian(a)), (P(3, 3),), INEXACT, view=lambda t, r: parts(t, r)),
    Case("cholesky_inverse", lambda t, a: t.cholesky_inverse(t.linalg.cholesky(a)), (P(3, 3),), INEXACT),
    Case("cholesky_solve", lambda t, a, b: t.cholesky_solve(b, t.linalg.cholesky(a)), (P(3, 3), N(3, 2)), INEXACT),
    Case("qr", lambda t, a: t.qr(a), (N(4, 2),), ("float64",)),
    Case("svd", lambda t, a: t.svd(a), (N(4, 2),), ("float64",), True,
         lambda t, r: (r[1], r[0] @ t.diag(r[1]) @ r[2].mT)),
    Case("lu", lambda t, a: t.lu(a), (N(3, 3),), DOUBLE),
    Case("lu_solve", lambda t, a, b: t.lu_solve(b, *t.linalg.lu_factor(a)), (N(3, 3), N(3, 2)), DOUBLE),
    Case("lu_unpack", lambda t, a: t.lu_unpack(*t.linalg.lu_factor(a)), (N(4, 3),), DOUBLE),
    Case("triangular_solve", lambda t, b, a: t.triangular_solve(b, a)[0], (N(3, 2), P(3, 3)), DOUBLE),
    Case("geqrf", lambda t, a: t.geqrf(a), (N(4, 3),), DOUBLE, False),
    Case("orgqr", lambda t, a, s: t.orgqr(a, s), (N(4, 2), N(2)), ("float64",)),
    Case("ormqr", lambda t, a, s, c: t.ormqr(a, s, c), (N(4, 2), N(2), N(4, 3)), ("float64",)),
    Case("svd_lowrank", lambda t, a, b: t.svd_lowrank(a @ b, q=2)[1], (N(5, 2), N(2, 4)), ("float64",), False),
    Case("pca_lowrank", lambda t, a, b: t.pca_lowrank(a @ b, q=2, center=False)[1], (N(5, 2), N(2, 4)),
         ("float64",), False),
]  # fmt: skip


def _linalg(
    name: str, *arguments: X, dtypes: tuple[str, ...] = DOUBLE, gradient: bool = True, view: Any = None, **o: Any
) -> None:
    def call(t: Any, *tensors: Any) -> Any:
        return getattr(t.linalg, name)(*tensors, **o)

    label = f"linalg.{name}" + "".join(f"_{k}{v}" for k, v in o.items())
    CASES.append(Case(label.replace(" ", ""), call, arguments, dtypes, gradient, view))


for _shape in ((3, 3), (2, 3, 3)):
    for _name in ("det", "slogdet", "inv", "eigvalsh", "inv_ex"):
        _linalg(_name, P(*_shape))
    CASES += [
        Case("linalg.cholesky", lambda t, a: parts(t, t.linalg.cholesky(hermitian(a))), (P(*_shape),)),
        Case("linalg.cholesky_upper", lambda t, a: t.linalg.cholesky(hermitian(a), upper=True).mH.real, (P(*_shape),)),
        Case("linalg.cholesky_ex", lambda t, a: parts(t, t.linalg.cholesky_ex(hermitian(a))[0]), (P(*_shape),)),
    ]
    _linalg("matrix_exp", N(*_shape, low=-1, high=1))
    _linalg("matrix_power", P(*_shape), n=2)
    _linalg("solve", P(*_shape), N(3, 2))
    _linalg("solve_ex", P(*_shape), N(3, 2))
    _linalg("eigh", P(*_shape), view=lambda t, r: r[0])
    _linalg("lu_factor", N(*_shape))
    _linalg("lu", N(*_shape))
    _linalg("lu_factor_ex", N(*_shape), view=lambda t, r: tuple(r))
_linalg("solve", P(2, 3, 3), N(2, 3))
_linalg("solve", P(3, 3), N(2, 3), left=False)
_linalg("solve", P(3, 3), N(4, 2))
_linalg("eig", N(3, 3), gradient=False, view=lambda t, r: t.sort(r[0].abs())[0])
_linalg("eigvals", N(3, 3), gradient=False, view=lambda t, r: t.sort(r.abs())[0])
_linalg("qr", N(4, 3), dtypes=("float64",))
_linalg("qr", N(4, 3), dtypes=("float64",), mode="r", gradient=False, view=lambda t, r: r[1])
_linalg("svd", N(4, 3), full_matrices=False, view=lambda t, r: (r[1], r[0] @ t.diag(r[1]).to(r[0].dtype) @ r[2]))
_linalg("svdvals", N(4, 3))
_linalg("pinv", N(4, 3))
_linalg("lstsq", N(4, 3), N(4, 2), view=lambda t, r: r[0], gradient=False)
_linalg("matrix_rank", N(4, 3), gradient=False)
_linalg("cond", P(3, 3))
_linalg("multi_dot", N(1), view=None, dtypes=())
_linalg("tensorinv", N(4, 2, 2), ind=1)
_linalg("tensorsolve", N(4, 2, 2), N(4))
_linalg("householder_product", N(4, 2), N(2), dtypes=("float64",))
_linalg("solve_triangular", P(3, 3), N(3, 2), upper=True)
_linalg("cross", N(2, 3), N(2, 3))
_linalg("vecdot", N(2, 3), N(2, 3))
_linalg("matmul", N(2, 3), N(3, 2))
_linalg("diagonal", N(2, 3, 3), offset=1)
_linalg("vander", N(3), gradient=False)
_linalg("vector_norm", N(2, 3), ord=3)
_linalg("vector_norm", N(2, 3), dim=1, keepdim=True)
for _ord in ("fro", "nuc", 1, 2, float("inf"), -1, -2):
    _linalg("matrix_norm", N(3, 4), ord=_ord)
_linalg("norm", N(3, 4))
_linalg("norm", N(3, 4), ord=2, dim=1)
_linalg("norm", N(3, 4), ord="fro", dim=(0, 1))
_linalg("inv", N(2, 3))
_linalg("cholesky", N(3))
CASES += [
    Case("linalg.multi_dot", lambda t, a, b, c: t.linalg.multi_dot([a, b, c]), (N(2, 3), N(3, 4), N(4, 1)), DOUBLE),
    Case("linalg.lu_solve", lambda t, a, b: t.linalg.lu_solve(*t.linalg.lu_factor(a), b), (N(3, 3), N(3, 2)), DOUBLE),
    Case("linalg.lu_solve_adjoint", lambda t, a, b: t.linalg.lu_solve(*t.linalg.lu_factor(a), b, adjoint=True),
         (N(3, 3), N(3, 2)), DOUBLE),
    Case("linalg.inv_singular", lambda t, a: t.linalg.inv(a * 0), (N(3, 3),), ("float64",)),
    Case("linalg.cholesky_indefinite", lambda t, a: t.linalg.cholesky(a * 0 - t.eye(3, dtype=a.dtype)), (N(3, 3),),
         ("float64",)),
    Case("stft", lambda t, x: t.stft(x, 8, window=t.hann_window(8, dtype=x.dtype), return_complex=True), (N(2, 30),),
         FLOATS),
    Case("stft_unspecified", lambda t, x: t.stft(x, 8), (N(30),), ("float64",)),
    Case("istft", lambda t, x: t.istft(t.complex(x, x * 0.5), 8, window=t.ones(8, dtype=x.dtype), length=20),
         (N(5, 12),), FLOATS),
]  # fmt: skip
for _name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
    _kinds = INEXACT if _name in ("fft", "ifft", "irfft", "hfft") else FLOATS
    CASES += [
        Case(f"fft.{_name}", lambda t, x, n=_name: getattr(t.fft, n)(x), (N(2, 5),), (*_kinds, "int64")),
        Case(
            f"fft.{_name}_n", lambda t, x, n=_name: getattr(t.fft, n)(x, n=4, dim=0, norm="ortho"), (N(3, 2),), _kinds
        ),
    ]
for _name in (
    "fft2",
    "ifft2",
    "rfft2",
    "irfft2",
    "hfft2",
    "ihfft2",
    "fftn",
    "ifftn",
    "rfftn",
    "irfftn",
    "hfftn",
    "ihfftn",
):
    _kinds = FLOATS if _name.startswith(("rfft", "ihfft")) else INEXACT
    CASES += [
        Case(f"fft.{_name}", lambda t, x, n=_name: getattr(t.fft, n)(x), (N(3, 4),), _kinds),
        Case(
            f"fft.{_name}_s", lambda t, x, n=_name: getattr(t.fft, n)(x, s=(2, 5), norm="forward"), (N(3, 4),), _kinds
        ),
    ]
CASES += [
    Case("fft.fftshift", lambda t, x: t.fft.fftshift(x), (N(3, 4),), INEXACT),
    Case("fft.ifftshift", lambda t, x: t.fft.ifftshift(x, dim=1), (N(3, 4),), INEXACT),
    Case("fft.fftfreq", lambda t, x: t.fft.fftfreq(5, 0.5), (N(1),), ("float32",), False),
    Case("fft.rfftfreq", lambda t, x: t.fft.rfftfreq(5), (N(1),), ("float32",), False),
]
CASES = [c for c in CASES if c.dtypes]
