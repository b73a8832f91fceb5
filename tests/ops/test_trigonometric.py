"""Trigonometric and hyperbolic functions against PyTorch."""

from __future__ import annotations

import math
from typing import Any

import pytest

import pluggrad
from pluggrad.errors import DTypeError

from .elementwise import COMPLEX, FLOATS, INTEGERS, Case, compare, params

torch = pytest.importorskip("torch")

ALL = (*FLOATS, *COMPLEX, *INTEGERS, "bool")
REAL = (*FLOATS, *INTEGERS, "bool")
ANY = (-2.0, 2.0)
UNIT = (-0.9, 0.9)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        *(Case(n, (ANY,), ALL) for n in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "asinh", "atan")),
        *(Case(n, (UNIT,), ALL) for n in ("asin", "acos", "atanh")),
        Case("acosh", ((1.1, 5.0),), ALL, tolerance=3),
        Case("atan2", (ANY, ANY), REAL, special=(-1.0, -0.0, 0.0, 2.0)),
        Case("hypot", (ANY, ANY), FLOATS, special=(-1.0, 0.0, 2.0, math.inf)),
        *(Case(n, (ANY,), REAL) for n in ("deg2rad", "rad2deg")),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


@pytest.mark.parametrize("name", ["asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2"])
def test_arc_names(name: str) -> None:
    assert getattr(pluggrad.Tensor, f"arc{name[1:]}") is getattr(pluggrad.Tensor, name)


@pytest.mark.parametrize("name", ["hypot", "atan2"])
def test_complex_is_refused(name: str) -> None:
    z = pluggrad.asarray([1j])
    with pytest.raises(DTypeError, match=f"{name}: dtype complex64 is not supported; supported are real floating"):
        getattr(pluggrad, name)(z, z)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (complex(math.inf, 2.0), complex(1, 0.0)), (complex(math.inf, -2.0), complex(1, -0.0)),
        (complex(-math.inf, 2.0), complex(-1, 0.0)), (complex(0.0, math.inf), complex(0, math.nan)),
    ],
)  # fmt: skip
def test_tanh_at_complex_infinities(x: complex, expected: complex) -> None:
    got: Any = pluggrad.tanh(pluggrad.asarray(x)).item()
    assert str(got) == str(expected)
