"""Clipping and the like against PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import pluggrad

from .elementwise import FLOATS, INTEGERS, Case, assert_same, compare, compare_arrays, draw, ours, params

torch = pytest.importorskip("torch")

ANY = (-3.0, 3.0)
EDGES = (-1.0, -0.0, 0.0, 1.0, math.inf, -math.inf, math.nan)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        *(Case(n, (ANY, ANY), (*FLOATS, *INTEGERS), special=EDGES) for n in ("fmax", "fmin", "clamp_min", "clamp_max")),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


@pytest.mark.parametrize("dtype", [*FLOATS, "int32"])
def test_clip_by_tensors(dtype: str, rng: np.random.Generator) -> None:
    case = Case("clip", ())
    for shapes in (((2, 3), (3,), (2, 1)), ((4,), (), (4,)), ((), (), ()), ((0, 3), (3,), (1, 1))):
        low, high = draw(rng, shapes[1], dtype, -2, -1), draw(rng, shapes[2], dtype, 0, 2)
        compare_arrays(case, [draw(rng, shapes[0], dtype, -3, 3), low, high], rng)


BOUNDS = [(-1, 2), (-1.0, 1.5), (None, 1), (-1, None), (2, -2), (0, math.inf)]


@pytest.mark.parametrize("dtype", [*FLOATS, "int32", "int64"])
@pytest.mark.parametrize("bounds", BOUNDS)
def test_clip_by_scalars(bounds: tuple[Any, Any], dtype: str) -> None:
    if bounds[1] == math.inf and dtype.startswith("int"):
        pytest.skip("PyTorch promotes to float, and so do we; but gives garbage")
    array = np.asarray([-3, -1, 0, 1, 2, 5]).astype(dtype)
    x, t = ours(array), torch.tensor(array)
    if dtype in FLOATS:
        x, t = x.requires_grad_(), t.requires_grad_()
    y, u = pluggrad.clip(x, *bounds), torch.clip(t, *bounds)
    assert_same(y, u, 1e-7)
    assert_same(x.clamp(min=bounds[0], max=bounds[1]), u, 1e-7)
    if dtype in FLOATS:
        y.sum().backward()
        u.sum().backward()
        assert_same(x.grad, t.grad, 0)


def test_one_bound_may_be_a_tensor_and_the_other_a_scalar() -> None:
    x = pluggrad.tensor([-3.0, 0.5, 3.0], requires_grad=True)
    low = pluggrad.tensor(-1.0, requires_grad=True)
    y = pluggrad.clip(x, low, 2)
    assert y.tolist() == [-1.0, 0.5, 2.0]
    y.sum().backward()
    assert (x.grad.tolist(), low.grad.tolist()) == ([0.0, 1.0, 0.0], 1.0)


def test_without_bounds_a_copy() -> None:
    x = pluggrad.asarray([1.0, 2.0])
    y = pluggrad.clip(x)
    x += 1
    assert y.tolist() == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="at least one of 'min' or 'max' must not be None"):
        x.clamp()


@pytest.mark.parametrize("bound", ["text", 1j])
def test_other_bounds_are_refused(bound: Any) -> None:
    with pytest.raises(TypeError, match="clip: a bound must be a Tensor or a real number, got (str|complex)"):
        pluggrad.clip(pluggrad.ones(1), bound)


def test_clamp_in_place() -> None:
    x = pluggrad.asarray([-2.0, 2.0])
    assert x.clamp_(-1, 1) is x
    assert x.clamp_min_(0).tolist() == [0.0, 1.0]
    assert pluggrad.clamp is pluggrad.clip
