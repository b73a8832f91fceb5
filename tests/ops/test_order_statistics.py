"""Medians, quantiles, modes: against PyTorch and NumPy; errors by their message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import ArgumentError, ShapeError

from .reduced import CASES, SHAPES

torch = pytest.importorskip("torch")

NAN = float("nan")


@pytest.mark.parametrize(("shape", "axis", "keep"), CASES)
def test_median_is_numpys(shape: tuple[int, ...], axis: Any, keep: bool, rng: Any) -> None:
    x = rng.normal(size=shape)
    found = pluggrad.median(pluggrad.asarray(x.tolist(), dtype=pluggrad.float64), axis=axis, keepdims=keep)
    np.testing.assert_allclose(found.tolist(), np.median(x, axis=axis, keepdims=keep))


def test_median_of_an_even_number_shares_its_gradient() -> None:
    x = pluggrad.tensor([4.0, 1.0, 3.0, 2.0], requires_grad=True)
    pluggrad.median(x).backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.5, 0.5]


def test_median_with_nan_of_integers_and_of_nothing() -> None:
    x = pluggrad.asarray([[1.0, NAN, 3.0], [1.0, 2.0, 3.0]])
    np.testing.assert_equal(pluggrad.median(x, axis=1).tolist(), [NAN, 2.0])
    assert pluggrad.median(pluggrad.asarray([1, 2])).item() == 1.5
    assert np.isnan(pluggrad.median(pluggrad.zeros(0)).item())


@pytest.mark.parametrize("name", ["median", "nanmedian"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_methods_median_is_pytorchs(name: str, shape: tuple[int, ...], rng: Any, same_as_torch: Any) -> None:
    x = rng.permutation(int(np.prod(shape))).reshape(shape).astype(np.float64)
    same_as_torch(lambda x: getattr(x, name)(), lambda t: getattr(t, name)(), x)
    for dim in range(-len(shape), len(shape)) if shape else (0, -1):
        for keep in (False, True):
            same_as_torch(lambda x: getattr(x, name)(dim, keep), lambda t: getattr(t, name)(dim, keep), x)


@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_medians_of_nan(name: str, same_as_torch: Any) -> None:
    x = np.asarray([[3.0, NAN, 1.0, 2.0], [1.0, 4.0, 3.0, 2.0], [NAN, NAN, NAN, NAN]])
    same_as_torch(lambda x: getattr(x, name)(1)[0], lambda t: getattr(t, name)(1)[0], x, gradient=False)
    same_as_torch(lambda x: getattr(x, name)(), lambda t: getattr(t, name)(), x, gradient=name == "nanmedian")
    # Of a row of NaNs any index will do.
    same_as_torch(lambda x: getattr(x[:2], name)(1), lambda t: getattr(t[:2], name)(1), x)


def test_equal_medians_share_the_gradient(same_as_torch: Any) -> None:
    same_as_torch(lambda x: x.median(), lambda t: t.median(), np.asarray([1.0, 2.0, 2.0, 5.0, 0.0]))


@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_quantiles(name: str, interpolation: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(4, 5))
    x[1, 2] = x[3] = NAN
    for q in (0.0, 0.3, 1.0):
        for dim in (None, 0, 1):
            same_as_torch(
                lambda x: getattr(x, name)(q, dim, interpolation=interpolation),
                lambda t: getattr(t, name)(q, dim, interpolation=interpolation), x,
                gradient=interpolation == "linear" and name == "nanquantile" and dim == 0,
            )  # fmt: skip
    clean = rng.normal(size=(3, 4))
    qs = [0.1, 0.5, 0.95]
    same_as_torch(
        lambda x: getattr(x, name)(pluggrad.asarray(qs), 1, True, interpolation=interpolation),
        lambda t: getattr(t, name)(torch.tensor(qs, dtype=torch.float64), 1, True, interpolation=interpolation), clean,
        rtol=1e-5,
    )  # fmt: skip


def test_quantiles_over_several_axes_are_numpys(rng: Any) -> None:
    x = rng.normal(size=(2, 3, 4))
    tensor = pluggrad.asarray(x.tolist(), dtype=pluggrad.float64)
    for axis in ((0, 2), (1,), None):
        for keep in (False, True):
            found = pluggrad.quantile(tensor, [0.2, 0.7], axis=axis, keepdims=keep, method="linear")
            np.testing.assert_allclose(found.tolist(), np.quantile(x, [0.2, 0.7], axis=axis, keepdims=keep))


def test_a_quantile_carries_the_gradient_of_q() -> None:
    q = pluggrad.tensor(0.4, dtype=pluggrad.float64, requires_grad=True)
    pluggrad.quantile(pluggrad.asarray([1.0, 2.0, 4.0]), q).backward()
    assert q.grad.item() == 2.0  # rank 0.8, between 1 and 2, and 2 ranks for the whole of q


def test_quantile_errors() -> None:
    x = pluggrad.ones(3)
    with pytest.raises(ArgumentError, match=r"q values must be in the range \[0, 1\], got 1.5"):
        pluggrad.quantile(x, 1.5)
    with pytest.raises(ArgumentError, match="interpolation must be one of linear, .* got 'cubic'"):
        x.quantile(0.5, interpolation="cubic")
    with pytest.raises(ShapeError, match=r"q must be a scalar or 1-D, got shape \(1, 1\)"):
        pluggrad.quantile(x, [[0.5]])
    with pytest.raises(ShapeError, match="quantile of nothing has no value"):
        pluggrad.quantile(pluggrad.zeros(0), 0.5)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("dtype", ["float64", "int32", "bool"])
def test_mode(dtype: str, dim: int, keep: bool, rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 3, size=(5, 6)).astype(dtype)
    same_as_torch(lambda x: x.mode(dim, keep), lambda t: t.mode(dim, keep), x)
    same_as_torch(lambda x: pluggrad.mode(x, axis=dim)[0], lambda t: t.mode(dim)[0], x, gradient=False)
    same_as_torch(lambda x: x.mode(), lambda t: t.mode(), x[0, 0])
