"""Every registered function, from its samples: ``vmap`` against a loop, forward mode against central differences.

Generated from the registry, so that no function can slip through.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import pluggrad
from pluggrad.autograd.transforms import LevelError
from pluggrad.autograd.transforms import rules as batching
from pluggrad.func import grad, jvp, vmap
from pluggrad.function import functions
from pluggrad.testing.conformance.reference import COPYING
from pluggrad.testing.conformance.target import Target
from pluggrad.testing.samples import Sample, Spec, determined, samples_of

SIZE = 3
CASES = [(name, i) for name in sorted(functions()) for i in range(len(samples_of(name)))]
#: The shape of what they give depends on the values: vmap says so.
DATA_DEPENDENT = {
    "nonzero", "argwhere", "unique_values", "unique_all", "unique_rows", "consecutive_rows",
}  # fmt: skip


def dtype_for(name: str) -> pluggrad.dtype:
    kinds = functions()[name].kinds
    return pluggrad.float64 if "real floating" in kinds else pluggrad.complex128


def tensor_of(spec: Spec, seed: int, dtype: pluggrad.dtype) -> pluggrad.Tensor:
    return pluggrad.tensor(spec.values(seed, dtype.is_complex), dtype=dtype if spec.floating else None)


def batch_of(sample: Sample, dtype: pluggrad.dtype) -> list[pluggrad.Tensor]:
    return [
        pluggrad.stack([tensor_of(spec, 10 * i + seed, dtype) for i in range(SIZE)])
        for seed, spec in enumerate(sample.arrays)
    ]


def as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


@pytest.fixture(autouse=True)
def view_that_the_backend_makes(request: pytest.FixtureRequest) -> None:
    """Leave out the views that the backend under test cannot make: their copies are checked in their place."""
    name = request.node.callspec.params.get("name") if hasattr(request.node, "callspec") else None
    if name in COPYING and not Target(str(pluggrad.get_default_device())).has_view(functions()[name]):
        pytest.skip(f"this backend cannot make the view {name}; {COPYING[name]} is checked in its place")


def assert_close(got: pluggrad.Tensor, want: pluggrad.Tensor, tolerance: float = 1e-9) -> None:
    assert got.shape == want.shape and got.dtype is want.dtype
    if got.dtype.kind in ("bool", "signed integer", "unsigned integer"):
        assert bool(pluggrad.all(got == want))
    else:
        assert bool(pluggrad.all(pluggrad.isclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)))


#: What is called for each member: where the batch cannot be done whole, or a set differs from member to member.
LOOPED = DATA_DEPENDENT | {"isin"}
MODULES = (batching.families, batching.networks, batching.orders, batching.picking, batching.registry)


@pytest.fixture
def looped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions that rules have called member by member."""
    names: list[str] = []
    loop = batching.registry.loop

    def noted(xp: Any, name: str, *rest: Any) -> Any:
        names.append(name)
        return loop(xp, name, *rest)

    for module in MODULES:
        monkeypatch.setattr(module, "loop", noted, raising=True)
    return names


def test_the_docs_list_what_is_looped() -> None:
    """Every function has a batching rule but for these."""
    assert {n for n in functions() if samples_of(n) and batching.rule_of(n) is None} == DATA_DEPENDENT
    page = (Path(__file__).parents[2] / "docs" / "func.md").read_text()
    (line,) = [part for part in page.split("\n\n") if part.startswith("Every function works on the whole batch")]
    assert set(re.findall("`([a-z_]+)`", line)) >= LOOPED


@pytest.mark.parametrize(("name", "i"), CASES)
@pytest.mark.parametrize("which", ["all", "first", "last"])
def test_vmap_is_a_loop(name: str, i: int, which: str, looped: list[str]) -> None:
    sample = samples_of(name)[i]
    batch = batch_of(sample, dtype_for(name))
    mapped = {"all": range(len(batch)), "first": [0], "last": [len(batch) - 1]}[which]
    if which != "all" and len(batch) == 1:
        return  # the same as "all"
    in_dims = tuple(0 if k in mapped else None for k in range(len(batch)))
    args = [x if k in mapped else x[0] for k, x in enumerate(batch)]

    def f(*xs: Any) -> Any:
        outs = as_tuple(functions()[name].call(*xs, **sample.parameters))
        return tuple(determined(name, outs))

    if name in DATA_DEPENDENT:
        with pytest.raises(LevelError, match="depends on the values"):
            vmap(f, in_dims=in_dims)(*args)
        return
    got = as_tuple(vmap(f, in_dims=in_dims)(*args))
    assert set(looped) <= LOOPED, "it is called for each member of the batch"
    each = [as_tuple(f(*(x[j] if k in mapped else x for k, x in enumerate(args)))) for j in range(SIZE)]
    assert len(got) == len(each[0])
    for k, out in enumerate(got):
        assert_close(out, pluggrad.stack([e[k] for e in each]))


DIFFERENTIABLE = [(n, i) for n, i in CASES if functions()[n].differentiable]


def smooth(name: str, sample: Sample, outs: Any) -> Any:
    """The outputs that have a derivative, and are determined."""
    function = functions()[name]
    outs = as_tuple(outs)
    outs = [o for k, o in enumerate(outs) if not (function.outputs and function.outputs[k] in function.constant)]
    return [o for o in determined(name, outs) if o.dtype.is_differentiable]


def active(name: str, inputs: list[pluggrad.Tensor]) -> list[int]:
    function = functions()[name]
    rules = function.rules * len(inputs) if function.variadic else function.rules
    return [k for k, x in enumerate(inputs) if rules[k] is not None and x.dtype.is_differentiable]


def direction(x: pluggrad.Tensor, k: int) -> pluggrad.Tensor:
    d = pluggrad.sin(pluggrad.arange(float(x.size), dtype=pluggrad.float64) * 1.3 + 0.4 + k).reshape(x.shape)
    return d + 1j * pluggrad.cos(d * 3.0) if x.dtype.is_complex else d


@pytest.mark.parametrize(("name", "i"), DIFFERENTIABLE)
@pytest.mark.parametrize("kind", ["real floating", "complex floating"])
def test_jvp_is_the_slope(name: str, i: int, kind: str) -> None:
    if kind not in functions()[name].kinds:
        return  # the function does not take such numbers
    sample = samples_of(name)[i]
    dtype = pluggrad.float64 if kind == "real floating" else pluggrad.complex128
    inputs = [tensor_of(spec, seed, dtype) for seed, spec in enumerate(sample.arrays)]
    where = active(name, inputs)
    directions = {k: direction(inputs[k], k) for k in where}

    def f(*some: Any) -> Any:
        given = list(inputs)
        for k, x in zip(where, some, strict=True):
            given[k] = x
        return tuple(smooth(name, sample, functions()[name].call(*given, **sample.parameters)))

    for wanted in [where, *([k] for k in where if len(where) > 1)]:
        tangents = tuple(directions[k] if k in wanted else pluggrad.zeros_like(inputs[k]) for k in where)
        outs, slopes = jvp(f, tuple(inputs[k] for k in where), tangents)
        eps = 1e-6
        high = f(*(inputs[k] + eps * t for k, t in zip(where, tangents, strict=True)))
        low = f(*(inputs[k] - eps * t for k, t in zip(where, tangents, strict=True)))
        for out, value, slope, a, b in zip(outs, f(*(inputs[k] for k in where)), slopes, high, low, strict=True):
            assert_close(out, value)
            assert_close(slope, (a - b) / (2 * eps), 2e-5)


def total_of(name: str, sample: Sample) -> Any:
    """A function of the arguments that sums the outputs, each element with a weight of its own."""

    def total(*xs: Any) -> Any:
        terms = [
            (
                pluggrad.real(o) * pluggrad.cos(pluggrad.arange(float(o.size), dtype=pluggrad.float64)).reshape(o.shape)
            ).sum()
            for o in smooth(name, sample, functions()[name].call(*xs, **sample.parameters))
        ]
        return sum(terms[1:], terms[0])

    return total


@pytest.mark.parametrize(("name", "i"), [(n, i) for n, i in DIFFERENTIABLE if "real floating" in functions()[n].kinds])
def test_forward_over_reverse_is_reverse_over_reverse(name: str, i: int) -> None:
    """The product of a Hessian and a vector, each way."""
    sample = samples_of(name)[i]
    inputs = [tensor_of(spec, seed, pluggrad.float64) for seed, spec in enumerate(sample.arrays)]
    where = active(name, inputs)
    if not where:
        return
    total = total_of(name, sample)

    def value_of(*some: Any) -> Any:
        given = list(inputs)
        for k, x in zip(where, some, strict=True):
            given[k] = x
        value = total(*given)
        return value + value * value  # so that linear functions have a second derivative, too

    points = tuple(inputs[k] for k in where)
    directions = tuple(direction(x, k) for k, x in zip(where, points, strict=True))
    _, forward = jvp(grad(value_of, argnums=tuple(range(len(where)))), points, directions)

    leaves = [x.detach().clone().requires_grad_() for x in points]
    first = pluggrad.autograd.grad(value_of(*leaves), leaves, create_graph=True, materialize_grads=True)
    nothing = pluggrad.zeros((), dtype=pluggrad.float64)
    along = sum(((g * d).sum() for g, d in zip(first, directions, strict=True)), nothing)
    reverse = tuple(map(pluggrad.zeros_like, leaves))  # of steps and the like, whose gradient is 0 everywhere
    if along.requires_grad:
        reverse = pluggrad.autograd.grad(along, leaves, materialize_grads=True)
    for a, b in zip(forward, reverse, strict=True):
        assert_close(a, b.detach(), 1e-7)


@pytest.mark.parametrize(("name", "i"), [(n, i) for n, i in DIFFERENTIABLE if "real floating" in functions()[n].kinds])
def test_vmap_of_grad_is_a_loop(name: str, i: int) -> None:
    sample = samples_of(name)[i]
    batch = batch_of(sample, pluggrad.float64)
    where = active(name, batch)
    total = total_of(name, sample)
    if not where or name in DATA_DEPENDENT:
        return
    one = grad(total, argnums=tuple(where))
    got = vmap(one)(*batch)
    each = [one(*(x[j] for x in batch)) for j in range(SIZE)]
    for k in range(len(where)):
        assert_close(got[k], pluggrad.stack([e[k] for e in each]), 1e-8)


@pytest.mark.parametrize(("name", "i"), [(n, i) for n, i in DIFFERENTIABLE if "real floating" in functions()[n].kinds])
def test_batched_cotangents_are_a_loop(name: str, i: int) -> None:
    sample = samples_of(name)[i]
    inputs = [tensor_of(spec, seed, pluggrad.float64) for seed, spec in enumerate(sample.arrays)]
    where = active(name, inputs)
    for k in where:
        inputs[k].requires_grad = True
    outs = [o for o in smooth(name, sample, functions()[name].call(*inputs, **sample.parameters)) if o.requires_grad]
    if not outs:
        return
    wanted = [inputs[k] for k in where]
    cotangents = [
        pluggrad.stack([direction(o, 5 * k + j).to(o.dtype) for j in range(SIZE)]) for k, o in enumerate(outs)
    ]
    got = pluggrad.autograd.grad(outs, wanted, cotangents, retain_graph=True, allow_unused=True, is_grads_batched=True)
    each = [
        pluggrad.autograd.grad(outs, wanted, [c[j] for c in cotangents], retain_graph=True, allow_unused=True)
        for j in range(SIZE)
    ]
    for k, g in enumerate(got):
        if g is None:
            assert each[0][k] is None
        else:
            assert_close(g, pluggrad.stack([e[k] for e in each]), 1e-8)
