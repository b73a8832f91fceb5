"""Reading, writing and adding at integers, compiled: what NumPy's kernels and a plain loop give."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

indexing = pytest.importorskip("pluggrad_numba.indexing")
threads = pytest.importorskip("pluggrad_numba.threads")
numpys = pytest.importorskip("pluggrad_numpy.kernels").KERNELS

DTYPES = [np.float32, np.float64, np.complex64, np.int64]
OTHERS = [np.float16, np.int8]


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    monkeypatch.setattr(indexing, "_LEAST", 0)


def numbers(*shape, dtype=np.float32, seed=0):
    """Whole ones: sums are exact in any order."""
    return np.random.default_rng(seed).integers(-9, 9, shape).astype(dtype)


def at(high, *shape, seed=1):
    """Indices, some of which count from the end."""
    return np.random.default_rng(seed).integers(-high, high, shape)


def compare(name, *arrays, **options):
    found, expected = (f(*arrays, **options) for f in (indexing.WRAPPERS[name](numpys[name]), numpys[name]))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    return found


@pytest.mark.parametrize("dtype", DTYPES + OTHERS)
@pytest.mark.parametrize(("shape", "axis", "count"), [
    ((50,), 0, 300), ((50, 7), 0, 300), ((6, 50), 1, 300), ((5, 40, 3), 1, 90), ((9, 4), 0, 200), ((3, 0), 0, 5),
    ((40, 3), 0, 0),
])  # fmt: skip
def test_along_an_axis(shape, axis, count, dtype):
    x, rows = numbers(*shape, dtype=dtype), at(shape[axis], count)
    values = numbers(*shape[:axis], count, *shape[axis + 1 :], dtype=dtype, seed=2)
    out = compare("index_add", x, rows, values, axis=axis)
    expected = x.copy()
    np.add.at(expected, (slice(None),) * axis + (rows,), values)
    np.testing.assert_array_equal(out, expected)
    index = at(shape[axis], *values.shape)
    compare("gather", x, index, axis=axis)
    compare("scatter", x, index, values, axis=axis)
    out = compare("scatter_add", x, index, values, axis=axis)
    expected = x.copy()
    for place in np.ndindex(*index.shape):
        expected[(*place[:axis], index[place], *place[axis + 1 :])] += values[place]
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("key", [
    (at(8, 90),), (at(8, 9, 10),), (slice(None), at(6, 90)), (slice(None), slice(None), at(5, 90)),
    (at(8, 90), at(6, 90)), (at(8, 90, 1), at(6, 1, 7)), (slice(None), at(6, 90), at(5, 90)),
    (at(8, 90), at(6, 90), at(5, 90)), (at(8, 90), slice(None), at(5, 90)), (at(8, 90), slice(None)),
    (numbers(8) > 0, at(6, np.count_nonzero(numbers(8) > 0))), (numbers(8, 6) > 0,),
], ids=lambda key: "-".join("all" if isinstance(k, slice) else str(k.shape) for k in key))  # fmt: skip
@pytest.mark.parametrize("strided", [False, True])
def test_adding_at_a_key(key, strided):
    x = numbers(5, 6, 8).T if strided else numbers(8, 6, 5)
    for values in (numbers(*x[key].shape, seed=3), np.float32(2.0).reshape(())):
        indices = SimpleNamespace(key=key)
        out = compare("index_put", x, values, indices=indices, accumulate=True)
        expected = x.copy()
        np.add.at(expected, key, values)
        np.testing.assert_array_equal(out, expected)
        whole = x.copy(order="K")
        indexing.WRAPPERS["write_index"](numpys["write_index"])(whole, indices, values, True)
        np.testing.assert_array_equal(whole, expected)


@pytest.mark.parametrize("options", [{}, {"padding_idx": 3}, {"scale_grad_by_freq": True}], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_gradient_of_an_embedding(options, dtype):
    g, index = numbers(20, 30, 6, dtype=dtype), np.abs(at(50, 20, 30))
    out = compare("embedding_weight", g, index, rows=60, **options)
    if not options:
        expected = np.zeros((60, 6), dtype)
        np.add.at(expected, index, g)
        np.testing.assert_array_equal(out, expected)


def test_rows_named_rarely_and_often():
    rows = np.random.default_rng(0).zipf(1.3, 5000) % 200
    compare("index_add", numbers(200, 5), rows, numbers(5000, 5, seed=4), axis=0)


@pytest.mark.parametrize("bad", [5, -6])
@pytest.mark.parametrize("name", ["gather", "scatter", "scatter_add", "index_add"])
def test_out_of_range(name, bad):
    x, index = numbers(5, 4), np.zeros((3, 4), np.int64)
    index[1, 2] = bad
    if name == "index_add":
        index = index[1]
    values = () if name == "gather" else (numbers(*index.shape, *(4,) * (2 - index.ndim)),)
    with pytest.raises(IndexError, match=f"index {bad} is out of bounds"):
        indexing.WRAPPERS[name](numpys[name])(x, index, *values, axis=0)


def test_nan_and_infinities_stay_at_their_places():
    x, values = np.zeros((4, 3), np.float32), np.full((5, 3), np.nan, np.float32)
    values[1:] = np.inf
    out = compare("index_add", x, np.array([1, 2, 2, 0, 0]), values, axis=0)
    assert np.isnan(out[1]).all() and np.isinf(out[[0, 2]]).all() and not out[3].any()


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(indexing, "_LEAST_SHARED", 0)
    rng = np.random.default_rng(0)
    x, rows, values = rng.standard_normal((3, 20, 7)), at(20, 500), rng.standard_normal((3, 500, 7))
    index = at(20, 3, 500, 7)
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "_get_num_threads", lambda count=count: count)
        given = [("index_add", x, rows, values), ("gather", x, index)]
        given += [(name, x, index, values) for name in ("scatter", "scatter_add")]
        results.append([indexing.WRAPPERS[name](numpys[name])(*arrays, axis=1) for name, *arrays in given])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8])
@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("include_self", [False, True])
def test_numpys_extreme_of_what_is_scattered(dtype, largest, include_self):
    """Beside a plain loop."""
    x, index, src = numbers(6, 4, dtype=dtype), at(6, 9, 4), numbers(9, 4, dtype=dtype, seed=5)
    if x.dtype.kind == "f":
        src[2, 1] = np.nan
    out = numpys["scatter_extreme"](x, index, src, axis=0, largest=largest, include_self=include_self)
    expected, choose = x.copy(), np.maximum if largest else np.minimum
    seen = set()
    for k, j in np.ndindex(*index.shape):
        place = (index[k, j] % 6, j)
        is_first = place not in seen and not include_self
        expected[place] = src[k, j] if is_first else choose(expected[place], src[k, j])
        seen.add(place)
    np.testing.assert_array_equal(out, expected)
