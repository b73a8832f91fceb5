"""Logical functions against PyTorch."""

from __future__ import annotations

import math

import pytest

import pluggrad

from .elementwise import COMPLEX, FLOATS, INTEGERS, Case, compare, params

torch = pytest.importorskip("torch")

ANY = (-1.0, 1.0)
ALL = ("bool", *INTEGERS, *FLOATS, *COMPLEX)
EDGES = (0.0, -0.0, 1.0, math.nan, math.inf)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        *(Case(f"logical_{n}", (ANY, ANY), ALL, special=EDGES) for n in ("and", "or", "xor")),
        Case("logical_not", (ANY,), ALL, special=EDGES),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


def test_mixed_dtypes_and_scalars() -> None:
    x = pluggrad.asarray([0.5, 0.0])
    assert pluggrad.logical_and(x, pluggrad.asarray([1, 1])).tolist() == [True, False]
    assert x.logical_xor(True).tolist() == [False, True]
    assert x.logical_not_().tolist() == [0.0, 1.0]
