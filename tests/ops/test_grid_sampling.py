"""Derivatives of grid_sample, of places that are no numbers; values: tests/nn/test_against_torch.py."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad
from pluggrad.nn import functional as F


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_derivatives(mode: str, padding: str) -> None:
    rng = np.random.default_rng(0)
    x = pluggrad.tensor(rng.normal(size=(1, 2, 3, 4))).requires_grad_()
    grid = pluggrad.tensor(rng.uniform(-1.4, 1.4, size=(1, 2, 2, 2))).requires_grad_()

    def f(x: pluggrad.Tensor, grid: pluggrad.Tensor) -> pluggrad.Tensor:
        return F.grid_sample(x, grid, mode, padding, align_corners=False)

    assert pluggrad.autograd.gradcheck(f, (x, grid))
    assert pluggrad.autograd.gradgradcheck(f, (x, grid))


def test_the_identity_reads_the_input() -> None:
    x = pluggrad.tensor(np.random.default_rng(1).normal(size=(1, 2, 3, 4)))
    theta = pluggrad.eye(2, 3, dtype=pluggrad.float64).unsqueeze(0)
    for aligned in (True, False):
        grid = F.affine_grid(theta, x.shape, align_corners=aligned)
        np.testing.assert_allclose(F.grid_sample(x, grid, align_corners=aligned).tolist(), x.tolist(), atol=1e-12)


def test_places_far_away() -> None:
    x = pluggrad.ones(1, 1, 2, 2)
    grid = pluggrad.tensor([[[[1e30, 0.0], [float("inf"), 0.0], [float("nan"), 0.0]]]])
    assert F.grid_sample(x, grid, align_corners=True).tolist() == [[[[0.0, 0.0, 0.0]]]]


def test_warns_of_the_default() -> None:
    with pytest.warns(UserWarning, match="grid_sample: align_corners=False is the default"):
        F.grid_sample(pluggrad.ones(1, 1, 2, 2), pluggrad.zeros(1, 1, 1, 2))
    with pytest.warns(UserWarning, match="affine_grid: align_corners=False is the default"):
        F.affine_grid(pluggrad.zeros(1, 2, 3), (1, 1, 2, 2))
