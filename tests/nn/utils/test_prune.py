"""Pruning, beside PyTorch's."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")
pytest.importorskip("torch.nn.utils.prune")  # torch does not import it by itself

from .test_parametrizations import BOTH, same, share_state, tensor  # noqa: E402  (which is left out without torch)

#: What is not random: with each library the same.
WAYS: dict[str, Callable[[Any, Any], Any]] = {
    "identity": lambda prune, conv: prune.identity(conv, "weight"),
    "l1, a number": lambda prune, conv: prune.l1_unstructured(conv, "weight", 5),
    "l1, none": lambda prune, conv: prune.l1_unstructured(conv, "weight", 0),
    "l1, all": lambda prune, conv: prune.l1_unstructured(conv, "weight", 1.0),
    "l1, by scores": lambda prune, conv: prune.l1_unstructured(
        conv, "weight", 0.3, importance_scores=1 / conv.weight.detach()
    ),
    "l1 of a bias": lambda prune, conv: prune.l1_unstructured(conv, "bias", 2),
    "l2 of slices": lambda prune, conv: prune.ln_structured(conv, "weight", 0.5, 2, 0),
    "maximum of slices": lambda prune, conv: prune.ln_structured(conv, "weight", 1, math.inf, -1),
    "slices by scores": lambda prune, conv: prune.ln_structured(
        conv, "weight", 1, 1, 1, importance_scores=1 / conv.weight.detach()
    ),
    "mask": lambda prune, conv: prune.custom_from_mask(conv, "weight", conv.weight.detach() > 0),
    "twice": lambda prune, conv: prune.l1_unstructured(prune.l1_unstructured(conv, "weight", 5), "weight", 0.5),
    "slices, then elements": lambda prune, conv: prune.l1_unstructured(
        prune.ln_structured(conv, "weight", 1, 2, 0), "weight", 0.5
    ),
    "elements, then slices": lambda prune, conv: prune.ln_structured(
        prune.ln_structured(prune.l1_unstructured(conv, "weight", 9), "weight", 1, 2, dim=1), "weight", 1, 2, dim=-1
    ),
    "mask at last": lambda prune, conv: prune.custom_from_mask(
        prune.l1_unstructured(conv, "weight", 9), "weight", conv.weight.detach() > 0
    ),
}


def _convs() -> tuple[Any, Any]:
    ours, theirs = (lib.nn.Conv2d(3, 4, 2) for lib in BOTH)
    share_state(ours, theirs)
    return ours, theirs


@pytest.mark.parametrize("way", WAYS)
def test_values_gradients_and_state(way: str) -> None:
    convs = _convs()
    name = "bias" if "bias" in way else "weight"
    for lib, conv in zip(BOTH, convs, strict=True):
        assert WAYS[way](lib.nn.utils.prune, conv) is conv
        conv(tensor(lib, 2, 3, 4, 4)).sin().sum().backward()
        assert lib.nn.utils.prune.is_pruned(lib.nn.Sequential(conv))
    ours, theirs = convs
    same(getattr(ours, name), getattr(theirs, name))
    same(getattr(ours, name + "_orig").grad, getattr(theirs, name + "_orig").grad)
    same(getattr(ours, name + "_mask"), getattr(theirs, name + "_mask"))
    share_state(ours, theirs)
    for lib, conv in zip(BOTH, convs, strict=True):
        with lib.no_grad():
            getattr(conv, name + "_orig").add_(1.0)
    same(*(conv(tensor(lib, 2, 3, 4, 4)) for lib, conv in zip(BOTH, convs, strict=True)))
    for lib, conv in zip(BOTH, convs, strict=True):
        parameter = getattr(conv, name + "_orig")
        lib.nn.utils.prune.remove(conv, name)
        assert getattr(conv, name) is parameter and not lib.nn.utils.prune.is_pruned(conv)
    share_state(ours, theirs)
    same(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("scores", [False, True])
def test_global_pruning(scores: bool) -> None:
    convs = _convs()
    for lib, conv in zip(BOTH, convs, strict=True):
        prune = lib.nn.utils.prune
        prune.l1_unstructured(conv, "weight", 3)
        given = {(conv, "bias"): 1 / conv.bias.detach()} if scores else None
        prune.global_unstructured([(conv, "weight"), (conv, "bias")], prune.L1Unstructured, given, amount=0.4)
    for name in ("weight_mask", "bias_mask", "weight", "bias"):
        same(getattr(convs[0], name), getattr(convs[1], name))


@pytest.mark.parametrize("lib", BOTH)
def test_drawn(lib: Any) -> None:
    prune = lib.nn.utils.prune
    layer = prune.random_unstructured(lib.nn.Linear(10, 6), "weight", 0.25)
    assert (layer.weight_mask == 0).sum().item() == 15
    prune.random_unstructured(layer, "weight", 5)
    assert (layer.weight_mask == 0).sum().item() == 20
    layer = prune.random_structured(lib.nn.Linear(10, 6), "weight", 2, dim=0)
    assert sorted(layer.weight_mask.sum(1).tolist()) == [0.0] * 2 + [10.0] * 4


def test_methods_and_containers() -> None:
    for lib in BOTH:
        prune, layer = lib.nn.utils.prune, lib.nn.Linear(3, 3)

        class Diagonal(prune.BasePruningMethod):  # type: ignore[misc, name-defined]
            PRUNING_TYPE = "global"

            def compute_mask(self, t: Any, default_mask: Any) -> Any:
                return default_mask.tril().triu()

        assert isinstance(Diagonal.apply(layer, "weight"), Diagonal)
        container = prune.L1Unstructured.apply(layer, "weight", 1)
        assert isinstance(container, prune.PruningContainer) and len(container) == 2
        assert isinstance(container[0], Diagonal) and [type(m) for m in container][1] is prune.L1Unstructured
        assert layer.weight_mask.sum().item() == 2 == (layer.weight != 0).sum().item()
        t = lib.tensor([3.0, -1.0, 2.0])
        assert prune.L1Unstructured(1).prune(t).tolist() == [3.0, 0.0, 2.0]
        assert prune.L1Unstructured(1).prune(t, importance_scores=-1 / t).tolist() == [0.0, -1.0, 2.0]


def test_copies() -> None:
    layer = pluggrad.nn.utils.prune.l1_unstructured(pluggrad.nn.Linear(3, 3), "weight", 4)
    layer.weight = layer.weight.detach()  # as in PyTorch, a tensor with a graph is not copied
    other = copy.deepcopy(layer)
    other(pluggrad.ones(1, 3))
    np.testing.assert_array_equal(other.weight.detach().cpu().numpy(), layer.weight.cpu().numpy())


@pytest.mark.parametrize("lib", BOTH)
def test_faults(lib: Any) -> None:
    prune = lib.nn.utils.prune
    layer = lib.nn.Linear(3, 2)
    for amount, error in (("a", TypeError), (1.5, ValueError), (-1, ValueError), (-0.1, ValueError)):
        with pytest.raises(error, match="amount"):
            prune.l1_unstructured(layer, "weight", amount)
    with pytest.raises(ValueError, match="amount=7 should be smaller than the number of parameters to prune=6"):
        prune.random_unstructured(layer, "weight", 7)
    with pytest.raises(ValueError, match="can only be applied to multidimensional"):
        prune.random_structured(layer, "bias", 1, 0)
    with pytest.raises(IndexError, match="Invalid index 2"):
        prune.ln_structured(layer, "weight", 1, 2, 2)
    with pytest.raises(AssertionError, match="importance_scores should have the same shape"):
        prune.l1_unstructured(layer, "weight", 1, importance_scores=lib.ones(2))
    with pytest.raises(AssertionError, match="must match"):
        prune.custom_from_mask(layer, "weight", lib.ones(2))
    with pytest.raises(ValueError, match="has to be pruned before pruning can be removed"):
        prune.remove(layer, "weight")
    with pytest.raises(TypeError, match='Only "unstructured" PRUNING_TYPE supported'):
        prune.global_unstructured([(layer, "weight")], prune.LnStructured, amount=1, n=2)
    with pytest.raises(TypeError, match="not an Iterable"):
        prune.global_unstructured(1, prune.L1Unstructured, amount=1)
    with pytest.raises(TypeError, match="must be of type dict"):
        prune.global_unstructured([(layer, "weight")], prune.L1Unstructured, [1], amount=1)
    assert list(layer.state_dict()) == ["weight", "bias"] or lib is not pluggrad  # nothing was left half done
    container, method = prune.PruningContainer(), prune.Identity()
    container._tensor_name, method._tensor_name = "weight", "bias"
    with pytest.raises(ValueError, match="Can only add pruning methods acting on the parameter named 'weight'"):
        container.add_pruning_method(method)
    with pytest.raises(TypeError, match="is not a BasePruningMethod subclass"):
        container.add_pruning_method(1)
