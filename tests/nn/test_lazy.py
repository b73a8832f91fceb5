"""Lazy modules, beside PyTorch's: before the first call, what it makes of them, copies, conversions, state dicts."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad import nn

from .against_torch.compare import build, host

torch = pytest.importorskip("torch")

CASES: list[tuple[str, tuple[int, ...]]] = [
    ("LazyLinear(4)", (2, 3)),
    ("LazyLinear(4, bias=False)", (2, 5, 3)),
    ("LazyConv1d(4, 3)", (2, 3, 7)),
    ("LazyConv2d(4, 3, padding=1, groups=2)", (1, 6, 5, 5)),
    ("LazyConv2d(4, 3, bias=False)", (6, 5, 5)),
    ("LazyConv3d(2, 2)", (1, 3, 3, 3, 3)),
    ("LazyConvTranspose1d(4, 3, 2)", (2, 3, 7)),
    ("LazyConvTranspose2d(4, 3, groups=2)", (1, 6, 5, 5)),
    ("LazyConvTranspose3d(2, 2, bias=False)", (1, 3, 3, 3, 3)),
    ("LazyBatchNorm1d()", (4, 3)),
    ("LazyBatchNorm2d(eps=0.1, momentum=None)", (4, 3, 2, 2)),
    ("LazyBatchNorm3d(affine=False)", (4, 3, 2, 2, 2)),
    ("LazyInstanceNorm1d()", (4, 3, 5)),
    ("LazyInstanceNorm2d(affine=False)", (4, 3, 2, 2)),
    ("LazyInstanceNorm3d(track_running_stats=False)", (4, 3, 2, 2, 2)),
]
_all = pytest.mark.parametrize(("text", "shape"), CASES, ids=[text for text, _ in CASES])


def _given(shape: tuple[int, ...]) -> tuple[Any, Any]:
    values = np.random.default_rng(0).normal(size=shape).astype("float32")
    return pluggrad.tensor(values), torch.from_numpy(values)


@_all
def test_first_call(text: str, shape: tuple[int, ...]) -> None:
    """The same class, looks and state as PyTorch's before and after; the same values from the same state."""
    mine, yours = build(pluggrad, text), build(torch, text)
    assert repr(mine) == repr(yours)
    assert list(mine.state_dict()) == list(yours.state_dict())
    assert mine.has_uninitialized_params() == yours.has_uninitialized_params()
    x, y = _given(shape)
    mine(x)
    yours(y)
    assert type(mine).__name__ == type(yours).__name__
    assert repr(mine) == repr(yours)
    assert not hasattr(mine, "_initialize_hook")
    assert [type(p) for p in mine.parameters()] == [nn.Parameter for _ in yours.parameters()]
    assert all(type(b) is pluggrad.Tensor for b in mine.buffers())
    mine.load_state_dict(yours.state_dict())
    np.testing.assert_allclose(host(mine(x)), host(yours(y)), rtol=1e-4, atol=1e-5)


@_all
def test_state_gives_the_shapes(text: str, shape: tuple[int, ...]) -> None:
    """The state of a module that was called is loaded into one that was not, which then is called."""
    x, y = _given(shape)
    first, yours = build(pluggrad, text), build(torch, text)
    expected = first(x)
    yours(y)
    second = build(pluggrad, text)
    second.load_state_dict(first.state_dict())
    assert not second.has_uninitialized_params()
    if "momentum" not in text and "BatchNorm" not in text:
        np.testing.assert_allclose(host(second(x)), host(expected), rtol=1e-5, atol=1e-6)
    else:
        second(x)
    assert repr(second) == repr(yours)


@_all
def test_arguments(text: str, shape: tuple[int, ...]) -> None:
    name = text.partition("(")[0]
    mine, yours = (inspect.signature(getattr(lib.nn, name)).parameters.values() for lib in (pluggrad, torch))
    assert [(p.name, p.kind, p.default) for p in mine] == [(p.name, p.kind, p.default) for p in yours]


@_all
def test_drawn_as_if_the_sizes_were_known(text: str, shape: tuple[int, ...]) -> None:
    layer = build(pluggrad, text)
    pluggrad.manual_seed(3)
    layer(_given(shape)[0])
    before = {k: host(v) for k, v in layer.named_parameters()}
    pluggrad.manual_seed(3)
    layer.reset_parameters()
    for name, value in layer.named_parameters():
        np.testing.assert_array_equal(host(value), before[name])


def test_dtype_before_the_first_call() -> None:
    layer = nn.LazyBatchNorm2d().double()
    weight = layer.weight
    assert layer.weight.dtype == layer.running_mean.dtype == pluggrad.float64
    assert nn.parameter.is_lazy(layer.weight)
    assert nn.parameter.is_lazy(layer.running_mean)
    assert layer(pluggrad.zeros(1, 2, 3, 3, dtype=pluggrad.float64)).dtype == pluggrad.float64
    assert layer.weight is weight
    assert weight.dtype == pluggrad.float64


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_copies_are_apart(copied: Any) -> None:
    layer = nn.LazyLinear(2, dtype=pluggrad.float64)
    other = copied(layer)
    other(pluggrad.zeros(1, 3, dtype=pluggrad.float64))
    assert type(other) is nn.Linear
    assert other.weight.dtype == pluggrad.float64
    assert type(layer) is nn.LazyLinear
    assert layer.has_uninitialized_params()
    layer(pluggrad.zeros(1, 5, dtype=pluggrad.float64))
    assert layer.weight.shape == (2, 5)


def test_states_without_values() -> None:
    """Go into a module without values, and into no other."""
    state = nn.LazyLinear(2).state_dict()
    assert repr(state["weight"]) == "<UninitializedParameter>"
    layer = nn.LazyLinear(2)
    layer.load_state_dict(state)
    assert layer.has_uninitialized_params()
    with pytest.raises(RuntimeError, match="shape of an uninitialized"):
        nn.Linear(3, 2).load_state_dict(state)


def test_what_needs_values_raises() -> None:
    layer = nn.LazyLinear(2)
    for use in (lambda: layer.weight + 1, lambda: layer.weight.sum(), lambda: pluggrad.ones(2) * layer.bias):
        with pytest.raises(ValueError, match="uninitialized parameter"):
            use()
    with pytest.raises(RuntimeError, match="shape of an uninitialized"):
        _ = layer.weight.shape
    with pytest.raises(RuntimeError, match="share memory"):
        layer.weight.share_memory_()
    with pytest.raises(RuntimeError, match="3D .unbatched. or 4D"):
        nn.LazyConv2d(2, 3)(pluggrad.zeros(2, 3))


def test_channels_are_counted_without_weights_and_statistics() -> None:
    """Where PyTorch goes on to say 0."""
    layer = nn.LazyBatchNorm2d(affine=False, track_running_stats=False)
    layer(pluggrad.zeros(1, 3, 2, 2))
    assert type(layer) is nn.BatchNorm2d
    assert layer.num_features == 3


def test_modules_of_ones_own() -> None:
    class Scale(nn.modules.lazy.LazyModuleMixin, nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = nn.UninitializedParameter()

        def initialize_parameters(self, x: Any, *, wide: bool) -> None:
            if wide:
                self.factor.materialize(x.shape[-1:])
                nn.init.ones_(self.factor)

        def forward(self, x: Any, *, wide: bool) -> Any:
            return self.factor * x

    with pytest.raises(RuntimeError, match="Scale has not been fully initialized"):
        Scale()(pluggrad.ones(3), wide=False)
    assert Scale()(pluggrad.ones(3), wide=True).tolist() == [1.0, 1.0, 1.0]

    class Nothing(nn.modules.lazy.LazyModuleMixin, nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="for Nothing"):
        Nothing()(pluggrad.ones(1))
