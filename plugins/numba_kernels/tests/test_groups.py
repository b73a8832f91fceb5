"""Group normalisation, and batch normalisation of vectors, compiled: what the definition gives in float64."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad
from pluggrad.function import functions

groups = pytest.importorskip("pluggrad_numba.groups")
normalization = pytest.importorskip("pluggrad_numba.normalization")
threads = pytest.importorskip("pluggrad_numba.threads")
numpys = pytest.importorskip("pluggrad_numpy.kernels").KERNELS

WRAPPERS = normalization.WRAPPERS | groups.WRAPPERS


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    for module in (groups, normalization):
        monkeypatch.setattr(module, "_LEAST", 0)


def normal(*shape, dtype, seed=0, shift=0.0):
    return (np.random.default_rng(seed).standard_normal(shape) * 2 + shift).astype(dtype)


def exact(name, *arrays, **options):
    """By the definition, which the strict backend composes, in float64."""
    given = [pluggrad.asarray(a.astype(np.float64), device="strict") for a in arrays]
    return tuple(a.to("cpu").numpy() for a in functions()[name].call(*given, **options))


def check(name, *arrays, **options):
    tolerance = 2e-5 if arrays[0].dtype == np.float32 else 1e-11
    expected = exact(name, *arrays, **options)
    for kernel in (WRAPPERS[name](numpys[name]), numpys[name]):
        found = kernel(*arrays, **options)
        for a, b in zip(found, expected, strict=True):
            assert a.shape == b.shape and a.dtype == arrays[0].dtype
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * max(1.0, np.abs(b).max(initial=0.0)))
    return found


CASES = [((4, 6, 5, 7), 3), ((3, 8), 2), ((2, 6, 40), 6), ((5, 4, 3, 2, 3), 1), ((1, 3, 900), 3)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "count"), CASES)
@pytest.mark.parametrize("affine", [0, 1, 2])
def test_group_norm(shape, count, affine, dtype):
    x = normal(*shape, dtype=dtype, shift=5.0)
    weights = [normal(shape[1], dtype=dtype, seed=i) for i in range(1, 1 + affine)]
    _, mean, rstd = check("group_norm", x, *weights, groups=count, eps=1e-5)
    cotangents = [normal(*a.shape, dtype=dtype, seed=7) for a in (x, mean, rstd)]
    check("group_norm_gradients", *cotangents, x, mean, rstd, *weights[:1], groups=count)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(40, 30), (2, 5), (300, 1), (7, 400)])
@pytest.mark.parametrize("affine", [0, 1, 2])
def test_batch_norm_of_vectors(shape, affine, dtype):
    x = normal(*shape, dtype=dtype, shift=5.0)
    weights = [normal(shape[1], dtype=dtype, seed=i) for i in range(1, 1 + affine)]
    _, mean, rstd = check("batch_norm", x, *weights, eps=1e-5)
    cotangents = [normal(*a.shape, dtype=dtype, seed=7) for a in (x, mean, rstd)]
    check("batch_norm_gradients", *cotangents, x, mean, rstd, *weights[:1])


def test_layouts():
    x = normal(30, 6, 4, dtype=np.float32).transpose(2, 1, 0)
    _, mean, rstd = check("group_norm", x, groups=2, eps=1e-5)
    check("group_norm_gradients", x[::-1], mean, rstd, x, mean, rstd, groups=2)


def test_nan_and_infinities_stay_in_their_group():
    x = normal(2, 4, 50, dtype=np.float32)
    x[0, 0, 3], x[1, 2, 4] = np.nan, np.inf
    out, *_ = groups.group_norm(None)(x, groups=2, eps=1e-5)
    assert np.isnan(out[0, :2]).all() and np.isnan(out[1, 2:]).all()
    assert np.isfinite(out[0, 2:]).all() and np.isfinite(out[1, :2]).all()


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(groups, "_LEAST_SHARED", 0)
    x, w = normal(9, 12, 20, dtype=np.float32), normal(12, dtype=np.float32)
    rows, v = normal(50, 70, dtype=np.float32), normal(70, dtype=np.float32)
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "_get_num_threads", lambda count=count: count)
        first = groups.group_norm(None)(x, w, groups=3, eps=1e-5)
        second = groups.batch_norm_of_vectors(rows, [v], 1e-5)
        results.append([
            *first, *second, *groups.group_norm_gradients(None)(x, *first[1:], x, *first[1:], w, groups=3),
            *groups.batch_norm_gradients_of_vectors(rows, *second[1:], rows, *second[1:], v),
        ])  # fmt: skip
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("x", [np.ones((4, 4, 9), np.float16), np.ones((4, 0, 3), np.float32)[:, :0]], ids=str)
def test_other_types_go_to_the_kernel_that_was_there(x, monkeypatch):
    monkeypatch.setattr(groups, "_LEAST", 1)
    assert groups.group_norm(lambda *a, **k: k)(x, groups=2, eps=1.0) == {"groups": 2, "eps": 1.0}
    assert groups.group_norm_gradients(lambda *a, **k: k)(*[x] * 6, groups=2) == {"groups": 2}
