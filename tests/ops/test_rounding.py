"""Rounding against PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import DTypeError

from .elementwise import FLOATS, INTEGERS, Case, assert_same, compare, ours, params

torch = pytest.importorskip("torch")

ANY = (-9.0, 9.0)
EDGES = (-math.inf, -2.5, -0.5, -0.0, 0.5, 1.5, 2.0, math.inf, math.nan)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        *(Case(n, (ANY,), (*FLOATS, *INTEGERS), special=EDGES) for n in ("ceil", "floor", "trunc", "round")),
        Case("frac", (ANY,), FLOATS, special=EDGES),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


@pytest.mark.parametrize("decimals", [-2, -1, 1, 2])
def test_decimals(decimals: int, rng: np.random.Generator) -> None:
    array = rng.normal(size=20) * 100
    x, t = ours(array).requires_grad_(), torch.tensor(array, requires_grad=True)
    y, u = pluggrad.round(x, decimals=decimals), torch.round(t, decimals=decimals)
    assert_same(y, u, 1e-15)
    assert_same(x.round(decimals=decimals), u, 1e-15)
    y.sum().backward()
    assert x.grad.tolist() == [0.0] * 20


def test_decimals_of_integers_are_refused() -> None:
    with pytest.raises(DTypeError, match="round: decimals=1 needs a floating-point tensor, got int64"):
        pluggrad.round(pluggrad.asarray([1]), decimals=1)


def test_complex_parts_are_rounded_alike() -> None:
    assert pluggrad.round(pluggrad.asarray([0.5 - 1.5j, 2.7 + 0.2j])).tolist() == [-2j, 3 + 0j]


@pytest.mark.parametrize("name", ["ceil", "floor", "trunc", "round", "positive"])
def test_an_integer_result_has_memory_of_its_own(name: str) -> None:
    x = pluggrad.asarray([1, 2])
    y = getattr(pluggrad, name)(x)
    x += 5
    assert y.tolist() == [1, 2]
