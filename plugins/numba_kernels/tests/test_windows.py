"""Maxima of windows of any kind, compiled: exactly what NumPy's kernels and the definition give."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad
from pluggrad.function import functions

windows = pytest.importorskip("pluggrad_numba.windows")
pooling = pytest.importorskip("pluggrad_numba.pooling")
threads = pytest.importorskip("pluggrad_numba.threads")
numpys = pytest.importorskip("pluggrad_numpy.pooling").KERNELS


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    monkeypatch.setattr(windows, "_LEAST", 0)


def geometry(kernel_size, stride, padding, dilation):
    return {
        "kernel_size": kernel_size, "stride": stride, "padding": tuple((p, p) for p in padding), "dilation": dilation,
    }  # fmt: skip


CASES = [
    ((11,), geometry((3,), (2,), (1,), (1,))), ((40,), geometry((4,), (1,), (2,), (3,))),
    ((9, 12), geometry((3, 3), (2, 2), (1, 1), (1, 1))), ((9, 12), geometry((3, 2), (1, 3), (1, 0), (2, 1))),
    ((8, 8), geometry((3, 3), (2, 2), (0, 0), (1, 1)) | {"padding": ((0, 1), (0, 1))}),
    ((5, 6, 7), geometry((2, 3, 2), (2, 1, 2), (1, 1, 0), (1, 2, 1))),
    ((7, 7), geometry((7, 7), (7, 7), (0, 0), (1, 1))),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize(("size", "options"), CASES)
def test_gradient_of_maximum_pooling(size, options, dtype):
    x = np.random.default_rng(0).integers(-3, 4, (3, 5, *size)).astype(dtype)  # many are equal
    x[0, 0].flat[::7] = np.nan
    x[1] += np.arange(x[1].size).reshape(x[1].shape).astype(dtype)
    out = numpys["max_pool"](x, **options)
    g = np.random.default_rng(1).integers(-9, 9, out.shape).astype(dtype)
    found = pooling.WRAPPERS["max_pool_input"](numpys["max_pool_input"])(g, x, out, **options)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, numpys["max_pool_input"](g, x, out, **options))
    strided = x.swapaxes(0, 1).copy().swapaxes(0, 1)
    again = pooling.WRAPPERS["max_pool_input"](numpys["max_pool_input"])(g, strided, out, **options)
    np.testing.assert_array_equal(found, again)


def test_a_window_of_minus_infinity_alone_keeps_its_gradient():
    """Its first element gets it, as in PyTorch, and not the padding before."""
    options = geometry((3, 3), (2, 2), (1, 1), (1, 1))
    x = np.full((1, 1, 4, 4), -np.inf, np.float32)
    out = numpys["max_pool"](x, **options)
    found = windows.max_pool_input(None)(np.ones_like(out), x, out, **options)
    assert found.sum() == 4 and found[0, 0, 0, 0] == 1


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_positions_of_maxima(shared, dtype):
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (6, 50)).astype(dtype)
    x[1, ::9] = np.nan
    x[2] = -np.inf
    positions = np.sort(rng.integers(0, 50, (1 if shared else 6, 7, 4)), axis=2)
    found = windows.window_argmax(None)(x, positions)
    expected = functions()["window_argmax"].call(
        pluggrad.asarray(x, device="strict"), pluggrad.asarray(positions, device="strict")
    )
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected.to("cpu").numpy())


@pytest.mark.torch
@pytest.mark.parametrize("size", [5, (6, 3)])
def test_adaptive_pooling_beside_pytorch(size):
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).standard_normal((2, 3, 13, 11)).astype(np.float32)
    x, theirs = pluggrad.tensor(values, requires_grad=True, device="cpu"), torch.tensor(values, requires_grad=True)
    for t, F in ((x, pluggrad.nn.functional), (theirs, torch.nn.functional)):
        (F.adaptive_max_pool2d(t, size) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), theirs.grad.numpy(), rtol=1e-6)


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(windows, "_LEAST_SHARED", 0)
    options = geometry((3, 3), (1, 1), (1, 1), (1, 1))
    x = np.random.default_rng(0).standard_normal((4, 5, 9, 9)).astype(np.float32)
    out = numpys["max_pool"](x, **options)
    positions = np.arange(80).reshape(1, 20, 4)
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "_get_num_threads", lambda count=count: count)
        results.append([
            windows.max_pool_input(None)(out, x, out, **options),
            windows.window_argmax(None)(x.reshape(20, 81), positions),
        ])  # fmt: skip
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
