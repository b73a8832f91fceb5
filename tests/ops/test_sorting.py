"""Sorting and choosing by rank: against PyTorch; errors by their message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import AxisError, DTypeError, ShapeError

torch = pytest.importorskip("torch")

SHAPES = [(), (1,), (7,), (2, 3), (3, 1, 4), (2, 0)]
CASES = [(shape, dim) for shape in SHAPES for dim in (range(-len(shape), len(shape)) if shape else (0, -1))]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_sort(shape: tuple[int, ...], dim: int, descending: bool, rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 4, size=shape).astype(np.float64)  # with ties: the order of equal elements counts

    def theirs(t: Any) -> Any:
        return torch.sort(t, dim=dim, descending=descending, stable=True)

    same_as_torch(lambda x: x.sort(dim, descending), theirs, x)
    same_as_torch(lambda x: pluggrad.sort(x, axis=dim, descending=descending), lambda t: theirs(t)[0], x)
    same_as_torch(
        lambda x: pluggrad.sort(x, axis=dim, descending=descending), lambda t: theirs(t)[0], x, gradient=False
    )
    same_as_torch(lambda x: x.argsort(dim, descending), lambda t: theirs(t)[1], x, gradient=False)
    same_as_torch(
        lambda x: pluggrad.argsort(x, axis=dim, descending=descending), lambda t: theirs(t)[1], x, gradient=False
    )


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "float32", "float16"])
def test_sort_of_other_dtypes(dtype: str, descending: bool, same_as_torch: Any) -> None:
    x = np.asarray([[3, 0, 1, 0], [0, 2, 2, 1]]).astype(dtype)
    same_as_torch(
        lambda x: x.sort(1, descending), lambda t: t.sort(dim=1, descending=descending, stable=True), x, gradient=False
    )
    same_as_torch(
        lambda x: pluggrad.sort(x, descending=descending), lambda t: t.sort(descending=descending)[0], x, gradient=False
    )


@pytest.mark.parametrize("descending", [False, True])
def test_nan_is_the_largest(descending: bool, same_as_torch: Any) -> None:
    x = np.asarray([2.0, np.nan, -np.inf, 1.0, np.nan, np.inf])
    same_as_torch(
        lambda x: x.sort(0, descending), lambda t: t.sort(dim=0, descending=descending, stable=True), x, gradient=False
    )
    same_as_torch(
        lambda x: pluggrad.sort(x, descending=descending), lambda t: t.sort(0, descending)[0], x, gradient=False
    )
    same_as_torch(lambda x: x.topk(3, 0, descending)[0], lambda t: t.topk(3, 0, descending)[0], x, gradient=False)
    same_as_torch(lambda x: x.kthvalue(5)[0], lambda t: t.kthvalue(5)[0], x, gradient=False)


def test_sort_defaults_to_the_last_axis() -> None:
    x = pluggrad.asarray([[3, 1], [2, 4]])
    assert pluggrad.sort(x).tolist() == [[1, 3], [2, 4]]
    assert x.sort().values.tolist() == [[1, 3], [2, 4]]
    assert pluggrad.msort(x).tolist() == x.msort().tolist() == [[2, 1], [3, 4]]


def test_sorting_leaves_its_input_alone(rng: Any) -> None:
    values = rng.normal(size=(3, 4)).tolist()
    x = pluggrad.asarray(values, dtype=pluggrad.float64)
    x.sort(0), pluggrad.sort(x), x.topk(2), x.kthvalue(2), x.median(1), pluggrad.median(x), x.unique()
    assert x.tolist() == values


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("k", [0, 1, 3, 20])
@pytest.mark.parametrize("dim", [0, -1])
def test_topk(dim: int, k: int, largest: bool, rng: Any, same_as_torch: Any) -> None:
    x = rng.permutation(400).reshape(20, 20).astype(np.float64)
    same_as_torch(lambda x: x.topk(k, dim, largest), lambda t: t.topk(k, dim, largest), x)
    same_as_torch(lambda x: pluggrad.topk(x, k, axis=dim, largest=largest), lambda t: t.topk(k, dim, largest), x)


def test_topk_of_equal_elements_comes_in_their_order() -> None:
    x = pluggrad.zeros(100)
    assert x.topk(3).values.tolist() == [0.0] * 3
    assert len(set(x.topk(3).indices.tolist())) == 3


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_kthvalue(dim: int, keep: bool, rng: Any, same_as_torch: Any) -> None:
    x = rng.permutation(12).reshape(3, 4).astype(np.float64)
    for k in (1, 2, 3):
        same_as_torch(lambda x: x.kthvalue(k, dim, keep), lambda t: t.kthvalue(k, dim, keep), x)


def test_of_one_number(same_as_torch: Any) -> None:
    x = np.asarray(2.5)
    same_as_torch(lambda x: x.topk(1), lambda t: t.topk(1), x)
    same_as_torch(lambda x: x.kthvalue(1), lambda t: t.kthvalue(1), x)


def test_results_are_named() -> None:
    x = pluggrad.asarray([3.0, 1.0, 2.0])
    for found in (x.sort(), x.topk(2), x.kthvalue(1)):
        assert found._fields == ("values", "indices") and found.indices.dtype is pluggrad.int64


def test_errors() -> None:
    x = pluggrad.ones((2, 3))
    for call in (pluggrad.sort, pluggrad.argsort):
        with pytest.raises(AxisError, match="axis 2 is out of range"):
            call(x, axis=2)
    with pytest.raises(ShapeError, match=r"k out of range: k is 4, but axis 1 of shape \(2, 3\) has 3 elements"):
        x.topk(4)
    with pytest.raises(RuntimeError, match="k is 0, but axis 1 .* from 1 on"):
        x.kthvalue(0)
    with pytest.raises(ShapeError, match="kthvalue of nothing has no value"):
        pluggrad.zeros((2, 0)).kthvalue(1)
    with pytest.raises(DTypeError, match="complex64 is not supported"):
        pluggrad.sort(pluggrad.asarray([1j]))
    with pytest.raises(TypeError, match="two names of one argument"):
        pluggrad.sort(x, axis=0, dim=0)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("values", ["distinct", "ties", "zeros of both signs", "one NaN", "several NaN", "all equal"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_long_sorts_are_stable(values: str, descending: bool, dtype: str) -> None:
    """Long enough for the vectorised sort, which is not stable by itself."""
    rng = np.random.default_rng(0)
    x = rng.permutation(5000).astype(dtype)
    if values == "all equal":
        x[:] = 1.5
    elif values == "ties":
        x //= 3
    elif values == "zeros of both signs":
        x[::7] = 0.0
        x[::14] = -0.0
    elif values.endswith("NaN"):
        x[[17] if values == "one NaN" else [17, 400, 4000]] = np.nan
    for shape, axis in (((5000,), 0), ((2, 2500), 1), ((2500, 2), 0), ((1, 2500, 2), 1)):
        got = pluggrad.argsort(pluggrad.asarray(x.reshape(shape)), axis=axis, descending=descending)
        wanted = torch.argsort(torch.tensor(x.reshape(shape)), dim=axis, descending=descending, stable=True)
        np.testing.assert_array_equal(got.tolist(), wanted.tolist())
