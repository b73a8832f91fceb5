"""Rules that are derived from a forward, beside differentiation by the engine."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad.autograd.derived import derived_vjp
from pluggrad.function import registry
from pluggrad.ops.declare import composite


def _forward(xp: Any, *arrays: Any) -> tuple[Any, ...]:
    x, y, _ = arrays
    return xp.exp(x) * y, xp.sum(x * x * y, axis=(0,), keepdims=False)


def _rule(xp: Any, g: Any, arrays: Any, needs: Any) -> tuple[Any, ...]:
    return derived_vjp(xp, _forward, g, arrays, needs)


@pytest.fixture
def derived() -> Any:
    call = composite(name="test_of_derived_vjp", many=True, vjp=_rule)(_forward)
    yield call
    registry.remove(registry.get("test_of_derived_vjp"))  # type: ignore[arg-type]


def _inputs() -> list[pluggrad.Tensor]:
    pluggrad.manual_seed(0)
    return [pluggrad.randn(3, dtype=pluggrad.float64, requires_grad=True) for _ in range(3)]


def _plain(x: Any, y: Any, z: Any) -> tuple[Any, ...]:
    return x.exp() * y, (x * x * y).sum(0)


def test_gradients_of_any_order(derived: Any) -> None:
    x, y, z = _inputs()

    def gradients(f: Any) -> list[Any]:
        a, b = f(x, y, z)
        first = pluggrad.autograd.grad((a**2).sum() * b, [x, y], create_graph=True)
        second = pluggrad.autograd.grad(sum((g**2).sum() for g in first), [x, y], create_graph=True)
        return [*first, *second, *pluggrad.autograd.grad(sum((g**2).sum() for g in second), [x, y])]

    for found, expected in zip(gradients(derived), gradients(_plain), strict=True):
        assert pluggrad.allclose(found, expected, rtol=1e-10)


def test_what_does_not_matter_has_no_gradient(derived: Any) -> None:
    x, y, z = _inputs()
    assert pluggrad.autograd.grad(derived(x, y, z)[0].sum(), z, allow_unused=True) == (None,)


def test_inputs_that_depend_on_each_other(derived: Any) -> None:
    x, _, z = _inputs()
    found, expected = (
        pluggrad.autograd.grad(pluggrad.autograd.grad(f(x, x * 2, z)[0].sum(), x, create_graph=True)[0].sum(), x)[0]
        for f in (derived, _plain)
    )
    assert pluggrad.allclose(found, expected)


def test_transforms(derived: Any) -> None:
    x, y, z = (t.detach() for t in _inputs())
    for transform in (
        lambda f: pluggrad.func.vmap(pluggrad.func.grad(lambda a, b, c: f(a[None], b[None], c[None])[1])),
        lambda f: pluggrad.func.jacfwd(lambda a, b, c: f(a, b, c)[0]),
        lambda f: pluggrad.func.hessian(lambda a, b, c: f(a, b, c)[1]),
    ):
        assert pluggrad.allclose(transform(derived)(x, y, z), transform(_plain)(x, y, z))
