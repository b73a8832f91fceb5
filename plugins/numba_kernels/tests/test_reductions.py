"""Reductions over some axes, beside NumPy's in double precision."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

reductions = pytest.importorskip("pluggrad_numba.reductions")

SHAPES = [
    ((300, 130), (1,)), ((1300, 30), (1,)), ((40, 60, 17), (1,)), ((80, 30, 17), (1, 2)), ((2, 2, 10_000), (1,)),
    ((40_000, 1), (1,)), ((2, 20_000), (1,)), ((8, 18, 16, 17), (2, 3)), ((8, 18, 16, 17), (1,)),
    ((40_001, 1, 2), (1,)),
]  # fmt: skip
NUMPYS = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}


def refuse(*given, **options):
    raise AssertionError("it went on to the kernel that was there")


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_beside_numpy(shape, axis, dtype, missing, keepdims):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    if missing:
        x.reshape(-1)[:: x.size // 3] = np.nan
        x.reshape(-1)[1 :: x.size // 5] = np.inf
    tolerance = 1e-5 if dtype is np.float32 else 1e-13
    for name, reference in NUMPYS.items():
        if name in ("max", "min") and axis[-1] == x.ndim - 1 and np.prod(shape[axis[0] :]) >= reductions._LONG:
            continue  # NumPy's
        out = reductions.WRAPPERS[name](refuse)(x, axis=axis, keepdims=keepdims)
        with np.errstate(all="ignore"):
            exact = reference(x.astype(np.float64), axis, keepdims=keepdims)
        assert out.dtype == dtype
        size = np.abs(x[np.isfinite(x)]).sum() / out.size if name == "sum" else 1
        np.testing.assert_allclose(out, exact, rtol=tolerance, atol=tolerance * size)
        if name in ("max", "min"):
            np.testing.assert_array_equal(out, exact)


@pytest.mark.parametrize("name", NUMPYS)
def test_what_is_of_another_kind_goes_on(name):
    kernel = reductions.WRAPPERS[name](lambda x, **options: "NumPy's")
    x = np.ones((40, 60, 17), np.float32)
    for given, axis in (
        (x, (0, 2)), (x.T, (1,)), (x.astype(np.float16), (1,)), (x.astype(int), (1,)), (x[:2], (1,)), (x, ()),
        (x, (0,)), (x, (0, 1)),
    ):  # fmt: skip
        assert kernel(given, axis=axis) == "NumPy's"


@pytest.mark.cpu
def test_the_same_whatever_the_number_of_threads():
    x = pluggrad.randn(64, 33, 65)
    before = pluggrad.get_num_threads()
    found = []
    for count in (1, 2, 3):
        pluggrad.set_num_threads(count)
        found.append([x.sum(1).numpy(), x.mean((1, 2)).numpy(), x.amax(0).numpy(), x.sum(2).numpy()])
    pluggrad.set_num_threads(before)
    for others in found[1:]:
        for ours, theirs in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(ours, theirs)
