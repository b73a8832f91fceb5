"""Products of vectors and matrices against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import ShapeError

torch = pytest.importorskip("torch")

#: Shapes of x, y, z, and an expression in them and the library m.
CASES = [
    ([(2, 3), (3, 4)], "x @ y"),
    ([(3,), (3,)], "x @ y"),
    ([(3,), (3, 4)], "x @ y"),
    ([(2, 3), (3,)], "x @ y"),
    ([(3,), (5, 3, 4)], "x @ y"),
    ([(5, 2, 3), (3,)], "x @ y"),
    ([(5, 2, 3), (3, 4)], "m.matmul(x, y)"),
    ([(2, 3), (5, 3, 4)], "m.matmul(x, y)"),
    ([(5, 1, 2, 3), (4, 3, 2)], "x.matmul(y)"),
    ([(1, 2, 3), (4, 3, 2)], "x @ y"),
    ([(0, 3), (3, 4)], "x @ y"),
    ([(2, 0), (0, 4)], "x @ y"),
    ([(2, 3), (2, 3)], "x.T @ y"),
    ([(2, 3), (2, 3)], "x @ y.mT"),
    ([(2, 3), (3, 4)], "m.mm(x, y)"),
    ([(5, 2, 3), (5, 3, 4)], "x.bmm(y)"),
    ([(2, 3), (3,)], "m.mv(x, y)"),
    ([(3,), (3,)], "x.dot(y)"),
    ([(3,), (3,)], "m.vdot(x, y)"),
    ([(2,), (3,)], "m.outer(x, y)"),
    ([(2,), (3,)], "x.ger(y)"),
    ([(2, 3), (4, 3)], "m.inner(x, y)"),
    ([(2, 3), ()], "x.inner(y)"),
    ([(2, 3, 4), (3, 4, 5)], "m.tensordot(x, y)"),
    ([(2, 3, 4), (5, 4)], "m.tensordot(x, y, dims=([-1], [1]))"),
    ([(2, 3), (4,)], "m.tensordot(x, y, dims=0)"),
    ([(2, 3, 4), (4, 2)], "m.tensordot(x, y, dims=([0, 2], [1, 0]))"),
    ([(2, 3), (2, 3)], "m.linalg.vecdot(x, y)"),
    ([(2, 3), (2, 1)], "m.linalg.vecdot(x, y, dim=0)"),
    ([(4, 3), (1, 3)], "m.linalg.cross(x, y)"),
    ([(3, 2), (3, 1)], "m.linalg.cross(x, y, dim=0)"),
    ([(4, 3), (4, 3)], "x.cross(y, -1)"),
    ([(3, 4)], "x.trace()"),
    ([(2, 4), (2, 3), (3, 4)], "m.addmm(x, y, z)"),
    ([(4,), (2, 3), (3, 4)], "x.addmm(y, z, beta=2, alpha=-1)"),
    ([(2,), (2, 3), (3,)], "m.addmv(x, y, z)"),
    ([(2, 3), (2,), (3,)], "m.addr(x, y, z, alpha=3)"),
    ([(5, 2, 4), (5, 2, 3), (5, 3, 4)], "m.baddbmm(x, y, z, beta=0.5)"),
    ([(2, 4), (5, 2, 3), (5, 3, 4)], "m.addbmm(x, y, z)"),
    ([(2, 3), (2, 3)], "(x * 2).addmm_(x, y.T @ y)"),
]


def evaluate(expression: str, library: Any, *arguments: Any) -> Any:
    return eval(expression, {"m": library, **dict(zip("xyz", arguments, strict=False))})


@pytest.mark.parametrize(("shapes", "expression"), CASES)
@pytest.mark.parametrize("is_complex", [False, True], ids=["real", "complex"])
def test_as_torch(shapes: Any, expression: str, is_complex: bool, same_as_torch: Any, rng: np.random.Generator) -> None:
    values = [rng.standard_normal(s) + (1j * rng.standard_normal(s) if is_complex else 0) for s in shapes]
    same_as_torch(
        lambda *xs: evaluate(expression, pluggrad, *xs), lambda *ts: evaluate(expression, torch, *ts), *values
    )


@pytest.mark.parametrize(("shapes", "expression"), [c for c in CASES if "0.5" not in c[1] and "vecdot" not in c[1]])
def test_integers_as_torch(shapes: Any, expression: str, same_as_torch: Any, rng: np.random.Generator) -> None:
    values = [rng.integers(-5, 6, s) for s in shapes]
    same_as_torch(
        lambda *xs: evaluate(expression, pluggrad, *xs), lambda *ts: evaluate(expression, torch, *ts), *values
    )


def test_with_beta_zero_the_input_does_not_matter() -> None:
    x = pluggrad.asarray([[float("nan")], [1.0]])
    assert x.addmm(pluggrad.ones(1, 2), pluggrad.ones(2, 1), beta=0).tolist() == [[2.0], [2.0]]


def test_matmul_promotes_and_takes_arrays() -> None:
    x = pluggrad.ones(2, 2)
    assert (x @ pluggrad.ones(2, 2, dtype=pluggrad.int64)).dtype is pluggrad.float32
    x @= x
    assert x.tolist() == [[2.0, 2.0], [2.0, 2.0]]


@pytest.mark.cpu
def test_matmul_with_numpy_arrays() -> None:
    x = pluggrad.ones(2, 2, dtype=pluggrad.float64)
    assert (np.eye(2) @ x).tolist() == x.tolist() == (x @ np.eye(2)).tolist()


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.7, 2.0, 3.0, float("inf")])
@pytest.mark.parametrize("shapes", [((4, 3), (5, 3)), ((2, 4, 3), (5, 3)), ((30, 3), (2, 3))])
def test_cdist_as_torch(p: float, shapes: Any, same_as_torch: Any, rng: np.random.Generator) -> None:
    same_as_torch(
        lambda x, y: pluggrad.cdist(x, y, p),
        lambda x, y: torch.cdist(x, y, p),
        *(rng.standard_normal(s) for s in shapes),
        atol=1e-7,
    )


@pytest.mark.parametrize("mode", ["use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"])
def test_cdist_of_equal_points_has_no_gradient(mode: str) -> None:
    x = pluggrad.zeros(2, 3, requires_grad=True)
    pluggrad.cdist(x, x, compute_mode=mode).sum().backward()
    assert x.grad.tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "x @ x",
            r"inner sizes differ: x1 has shape \(2, 3\), x2 has shape \(2, 3\); need .* == x2.shape.*, got 3 and 2",
        ),
        ("m.matmul(x, x[0][:2])", r"need x1.shape\[-1\] == x2.shape\[0\], got 3 and 2"),
        ("m.zeros(2, 1, 1) @ m.zeros(3, 1, 1)", r"batch axes of shapes \(2, 1, 1\) and \(3, 1, 1\) do not broadcast"),
        ("x @ m.asarray(1.0)", r"at least one axis, but x1 has shape \(2, 3\) and x2 has shape \(\)"),
        ("m.asarray(1.0) @ x", "at least one axis"),
        ("x.mm(x[0])", "mat2 must be 2-D, got 1-D"),
        ("x.bmm(x)", "input must be 3-D"),
        ("m.bmm(x[None], m.zeros(2, 3, 1))", "batches of 1 and 2"),
        ("x.dot(x)", "input must be 1-D"),
        ("m.vecdot(x, x[:, :2])", "sizes differ along axis -1: 3 and 2"),
        ("m.inner(x, x[:, :2])", "last dimension must match"),
        ("m.tensordot(x, x, axes=1)", r"contracted sizes differ: axes \(1,\) of shape \(2, 3\) have sizes \[3\]"),
        ("m.tensordot(x, x, axes=3)", "axes=3 must be between"),
        ("m.cross(x[:, :2], x[:, :2])", "3 elements along axis -1"),
        ("m.trace(x[0])", "must be 2-D"),
        ("m.cdist(x, x[:, :2])", "points of 3 and of 2 coordinates"),
        ("m.cdist(x, x, -1.0)", "p must not be negative"),
        ("m.cdist(x, x, compute_mode='fast')", "'fast' is not a valid value"),
    ],
)
def test_errors(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(expression, pluggrad, pluggrad.zeros(2, 3))


def test_errors_are_caught_as_pytorchs_are() -> None:
    with pytest.raises(RuntimeError):
        pluggrad.zeros(2, 3) @ pluggrad.zeros(2, 3)
    assert issubclass(ShapeError, RuntimeError)


def test_matmul_with_what_is_no_array() -> None:
    with pytest.raises(TypeError):
        pluggrad.zeros(2) @ "no"
