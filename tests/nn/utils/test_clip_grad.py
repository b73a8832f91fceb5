"""Clipping of gradients, and parameters as one vector, beside PyTorch's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.nn import utils

torch = pytest.importorskip("torch")


def _weights(lib: Any) -> list[Any]:
    rng = np.random.default_rng(1)
    weights = [lib.tensor(rng.normal(size=shape), requires_grad=True) for shape in ((2, 3), (4,))]
    for w in weights:
        w.grad = lib.tensor(rng.normal(size=tuple(w.shape)))
    return weights


@pytest.mark.parametrize("norm_type", [1.0, 2.0, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clip_grad_norm(norm_type: float, max_norm: float) -> None:
    ours, theirs = _weights(pluggrad), _weights(torch)
    total = utils.clip_grad_norm_(ours, max_norm, norm_type)
    assert total.item() == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type).item())
    for w, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(w.grad.cpu().numpy(), t.grad.cpu().numpy())


def test_clip_grad_value() -> None:
    ours, theirs = _weights(pluggrad), _weights(torch)
    utils.clip_grad_value_(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    for w, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(w.grad.cpu().numpy(), t.grad.cpu().numpy())


def test_norm_that_is_not_finite() -> None:
    w = pluggrad.ones(2, requires_grad=True)
    w.grad = pluggrad.tensor([math.inf, 0.0])
    with pytest.raises(RuntimeError, match="non-finite"):
        utils.clip_grad_norm_(w, 1.0, error_if_nonfinite=True)


def test_parameters_as_a_vector() -> None:
    layer, other = pluggrad.nn.Linear(3, 2), pluggrad.nn.Linear(3, 2)
    utils.vector_to_parameters(utils.parameters_to_vector(layer.parameters()), other.parameters())
    for p, q in zip(layer.parameters(), other.parameters(), strict=True):
        assert p.tolist() == q.tolist()
    with pytest.raises(ValueError, match=r"shape \(8,\)"):
        utils.vector_to_parameters(pluggrad.zeros(7), layer.parameters())


def test_the_older_name() -> None:
    ours, theirs = _weights(pluggrad), _weights(torch)
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        total = utils.clip_grad_norm(ours, 0.5)
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        assert total.item() == pytest.approx(torch.nn.utils.clip_grad_norm(theirs, 0.5).item())
