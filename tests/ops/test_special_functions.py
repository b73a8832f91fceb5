"""Special functions against SciPy, in the units of the last place that they promise, and PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import pluggrad

from .elementwise import FLOATS, INTEGERS, Case, compare, ours, params

special = pytest.importorskip("scipy.special")

#: Values that an approximation in pieces has to pass through.
GRID = np.concatenate(
    [np.linspace(-8, 8, 4001), np.geomspace(1e-300, 1e300, 301), [0.0, math.inf, -math.inf, math.nan]]
)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        Case("erf", ((-5.0, 5.0),), (*FLOATS, *INTEGERS), special=(-math.inf, 0.0, math.inf, math.nan)),
        Case("erfc", ((-5.0, 5.0),), (*FLOATS, *INTEGERS), special=(-math.inf, 0.0, math.inf, math.nan)),
        Case("erfinv", ((-0.99, 0.99),), FLOATS, special=(-1.0, 0.0, 1.0, 1.5, math.nan), tolerance=3),
        Case("lgamma", ((-5.0, 20.0),), FLOATS, tolerance=10),
        Case("digamma", ((0.5, 20.0),), FLOATS, tolerance=100),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


def values_of(name: str, x: np.ndarray, **parameters: Any) -> np.ndarray:
    """Of pluggrad's function, from calls of many and of few elements, which may take different ways.

    Where these cross 0, exact to units of the terms that cancel there.
    """
    call = lambda x: getattr(pluggrad, name)(*parameters.values(), ours(x)).tolist()  # noqa: E731
    many = np.asarray(call(x))
    few = np.asarray([v for i in range(0, x.size, 50) for v in call(x[i : i + 50])])
    np.testing.assert_allclose(many, few, rtol=3e-15, atol=2e-14 if name in ("lgamma", "digamma") else 0)
    return many


@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_error_functions_in_double_precision(name: str) -> None:
    x = np.concatenate([GRID, np.linspace(8, 26, 500)])
    expected = [getattr(math, name)(v) for v in x]  # SciPy's erfc loses some digits for large x
    np.testing.assert_allclose(values_of(name, x), expected, rtol=2e-15, atol=1e-307)


@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_error_functions_in_single_precision(name: str) -> None:
    x = np.linspace(-9, 9, 40001).astype(np.float32)
    got = np.asarray(getattr(pluggrad, name)(ours(x)).tolist())
    # A unit in the last place; the functions of CUDA's library may be four off, by its documentation.
    rtol = 4.8e-7 if pluggrad.get_default_device().type == "cuda" else 1.3e-7
    np.testing.assert_allclose(got, getattr(special, name)(x.astype(np.float64)), rtol=rtol, atol=1e-38)


def test_erfinv_in_double_precision() -> None:
    x = np.concatenate([np.linspace(-1, 1, 4001), 1 - np.geomspace(1e-16, 0.5, 200), np.geomspace(1e-300, 0.5, 200)])
    np.testing.assert_allclose(values_of("erfinv", x), special.erfinv(x), rtol=3e-15)
    np.testing.assert_equal(values_of("erfinv", np.asarray([1.5, -1.01, math.nan])), [math.nan] * 3)


def test_lgamma_in_double_precision() -> None:
    expected = special.gammaln(GRID)
    positive = ~(GRID < 0)
    got = values_of("lgamma", GRID)
    np.testing.assert_allclose(got[positive], expected[positive], rtol=4e-14, atol=3e-16)
    finite = np.isfinite(expected)
    np.testing.assert_allclose(got[finite], expected[finite], rtol=1e-13, atol=4e-14)
    edges = values_of("lgamma", np.asarray([0.0, -0.0, -1.0, -8.0, math.inf, -math.inf, math.nan]))
    np.testing.assert_equal(edges, [math.inf] * 6 + [math.nan])


def test_digamma_in_double_precision() -> None:
    x = GRID[(np.round(GRID) != GRID) | (GRID > 0)]
    np.testing.assert_allclose(values_of("digamma", x), special.digamma(x), rtol=1e-13, atol=1e-14)
    got = values_of("digamma", np.asarray([0.0, -0.0, -1.0, -7.0]))
    np.testing.assert_equal(got, [-math.inf, math.inf, math.nan, math.nan])


@pytest.mark.parametrize("n", [0, 1, 2, 3, 6, 11])
def test_polygamma(n: int) -> None:
    x = np.concatenate([np.linspace(0.05, 40, 500), np.geomspace(40, 1e8, 50)])
    np.testing.assert_allclose(values_of("polygamma", x, n=n), special.polygamma(n, x), rtol=1e-12, atol=1e-14)
    assert ours(x).polygamma(n).shape == x.shape


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_polygamma_of_negative_numbers(n: int) -> None:
    """By the recurrence ``psi_n(x) = psi_n(x + 1) - (-1)**n n! x**-(n + 1)``, which SciPy's stops short of."""
    x = np.asarray([-0.3, -1.6, -2.5, -7.7])
    expected = special.polygamma(n, x + 8)
    for k in range(8):
        expected = expected - (-1) ** n * math.factorial(n) * (x + k) ** -(n + 1.0)
    np.testing.assert_allclose(values_of("polygamma", x, n=n), expected, rtol=1e-11)
    poles = values_of("polygamma", np.asarray([0.0, -1.0]), n=n)
    np.testing.assert_equal(poles, [math.inf if n % 2 else -math.inf] * 2)


def test_polygamma_of_negative_order_is_refused() -> None:
    with pytest.raises(ValueError, match="polygamma: n must not be negative, got -1"):
        pluggrad.polygamma(-1, pluggrad.ones(1))
