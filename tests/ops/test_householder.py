"""Householder reflections beside NumPy's QR decomposition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import ShapeError


def made(x: Any) -> Any:
    """A NumPy array as a tensor on the device under test."""
    return pluggrad.asarray(x, device=pluggrad.get_default_device())


def host(x: Any) -> Any:
    """A tensor as a NumPy array."""
    return np.asarray(x.detach().cpu())


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (2, 4, 3), (3, 0)])
@pytest.mark.parametrize("is_complex", [False, True])
def test_geqrf_and_householder_product_are_a_qr_decomposition(
    shape: tuple[int, ...], is_complex: bool, rng: Any
) -> None:
    x = rng.normal(size=shape) + (1j * rng.normal(size=shape) if is_complex else 0)
    a, tau = pluggrad.geqrf(made(x))
    k = min(shape[-2:])
    q = pluggrad.linalg.householder_product(a[..., :k], tau)
    product = q @ a.triu()[..., :k, :]
    assert np.allclose(host(product), x)
    assert np.allclose(host(q.mH @ q), np.eye(k))


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("left", [False, True])
def test_ormqr_multiplies_by_the_whole_matrix(left: bool, transpose: bool, rng: Any) -> None:
    x, other = rng.normal(size=(4, 2)), rng.normal(size=(4, 4))
    a, tau = pluggrad.geqrf(made(x))
    q = host(pluggrad.ormqr(a, tau, pluggrad.eye(4, dtype=pluggrad.float64)))
    assert np.allclose(q.T @ q, np.eye(4)) and np.allclose(np.abs(q[:, :2].T @ x), np.abs(np.linalg.qr(x).R))
    q = q.T if transpose else q
    out = pluggrad.ormqr(a, tau, made(other), left, transpose)
    assert np.allclose(host(out), q @ other if left else other @ q)


def test_errors() -> None:
    with pytest.raises(ShapeError, match="m >= n"):
        pluggrad.linalg.householder_product(pluggrad.ones(2, 3), pluggrad.ones(2))
    with pytest.raises(ShapeError, match="k <= n"):
        pluggrad.linalg.householder_product(pluggrad.ones(3, 2), pluggrad.ones(3))
