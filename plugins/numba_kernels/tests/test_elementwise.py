"""Elementwise functions: how exact the compiled ones are over all of float32, and that the rest is NumPy's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pluggrad

kernels = pytest.importorskip("pluggrad_numba.elementwise_tasks")
tasks = pytest.importorskip("pluggrad_numba.tasks")
elementwise = pytest.importorskip("pluggrad_numba.elementwise")
special = pytest.importorskip("scipy.special")

SPECIAL = np.array(
    [
        0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-45, -1e-45, 1.1754942e-38, 1.17549435e-38, 88.72283, 88.72284,
        -87.33655, -87.33654, -103.97208, -103.97207, -104.0, 89.0, 3.4028235e38, -3.4028235e38,
    ],
    np.float32,
)  # fmt: skip


def all_of_float32(step):
    """Every so many-th of all float32: each exponent and sign, subnormal numbers, NaN; and where the code changes."""
    x = np.arange(0, 2**32, step, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return np.concatenate([x, SPECIAL])


def silu(x):
    with np.errstate(invalid="ignore"):
        return x * special.expit(x)


REFERENCE = {"exp": np.exp, "log": np.log, "tanh": np.tanh, "sigmoid": special.expit, "silu": silu}


def of(name, x):
    out = np.empty_like(x)
    tasks.perform(getattr(kernels, f"{name}_all"), (x, out))
    return out


def errors(out, x, reference):
    """In units in the last place of the right result; 0 where both are NaN, or the same infinity."""
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.float64))
        right = exact.astype(np.float32)
        ulps = np.abs(out.astype(np.float64) - exact) / np.spacing(np.abs(right))
    same = (out == right) | (np.isnan(out) & np.isnan(right))
    return np.where(same, 0.0, np.where(np.isfinite(ulps), ulps, np.inf))


#: A silu below -87 is a large number times one that float32 knows to few digits: exact to the smallest number times x.
LIMITS = {"exp": 1.0, "log": 1.0, "tanh": 2.0, "sigmoid": 2.5, "silu": 3.2}


def chunks(step):
    """The same, a part at a time; with a step of 1 every single one of the 2**32 numbers."""
    if step > 1:
        yield all_of_float32(step)
        return
    for first in range(0, 2**32, 2**24):
        yield np.arange(first, first + 2**24, dtype=np.uint64).astype(np.uint32).view(np.float32)


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("step", [4001, pytest.param(1, marks=pytest.mark.slow)])
def test_exact_to_few_units_in_the_last_place_over_all_of_float32(name, step):
    for x in chunks(step):
        if name == "silu":
            x = x[~((x < -87) & np.isfinite(x))]
        if x.size:
            assert errors(of(name, x), x, REFERENCE[name]).max() <= LIMITS[name]


def test_gelu_of_small_and_large_numbers():
    """Also where 1 + erf(x / √2) has lost all its digits."""
    x = np.linspace(-13, 13, 100_001, dtype=np.float32)
    out = np.empty_like(x)
    tasks.perform(kernels.gelu_erf, (x, out))
    exact = x * special.ndtr(x.astype(np.float64))
    np.testing.assert_allclose(out, exact, rtol=1e-5, atol=1e-44)
    near = np.abs(x) < 2
    np.testing.assert_allclose(out[near], exact[near], rtol=6e-7)


def test_silu_of_large_negative_numbers():
    x = np.linspace(-110, -87, 10001, dtype=np.float32)
    np.testing.assert_allclose(of("silu", x), silu(x.astype(np.float64)), rtol=3e-7, atol=110 * 2.0**-149)


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sigmoid"])
def test_no_less_exact_than_numpys(name):
    """Within two units of NumPy's own function, which is not exact itself."""
    x = all_of_float32(4001)
    with np.errstate(all="ignore"):
        numpys = 1 / (1 + np.exp(-x)) if name == "sigmoid" else getattr(np, name)(x)
        ours, theirs = errors(of(name, x), x, REFERENCE[name]), errors(numpys, x, REFERENCE[name])
    assert ours.max() <= theirs.max() + 2


SLOPES = {
    "gelu_input": lambda x: special.ndtr(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "silu_input": lambda x: special.expit(x) * (1 + x * (1 - special.expit(x))),
    "relu_backward": lambda y: y > 0,
    "sigmoid_backward": lambda y: y * (1 - y),
    "tanh_backward": lambda y: 1 - y * y,
}


@pytest.mark.parametrize("name", SLOPES)
def test_gradients_beside_float64(name):
    kernel = elementwise.wrappers()[name](None)
    g, kept = numbers(), numbers()[::-1].copy()
    kept[:3] = 0.0, -0.0, np.nan
    options = {"approximate": "none"} if name == "gelu_input" else {}
    exact = g.astype(np.float64) * SLOPES[name](kept.astype(np.float64))
    if name == "relu_backward":
        exact[2] = g[2]  # as in PyTorch, and in NumPy's kernel
    np.testing.assert_allclose(kernel(g, kept, **options), exact, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("step", [4001, pytest.param(61, marks=pytest.mark.slow)])
def test_gradients_over_all_of_float32(name, step):
    """Subnormal and the largest numbers too; of the kept results of a function, those that it has."""
    x = all_of_float32(step)
    if name in ("sigmoid_backward", "tanh_backward"):
        x = x[(np.abs(x) <= 1) | np.isnan(x)]
    x = x[~np.isinf(x)]
    options = {"approximate": "none"} if name == "gelu_input" else {}
    found = elementwise.wrappers()[name](None)(np.ones_like(x), x, **options)
    with np.errstate(all="ignore"):
        exact = SLOPES[name](x.astype(np.float64)).astype(np.float64)
    if name == "relu_backward":
        exact[np.isnan(x)] = 1  # as in PyTorch, and in NumPy's kernel
    np.testing.assert_allclose(found, exact, rtol=2e-6, atol=5e-7)


def test_what_is_saturated_is_one():
    x = np.linspace(20, 3e38, 20_000, dtype=np.float32)
    for name, at_minus in (("sigmoid", 0), ("tanh", -1)):
        np.testing.assert_array_equal(elementwise.wrappers()[name](None)(x), 1)
        np.testing.assert_allclose(elementwise.wrappers()[name](None)(-x), at_minus, atol=3e-9)
    np.testing.assert_array_equal(elementwise.wrappers()["sigmoid"](None)(np.zeros_like(x)), 0.5)


def test_relu_keeps_nan():
    x = numbers()
    x[:4] = np.nan, -np.inf, np.inf, -0.0
    np.testing.assert_array_equal(elementwise.wrappers()["relu"](None)(x), np.maximum(x, 0))


def test_signed_zeros():
    zeros = np.array([0.0, -0.0], np.float32)
    for name in ("tanh", "silu"):
        assert np.signbit(of(name, zeros)).tolist() == [False, True]


LARGE = 1 << 18


def numbers(n=LARGE, dtype=np.float32):
    return np.random.default_rng(0).standard_normal(n).astype(dtype)


@pytest.mark.cpu
@pytest.mark.parametrize("approximate", ["none", "tanh"])
@pytest.mark.parametrize("n", [100, LARGE])
def test_gelu_and_its_gradient(approximate, n):
    values = numbers(n) * 3
    x, exact = (pluggrad.tensor(values.astype(t), requires_grad=True) for t in (np.float32, np.float64))
    results = []
    for t in (x, exact):
        y = pluggrad.nn.functional.gelu(t, approximate=approximate)
        (g,) = pluggrad.autograd.grad((y * 2).sum(), t)
        results.append((y.detach().numpy(), g.numpy()))
    for ours, reference in zip(*results, strict=True):
        np.testing.assert_allclose(ours, reference, rtol=1e-5, atol=1e-6)


@pytest.mark.cpu
@pytest.mark.parametrize("name", sorted({*elementwise._UFUNCS, "sigmoid", "silu"}))
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.complex64])
def test_large_and_small_arrays_through_tensors(name, dtype):
    """A large array gives what its parts give one by one, to rounding, whatever the kernel."""
    if dtype is np.complex64 and name in ("silu", "sigmoid"):
        return  # of real numbers only
    values = numbers(LARGE + 7, np.float32).astype(dtype)
    if name in ("log", "log2", "log10", "acosh") and dtype is not np.complex64:
        values = np.abs(values) + 1
    if name in ("asin", "acos", "atanh", "log1p"):
        values = values / 8
    function = getattr(pluggrad, name, None) or getattr(pluggrad.nn.functional, name)
    whole = function(pluggrad.asarray(values)).numpy()
    part = function(pluggrad.asarray(values[:1000].copy())).numpy()
    tail = function(pluggrad.asarray(values[-100:].copy())).numpy()
    tolerance = 1e-3 if dtype is np.float16 else 1e-6
    np.testing.assert_allclose(whole[:1000], part, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(whole[-100:], tail, rtol=tolerance, atol=tolerance)
    assert whole.dtype == dtype


@pytest.mark.cpu
def test_arrays_that_are_not_contiguous():
    x = pluggrad.asarray(numbers(1 << 20).reshape(1024, 1024))
    for function in (pluggrad.exp, pluggrad.sigmoid, pluggrad.nn.functional.gelu):
        np.testing.assert_allclose(
            function(x.T).numpy()[:3], function(x.T.contiguous()).numpy()[:3], rtol=1e-5, atol=1e-6
        )


@pytest.mark.cpu
def test_gradients_in_float32_and_an_infinite_result():
    x = pluggrad.tensor(numbers() * 100, requires_grad=True)
    y = pluggrad.exp(x)  # no warning of the overflow, in a thread neither
    assert math.isinf(y.max().item())
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())


@pytest.fixture
def threads():
    pluggrad.zeros(1, device="cpu")  # the backend is loaded, and the plugin has been asked for its kernels
    before = pluggrad.get_num_threads()
    yield pluggrad.set_num_threads
    pluggrad.set_num_threads(before)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("count", [1, 2])
def test_numpy_is_used_where_it_has_the_widest_vectors_and_threads_cannot_help(monkeypatch, threads, fast, count):
    threads(count)
    monkeypatch.setattr(elementwise, "_numpy_is_fast", lambda name: fast)
    kernel = elementwise.wrappers()["exp"](lambda x: "small")
    x = numbers()
    assert kernel(x[:10]) == "small"
    np.testing.assert_array_equal(kernel(x), of("exp", x))  # whatever the number of threads
    some = x[: 1 << 16].copy()
    np.testing.assert_array_equal(kernel(some), np.exp(some) if fast else of("exp", some))
    doubles = x.astype(np.float64)
    np.testing.assert_array_equal(kernel(doubles), np.exp(doubles))


ARITHMETIC = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide}
PLAIN = {"abs": np.abs, "negative": np.negative, "reciprocal": np.reciprocal, "sqrt": np.sqrt, "square": np.square}


def wrapped(name, numpys):
    """The kernel of a name, and how often it went on to NumPy's."""
    went_on = []
    return elementwise.wrappers()[name](lambda *x: went_on.append(x) or numpys(*x)), went_on


@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic_is_numpys_to_the_bit(threads, name):
    threads(2)
    kernel, went_on = wrapped(name, ARITHMETIC[name])
    x, y = numbers(), numbers()[::-1].copy()
    x[: SPECIAL.size], y[-SPECIAL.size :] = SPECIAL, SPECIAL
    pairs = [(x, y), (x.reshape(512, -1), y.reshape(512, -1))]
    pairs += [(a, b) for c in SPECIAL for a, b in ((x, np.array(c)), (np.array(c), x))]
    for a, b in pairs:
        out = kernel(a, b)
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(out, ARITHMETIC[name](a, b))
        assert out.dtype == np.float32
    assert not went_on


@pytest.mark.parametrize("name", PLAIN)
def test_plain_functions_are_numpys_to_the_bit(threads, name):
    threads(2)
    kernel, went_on = wrapped(name, PLAIN[name])
    x = all_of_float32(4001)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(kernel(x), PLAIN[name](x))
        np.testing.assert_array_equal(np.signbit(kernel(x)), np.signbit(PLAIN[name](x)))
    assert not went_on


@pytest.mark.parametrize("name", ARITHMETIC)
def test_what_tasks_do_not_do_is_left_to_numpy(threads, name):
    threads(2)
    kernel, went_on = wrapped(name, ARITHMETIC[name])
    x, row = numbers().reshape(512, -1), numbers(512)
    others = [
        (x, row), (x.T, x.T), (x[:, ::2], x[:, ::2]), (x, np.float64(2)), (x, np.array(2.0)), (x[:9], x[:9]),
        (x.astype(np.float64), x), (x.astype(np.int64), x.astype(np.int64)), (x, np.float32(2)),
    ]  # fmt: skip
    for a, b in others:
        with np.errstate(all="ignore"):
            out, expected = kernel(a, b), ARITHMETIC[name](a, b)
        np.testing.assert_array_equal(out, expected)
        assert out.dtype == expected.dtype
    assert len(went_on) >= len(others) - 1


def test_other_dtypes_do_not_even_ask():
    inner = np.add
    kernel = elementwise.wrappers()["add"](inner)
    assert kernel.for_dtype(np.dtype(np.int64)) is inner
    of_float32 = kernel.for_dtype(np.dtype(np.float32))
    assert of_float32.of_few is inner
    np.testing.assert_array_equal(of_float32(numbers(), numbers()), 2 * numbers())
