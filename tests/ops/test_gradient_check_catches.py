"""The check of test_gradients.py, checked: planted wrong rules fail it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import pluggrad
from pluggrad.function import registry
from pluggrad.ops.declare import composite
from pluggrad.testing.samples.spec import Sample, call, real

from .test_gradients import check

Declare = Callable[..., None]


@pytest.fixture
def declare() -> Iterator[Declare]:
    """Declares a function for one test."""
    added: list[str] = []

    def add(name: str, forward: Any, **properties: Any) -> None:
        composite(name=name, **properties)(forward)
        added.append(name)

    yield add
    for name in added:
        del registry._functions[name]


def _product(xp: Any, x1: Any, x2: Any, /) -> Any:
    return x1 * x2 * x2


PRODUCT: Sample = call(real(2, 3), real(2, 3))


def test_a_right_rule_passes(declare: Declare) -> None:
    rules = [lambda xp, g, x2: g * x2 * x2, lambda xp, g, x1, x2: 2 * g * x1 * x2]
    declare("planted_right", _product, vjp=rules)
    check("planted_right", PRODUCT, pluggrad.float64)


@pytest.mark.parametrize("which", [0, 1])
def test_a_wrong_rule_of_one_argument_is_caught(declare: Declare, which: int) -> None:
    rules = [lambda xp, g, x2: g * x2 * x2, lambda xp, g, x1, x2: 2 * g * x1 * x2]
    rules[which] = [lambda xp, g, x2: g * x2, lambda xp, g, x1, x2: g * x1 * x2][which]
    declare("planted_wrong", _product, vjp=rules)
    with pytest.raises(AssertionError):
        check("planted_wrong", PRODUCT, pluggrad.float64)


def test_a_rule_right_at_first_and_wrong_at_second_order_is_caught(declare: Declare) -> None:
    def hidden(xp: Any, g: Any, x: Any) -> Any:
        saved = x.detach() if isinstance(x, pluggrad.Tensor) else x  # loses its place in the graph
        return 3 * g * saved * saved

    declare("planted_second", lambda xp, x, /: x * x * x, vjp=hidden)
    with pytest.raises(AssertionError):
        check("planted_second", call(real(2, 3)), pluggrad.float64)


def test_a_forgotten_conjugate_is_caught(declare: Declare) -> None:
    declare("planted_complex", lambda xp, x, /: x * x, vjp=lambda xp, g, x: 2 * g * x)
    check("planted_complex", call(real(2, 3)), pluggrad.float64)
    with pytest.raises(AssertionError):
        check("planted_complex", call(real(2, 3)), pluggrad.complex128)


def test_a_rule_that_forgets_to_sum_over_broadcast_axes_is_caught(declare: Declare) -> None:
    rules = [lambda xp, g: g, lambda xp, g: g]
    declare("planted_broadcast", lambda xp, x1, x2, /: x1 + x2, vjp=rules, broadcasts=False)
    with pytest.raises((AssertionError, RuntimeError, ValueError)):
        check("planted_broadcast", call(real(2, 3), real(3)), pluggrad.float64)
