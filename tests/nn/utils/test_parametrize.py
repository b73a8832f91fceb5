"""Parametrized tensors, beside PyTorch's."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.nn.utils import parametrize

torch = pytest.importorskip("torch")

BOTH = (pluggrad, torch)
#: What the same call raises with both, and PyTorch's words for it.
FAULTS = {
    "no tensor": ("nothing", lambda x: x, "does not have a parameter"),
    "shape": ("weight", lambda x: x[0], "may not change the shape"),
    "dtype": ("weight", lambda x: x.double(), "may not change the dtype"),
    "no result": ("weight", lambda x: 1, "must return a tensor"),
}


def _module(lib: Any, function: Any, inverse: Any = None) -> Any:
    """A module that computes a function, with a ``right_inverse`` if one is given."""

    class Computed(lib.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, *originals: Any) -> Any:
            return function(*originals)

    if inverse is not None:
        Computed.right_inverse = lambda self, x: inverse(x)
    return Computed()


def _symmetric(x: Any) -> Any:
    return x.triu() + x.triu(1).mT


def _layer(lib: Any, *shape: int) -> Any:
    layer = lib.nn.Linear(*(shape or (3, 3)))
    rng = np.random.default_rng(5)
    layer.load_state_dict(
        {k: lib.tensor(rng.normal(size=v.shape), dtype=v.dtype) for k, v in layer.state_dict().items()}
    )
    return layer


def _register(lib: Any, *args: Any, **kwargs: Any) -> Any:
    return lib.nn.utils.parametrize.register_parametrization(*args, **kwargs)


def _same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours.detach().cpu().numpy(), theirs.detach().cpu().numpy(), rtol=1e-5, atol=1e-6)


def test_values_gradients_state_and_printing() -> None:
    outcomes = []
    for lib in BOTH:
        layer = _register(lib, _layer(lib), "weight", _module(lib, _symmetric))
        _register(lib, layer, "weight", _module(lib, lambda x: x.exp(), lambda x: x.log()))
        layer(lib.ones(2, 3)).sum().backward()
        outcomes.append(layer)
    ours, theirs = outcomes
    _same(ours.weight, theirs.weight)
    _same(ours.parametrizations.weight.original.grad, theirs.parametrizations.weight.original.grad)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert repr(ours) == repr(theirs)
    assert (
        ours.load_state_dict(
            {k: pluggrad.tensor(v.cpu().numpy() * 2) for k, v in theirs.state_dict().items()}
        ).missing_keys
        == []
    )
    theirs.load_state_dict({k: torch.tensor(v.cpu().numpy()) for k, v in ours.state_dict().items()})
    _same(ours.weight, theirs.weight)


def test_several_originals_and_assignment() -> None:
    for lib in BOTH:
        pair = _module(lib, lambda a, b: a @ b, lambda x: (x, lib.eye(3)))
        layer = _register(lib, _layer(lib), "weight", pair)
        assert list(layer.state_dict()) == [
            "bias", "parametrizations.weight.original0", "parametrizations.weight.original1",
        ]  # fmt: skip
        assert all(isinstance(p, lib.nn.Parameter) for p in layer.parametrizations.weight.parameters())
        layer.weight = lib.ones(3, 3)
        assert layer.weight.tolist() == [[1.0] * 3] * 3
        with pytest.raises(ValueError, match="Cannot leave unparametrized"):
            lib.nn.utils.parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
        lib.nn.utils.parametrize.remove_parametrizations(layer, "weight")
        assert isinstance(layer.weight, lib.nn.Parameter) and type(layer) is lib.nn.Linear
        assert sorted(layer.state_dict()) == ["bias", "weight"]


@pytest.mark.parametrize("leave", [True, False])
def test_removal_keeps_the_parameter_that_an_optimiser_holds(leave: bool) -> None:
    for lib in BOTH:
        layer = _layer(lib)
        weight, before = layer.weight, layer.weight.tolist()
        _register(lib, layer, "weight", _module(lib, _symmetric))
        value = layer.weight.tolist()
        assert value != before and layer.parametrizations.weight.original is weight
        lib.nn.utils.parametrize.remove_parametrizations(layer, "weight", leave_parametrized=leave)
        assert layer.weight is weight and weight.tolist() == (value if leave else before) and weight.requires_grad
        assert not lib.nn.utils.parametrize.is_parametrized(layer)


def test_a_buffer() -> None:
    for lib in BOTH:
        module = lib.nn.Module()
        module.register_buffer("scale", lib.tensor([1.0, 2.0]))
        _register(lib, module, "scale", _module(lib, lambda x: 2 * x, lambda x: x / 2))
        assert module.scale.tolist() == [1.0, 2.0]
        assert [n for n, _ in module.named_buffers()] == ["parametrizations.scale.original"]
        lib.nn.utils.parametrize.remove_parametrizations(module, "scale")
        assert module._buffers["scale"].tolist() == [1.0, 2.0]


def test_what_is_parametrized() -> None:
    for lib in BOTH:
        tool, layer = lib.nn.utils.parametrize, _layer(lib)
        assert not tool.is_parametrized(layer)
        _register(lib, layer, "bias", _module(lib, lambda x: x + 1))
        assert tool.is_parametrized(layer) and tool.is_parametrized(layer, "bias")
        assert not tool.is_parametrized(layer, "weight")
        assert tool.type_before_parametrizations(layer) is lib.nn.Linear is not type(layer)
        assert tool.type_before_parametrizations(lib.nn.ReLU()) is lib.nn.ReLU


def test_cached() -> None:
    calls = []
    layer = parametrize.register_parametrization(
        _layer(pluggrad), "weight", _module(pluggrad, lambda x: calls.append(1) or x * 2, lambda x: x / 2)
    )
    calls.clear()
    with parametrize.cached():
        first = layer.weight
        with parametrize.cached():
            assert layer.weight is first
        assert layer.weight is first and len(calls) == 1
        layer.weight = pluggrad.ones(3, 3)
        assert layer.weight.tolist() == [[1.0] * 3] * 3
    assert layer.weight is not layer.weight


def test_copies_are_independent_and_pickles_refused() -> None:
    for lib in BOTH:
        layer = _register(lib, _layer(lib), "weight", _module(lib, _symmetric))
        other = copy.deepcopy(layer)
        assert other.weight.tolist() == layer.weight.tolist()
        with lib.no_grad():
            other.parametrizations.weight.original.zero_()
        assert other.weight.tolist() == [[0.0] * 3] * 3 != layer.weight.tolist()
        with pytest.raises(RuntimeError, match="only supported through state_dict"):
            pickle.dumps(layer)


def test_transfer() -> None:
    for lib in BOTH:
        source = _register(lib, _layer(lib), "weight", _module(lib, _symmetric))
        target = lib.nn.utils.parametrize.transfer_parametrizations_and_params(source, lib.nn.Linear(3, 3))
        assert target.parametrizations.weight.original is source.parametrizations.weight.original
        assert target.weight.tolist() == source.weight.tolist()
        untouched = lib.nn.Linear(3, 3)
        assert lib.nn.utils.parametrize.transfer_parametrizations_and_params(lib.nn.ReLU(), untouched) is untouched


@pytest.mark.parametrize("lib", BOTH)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("again", [False, True])
def test_faults_of_parametrizations(lib: Any, fault: str, again: bool) -> None:
    name, function, message = FAULTS[fault]
    layer = _layer(lib)
    if again:
        _register(lib, layer, "weight", _module(lib, lambda x: x))
    with pytest.raises(ValueError, match=message):
        _register(lib, layer, name, _module(lib, function))


@pytest.mark.parametrize("lib", BOTH)
def test_other_faults(lib: Any) -> None:
    tool, layer = lib.nn.utils.parametrize, _layer(lib)
    for inverse, message in (
        (lambda x: 1, "'right_inverse' must return a Tensor or a Sequence"),
        (lambda x: (x, 1), "Got element 1 of the sequence"),
        (lambda x: x.double(), "it may not change the dtype"),
    ):
        with pytest.raises(ValueError, match=message):
            _register(lib, layer, "weight", _module(lib, lambda *x: x[0], inverse))
    with pytest.raises(ValueError, match="does not have a parametrization on weight"):
        tool.remove_parametrizations(layer, "weight")
    with pytest.raises(ValueError, match="requires one or more modules"):
        tool.ParametrizationList([], layer.weight)
    _register(lib, layer, "weight", _module(lib, _symmetric))
    with pytest.raises(RuntimeError, match="does not implement right_inverse"):
        layer.weight = lib.ones(3, 3)
    with pytest.raises(KeyError, match="already exists"):
        layer.weight = lib.nn.Parameter(lib.ones(3, 3))


def test_unsafe_may_change_the_shape() -> None:
    for lib in BOTH:
        layer = _register(lib, _layer(lib), "weight", _module(lib, lambda x: x[:2]), unsafe=True)
        assert tuple(layer.weight.shape) == (2, 3) and layer.parametrizations.weight.unsafe
