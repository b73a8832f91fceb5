"""Cross entropy, log-softmax and softmax beside other axes, compiled: what NumPy's kernels in float64 give."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

classes = pytest.importorskip("pluggrad_numba.classes")
rows = pytest.importorskip("pluggrad_numba.rows")
threads = pytest.importorskip("pluggrad_numba.threads")
numpys = pytest.importorskip("pluggrad_numpy.neural").KERNELS

WRAPPERS = {"softmax": rows.WRAPPERS["softmax"], **classes.WRAPPERS}
SHAPES = [(7,), (5, 1), (300, 70), (40, 1000), (3, 10, 2, 3), (2, 21, 300), (1, 5, 700), (4, 6, 0)]
OPTIONS = [
    dict(zip(("weighted", "ignore_index", "reduction", "smoothing"), values, strict=True))
    for values in itertools.product((False, True), (None, 1), ("mean", "sum", "none"), (0.0, 0.1))
]


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    for module in (classes, rows):
        monkeypatch.setattr(module, "_LEAST", 0)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32) * 4


def wide(*arrays):
    return [a.astype(np.float64) if a is not None and a.dtype.kind == "f" else a for a in arrays]


def compare(name, *arrays, tolerance=3e-6, **options):
    with np.errstate(all="ignore"):
        found = WRAPPERS[name](numpys[name])(*arrays, **options)
        expected = numpys[name](*wide(*arrays), **options)
    assert found.dtype == np.float32 and found.shape == expected.shape
    size = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * size)
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_cross_entropy(shape, options):
    options = dict(options)
    number = shape[0] if len(shape) == 1 else shape[1]
    rest = () if len(shape) == 1 else (shape[0], *shape[2:])
    target = np.asarray(np.random.default_rng(1).integers(0, number, rest))
    weight = np.abs(normal(number, seed=2)) if options.pop("weighted") else None
    x = normal(*shape)
    compare("cross_entropy", x, target, weight, **options, tolerance=2e-5)
    g = normal(*(rest if options["reduction"] == "none" else ()), seed=3)
    compare("cross_entropy_input", np.asarray(g), x, target, weight, **options)


def test_small_losses_of_large_numbers():
    x = np.zeros((50, 5), np.float32)
    x[:, 2] = 16.0
    x += 30000.0
    found = compare("cross_entropy", x, np.full(50, 2), ignore_index=None, reduction="none", smoothing=0.0)
    assert (found > 0).all()


@pytest.mark.parametrize("shape", [(5, 7), (300, 65), (3, 21, 40), (2, 3, 5, 300), (1, 1000, 1)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("layout", ["C", "reversed"])
def test_along_each_axis(shape, name, layout):
    x = normal(*shape) if layout == "C" else normal(*shape[::-1]).T
    for axis in range(len(shape)):
        compare(name, x, axis=axis, tolerance=1e-5)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [0, 1])
def test_infinities_and_nan(name, axis):
    x = normal(40, 40)
    x[0, 3], x[1, 20], x[2, 5], x[3], x[:, 7] = np.nan, np.inf, -np.inf, -np.inf, -np.inf
    compare(name, x, axis=axis, tolerance=1e-5)


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(classes, "_LEAST_SHARED", 0)
    x, planes = normal(200, 30), normal(5, 6, 700)
    target, places = np.arange(200) % 30, np.arange(3500).reshape(5, 700) % 6
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "_get_num_threads", lambda count=count: count)
        found = []
        for a, t in ((x, target), (planes, places)):
            options = {"ignore_index": None, "reduction": "mean", "smoothing": 0.1}
            found.append(WRAPPERS["cross_entropy"](numpys["cross_entropy"])(a, t, **options))
            one = np.ones((), np.float32)
            found.append(WRAPPERS["cross_entropy_input"](numpys["cross_entropy_input"])(one, a, t, **options))
            found.append(WRAPPERS["log_softmax"](None)(a, axis=1))
            found.append(WRAPPERS["softmax"](None)(a, axis=0))
        results.append(found)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_types_are_numpys(dtype):
    x = normal(40, 50).astype(dtype)
    options = {"ignore_index": None, "reduction": "mean", "smoothing": 0.0}
    for name, arrays in (("cross_entropy", (x,)), ("cross_entropy_input", (np.ones((), dtype), x))):
        given = (*arrays, np.arange(40))
        np.testing.assert_allclose(
            WRAPPERS[name](numpys[name])(*given, **options), numpys[name](*given, **options), rtol=2e-3, atol=1e-5
        )
    assert WRAPPERS["log_softmax"](lambda *a, **k: k)(x, axis=0) == {"axis": 0}
