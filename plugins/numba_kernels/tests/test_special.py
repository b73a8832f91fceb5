"""Special functions: how exact the compiled ones are, over all of float32; and that what is small goes on."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

kernels = pytest.importorskip("pluggrad_numba.special")
special = pytest.importorskip("scipy.special")

#: SciPy's, of float64.
REFERENCE = {
    "erf": special.erf,
    "erfc": special.erfc,
    "erfinv": special.erfinv,
    "lgamma": special.gammaln,
    "digamma": special.digamma,
    "trigamma": lambda x: special.polygamma(1, x),
}
PLACES = [0.0, -0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 10.0, 27.5, np.inf, np.nan, 1e-45, 1e30]


def all_of_float32(step):
    """Every so many-th of all float32, and numbers near the places where the code changes."""
    x = np.arange(0, 2**32, step, dtype=np.uint64).astype(np.uint32).view(np.float32)
    near = np.linspace(-30, 30, 20_011, dtype=np.float32)
    places = np.array([*PLACES, *(-p for p in PLACES)], np.float32)
    return np.concatenate([x, near, near / 30, places])


def exactly(name, x):
    with np.errstate(all="ignore"):
        exact = REFERENCE[name](x.astype(np.float64))
    if name == "lgamma":
        exact[x == -np.inf] = np.inf  # as in PyTorch
    if name == "digamma":
        exact[x == 0] = -np.copysign(np.inf, x[x == 0])
    if name == "trigamma":
        exact[(x <= 0) & np.isin(x, np.arange(-60.0, 1))] = np.inf
    return exact


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("step", [40_009, pytest.param(997, marks=pytest.mark.slow)])
def test_exact_to_two_units_in_the_last_place_over_all_of_float32(name, step):
    x = all_of_float32(step)
    if name in ("digamma", "trigamma"):
        x = x[~(x < -30)]  # SciPy's have few digits there, and are slow
    out, exact = kernels._perform(name, x), exactly(name, x)
    with np.errstate(all="ignore"):
        right = exact.astype(np.float32)
        off = np.abs(out - right) / np.spacing(np.abs(right))
    same = (out == right) | (np.isnan(out) & np.isnan(right))
    # Of what crosses 0: of the terms that cancel there.
    near_zero = np.abs(exact) < 1e-6 if name in ("lgamma", "digamma") else np.zeros(x.shape, bool)
    assert np.all(same | near_zero | (off <= 2)), (x[~same][np.argmax(off[~same])], off[~same].max())
    np.testing.assert_allclose(out[near_zero], exact[near_zero], atol=1e-12)


@pytest.mark.parametrize("name", REFERENCE)
def test_in_double_precision(name):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-1, 1, 20_000), rng.uniform(0, 25, 20_000), rng.exponential(1e6, 100), PLACES])
    if name in ("digamma", "trigamma"):
        x = x[x >= 0]  # SciPy's have few digits near the poles
    np.testing.assert_allclose(kernels._perform(name, x), exactly(name, x), rtol=1e-14, atol=1e-14)


@pytest.mark.cpu
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv", "lgamma", "digamma"])
def test_large_small_and_strided_arrays_through_tensors(name, dtype):
    values = np.random.default_rng(0).uniform(-0.9, 0.9, (300, 40)).astype(dtype)
    function, x = getattr(pluggrad, name), pluggrad.asarray(values)
    whole, turned = function(x).numpy(), function(x.T).numpy().T
    rows = np.stack([function(row).numpy() for row in x])
    tolerance = {"rtol": 1e-2 if dtype is np.float16 else 1e-6, "atol": 1e-3 if dtype is np.float16 else 1e-6}
    np.testing.assert_allclose(whole, rows, **tolerance)
    np.testing.assert_allclose(whole, turned, **tolerance)
    assert whole.dtype == dtype


@pytest.mark.cpu
def test_derivatives_of_any_order():
    x = pluggrad.linspace(0.1, 5, 5000, dtype=pluggrad.float64).requires_grad_()
    value = pluggrad.lgamma(x)
    for n in range(3):
        (value,) = pluggrad.autograd.grad(value.sum(), x, create_graph=True)
        np.testing.assert_allclose(
            value.detach().numpy(), special.polygamma(n, x.detach().numpy()), rtol=1e-12, atol=1e-14
        )
