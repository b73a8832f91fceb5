"""Bitwise functions against PyTorch."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import DTypeError

from .elementwise import INTEGERS, Case, assert_same, compare, ours, params

torch = pytest.importorskip("torch")

ANY = (-100.0, 100.0)
COUNTS = (0.0, 6.0)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        *(Case(f"bitwise_{n}", (ANY, ANY), (*INTEGERS, "bool")) for n in ("and", "or", "xor")),
        Case("bitwise_invert", (ANY,), (*INTEGERS, "bool"), theirs=torch.bitwise_not),
        *(Case(f"bitwise_{n}_shift", (ANY, COUNTS), INTEGERS) for n in ("left", "right")),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
@pytest.mark.parametrize("name", ["and_", "or_", "xor", "lshift", "rshift", "iand", "ior", "ixor"])
def test_operators(name: str, dtype: str) -> None:
    if dtype == "bool" and "shift" in name:
        pytest.skip("no shifts of bools")
    op = getattr(operator, name)
    array, other = np.asarray([5, 0, 3]).astype(dtype), np.asarray([1, 2, 1]).astype(dtype)
    assert_same(op(ours(array.copy()), ours(other)), op(torch.tensor(array), torch.tensor(other)), 0)
    scalar = True if dtype == "bool" else 2
    assert_same(op(ours(array.copy()), scalar), op(torch.tensor(array), scalar), 0)
    if not name.startswith("i"):
        assert_same(op(scalar, ours(array)), op(scalar, torch.tensor(array)), 0)


def test_inversion() -> None:
    assert (~pluggrad.asarray([True, False])).tolist() == [False, True]
    assert (~pluggrad.asarray([0, 5])).tolist() == [-1, -6]
    assert pluggrad.Tensor.bitwise_not is pluggrad.Tensor.bitwise_invert


@pytest.mark.parametrize("call", [lambda x: x & x, lambda x: ~x, lambda x: x << 1], ids=["and", "invert", "shift"])
def test_floats_are_refused(call: Any) -> None:
    with pytest.raises(DTypeError, match="dtype float32 is not supported; supported are .*signed integer"):
        call(pluggrad.ones(1))
