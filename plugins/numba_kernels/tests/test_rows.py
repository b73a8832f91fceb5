"""Layer normalisation, softmax and attention, compiled: what NumPy's kernels give, to rounding."""

from __future__ import annotations

import numpy as np
import pytest

rows = pytest.importorskip("pluggrad_numba.rows")
threads = pytest.importorskip("pluggrad_numba.threads")
numpys = pytest.importorskip("pluggrad_numpy.neural").KERNELS


def normal(*shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def compare(name, *arrays, **options):
    """Both kernels; returns what they gave."""
    found, expected = (
        f(*[None if a is None else a.copy() for a in arrays], **options)
        for f in (rows.WRAPPERS[name](numpys[name]), numpys[name])
    )
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (found, expected)), strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        tolerance = 1e-5 if a.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * max(1.0, float(np.nanmax(np.abs(b)))))
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "count"), [((300, 70), 1), ((20, 40, 6, 35), 2), ((1100, 130), 1), ((1, 20000), 1)])
@pytest.mark.parametrize("affine", [0, 1, 2])
def test_layer_norm(shape, count, affine, dtype):
    x = normal(*shape, dtype=dtype) * 3 + 5
    weights = [normal(*shape[-count:], dtype=dtype, seed=i) for i in range(1, 1 + affine)]
    _, mean, rstd = compare("layer_norm", x, *weights, count=count, eps=1e-5)
    cotangents = [normal(*a.shape, dtype=dtype, seed=7) for a in (x, mean, rstd)]
    compare("layer_norm_gradients", *cotangents, x, mean, rstd, *weights[:1], count=count)


def test_layers_that_are_not_contiguous():
    x = normal(64, 30, 20).transpose(2, 1, 0)
    _, mean, rstd = compare("layer_norm", x, count=1, eps=1e-5)
    compare("layer_norm_gradients", x[::-1], mean, rstd, x, mean, rstd, count=1)


@pytest.mark.parametrize("shape", [(400, 65), (4, 50, 130), (1100, 130), (20000, 1), (1, 20000)])
def test_softmax(shape):
    x = normal(*shape) * 10
    x[..., :1] = -np.inf if shape[-1] > 1 else 0
    y = compare("softmax", x, axis=x.ndim - 1)
    compare("softmax_input", normal(*shape, seed=1), y, axis=x.ndim - 1)
    compare("softmax", x, axis=0)


def test_softmax_of_infinities_and_nan():
    x = normal(200, 100)
    x[0, 3], x[1, 50], x[2] = np.nan, np.inf, -np.inf
    y = compare("softmax", x, axis=1)
    assert np.isnan(y[:3]).all() and np.isfinite(y[3:]).all()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dropped", [False, True])
@pytest.mark.parametrize(("causal", "safe"), [(False, True), (True, True), (False, False)])
@pytest.mark.parametrize(("length", "keys"), [(40, 40), (30, 70), (70, 30), (100, 150)])
def test_attention(masked, dropped, causal, safe, length, keys):
    q, k, v = normal(5, 4, length, 8), normal(5, 4, keys, 8, seed=1), normal(5, 4, keys, 6, seed=2)
    q = np.ascontiguousarray(q.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    mask = normal(length, keys, seed=3) if masked else None
    if mask is not None:
        mask[2] = -np.inf
    factors = [np.abs(normal(5, 4, length, keys, seed=4))] if dropped else []
    weights = compare("attention_weights", q, k, mask, scale=0.3, causal=causal, safe=safe)
    assert np.isnan(weights[:, :, 2]).all() == (masked and not safe)
    weights = np.nan_to_num(weights)
    for g_weights in (None, normal(*weights.shape, seed=6)):
        compare("attention_scores_gradient", normal(5, 4, length, 6, seed=5), v, weights, g_weights, *factors)


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    x, g = normal(2000, 130), normal(2000, 130, seed=1)
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "_get_num_threads", lambda count=count: count)
        y = rows.WRAPPERS["softmax"](None)(x, axis=1)
        out, mean, rstd = rows.WRAPPERS["layer_norm"](None)(x, count=1, eps=1e-5)
        gradients = rows.WRAPPERS["layer_norm_gradients"](None)(g, mean, rstd, x, mean, rstd, x[0], count=1)
        results.append([y, out, mean, rstd, *gradients, rows.WRAPPERS["softmax_input"](None)(g, y, axis=1)])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("x", [normal(4, 5), normal(300, 100, dtype=np.float16), normal(300, 100, dtype=np.float64)])
def test_the_rest_goes_on_to_numpy(x):
    assert rows.WRAPPERS["softmax"](lambda *a, **k: k)(x, axis=1) == {"axis": 1}
    assert rows.WRAPPERS["softmax_input"](lambda *a, **k: k)(x, x, axis=1) == {"axis": 1}
    options = {"scale": 1.0, "causal": False, "safe": True}
    assert rows.WRAPPERS["attention_weights"](lambda *a, **k: k)(x, x, **options) == options
    assert rows.WRAPPERS["attention_scores_gradient"](lambda *a, **k: k)(x, x, x) == {}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "count"), [((300, 100), 1), ((40, 30, 17), 2), ((2, 10_000), 1), ((20_000, 1), 1)])
def test_root_mean_square_norm(shape, count, dtype):
    x, weight = normal(*shape, dtype=dtype), normal(*shape[-count:], seed=1, dtype=dtype)
    axes = tuple(range(len(shape) - count, len(shape)))
    exact = 1 / np.sqrt(np.mean(x.astype(np.float64) ** 2, axes, keepdims=True) + 1e-5)
    tolerance = 1e-5 if dtype is np.float32 else 1e-13
    for given in ((x,), (x, weight)):
        out, rstd = rows.WRAPPERS["rms_norm"](None)(*given, count=count, eps=1e-5)
        np.testing.assert_allclose(rstd, exact, rtol=tolerance)
        np.testing.assert_allclose(out, x * exact * (weight if len(given) > 1 else 1), rtol=tolerance, atol=1e-30)
        assert out.dtype == rstd.dtype == dtype


@pytest.mark.parametrize(
    ("shape", "axis"), [((300, 100), (1,)), ((40, 30, 17), (1, 2)), ((3, 10_000), (0, 1)), ((20_000, 1), (1,))]
)
def test_logarithms_of_sums_of_exponentials(shape, axis):
    x = normal(*shape) * 30
    if len(axis) == 1:
        x[0], x[1, -1], x[2, 0] = -np.inf, np.inf, np.nan
    with np.errstate(all="ignore"):
        top = np.max(np.where(np.isfinite(x), x, -500), axis, keepdims=True).astype(np.float64)
        exact = np.log(np.sum(np.exp(x - top), axis, keepdims=True)) + top
    for keepdims in (False, True):
        out = rows.WRAPPERS["logsumexp"](None)(x, axis=axis, keepdims=keepdims)
        np.testing.assert_allclose(out, exact if keepdims else exact.squeeze(axis), rtol=1e-6)
        assert out.dtype == np.float32
    numpys = rows.WRAPPERS["logsumexp"](lambda x, **options: "NumPy's")
    assert numpys(normal(3000, 20), axis=(0,)) == numpys(normal(3000, 20, dtype=np.float64), axis=(1,)) == "NumPy's"
