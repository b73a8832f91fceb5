"""Softmax and its logarithm beside PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad
import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import agree, both, draw, host, ours  # noqa: E402

TF = torch.nn.functional


@both
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize(("shape", "dim"), [((3, 4), 1), ((3, 4), 0), ((2, 3, 4), -2), ((5,), 0), ((), 0), ((), -1)])
def test_softmax(name: str, shape: tuple[int, ...], dim: int, dtype: str) -> None:
    agree(lambda t: getattr(F, name)(t, dim=dim), lambda t: getattr(TF, name)(t, dim=dim), draw(*shape, dtype=dtype))


def test_softmax_does_not_overflow() -> None:
    x = np.array([[1000.0, 1000.0, -1000.0], [-1e30, 0.0, 1.0]])
    agree(lambda t: F.softmax(t, 1), lambda t: TF.softmax(t, 1), x)
    agree(lambda t: F.log_softmax(t, 1), lambda t: TF.log_softmax(t, 1), x)


def test_softmax_casts_and_names_its_arguments() -> None:
    x = ours(draw(2, 3, dtype="float32"))
    assert pluggrad.softmax(x, 1, pluggrad.float64).dtype is pluggrad.float64
    assert host(pluggrad.softmax(x, axis=1)).tolist() == host(pluggrad.softmax(x, dim=1)).tolist()
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        assert host(F.softmax(x)).tolist() == host(F.softmax(x, 1)).tolist()
    with pytest.raises(IndexError, match="axis 2 is out of range"):
        F.softmax(x, 2)
