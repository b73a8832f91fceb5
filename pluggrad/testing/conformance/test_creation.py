"""Creation: tensors from Python's numbers and from shapes have just these values."""

from __future__ import annotations

import math
from typing import Any

import pytest

import pluggrad
from pluggrad.dtypes import DType

from .target import Target

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def extremes(dtype: DType) -> list[Any]:
    """The ends of a dtype's range and its special values."""
    if dtype.kind == "bool":
        return [True, False]
    if dtype.kind.endswith("integer"):
        info = pluggrad.iinfo(dtype)
        return [info.min, info.max, info.max - 1, 0, 1, 100]
    limits = pluggrad.finfo(dtype)
    real = [
        0.0,
        -0.0,
        1.0,
        1.0 + limits.eps,
        limits.max,
        limits.min,
        limits.smallest_normal,
        math.inf,
        -math.inf,
        math.nan,
    ]
    if dtype.is_complex:
        return [complex(a, b) for a, b in zip(real, reversed(real), strict=True)]
    return real


def same(a: Any, b: Any) -> bool:
    """Whether two numbers are the same one, signs of zero and NaN included."""
    return type(a) is type(b) and repr(a) == repr(b)


def test_from_numbers_and_back(target: Target, dtype: DType) -> None:
    values = extremes(dtype)
    x = pluggrad.asarray(values, dtype=dtype, device=target.device)
    assert (x.dtype, x.device, tuple(x.shape)) == (dtype, target.device, (len(values),))
    got = x.tolist()
    assert all(map(same, got, values)), f"put in {values}, read {got}"
    for i, value in enumerate(values):
        assert same(x[i].item(), value)
        scalar = pluggrad.asarray(value, dtype=dtype, device=target.device)
        assert scalar.shape == ()
        assert same(scalar.item(), value)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3), (1, 2, 1, 3)], ids=str)
def test_filled(target: Target, dtype: DType, shape: tuple[int, ...]) -> None:
    def check(x: pluggrad.Tensor, value: Any) -> None:
        assert (x.dtype, x.device, tuple(x.shape)) == (dtype, target.device, shape)
        assert x.reshape(-1).tolist() == [value] * math.prod(shape)

    where: dict[str, Any] = {"dtype": dtype, "device": target.device}
    one = {"bool": True}.get(dtype.kind, 1)
    check(pluggrad.zeros(shape, **where), 0)
    check(pluggrad.ones(shape, **where), one)
    check(pluggrad.full(shape, one, **where), one)
    like = pluggrad.empty(shape, **where)
    assert (like.dtype, like.device, tuple(like.shape)) == (dtype, target.device, shape)
    check(pluggrad.zeros_like(like), 0)
    check(pluggrad.ones_like(like), one)


def test_ranges(target: Target, dtype: DType) -> None:
    if dtype.kind == "bool" or dtype.is_complex:
        return
    where: dict[str, Any] = {"dtype": dtype, "device": target.device}
    x = pluggrad.arange(1, 8, 2, **where)
    assert (x.dtype, x.device) == (dtype, target.device)
    assert x.tolist() == [1, 3, 5, 7]
    if dtype.is_floating_point:
        assert pluggrad.linspace(0, 2, 5, **where).tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert pluggrad.eye(2, 3, k=1, **where).tolist() == [[0, 1, 0], [0, 0, 1]]


def test_a_copy_is_a_copy(target: Target, dtype: DType) -> None:
    x = pluggrad.zeros(3, dtype=dtype, device=target.device)
    for copy in (
        x.clone(),
        pluggrad.asarray(x, copy=True),
        pluggrad.tensor(x.tolist(), dtype=dtype, device=target.device),
    ):
        copy[0] = True
        assert x.tolist() == [0, 0, 0]
        assert copy.tolist() == [1, 0, 0]


def test_new_memory_is_new(target: Target) -> None:
    """What one call gave is not written by the next."""
    kept = [pluggrad.full((1000,), float(i), device=target.device) for i in range(20)]
    sums = [x + 1.0 for x in kept]
    for i, (x, y) in enumerate(zip(kept, sums, strict=True)):
        assert x[::333].tolist() == [float(i)] * 4
        assert y[::333].tolist() == [i + 1.0] * 4


def test_numbers_are_pythons_own(target: Target, dtype: DType) -> None:
    """``item`` and ``tolist`` give Python's numbers, not the library's."""
    x = pluggrad.ones((2, 1), dtype=dtype, device=target.device)
    expected = (
        bool if dtype.kind == "bool" else complex if dtype.is_complex else float if dtype.is_floating_point else int
    )
    assert type(x[0, 0].item()) is expected
    assert type(x.tolist()[1][0]) is expected


def test_casts(target: Target, dtype: DType) -> None:
    """Every dtype to every other that holds its values."""
    values = [0, 1] if dtype.kind == "bool" else [0, 1, 3, 100]
    x = pluggrad.asarray(values, dtype=dtype, device=target.device)
    for other in target.dtypes:
        if dtype.is_complex and not other.is_complex:
            continue  # a cast that loses the imaginary part is refused by the standard
        y = x.to(other)
        assert y.dtype is other
        assert target.loaded.type_of(y._array).dtype is other
        assert y.tolist() == ([bool(v) for v in values] if other.kind == "bool" else values), (
            f"{dtype.name} to {other.name}"
        )
