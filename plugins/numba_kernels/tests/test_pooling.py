"""Maximum pooling of 2 × 2 pixels and its gradient: exactly what NumPy's kernels give."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

pooling = pytest.importorskip("pluggrad_numba.pooling")
numpys = pytest.importorskip("pluggrad_numpy.pooling").KERNELS

SIZES = [(8, 12), (9, 12), (8, 13), (7, 7), (2, 2)]
PAIRS = {"kernel_size": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    pluggrad.zeros(1, device="cpu")  # the backend is loaded, and the plugin knows of the number of threads
    monkeypatch.setattr(pooling, "_LEAST", 0)
    count = pluggrad.get_num_threads()
    yield
    pluggrad.set_num_threads(count)


def both(x, threads):
    pluggrad.set_num_threads(threads)
    ours = {name: wrap(None) for name, wrap in pooling.WRAPPERS.items()}
    for kernels in (ours, numpys):
        out = kernels["max_pool"](x, **PAIRS)
        g = np.cos(np.arange(out.size)).reshape(out.shape).astype(x.dtype)
        yield out, kernels["max_pool_input"](g, x, out, **PAIRS)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threads", [1, 3])
def test_ties_and_nan_included(size, dtype, threads):
    x = np.random.default_rng(0).integers(-3, 4, (3, 5, *size)).astype(dtype)  # many are equal
    x[0, 0].flat[::7] = np.nan
    x[0, 1].flat[::5] = -np.inf
    ours, theirs = both(x, threads)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])


def test_through_tensors():
    x = pluggrad.tensor(np.random.default_rng(0).standard_normal((4, 3, 20, 20)).astype(np.float32), requires_grad=True)
    pluggrad.nn.functional.max_pool2d(x, 2).sum().backward()
    windows = x.detach().numpy().reshape(4, 3, 10, 2, 10, 2)
    expected = windows == windows.max((3, 5), keepdims=True)
    np.testing.assert_array_equal(x.grad.numpy(), expected.reshape(x.shape))


@pytest.mark.parametrize("other", [{"stride": (1, 2)}, {"kernel_size": (3, 2)}, {"padding": ((1, 0), (0, 0))}])
def test_other_windows_go_to_the_kernel_that_was_there(other):
    x = np.ones((1, 1, 4, 4), np.float32)
    for wrap, arrays in ((pooling.max_pool, [x]), (pooling.max_pool_input, [x, x, x])):
        assert wrap(lambda *arrays, **options: "there")(*arrays, **PAIRS | other) == "there"


def test_small_ones_go_to_the_kernel_that_was_there(monkeypatch):
    monkeypatch.undo()
    x = np.ones((1, 1, 4, 4), np.float32)
    for wrap, arrays in ((pooling.max_pool, [x]), (pooling.max_pool_input, [x, x, x])):
        assert wrap(lambda *arrays, **options: "there")(*arrays, **PAIRS) == "there"
