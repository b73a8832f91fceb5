"""Arithmetic methods with PyTorch's extra arguments, compared with PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

CALLS = (
    lambda m, x: x.add(2),
    lambda m, x: x.add(x, alpha=3),
    lambda m, x: x.sub(x, alpha=-2),
    lambda m, x: x.subtract(1, alpha=2),
    lambda m, x: x.add(m.ones(3, 1, dtype=x.dtype), alpha=2),
    lambda m, x: x.div(2),
    lambda m, x: x.divide(3),
    lambda m, x: x.true_divide(3),
    lambda m, x: x.div(3, rounding_mode="trunc"),
    lambda m, x: x.div(3, rounding_mode="floor"),
    lambda m, x: x.div(-3, rounding_mode="trunc"),
    lambda m, x: x.div(x * 2 + 1, rounding_mode="floor"),
    lambda m, x: x.add_(1),
    lambda m, x: x.add_(x, alpha=2),
    lambda m, x: x.sub_(x, alpha=2),
    lambda m, x: x.sub_(1),
    lambda m, x: x.div_(2, rounding_mode="floor"),
    lambda m, x: x.div_(-2, rounding_mode="trunc"),
)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int8"])
def test_like_pytorch(call: Any, dtype: str) -> None:
    results, values = [], []
    for m in (pluggrad, torch):
        x = m.arange(-4, 5).to(getattr(m, dtype))
        y = call(m, x)
        results.append((str(y.dtype).partition(".")[2], x.tolist(), y is x))
        values.append(y.tolist())
    assert results[0] == results[1]
    np.testing.assert_allclose(*values, rtol=1e-6)


@pytest.mark.parametrize("m", [pluggrad, torch], ids=["pluggrad", "torch"])
def test_gradients(m: Any) -> None:
    x = m.tensor([1.0, 2.0], requires_grad=True)
    y = m.tensor([3.0, 5.0], requires_grad=True)
    z = x.clone()
    z.add_(y, alpha=4).sub_(x, alpha=0.5).div_(y)
    z.sum().backward()
    assert x.grad.tolist() == pytest.approx([0.5 / 3, 0.1])
    assert y.grad.tolist() == pytest.approx([-0.5 / 9, -0.04], rel=1e-5)
    assert type(z.grad_fn).__name__ == "DivBackward0" or z.grad_fn.name() == "DivBackward0"


def test_bools() -> None:
    x = pluggrad.tensor([True, False])
    assert x.add(True, alpha=1).tolist() == x.add(True, alpha=True).tolist() == [True, True]
    assert x.add(True, alpha=0).tolist() == [True, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.add(1, alpha=2.5), "integral input tensors, argument alpha must not be a floating point number"),
        (lambda x: x.float().sub(1, alpha=1j), "for non-complex input tensors, argument alpha must not be a complex"),
        (lambda x: x.div(2, rounding_mode="up"), "rounding_mode must be None, 'trunc' or 'floor', got 'up'"),
        (lambda x: x.div_(2), "result type float32 can't be cast to the desired output type int64"),
    ],
)
def test_mistakes(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError, RuntimeError), match=message):
        call(pluggrad.arange(3))
