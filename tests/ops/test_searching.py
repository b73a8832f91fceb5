"""Searching: against PyTorch and NumPy; errors by their message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import ArgumentError, AxisError, ShapeError

torch = pytest.importorskip("torch")

SHAPES = [(), (1,), (5,), (2, 3), (3, 1, 4)]


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_arg_extrema(name: str, shape: tuple[int, ...], keep: bool, rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 3, size=shape).astype(np.float32)  # many ties: the first counts
    for dim in (None, *range(-len(shape), len(shape))):
        same_as_torch(
            lambda x: getattr(pluggrad, name)(x, axis=dim, keepdims=keep),
            lambda t: getattr(torch, name)(t, dim=dim, keepdim=keep), x, gradient=False,
        )  # fmt: skip
        same_as_torch(lambda x: getattr(x, name)(dim, keep), lambda t: getattr(t, name)(dim, keep), x, gradient=False)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_arg_extrema_of_nan_and_bool(name: str, same_as_torch: Any) -> None:
    x = np.asarray([[1.0, np.nan, 3.0, np.nan], [4.0, 4.0, 0.0, 0.0]])
    same_as_torch(lambda x: getattr(x, name)(1), lambda t: getattr(t, name)(1), x, gradient=False)
    found = getattr(pluggrad, name)(pluggrad.asarray([False, True, True]))
    assert found.item() == getattr(np, name)([False, True, True]) and found.dtype is pluggrad.int64


def test_arg_extrema_do_not_carry_gradients() -> None:
    assert not pluggrad.ones(3, requires_grad=True).argmax().requires_grad


@pytest.mark.parametrize("dtype", ["bool", "int32", "float64", "complex64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_nonzero(shape: tuple[int, ...], dtype: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 2, size=shape).astype(dtype)
    same_as_torch(lambda x: x.nonzero(), lambda t: t.nonzero(), x, gradient=False)
    same_as_torch(lambda x: x.nonzero(as_tuple=True), lambda t: t.nonzero(as_tuple=True), x, gradient=False)
    same_as_torch(lambda x: pluggrad.nonzero(x, as_tuple=False), lambda t: t.nonzero(), x, gradient=False)
    same_as_torch(lambda x: x.argwhere(), lambda t: t.argwhere(), x, gradient=False)
    if shape:
        same_as_torch(pluggrad.nonzero, lambda t: t.nonzero(as_tuple=True), x, gradient=False)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "float32", "complex64"])
def test_count_nonzero(axis: Any, dtype: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 3, size=(3, 4)).astype(dtype)
    same_as_torch(lambda x: x.count_nonzero(axis), lambda t: t.count_nonzero(axis), x, gradient=False)
    kept = pluggrad.count_nonzero(pluggrad.asarray(x.tolist()), axis=axis, keepdims=True)
    assert kept.tolist() == np.count_nonzero(x, axis=axis, keepdims=True).tolist()


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("dtype", ["int64", "float32"])
def test_searchsorted(right: bool, dtype: str, rng: Any, same_as_torch: Any) -> None:
    x = np.sort(rng.integers(0, 9, size=6)).astype(dtype)
    values = rng.integers(-1, 10, size=(3, 4)).astype(dtype)
    side = "right" if right else "left"
    same_as_torch(
        lambda x, v: pluggrad.searchsorted(x, v, side=side),
        lambda t, v: torch.searchsorted(t, v, right=right),
        x,
        values,
        gradient=False,
    )
    same_as_torch(
        lambda x, v: pluggrad.bucketize(v, x, right=right, out_int32=True),
        lambda t, v: torch.bucketize(v, t, right=right, out_int32=True), x, values, gradient=False,
    )  # fmt: skip
    rows = np.sort(rng.integers(0, 9, size=(3, 5)), axis=1).astype(dtype)
    same_as_torch(
        lambda x, v: pluggrad.searchsorted(x, v, right=right), lambda t, v: torch.searchsorted(t, v, right=right), rows,
        values, gradient=False,
    )  # fmt: skip


def test_searchsorted_with_a_sorter_and_a_scalar() -> None:
    x = pluggrad.asarray([5, 1, 3])
    assert pluggrad.searchsorted(x, pluggrad.asarray([2, 5]), sorter=x.argsort()).tolist() == [1, 2]
    assert pluggrad.searchsorted(pluggrad.asarray([1, 3, 5]), 3).item() == 1
    assert pluggrad.searchsorted(pluggrad.asarray([1, 3, 5]), 3.5).shape == ()
    assert pluggrad.bucketize(3, pluggrad.asarray([1, 3, 5]), right=True).item() == 2


def test_searchsorted_of_mixed_dtypes() -> None:
    found = pluggrad.searchsorted(pluggrad.asarray([1, 2, 3]), pluggrad.asarray([0.5, 2.5]))
    assert found.tolist() == [0, 2]


def test_errors() -> None:
    x = pluggrad.asarray([1, 2, 3])
    with pytest.raises(ArgumentError, match="side must be 'left' or 'right', got 'middle'"):
        pluggrad.searchsorted(x, x, side="middle")
    with pytest.raises(ShapeError, match=r"same shape but for the last axis; got \(2, 3\) and \(3,\)"):
        pluggrad.searchsorted(pluggrad.ones((2, 3)), x)
    with pytest.raises(ShapeError, match="x1 must have at least 1 axis"):
        pluggrad.searchsorted(pluggrad.asarray(1), x)
    with pytest.raises(ShapeError, match=r"sorter must have the shape of x1, got \(2,\) and \(3,\)"):
        pluggrad.searchsorted(x, x, sorter=x[:2])
    with pytest.raises(ShapeError, match=r"boundaries must be 1-D, got shape \(1, 3\)"):
        pluggrad.bucketize(x, x.reshape(1, 3))
    with pytest.raises(ShapeError, match="nonzero: a 0-D tensor has no axis"):
        pluggrad.nonzero(pluggrad.asarray(1))
    with pytest.raises(AxisError, match="argmax: axis 1 is out of range"):
        pluggrad.argmax(x, axis=1)
