"""Activations against PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pluggrad

from .elementwise import COMPLEX, FLOATS, INTEGERS, Case, assert_same, compare, ours, params

torch = pytest.importorskip("torch")

ANY = (-5.0, 5.0)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        Case("relu", (ANY,), (*FLOATS, *INTEGERS), special=(-1.0, -0.0, 0.0, 1.0, math.inf, -math.inf, math.nan)),
        Case("sigmoid", (ANY,), (*FLOATS, *INTEGERS, *COMPLEX), special=(-80.0, 0.0, 80.0, math.nan), tolerance=3),
        Case("logit", ((0.1, 0.9),), FLOATS, special=(-0.5, 0.0, 0.5, 1.0, 1.5, math.nan), tolerance=3),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


def test_relu_of_many(rng: np.random.Generator) -> None:
    array = rng.normal(size=20000)
    array[7] = math.nan
    assert_same(pluggrad.relu(ours(array)), torch.relu(torch.tensor(array)), 0)


@pytest.mark.parametrize("eps", [1e-6, 0.25])
def test_logit_with_bounds(eps: float) -> None:
    array = np.asarray([-0.5, 0.0, 0.1, 0.5, 0.9, 1.0, 1.5])
    x, t = ours(array).requires_grad_(), torch.tensor(array, requires_grad=True)
    y, u = pluggrad.logit(x, eps), torch.logit(t, eps)
    assert_same(y, u, 1e-12)
    y.sum().backward()
    u.sum().backward()
    assert_same(x.grad, t.grad, 1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("size", [3, 5_000, 100_001])
def test_gradient_of_relu_at_special_values(dtype: str, size: int, request: pytest.FixtureRequest) -> None:
    if dtype == "float16":
        request.getfixturevalue("float16")
    values = [-1.0, 0.0, -0.0, 2.0, math.nan, math.inf, -math.inf]
    x = np.resize(np.array(values, dtype), size)
    g = np.resize(np.array([*values, 3.0], dtype), size)
    mine, theirs = pluggrad.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    pluggrad.relu(mine).backward(pluggrad.tensor(g))
    torch.relu(theirs).backward(torch.tensor(g))
    np.testing.assert_array_equal(mine.grad.cpu().numpy(), theirs.grad.numpy())
    every_second = pluggrad.tensor(np.resize(x, 2 * size))[::2].requires_grad_()
    pluggrad.relu(every_second).backward(pluggrad.tensor(g))
    assert every_second.grad.shape == (size,)
