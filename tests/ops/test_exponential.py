"""Exponentials, logarithms and roots against PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import DTypeError

from .elementwise import COMPLEX, FLOATS, INTEGERS, Case, compare, params

torch = pytest.importorskip("torch")

ALL = (*FLOATS, *COMPLEX, *INTEGERS, "bool")
REAL = (*FLOATS, *INTEGERS, "bool")
ANY = (-3.0, 3.0)
POSITIVE = (0.1, 9.0)
EDGES = (-math.inf, -1.0, -0.0, 0.0, 1.0, math.inf, math.nan)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        *(Case(n, (ANY,), ALL, special=EDGES, tolerance=3) for n in ("exp", "exp2", "expm1")),
        *(Case(n, (POSITIVE,), ALL, special=EDGES, tolerance=2) for n in ("log", "log2", "log10", "log1p", "sqrt")),
        Case("rsqrt", (POSITIVE,), (*FLOATS, *INTEGERS), special=EDGES, tolerance=3),
        Case("rsqrt", (POSITIVE,), COMPLEX, tolerance=3),
        Case("logaddexp", (ANY, ANY), FLOATS, special=(-1.0, 0.0, 300.0)),
        Case("xlogy", (ANY, POSITIVE), REAL, special=(-1.0, 0.0, 1.0, 2.0, math.nan)),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


def test_logaddexp_overflows_nowhere() -> None:
    x = pluggrad.tensor([1000.0, -1000.0], requires_grad=True)
    y = pluggrad.logaddexp(x, x + 1)
    np.testing.assert_allclose(y.tolist(), [1001.3133, -998.6867], rtol=1e-6)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.tolist(), [1.0, 1.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (complex(math.inf, 0.0), "(inf+0j)"), (complex(-math.inf, math.nan), "(-1+0j)"),
        (complex(math.nan, 0.0), "(nan+0j)"), (complex(math.inf, math.inf), "(inf+nanj)"), (complex(-0.0, 0.0), "0j"),
    ],
)  # fmt: skip
def test_expm1_at_complex_infinities(x: complex, expected: str) -> None:
    assert str(pluggrad.expm1(pluggrad.asarray(x)).item()) == expected


def test_complex_is_refused() -> None:
    z = pluggrad.asarray([1j])
    with pytest.raises(DTypeError, match="logaddexp: dtype complex64 is not supported"):
        pluggrad.logaddexp(z, z)
