"""Accumulations along axes: NumPy's to the bit; recurrences as they are defined."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

scans = pytest.importorskip("pluggrad_numba.scans")
numpys = pytest.importorskip("pluggrad_numpy.kernels").KERNELS

SHAPES = [
    ((5000,), 0),
    ((70, 61), 1),
    ((70, 61), 0),
    ((9, 31, 17), 1),
    ((2, 3, 1000), 2),
    ((4096, 1), 1),
    ((1, 4096), 0),
]


def refuse(*given, **options):
    raise AssertionError("it went on to the kernel that was there")


def numbers(shape, dtype, missing):
    rng = np.random.default_rng(0)
    x = (1 + rng.standard_normal(shape) / 8).astype(dtype)
    x.reshape(-1)[::7] = 1  # equal ones
    if missing:
        x.reshape(-1)[:: x.size // 5] = np.nan
    return x


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_accumulations_are_numpys_to_the_bit(shape, axis, dtype, missing, count):
    pluggrad.zeros(1, device="cpu")
    before = pluggrad.get_num_threads()
    pluggrad.set_num_threads(count)
    try:
        x = numbers(shape, dtype, missing)
        for name in ("cumulative_sum", "cumulative_prod", "cummax", "cummin"):
            out, expected = (kernel(x, axis=axis) for kernel in (scans.WRAPPERS[name](refuse), numpys[name]))
            for ours, theirs in zip(np.atleast_2d(out), np.atleast_2d(expected), strict=True):
                np.testing.assert_array_equal(ours, theirs)
    finally:
        pluggrad.set_num_threads(before)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_recurrence_is_what_it_says(shape, axis, dtype, reverse):
    a, b = numbers(shape, dtype, False) * dtype(0.9), numbers(shape, dtype, False)
    out = scans.linear_recurrence(refuse)(a, b, axis=axis, reverse=reverse)
    a, b, out = (np.moveaxis(v, axis, 0)[:: -1 if reverse else 1].astype(np.float64) for v in (a, b, out))
    np.testing.assert_array_equal(out[0], b[0])
    np.testing.assert_allclose(out[1:], a[1:] * out[:-1] + b[1:], rtol=3e-7)


@pytest.mark.cpu
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp"])
def test_gradients_beside_those_of_small_pieces(name):
    x = pluggrad.tensor(numbers((80, 64), np.float64, False), requires_grad=True)
    function = getattr(pluggrad, name)
    (whole,) = pluggrad.autograd.grad((function(x, 1) * x.detach()).sum(), x)
    for i in (0, 79):
        row = x[i].detach().requires_grad_()
        (part,) = pluggrad.autograd.grad((function(row, 0) * row.detach()).sum(), row)
        np.testing.assert_allclose(whole[i].numpy(), part.numpy(), rtol=1e-12)


def test_what_is_of_another_kind_goes_on():
    for name in ("cumulative_sum", "cumulative_prod"):
        kernel = scans.WRAPPERS[name](lambda x, **options: "NumPy's")
        large = np.ones((100, 100), np.float32)
        for x in (large.T, large.astype(np.float16), large.astype(np.int64), large[:3]):
            assert kernel(x, axis=0) == "NumPy's"
        assert kernel(large, axis=0, dtype=pluggrad.float64) == "NumPy's"
