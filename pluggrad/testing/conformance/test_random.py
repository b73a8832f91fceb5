"""Random numbers: a seed gives the same stream as on every other backend, bit for bit."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad.device import Device
from pluggrad.dtypes import FLOATING, DType
from pluggrad.random import Generator, draws
from pluggrad.tensor import make

from .reference import DEVICE, host, numpy, reference
from .target import Target, only

SEEDS = (0, 1, 2**63 + 12345)
BLOCKS = (0, 7, 2**40)
COUNTS = (0, 1, 5, 1000, 100_003)


def raw(target: Target, array: Any) -> Any:
    """A backend's array as a NumPy array."""
    return host(make(array, target.loaded.type_of(array)))


@pytest.mark.parametrize("seed", SEEDS)
def test_bits(target: Target, seed: int) -> None:
    """The words of Philox4x64-10."""
    np = numpy()
    native = target.loaded.array_type(target.device, pluggrad.uint64).native_device
    for block in BLOCKS:
        for count in COUNTS:
            got = target.loaded.kernels.random_bits(seed=seed, block=block, count=count, device=native)
            want = reference().kernels.random_bits(seed=seed, block=block, count=count, device="cpu")
            assert target.loaded.type_of(got) is target.loaded.array_type(target.device, pluggrad.uint64)
            assert np.array_equal(raw(target, got), want), (
                f"random_bits(seed={seed}, block={block}, count={count}) differs"
            )


def test_the_reference_is_philox() -> None:
    """The first words of seed 0, as published with the algorithm's test vectors and by numpy.random.Philox(key=0)."""
    words = reference().kernels.random_bits(seed=0, block=0, count=4, device="cpu")
    assert words.tolist() == numpy().random.Philox(key=0).random_raw(4).tolist()


@pytest.mark.parametrize("kind", ["random_uniform", "random_normal", "random_exponential"])
def test_numbers(target: Target, kind: str) -> None:
    np = numpy()
    native = target.loaded.array_type(target.device, pluggrad.float32).native_device
    for bits in (32, 64):
        for count in (0, 1, 5, 1000, 100_003):
            given: dict[str, Any] = {"seed": 3, "block": 11, "count": count, "bits": bits}
            got = getattr(target.loaded.kernels, kind)(**given, device=native)
            want = getattr(reference().kernels, kind)(**given, device="cpu")
            assert target.loaded.type_of(got).dtype.bits == bits
            differ = int(np.sum(raw(target, got) != want))
            assert not differ, f"{kind}(bits={bits}, count={count}): {differ} of {count} numbers differ in their bits"


DRAWS: dict[str, Any] = {
    "uniform": lambda t, g: draws.uniform((50, 3), t, g),
    "normal": lambda t, g: draws.normal((50, 3), t, g),
    "exponential": lambda t, g: draws.exponential((151,), t, g),
}


@only(lambda dtype: dtype.kind in FLOATING and dtype.name != "bfloat16")  # which NumPy, and so the reference, has not
@pytest.mark.parametrize("kind", list(DRAWS))
def test_draws(target: Target, dtype: DType, kind: str) -> None:
    if dtype.is_complex and kind == "exponential":
        return
    got = DRAWS[kind](target.loaded.array_type(target.device, dtype), Generator().manual_seed(5))
    want = DRAWS[kind](reference().array_type(Device(DEVICE), dtype), Generator().manual_seed(5))
    assert target.loaded.type_of(got).dtype is dtype
    assert raw(target, got).tobytes() == numpy().asarray(want).tobytes()


@pytest.mark.parametrize(("low", "high"), [(0, 2), (-3, 10), (0, 2**40 + 1), (0, 100)])
def test_integers(target: Target, low: int, high: int) -> None:
    got = draws.integers(
        (100,), low, high, target.loaded.array_type(target.device, pluggrad.int64), Generator().manual_seed(5)
    )
    want = draws.integers(
        (100,), low, high, reference().array_type(Device(DEVICE), pluggrad.int64), Generator().manual_seed(5)
    )
    values = raw(target, got)
    assert values.tolist() == want.tolist()
    assert low <= values.min()
    assert values.max() < high


def test_a_generator_goes_on(target: Target) -> None:
    """The stream does not depend on how it is cut up, and a state is come back to."""
    g = Generator().manual_seed(1)
    first, second = (pluggrad.rand(8, generator=g, device=target.device) for _ in range(2))
    g.manual_seed(1)
    assert pluggrad.rand(16, generator=g, device=target.device).tolist() == first.tolist() + second.tolist()
    state = g.get_state()
    one = pluggrad.randn(5, generator=g, device=target.device)
    g.set_state(state)
    assert pluggrad.randn(5, generator=g, device=target.device).tolist() == one.tolist()


def test_a_permutation(target: Target) -> None:
    p = pluggrad.randperm(1000, generator=Generator().manual_seed(2), device=target.device)
    assert p.device is target.device
    assert sorted(p.tolist()) == list(range(1000))
    host_ = pluggrad.randperm(1000, generator=Generator().manual_seed(2), device="cpu")
    assert p.tolist() == host_.tolist()
