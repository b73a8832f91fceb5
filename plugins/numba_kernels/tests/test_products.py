"""Matrix products: what NumPy gives in float64, of matrices however they lie; for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

products = pytest.importorskip("pluggrad_numba.products")
neural = pytest.importorskip("pluggrad_numpy.neural")

#: Rows, steps of the sum, columns: whole tiles, parts of tiles, sums in several parts, few rows, few columns.
SIZES = [(64, 32, 96), (100, 101, 203), (33, 1500, 77), (513, 129, 65), (300, 64, 48), (8, 40, 90), (9, 2000, 8)]
BOUND = {np.float32: 3e-6, np.float64: 1e-14}


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    pluggrad.zeros(1, device="cpu")  # the backend is loaded, and the plugin knows of the number of threads
    monkeypatch.setattr(products, "_LEAST", 0)
    monkeypatch.setattr(products, "_LEAST_OF_STACK", 0)
    count = pluggrad.get_num_threads()
    yield
    pluggrad.set_num_threads(count)


def fails(*arrays):
    raise AssertionError("the compiled kernel has handed on what it should compute")


def by_columns(x):
    """The same numbers, columns one after the other in the memory."""
    return np.swapaxes(np.ascontiguousarray(np.swapaxes(x, -1, -2)), -1, -2)


def between_others(x):
    """The same numbers, as a part of a larger array."""
    larger = np.full((*x.shape[:-2], x.shape[-2] + 3, x.shape[-1] + 5), np.nan, x.dtype)
    larger[..., 2:-1, 1:-4] = x
    return larger[..., 2:-1, 1:-4]


LAYOUTS = [np.ascontiguousarray, by_columns, between_others]


def close(found, a, b, bias=0.0):
    wide = a.astype(np.float64), b.astype(np.float64)
    size = np.matmul(*map(np.abs, wide)).max() + np.abs(bias).max()
    np.testing.assert_allclose(found, wide[0] @ wide[1] + bias, rtol=0, atol=BOUND[found.dtype.type] * size)


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_of_matrices(sizes, dtype):
    m, k, n = sizes
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    matmul = products.matmul(fails)
    for first in LAYOUTS:
        for second in LAYOUTS:
            found = matmul(first(a), second(b))
            assert found.dtype == dtype
            assert found.shape == (m, n)
            close(found, a, b)


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_of_linear_layers(sizes, dtype):
    m, k, n = sizes
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((n, k)).astype(dtype)
    bias, g = rng.standard_normal(n).astype(dtype), rng.standard_normal((m, n)).astype(dtype)
    linear = products.linear(fails)
    close(linear(x, weight, bias), x, weight.T, bias)
    close(linear(x, weight), x, weight.T)
    close(products.linear_weight(fails)(g, x), g.T, x)


def test_of_axes_before_the_rows():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((3, 4, 5, 40)), rng.standard_normal((30, 40))
    g = rng.standard_normal((3, 4, 5, 30))
    np.testing.assert_allclose(products.linear(fails)(x, weight), x @ weight.T, atol=1e-12)
    np.testing.assert_allclose(products.matmul(fails)(x, by_columns(weight.T)), x @ weight.T, atol=1e-12)
    np.testing.assert_allclose(products.linear_weight(fails)(g, x), g.reshape(-1, 30).T @ x.reshape(-1, 40), atol=1e-12)


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize(
    "shapes",
    [((3, 4, 17, 20), (3, 4, 20, 30)), ((4, 17, 20), (3, 4, 20, 50)), ((3, 1, 17, 20), (4, 20, 49)),
     ((5, 9, 11), (11, 8)), ((12, 4, 64, 32), (12, 4, 32, 64)), ((9, 20), (6, 20, 33))],
    ids=str,
)  # fmt: skip
def test_of_stacks(shapes, dtype):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    matmul = products.matmul(fails)
    heads = [np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 0, -2)), -2, 0), *(layout(a) for layout in LAYOUTS)]
    for first in heads:
        for second in LAYOUTS:
            found = matmul(first, second(b))
            assert found.shape == np.matmul(a, b).shape
            close(found, a, b)


def test_bits_do_not_depend_on_threads():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((500, 1300)).astype(np.float32), rng.standard_normal((1300, 200)).astype(np.float32)
    bits = set()
    for count in (1, 2, 3, 5):
        pluggrad.set_num_threads(count)
        bits.add(products.matmul(fails)(a, b).tobytes())
    assert len(bits) == 1


def test_what_is_not_finite_stays_in_its_row_and_column():
    a, b = np.ones((50, 40), np.float32), np.ones((40, 70), np.float32)
    a[49, 39], b[0, 69] = np.nan, np.inf
    found = products.matmul(fails)(a, b)
    assert np.isnan(found[49]).all()
    assert np.isposinf(found[:49, 69]).all()
    assert (found[:49, :69] == 40).all()


@pytest.mark.parametrize(
    "pair",
    [
        (np.ones((20, 20), np.complex64), np.ones((20, 20), np.complex64)),
        (np.ones((20, 20), np.float32), np.ones((20, 20), np.float64)),
        (np.ones((20, 20), np.int64), np.ones((20, 20), np.int64)),
        (np.ones(20, np.float32), np.ones((20, 20), np.float32)),
        (np.ones((20, 40), np.float32)[:, ::2], np.ones((20, 20), np.float32)),
        (np.ones((20, 20), np.float32)[::-1], np.ones((20, 20), np.float32)),
        (np.broadcast_to(np.float32(1), (20, 20)), np.ones((20, 20), np.float32)),
        (np.ones((20, 0), np.float32), np.ones((0, 20), np.float32)),
        (np.ones((0, 20), np.float32), np.ones((20, 20), np.float32)),
    ],
)
def test_what_is_handed_on(pair):
    np.testing.assert_array_equal(products.matmul(np.matmul)(*pair), np.matmul(*pair))


def test_a_network_trains_alike():
    from pluggrad import nn, optim

    def losses():
        pluggrad.manual_seed(0)
        net = nn.Sequential(nn.Linear(200, 300), nn.ReLU(), nn.Linear(300, 300), nn.ReLU(), nn.Linear(300, 10))
        optimizer = optim.SGD(net.parameters(), lr=0.1)
        x, t = pluggrad.randn(128, 200), pluggrad.randint(0, 10, (128,))
        found = []
        for _ in range(5):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x), t)
            loss.backward()
            optimizer.step()
            found.append(loss.item())
        return found

    compiled = losses()
    products._LEAST = 1 << 60
    np.testing.assert_allclose(compiled, losses(), rtol=1e-5)
