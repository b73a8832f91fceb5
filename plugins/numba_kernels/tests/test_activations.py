"""Activations with numbers of their own, and selection, compiled: exact over all of float32, the rest NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad
from pluggrad.function import functions

activations = pytest.importorskip("pluggrad_numba.activations")
numpys = pytest.importorskip("pluggrad_numpy.kernels").KERNELS
special = pytest.importorskip("scipy.special")

SPECIAL = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 3.0, -3.0, 0.5, -0.5, 1e-45, -1e-45, 1.1754942e-38, -0.34, 20.0],
    np.float32,
)


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    monkeypatch.setattr(activations, "_LEAST", 0)


def all_of_float32(step):
    x = np.arange(0, 2**32, step, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return np.concatenate([x, SPECIAL])


def softplus(x, beta, threshold):
    return np.where(x * beta > threshold, x, np.logaddexp(0, x * beta) / beta)


def elu(x, alpha, scale=1.0, input_scale=1.0):
    return np.where(x > 0, x * scale, np.expm1(np.minimum(x, 0) * input_scale) * (alpha * scale))


#: In float64: the exact values. With each the units in the last place to which the compiled one is exact.
EXACT = [
    ("elu", {"alpha": 1.0}, elu, 4), ("elu", {"alpha": 0.5, "scale": 2.0, "input_scale": 1.0}, elu, 4),
    ("softplus", {"beta": 1.0, "threshold": 20.0}, softplus, 3),
    ("log_sigmoid", {}, lambda x: -np.logaddexp(0, -x), 3),
    ("mish", {}, lambda x: x * np.tanh(np.logaddexp(0, x)), 4.5),
]  # fmt: skip


def elu_slope(x, alpha, scale=1.0, input_scale=1.0):
    return np.where(x > 0, scale, np.exp(np.minimum(x, 0) * input_scale) * (alpha * scale * input_scale))


def mish_slope(x):
    t = np.tanh(np.logaddexp(0, x))
    return t + x * special.expit(x) * (1 - t * t)


SLOPES = [
    ("elu", {"alpha": 0.5, "scale": 2.0, "input_scale": 1.5}, elu_slope),
    (
        "softplus",
        {"beta": 2.0, "threshold": 5.0},
        lambda x, beta, threshold: np.where(x > 2.5, 1, special.expit(2 * x)),
    ),
    ("log_sigmoid", {}, lambda x: special.expit(-x)),
    ("mish", {}, mish_slope),
    ("leaky_relu", {"negative_slope": 0.1}, lambda x, negative_slope: np.where(x > 0, 1, 0.1)),
    ("hardswish", {}, lambda x: np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1))),
]


@pytest.mark.parametrize(("name", "options", "slope"), SLOPES)
def test_gradients_beside_float64(name, options, slope):
    x = np.concatenate([np.linspace(-120, 120, 40_001), [0.0, -0.0, -3.0, 3.0, 1e30, -1e30]]).astype(np.float32)
    g = np.random.default_rng(0).standard_normal(x.size).astype(np.float32)
    gradient = activations.WRAPPERS[f"{name}_input"](None)
    with np.errstate(all="ignore"):
        exact = slope(x.astype(np.float64), **options)
    np.testing.assert_allclose(gradient(g, x, **options), g * exact, rtol=2e-6, atol=3e-7)
    same = np.broadcast_to(np.float32(2), x.shape)  # the gradient of a sum
    np.testing.assert_allclose(gradient(same, x, **options), 2 * exact, rtol=2e-6, atol=6e-7)
    assert np.isnan(gradient(g[:1], np.full(1, np.nan, np.float32), **options)).all() == (name not in NAN_PASSES)


#: Where the slope is a choice, NaN takes one side of it, as in the definition.
NAN_PASSES = ("leaky_relu", "hardswish")


@pytest.mark.parametrize(("name", "options", "reference", "limit"), EXACT)
@pytest.mark.parametrize("step", [4001, pytest.param(61, marks=pytest.mark.slow)])
def test_exact_to_few_units_in_the_last_place(name, options, reference, limit, step):
    x = all_of_float32(step)
    if name == "mish":
        x = x[~((x < -87) & np.isfinite(x))]  # there times a number that float32 knows to few digits
    out = activations.WRAPPERS[name](None)(x, **options)
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.float64), **options)
        right = exact.astype(np.float32)
        ulps = np.abs(out.astype(np.float64) - exact) / np.spacing(np.abs(right))
    same = (out == right) | (np.isnan(out) & np.isnan(right))
    assert np.where(same, 0.0, np.where(np.isfinite(ulps), ulps, np.inf)).max() <= limit


PIECES = [
    ("leaky_relu", {"negative_slope": 0.01}), ("leaky_relu", {"negative_slope": -2.0}),
    ("hardtanh", {"low": -1.0, "high": 2.0}), ("threshold", {"threshold": 0.5, "value": -3.0}), ("hardsigmoid", {}),
    ("hardswish", {}), ("hardshrink", {"lambd": 0.5}), ("softshrink", {"lambd": 0.5}),
]  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize(("name", "options"), PIECES)
def test_pieces_beside_pytorch_and_the_definition(name, options):
    torch = pytest.importorskip("torch")
    x = all_of_float32(4001)
    x[::3] = np.random.default_rng(0).standard_normal(x[::3].size) * 3
    found = activations.WRAPPERS[name](None)(x, **options)
    with np.errstate(all="ignore"):
        defined = functions()[name].call(pluggrad.asarray(x.astype(np.float64), device="cpu"), **options).numpy()
        defined = defined.astype(np.float32)
    np.testing.assert_allclose(found, defined, rtol=3e-7, atol=1e-45)
    theirs = getattr(torch.nn.functional, name)(torch.asarray(x), *options.values()).numpy()
    # PyTorch's hardtanh gives a bound for some NaN; its hardswish multiplies before it divides, and overflows.
    inside = np.abs(x) < 1e30
    np.testing.assert_allclose(found[inside], theirs[inside], rtol=3e-7, atol=1e-45)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_selection(dtype):
    rng = np.random.default_rng(0)
    condition = rng.integers(0, 2, (40, 50)).astype(bool)
    x, y = (rng.standard_normal((40, 50)).astype(dtype) for _ in range(2))
    x[0], y[1] = np.nan, -0.0
    where = activations.where(None)
    for pair in ((x, y), (x, 0), (0, x), (-0.0, x), (x, dtype(2.5)), (np.asarray(np.inf, dtype), y)):
        found, expected = where(condition, *pair), np.where(condition, *pair)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found.view(np.uint8), expected.astype(dtype).view(np.uint8))


@pytest.mark.parametrize("pair", [
    (np.ones((4, 5), np.int64), 0), (np.ones((4, 5), np.float32), np.float64(1.0)), (np.ones(5, np.float32), 0.0),
    (np.ones((4, 5), np.float32), np.ones((4, 5))), (np.ones((5, 4), np.float32).T, 0), (0.0, 1.0),
    (np.ones((4, 5), np.float32), 1j), (np.ones((4, 5), np.float32), np.ones(5, np.float32)),
], ids=str)  # fmt: skip
def test_other_selections_are_numpys(pair):
    assert activations.where(lambda *given: "there")(np.ones((4, 5), bool), *pair) == "there"


@pytest.mark.parametrize("x", [np.ones(9), np.ones(9, np.float16), np.ones((3, 6), np.float32)[:, ::2]], ids=str)
def test_other_types_and_layouts_go_to_the_kernel_that_was_there(x):
    for name, options in [(name, options) for name, options, *_ in EXACT] + PIECES:
        assert activations.WRAPPERS[name](lambda x, **options: options)(x, **options) == options


def test_large_arrays_through_tensors():
    x = pluggrad.tensor(np.linspace(-5, 5, 1 << 18, dtype=np.float32), requires_grad=True)
    F = pluggrad.nn.functional
    for f in (F.elu, F.selu, F.celu, F.softplus, F.logsigmoid, F.hardswish, F.softshrink):
        wide = x.detach().double().requires_grad_()
        for t in (x, wide):
            t.grad = None
            f(t).sum().backward()
        np.testing.assert_allclose(f(x).detach().numpy(), f(wide).detach().numpy(), rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(x.grad.numpy(), wide.grad.numpy(), rtol=1e-5, atol=1e-6)
