"""Views by strides against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

CASES = [
    ((6,), (2, 3), (3, 1), 0),
    ((2, 3), (3, 2), (1, 3), None),
    ((6,), (4, 3), (1, 1), 0),
    ((6,), (2, 2), (0, 2), 1),
    ((6,), (), (), 4),
    ((6,), (0, 2), (1, 1), 0),
    ((2, 3, 2), (3, 2), (4, 0), 3),
]


@pytest.mark.parametrize(("shape", "size", "stride", "offset"), CASES)
def test_as_torch(
    shape: Any, size: Any, stride: Any, offset: Any, same_as_torch: Any, rng: np.random.Generator
) -> None:
    same_as_torch(
        lambda x: x.as_strided(size, stride, offset),
        lambda t: t.as_strided(size, stride, 0 if offset is None else offset),
        rng.standard_normal(shape),
    )


@pytest.mark.cpu
def test_memory_is_shared_and_writes_are_on_record() -> None:
    w = pluggrad.arange(6.0).requires_grad_()
    x = w * 1.0
    y = pluggrad.as_strided(x, (2, 2), (2, 1))
    y.mul_(10.0)
    assert x.tolist() == [0.0, 10.0, 20.0, 30.0, 4.0, 5.0]
    (x * x).sum().backward()
    assert w.grad.tolist() == [0.0, 200.0, 400.0, 600.0, 8.0, 10.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((2,), (1, 1)), "2 strides, 1 sizes"),
        (((2,), (-1,)), "negative sizes, strides or offsets"),
        (((3, 3), (2, 1)), r"reach element 6 of a tensor of 6 elements"),
        (((2,), (1,), 5), "reach element 6"),
    ],
)
def test_errors(arguments: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        pluggrad.as_strided(pluggrad.zeros(2, 3), *arguments)


@pytest.mark.cpu
def test_the_tensor_must_be_contiguous() -> None:
    with pytest.raises(RuntimeError, match="not contiguous; call .contiguous()"):
        pluggrad.zeros(2, 3).T.as_strided((2,), (1,))
