"""Convolution and its gradients: what NumPy's kernels give, whatever the shape; for any number of threads."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import numpy as np
import pytest

import pluggrad

convolution = pytest.importorskip("pluggrad_numba.convolution")
numpys = pytest.importorskip("pluggrad_numpy.convolution").KERNELS
binding = pytest.importorskip("llvmlite.binding")

#: In turn: images, groups, channels and rows of a group, size, kernel, stride, padding, dilation.
SHAPES = {
    "plain": (5, 1, 3, 16, (9, 11), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    "pointwise": (3, 1, 5, 8, (7, 6), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "pointwise, of many": (3, 1, 24, 40, (19, 21), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "pointwise, with a stride": (3, 1, 4, 9, (8, 7), (1, 1), (2, 3), ((0, 0), (0, 0)), (1, 1)),
    "strided": (17, 1, 2, 10, (12, 9), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1)),
    "dilated": (2, 1, 3, 5, (12, 14), (3, 2), (1, 1), ((2, 3), (0, 1)), (2, 3)),
    "strided and dilated": (2, 1, 3, 5, (12, 14), (3, 2), (3, 2), ((2, 3), (0, 1)), (2, 3)),
    "grouped": (4, 3, 2, 4, (8, 8), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    "depthwise": (9, 8, 1, 1, (10, 10), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    "depthwise, with a stride": (2, 6, 1, 2, (11, 10), (5, 3), (2, 1), ((2, 2), (1, 1)), (1, 1)),
    "stride beyond the kernel": (2, 1, 2, 3, (13, 13), (2, 2), (4, 5), ((0, 0), (0, 0)), (1, 1)),
    "stride beyond the image": (2, 1, 2, 3, (3, 4), (2, 2), (7, 9), ((1, 0), (0, 0)), (1, 1)),
    "much padding": (2, 1, 2, 3, (3, 2), (3, 3), (1, 2), ((3, 0), (0, 3)), (1, 1)),
    "one image": (1, 1, 4, 40, (33, 31), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    "one axis": (7, 1, 3, 11, (50,), (5,), (2,), ((2, 1),), (1,)),
    "three axes": (3, 2, 2, 3, (5, 6, 7), (3, 1, 2), (1, 2, 1), ((1, 1), (0, 0), (1, 0)), (1, 1, 2)),
}


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    pluggrad.zeros(1, device="cpu")  # the backend is loaded, and the plugin knows of the number of threads
    monkeypatch.setattr(convolution, "_LEAST", 0)
    count = pluggrad.get_num_threads()
    yield
    pluggrad.set_num_threads(count)


def fails(*arrays, **options):
    raise AssertionError("the compiled kernel has handed on what it should compute")


def arguments(name, dtype):
    n, groups, channels, rows, size, kernel, stride, padding, dilation = SHAPES[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, groups * channels, *size)).astype(dtype)
    weight = rng.standard_normal((groups * rows, channels, *kernel)).astype(dtype)
    bias = rng.standard_normal(groups * rows).astype(dtype)
    return x, weight, bias, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def all_three(kernels, name, dtype):
    x, weight, bias, options = arguments(name, dtype)
    out = kernels["convolution"](x, weight, bias, **options)
    g = np.cos(np.arange(out.size)).reshape(out.shape).astype(dtype)
    return (
        out,
        kernels["convolution"](x, weight, **options),
        kernels["convolution_input"](g, weight, size=x.shape[2:], **options),
        kernels["convolution_weight"](g, x, kernel_size=weight.shape[2:], **options),
    )


def compiled():
    return {name: wrap(fails) for name, wrap in convolution.WRAPPERS.items()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SHAPES)
def test_what_numpys_kernels_give(name, dtype):
    tolerance = 2e-5 if dtype is np.float32 else 1e-13
    for ours, theirs in zip(all_three(compiled(), name, dtype), all_three(numpys, name, dtype), strict=True):
        assert ours.dtype == dtype and ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


@pytest.mark.parametrize("name", ["plain", "strided", "depthwise", "one image"])
def test_results_do_not_depend_on_the_number_of_threads(name):
    found = []
    for count in (1, 2, 5):
        pluggrad.set_num_threads(count)
        found.append(all_three(compiled(), name, np.float32))
    for a, b, c in zip(*found, strict=True):
        assert np.array_equal(a, b) and np.array_equal(a, c)


@pytest.mark.parametrize("name", ["plain", "strided"])
def test_an_infinite_pixel_spoils_only_what_has_it(name):
    x, weight, _, options = arguments(name, np.float32)
    x[0, 0, 3, -1] = np.inf
    kernels = {name: wrap(numpys[name]) for name, wrap in convolution.WRAPPERS.items()}
    out = kernels["convolution"](x, weight, **options)
    theirs = numpys["convolution"](x, weight, **options)
    assert np.array_equal(np.isfinite(out), np.isfinite(theirs)) and not np.isfinite(out).all()
    g = np.ones_like(out)
    ours, theirs = (
        kernel(g, x, kernel_size=(3, 3), **options)
        for kernel in (kernels["convolution_weight"], numpys["convolution_weight"])
    )
    assert np.array_equal(np.isfinite(ours), np.isfinite(theirs)) and np.isfinite(ours).any()


def test_arrays_that_are_not_contiguous_or_not_to_be_written():
    x, weight, bias, options = arguments("plain", np.float32)
    expected = numpys["convolution"](x, weight, bias, **options)
    turned = np.asfortranarray(x)
    turned.flags.writeable = False
    out = compiled()["convolution"](turned, np.asfortranarray(weight), bias, **options)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


def test_what_is_small_or_of_another_dtype_goes_to_the_kernel_that_was_there(monkeypatch):
    kernel = convolution.convolution(lambda *arrays, **options: "there")
    x, weight, bias, options = arguments("plain", np.float32)
    halves = (a.astype(np.float16) for a in (x, weight, bias))
    assert kernel(*halves, **options) == "there"
    assert kernel(x.astype(np.complex64), weight.astype(np.complex64), **options) == "there"
    assert kernel(x[:0], weight, **options) == "there"
    monkeypatch.undo()
    assert kernel(x, weight, bias, **options) == "there"


@pytest.mark.cpu
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("groups", [1, 4])
def test_a_layer_through_tensors_in_both_orders_of_derivatives(stride, groups):
    """Beside float64, whose gradients the conformance suite checks."""
    results = []
    for dtype in (pluggrad.float32, pluggrad.float64):
        pluggrad.manual_seed(0)
        x = pluggrad.randn(4, 4, 10, 10, dtype=pluggrad.float64).to(dtype).requires_grad_(True)
        layer = pluggrad.nn.Conv2d(4, 8, 3, stride, 1, groups=groups, dtype=pluggrad.float64).to(dtype)
        (g,) = pluggrad.autograd.grad((layer(x) ** 2).sum(), x, create_graph=True)
        (g**2).sum().backward()
        results.append([a.numpy() for a in (g.detach(), x.grad, layer.weight.grad, layer.bias.grad)])
    for ours, exact in zip(*results, strict=True):
        np.testing.assert_allclose(ours, exact, rtol=1e-4, atol=1e-4 * np.abs(exact).max())


_ON_ANOTHER_PROCESSOR = """
import sys
import numpy as np
from pluggrad_numba import convolution, tiles
from pluggrad_numpy.convolution import KERNELS
assert tiles.VECTOR_BYTES == int(sys.argv[1])
convolution._LEAST = 0
x, weight = np.cos(np.arange(3 * 4 * 121)).reshape(3, 4, 11, 11), np.sin(np.arange(5 * 4 * 9)).reshape(5, 4, 3, 3)
options = {"stride": (2, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
out = convolution.convolution(None)(x, weight, **options)
np.testing.assert_allclose(out, KERNELS["convolution"](x, weight, **options), rtol=1e-12, atol=1e-12)
slopes = convolution.convolution_weight(None)(out, x, kernel_size=(3, 3), **options)
expected = KERNELS["convolution_weight"](out, x, kernel_size=(3, 3), **options)
np.testing.assert_allclose(slopes, expected, rtol=1e-12, atol=1e-10)
"""


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64") or not binding.get_host_cpu_features().get("avx2"),
    reason="needs a processor that has both",
)
@pytest.mark.parametrize(("features", "width"), [("+sse2", 16), ("+avx,+avx2,+fma", 32)])
def test_with_the_vectors_of_another_processor(features, width, tmp_path):
    environment = os.environ | {
        "NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path),
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", _ON_ANOTHER_PROCESSOR, str(width)], env=environment, check=True)
