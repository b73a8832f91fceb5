"""state_dict and load_state_dict: strictness, messages, hooks, versions."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad import nn


def model(namespace: Any) -> Any:
    return namespace.Sequential(
        OrderedDict(a=namespace.Linear(2, 3), b=namespace.BatchNorm1d(3), c=namespace.Linear(3, 1, bias=False))
    )


def changes() -> dict[str, Any]:
    """Wrong state dicts, as functions of a right one."""
    return {
        "missing": lambda s, zeros: s.pop("a.bias"),
        "unexpected": lambda s, zeros: s.update({"a.extra": zeros(1), "d.weight": zeros(1), "top": zeros(1)}),
        "both": lambda s, zeros: (s.pop("b.running_mean"), s.update({"b.mean": zeros(3)})),
        "shape": lambda s, zeros: s.update({"a.weight": zeros(3, 3), "c.weight": zeros(2)}),
        "all": lambda s, zeros: (s.pop("c.weight"), s.update({"c.bias": zeros(1), "a.bias": zeros(1)})),
    }


@pytest.mark.parametrize("change", changes())
def test_messages_are_pytorchs(change: str) -> None:
    torch = pytest.importorskip("torch")
    messages = []
    for namespace, zeros in ((nn, pluggrad.zeros), (torch.nn, torch.zeros)):
        net = model(namespace)
        state = net.state_dict()
        changes()[change](state, zeros)
        with pytest.raises(RuntimeError) as error:
            net.load_state_dict(state)
        messages.append(str(error.value).replace("pluggrad.Size", "torch.Size"))
    assert messages[0] == messages[1]


def test_not_strict() -> None:
    net = model(nn)
    result = net.load_state_dict({"a.bias": pluggrad.ones(3), "e": pluggrad.ones(1)}, strict=False)
    assert net.a.bias.tolist() == [1.0] * 3
    assert result.unexpected_keys == ["e"]
    # The count of batches is not missed in a dict without versions, which may be one of version 1.
    assert set(result.missing_keys) == set(net.state_dict()) - {"a.bias", "b.num_batches_tracked"}
    assert repr(result).startswith("_IncompatibleKeys(missing_keys=['a.weight', ")
    with pytest.raises(RuntimeError, match="Missing key"):
        net.load_state_dict({})


def test_reported_keys() -> None:
    net = model(nn)
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'list'>"):
        net.load_state_dict([])
    assert repr(net.load_state_dict(net.state_dict())) == "<All keys matched successfully>"


def test_values_are_copied_and_cast() -> None:
    layer = nn.Linear(2, 1)
    given = pluggrad.tensor([[1.0, 2.0]], dtype=pluggrad.float64)
    layer.load_state_dict({"weight": given, "bias": np.zeros(1)})
    given.zero_()
    assert layer.weight.tolist() == [[1.0, 2.0]]
    assert layer.weight.dtype is pluggrad.float32
    assert layer.weight.requires_grad


def test_loading_breaks_no_graph() -> None:
    layer, x = nn.Linear(2, 1, bias=False), pluggrad.ones(1, 2, requires_grad=True)
    before = layer.weight.tolist()
    out = layer(x)
    layer.load_state_dict({"weight": pluggrad.zeros(1, 2)})
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == before


def test_assign_takes_the_tensors_over() -> None:
    layer = nn.Linear(2, 1)
    given = {
        "weight": pluggrad.ones(1, 2, dtype=pluggrad.float64),
        "bias": nn.Parameter(pluggrad.ones(1), requires_grad=False),
    }
    layer.load_state_dict(given, assign=True)
    assert layer.weight.dtype is pluggrad.float64
    assert layer.weight.requires_grad
    assert layer.bias is given["bias"]
    assert layer.bias.requires_grad  # as before: what is trained is the model's matter
    given["weight"].zero_()
    assert layer.weight.tolist() == [[0.0, 0.0]]


def test_scalars_of_old_files() -> None:
    class Scalar(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.s = nn.Parameter(pluggrad.tensor(1.0))

    module = Scalar()
    module.load_state_dict({"s": pluggrad.tensor([3.0])})
    assert module.s.item() == 3.0


def test_what_is_no_array_is_reported() -> None:
    with pytest.raises(
        RuntimeError, match="\"weight\", expected a Tensor or an array from checkpoint but received <class 'str'>"
    ):
        nn.Linear(1, 1).load_state_dict({"weight": "x", "bias": pluggrad.zeros(1)})


def test_state_dict_shares_memory_and_keeps_no_graph() -> None:
    layer = nn.Linear(1, 1)
    state = layer.state_dict()
    assert not state["weight"].requires_grad
    with pluggrad.no_grad():
        layer.weight.fill_(7.0)
    assert state["weight"].item() == 7.0
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight
    into: dict[str, Any] = {}
    assert layer.state_dict(destination=into, prefix="net.") is into
    assert list(into) == ["net.weight", "net.bias"]


def test_batch_norm_of_version_1() -> None:
    layer = nn.BatchNorm1d(2)
    state = OrderedDict(layer.state_dict())
    del state["num_batches_tracked"]
    assert repr(layer.load_state_dict(state)) == "<All keys matched successfully>"
    versioned = layer.state_dict()
    del versioned["num_batches_tracked"]
    with pytest.raises(RuntimeError, match='Missing key.s. in state_dict: "num_batches_tracked"'):
        layer.load_state_dict(versioned)


def test_hooks() -> None:
    net, calls = nn.Sequential(nn.Linear(1, 1)), []
    net.register_state_dict_pre_hook(lambda m, prefix, keep: calls.append(("save", prefix, keep)))
    net.register_state_dict_post_hook(lambda m, state, prefix, meta: state.update(note=pluggrad.ones(1)))
    net.register_load_state_dict_pre_hook(lambda m, state, prefix, *rest: state.pop("note"))
    net.register_load_state_dict_post_hook(lambda m, keys: calls.append(("load", *map(len, keys))))
    state = net.state_dict()
    assert "note" in state
    net.load_state_dict(state)
    assert calls == [("save", "", False), ("load", 0, 0)]


def test_a_post_hook_of_state_dict_returns_nothing() -> None:
    layer = nn.Linear(1, 1)
    layer.register_state_dict_post_hook(lambda m, state, prefix, meta: {})
    with pytest.raises(RuntimeError, match="state_dict post-hook must return None"):
        layer.state_dict()


def test_older_hooks() -> None:
    net, calls = nn.Sequential(nn.Linear(1, 1)), []
    net._register_state_dict_hook(lambda m, state, prefix, meta: {"renamed." + k: v for k, v in state.items()})
    net[0]._register_state_dict_hook(lambda m, state, prefix, meta: calls.append((type(m).__name__, prefix)))
    handle = net._register_load_state_dict_pre_hook(lambda state, prefix, *rest: calls.append((sorted(state), prefix)))
    net._register_load_state_dict_pre_hook(lambda m, state, *rest: calls.append(m is net), with_module=True)
    state = net.state_dict()
    assert list(state) == ["renamed.0.weight", "renamed.0.bias"]
    net.load_state_dict(state, strict=False)
    handle.remove()
    net.load_state_dict(state, strict=False)
    assert calls == [("Linear", "0."), (["renamed.0.bias", "renamed.0.weight"], ""), True, True]


def test_post_hook_may_forgive() -> None:
    layer = nn.Linear(1, 1)
    layer.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    layer.load_state_dict({})


def test_extra_state() -> None:
    class Counter(nn.Module):
        n = 0

        def get_extra_state(self) -> Any:
            return {"n": self.n}

        def set_extra_state(self, state: Any) -> None:
            self.n = state["n"]

    a, b = nn.Sequential(Counter()), nn.Sequential(Counter())
    a[0].n = 5
    state = a.state_dict()
    assert state["0._extra_state"] == {"n": 5}
    b.load_state_dict(state)
    assert b[0].n == 5
    with pytest.raises(RuntimeError, match='Missing key.s. in state_dict: "0._extra_state"'):
        b.load_state_dict({})
    with pytest.raises(RuntimeError, match='Unexpected key.s. in state_dict: "_extra_state"'):
        nn.Identity().load_state_dict({"_extra_state": 1})


def test_a_state_that_nobody_takes_is_unexpected() -> None:
    """Only ``set_extra_state`` says that a module takes one, as in PyTorch."""
    torch = pytest.importorskip("torch")
    for lib in (pluggrad, torch):

        class Giving(lib.nn.Module):  # type: ignore[misc, name-defined]
            def get_extra_state(self) -> int:
                return 3

        with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "_extra_state"'):
            Giving().load_state_dict(Giving().state_dict())


def test_arguments_by_position_warn() -> None:
    torch = pytest.importorskip("torch")
    for lib in (pluggrad, torch):
        found: dict[str, Any] = {}
        layer = lib.nn.Linear(1, 1)
        with pytest.warns(FutureWarning, match="[Pp]ositional"):
            assert layer.state_dict(found, "x.", keep_vars=True) is found
        assert list(found) == ["x.weight", "x.bias"] and found["x.weight"] is layer.weight


def test_modules_with_duplicates() -> None:
    torch = pytest.importorskip("torch")
    for lib in (pluggrad, torch):
        layer = lib.nn.Linear(1, 1)
        net = lib.nn.Sequential(layer, layer)
        assert len(list(net.modules())) == 2 and len(list(net.modules(remove_duplicate=False))) == 3
