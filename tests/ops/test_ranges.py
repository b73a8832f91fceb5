"""Tensors from ranges, numbers, bytes and layouts."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import ArgumentError, ShapeError


def made(x: Any) -> Any:
    """A NumPy array as a tensor on the device under test."""
    return pluggrad.asarray(x, device=pluggrad.get_default_device())


def host(x: Any) -> Any:
    """A tensor as a NumPy array."""
    return np.asarray(x.detach().cpu())


def test_logspace_range_and_scalar_tensor() -> None:
    assert np.allclose(host(pluggrad.logspace(-1, 2, 5, base=2.0)), np.logspace(-1, 2, 5, base=2.0))
    assert pluggrad.range(1, 2, 0.5).tolist() == [1, 1.5, 2] and pluggrad.range(3).tolist() == [0, 1, 2, 3]
    assert pluggrad.scalar_tensor(2, dtype=pluggrad.int8).dtype is pluggrad.int8
    with pytest.raises(ArgumentError, match="nonzero"):
        pluggrad.range(0, 1, 0)
    with pytest.raises(ArgumentError, match="inconsistent"):
        pluggrad.range(1, 0)


def test_vander() -> None:
    x = np.array([1.0, 2.0, 3.0])
    for n, increasing in ((None, False), (2, True), (4, False)):
        assert (host(pluggrad.vander(made(x), n, increasing)) == np.vander(x, n, increasing)).all()
    with pytest.raises(ShapeError, match="expected a vector"):
        pluggrad.vander(pluggrad.ones(2, 2))


@pytest.mark.cpu
def test_frombuffer_shares_writable_memory() -> None:
    memory = bytearray(np.arange(4, dtype=np.float32).tobytes())
    x = pluggrad.frombuffer(memory, dtype=pluggrad.float32)
    x += 1
    assert np.frombuffer(memory, np.float32).tolist() == [1, 2, 3, 4]
    assert pluggrad.frombuffer(array("i", [1, 2, 3]), dtype=pluggrad.int32, count=2, offset=4).tolist() == [2, 3]
    with pytest.raises(ArgumentError, match="do not hold 5 elements"):
        pluggrad.frombuffer(memory, dtype=pluggrad.float32, count=5)
    with pytest.raises(ArgumentError, match="whole elements"):
        pluggrad.frombuffer(memory, dtype=pluggrad.float32, offset=1)


@pytest.mark.cpu
def test_empty_with_a_layout() -> None:
    assert pluggrad.empty_strided((2, 3), (1, 2)).stride() == (1, 2)
    assert pluggrad.empty_permuted((2, 3, 4), (2, 0, 1)).shape == (2, 3, 4)
    with pytest.raises(ShapeError, match="leave gaps"):
        pluggrad.empty_strided((2, 3), (4, 1))
    with pytest.raises(ShapeError, match="is no order"):
        pluggrad.empty_permuted((2, 3), (0, 0))


def test_low_rank() -> None:
    x = pluggrad.randn(20, 3) @ pluggrad.randn(3, 8)
    u, s, v = pluggrad.svd_lowrank(x, q=4)
    assert bool(((u * s) @ v.mT - x).abs().max() < 1e-4)
    assert np.allclose(host(s[:3]), np.linalg.svd(host(x))[1][:3], rtol=1e-4)
    _, s, v = pluggrad.pca_lowrank(x, q=3)
    centred = host(x - x.mean(0))
    assert np.allclose(host(s), np.linalg.svd(centred)[1][:3], rtol=1e-3)
    with pytest.raises(ArgumentError, match="must be between 0 and"):
        pluggrad.svd_lowrank(x, q=9)


def test_binomial() -> None:
    pluggrad.manual_seed(0)
    drawn = pluggrad.binomial(pluggrad.full((4000,), 30.0), pluggrad.full((4000,), 0.3))
    assert abs(drawn.mean().item() - 9) < 0.2 and abs(drawn.var().item() - 6.3) < 0.5
    with pytest.raises(ArgumentError, match="in \\[0, 1\\]"):
        pluggrad.binomial(pluggrad.ones(1), pluggrad.full((1,), 1.5))
    with pytest.raises(ArgumentError, match="not negative"):
        pluggrad.binomial(-pluggrad.ones(1), pluggrad.ones(1))
