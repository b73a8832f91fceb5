"""Attention in blocks, compiled: what the composed function gives in double precision, to rounding."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

attention = pytest.importorskip("pluggrad_numba.attention")
threads = pytest.importorskip("pluggrad_numba.threads")


def composed(name, *arrays, **options):
    xp = pluggrad.backends.plugins.backend("cpu").kernels
    with np.errstate(all="ignore"):
        return pluggrad.function.get(name).forward(xp, *arrays, **options)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def closed(*shape, seed=5):
    """A mask with numbers, of which a third is closed, and a query that has no key."""
    mask = normal(*shape, seed=seed)
    mask[np.random.default_rng(seed).random(shape) < 0.3] = -np.inf
    mask[..., :1, :] = -np.inf
    return mask


def assert_close(found, expected):
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape and a.dtype == np.float32
        finite = np.isfinite(b)
        np.testing.assert_array_equal(np.isfinite(a), finite, strict=True)
        np.testing.assert_allclose(a[finite], b[finite], rtol=2e-5, atol=2e-5)


def forward_and_backward(q, k, v, g, *masks, **options):
    """Both, and from what they were computed."""
    found = attention.tiled_attention(None)(q, k, v, *masks, **options)
    delta = np.sum(g * found[0], -1, keepdims=True)
    return found, attention.tiled_attention_gradients(None)(g, delta, q, k, v, found[1], *masks, **options)


def check(q, k, v, g, *masks, **options):
    found, gradients = forward_and_backward(q, k, v, g, *masks, **options)
    q, k, v, g, *masks = (x.astype(np.float64) for x in (q, k, v, g, *masks))
    expected = composed("tiled_attention", q, k, v, *masks, **options)
    assert_close(found, expected)
    delta = np.sum(g * expected[0], -1, keepdims=True)
    assert_close(gradients, composed("tiled_attention_gradients", g, delta, q, k, v, expected[1], *masks, **options))


SIZES = [(2, 4, 64, 64, 32, 32), (2, 3, 100, 150, 20, 33), (5, 2, 150, 100, 7, 5), (1, 1, 300, 301, 70, 64),
         (8, 4, 1, 700, 16, 16), (8, 4, 700, 1, 16, 16)]  # fmt: skip


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", ["none", "pairs", "keys", "queries", "all"])
@pytest.mark.parametrize("sizes", SIZES)
def test_attention(sizes, masked, causal):
    batch, heads, queries, keys, inner, values = sizes
    shape = {"pairs": (queries, keys), "keys": (batch, 1, 1, keys), "queries": (heads, queries, 1),
             "all": (batch, heads, queries, keys)}  # fmt: skip
    masks = [] if masked == "none" else [closed(*shape[masked])]
    if masked == "keys":
        masks[0][:, :, :, : keys // 2] = 0.5
    q, k = normal(batch, heads, queries, inner), normal(batch, heads, keys, inner, seed=1)
    v, g = normal(batch, heads, keys, values, seed=2), normal(batch, heads, queries, values, seed=3)
    check(q, k, v, g, *masks, scale=0.3, causal=causal)


def test_matrices_are_read_where_they_lie():
    q, k, v = np.split(normal(3, 70, 3 * 4 * 16), 3, axis=2)
    q, k, v = (x.reshape(3, 70, 4, 16).swapaxes(1, 2) for x in (q, k, v))
    g = normal(3, 70, 4, 16, seed=4).swapaxes(1, 2)
    check(q, k, v, g, scale=0.2, causal=True)
    check(q[:, :, ::-1], k[::-1, :, :, ::-1], v[..., ::-1], np.broadcast_to(g[:, :, :1], g.shape), scale=0.2)
    check(*(np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2) for x in (q, k, v, g)), scale=0.2)


def test_results_lie_as_what_they_belong_to():
    q = normal(3, 70, 4, 16).swapaxes(1, 2)
    (out, _), gradients = forward_and_backward(q, q, q, q, scale=0.2)
    assert all(x.swapaxes(1, 2).flags.c_contiguous for x in (out, *gradients))


@pytest.mark.parametrize("shape", [(70, 16), (5, 40, 16), (2, 2, 2, 40, 16)])
def test_any_number_of_axes(shape):
    q, k, v, g = (normal(*shape, seed=seed) for seed in range(4))
    check(np.tile(q, (4, 1)), np.tile(k, (4, 1)), np.tile(v, (4, 1)), np.tile(g, (4, 1)), scale=0.2)


def test_numbers_that_are_not_finite():
    q, k, v, g = (normal(1, 4, 70, 16, seed=seed) for seed in range(4))
    q[0, 0, 3, 2], k[0, 1, 5, 0], v[0, 2, 65, 1] = np.nan, np.inf, np.nan
    check(q, k, v, g, scale=0.2)
    out, log_total = attention.tiled_attention(None)(q, k, v, scale=0.2, causal=True)
    assert np.isnan(out[0, 0, 3]).all() and np.isnan(log_total[0, 0, 3])
    assert np.isfinite(out[0, 0, 4:]).all() and np.isfinite(out[0, 1, :5]).all() and np.isfinite(out[0, 3]).all()


def test_scores_far_from_zero():
    q, k, v, g = (normal(2, 4, 64, 16, seed=seed) for seed in range(4))
    found, _ = forward_and_backward(q * 1e3, k * 1e3, v, g, scale=1.0)
    best = np.argmax(q.astype(np.float64) @ k.swapaxes(-1, -2).astype(np.float64), -1)
    np.testing.assert_allclose(found[0], np.take_along_axis(v, best[..., None], -2), rtol=1e-3, atol=1e-3)


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    q, k, v, g = (normal(1, 2, 300, 16, seed=seed) for seed in range(4))
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "_get_num_threads", lambda count=count: count)
        found, gradients = forward_and_backward(q, k, v, g, scale=0.3, causal=True)
        results.append([*found, *gradients])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("x", [normal(4, 5, 6), normal(300, 200).astype(np.float64)])
def test_the_rest_goes_on_to_the_composed_function(x):
    options = {"scale": 0.3, "causal": True}
    assert attention.tiled_attention(lambda *a, **k: k)(x, x, x, **options) == options
    assert attention.tiled_attention_gradients(lambda *a, **k: k)(x, x, x, x, x, x, **options) == options
