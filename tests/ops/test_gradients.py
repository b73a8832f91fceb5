"""Every derivative rule against central differences in float64 and complex128, first and second order.

Generated from the registry: a differentiable function without samples fails.
"""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad.function import functions
from pluggrad.testing.conformance.reference import COPYING
from pluggrad.testing.conformance.target import Target
from pluggrad.testing.samples import Sample, determined, samples_of

DIFFERENTIABLE = sorted(name for name, f in functions().items() if f.differentiable)
CASES = [(name, i) for name in DIFFERENTIABLE for i in range(len(samples_of(name)))]


def make_inputs(sample: Sample, dtype: pluggrad.dtype) -> list[pluggrad.Tensor]:
    inputs = []
    for seed, spec in enumerate(sample.arrays):
        values = spec.values(seed, dtype.is_complex)
        inputs.append(pluggrad.tensor(values, dtype=dtype if spec.floating else None))
    return inputs


def scalar_of(name: str, sample: Sample, inputs: list[pluggrad.Tensor], seed: int = 7) -> pluggrad.Tensor:
    """A smooth real function of all differentiable outputs: a weighted sum, whose weights tell the outputs apart."""
    function = functions()[name]
    outputs = function.call(*inputs, **sample.parameters)
    if not isinstance(outputs, tuple):
        outputs = (outputs,)
    total: Any = None
    outputs = [o for k, o in enumerate(outputs) if not (function.outputs and function.outputs[k] in function.constant)]
    for k, out in enumerate(determined(name, outputs)):
        if not out.dtype.is_differentiable:
            continue
        weights = pluggrad.cos(pluggrad.arange(float(out.size), dtype=pluggrad.float64) + float(seed + k)).reshape(
            out.shape
        )
        term = pluggrad.sum(pluggrad.real(out) * weights)
        if out.dtype.is_complex:
            term = term + pluggrad.sum(pluggrad.imag(out) * (weights * 0.7))
        total = term if total is None else total + term
    return total


def central_difference(f: Any, inputs: list[pluggrad.Tensor], directions: list[Any], eps: float = 1e-6) -> float:
    with pluggrad.no_grad():
        high = f([x if d is None else x + d * eps for x, d in zip(inputs, directions, strict=True)])
        low = f([x if d is None else x - d * eps for x, d in zip(inputs, directions, strict=True)])
        return (high - low).item() / (2 * eps)


def directions_for(inputs: list[pluggrad.Tensor], active: list[int]) -> list[Any]:
    out: list[Any] = [None] * len(inputs)
    for i in active:
        x = inputs[i]
        d = pluggrad.sin(pluggrad.arange(float(x.size), dtype=pluggrad.float64) * 1.3 + 0.4 + i).reshape(x.shape)
        if x.dtype.is_complex:
            d = d + 1j * pluggrad.cos(d * 3.0)
        out[i] = d
    return out


def along(grads: tuple[Any, ...], inputs: list[pluggrad.Tensor], directions: list[Any], active: list[int]) -> Any:
    """The directional derivative that the gradients predict."""
    total: Any = 0.0
    for g, i in zip(grads, active, strict=True):
        d = directions[i]
        assert g.shape == inputs[i].shape and g.dtype is inputs[i].dtype
        total = total + pluggrad.sum(pluggrad.real(pluggrad.conj(g) * d))
    return total


def active_inputs(name: str, inputs: list[pluggrad.Tensor]) -> list[int]:
    function = functions()[name]
    if function.variadic:
        return list(range(len(inputs)))
    return [
        i
        for i, rule in enumerate(function.rules)
        if rule is not None and i < len(inputs) and inputs[i].dtype.is_differentiable
    ]


def check(name: str, sample: Sample, dtype: pluggrad.dtype) -> None:
    inputs = make_inputs(sample, dtype)
    if name in COPYING and not Target(str(inputs[0].device)).has_view(functions()[name]):
        pytest.skip(f"this backend cannot make the view {name}; {COPYING[name]} is checked in its place")
    active = active_inputs(name, inputs)
    directions = directions_for(inputs, active)

    def f(xs: list[pluggrad.Tensor]) -> pluggrad.Tensor:
        return scalar_of(name, sample, xs)

    def gradient(xs: list[pluggrad.Tensor], create_graph: bool) -> tuple[Any, ...]:
        return pluggrad.autograd.grad(f(xs), [xs[i] for i in active], create_graph=create_graph, materialize_grads=True)

    for i in active:
        inputs[i].requires_grad_()
    grads = gradient(inputs, False)
    expected = central_difference(f, inputs, directions)
    assert along(grads, inputs, directions, active).item() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    for i in active:  # each argument alone: a rule that is never reached would hide in the sum
        one = [d if j == i else None for j, d in enumerate(directions)]
        g = along((grads[active.index(i)],), inputs, one, [i])
        assert g.item() == pytest.approx(central_difference(f, inputs, one), rel=1e-5, abs=1e-6)

    # Second order: the derivative of the directional derivative, the rules run on Tensors.
    def slope(xs: list[pluggrad.Tensor]) -> pluggrad.Tensor:
        with pluggrad.enable_grad():
            xs = [x if x.requires_grad or not x.dtype.is_differentiable else x.detach().requires_grad_() for x in xs]
            return along(gradient(xs, True), xs, directions, active)

    first = slope(inputs)
    assert first.item() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    other = [None if d is None else d * 0.5 + 0.3 for d in directions]
    if first.requires_grad:
        second = pluggrad.autograd.grad(first, [inputs[i] for i in active], materialize_grads=True)
        predicted = along(second, inputs, other, active).item()
    else:
        predicted = 0.0  # linear in all arguments
    numeric = central_difference(lambda xs: slope(xs).detach(), inputs, other)
    assert predicted == pytest.approx(numeric, rel=2e-4, abs=2e-5)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_every_differentiable_function_has_samples(name: str) -> None:
    assert samples_of(name), f"{name} has a derivative but no sample inputs in pluggrad.testing.samples"


@pytest.mark.parametrize(("name", "i"), [(n, i) for n, i in CASES if "real floating" in functions()[n].kinds])
def test_gradient_float64(name: str, i: int) -> None:
    check(name, samples_of(name)[i], pluggrad.float64)


@pytest.mark.parametrize(("name", "i"), [(n, i) for n, i in CASES if "complex floating" in functions()[n].kinds])
def test_gradient_complex128(name: str, i: int) -> None:
    check(name, samples_of(name)[i], pluggrad.complex128)
