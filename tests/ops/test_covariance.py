"""Covariance, correlation and histograms beside NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import ArgumentError, DTypeError, ShapeError


def made(x: Any) -> Any:
    """A NumPy array as a tensor on the device under test."""
    return pluggrad.asarray(x, device=pluggrad.get_default_device())


def host(x: Any) -> Any:
    """A tensor as a NumPy array."""
    return np.asarray(x.detach().cpu())


def array(x: Any) -> Any:
    return made(x)


@pytest.mark.parametrize("correction", [0, 1])
def test_cov(correction: int, rng: Any) -> None:
    x, f, a = rng.normal(size=(3, 8)), rng.integers(1, 4, 8), rng.random(8)
    for words in ({}, {"fweights": f}, {"aweights": a}, {"fweights": f, "aweights": a}):
        found = pluggrad.cov(array(x), correction=correction, **{k: array(v) for k, v in words.items()})
        assert np.allclose(host(found), np.cov(x, ddof=correction, **words))


def test_of_complex_numbers_and_of_one_variable(rng: Any) -> None:
    x = rng.normal(size=(2, 6)) + 1j * rng.normal(size=(2, 6))
    assert np.allclose(host(pluggrad.cov(array(x))), np.cov(x))
    assert np.allclose(host(pluggrad.corrcoef(array(x))), np.corrcoef(x))
    assert np.allclose(host(pluggrad.cov(array(x[0].real))), np.cov(x[0].real))
    assert pluggrad.corrcoef(array(x[0].real)).item() == 1


def test_what_cov_refuses() -> None:
    x = pluggrad.ones(2, 3)
    with pytest.raises(ShapeError, match="matrix of variables in rows"):
        pluggrad.cov(pluggrad.ones(2, 3, 4))
    with pytest.raises(ShapeError, match="one for each observation"):
        pluggrad.cov(x, aweights=pluggrad.ones(2))
    with pytest.raises(DTypeError, match="count observations"):
        pluggrad.cov(x, fweights=pluggrad.ones(3))
    with pytest.raises(ArgumentError, match="must not be negative"):
        pluggrad.cov(x, aweights=-pluggrad.ones(3))


def test_dist_and_renorm(rng: Any) -> None:
    x, y = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    assert np.isclose(pluggrad.dist(array(x), array(y), 3).item(), (np.abs(x - y) ** 3).sum() ** (1 / 3))
    shrunk = host(pluggrad.renorm(array(x), 2, 0, 0.5))
    assert np.allclose(np.linalg.norm(shrunk, axis=1), np.minimum(np.linalg.norm(x, axis=1), 0.5))
    with pytest.raises(ArgumentError, match="p must be positive"):
        pluggrad.renorm(array(x), 0, 0, 1.0)
    with pytest.raises(ShapeError, match="at least two axes"):
        pluggrad.renorm(array(x[0]), 2, 0, 1.0)


@pytest.mark.parametrize("density", [False, True])
def test_histogram(density: bool, rng: Any) -> None:
    x, w = rng.normal(size=50), rng.random(50)
    for bins, limits in ((6, None), (5, (-1.0, 1.0)), (np.array([-2.0, 0.0, 0.5, 3.0]), None)):
        given = array(bins) if isinstance(bins, np.ndarray) else bins
        found = pluggrad.histogram(array(x), given, range=limits, weight=array(w), density=density)
        hist, edges = np.histogram(x, bins, range=limits, weights=w, density=density)
        assert np.allclose(host(found.hist), hist) and np.allclose(host(found.bin_edges), edges)
    points = rng.normal(size=(60, 2))
    found = pluggrad.histogramdd(array(points), [3, 4], density=density)
    assert np.allclose(host(found.hist), np.histogramdd(points, [3, 4], density=density)[0])


def test_what_histogram_refuses() -> None:
    x = pluggrad.ones(4)
    with pytest.raises(ArgumentError, match="bins must be positive"):
        pluggrad.histogram(x, 0)
    with pytest.raises(DTypeError, match="floating-point"):
        pluggrad.histogram(pluggrad.arange(4), 2)
    with pytest.raises(ShapeError, match="shape of x"):
        pluggrad.histogram(x, 2, weight=pluggrad.ones(3))
    with pytest.raises(ShapeError, match="bins for 3 dimensions"):
        pluggrad.histogramdd(pluggrad.ones(4, 2), [1, 2, 3])


@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient(edge_order: int, rng: Any) -> None:
    x, places = rng.normal(size=(4, 5)), np.cumsum(rng.random(5) + 0.1)
    for found, expected in zip(
        pluggrad.gradient(array(x), spacing=0.5, edge_order=edge_order),
        np.gradient(x, 0.5, edge_order=edge_order), strict=True,
    ):  # fmt: skip
        assert np.allclose(host(found), expected)
    (found,) = pluggrad.gradient(array(x), spacing=[array(places)], dim=1, edge_order=edge_order)
    assert np.allclose(host(found), np.gradient(x, places, axis=1, edge_order=edge_order))
    with pytest.raises(ShapeError, match="has 1 samples"):
        pluggrad.gradient(pluggrad.ones(1))
    with pytest.raises(ArgumentError, match="must be 1 or 2"):
        pluggrad.gradient(pluggrad.ones(4), edge_order=3)


def test_divisors(rng: Any) -> None:
    x, y = rng.integers(-60, 60, (20,)), rng.integers(-60, 60, (3, 20))
    assert (host(pluggrad.gcd(array(x), array(y))) == np.gcd(x, y)).all()
    assert (host(pluggrad.lcm(array(x), array(y))) == np.lcm(x, y)).all()
    with pytest.raises(DTypeError):
        pluggrad.gcd(pluggrad.ones(2), pluggrad.ones(2))
