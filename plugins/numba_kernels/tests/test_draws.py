"""Random numbers: those of the default kernels, to the bit, whoever makes them."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

draws = pytest.importorskip("pluggrad_numba.draws")
strict = pytest.importorskip("pluggrad_strict")


def of_default(name, **options):
    kernels = pluggrad.zeros(1, device="strict")._type.kernels
    device = pluggrad.zeros(1, device="strict")._type.native_device
    return np.asarray(getattr(kernels, name)(**options, device=device)._array)


@pytest.mark.cpu
@pytest.mark.parametrize("count", [1, 8, 1000, 20_003])
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("name", ["random_uniform", "random_normal", "random_exponential"])
def test_to_the_bit_as_the_default(monkeypatch, name, bits, count):
    monkeypatch.setattr(draws, "_LEAST", 0)
    kernels = pluggrad.zeros(1, device="cpu")._type.kernels
    before = pluggrad.get_num_threads()
    for seed, block in ((0, 0), (2**64 - 1, 12345), (7, 2**40)):
        options = {"seed": seed, "block": block, "count": count, "bits": bits}
        expected = of_default(name, **options)
        for threads in (1, 2):
            pluggrad.set_num_threads(threads)
            out = getattr(kernels, name)(**options, device="cpu")
            np.testing.assert_array_equal(out.view(np.uint8), expected.view(np.uint8))
    pluggrad.set_num_threads(before)


@pytest.mark.cpu
@pytest.mark.parametrize("make", [pluggrad.rand, pluggrad.randn])
def test_large_and_small_calls_follow_each_other(make):
    def some():
        pluggrad.manual_seed(3)
        return [make(n, device="cpu").numpy() for n in (10, 40_000, 5, 16_384, 9)]

    def of_strict():
        pluggrad.manual_seed(3)
        return [np.asarray(make(n, device="strict").tolist(), np.float32) for n in (10, 40_000, 5, 16_384, 9)]

    for ours, theirs in zip(some(), of_strict(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
