"""The LU decomposition: the factors multiply to the matrix, as LAPACK's by SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import pluggrad
from pluggrad.errors import ArgumentError, LinAlgError, ShapeError


def made(x: Any) -> Any:
    """A NumPy array as a tensor on the device under test."""
    return pluggrad.asarray(x, device=pluggrad.get_default_device())


def host(x: Any) -> Any:
    """A tensor as a NumPy array."""
    return np.asarray(x.detach().cpu())


linalg = pluggrad.linalg


def drawn(shape: tuple[int, ...], rng: Any, dtype: str = "float64") -> Any:
    values = rng.normal(size=shape) + (1j * rng.normal(size=shape) if dtype.startswith("complex") else 0)
    return np.asarray(values, dtype)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (1, 1), (2, 3, 4, 4), (0, 0), (2, 0, 3)])
def test_the_factors_multiply_to_the_matrix(shape: tuple[int, ...], dtype: str, rng: Any) -> None:
    x = drawn(shape, rng, dtype)
    p, lower, upper = linalg.lu(made(x))
    product = p.to(lower.dtype) @ lower @ upper
    assert np.allclose(host(product), x) and product.shape == shape
    assert lower.tril().equal(lower) and upper.triu().equal(upper)


def test_as_lapack(rng: Any) -> None:
    x = drawn((5, 5), rng)
    found = linalg.lu_factor(made(x))
    lu, pivots = scipy.linalg.lu_factor(x)
    assert np.allclose(host(found.LU), lu)
    assert (host(found.pivots) == pivots + 1).all()  # LAPACK counts from 1, SciPy from 0


def test_without_pivoting() -> None:
    x = pluggrad.asarray([[2.0, 1.0], [4.0, 5.0]])
    p, lower, upper = linalg.lu(x, pivot=False)
    assert p.numel() == 0 and lower.tolist() == [[1, 0], [2, 1]] and upper.tolist() == [[2, 1], [0, 3]]


@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("left", [False, True])
def test_solve(left: bool, adjoint: bool, rng: Any) -> None:
    a, b = drawn((2, 4, 4), rng, "complex128"), drawn((4, 3) if left else (3, 4), rng, "complex128")
    x = linalg.lu_solve(*linalg.lu_factor(made(a)), made(b), left=left, adjoint=adjoint)
    matrix = np.conj(np.swapaxes(a, -1, -2)) if adjoint else a
    product = matrix @ host(x) if left else host(x) @ matrix
    assert np.allclose(product, b)


def test_singular_matrices_are_reported() -> None:
    x = pluggrad.asarray([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]])
    assert linalg.lu_factor_ex(x).info.tolist() == [2, 0]
    with pytest.raises(LinAlgError, match="a zero on its diagonal, the first at 2"):
        linalg.lu_factor(x)


def test_errors() -> None:
    LU, pivots = linalg.lu_factor(pluggrad.eye(3))
    with pytest.raises(ShapeError, match="B must have 3 rows"):
        linalg.lu_solve(LU, pivots, pluggrad.ones(2, 2))
    with pytest.raises(ArgumentError, match="pivots must be integers"):
        linalg.lu_solve(LU, pluggrad.ones(3), pluggrad.ones(3, 2))
    with pytest.raises(ShapeError, match="at least 2 axes"):
        linalg.lu(pluggrad.ones(3))
