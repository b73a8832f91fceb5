"""Counts of integers and in bins: against PyTorch; errors by their message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import ArgumentError, DTypeError, ShapeError

torch = pytest.importorskip("torch")

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int32"])
@pytest.mark.parametrize("minlength", [0, 3, 12])
def test_bincount(dtype: str, minlength: int, rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 7, size=20).astype(dtype)
    same_as_torch(lambda x: x.bincount(minlength=minlength), lambda t: t.bincount(minlength=minlength), x)
    for weights in (rng.normal(size=20), rng.normal(size=20).astype(np.float32), rng.integers(0, 5, size=20)):
        same_as_torch(
            lambda x, w: pluggrad.bincount(x, w, minlength), lambda t, w: torch.bincount(t, w, minlength), x, weights,
            gradient=False, rtol=1e-5,
        )  # fmt: skip
    same_as_torch(lambda x: x.bincount(), lambda t: t.bincount(), np.zeros(0, dtype))


def test_bincount_carries_the_gradient_of_its_weights() -> None:
    weights = pluggrad.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (pluggrad.bincount(pluggrad.asarray([2, 0, 2]), weights) * pluggrad.asarray([1.0, 5.0, 7.0])).sum().backward()
    assert weights.grad.tolist() == [7.0, 1.0, 7.0]


def test_bincount_errors() -> None:
    with pytest.raises(ShapeError, match=r"needs a 1-D tensor, got shape \(1, 2\)"):
        pluggrad.bincount(pluggrad.asarray([[1, 2]]))
    with pytest.raises(ArgumentError, match="elements must not be negative, got -3"):
        pluggrad.bincount(pluggrad.asarray([1, -3]))
    with pytest.raises(ShapeError, match=r"weights must have the shape of x, got \(1,\) and \(2,\)"):
        pluggrad.bincount(pluggrad.asarray([1, 2]), pluggrad.ones(1))
    with pytest.raises(DTypeError, match="float32 is not supported"):
        pluggrad.bincount(pluggrad.ones(2))
    with pytest.raises(ArgumentError, match="minlength must not be negative, got -1"):
        pluggrad.bincount(pluggrad.asarray([1]), minlength=-1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("bins", "low", "high"), [(100, 0, 0), (7, -1, 1), (10, 0.1, 0.7), (1, 0, 1)])
def test_histc(bins: int, low: float, high: float, dtype: str, rng: Any, same_as_torch: Any) -> None:
    x = np.concatenate([rng.normal(size=200), [-1.0, 0.0, 1.0, 0.1, 0.7]]).astype(dtype)
    same_as_torch(lambda x: x.histc(bins, low, high), lambda t: t.histc(bins, low, high), x, gradient=False)


def test_histc_of_edges(same_as_torch: Any) -> None:
    x = np.linspace(0, 1, 11)  # each on an edge
    same_as_torch(lambda x: x.histc(10, 0, 1), lambda t: t.histc(10, 0, 1), x, gradient=False)
    same_as_torch(lambda x: x.histc(4), lambda t: t.histc(4), np.asarray([3.0, 3.0]), gradient=False)
    assert pluggrad.histc(pluggrad.asarray([NAN, 0.5, INF]), 2, 0, 1).tolist() == [0.0, 1.0]


def test_histc_errors() -> None:
    x = pluggrad.ones(3)
    with pytest.raises(ArgumentError, match="bins must be positive, got 0"):
        x.histc(0)
    with pytest.raises(ArgumentError, match="max must not be below min, got min=2 and max=1"):
        x.histc(3, 2, 1)
    with pytest.raises(ArgumentError, match=r"the range \[0, inf\] is not finite"):
        x.histc(3, 0, INF)
