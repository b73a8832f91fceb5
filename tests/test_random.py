"""Random numbers: the same bits on every backend, the right distributions, PyTorch's forms and errors."""

from __future__ import annotations

import itertools
import math
import pickle
import threading
import time
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import pluggrad
from pluggrad.backends import Kernels, plugins
from pluggrad.random import draws

COUNT = 200_000

#: Of one device, for speed: that all draw the same is tested below.
pytestmark = pytest.mark.cpu


@pytest.fixture(autouse=True)
def seeded() -> None:
    pluggrad.manual_seed(20250101)


class DefaultsOnly:
    """A backend that overrides nothing."""

    def __init__(self, namespace: Any, device: Any) -> None:
        self.namespace, self.devices = namespace, [device]


def default_kernels() -> list[tuple[Kernels, Any]]:
    strict = pytest.importorskip("array_api_strict")
    strict.set_array_api_strict_flags(api_version="2025.12")
    numpy = plugins.backend("cpu").namespace
    backends = (DefaultsOnly(numpy, "cpu"), DefaultsOnly(strict, strict.Device("CPU_DEVICE")))
    return [(Kernels("", "", b, None, None), b.devices[0]) for b in backends]  # type: ignore[arg-type]


def all_equal(a: Any, b: Any) -> bool:
    return bool((a == b).all())


# -- the same numbers everywhere ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**63 + 5, 2**64 - 1])
@pytest.mark.parametrize("block", [0, 7, 2**40])
def test_bits_are_those_of_philox(seed: int, block: int) -> None:
    expected = np.random.Philox(key=seed, counter=block).random_raw(1001)
    fast = plugins.backend("cpu").kernels.random_bits(seed=seed, block=block, count=1001, device="cpu")
    np.testing.assert_array_equal(fast, expected)
    for kernels, device in default_kernels():
        words = kernels.random_bits(seed=seed, block=block, count=1001, device=device)
        np.testing.assert_array_equal(np.asarray(words), expected)


@pytest.mark.parametrize("kind", ["random_uniform", "random_normal", "random_exponential"])
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 70_001])
def test_every_backend_gives_the_same_numbers(kind: str, bits: int, count: int) -> None:
    where = {"seed": 3, "block": 11, "count": count, "bits": bits}
    fast = getattr(plugins.backend("cpu").kernels, kind)(**where, device="cpu")
    assert fast.shape == (count,) and fast.dtype == (np.float64 if bits == 64 else np.float32)
    for kernels, device in default_kernels():
        np.testing.assert_array_equal(np.asarray(getattr(kernels, kind)(**where, device=device)), fast)


def test_reading_goes_on_where_it_stopped() -> None:
    kernels = plugins.backend("cpu").kernels
    whole = kernels.random_uniform(seed=1, block=0, count=64, bits=32, device="cpu")
    for order in itertools.permutations(range(4)):  # in sequence, and jumping about
        for i in order:
            part = kernels.random_uniform(seed=1, block=2 * i, count=16, bits=32, device="cpu")
            np.testing.assert_array_equal(part, whole[16 * i : 16 * i + 16])


def test_uniform_is_numpys() -> None:
    generator = np.random.Generator(np.random.Philox(key=5))
    pluggrad.manual_seed(5)
    np.testing.assert_array_equal(pluggrad.rand(16).numpy(), generator.random(16, np.float32))
    np.testing.assert_array_equal(pluggrad.rand(8, dtype=pluggrad.float64).numpy(), generator.random(8))


@pytest.mark.parametrize(("dtype", "bits", "digits"), [("float32", 24, 5e-7), ("float64", 53, 2e-15)])
def test_normals_are_quantiles(dtype: str, bits: int, digits: float) -> None:
    state = pluggrad.get_rng_state()
    u = pluggrad.rand(COUNT, dtype=getattr(pluggrad, dtype)).numpy().astype(np.float64)
    pluggrad.set_rng_state(state)
    z = pluggrad.randn(COUNT, dtype=getattr(pluggrad, dtype)).numpy()
    # From the nearer end, so that no digits of small probabilities are lost.
    p = np.minimum(u + 2.0 ** -(bits + 1), 1 - u - 2.0 ** -(bits + 1))
    expected = np.copysign(special.ndtri(p), u - 0.5)
    np.testing.assert_allclose(z, expected, rtol=digits, atol=digits)


def test_tails_of_the_normal_quantile() -> None:
    from pluggrad.backends import quantiles

    kernels = plugins.backend("cpu").kernels
    for bits, width in quantiles.BITS.items():
        cells = np.unique(np.append(np.arange(3000), 2 ** np.arange(width - 1, dtype=np.int64))).astype(np.float64)
        u = (cells * 2.0**-width).astype(np.float64 if bits == 64 else np.float32)
        expected = special.ndtri((cells + 0.5) * 2.0**-width)
        z = quantiles.normal(kernels, u, bits)
        np.testing.assert_allclose(z, expected, rtol=5e-7 if bits == 32 else 2e-15)
        opposite = quantiles.normal(kernels, 1 - 2.0**-width - u, bits)
        np.testing.assert_array_equal(opposite, -z)


def test_logarithm() -> None:
    from pluggrad.backends import quantiles

    kernels = plugins.backend("cpu").kernels
    for dtype, bits, digits in ((np.float32, 32, 2e-7), (np.float64, 64, 1e-15)):
        powers = 2.0 ** -np.arange(60.0)
        x = np.concatenate([np.linspace(1e-6, 1, 10001), powers, np.nextafter(powers[1:], 1)]).astype(dtype)
        np.testing.assert_allclose(quantiles.log(kernels, x, bits), np.log(x.astype(np.float64)), rtol=digits)


def draw_everything(device: str) -> list[Any]:
    pluggrad.manual_seed(9)
    on: dict[str, Any] = {"device": device}
    p = pluggrad.asarray([0.2, 0.5, 0.9], **on)
    rates = pluggrad.asarray([0.5, 9.0, 12.0, 300.0], dtype=pluggrad.float64, **on)
    results = [
        pluggrad.rand(3, **on), pluggrad.rand(3, dtype=pluggrad.complex128, **on), pluggrad.randn(2, 3, **on),
        pluggrad.randn(3, dtype=pluggrad.float64, **on), pluggrad.randn(3, dtype=pluggrad.complex64, **on),
        pluggrad.randint(-5, 5, (7,), **on), pluggrad.randint(-(2**63), 2**62, (7,), **on),
        pluggrad.randint(0, 2**64, (7,), dtype=pluggrad.uint64, **on), pluggrad.randperm(20, **on),
        pluggrad.normal(p, p), pluggrad.normal(1.0, 2.0, (3,), **on), pluggrad.bernoulli(p),
        pluggrad.multinomial(p, 9, True), pluggrad.multinomial(p, 2), pluggrad.poisson(rates),
        pluggrad.rand_like(p), pluggrad.randn_like(p), pluggrad.randint_like(p, 9),
        p.clone().uniform_(1, 2), p.clone().normal_(), p.clone().exponential_(2.0), p.clone().bernoulli_(0.5),
        p.clone().geometric_(0.3), p.clone().random_(), p.clone().cauchy_(), p.clone().log_normal_(),
    ]  # fmt: skip
    assert all(str(x.device).partition(":")[0] == device for x in results)
    return results


def test_every_device_draws_the_same() -> None:
    pytest.importorskip("array_api_strict")
    here, there = draw_everything("cpu"), draw_everything("strict")
    for x, y in zip(here[:-2], there[:-2], strict=True):
        assert x.dtype is y.dtype and x.tolist() == y.tolist()
    for x, y in zip(here[-2:], there[-2:], strict=True):  # by a library's own tan and exp
        np.testing.assert_allclose(x.tolist(), y.tolist(), rtol=1e-6)


# -- distributions -----------------------------------------------------------------------------------


def fits(sample: Any, distribution: Any) -> bool:
    """Kolmogorov and Smirnov's test. The seed is fixed, so it fails always or never."""
    return stats.kstest(np.asarray(sample, dtype=np.float64).reshape(-1), distribution).pvalue > 1e-3


def test_the_fit_is_tested() -> None:
    assert not fits(pluggrad.randn(COUNT).numpy(), stats.norm(0.02, 1).cdf)


@pytest.mark.parametrize("dtype", [pluggrad.float32, pluggrad.float64])
def test_continuous_distributions(dtype: pluggrad.dtype) -> None:
    empty = pluggrad.empty(COUNT, dtype=dtype)
    assert fits(pluggrad.rand(COUNT, dtype=dtype).numpy(), stats.uniform().cdf)
    assert fits(pluggrad.randn(COUNT, dtype=dtype).numpy(), stats.norm().cdf)
    assert fits(empty.uniform_(-3, 5).numpy(), stats.uniform(-3, 8).cdf)
    assert fits(empty.normal_(2, 3).numpy(), stats.norm(2, 3).cdf)
    assert fits(empty.exponential_(1.5).numpy(), stats.expon(scale=1 / 1.5).cdf)
    assert fits(empty.log_normal_(1, 0.5).numpy(), stats.lognorm(0.5, scale=math.e).cdf)
    assert fits(empty.cauchy_(1, 2).numpy(), stats.cauchy(1, 2).cdf)
    assert fits(pluggrad.normal(1.0, 2.0, (COUNT,), dtype=dtype).numpy(), stats.norm(1, 2).cdf)
    assert empty.exponential_().min().item() > 0


def test_moments_of_normals() -> None:
    z = pluggrad.randn(1_000_000, dtype=pluggrad.float64).numpy()
    for power, expected, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs((z**power).mean() - expected) < 4 * math.sqrt(spread / 1e6)
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 4e-3


def test_complex() -> None:
    z = pluggrad.randn(COUNT, dtype=pluggrad.complex64).numpy()
    assert fits(z.real, stats.norm(0, math.sqrt(0.5)).cdf) and fits(z.imag, stats.norm(0, math.sqrt(0.5)).cdf)
    assert abs(np.corrcoef(z.real, z.imag)[0, 1]) < 0.01
    u = pluggrad.rand(COUNT, dtype=pluggrad.complex128).numpy()
    assert fits(u.real, stats.uniform().cdf) and fits(u.imag, stats.uniform().cdf)


def test_half_precision_stays_below_one() -> None:
    u = pluggrad.rand(COUNT, dtype=pluggrad.float16)
    assert u.dtype is pluggrad.float16 and u.numpy().max() < 1
    assert pluggrad.randn(10, dtype=pluggrad.float16).dtype is pluggrad.float16


def chi_square(sample: np.ndarray, probabilities: np.ndarray) -> float:
    counts = np.bincount(sample.astype(int).reshape(-1), minlength=len(probabilities))
    return stats.chisquare(counts, probabilities / probabilities.sum() * sample.size).pvalue


@pytest.mark.parametrize(("low", "high"), [(0, 7), (-3, 3), (5, 6), (0, 256)])
def test_randint(low: int, high: int) -> None:
    x = pluggrad.randint(low, high, (COUNT,)).numpy()
    assert x.min() >= low and x.max() < high and x.dtype == np.int64
    if high - low > 1:
        assert chi_square(x - low, np.ones(high - low)) > 1e-3


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [
        (-(2**63), 2**63, "int64"), (-(2**63), 2**62, "int64"), (0, 3 * 2**61, "int64"), (0, 2**64, "uint64"),
        (2**63, 2**64, "uint64"), (5, 3 * 2**62, "uint64"), (-128, 128, "int8"), (0, 2, "bool"), (-5, 5, "float32"),
        (0, 2**33, "float64"),
    ],
)  # fmt: skip
def test_wide_ranges_are_uniform(low: int, high: int, dtype: str) -> None:
    x = pluggrad.randint(low, high, (20_000,), dtype=getattr(pluggrad, dtype)).numpy()
    # Exactly, in Python's integers: the place of each number in the range.
    places = np.array([(int(v) - low) / (high - low) for v in x.tolist()])
    assert places.min() >= 0 and places.max() < 1
    if high - low > 10**6:
        assert fits(places, stats.uniform().cdf)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 1000])
def test_randperm_is_a_permutation(n: int) -> None:
    p = pluggrad.randperm(n)
    assert p.dtype is pluggrad.int64
    assert sorted(p.tolist()) == list(range(n))


def test_randperm_is_uniform() -> None:
    orders = list(itertools.permutations(range(4)))
    found = np.array([orders.index(tuple(pluggrad.randperm(4).tolist())) for _ in range(6000)])
    assert chi_square(found, np.ones(24)) > 1e-3


def test_randperm_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way for more than 2**24, on fewer."""
    monkeypatch.setattr("pluggrad.random.sampling._MOST_MARKED", 10)
    p = pluggrad.randperm(1000)
    assert sorted(p.tolist()) == list(range(1000)) and p.tolist() != list(range(1000))


def test_bernoulli() -> None:
    p = pluggrad.asarray([0.0, 0.1, 0.5, 0.9, 1.0]).reshape(5, 1)
    x = pluggrad.bernoulli(pluggrad.broadcast_to(p, (5, COUNT)))
    means = x.numpy().mean(axis=1, dtype=np.float64)
    assert means[0] == 0 and means[4] == 1
    np.testing.assert_allclose(means, [0, 0.1, 0.5, 0.9, 1], atol=4e-3)
    assert pluggrad.zeros(COUNT, dtype=pluggrad.int64).bernoulli_(0.25).numpy().mean() == pytest.approx(0.25, abs=4e-3)
    assert pluggrad.zeros(3).bernoulli_(pluggrad.asarray([0.0, 1.0, 1.0])).tolist() == [0, 1, 1]
    assert pluggrad.zeros(2, 3).bernoulli_(pluggrad.asarray([0.0, 1.0, 1.0])).tolist() == [[0, 1, 1]] * 2
    assert pluggrad.zeros(COUNT).bernoulli(0.75).numpy().mean() == pytest.approx(0.75, abs=4e-3)


def test_geometric() -> None:
    x = pluggrad.empty(COUNT, dtype=pluggrad.int64).geometric_(0.3).numpy()
    assert x.min() == 1
    p = stats.geom(0.3).pmf(np.arange(1, 20))
    assert chi_square(np.minimum(x, 20) - 1, np.append(p, 1 - p.sum())) > 1e-3


@pytest.mark.parametrize("rate", [0.3, 4.0, 9.99, 10.0, 15.0, 47.3, 300.0, 1e5, 1e9, 1e14])
def test_poisson(rate: float) -> None:
    x = pluggrad.poisson(pluggrad.full((COUNT,), rate, dtype=pluggrad.float64)).numpy()
    assert all_equal(x, np.floor(x)) and x.min() >= 0
    distribution = stats.poisson(rate)
    if rate < 1000:
        low, high = (int(distribution.ppf(q)) for q in (1e-3, 1 - 1e-3))
        p = distribution.pmf(np.arange(low, high + 1))
        p[0], p[-1] = distribution.cdf(low), distribution.sf(high - 1)
        assert chi_square(np.clip(x, low, high) - low, p) > 1e-3
    else:  # continuous for all that a test can see
        noise = pluggrad.rand(COUNT, dtype=pluggrad.float64).numpy() - 0.5
        assert fits((x - rate + noise) / math.sqrt(rate), stats.norm().cdf) or rate < 1e6
        assert abs((x - rate).mean()) < 4 * math.sqrt(rate / COUNT)
        assert (x - rate).var() == pytest.approx(rate, rel=0.015)


def test_poisson_of_mixed_rates() -> None:
    rates = pluggrad.asarray([[0.0, 2.0], [50.0, 1000.0]])
    x = pluggrad.stack([pluggrad.poisson(rates) for _ in range(2000)]).numpy()
    assert x.dtype == np.float32
    np.testing.assert_allclose(x.mean(axis=0), rates.numpy(), rtol=0.06)


def test_multinomial_with_replacement() -> None:
    weights = np.array([0.0, 1.0, 0.0, 3.0, 2.0, 0.0])
    x = pluggrad.multinomial(pluggrad.asarray(weights), COUNT, replacement=True)
    assert x.dtype is pluggrad.int64 and x.shape == (COUNT,)
    counts = np.bincount(x.numpy(), minlength=6)
    assert counts[[0, 2, 5]].sum() == 0
    assert chi_square(np.array([0, 0, 0, 1, 2, 0])[x.numpy()], np.array([1.0, 3.0, 2.0])) > 1e-3
    rows = pluggrad.multinomial(pluggrad.asarray([[0.0, 1.0], [1.0, 0.0]]), 5, replacement=True)
    assert rows.tolist() == [[1] * 5, [0] * 5]


def test_multinomial_without_replacement() -> None:
    weights = pluggrad.asarray([1.0, 0.0, 2.0, 3.0])
    x = pluggrad.multinomial(pluggrad.broadcast_to(weights, (COUNT, 4)), 2).numpy()
    assert (x[:, 0] != x[:, 1]).all() and not (x == 1).any()
    # P(first, second) = w1 / 6 * w2 / (6 - w1)
    w = np.array([1.0, 0.0, 2.0, 3.0])
    expected = np.array([w[i] / 6 * w[j] / (6 - w[i]) if i != j else 0 for i in range(4) for j in range(4)])
    possible = np.flatnonzero(expected)
    found = np.searchsorted(possible, x[:, 0] * 4 + x[:, 1])
    assert chi_square(found, expected[possible]) > 1e-3


def test_random_() -> None:
    assert pluggrad.empty(1000, dtype=pluggrad.uint8).random_().numpy().max() > 240
    assert pluggrad.empty(1000, dtype=pluggrad.int8).random_().numpy().min() >= 0
    assert set(pluggrad.empty(100, dtype=pluggrad.bool).random_().tolist()) == {True, False}
    floats = pluggrad.empty(1000).random_().numpy()
    assert 2**23 < floats.max() <= 2**24 and all_equal(floats, np.floor(floats))
    assert set(pluggrad.empty(100).random_(3).tolist()) == {0.0, 1.0, 2.0}
    assert set(pluggrad.empty(100).random_(3, 5).tolist()) == {3.0, 4.0}
    assert pluggrad.empty(100, dtype=pluggrad.int8).random_(**{"from": 120}).numpy().min() >= 120


# -- forms -------------------------------------------------------------------------------------------


def test_shapes_dtypes_and_leaves() -> None:
    for function in (pluggrad.rand, pluggrad.randn):
        for x in (function(2, 3), function((2, 3)), function([2, 3]), function(size=(2, 3))):
            assert x.shape == (2, 3)
        assert function(()).shape == () and function(0, 3).shape == (0, 3)
        assert function(2).dtype is pluggrad.float32
        assert function(2, dtype=pluggrad.float64, requires_grad=True).requires_grad
        assert not function(2).requires_grad
        with pytest.raises(TypeError, match="a shape is required"):
            function()
        with pytest.raises(ValueError, match="no negative sizes"):
            function(-1)
    pluggrad.set_default_dtype(pluggrad.float64)
    assert pluggrad.rand(2).dtype is pluggrad.float64


def test_like() -> None:
    x = pluggrad.zeros(2, 3, dtype=pluggrad.float64)
    assert pluggrad.rand_like(x).dtype is pluggrad.float64 and pluggrad.randn_like(x).shape == (2, 3)
    assert pluggrad.randn_like(x, dtype=pluggrad.float32, device="cpu").dtype is pluggrad.float32
    assert pluggrad.randint_like(x, 3).dtype is pluggrad.float64
    assert set(pluggrad.randint_like(pluggrad.zeros(100), 3, 5, dtype=pluggrad.int8).tolist()) == {3, 4}
    with pytest.raises(TypeError, match="must be a floating-point type such as float32, got int64"):
        pluggrad.rand_like(pluggrad.zeros(2, dtype=pluggrad.int64))


def test_forms_of_randint() -> None:
    for x in (
        pluggrad.randint(3, (50,)), pluggrad.randint(0, 3, (50,)), pluggrad.randint(low=0, high=3, size=(50,)),
        pluggrad.randint(high=3, size=(50,)), pluggrad.randint(3, size=[50]),
    ):  # fmt: skip
        assert set(x.tolist()) == {0, 1, 2} and x.dtype is pluggrad.int64
    with pytest.raises(TypeError, match="size must be a sequence of ints"):
        pluggrad.randint(3, 5)


def test_forms_of_normal() -> None:
    assert pluggrad.normal(mean=0.5, std=pluggrad.arange(1.0, 6.0)).shape == (5,)
    assert pluggrad.normal(pluggrad.zeros(2, 1), pluggrad.ones(3)).shape == (2, 3)
    assert pluggrad.normal(pluggrad.full((COUNT,), 7.0), 0.001).numpy().mean() == pytest.approx(7, abs=1e-3)
    assert pluggrad.normal(pluggrad.zeros(2, dtype=pluggrad.float64)).dtype is pluggrad.float64
    assert pluggrad.normal(0, 1, (2, 2)).shape == pluggrad.normal(0.0, 1.0, size=(2, 2)).shape == (2, 2)
    assert pluggrad.normal(0.0, 1.0, (2,), requires_grad=True).is_leaf
    assert not pluggrad.normal(pluggrad.zeros(2, requires_grad=True)).requires_grad
    exact = pluggrad.normal(pluggrad.arange(3.0), pluggrad.zeros(3))
    assert exact.tolist() == [0, 1, 2]


def test_in_place_methods_return_the_tensor_and_keep_dtype() -> None:
    x = pluggrad.zeros(3, 4)
    view = x[0]
    for fill in (
        x.uniform_, x.normal_, x.exponential_, x.log_normal_, x.cauchy_, x.random_, x.bernoulli_,
    ):  # fmt: skip
        assert fill() is x and x.dtype is pluggrad.float32
        assert view.tolist() == x[0].tolist()  # the memory was written
    assert x.geometric_(0.5) is x


def test_in_place_in_the_graph() -> None:
    w = pluggrad.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        w.normal_()
    with pluggrad.no_grad():
        w.uniform_()
    y = w * 2
    z = y * y
    y.normal_()  # the graph keeps the old value
    z.sum().backward(retain_graph=True)
    np.testing.assert_allclose(w.grad.numpy(), 8 * w.detach().numpy(), rtol=1e-6)
    assert pluggrad.autograd.grad(y.sum(), w)[0].tolist() == [0.0] * 3  # of what was written over, as in PyTorch


# -- generators --------------------------------------------------------------------------------------


def test_seeds() -> None:
    g = pluggrad.Generator()
    assert g.manual_seed(5) is g and g.initial_seed() == 5
    first = pluggrad.randn(10, generator=g)
    assert all_equal(pluggrad.randn(10, generator=g.manual_seed(5)), first)
    assert not all_equal(pluggrad.randn(10, generator=g.manual_seed(6)), first)
    assert g.manual_seed(-1).initial_seed() == 2**64 - 1
    assert g.seed() == g.initial_seed()
    assert pluggrad.Generator().initial_seed() != pluggrad.Generator().initial_seed()
    assert pluggrad.manual_seed(3) is pluggrad.default_generator and pluggrad.initial_seed() == 3
    assert pluggrad.seed() == pluggrad.initial_seed()
    with pytest.raises(ValueError, match="between -2\\*\\*63 and 2\\*\\*64 - 1"):
        g.manual_seed(2**64)


def test_all_functions_take_a_generator() -> None:
    p = pluggrad.full((4,), 0.5)
    calls = [
        lambda g: pluggrad.rand(4, generator=g), lambda g: pluggrad.randn(4, generator=g),
        lambda g: pluggrad.randint(100, (4,), generator=g), lambda g: pluggrad.randperm(50, generator=g),
        lambda g: pluggrad.normal(p, generator=g), lambda g: pluggrad.normal(0.0, 1.0, (4,), generator=g),
        lambda g: pluggrad.bernoulli(pluggrad.full((99,), 0.5), generator=g),
        lambda g: pluggrad.multinomial(p, 99, True, generator=g),
        lambda g: pluggrad.poisson(p * 99, generator=g), lambda g: pluggrad.rand_like(p, generator=g),
        lambda g: pluggrad.randn_like(p, generator=g), lambda g: pluggrad.randint_like(p, 1000, generator=g),
        lambda g: p.clone().uniform_(generator=g), lambda g: p.clone().normal_(generator=g),
        lambda g: p.clone().exponential_(generator=g), lambda g: p.clone().log_normal_(generator=g),
        lambda g: p.clone().cauchy_(generator=g), lambda g: p.clone().random_(generator=g),
        lambda g: pluggrad.zeros(99).geometric_(0.1, generator=g), lambda g: pluggrad.zeros(99).bernoulli_(generator=g),
    ]  # fmt: skip
    g = pluggrad.Generator().manual_seed(1)
    state = pluggrad.get_rng_state()
    for call in calls:
        first, second = call(g.manual_seed(1)), call(g)
        assert all_equal(call(g.manual_seed(1)), first) and not all_equal(first, second)
    assert all_equal(pluggrad.get_rng_state(), state)  # the default generator was left alone


def test_states() -> None:
    state = pluggrad.get_rng_state()
    assert state.dtype is pluggrad.uint8 and state.shape == (16,) and str(state.device) == "cpu"
    first = pluggrad.rand(100)
    pluggrad.set_rng_state(state)
    assert all_equal(pluggrad.rand(100), first)
    g = pluggrad.Generator().manual_seed(2)
    pluggrad.rand(7, generator=g)
    for other in (pickle.loads(pickle.dumps(g)), g.clone_state()):
        assert all_equal(pluggrad.rand(5, generator=other), pluggrad.rand(5, generator=g.clone_state()))
    with pytest.raises(TypeError, match="expected a uint8 tensor"):
        g.set_state(pluggrad.zeros(16))
    with pytest.raises(ValueError, match=r"a state has 16 bytes, got shape \(5056,\)"):
        g.set_state(pluggrad.zeros(5056, dtype=pluggrad.uint8))


def test_fork_rng() -> None:
    before = pluggrad.get_rng_state()
    with pluggrad.random.fork_rng():
        pluggrad.manual_seed(1)
        pluggrad.rand(3)
    assert all_equal(pluggrad.get_rng_state(), before)
    with pluggrad.random.fork_rng(enabled=False):
        pluggrad.rand(3)
    assert not all_equal(pluggrad.get_rng_state(), before)


def test_threads_share_a_generator() -> None:
    g = pluggrad.Generator().manual_seed(0)
    found: list[list[float]] = []

    def draw() -> None:
        found.extend(pluggrad.rand(8, generator=g).tolist() for _ in range(200))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = pluggrad.rand(6400, generator=g.manual_seed(0)).reshape(800, 8).tolist()
    assert sorted(found) == sorted(whole)  # each number once


# -- bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pluggrad.randint(5, 3, (2,)), ValueError, "'from' to be less than 'to', but got from=5 >= to=3"),
        (lambda: pluggrad.randint(0, 300, (2,), dtype=pluggrad.uint8), ValueError, "to 299 is out of bounds for uint8"),
        (lambda: pluggrad.randint(0, 3, (2,), dtype=pluggrad.complex64), TypeError, "be integral.*got complex64"),
        (lambda: pluggrad.randperm(-1), ValueError, "n must not be negative, got -1"),
        (lambda: pluggrad.randperm(300, dtype=pluggrad.uint8), ValueError, "out of bounds for uint8"),
        (lambda: pluggrad.rand(2, dtype=pluggrad.int64), TypeError, "rand: the dtype must be a floating-point type"),
        (lambda: pluggrad.normal(pluggrad.zeros(2), -1.0), ValueError, "std >= 0.0, but found std -1.0"),
        (lambda: pluggrad.normal(0.0, pluggrad.asarray([-1.0])), ValueError, "all elements of std >= 0.0"),
        (lambda: pluggrad.normal(0.0, 1.0), TypeError, "a size is required"),
        (lambda: pluggrad.normal(pluggrad.zeros(2), size=(2,)), TypeError, "size is for numbers only"),
        (lambda: pluggrad.normal(pluggrad.arange(2), 1.0), TypeError, "normal: the dtype must be a floating-point"),
        (lambda: pluggrad.bernoulli(pluggrad.asarray([2.0])), ValueError, r"all probabilities to be in \[0, 1\]"),
        (lambda: pluggrad.bernoulli(pluggrad.asarray([1])), TypeError, "bernoulli: the dtype must be a floating"),
        (lambda: pluggrad.zeros(2).bernoulli_(1.5), ValueError, r"p to be in \[0, 1\], but got p=1.5"),
        (lambda: pluggrad.zeros(2).uniform_(2, 1), ValueError, "found from=2 > to=1"),
        (lambda: pluggrad.zeros(2).normal_(0, -1), ValueError, "found std -1"),
        (lambda: pluggrad.zeros(2).exponential_(0), ValueError, "found lambda=0"),
        (lambda: pluggrad.zeros(2).cauchy_(0, 0), ValueError, "found sigma=0"),
        (lambda: pluggrad.zeros(2).log_normal_(0, 0), ValueError, "found std=0"),
        (lambda: pluggrad.zeros(2).geometric_(1), ValueError, r"p to be in \(0, 1\), but got p=1"),
        (lambda: pluggrad.zeros(2).random_(5, 2), ValueError, "got from=5 >= to=2"),
        (lambda: pluggrad.zeros(2, dtype=pluggrad.int64).uniform_(), TypeError, "uniform_: the dtype must be"),
        (lambda: pluggrad.zeros(2, dtype=pluggrad.complex64).random_(), TypeError, "random_: the dtype must be"),
        (lambda: pluggrad.zeros(2).uniform_(low=1), TypeError, r"unexpected keyword arguments \['low'\]"),
        (lambda: pluggrad.poisson(pluggrad.asarray([-1.0])), ValueError, "invalid Poisson rate"),
        (lambda: pluggrad.poisson(pluggrad.asarray([1])), TypeError, "rates must be of a floating-point dtype"),
        (lambda: pluggrad.multinomial(pluggrad.ones(2, 2, 2), 1), ValueError, "must be 1-D or 2-D"),
        (lambda: pluggrad.multinomial(pluggrad.ones(3), 0), ValueError, "n_sample <= 0 samples, got 0"),
        (lambda: pluggrad.multinomial(pluggrad.ones(3), 4), ValueError, "cannot sample 4 categories without"),
        (lambda: pluggrad.multinomial(pluggrad.asarray([1.0, 0.0]), 2), ValueError, "fewer of positive weight"),
        (lambda: pluggrad.multinomial(pluggrad.zeros(3), 1), ValueError, "sum of probabilities <= 0"),
        (lambda: pluggrad.multinomial(pluggrad.asarray([1.0, -1.0]), 1), ValueError, "inf, nan or an element < 0"),
        (lambda: pluggrad.multinomial(pluggrad.arange(3), 1), TypeError, "multinomial: the dtype must be"),
    ],
)  # fmt: skip
def test_mistakes(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    if error is ValueError:
        assert isinstance(caught.value, RuntimeError)  # what PyTorch's users catch


# -- speed -------------------------------------------------------------------------------------------


def test_randn_is_about_as_fast_as_numpys() -> None:
    generator = np.random.default_rng(0)

    def best(function: Any) -> float:
        times = []
        for _ in range(15):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        return min(times)

    ours = best(lambda: pluggrad.randn(1_000_000))
    numpys = best(lambda: generator.standard_normal(1_000_000, dtype=np.float32))
    assert ours < 2.5 * numpys, f"{ours * 1e3:.1f} ms, NumPy {numpys * 1e3:.1f} ms"


def test_raw_draws_keep_the_shape() -> None:
    array_type = plugins.array_type("cpu", pluggrad.float32)
    assert draws.uniform((2, 3), array_type).shape == draws.normal((2, 3), array_type).shape == (2, 3)
    assert draws.exponential((), array_type).shape == ()
