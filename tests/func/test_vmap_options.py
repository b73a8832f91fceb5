"""The options of vmap and what goes with it, beside torch.func: dimensions, chunks, randomness, printing, states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

Libraries = list[Any]
LIBRARIES: Libraries = [pluggrad, torch]


def numbers(lib: Any, *shape: int) -> Any:
    return lib.arange(float(np.prod(shape))).reshape(shape) + 1


def as_numpy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_numpy(v) for name, v in value.items()}
    if isinstance(value, tuple | list):
        return [as_numpy(v) for v in value]
    return value.detach().cpu().numpy()


def assert_same(program: Callable[[Any], Any]) -> None:
    """The program gives the same on both libraries."""
    ours, theirs = (as_numpy(program(lib)) for lib in LIBRARIES)
    np.testing.assert_equal(type(ours), type(theirs))
    if isinstance(ours, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if not isinstance(ours, list):
        ours, theirs = [ours], [theirs]
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


DIMENSIONS: dict[str, Callable[[Any], Any]] = {
    "negative": lambda lib: lib.vmap(lambda x, y: x * y, in_dims=(0, -1))(numbers(lib, 3, 2), numbers(lib, 2, 3)),
    "none": lambda lib: lib.vmap(lambda x, y: x + y, in_dims=(None, 1))(numbers(lib, 2), numbers(lib, 2, 3)),
    "one for all": lambda lib: lib.vmap(lambda x, y: x @ y, in_dims=1)(numbers(lib, 2, 3), numbers(lib, 2, 3)),
    "dictionary": lambda lib: lib.vmap(lambda d: d["a"] + d["b"], in_dims=({"a": 0, "b": None},))(
        {"a": numbers(lib, 3, 2), "b": numbers(lib, 2)}
    ),
    "nested": lambda lib: lib.vmap(lambda p, z: p[0] * p[1][0] - z, in_dims=((0, (None,)), 0))(
        (numbers(lib, 3, 2), (numbers(lib, 2),)), numbers(lib, 3, 2)
    ),
    "out of several": lambda lib: lib.vmap(lambda x: (x, x * 2), out_dims=(1, -1))(numbers(lib, 3, 2)),
    "out not batched": lambda lib: lib.vmap(lambda x, y: (x, y), in_dims=(0, None), out_dims=(0, None))(
        numbers(lib, 3), numbers(lib, 2)
    ),
    "dictionary out": lambda lib: lib.vmap(lambda x: {"twice": x * 2, "sum": x.sum()})(numbers(lib, 3, 2)),
    "nested vmap": lambda lib: lib.vmap(lib.vmap(lambda x, y: x * y, in_dims=(0, None)), in_dims=(None, 0))(
        numbers(lib, 3), numbers(lib, 2)
    ),
    "chunks": lambda lib: lib.vmap(lambda x: x.cumsum(0), chunk_size=2)(numbers(lib, 5, 2)),
    "chunks larger than the batch": lambda lib: lib.vmap(lambda x: x * 2, chunk_size=9)(numbers(lib, 5, 2)),
    "chunks of jacrev": lambda lib: lib.func.jacrev(lambda x: x.sin(), chunk_size=2)(numbers(lib, 5)),
    "keywords are the same for all": lambda lib: lib.vmap(lambda x, y: x * y)(numbers(lib, 3), y=numbers(lib, 3)),
}


@pytest.mark.parametrize("name", DIMENSIONS)
def test_dimensions_and_chunks(name: str) -> None:
    assert_same(DIMENSIONS[name])


MISTAKES: dict[str, Callable[[Any], Any]] = {
    "no such dimension": lambda lib: lib.vmap(lambda x: x, in_dims=3)(numbers(lib, 5)),
    "sizes differ": lambda lib: lib.vmap(lambda x, y: x * y)(numbers(lib, 5), numbers(lib, 4)),
    "nothing is mapped": lambda lib: lib.vmap(lambda x: x, in_dims=None)(numbers(lib, 5)),
    "another structure": lambda lib: lib.vmap(lambda x, y: x * y, in_dims=(0,))(numbers(lib, 5), numbers(lib, 5)),
    "another structure out": lambda lib: lib.vmap(lambda x: (x, x), out_dims=(0, 0, 0))(numbers(lib, 5)),
    "not a tensor": lambda lib: lib.vmap(lambda x: x)(3),
    "not a tensor out": lambda lib: lib.vmap(lambda x: "text")(numbers(lib, 5)),
    "a number of each member": lambda lib: lib.vmap(lambda x: x.item())(numbers(lib, 5)),
    "a branch": lambda lib: lib.vmap(lambda x: x if x > 1 else -x)(numbers(lib, 5)),
    "a batch that leaks into what all share": lambda lib: lib.vmap(lambda x, y: y.add_(x), in_dims=(0, None))(
        numbers(lib, 3), numbers(lib, 1)
    ),
    "a mode that there is not": lambda lib: lib.vmap(lambda x: x, randomness="perhaps")(numbers(lib, 3)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_errors_of_the_same_class(name: str) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (which one is the question)
        MISTAKES[name](torch)
    with pytest.raises(theirs.type):
        MISTAKES[name](pluggrad)


DRAWS: dict[str, Callable[[Any, Any], Any]] = {
    "rand": lambda lib, x: x + lib.rand(2),
    "randint": lambda lib, x: x + lib.randint(0, 1000, (2,)),
    "randn_like of what all share": lambda lib, x: x + lib.randn_like(lib.zeros(2)),
    "dropout": lambda lib, x: lib.nn.functional.dropout(x, 0.5),
    "in place, of each member": lambda lib, x: x.clone().normal_(),
    "in place, of what all share": lambda lib, x: lib.zeros(2).normal_() + x,
    "in place, bernoulli": lambda lib, x: lib.zeros(2).bernoulli_(0.5) + x,
    "in place, whole numbers": lambda lib, x: lib.zeros(2).random_(0, 5) + x,
}


@pytest.mark.parametrize("mode", ["error", "different", "same"])
@pytest.mark.parametrize("name", DRAWS)
def test_randomness_is_refused_or_shared_as_in_pytorch(name: str, mode: str) -> None:
    outcomes = []
    for lib in LIBRARIES:
        lib.manual_seed(0)
        x = lib.ones(64, 2)
        try:
            out = lib.vmap(lambda x, lib=lib: DRAWS[name](lib, x), randomness=mode)(x)
        except RuntimeError:
            outcomes.append("refused")
        else:
            outcomes.append("same" if bool((out == out[:1]).all()) else "different")
    assert outcomes[0] == outcomes[1]


@pytest.mark.cpu  # other devices are named in the text
def test_printing_shows_the_whole_batch() -> None:
    texts: list[list[str]] = []
    for lib in LIBRARIES:
        shown: list[str] = []

        def look(x: Any, y: Any, shown: list[str] = shown) -> Any:
            shown.extend((repr(x), repr(y)))
            return x * 2

        lib.vmap(lib.vmap(look, in_dims=(0, None)), in_dims=(0, None))(numbers(lib, 1, 3, 2), numbers(lib, 2))
        texts.append(shown)
    assert texts[0] == texts[1]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_functional_call(tied: bool, strict: bool) -> None:
    def program(lib: Any) -> Any:
        net = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.Tanh(), lib.nn.Linear(2, 2))
        net[2].weight = net[0].weight
        given = {"0.weight": numbers(lib, 2, 2), "0.bias": numbers(lib, 2), "2.bias": numbers(lib, 2)}
        if not tied:
            given["2.weight"] = -numbers(lib, 2, 2)
        return lib.func.functional_call(net, given, (numbers(lib, 2),), tie_weights=tied, strict=strict and tied)

    assert_same(program)


def test_an_ensemble_of_stacked_modules() -> None:
    def program(lib: Any) -> Any:
        nets = [lib.nn.Linear(2, 1) for _ in range(3)]
        with lib.no_grad():
            for i, net in enumerate(nets):
                net.weight.copy_(numbers(lib, 1, 2) + i)
                net.bias.fill_(i)
        params, buffers = lib.func.stack_module_state(nets)

        def call(params: Any, buffers: Any, x: Any) -> Any:
            return lib.func.functional_call(nets[0], (params, buffers), (x,))

        out = lib.vmap(call, in_dims=(0, 0, None))(params, buffers, numbers(lib, 4, 2))
        return {**params, "out": out}

    assert_same(program)


NESTED: dict[str, Callable[[Any], Any]] = {
    "hessian": lambda lib: lib.func.hessian(lambda x: (x**3).sum() * x[0])(numbers(lib, 3)),
    "jacfwd of jacrev": lambda lib: lib.func.jacfwd(lib.func.jacrev(lambda x: x.sin() * x.sum()))(numbers(lib, 3)),
    "vmap of hessian": lambda lib: lib.vmap(lib.func.hessian(lambda x: (x**3).prod()))(numbers(lib, 2, 3)),
    "grad of vmap": lambda lib: lib.func.grad(
        lambda w: lib.vmap(lambda x: (x * w).tanh().sum())(numbers(lib, 4)).sum()
    )(numbers(lib, 2) / 9),
    "jvp of vmap of grad": lambda lib: lib.func.jvp(
        lib.vmap(lib.func.grad(lambda x: (x**4).sum())), (numbers(lib, 2, 2),), (numbers(lib, 2, 2),)
    ),
    "a vjp taken outside": lambda lib: lib.vmap(lib.func.vjp(lambda x: x**2, numbers(lib, 3))[1])(lib.eye(3))[0],
    "linearize": lambda lib: lib.vmap(lib.func.linearize(lambda x: x.exp() * 2, numbers(lib, 2) / 9)[1])(lib.eye(2)),
}


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")  # PyTorch's, in linearize
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # PyTorch's, in forward mode
def test_transforms_of_transforms(name: str) -> None:
    assert_same(NESTED[name])
