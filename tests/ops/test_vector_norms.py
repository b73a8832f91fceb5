"""Norms of vectors: against PyTorch; errors by their message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import ArgumentError

torch = pytest.importorskip("torch")

INF = float("inf")


@pytest.mark.filterwarnings("ignore:Casting complex values to real")  # PyTorch's own, for p=0 of one number
@pytest.mark.parametrize("p", ["fro", 0, 1, 1.5, 2, 3, INF, -INF, -2])
@pytest.mark.parametrize(("shape", "dim"), [((5,), None), ((2, 3), None), ((2, 3), 1), ((2, 3, 2), (0, 2)), ((), None)])
def test_norm(p: Any, shape: tuple[int, ...], dim: Any, rng: Any, same_as_torch: Any) -> None:
    for x in (rng.normal(size=shape), rng.normal(size=shape) + 1j * rng.normal(size=shape)):
        same_as_torch(lambda x: x.norm(p, dim), lambda t: t.norm(p, dim), x)
        same_as_torch(
            lambda x: pluggrad.norm(x, p, axis=dim, keepdims=True),
            lambda t: torch.linalg.vector_norm(t, 2 if p == "fro" else p, dim, keepdim=True), x,
        )  # fmt: skip


@pytest.mark.parametrize("p", [0, 1, 1.5, 2, 3, INF])
def test_norm_of_zeros(p: float, same_as_torch: Any) -> None:
    x = np.asarray([[0.0, 0.0, 0.0], [0.0, -2.0, 2.0]])
    same_as_torch(lambda x: x.norm(p, 1), lambda t: torch.linalg.vector_norm(t, p, 1), x)


def test_norm_casts_and_refuses() -> None:
    x = pluggrad.asarray([3, 4])
    assert x.norm().dtype is pluggrad.float32 and x.norm(dtype=pluggrad.float64).dtype is pluggrad.float64
    with pytest.raises(ArgumentError, match="p must be a number, 'fro', or for matrices 'nuc', got 'nuc' for 1 axes"):
        x.norm("nuc")
