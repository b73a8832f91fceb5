"""What the tests of elementwise functions share: a table of cases, compared with PyTorch on generated arrays."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

FLOATS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8")
BOOL = ("bool",)
TOLERANCE = {"float32": 3e-6, "complex64": 1e-5, "float64": 1e-12, "complex128": 1e-11}


@dataclass(frozen=True)
class Case:
    """One function: where its arguments are drawn from, the dtypes that it takes, and what PyTorch calls it."""

    name: str
    ranges: tuple[tuple[float, float], ...]
    dtypes: tuple[str, ...] = FLOATS
    gradient: bool = True
    theirs: Callable[..., Any] | None = None
    #: Values beside the drawn ones: kinks and the like, where gradients must agree, too.
    special: tuple[float, ...] = ()
    tolerance: float = 1.0

    def torch(self, *args: Any) -> Any:
        return (self.theirs or getattr(torch, self.name))(*args)


def params(*cases: Case) -> list[Any]:
    return [pytest.param(case, dtype, id=f"{case.name}-{dtype}") for case in cases for dtype in case.dtypes]


def draw(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, low: float, high: float) -> np.ndarray:
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if "int" in dtype:
        low = max(low, 0) if dtype.startswith("u") else low
        return np.asarray(rng.integers(int(np.ceil(low)), int(high) + 1, shape)).astype(dtype)
    values = rng.uniform(low, high, shape)
    if "complex" in dtype:
        values = values + 1j * rng.uniform(-1.5, 1.5, shape)
    return np.asarray(values).astype(dtype)


def layouts(rng: np.random.Generator, dtype: str, ranges: tuple[tuple[float, float], ...]) -> Iterator[list[Any]]:
    """Arguments of several shapes: contiguous and not, 0-D, empty, broadcast, and many."""
    for shape in ((), (0,), (7,), (2, 0, 3), (3, 4), (30, 40)):
        yield [draw(rng, shape, dtype, *r) for r in ranges]
    yield [draw(rng, (4, 3), dtype, *r).T for r in ranges]
    yield [draw(rng, (50, 80), dtype, *r)[::2, 1::2] for r in ranges]
    if len(ranges) > 1:
        for shapes in (((2, 3), (3,), (2, 1)), ((), (4,), (2, 1)), ((3, 1), (1, 4), ()), ((0, 3), (3,), (1, 1))):
            yield [draw(rng, s, dtype, *r) for s, r in zip(shapes, ranges, strict=False)]


def ours(array: np.ndarray) -> Any:
    return pluggrad.asarray(array, device=pluggrad.get_default_device())


def assert_same(got: Any, expected: Any, tolerance: float) -> None:
    """Equal shapes, dtypes and values, NaN and infinities included."""
    assert tuple(got.shape) == tuple(expected.shape)
    assert got.dtype.name == str(expected.dtype).removeprefix("torch.")
    values = np.asarray(got.detach().tolist()).reshape(tuple(got.shape))
    np.testing.assert_allclose(
        values, expected.detach().numpy(force=True), rtol=tolerance, atol=tolerance * 0.3, equal_nan=True
    )


def compare(case: Case, dtype: str) -> None:
    """Values and gradients of one function on one dtype, beside PyTorch's."""
    rng = np.random.default_rng(zlib.crc32(f"{case.name} {dtype}".encode()))
    for arrays in layouts(rng, dtype, case.ranges):
        compare_arrays(case, arrays, rng)
    if case.special and "complex" not in dtype:
        points = [s for s in case.special if dtype in FLOATS or (np.isfinite(s) and not (dtype[0] in "ub" and s < 0))]
        grid = np.meshgrid(*[np.asarray(points, dtype)] * len(case.ranges))
        compare_arrays(case, [np.ascontiguousarray(g.reshape(-1)) for g in grid], rng)


def compare_arrays(case: Case, arrays: list[np.ndarray], rng: np.random.Generator) -> None:
    xs = [ours(a) for a in arrays]
    ts = [torch.from_numpy(np.ascontiguousarray(a)).reshape(a.shape) for a in arrays]
    gradient = case.gradient and arrays[0].dtype.kind in "fc"
    if gradient:
        xs = [x.detach().requires_grad_() for x in xs]
        ts = [t.requires_grad_() for t in ts]
    before = [a.copy() for a in arrays]
    got, expected = getattr(pluggrad, case.name)(*xs), case.torch(*ts)
    tolerance = TOLERANCE.get(arrays[0].dtype.name, 3e-6) * case.tolerance
    assert_same(got, expected, tolerance)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    if not gradient:
        return
    assert got.requires_grad == expected.requires_grad
    if not got.requires_grad:
        return
    weights = draw(rng, tuple(got.shape), got.dtype.name, -1.0, 1.0)
    got.backward(ours(weights))
    expected.backward(torch.from_numpy(np.asarray(weights)).reshape(weights.shape))
    for x, t in zip(xs, ts, strict=True):
        assert_same(x.grad, t.grad, tolerance * 10)
