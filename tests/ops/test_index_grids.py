"""Indices of triangles and of flattened tensors against PyTorch."""

from __future__ import annotations

import pytest

import pluggrad
from pluggrad.errors import BoundsError

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("size", [(3, 3), (2, 4), (4, 2), (0, 3)])
@pytest.mark.parametrize("offset", [-2, 0, 1, 9])
def test_triangles(size: tuple[int, int], offset: int) -> None:
    for name in ("tril_indices", "triu_indices"):
        got, expected = getattr(pluggrad, name)(*size, offset), getattr(torch, name)(*size, offset)
        assert got.tolist() == expected.tolist() and tuple(got.shape) == tuple(expected.shape)
        assert got.dtype is pluggrad.int64


@pytest.mark.parametrize("shape", [(2, 3, 4), (24,), 24])
def test_unravel_index(shape: object) -> None:
    got = pluggrad.unravel_index(pluggrad.asarray([[0, 5], [13, 23]]), shape)
    expected = torch.unravel_index(torch.tensor([[0, 5], [13, 23]]), shape)
    assert [g.tolist() for g in got] == [e.tolist() for e in expected]


def test_errors() -> None:
    with pytest.raises(BoundsError, match=r"index 6 is out of bounds for shape \(2, 3\)"):
        pluggrad.unravel_index(pluggrad.asarray([0, 6]), (2, 3))
    with pytest.raises(ValueError, match="must not be negative, got -1 and 2"):
        pluggrad.tril_indices(-1, 2)
