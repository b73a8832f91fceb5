"""pluggrad.linalg against PyTorch: values, gradients, second derivatives, and what a mistake gets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import GradientError, LinAlgError

torch = pytest.importorskip("torch")
L = "m.linalg."

#: Shapes of x and y, and an expression in them and the library m, whose value is unique, so that it can be compared.
CASES = [
    ([(3, 3)], L + "inv(x)"),
    ([(2, 3, 3)], "m.inverse(x)"),
    ([(3, 3), (3,)], L + "solve(x, y)"),
    ([(3, 3), (3, 2)], L + "solve(x, y)"),
    ([(2, 1, 3, 3), (4, 3, 2)], L + "solve(x, y)"),
    ([(3, 3), (2, 3)], L + "solve(x, y, left=False)"),
    ([(3, 3), (3, 2)], L + "solve_triangular(x, y, upper=True)"),
    ([(2, 3, 3), (3, 2)], L + "solve_triangular(x, y, upper=False)"),
    ([(3, 3), (2, 3)], L + "solve_triangular(x, y, upper=True, left=False)"),
    ([(3, 3), (3, 2)], L + "solve_triangular(x, y, upper=False, unitriangular=True)"),
    ([(3, 3)], L + "det(x)"),
    ([(2, 2, 2)], "m.det(x)"),
    ([(3, 3)], L + "slogdet(x)"),
    ([(2, 3, 3)], "m.slogdet(x)[1]"),
    ([(3, 3)], "m.logdet(x @ x.mH + m.eye(3, dtype=x.dtype))"),
    ([(3, 3)], L + "cholesky(x @ x.mH + m.eye(3, dtype=x.dtype))"),
    ([(2, 3, 3)], L + "cholesky(x @ x.mH + m.eye(3, dtype=x.dtype), upper=True)"),
    ([(3, 3), (3, 2)], "m.cholesky_solve(y, m.tril(x))"),
    ([(3, 3), (3, 2)], "m.cholesky_solve(y, m.triu(x), upper=True)"),
    ([(3, 3)], "m.cholesky_inverse(m.linalg.cholesky(x @ x.mH + m.eye(3, dtype=x.dtype)))"),
    ([(3, 3)], L + "matrix_power(x, 5)"),
    ([(3, 3)], L + "matrix_power(x, -2)"),
    ([(2, 3, 3)], L + "matrix_power(x, 1)"),
    ([(2, 3, 3)], L + "matrix_exp(x)"),
    ([(3, 3)], "m.matrix_exp(10 * x)"),
    ([(2, 3, 3)], L + "eigvalsh(x + x.mH)"),
    ([(3, 3)], L + "eigh(x + x.mH)[0]"),
    ([(3, 3)], "(lambda w, V: (V * w.sin()[..., None, :]) @ V.mH)(*m.linalg.eigh(x + x.mH))"),
    ([(3, 3)], "(lambda w, V: (V.abs() ** 2) * w)(*m.linalg.eigh(x + x.mH))"),
    ([(4, 3)], L + "svdvals(x)"),
    ([(2, 3, 4)], L + "svd(x, full_matrices=False)[1]"),
    ([(4, 3)], "(lambda U, S, Vh: (U * S.sin()[..., None, :]) @ Vh)(*m.linalg.svd(x, full_matrices=False))"),
    ([(2, 3, 4)], "(lambda U, S, Vh: (U * S.sin()[..., None, :]) @ Vh)(*m.linalg.svd(x, False))"),
    ([(4, 3)], "(lambda U, S, Vh: (U.abs() ** 2) * S)(*m.linalg.svd(x, full_matrices=False))"),
    ([(3, 4)], "(lambda U, S, Vh: U.abs() ** 2 * S)(*m.linalg.svd(x))"),
    ([(3, 3)], "(lambda w, V: w.sum() + (w * w).sum())(*m.linalg.eig(x))"),
    ([(3, 3)], "(lambda w, V: ((V * (w * w)) @ V.mH).abs())(*m.linalg.eig(x))"),
    ([(3, 3)], "(lambda w: (w * w).sum() + (w ** 3).sum())(m.linalg.eigvals(x))"),
    ([(3, 3)], "(lambda Q, R: (Q @ Q.mH + R.mH @ R, R.abs(), Q.abs()))(*m.linalg.qr(x))"),
    ([(4, 3)], "(lambda Q, R: ((Q * R.abs().sum(-1)) @ R, R.abs(), Q.abs()))(*m.linalg.qr(x))"),
    ([(3, 4)], "(lambda Q, R: ((Q * R.abs().sum(-1)) @ R, R.abs(), Q.abs()))(*m.linalg.qr(x))"),
    ([(3, 4)], "m.linalg.qr(x, mode='complete')[1].abs()"),
    ([(4, 3)], L + "pinv(x)"),
    ([(2, 3, 4)], L + "pinv(x)"),
    ([(3, 3)], "m.pinverse(x)"),
    ([(4, 2), (4, 3)], L + "lstsq(x, y)[0]"),
    ([(2, 3), (2, 2)], L + "lstsq(x, y)[0]"),
    ([(3, 4)], L + "vector_norm(x)"),
    ([(3, 4)], L + "vector_norm(x, 3.5, dim=1)"),
    ([(3, 4)], L + "vector_norm(x, math.inf, dim=0, keepdim=True)"),
    ([(3, 4)], L + "vector_norm(x, 1)"),
    ([(3, 4)], L + "vector_norm(x, -math.inf, dim=(0, 1))"),
    ([(3, 4)], L + "vector_norm(x, 0)"),
    *(
        ([(2, 3, 4)], f"m.linalg.matrix_norm(x, {p})")
        for p in ("'fro'", "'nuc'", "1", "-1", "2", "-2", "math.inf", "-math.inf")
    ),
    ([(2, 3, 4)], L + "matrix_norm(x, 1, dim=(0, 2))"),
    ([(2, 3, 4)], L + "matrix_norm(x, 'nuc', dim=(2, 0), keepdim=True)"),
    ([(2, 3, 4)], L + "matrix_norm(x, dim=(-1, 0), keepdim=True)"),
    ([(3, 4)], L + "norm(x)"),
    ([(3, 4)], L + "norm(x, 1)"),
    ([(3,)], L + "norm(x, 1)"),
    ([(3, 4)], L + "norm(x, dim=1)"),
    ([(3, 4)], L + "norm(x, 'nuc', dim=(0, 1))"),
    ([(2, 3, 4)], L + "norm(x, 3, dim=1, keepdim=True)"),
    *(([(2, 3, 3)], f"m.linalg.cond(x, {p})") for p in ("None", "'nuc'", "2", "-2")),
    ([(4, 3)], L + "cond(x)"),
    ([(2, 3)], L + "diagonal(x)"),
    ([(4, 2, 3)], L + "diagonal(x, offset=1)"),
    ([(3,)], L + "vander(x)"),
    ([(2, 3)], L + "vander(x, N=2)"),
    ([(2, 2, 4)], L + "tensorinv(x, ind=2)"),
    ([(2, 2, 4), (2, 2)], L + "tensorsolve(x, y)"),
    ([(4, 2, 2), (2, 2)], L + "tensorsolve(x, y, dims=(0,))"),
]


def evaluate(expression: str, library: Any, *arguments: Any) -> Any:
    return eval(expression, {"m": library, "math": math, **dict(zip("xy", arguments, strict=False))})


def drawn(rng: np.random.Generator, shapes: Any, is_complex: bool) -> list[Any]:
    return [rng.standard_normal(s) + (1j * rng.standard_normal(s) if is_complex else 0) for s in shapes]


@pytest.mark.parametrize(("shapes", "expression"), CASES)
@pytest.mark.parametrize("is_complex", [False, True], ids=["real", "complex"])
def test_as_torch(shapes: Any, expression: str, is_complex: bool, same_as_torch: Any, rng: np.random.Generator) -> None:
    same_as_torch(
        lambda *xs: evaluate(expression, pluggrad, *xs), lambda *ts: evaluate(expression, torch, *ts),
        *drawn(rng, shapes, is_complex), rtol=1e-6, atol=1e-7,
    )  # fmt: skip


@pytest.mark.parametrize(("shapes", "expression"), [c for c in CASES if "vander" not in c[1]])
def test_second_order_as_torch(shapes: Any, expression: str, rng: np.random.Generator) -> None:
    if "complete" in expression or "vector_norm(x, 0)" in expression or "matrix_norm(x, -" in expression:
        return
    values = drawn(rng, shapes, False)
    results = []
    for library in (pluggrad, torch):
        xs = [library.asarray(v.tolist(), dtype=library.float64).requires_grad_() for v in values]
        out = evaluate(expression, library, *xs)
        parts = out if isinstance(out, tuple) else (out,)
        total = sum((p.abs() if p.is_complex() else p).sin().sum() for p in parts if p.requires_grad)
        gs = library.autograd.grad(total, xs, create_graph=True)
        loss = sum((g * g.sin()).sum() for g in gs)
        results.append([g.tolist() for g in library.autograd.grad(loss, xs)])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_single_precision(dtype: str, rng: np.random.Generator) -> None:
    a = (rng.standard_normal((3, 3)) + (1j if dtype == "complex64" else 0)).astype(dtype)
    x, t = pluggrad.asarray(a.tolist(), dtype=getattr(pluggrad, dtype)), torch.from_numpy(a)
    for name in (
        "inv",
        "det",
        "slogdet",
        "svdvals",
        "eigvals",
        "eig",
        "eigh",
        "qr",
        "svd",
        "pinv",
        "matrix_exp",
        "eigvalsh",
        "matrix_norm",
        "cond",
    ):
        got, expected = getattr(pluggrad.linalg, name)(x), getattr(torch.linalg, name)(t)
        for g, e in zip(
            got if isinstance(got, tuple) else (got,),
            expected if isinstance(expected, tuple) else (expected,),
            strict=True,
        ):
            assert g.dtype.name == str(e.dtype).removeprefix("torch.") and tuple(g.shape) == tuple(e.shape)


def test_field_names() -> None:
    x = pluggrad.eye(2)
    for result, fields in (
        (pluggrad.linalg.eig(x), ("eigenvalues", "eigenvectors")),
        (pluggrad.linalg.eigh(x), ("eigenvalues", "eigenvectors")),
        (pluggrad.linalg.qr(x), ("Q", "R")),
        (pluggrad.linalg.svd(x), ("U", "S", "Vh")),
        (pluggrad.linalg.slogdet(x), ("sign", "logabsdet")),
        (pluggrad.linalg.lstsq(x, x), ("solution", "residuals", "rank", "singular_values")),
    ):
        assert result._fields == fields


@pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (2, 3, 3)])
def test_qr_shapes(mode: str, shape: Any) -> None:
    got, expected = pluggrad.linalg.qr(pluggrad.ones(*shape), mode=mode), torch.linalg.qr(torch.ones(shape), mode=mode)
    assert [tuple(g.shape) for g in got] == [tuple(e.shape) for e in expected]


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 3), (2, 0, 0)])
def test_empty_matrices(shape: Any) -> None:
    x, t = pluggrad.zeros(*shape), torch.zeros(shape)
    for name in (
        "svdvals",
        "pinv",
        *(("det", "inv", "eigvalsh", "cholesky", "matrix_exp") if shape[-1] == shape[-2] else ()),
    ):
        got, expected = getattr(pluggrad.linalg, name)(x), getattr(torch.linalg, name)(t)
        assert tuple(got.shape) == tuple(expected.shape) and got.tolist() == expected.tolist()


# -- singular and repeated -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "matrix",
    [
        [[1.0, 2.0], [2.0, 4.0]],
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]],
        [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        [[0.0, 0.0], [0.0, 0.0]],
        [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 2.0]],
    ],
)
def test_det_of_singular_matrices_has_derivatives(matrix: Any) -> None:
    """Against the cofactors, and for the second derivative against central differences of them."""
    a = np.asarray(matrix)
    n = len(a)

    def cofactors(b: np.ndarray) -> np.ndarray:
        minors = [
            [np.linalg.det(np.delete(np.delete(b, i, 0), j, 1)) if n > 1 else 1.0 for j in range(n)] for i in range(n)
        ]
        return np.asarray(minors) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n))

    x = pluggrad.asarray(a.tolist(), dtype=pluggrad.float64).requires_grad_()
    (g,) = pluggrad.autograd.grad(pluggrad.linalg.det(x), x, create_graph=True)
    np.testing.assert_allclose(g.tolist(), cofactors(a), atol=1e-9)
    weights = np.cos(np.arange(n * n).reshape(n, n))
    (h,) = pluggrad.autograd.grad((g * pluggrad.asarray(weights.tolist(), dtype=pluggrad.float64)).sum(), x)
    direction, step = np.sin(1.0 + np.arange(n * n).reshape(n, n)), 1e-5
    numeric = ((cofactors(a + step * direction) - cofactors(a - step * direction)) * weights).sum() / (2 * step)
    assert (np.asarray(h.tolist()) * direction).sum() == pytest.approx(numeric, abs=1e-6)


def test_singular_values_of_the_identity_have_gradients() -> None:
    for function in (
        lambda x: pluggrad.linalg.svdvals(x).sum(),
        lambda x: pluggrad.linalg.svd(x).S.sum(),
        lambda x: pluggrad.linalg.matrix_norm(x, "nuc"),
    ):
        x = pluggrad.eye(3).requires_grad_()
        function(x).backward()
        np.testing.assert_allclose(x.grad.tolist(), np.eye(3), atol=1e-6)
    x = pluggrad.eye(3).requires_grad_()
    pluggrad.linalg.eigh(x).eigenvalues.sum().backward()
    np.testing.assert_allclose(x.grad.tolist(), np.eye(3), atol=1e-6)


def test_losses_that_depend_on_the_phase_are_refused(rng: np.random.Generator) -> None:
    a = rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))
    for name, pick in (("eigh", 1), ("eig", 1), ("svd", 0)):
        x = pluggrad.asarray(a.tolist(), dtype=pluggrad.complex128).requires_grad_()
        out = getattr(pluggrad.linalg, name)(x)[pick]
        with pytest.raises(GradientError, match=rf"linalg\.{name}: .*specified up to multiplication by e\^\(i phi\)"):
            pluggrad.imag(out * 3.0).sum().backward()


@pytest.mark.parametrize("p", ["fro", 1, -1, math.inf, -math.inf])
def test_condition_as_torchs_norms(p: Any, same_as_torch: Any, rng: np.random.Generator) -> None:
    """PyTorch 2.13 itself cannot differentiate its cond here."""
    norm = torch.linalg.matrix_norm
    same_as_torch(
        lambda x: pluggrad.linalg.cond(x, p),
        lambda t: norm(t, p) * norm(torch.linalg.inv(t), p),
        rng.standard_normal((2, 3, 3)),
    )


def test_condition_of_a_singular_matrix_is_infinite() -> None:
    x = pluggrad.asarray([[[1.0, 1.0], [1.0, 1.0]], [[2.0, 0.0], [0.0, 1.0]]])
    np.testing.assert_allclose(pluggrad.linalg.cond(x, 1).tolist(), [math.inf, 2.0])
    assert pluggrad.linalg.cond(x, 2).tolist()[0] > 1e7


def test_rank_and_tolerances() -> None:
    x = pluggrad.asarray([[[1.0, 0.0], [0.0, 1e-3]], [[1.0, 0.0], [0.0, 0.0]]], dtype=pluggrad.float64)
    rank = pluggrad.linalg.matrix_rank
    assert rank(x).tolist() == [2, 1] and rank(x).dtype is pluggrad.int64
    assert rank(x, rtol=1e-2).tolist() == [1, 1]
    assert rank(x, atol=0.5e-3).tolist() == [2, 1]
    assert rank(x, rtol=pluggrad.asarray([1e-2, 0.0], dtype=pluggrad.float64)).tolist() == [1, 1]
    assert pluggrad.linalg.pinv(x, 1e-2).tolist()[0] == [[1.0, 0.0], [0.0, 0.0]]


def test_eigh_reads_the_triangle_that_is_named() -> None:
    x = pluggrad.asarray([[1.0, 9.0], [2.0, 1.0]])
    np.testing.assert_allclose(pluggrad.linalg.eigvalsh(x, UPLO="L").tolist(), [-1.0, 3.0], rtol=1e-5)
    np.testing.assert_allclose(pluggrad.linalg.eigvalsh(x, UPLO="U").tolist(), [-8.0, 10.0], rtol=1e-5)
    np.testing.assert_allclose(pluggrad.linalg.eigh(x, "L").eigenvalues.tolist(), [-1.0, 3.0], rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 30.0])
def test_matrix_exp_as_scipy(scale: float, rng: np.random.Generator) -> None:
    expm = pytest.importorskip("scipy.linalg").expm
    a = rng.standard_normal((4, 4)) * scale
    np.testing.assert_allclose(
        pluggrad.linalg.matrix_exp(pluggrad.asarray(a.tolist(), dtype=pluggrad.float64)).tolist(), expm(a), rtol=1e-8
    )


def test_lstsq_results() -> None:
    a, b = np.asarray([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.asarray([[1.0], [2.0], [2.0]])
    x, residuals, rank, s = pluggrad.linalg.lstsq(
        *(pluggrad.asarray(v.tolist(), dtype=pluggrad.float64) for v in (a, b))
    )
    want = np.linalg.lstsq(a, b)
    for got, expected in zip((x, residuals, rank, s), want, strict=True):
        np.testing.assert_allclose(got.tolist(), expected, rtol=1e-10)


def test_multi_dot_takes_the_cheapest_order(rng: np.random.Generator) -> None:
    shapes = [(10, 30), (30, 5), (5, 60), (60, 2)]
    arrays = [rng.standard_normal(s) for s in shapes]
    tensors = [pluggrad.asarray(a.tolist(), dtype=pluggrad.float64) for a in arrays]
    np.testing.assert_allclose(pluggrad.linalg.multi_dot(tensors).tolist(), np.linalg.multi_dot(arrays), rtol=1e-10)
    assert pluggrad.linalg.multi_dot([tensors[0][0], tensors[1], tensors[2][:, 0]]).shape == ()
    from pluggrad.ops.multi_dot import _best_splits

    assert _best_splits([10, 30, 5, 60, 2])[0, 3] == 0  # a (b (c d)): 60*5*2 + 30*5*2 + 10*30*2 multiplications


def test_methods() -> None:
    x = pluggrad.asarray([[4.0, 2.0], [2.0, 2.0]])
    assert x.det().item() == pytest.approx(4.0)
    assert x.logdet().item() == pytest.approx(math.log(4.0))
    np.testing.assert_allclose((x.inverse() @ x).tolist(), np.eye(2), atol=1e-6)
    np.testing.assert_allclose((x.pinverse() @ x).tolist(), np.eye(2), atol=1e-5)
    assert x.cholesky().tolist() == [[2.0, 0.0], [1.0, 1.0]]
    assert x.cholesky(upper=True).tolist() == [[2.0, 1.0], [0.0, 1.0]]
    assert x.matrix_power(2).tolist() == [[20.0, 12.0], [12.0, 8.0]]
    assert x.slogdet().logabsdet.item() == pytest.approx(math.log(4.0))
    assert x.matrix_exp().shape == x.qr()[0].shape == (2, 2)
    u, s, v = x.svd()  # the older form: v, not its conjugated transpose
    np.testing.assert_allclose((u @ s.diag() @ v.T).tolist(), x.tolist(), rtol=1e-5)


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        ("inv(x)", ValueError, r"linalg\.inv: the input must be a batch of square matrices, got 2 by 3 matrices"),
        ("inv(x[0])", RuntimeError, "at least 2 axes"),
        ("det(m.ones(2, 2, dtype=m.int64))", TypeError, "expected a floating point or complex tensor, got int64"),
        ("inv(m.zeros(2, 2))", LinAlgError, r"linalg\.inv: the matrix is singular"),
        ("solve(m.zeros(2, 2), m.zeros(2))", LinAlgError, r"linalg\.solve: the matrix is singular"),
        ("solve(m.eye(2), m.zeros(3))", ValueError, r"x2 must have shape \(2,\) or \(\.\.\., 2, k\), got \(3,\)"),
        ("solve_triangular(m.zeros(2, 2), m.ones(2, 1), upper=True)", LinAlgError, "zero on its diagonal"),
        ("solve_triangular(m.eye(2), m.ones(3, 1), upper=True)", ValueError, "do not fit"),
        ("cholesky(-m.eye(2))", LinAlgError, r"linalg\.cholesky: the matrix is not positive definite"),
        ("matrix_power(m.zeros(2, 2), -1)", LinAlgError, "singular"),
        ("matrix_power(m.eye(2), 0.5)", TypeError, "must be an int"),
        ("eigh(m.eye(2), UPLO='X')", ValueError, "'L' or 'U', got 'X'"),
        ("qr(x, mode='full')", ValueError, "'reduced', 'complete' or 'r', got 'full'"),
        ("lstsq(x, m.zeros(3, 1))", ValueError, r"x2 must have 2 rows"),
        ("matrix_norm(x, 3)", ValueError, "ord must be 'fro'"),
        ("matrix_norm(x, dim=(0,))", ValueError, "two axes"),
        ("vector_norm(x, 'fro')", ValueError, "ord must be a number"),
        ("vector_norm(m.zeros(0), math.inf)", ValueError, "no value for no elements"),
        ("norm(x[None], 2)", RuntimeError, "must be 1D or 2D. Got 3D"),
        ("multi_dot([x])", ValueError, "at least 2 tensors"),
        ("multi_dot([x, x])", ValueError, "tensors 0 and 1 with shapes"),
        ("tensorinv(x)", ValueError, "equal products"),
        ("pinv(x, 'small')", TypeError, "expected a Tensor, got str"),
    ],
)
def test_errors(expression: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        eval("m.linalg." + expression, {"m": pluggrad, "x": pluggrad.ones(2, 3), "math": math})


def test_backward_of_complete_qr_is_refused() -> None:
    x = pluggrad.ones(3, 2, requires_grad=True)
    with pytest.raises(GradientError, match="not differentiable when mode='complete' and nrows > ncols"):
        pluggrad.linalg.qr(x, mode="complete")[1].sum().backward()


def test_singular_matrices_are_caught_as_numpys_and_pytorchs_are() -> None:
    assert issubclass(LinAlgError, RuntimeError) and issubclass(LinAlgError, ValueError)
    assert pluggrad.linalg.LinAlgError is LinAlgError
