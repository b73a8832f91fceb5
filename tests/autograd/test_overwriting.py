"""Large cotangents that nobody else needs are written over: which saves memory, and is never to be seen."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import pluggrad
from pluggrad.nn import functional

SIZE = 1 << 17

FUNCTIONS = {
    "relu": functional.relu, "gelu": functional.gelu, "silu": functional.silu, "sigmoid": pluggrad.sigmoid,
    "tanh": pluggrad.tanh, "exp": pluggrad.exp, "log": lambda x: pluggrad.log(abs(x) + 1), "times": lambda x: x * 3,
    "through": lambda x: x / 3, "less": lambda x: 3 - x, "negative": lambda x: -x,
}  # fmt: skip


def numbers(*shape: int, seed: int = 0) -> pluggrad.Tensor:
    values = np.random.default_rng(seed).standard_normal(shape or (SIZE,), np.float32)
    return pluggrad.from_numpy(values)


@pytest.fixture(params=FUNCTIONS)
def function(request):
    return FUNCTIONS[request.param]


@pytest.fixture
def plainly(monkeypatch):
    """Call a function while nothing is written over."""
    kernels = numbers(1)._type.kernels

    def call(function):
        with monkeypatch.context() as patch:
            patch.setattr(kernels, "is_spare", lambda x: False)
            return function()

    return call


def equal(found, expected):
    assert len(found) == len(expected)
    for one, two in zip(found, expected, strict=True):
        assert one.tolist() == two.tolist()


def test_a_cotangent_of_its_own_is_written_over():
    """Of relu: the gradient takes the memory of the cotangent, for each of a row of them."""
    x = numbers().requires_grad_()

    def program():
        y = x
        for _ in range(6):
            y = y.relu()
        x.grad = None
        return y * 1

    g = numbers(seed=1)
    program().backward(g)  # what is compiled, is compiled now
    y = program()
    tracemalloc.start()
    try:
        y.backward(g)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * g._array.nbytes


def test_all_that_a_user_sees(function, plainly):
    """Hooks, retain_grad, the gradient that was given, and the same backward once more."""

    def program():
        seen = []
        x = numbers().requires_grad_()
        a = function(x * 1)
        b = function(a)
        c = function(b)
        a.register_hook(seen.append)
        b.retain_grad()
        given = numbers(seed=1)
        c.backward(given, retain_graph=True)
        first = x.grad.clone()
        c.backward(given)
        return [given, first, x.grad, b.grad, *seen, a.detach(), b.detach(), c.detach()]

    found = program()
    equal(found, plainly(program))
    equal(found[:1], [numbers(seed=1)])


def test_one_cotangent_of_two(function, plainly):
    """``add`` hands the same array to both; the one who comes last may have it."""

    def program():
        x, y = numbers().requires_grad_(), numbers(seed=2).requires_grad_()
        (function(function(x)) + function(function(y)) + function(x) * 2).backward(numbers(seed=1) * 1)
        return [x.grad, y.grad]

    equal(program(), plainly(program))


def test_sums_of_cotangents(function, plainly):
    def program():
        x = numbers().requires_grad_()
        a = function(x)
        b = a + function(a) + a * numbers(seed=3) + a
        gradients = pluggrad.autograd.grad(b.sum(), [a, x], retain_graph=True)
        (b * numbers(seed=4)).sum().backward()
        return [*gradients, x.grad]

    equal(program(), plainly(program))


def test_views(function, plainly):
    def program():
        x = numbers(512, 256).requires_grad_()
        row = numbers(256, seed=5).requires_grad_()
        a = function(x.T).reshape(-1)
        b = function(row.expand(512, 256)).T.reshape(-1)
        c = function(a[: SIZE // 2]), function(a[SIZE // 2 :])
        (pluggrad.concat(c) * b * numbers(seed=1)).sum().backward()
        return [x.grad, row.grad]

    equal(program(), plainly(program))


def test_gradients_kept_between_steps(function, plainly):
    def program():
        x = numbers().requires_grad_()
        kept = []
        for seed in range(3):
            function(function(x) * numbers(seed=seed)).sum().backward()
            kept.append(x.grad)
            x.grad = None
        return kept

    equal(program(), plainly(program))


def test_create_graph_writes_over_nothing(function, plainly):
    def program():
        x = numbers().requires_grad_()
        (g,) = pluggrad.autograd.grad(function(function(x)).sum(), [x], create_graph=True)
        (h,) = pluggrad.autograd.grad((g * x).sum(), [x])
        return [g.detach(), h]

    equal(program(), plainly(program))


def test_memory_of_numpy(function):
    """A gradient that came from NumPy, and one that NumPy still sees, keep their values."""
    given = np.ones(SIZE, np.float32)
    x = numbers().requires_grad_()
    y = function(function(x))
    seen = []
    y.register_hook(lambda g: seen.append(g.numpy()))
    y.backward(pluggrad.from_numpy(given))
    assert (given == 1).all()
    assert (seen[0] == 1).all()
