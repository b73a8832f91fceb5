"""Distinct elements and membership: against NumPy and PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pluggrad
from pluggrad.errors import AxisError

torch = pytest.importorskip("torch")


@given(
    st.lists(st.integers(0, 5), max_size=12),
    st.sampled_from(["int64", "uint8", "float32", "float64", "bool", "complex64"]),
)
def test_unique_of_all_kinds(values: list[int], dtype: str) -> None:
    array = np.asarray(values, dtype)
    x = pluggrad.asarray(array.tolist(), dtype=getattr(pluggrad, dtype))
    found = pluggrad.unique_all(x)
    expected = np.unique_all(array)
    for name in ("values", "indices", "inverse_indices", "counts"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()
    assert found.values.dtype is x.dtype and found.counts.dtype is pluggrad.int64
    assert pluggrad.unique_values(x).tolist() == found.values.tolist()
    assert [v.tolist() for v in pluggrad.unique_counts(x)] == [found.values.tolist(), found.counts.tolist()]
    assert [v.tolist() for v in pluggrad.unique_inverse(x)] == [found.values.tolist(), found.inverse_indices.tolist()]


def test_inverse_indices_have_the_shape_of_the_input() -> None:
    x = pluggrad.asarray([[3, 1], [1, 2]])
    values, inverse = pluggrad.unique_inverse(x)
    assert inverse.shape == (2, 2) and values[inverse].tolist() == x.tolist()
    assert pluggrad.unique_all(pluggrad.asarray(3)).inverse_indices.shape == ()


def test_every_nan_is_distinct() -> None:
    found = pluggrad.unique_all(pluggrad.asarray([float("nan"), 1.0, float("nan")]))
    assert found.counts.tolist() == [1, 1, 1] and found.values.tolist()[0] == 1.0


def test_results_are_named() -> None:
    x = pluggrad.asarray([1, 1])
    assert pluggrad.unique_all(x)._fields == ("values", "indices", "inverse_indices", "counts")
    assert pluggrad.unique_counts(x)._fields == ("values", "counts")
    assert pluggrad.unique_inverse(x)._fields == ("values", "inverse_indices")


def test_the_gradient_goes_to_the_first_occurrence() -> None:
    x = pluggrad.tensor([3.0, 1.0, 3.0], requires_grad=True)
    (x.unique() * pluggrad.asarray([1.0, 2.0])).sum().backward()
    assert x.grad.tolist() == [2.0, 1.0, 0.0]


@pytest.mark.parametrize("dim", [None, 0, 1, -1])
@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
@pytest.mark.parametrize("dtype", ["int64", "float32", "bool"])
def test_unique(name: str, dim: int | None, dtype: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 2, size=(4, 3, 2)).astype(dtype)
    for flags in (
        {},
        {"return_inverse": True},
        {"return_counts": True},
        {"return_inverse": True, "return_counts": True},
    ):
        same_as_torch(
            lambda x: getattr(pluggrad, name)(x, dim=dim, **flags),
            lambda t: getattr(torch, name)(t, dim=dim, **flags),
            x,
            gradient=False,
        )
        same_as_torch(
            lambda x: getattr(x, name)(axis=dim, **flags),
            lambda t: getattr(t, name)(dim=dim, **flags),
            x,
            gradient=False,
        )


@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
def test_unique_of_nothing_and_one(name: str, same_as_torch: Any) -> None:
    for x in (np.zeros(0), np.asarray(3.0)):
        same_as_torch(
            lambda x: getattr(x, name)(return_inverse=True, return_counts=True),
            lambda t: getattr(t, name)(return_inverse=True, return_counts=True), x, gradient=False,
        )  # fmt: skip


def test_unique_slices_carry_the_gradient() -> None:
    x = pluggrad.tensor([[2.0, 1.0], [0.0, 1.0], [2.0, 1.0]], requires_grad=True)
    x.unique(dim=0).sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]


def test_unique_errors() -> None:
    with pytest.raises(AxisError, match="unique: axis 2 is out of range"):
        pluggrad.ones((2, 2)).unique(dim=2)
    with pytest.raises(AxisError, match="a 0-D tensor has no axis 0"):
        pluggrad.asarray(1).unique(dim=0)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("dtype", ["int64", "float32", "bool", "complex64"])
def test_isin(dtype: str, invert: bool, rng: Any) -> None:
    x, members = rng.integers(0, 4, size=(2, 3)).astype(dtype), rng.integers(0, 2, size=3).astype(dtype)
    found = pluggrad.isin(pluggrad.asarray(x.tolist()), pluggrad.asarray(members.tolist()), invert=invert)
    assert found.tolist() == np.isin(x, members, invert=invert).tolist() and found.dtype is pluggrad.bool


def test_isin_of_scalars_nothing_and_nan() -> None:
    x = pluggrad.asarray([1.0, float("nan"), 3.0])
    assert pluggrad.isin(x, 3).tolist() == [False, False, True]
    assert pluggrad.isin(3, x).item() is True
    assert pluggrad.isin(x, x).tolist() == [True, False, True]
    assert pluggrad.isin(x, pluggrad.zeros(0)).tolist() == [False] * 3
    assert pluggrad.isin(x, pluggrad.zeros(0), invert=True).tolist() == [True] * 3
