"""The arguments of the functional names are PyTorch's."""

from __future__ import annotations

import inspect

import pytest

import pluggrad
import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")

from .beside_torch import draw, ours  # noqa: E402

TF = torch.nn.functional


@pytest.mark.parametrize("name", F.__all__)
def test_arguments_are_pytorchs(name: str) -> None:
    """Names and defaults, where PyTorch's can be read; those that stand behind are ours."""
    try:
        yours = [(p.name, p.default) for p in inspect.signature(getattr(TF, name)).parameters.values()]
    except ValueError:
        pytest.skip("written in C++: its arguments cannot be read")
    mine = [(p.name, p.default) for p in inspect.signature(getattr(F, name)).parameters.values()]
    if name in ("sigmoid", "tanh"):
        return  # the standard's functions, whose argument has no name to be called by
    if yours[0][0] == "args":
        pytest.skip("PyTorch decides by an argument which of two functions to call")
    if "softm" in name:  # _stacklevel is nobody's business, but may be given
        assert dict(yours).items() <= dict(mine).items()
        return
    assert mine == yours


def test_methods_of_tensors() -> None:
    x = ours(draw(2, 3))
    assert x.softmax(1).tolist() == F.softmax(x, 1).tolist()
    assert x.log_softmax(dim=0).tolist() == F.log_softmax(x, 0).tolist()
    assert x.softmax(-1, dtype=pluggrad.float32).dtype is pluggrad.float32
