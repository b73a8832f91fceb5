"""Batch normalisation beside float64, and for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

normalization = pytest.importorskip("pluggrad_numba.normalization")
numpys = pytest.importorskip("pluggrad_numpy.neural").KERNELS


@pytest.fixture(autouse=True)
def as_before():
    pluggrad.zeros(1, device="cpu")  # the backend is loaded, and the plugin knows of the number of threads
    count = pluggrad.get_num_threads()
    yield
    pluggrad.set_num_threads(count)


def arrays(count, shape=(8, 5, 30, 29), offset=3.0):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape) + offset
    return [x, *(rng.standard_normal(shape[1]) for _ in range(count))]


def compiled(name):
    def fails(*arrays, **options):
        raise AssertionError("the compiled kernel has handed on what it should compute")

    return getattr(normalization, name)(fails)


def check(ours, exact, dtype):
    for a, b in zip(ours, exact, strict=True):
        assert a.dtype == dtype and a.shape == b.shape
        tolerance = 2e-5 if dtype is np.float32 else 1e-12
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * np.abs(b).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_beside_numpy_in_float64(count, dtype):
    given = arrays(count)
    exact = numpys["batch_norm"](*given, eps=1e-5)
    check(compiled("batch_norm")(*(a.astype(dtype) for a in given), eps=1e-5), exact, dtype)
    g = np.cos(np.arange(given[0].size)).reshape(given[0].shape)
    _, mean, rstd = exact
    whole = [g, np.ones_like(mean) * 5, np.cos(mean) * 7, given[0], mean, rstd, *given[1:2]]
    check(
        compiled("batch_norm_gradients")(*(a.astype(dtype) for a in whole)),
        numpys["batch_norm_gradients"](*whole), dtype,
    )  # fmt: skip


def test_an_average_far_from_zero():
    """Where the average of squares, less the square of the average, has no digit left."""
    (x,) = arrays(0, offset=1e4)
    x = x.astype(np.float32)
    _, mean, rstd = compiled("batch_norm")(x, eps=1e-5)
    np.testing.assert_allclose(mean, x.astype(np.float64).mean((0, 2, 3), keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(1 / rstd**2, x.astype(np.float64).var((0, 2, 3), keepdims=True) + 1e-5, rtol=1e-4)


def test_results_do_not_depend_on_the_number_of_threads():
    given = [a.astype(np.float32) for a in arrays(2)]
    found = []
    for count in (1, 2, 5):
        pluggrad.set_num_threads(count)
        found.append(compiled("batch_norm")(*given, eps=1e-5))
    for a, b, c in zip(*found, strict=True):
        assert np.array_equal(a, b) and np.array_equal(a, c)


@pytest.mark.parametrize("shape", [(4, 3, 5, 5), (5000, 8, 1), (0, 3, 7, 7)])
def test_small_ones_and_those_without_pixels_go_to_the_kernel_that_was_there(shape):
    x = np.ones(shape, np.float32)
    assert normalization.batch_norm(lambda *arrays, eps: "there")(x, eps=1e-5) == "there"


def test_a_layer_that_is_trained():
    results = []
    for dtype in (pluggrad.float32, pluggrad.float64):
        layer = pluggrad.nn.BatchNorm2d(4, dtype=dtype)
        x = pluggrad.tensor(arrays(0, (16, 4, 24, 24))[0], dtype=dtype, requires_grad=True)
        (layer(x) ** 3).sum().backward()
        results.append([a.numpy() for a in (x.grad, layer.weight.grad, layer.bias.grad, layer.running_var)])
    for ours, exact in zip(*results, strict=True):
        np.testing.assert_allclose(ours, exact, rtol=1e-4, atol=1e-4 * np.abs(exact).max())


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("shape", [(8, 5, 90, 29), (33, 70, 31), (2, 3, 9, 40, 41)])
def test_sums_of_channels(shape, keepdims):
    x = np.random.default_rng(0).standard_normal(shape) + 3
    axis = (0, *range(2, len(shape)))
    results = []
    for count in (1, 3):
        pluggrad.set_num_threads(count)
        with pluggrad.no_grad():
            results.append(pluggrad.asarray(x.astype(np.float32)).sum(axis, keepdims).numpy())
    np.testing.assert_array_equal(*results)
    check(results[:1], [x.sum(axis, keepdims=keepdims)], np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_by_given_statistics(count, dtype):
    x, mean, var, *affine = (a.astype(dtype) for a in arrays(2 + count))
    var = np.abs(var)
    results = []
    for threads in (1, 3):
        pluggrad.set_num_threads(threads)
        results.append(compiled("batch_norm_inference")(x, mean, var, *affine, eps=1e-5))
    np.testing.assert_array_equal(*results)
    of_channels = [a.astype(np.float64).reshape(1, -1, 1, 1) for a in (mean, var, *affine)]
    exact = (x - of_channels[0]) / np.sqrt(of_channels[1] + 1e-5)
    if count:
        exact = exact * of_channels[2]
    if count == 2:
        exact = exact + of_channels[3]
    check(results[:1], [exact], dtype)
