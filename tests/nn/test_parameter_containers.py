"""ParameterList and ParameterDict beside PyTorch's."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad

torch = pytest.importorskip("torch")

LIBRARIES = (pluggrad, torch)


def _list(lib: Any) -> Any:
    weights = lib.nn.ParameterList([lib.zeros(2, 3), lib.nn.Parameter(lib.ones(1))])
    weights.append(lib.ones(4))
    weights += [lib.zeros(5)]
    weights[-2] = lib.zeros(6)
    return weights


def _dict(lib: Any) -> Any:
    weights = lib.nn.ParameterDict({"b": lib.zeros(2, 3), "a": lib.nn.Parameter(lib.ones(1))})
    weights["c"] = lib.ones(4)
    weights |= lib.nn.ParameterDict([("a", lib.zeros(7))])
    return weights


@pytest.mark.parametrize("make", [_list, _dict])
def test_as_pytorchs(make: Any) -> None:
    ours, theirs = (make(lib) for lib in LIBRARIES)
    printed, device = repr(ours), pluggrad.get_default_device()
    if device.type != "cpu":  # whose name is printed, as PyTorch prints that of CUDA
        printed = printed.replace(f" ({device})", "").replace(f"pluggrad.{device.type}.", "pluggrad.")
    assert printed == repr(theirs).replace("torch.", "pluggrad.")
    assert [(n, tuple(p.shape)) for n, p in ours.named_parameters()] == [
        (n, tuple(p.shape)) for n, p in theirs.named_parameters()
    ]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert len(ours) == len(theirs)


def test_slices_of_a_list() -> None:
    ours, theirs = (_list(lib) for lib in LIBRARIES)
    assert [tuple(p.shape) for p in ours[1:3]] == [tuple(p.shape) for p in theirs[1:3]]
    with pytest.raises(IndexError, match="index 4 is out of range"):
        ours[4]
    with pytest.raises(TypeError, match="iterable"):
        ours.extend(pluggrad.zeros(2))


def test_keys_of_a_dict() -> None:
    ours, theirs = (_dict(lib) for lib in LIBRARIES)
    for weights in (ours, theirs):
        assert weights.get("x") is None
        assert tuple(weights.setdefault("b").shape) == (2, 3)
        assert tuple(weights.pop("b").shape) == (2, 3)
        assert "b" not in weights
        assert weights.popitem()[0] == "c"
        assert list(weights.copy().keys()) == ["a"]
        weights.clear()
        assert len(weights) == 0
    with pytest.raises(TypeError, match="not a string"):
        ours[1] = pluggrad.zeros(1)
