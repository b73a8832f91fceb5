"""Signs, neighbours, infinities and NaN against PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import pluggrad

from .elementwise import COMPLEX, FLOATS, INTEGERS, Case, assert_same, compare, ours, params

torch = pytest.importorskip("torch")

ANY = (-3.0, 3.0)
EDGES = (-1.0, -0.0, 0.0, 1.0, math.inf, -math.inf, math.nan)
REAL = (*FLOATS, *INTEGERS)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        *(Case(n, (ANY,), (*REAL, *COMPLEX, "bool"), special=EDGES) for n in ("isfinite", "isinf", "isnan")),
        *(Case(n, (ANY,), (*REAL, "bool"), special=EDGES) for n in ("isposinf", "isneginf")),
        Case("signbit", (ANY,), REAL, special=EDGES),
        Case("copysign", (ANY, ANY), REAL, special=(-1.0, -0.0, 0.0, 1.0, math.nan)),
        Case("nextafter", (ANY, ANY), FLOATS, gradient=False, special=EDGES),
        Case("heaviside", (ANY, ANY), REAL, gradient=False, special=EDGES),
        Case("nan_to_num", (ANY,), REAL, special=EDGES),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


def test_copysign_of_infinity_has_a_gradient() -> None:
    x = pluggrad.tensor([math.inf, 2.0], requires_grad=True)  # PyTorch's is NaN: inf / inf
    pluggrad.copysign(x, -1.0).sum().backward()
    assert x.grad.tolist() == [-1.0, -1.0]


def test_the_value_of_the_step_has_a_gradient_at_the_step() -> None:
    x, v = pluggrad.asarray([-1.0, 0.0, 1.0]), pluggrad.tensor([0.5, 0.5, 0.5], requires_grad=True)
    pluggrad.heaviside(x, v).sum().backward()
    assert v.grad.tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("kwargs", [{}, {"nan": 1.5}, {"posinf": 7.0}, {"neginf": -7.0, "nan": 2.0}])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_nan_to_num(kwargs: dict[str, Any], dtype: str) -> None:
    values = [math.nan, math.inf, -math.inf, 1.0]
    if dtype == "complex64":
        values = [complex(a, b) for a in values for b in values]
    array = np.asarray(values, dtype)
    assert_same(pluggrad.nan_to_num(ours(array), **kwargs), torch.nan_to_num(torch.tensor(array), **kwargs), 0)
    assert_same(ours(array).nan_to_num(**kwargs), torch.tensor(array).nan_to_num(**kwargs), 0)
