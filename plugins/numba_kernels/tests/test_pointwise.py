"""More elementwise functions: NumPy's to the bit, or to rounding, on numbers of every kind."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pluggrad
from pluggrad.function import functions

pointwise = pytest.importorskip("pluggrad_numba.pointwise")
numpys = pytest.importorskip("pluggrad_numpy.kernels").KERNELS
N = 1 << 15

SPECIAL = np.array(
    [
        0.0,
        -0.0,
        np.inf,
        -np.inf,
        np.nan,
        1.0,
        -1.0,
        1e-45,
        -1e-45,
        1.1754942e-38,
        3.4028235e38,
        -3.4028235e38,
        0.5,
        3.0,
    ],
    np.float32,
)


def numbers(seed, n=N, wide=True):
    """Some of any size; every pair of special ones, if ``seed`` is 0 or 1."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n) * np.exp2(rng.integers(-30, 30, n) if wide else 0)
    x = x.astype(np.float32)
    pairs = np.meshgrid(SPECIAL, SPECIAL)[seed % 2].reshape(-1)
    x[: pairs.size] = pairs
    return x


def refuse(*given, **options):
    raise AssertionError("it went on to the kernel that was there")


DIVISIONS = {"fmod": np.fmod, "remainder": np.remainder, "floor_divide": np.floor_divide}


@pytest.mark.parametrize("name", DIVISIONS)
def test_divisions_are_numpys_to_the_bit(name):
    rng = np.random.default_rng(0)
    kernel = pointwise.WRAPPERS[name](refuse)
    for a, b in (
        (rng.uniform(-100, 100, N), rng.uniform(-7, 7, N)), (rng.integers(-50, 50, N), rng.integers(1, 9, N)),
        (rng.integers(-50, 50, N) * 0.1, np.full(N, 0.1)), (rng.uniform(-1e5, 1e5, N), rng.uniform(1, 2, N)),
        (np.array([0.0, -0.0] * (N // 2)), rng.uniform(-7, 7, N)), (rng.uniform(-1e-44, 1e-44, N), np.full(N, 1e-45)),
    ):  # fmt: skip
        x, y = a.astype(np.float32), b.astype(np.float32)
        out, expected = kernel(x, y), DIVISIONS[name](x, y)
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(np.signbit(out), np.signbit(expected))
        number = np.asarray(np.float32(-3.25))
        np.testing.assert_array_equal(kernel(x, number), DIVISIONS[name](x, number))


@pytest.mark.parametrize("name", DIVISIONS)
def test_divisions_out_of_the_ordinary_are_left_to_numpy(name):
    kernel = pointwise.WRAPPERS[name](lambda *given: "NumPy's")
    x, y = np.ones(N, np.float32), np.ones(N, np.float32)
    for a, b in ((np.inf, 1), (np.nan, 1), (1, 0), (1, np.nan), (1, np.inf), (1e30, 1e-3)):
        x[-1], y[-1] = a, b
        assert isinstance(kernel(x, y), str)


ALIKE = [
    ("copysign", 2), ("maximum", 2), ("minimum", 2), ("sign", 1), ("frac", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "count"), ALIKE)
def test_to_the_bit_as_numpys_kernels(name, count):
    arrays = [numbers(seed) for seed in range(count)]
    defined = numpys.get(name) or (lambda x: np.sign(x) if name == "sign" else x - np.trunc(x))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(pointwise.WRAPPERS[name](refuse)(*arrays), defined(*arrays))


NEAR = [
    ("hypot", 2, {}, 1e-7), ("logaddexp", 2, {}, 3e-7), ("addcmul", 3, {"value": 0.5}, 2e-7),
    ("addcdiv", 3, {"value": 2}, 2e-7), ("addcmul", 3, {}, 2e-7), ("lerp", 3, {}, 3e-7),
    ("pow_scalar", 1, {"exponent": 3}, 2e-7), ("pow_scalar", 1, {"exponent": 2}, 1e-7),
    ("pow_scalar", 1, {"exponent": 0.5}, 1e-7), ("pow_scalar", 1, {"exponent": -1}, 1e-7),
    ("logit", 1, {"eps": None}, 2e-6), ("logit", 1, {"eps": 0.01}, 2e-6),
    ("clip", 1, {"min": -1.0, "max": 0.5}, 0), ("clip", 1, {"min": None, "max": 0.5}, 0),
    ("clip", 1, {"min": -1, "max": None}, 0), ("clip", 1, {"min": 1.0, "max": 0.5}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "count", "options", "tolerance"), NEAR)
def test_to_rounding_as_in_float64(name, count, options, tolerance):
    """Terms that cancel are exact to rounding of the larger one, as in the kernel of NumPy."""
    arrays = [numbers(seed, wide=False) for seed in range(count)]
    if name == "logit":
        arrays[0][SPECIAL.size**2 :] = np.random.default_rng(0).uniform(0.01, 0.4, N - SPECIAL.size**2)
    out = pointwise.WRAPPERS[name](refuse)(*arrays, **options)
    assert out.dtype == np.float32
    given = [pluggrad.asarray(a, device="cpu") for a in arrays]
    with np.errstate(all="ignore"):
        wide = functions()[name].call(*[a.double() for a in given], **options).numpy().astype(np.float32)
    plain = [functions()[name].call(*[a[i : i + 1000] for a in given], **options).numpy() for i in (0, 20_000)]
    scale = np.maximum(np.max(np.abs(arrays), axis=0) if count > 1 else 0, np.abs(wide))
    if name == "logaddexp":
        scale = np.maximum(scale, 1)
    everyday = slice(SPECIAL.size**2, None)
    with np.errstate(all="ignore"):
        near = (np.abs(out - wide) <= tolerance * scale * 4) | (np.isnan(out) & np.isnan(wide))
    assert near[everyday].all()
    # What is infinite, NaN and 0 is that of NumPy's kernel.
    moderate = np.all(~(np.abs(arrays) > 1e30) | np.isinf(arrays), axis=0)
    for first, part in zip((0, 20_000), plain, strict=True):
        some = moderate[first : first + 1000]
        np.testing.assert_allclose(out[first : first + 1000][some], part[some], rtol=2e-6, atol=2e-6)


def test_interpolation_meets_both_ends():
    x, y = numbers(2, wide=False), numbers(3, wide=False)
    lerp = pointwise.lerp(refuse)
    finite = np.isfinite(x) & np.isfinite(y) & (np.abs(x) < 1e30) & (np.abs(y) < 1e30)
    for w, end in ((0, x), (1, y)):
        for weight in (np.asarray(np.float32(w)), np.full(N, w, np.float32)):
            np.testing.assert_array_equal(lerp(x, y, weight)[finite], end[finite])


@pytest.mark.parametrize("name", ["hypot", "fmod", "maximum"])
def test_other_operands_are_left_to_numpy(name):
    kernel = pointwise.WRAPPERS[name](lambda *given: "NumPy's")
    x = np.ones((256, 128), np.float32)
    for a, b in (
        (x, x[0]), (x.T, x.T), (x, x.astype(np.float64)), (x.astype(int), x.astype(int)), (x[:2], x[:2]),
        (x, np.ones(())),
    ):  # fmt: skip
        assert kernel(a, b) == "NumPy's"


@pytest.mark.cpu
def test_through_tensors_with_gradients():
    x = pluggrad.linspace(-3, 3, N).requires_grad_()
    y = pluggrad.linspace(0.5, 2, N).requires_grad_()
    for f in (
        pluggrad.fmod, pluggrad.remainder, pluggrad.hypot, pluggrad.logaddexp, pluggrad.maximum,
        lambda a, b: pluggrad.lerp(a, b, 0.3), lambda a, b: pluggrad.lerp(a, b, b), lambda a, b: a.clamp(-1, 1) * b,
        lambda a, b: pluggrad.addcmul(a, a, b, value=2), lambda a, b: pluggrad.addcdiv(a, a, b),
        lambda a, b: b**0.5 + a**3,
        lambda a, b: pluggrad.nn.functional.prelu(a, b[:1]), lambda a, b: pluggrad.sign(a) * b,
    ):  # fmt: skip
        whole = pluggrad.autograd.grad(f(x, y).sum(), (x, y))
        a, b = x.detach().double().requires_grad_(), y.detach().double().requires_grad_()
        exact = pluggrad.autograd.grad(f(a, b).sum(), (a, b))
        np.testing.assert_allclose(f(x, y).detach().numpy(), f(a, b).detach().numpy(), rtol=1e-5, atol=1e-5)
        for ours, theirs in zip(whole, exact, strict=True):
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-4)
    assert math.isnan(pluggrad.maximum(x * math.nan, y).sum().item())


@pytest.mark.cpu
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("n", [1 << 12, 40_001])
def test_hubers_loss(reduction, n):
    x, y = (np.random.default_rng(seed).standard_normal(n).astype(np.float32) * 2 for seed in (0, 1))
    a, b = (pluggrad.tensor(v, requires_grad=True) for v in (x, y))
    wide = [pluggrad.tensor(v.astype(np.float64), requires_grad=True) for v in (x, y)]
    F = pluggrad.nn.functional
    for loss in (
        lambda p, q: F.huber_loss(p, q, reduction, 0.7),
        lambda p, q: F.smooth_l1_loss(p, q, reduction=reduction),
    ):
        out, exact = loss(a, b), loss(*wide)
        assert out.dtype == pluggrad.float32
        np.testing.assert_allclose(out.detach().numpy(), exact.detach().numpy(), rtol=2e-6, atol=1e-12)
        for ours, theirs in zip(
            pluggrad.autograd.grad(out.sum(), (a, b)), pluggrad.autograd.grad(exact.sum(), wide), strict=True
        ):
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-7)
    x[7] = np.nan
    assert np.isnan(pointwise.huber_loss(refuse)(x, y, delta=1.0, reduction="sum"))
