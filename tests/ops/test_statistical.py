"""Variance, and sums and means that skip NaN: against PyTorch and NumPy; errors by their message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import AxisError

from .reduced import CASES

torch = pytest.importorskip("torch")

NAN = float("nan")


# -- variance ------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")  # PyTorch's, for one value
@pytest.mark.parametrize(("shape", "axis", "keep"), CASES)
@pytest.mark.parametrize("name", ["var", "std"])
def test_variance(name: str, shape: tuple[int, ...], axis: Any, keep: bool, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=shape)
    ours, theirs = getattr(pluggrad, name), getattr(torch, name)
    for correction in (0, 1, 0.5):
        same_as_torch(
            lambda x: ours(x, axis=axis, correction=correction, keepdims=keep),
            lambda t: theirs(t, dim=axis, correction=correction, keepdim=keep), x,
        )  # fmt: skip
        same_as_torch(
            lambda x: getattr(x, name)(axis, correction=correction, keepdim=keep),
            lambda t: theirs(t, dim=axis, correction=correction, keepdim=keep), x,
        )  # fmt: skip


@pytest.mark.parametrize("name", ["var", "std"])
def test_how_pytorch_says_it(name: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(3, 4))
    for call in (
        lambda v: getattr(v, name)(), lambda v: getattr(v, name)(False), lambda v: getattr(v, name)(1),
        lambda v: getattr(v, name)(0, False), lambda v: getattr(v, name)(0, True, True),
        lambda v: getattr(v, name)(dim=1, unbiased=False), lambda v: getattr(v, name)(dim=(0, 1), keepdim=True),
        lambda v: getattr(v, name)(dim=0, correction=0), lambda v: getattr(v, name)(unbiased=True),
    ):  # fmt: skip
        same_as_torch(call, call, x)


@pytest.mark.parametrize("name", ["var", "std", "var_mean", "std_mean"])
def test_how_pytorchs_functions_say_it(name: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(3, 4))
    for arguments in ((False,), (1, False), (0, True, True)):
        same_as_torch(
            lambda x: getattr(pluggrad, name)(x, *arguments), lambda t: getattr(torch, name)(t, *arguments), x
        )
    same_as_torch(
        lambda x: getattr(pluggrad, name)(x, dim=0, unbiased=False),
        lambda t: getattr(torch, name)(t, dim=0, unbiased=False), x,
    )  # fmt: skip


def test_the_standard_divides_by_the_number() -> None:
    x = pluggrad.asarray([1.0, 2.0, 3.0, 4.0])
    assert pluggrad.var(x).item() == 1.25 and x.var().item() == pytest.approx(5 / 3)
    assert pluggrad.std(x, correction=1).item() == x.std().item()


def test_variance_of_float16(float16: pluggrad.dtype) -> None:
    x = pluggrad.asarray([1.0, 3.0], dtype=float16)
    assert pluggrad.var(x).item() == 1.0 and pluggrad.var(x).dtype is float16


def test_variance_of_complex_and_integers(rng: Any, same_as_torch: Any) -> None:
    z = rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))
    same_as_torch(lambda x: x.var(1), lambda t: t.var(1), z)
    same_as_torch(lambda x: x.std(1), lambda t: t.std(1), z)
    assert pluggrad.std(pluggrad.asarray([1, 3])).dtype is pluggrad.float32


def test_variance_of_equal_values(same_as_torch: Any) -> None:
    same_as_torch(lambda x: x.std(1), lambda t: t.std(1), np.asarray([[2.0, 2.0, 2.0], [1.0, 2.0, 3.0]]))


def test_variance_of_nothing() -> None:
    assert np.isnan(pluggrad.var(pluggrad.zeros((2, 0)), axis=1).tolist()).all()
    assert np.isnan(pluggrad.ones(1).std().item())


@pytest.mark.parametrize("dim", [None, 0, (0, 1)])
@pytest.mark.parametrize("name", ["var_mean", "std_mean"])
def test_with_the_mean(name: str, dim: Any, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(3, 4))
    same_as_torch(lambda x: getattr(pluggrad, name)(x, dim=dim), lambda t: getattr(torch, name)(t, dim=dim), x)
    found = getattr(pluggrad, name)(pluggrad.ones(2))
    assert found._fields == tuple(name.split("_"))


def test_unbiased_and_correction_are_one_argument() -> None:
    with pytest.raises(TypeError, match="give unbiased or correction, not both"):
        pluggrad.ones(3).var(unbiased=True, correction=2)


# -- sums that skip NaN ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
@pytest.mark.parametrize("name", ["nansum", "nanmean"])
def test_skipping_nan(name: str, axis: Any, same_as_torch: Any) -> None:
    x = np.asarray([[1.0, NAN, 3.0], [4.0, 5.0, NAN]])
    same_as_torch(lambda x: getattr(x, name)(axis), lambda t: getattr(t, name)(axis), x)
    same_as_torch(
        lambda x: getattr(pluggrad, name)(x, axis=axis, keepdims=True), lambda t: getattr(t, name)(axis, True), x
    )
    assert getattr(pluggrad, name)(pluggrad.asarray([1, 3])).item() == {"nansum": 4, "nanmean": 2.0}[name]


@pytest.mark.parametrize("name", ["var", "std", "median", "norm", "nansum", "quantile"])
def test_axis_errors(name: str) -> None:
    arguments = {"norm": (2,), "quantile": (0.5,)}.get(name, ())
    with pytest.raises(AxisError, match="axis 2 is out of range: the tensor has 2 axes"):
        getattr(pluggrad, name)(pluggrad.ones((2, 3)), *arguments, axis=2)
