"""Samples: every registered function has some, and they can be called."""

from __future__ import annotations

import itertools
import math

import pytest

import pluggrad
import pluggrad.nn
import pluggrad.optim
from pluggrad.function import functions
from pluggrad.testing.conformance.reference import is_elementwise
from pluggrad.testing.samples import all_samples, samples_of
from pluggrad.testing.samples.spec import call, distinct, integer, larger_samples_of, real


@pytest.mark.parametrize("name", sorted(functions()))
def test_every_function_has_samples(name: str) -> None:
    assert samples_of(name), (
        f"{name} has no sample inputs in pluggrad/testing/samples: the conformance suite leaves it out"
    )


#: Functions that nothing has no value for: the public ones refuse it, or give NaN without calling them.
NEVER_EMPTY = {"batch_norm", "batch_norm_gradients", "lower_median"}


@pytest.mark.parametrize("name", sorted(functions()))
def test_every_function_meets_empty_and_large_arrays(name: str) -> None:
    if is_elementwise(functions()[name]):
        return  # the conformance suite makes shapes for these
    larger = larger_samples_of(name)
    sizes = [[math.prod(s.shape) for s in sample.arrays if s is not None] for sample in larger]
    where = "in pluggrad/testing/samples/larger"
    assert sizes, f"{name} has no samples {where}: the conformance suite tries it on no empty and no large arrays"
    assert max(sizes[0], default=0) >= 100 or name == "new_zeros", f"the first sample of {name} {where} is a large one"
    shapes = [s.parameters.get("size", s.parameters.get("shape", ())) for s in larger]  # of what a function makes
    empty = any(0 in of_one or (isinstance(s, tuple) and 0 in s) for of_one, s in zip(sizes, shapes, strict=True))
    assert empty or name in NEVER_EMPTY, f"{name} has no sample {where} of an empty array"


@pytest.mark.parametrize("name", sorted(all_samples()))
def test_samples_fit_the_signature(name: str) -> None:
    assert name in functions(), f"there are samples of {name!r}, which is no registered function"
    function = functions()[name]
    for sample in (*samples_of(name), *larger_samples_of(name)):
        unknown = set(sample.parameters) - set(function.parameters)
        assert not unknown, f"{name} has no parameters {unknown}"
        required = len(function.arrays) - len(function.optional)
        assert function.variadic or required <= len(sample.arrays) <= len(function.arrays)


def test_values_are_the_same_for_the_same_seed() -> None:
    spec = real(2, 3)
    assert spec.values(4) == spec.values(4) != spec.values(5)
    assert all(isinstance(v, complex) for row in spec.values(4, is_complex=True) for v in row)


def test_distinct_values_are_apart() -> None:
    flat = sorted(v for row in distinct(4, 5).values(0) for v in row)
    assert min(b - a for a, b in itertools.pairwise(flat)) > 0.04


def test_integers_stay_in_their_range() -> None:
    flat = integer(100, low=-2, high=3).values(0)
    assert set(flat) == {-2, -1, 0, 1, 2}


def test_a_call_keeps_its_parameters() -> None:
    sample = call(real(2), axis=(0,))
    assert sample.parameters == {"axis": (0,)}
    assert pluggrad.tensor(sample.arrays[0].values(0)).shape == (2,)
