"""Average pooling of windows of any kind, compiled: what NumPy's kernels give, for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

averages = pytest.importorskip("pluggrad_numba.averages")
numpys = pytest.importorskip("pluggrad_numpy.pooling").KERNELS


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    pluggrad.zeros(1, device="cpu")  # the backend is loaded, and the plugin knows of the number of threads
    monkeypatch.setattr(averages, "_LEAST", 1)
    monkeypatch.setattr(averages, "_LEAST_SHARED", 0)
    count = pluggrad.get_num_threads()
    yield
    pluggrad.set_num_threads(count)


def geometry(kernel_size, stride, padding, counted=None, divisor=None):
    return {
        "kernel_size": kernel_size, "stride": stride, "padding": padding, "counted": counted, "divisor": divisor,
    }  # fmt: skip


CASES = {
    "one axis": ((11,), geometry((3,), (2,), ((1, 1),))),
    "one axis, what is there counts": ((11,), geometry((3,), (2,), ((1, 2),), ((0, 0),))),
    "pairs": ((9, 12), geometry((2, 2), (2, 2), ((0, 0), (0, 0)))),
    "overlapping": ((9, 12), geometry((3, 4), (1, 2), ((1, 1), (2, 2)), ((1, 1), (2, 2)))),
    "what is there counts": ((8, 8), geometry((3, 3), (2, 2), ((1, 2), (1, 2)), ((0, 0), (0, 0)))),
    "gaps": ((10, 10), geometry((2, 1), (4, 3), ((0, 0), (0, 0)))),
    "a divisor": ((5, 6), geometry((2, 3), (1, 3), ((1, 1), (0, 0)), None, 7)),
    "the whole image": ((7, 7), geometry((7, 7), (7, 7), ((0, 0), (0, 0)))),
    "three axes": ((5, 6, 7), geometry((2, 3, 2), (2, 1, 2), ((1, 1), (1, 1), (0, 1)), ((1, 1), (1, 1), (0, 0)))),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("name", CASES)
def test_what_numpys_kernels_give(name, dtype):
    size, options = CASES[name]
    x = np.random.default_rng(0).standard_normal((3, 5, *size)).astype(dtype)
    expected = numpys["avg_pool"](x, **options)
    g = np.random.default_rng(1).standard_normal(expected.shape).astype(dtype)
    tolerance = {2: 2e-3, 4: 1e-6, 8: 1e-14}[x.itemsize]
    results = []
    for threads in (1, 3):
        pluggrad.set_num_threads(threads)
        out = averages.avg_pool(numpys["avg_pool"])(x.swapaxes(0, 1).copy().swapaxes(0, 1), **options)
        slope = averages.avg_pool_input(numpys["avg_pool_input"])(g, size=size, **options)
        assert out.dtype == slope.dtype == dtype
        np.testing.assert_allclose(out, expected, rtol=tolerance, atol=tolerance)
        wanted = numpys["avg_pool_input"](g, size=size, **options)
        np.testing.assert_allclose(slope, wanted, rtol=tolerance, atol=tolerance)
        results.append((out, slope))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_infinities_and_nan_stay_in_their_windows():
    x = np.ones((1, 1, 4, 6), np.float32)
    x[0, 0, 0, 0], x[0, 0, 3, 5] = np.inf, np.nan
    options = geometry((2, 2), (2, 2), ((0, 0), (0, 0)))
    out = averages.avg_pool(None)(x, **options)
    np.testing.assert_array_equal(out[0, 0], [[np.inf, 1, 1], [1, 1, np.nan]])


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 0, 4, 4)])
def test_no_images(shape):
    options = geometry((2, 2), (2, 2), ((0, 0), (0, 0)))
    pool, pool_input = (averages.WRAPPERS[name](numpys[name]) for name in ("avg_pool", "avg_pool_input"))
    assert pool(np.ones(shape, np.float32), **options).shape == (*shape[:2], 2, 2)
    g = np.ones((*shape[:2], 2, 2), np.float32)
    assert pool_input(g, size=(4, 4), **options).shape == shape
