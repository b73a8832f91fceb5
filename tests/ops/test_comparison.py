"""Comparisons against PyTorch."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pluggrad
from pluggrad.errors import DTypeError

from .elementwise import COMPLEX, FLOATS, INTEGERS, Case, assert_same, compare, ours, params

torch = pytest.importorskip("torch")

REAL = (*FLOATS, *INTEGERS, "bool")
NEAR = (-2.0, 2.0)
EDGES = (-math.inf, -1.0, -0.0, 0.0, 1.0, math.inf, math.nan)
ORDERED = {"less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge"}
NAMES = {"equal": "eq", "not_equal": "ne", **ORDERED}


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        *(Case(n, (NEAR, NEAR), REAL, special=EDGES, theirs=getattr(torch, a)) for n, a in ORDERED.items()),
        *(
            Case(n, (NEAR, NEAR), (*REAL, *COMPLEX), special=EDGES, theirs=getattr(torch, NAMES[n]))
            for n in ("equal", "not_equal")
        ),
        Case("isclose", (NEAR, NEAR), (*REAL, *COMPLEX), special=(*EDGES, 1.0 + 1e-7, 1e-9)),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


@pytest.mark.parametrize("scalar", [1, 1.5, True, -1])
@pytest.mark.parametrize("dtype", ["float32", "int32", "bool"])
@pytest.mark.parametrize("name", list(NAMES))
def test_operators_and_methods(name: str, dtype: str, scalar: Any) -> None:
    array = np.asarray([[0, 1], [2, -1]]).astype(dtype)
    x, t = ours(array), torch.tensor(array)
    op = getattr(operator, NAMES[name])
    assert_same(op(x, scalar), op(t, scalar), 0)
    assert_same(op(scalar, x), op(scalar, t), 0)
    assert_same(getattr(x, NAMES[name])(scalar), op(t, scalar), 0)


def test_what_is_no_operand_is_unequal() -> None:
    x = pluggrad.ones(2)
    assert (x == None) is False  # noqa: E711
    assert (x != "text") is True
    with pytest.raises(TypeError, match="not supported between"):
        x < None  # noqa: B015
    assert hash(x) == hash(x)


def test_complex_numbers_have_no_order() -> None:
    with pytest.raises(DTypeError, match="less: dtype complex64 is not supported"):
        pluggrad.less(pluggrad.asarray([1j]), 1)


def test_in_place_comparison_keeps_the_dtype() -> None:
    x = pluggrad.asarray([1.0, 3.0])
    assert x.lt_(2) is x
    assert (x.tolist(), x.dtype) == ([1.0, 0.0], pluggrad.float32)


@given(st.lists(st.floats(width=32), min_size=1, max_size=4), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_isclose(values: list[float], rtol: float, atol: float, equal_nan: bool) -> None:
    other = [v * 1.25 for v in reversed(values)]
    kwargs = dict(rtol=rtol, atol=atol, equal_nan=equal_nan)
    x, y = (pluggrad.asarray(v, dtype=pluggrad.float64) for v in (values, other))
    t, u = (torch.tensor(v, dtype=torch.float64) for v in (values, other))
    assert_same(pluggrad.isclose(x, y, **kwargs), torch.isclose(t, u, **kwargs), 0)
    assert pluggrad.allclose(x, y, **kwargs) is torch.allclose(t, u, **kwargs)
    assert x.allclose(y, **kwargs) is t.allclose(u, **kwargs)


def test_negative_tolerances_are_refused() -> None:
    with pytest.raises(ValueError, match="rtol and atol must not be negative, got -1 and 0"):
        pluggrad.isclose(pluggrad.ones(1), 1, rtol=-1, atol=0)


def test_the_method_equal_gives_one_bool() -> None:
    x = pluggrad.asarray([1, 2])
    assert x.equal(pluggrad.asarray([1, 2])) is True
    assert x.equal(pluggrad.asarray([1, 3])) is False
    assert x.equal(pluggrad.asarray([[1, 2]])) is False
    with pytest.raises(TypeError, match="equal: other must be a Tensor, got int"):
        x.equal(1)
