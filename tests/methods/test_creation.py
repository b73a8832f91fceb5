"""``new_zeros`` and its kin, compared with PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

CALLS = (
    lambda m, x: x.new_zeros(2, 3),
    lambda m, x: x.new_zeros((2, 3)),
    lambda m, x: x.new_zeros([2]),
    lambda m, x: x.new_zeros(size=(2,)),
    lambda m, x: x.new_zeros(x.size()),
    lambda m, x: x.new_zeros(()),
    lambda m, x: x.new_ones(2, 3, dtype=m.float64),
    lambda m, x: x.new_ones((2, 3), device="cpu"),
    lambda m, x: x.new_full((2,), 7),
    lambda m, x: x.new_full((2, 2), 3.5, dtype=m.float32),
    lambda m, x: x.new_tensor([1, 2]),
    lambda m, x: x.new_tensor([[1.5]], dtype=m.float32),
    lambda m, x: x.new_tensor(np.array([1.0, 2.0])),
    lambda m, x: x.new_tensor(3),
    lambda m, x: x.new_empty(0, 3),
)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", ["int64", "float32", "float64", "complex64"])
def test_like_pytorch(call: Any, dtype: str) -> None:
    ours, theirs = (call(m, m.zeros(2, 2, dtype=getattr(m, dtype))) for m in (pluggrad, torch))
    assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.")
    assert tuple(ours.shape) == tuple(theirs.shape) and ours.tolist() == theirs.tolist()
    assert not ours.requires_grad


def test_gradients_and_devices() -> None:
    x = pluggrad.zeros(2, requires_grad=True)
    assert not x.new_zeros(2).requires_grad
    assert x.new_zeros(2, requires_grad=True).is_leaf and x.new_full((2,), 1, requires_grad=True).requires_grad
    assert not x.new_tensor(x).requires_grad
    assert x.new_tensor([1], requires_grad=True).requires_grad


def test_new_tensor_copies() -> None:
    x = pluggrad.zeros(2)
    y = x.new_tensor(x)
    y += 1
    assert x.tolist() == [0, 0]


def test_other_backends() -> None:
    pytest.importorskip("array_api_strict")
    x = pluggrad.zeros(2, dtype=pluggrad.int32, device="strict:device1")
    for y in (x.new_zeros(3), x.new_ones(3), x.new_empty(3), x.new_full((3,), 2), x.new_tensor([1, 2, 3])):
        assert y.device is x.device and y.dtype is x.dtype and y.shape == (3,)
