"""Sums, products, extrema, truth: against PyTorch and NumPy; errors by their message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pluggrad
from pluggrad.errors import AxisError, DTypeError, ShapeError

from .reduced import CASES, SHAPES

torch = pytest.importorskip("torch")

INTEGERS = ["int8", "int16", "int32", "int64", "uint8"]


def dims(shape: tuple[int, ...], axis: Any) -> Any:
    return tuple(range(len(shape))) if axis is None else axis


@pytest.mark.parametrize(("shape", "axis", "keep"), CASES)
@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "logsumexp", "prod"])
def test_values_and_gradients(
    name: str, shape: tuple[int, ...], axis: Any, keep: bool, rng: Any, same_as_torch: Any
) -> None:
    x = rng.normal(size=shape)

    def theirs(t: Any) -> Any:
        if name != "prod":
            return getattr(torch, name)(t, dim=dims(shape, axis), keepdim=keep)
        for i in sorted((i % len(shape) for i in np.atleast_1d(dims(shape, axis))), reverse=True):
            t = t.prod(dim=int(i), keepdim=keep)
        return t

    same_as_torch(lambda x: getattr(pluggrad, name)(x, axis=axis, keepdims=keep), theirs, x)
    same_as_torch(lambda x: getattr(x, name)(dim=axis, keepdim=keep), theirs, x)


@pytest.mark.parametrize("name", ["sum", "mean", "prod"])
def test_complex(name: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))
    same_as_torch(lambda x: getattr(pluggrad, name)(x, axis=1), lambda t: getattr(torch, name)(t, dim=1), x)


@given(st.lists(st.sampled_from([0.0, 1.0, -2.0, 3.0]), min_size=1, max_size=6))
def test_prod_with_zeros(values: list[float]) -> None:
    x = pluggrad.tensor(values, dtype=pluggrad.float64, requires_grad=True)
    t = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    (g,) = pluggrad.autograd.grad(pluggrad.prod(x), x, create_graph=True)
    (h,) = torch.autograd.grad(torch.prod(t), t, create_graph=True)
    assert g.tolist() == h.tolist()
    weights = list(range(1, len(values) + 1))
    (gg,) = pluggrad.autograd.grad((g * pluggrad.asarray(weights)).sum(), x, materialize_grads=True)
    # PyTorch's own second derivative fails at some zeros: multiply out instead.
    expected = [
        sum(
            weights[i] * np.prod([v for k, v in enumerate(values) if k not in (i, j)])
            for i in range(len(values))
            if i != j
        )
        for j in range(len(values))
    ]
    assert gg.tolist() == expected


@pytest.mark.parametrize("dtype", [*INTEGERS, "bool"])
@pytest.mark.parametrize("name", ["sum", "prod"])
def test_small_integers_widen(name: str, dtype: str) -> None:
    values = np.asarray([[1, 0, 3], [100, 100, 1]]).astype(dtype)
    x = pluggrad.asarray(values.tolist(), dtype=getattr(pluggrad, dtype if dtype != "bool" else "bool"))
    out = getattr(pluggrad, name)(x, axis=1)
    assert out.dtype is (pluggrad.uint64 if dtype.startswith("u") else pluggrad.int64)
    assert out.tolist() == getattr(np, name)(values.astype(np.int64), axis=1).tolist()
    method = getattr(x, name)(1)  # as PyTorch: int64, for unsigned ones too
    assert method.dtype is pluggrad.int64 and method.tolist() == out.tolist()


@pytest.mark.parametrize("to", ["float64", "int16", "complex64", "float16"])
@pytest.mark.parametrize("name", ["sum", "prod"])
def test_dtype(name: str, to: str, same_as_torch: Any, request: Any) -> None:
    if to == "float16":
        request.getfixturevalue("float16")
    for x in (np.asarray([1.5, 2.0, -3.0], np.float32), np.asarray([1, 2, 3], np.int32)):
        if x.dtype.kind == "f" and to == "int16":
            continue  # PyTorch truncates each element, too, but has no prod of that
        if to == "float16" and name == "prod":
            continue
        same_as_torch(
            lambda x: getattr(x, name)(dtype=getattr(pluggrad, to)),
            lambda t: getattr(t, name)(dtype=getattr(torch, to)),
            x,
            gradient=to not in ("int16", "complex64"),
        )


def test_mean_of_integers_is_of_the_default_float_type() -> None:
    x = pluggrad.asarray([1, 2])
    assert x.mean().dtype is pluggrad.float32 and pluggrad.mean(x).item() == 1.5
    assert x.mean(dtype=pluggrad.float64).dtype is pluggrad.float64
    assert pluggrad.mean(pluggrad.asarray([True, False])).item() == 0.5


def test_float16_sums_do_not_stall(float16: pluggrad.dtype) -> None:
    x = pluggrad.ones((4096, 2), dtype=float16)
    assert pluggrad.sum(x, axis=0).tolist() == [4096.0, 4096.0]
    assert pluggrad.mean(x, axis=0).tolist() == [1.0, 1.0]
    assert pluggrad.sum(x, axis=0).dtype is float16


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "any", "all", "logsumexp"])
def test_of_nothing(name: str) -> None:
    expected = {"sum": 0.0, "mean": np.nan, "prod": 1.0, "any": False, "all": True, "logsumexp": -np.inf}[name]
    out = getattr(pluggrad, name)(pluggrad.zeros((2, 0)), axis=1)
    np.testing.assert_equal(out.tolist(), [expected] * 2)
    assert getattr(pluggrad, name)(pluggrad.zeros((0, 2)), axis=1).shape == (0,)


@pytest.mark.parametrize("name", ["max", "min", "amax", "amin", "argmax", "argmin"])
def test_extremum_of_nothing(name: str) -> None:
    with pytest.raises(ShapeError, match=r"shape \(2, 0\) has no elements along the axes \(0, 1\)"):
        getattr(pluggrad, name)(pluggrad.zeros((2, 0)))
    with pytest.raises(RuntimeError, match=r"no elements along the axes \(1,\)"):
        getattr(pluggrad.zeros((2, 0)), name)(1)
    assert getattr(pluggrad, name)(pluggrad.zeros((2, 0)), axis=0).shape == (0,)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "any", "all", "logsumexp", "amax"])
def test_axis_errors(name: str) -> None:
    x = pluggrad.ones((2, 3))
    with pytest.raises(AxisError, match=r"axis 2 is out of range: the tensor has 2 axes"):
        getattr(pluggrad, name)(x, axis=2)
    with pytest.raises(ValueError, match="one axis twice"):
        getattr(pluggrad, name)(x, axis=(1, -1))
    if name not in ("max", "min"):
        with pytest.raises(TypeError, match="axis and dim are two names of one argument"):
            getattr(pluggrad, name)(x, axis=0, dim=1)


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "prod", "any"])
def test_an_empty_tuple_of_axes(name: str) -> None:
    x = pluggrad.asarray([[1.0, 2.0], [3.0, 4.0]])
    assert getattr(pluggrad, name)(x, axis=()).shape == (2, 2)  # NumPy: none
    assert getattr(x, name)(dim=()).shape == ()  # PyTorch: all


def test_axis_may_be_a_list() -> None:
    assert pluggrad.ones((2, 3)).sum(axis=[0, 1]).item() == 6.0


# -- extrema -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("shape", SHAPES)
def test_extrema_with_indices(name: str, shape: tuple[int, ...], rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 3, size=shape).astype(np.float64)  # many ties: the first counts
    for dim in range(-len(shape), len(shape)) if shape else (0, -1):
        for keep in (False, True):
            same_as_torch(lambda x: getattr(x, name)(dim, keep), lambda t: getattr(t, name)(dim, keep), x)
            same_as_torch(lambda x: getattr(x, name)(axis=dim, keepdims=keep), lambda t: getattr(t, name)(dim, keep), x)
            same_as_torch(lambda x: getattr(pluggrad, name)(x, dim=dim), lambda t: getattr(t, name)(dim=dim), x)
    same_as_torch(lambda x: getattr(x, name)(), lambda t: getattr(t, name)(), x)
    same_as_torch(lambda x: getattr(pluggrad, name)(x), lambda t: getattr(t, name)(), x)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("dtype", [*INTEGERS, "bool", "float32"])
def test_extrema_of_other_dtypes(name: str, dtype: str, same_as_torch: Any) -> None:
    x = np.asarray([[3, 0, 3], [0, 0, 1]]).astype(dtype)
    same_as_torch(
        lambda x: getattr(pluggrad, name)(x, axis=1), lambda t: getattr(torch, f"a{name}")(t, dim=1), x, gradient=False
    )
    same_as_torch(lambda x: getattr(x, name)(1), lambda t: getattr(t, name)(1), x, gradient=False)


@pytest.mark.parametrize("name", ["max", "min"])
def test_extrema_with_nan(name: str, same_as_torch: Any) -> None:
    x = np.asarray([[1.0, np.nan, 3.0], [4.0, 5.0, 4.0], [np.nan, 0.0, np.nan]])
    same_as_torch(lambda x: getattr(x, name)(1), lambda t: getattr(t, name)(1), x)
    same_as_torch(lambda x: getattr(x, name)(), lambda t: getattr(t, name)(), x)
    same_as_torch(
        lambda x: getattr(pluggrad, name)(x, axis=1), lambda t: getattr(torch, f"a{name}")(t, 1), x, gradient=False
    )


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremum_with_another_tensor(name: str, rng: Any, same_as_torch: Any) -> None:
    x, y = rng.normal(size=(2, 3)), rng.normal(size=3)
    same_as_torch(lambda x, y: getattr(pluggrad, name)(x, y), getattr(torch, name), x, y)
    same_as_torch(lambda x, y: getattr(x, name)(y), getattr(torch, name), x, y)
    same_as_torch(lambda x, y: getattr(x, name)(other=y), getattr(torch, name), x, y)


def test_extrema_are_named() -> None:
    found = pluggrad.asarray([[1.0, 2.0]]).max(dim=1)
    assert found.values.tolist() == [2.0] and found.indices.tolist() == [1]
    assert repr(found).startswith("pluggrad.return_types.max(\nvalues=tensor([2.]")
    assert found.indices.dtype is pluggrad.int64 and not found.indices.requires_grad


def test_extremum_argument_errors() -> None:
    x = pluggrad.ones((2, 3))
    with pytest.raises(TypeError, match="another tensor or an axis, not both"):
        pluggrad.max(x, x, axis=0)
    with pytest.raises(TypeError, match=r"indices exist along one axis only, got dim=\(0, 1\)"):
        x.max((0, 1))
    with pytest.raises(TypeError, match="cannot be given together"):
        pluggrad.max(x, 0, axis=0)
    with pytest.raises(DTypeError, match="complex64 is not supported"):
        pluggrad.max(pluggrad.asarray([1j]))


@pytest.mark.parametrize("dim", [None, 0, 1])
def test_aminmax(dim: int | None, rng: Any, same_as_torch: Any) -> None:
    same_as_torch(lambda x: x.aminmax(dim=dim), lambda t: t.aminmax(dim=dim), rng.normal(size=(2, 3)))
    assert pluggrad.aminmax(pluggrad.asarray([1, 2])).max.item() == 2


# -- truth ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["any", "all"])
@pytest.mark.parametrize("dtype", ["bool", "int32", "uint8", "float32", "complex64"])
def test_truth(name: str, dtype: str, same_as_torch: Any) -> None:
    x = np.asarray([[0, 0, 0], [0, 2, 0], [1, 1, 3]]).astype(dtype)
    same_as_torch(lambda x: getattr(x, name)(1), lambda t: getattr(t, name)(1), x, gradient=False)
    same_as_torch(lambda x: getattr(x, name)(), lambda t: getattr(t, name)(), x, gradient=False)
    ours = getattr(pluggrad, name)(
        pluggrad.asarray(x.tolist(), dtype=getattr(pluggrad, dtype)), axis=(0, 1), keepdims=True
    )
    assert ours.dtype is pluggrad.bool and ours.shape == (1, 1)
    assert ours.item() == getattr(np, name)(x)


def test_nan_is_true() -> None:
    assert pluggrad.all(pluggrad.asarray([float("nan"), 1.0])).item() is True


# -- log-sum-exp -----------------------------------------------------------------------------------------------


def test_logsumexp_of_extremes(same_as_torch: Any) -> None:
    inf = np.inf
    x = np.asarray([[1000.0, 1000.0], [-inf, 2.0], [inf, 1.0], [-1000.0, -1001.0]])
    same_as_torch(lambda x: x.logsumexp(1), lambda t: t.logsumexp(1), x, gradient=False)
    same_as_torch(lambda x: x[:2].logsumexp(1), lambda t: t[:2].logsumexp(1), x)


def test_logsumexp_where_all_is_minus_infinity() -> None:
    x = pluggrad.full((2, 2), -float("inf"), requires_grad=True)
    out = pluggrad.logsumexp(x, axis=1)
    assert out.tolist() == [-np.inf] * 2
    out.sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_logsumexp_of_integers_and_complex(rng: Any, same_as_torch: Any) -> None:
    same_as_torch(lambda x: x.logsumexp(0), lambda t: t.logsumexp(0), np.asarray([1, 2, 3]), gradient=False)
    same_as_torch(lambda x: x.logsumexp(0), lambda t: t.logsumexp(0), rng.normal(size=4) + 1j * rng.normal(size=4))


def test_arrays_of_the_backend_are_taken() -> None:
    array = pluggrad.ones(3)._array
    for name in ("sum", "mean", "prod", "max", "any"):
        assert getattr(pluggrad, name)(array).item() == getattr(pluggrad.ones(3), name)().item()
    with pytest.raises(TypeError, match="expected a Tensor, got list"):
        pluggrad.sum([1.0])
