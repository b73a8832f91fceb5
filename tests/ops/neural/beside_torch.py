"""What the tests of neural functions share: tensors of both libraries, compared with their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

TOLERANCE = {"float32": 2e-5, "float64": 1e-11}


def ours(array: Any, requires_grad: bool = False) -> pluggrad.Tensor:
    x = pluggrad.tensor(array, device=pluggrad.get_default_device())
    return x.requires_grad_() if requires_grad and x.dtype.is_differentiable else x


def theirs(array: Any, requires_grad: bool = False) -> Any:
    x = torch.tensor(array)
    return x.requires_grad_() if requires_grad and x.is_floating_point() else x


def host(x: pluggrad.Tensor) -> np.ndarray:
    return np.asarray(x.detach().tolist(), dtype=x.dtype.name).reshape(tuple(x.shape))


def close(x: pluggrad.Tensor, y: Any, dtype: str = "float64") -> None:
    assert tuple(x.shape) == tuple(y.shape)
    assert x.dtype.name == str(y.dtype).removeprefix("torch.")
    np.testing.assert_allclose(host(x), y.detach().numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def agree(f: Callable[..., Any], g: Callable[..., Any], *arrays: Any, no_grad: tuple[int, ...] = ()) -> None:
    """Both functions give the same values and, for a weighted sum of these, the same gradients."""
    dtype = next(a.dtype.name for a in arrays if a is not None and a.dtype.kind == "f")
    mine = [None if a is None else ours(a, i not in no_grad) for i, a in enumerate(arrays)]
    yours = [None if a is None else theirs(a, i not in no_grad) for i, a in enumerate(arrays)]
    x, y = f(*mine), g(*yours)
    close(x, y, dtype)
    weights = np.cos(np.arange(y.numel())).reshape(tuple(y.shape)).astype(dtype)
    (x * ours(weights)).sum().backward()
    (y * torch.tensor(weights)).sum().backward()
    for a, b in zip(mine, yours, strict=True):
        if b is not None and b.requires_grad:
            assert (a.grad is None) == (b.grad is None)
            if b.grad is not None:
                close(a.grad, b.grad, dtype)


def draw(*shape: int, dtype: str = "float64", seed: int = 0, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).uniform(low, high, shape)).astype(dtype)


def classes(*shape: int, count: int, seed: int = 1) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).integers(0, count, shape))


both = pytest.mark.parametrize("dtype", ["float32", "float64"])


reductions = pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
