"""Cumulative sums, products and extrema, differences: against PyTorch and NumPy; errors by their message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pluggrad
from pluggrad.errors import AxisError, ShapeError

torch = pytest.importorskip("torch")

SHAPES = [(), (1,), (6,), (2, 3), (3, 1, 4), (2, 0)]
NAMES = ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"]
CASES = [(shape, dim) for shape in SHAPES for dim in (range(-len(shape), len(shape)) if shape else (0, -1))]


@pytest.mark.parametrize(("shape", "dim"), CASES)
@pytest.mark.parametrize("name", NAMES)
def test_values_and_gradients(name: str, shape: tuple[int, ...], dim: int, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=shape)
    if name.startswith("cumm"):
        x = np.round(x)  # ties: the last counts
    gradient = not (name == "logcumsumexp" and 0 in shape)  # PyTorch fails there
    same_as_torch(
        lambda x: getattr(pluggrad, name)(x, dim), lambda t: getattr(torch, name)(t, dim), x, gradient=gradient
    )
    same_as_torch(lambda x: getattr(x, name)(axis=dim), lambda t: getattr(torch, name)(t, dim), x, gradient=gradient)


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp"])
def test_complex(name: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(2, 4)) + 1j * rng.normal(size=(2, 4))
    same_as_torch(lambda x: getattr(x, name)(1), lambda t: getattr(t, name)(1), x)


@given(st.lists(st.sampled_from([0.0, 1.0, -2.0, 3.0]), min_size=2, max_size=6))
def test_cumprod_with_zeros(values: list[float]) -> None:
    x = pluggrad.tensor(values, dtype=pluggrad.float64, requires_grad=True)
    t = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    weights = [1.0 + i for i in range(len(values))]
    (g,) = pluggrad.autograd.grad((x.cumprod(0) * pluggrad.asarray(weights)).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad((t.cumprod(0) * torch.tensor(weights)).sum(), t, create_graph=True)
    assert g.tolist() == pytest.approx(h.tolist())
    (gg,) = pluggrad.autograd.grad((g * g).sum(), x, materialize_grads=True)
    (hh,) = torch.autograd.grad((h * h).sum(), t, materialize_grads=True)
    assert gg.tolist() == pytest.approx(hh.tolist())


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "float32"])
def test_dtypes_and_initial_values(name: str, initial: bool, dtype: str) -> None:
    values = np.asarray([[1, 0, 1], [100, 100, 2]]).astype(dtype)
    x = pluggrad.asarray(values.tolist(), dtype=getattr(pluggrad, dtype))
    out = getattr(pluggrad, name)(x, axis=1, include_initial=initial)
    wide = {"bool": np.int64, "int8": np.int64, "uint8": np.uint64, "float32": np.float32}[dtype]
    expected = getattr(np, name)(values.astype(wide), axis=1, include_initial=initial)
    assert out.dtype.name == expected.dtype.name and out.tolist() == expected.tolist()
    short = {"cumulative_sum": "cumsum", "cumulative_prod": "cumprod"}[name]
    assert getattr(x, short)(1).dtype is (pluggrad.float32 if dtype == "float32" else pluggrad.int64)  # as PyTorch
    assert getattr(pluggrad, name)(x, axis=0, dtype=pluggrad.float64).dtype is pluggrad.float64


def test_cumulative_sum_of_float16_keeps_its_digits(float16: pluggrad.dtype) -> None:
    out = pluggrad.cumulative_sum(pluggrad.ones(4096, dtype=float16))
    assert out[-1].item() == 4096.0 and out.dtype is float16


def test_the_axis_may_be_left_out_in_one_dimension() -> None:
    assert pluggrad.cumulative_sum(pluggrad.asarray([1, 2])).tolist() == [1, 3]
    with pytest.raises(AxisError, match=r"cumulative_sum: a tensor of 2 axes \(shape \(2, 2\)\) needs axis"):
        pluggrad.cumulative_sum(pluggrad.ones((2, 2)))
    with pytest.raises(AxisError, match="axis 1 is out of range"):
        pluggrad.cumprod(pluggrad.ones(2), 1)


def test_extremes(same_as_torch: Any) -> None:
    inf, nan = np.inf, np.nan
    x = np.asarray([[-inf, -inf, 0.0, 1000.0], [1.0, nan, 2.0, nan], [-1000.0, 0.0, 1000.0, inf]])
    for name in ("cummax", "cummin", "logcumsumexp"):
        same_as_torch(lambda x: getattr(x, name)(1), lambda t: getattr(t, name)(1), x, gradient=False)


def test_logcumsumexp_after_minus_infinity() -> None:
    x = pluggrad.tensor([-float("inf"), -float("inf"), 0.0, 1000.0], dtype=pluggrad.float64, requires_grad=True)
    x.logcumsumexp(0)[-2:].sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0, 1.0]


def test_logcumsumexp_gradient_does_not_overflow(same_as_torch: Any) -> None:
    x = np.asarray([-2000.0, 0.0, 2000.0, 1999.0, -1000.0])
    same_as_torch(lambda x: x.logcumsumexp(0), lambda t: t.logcumsumexp(0), x)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 33])
def test_linear_recurrence(n: int, reverse: bool, rng: Any) -> None:
    from pluggrad.function import functions

    a, b = rng.normal(size=(n, 2)), rng.normal(size=(n, 2))
    expected, y = np.empty_like(b), np.zeros(2)
    for k in reversed(range(n)) if reverse else range(n):
        y = expected[k] = b[k] + a[k] * y
    call = functions()["linear_recurrence"].call
    x1, x2 = (pluggrad.asarray(v.tolist(), dtype=pluggrad.float64).reshape(n, 2) for v in (a, b))
    np.testing.assert_allclose(np.reshape(call(x1, x2, axis=0, reverse=reverse).tolist(), (n, 2)), expected, rtol=1e-12)


# -- differences and integrals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_diff(n: int, dim: int, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(3, 4))
    same_as_torch(lambda x: pluggrad.diff(x, n=n, axis=dim), lambda t: torch.diff(t, n=n, dim=dim), x)
    same_as_torch(lambda x: x.diff(n, dim), lambda t: t.diff(n, dim), x)


def test_diff_with_ends(rng: Any, same_as_torch: Any) -> None:
    x, before, behind = rng.normal(size=(2, 3)), rng.normal(size=(2, 1)), rng.normal(size=(2, 2))
    same_as_torch(
        lambda x, a, b: pluggrad.diff(x, prepend=a, append=b), lambda t, a, b: torch.diff(t, prepend=a, append=b),
        x, before, behind,
    )  # fmt: skip


def test_diff_of_bools_and_integers(same_as_torch: Any) -> None:
    same_as_torch(lambda x: x.diff(), lambda t: t.diff(), np.asarray([True, True, False]), gradient=False)
    same_as_torch(lambda x: x.diff(), lambda t: t.diff(), np.asarray([1, 5, 2], np.int32), gradient=False)


def test_diff_errors() -> None:
    with pytest.raises(ShapeError, match="needs at least 1 axis, got a 0-D tensor"):
        pluggrad.diff(pluggrad.asarray(1.0))
    with pytest.raises(ValueError, match="n must not be negative, got -1"):
        pluggrad.diff(pluggrad.ones(3), n=-1)


@pytest.mark.parametrize("name", ["trapezoid", "cumulative_trapezoid"])
def test_trapezoids(name: str, rng: Any, same_as_torch: Any) -> None:
    y, x = rng.normal(size=(3, 4)), rng.normal(size=4)
    ours, theirs = getattr(pluggrad, name), getattr(torch, name)
    same_as_torch(ours, theirs, y)
    same_as_torch(lambda y: ours(y, dx=0.5, axis=0), lambda y: theirs(y, dx=0.5, dim=0), y)
    same_as_torch(ours, theirs, y, x)
    same_as_torch(lambda y, x: ours(y, x, dim=0), lambda y, x: theirs(y, x, dim=0), y, x[:3])
    same_as_torch(ours, theirs, y, rng.normal(size=(3, 4)))
    with pytest.raises(ShapeError, match="4 positions x for 3 values along axis 0"):
        ours(pluggrad.ones((3, 4)), pluggrad.ones(4), dim=0)
    with pytest.raises(ShapeError, match="got a 0-D tensor"):
        ours(pluggrad.asarray(1.0))
