"""Wrong calls of ``nn``, ``optim``, ``utils.data`` and ``amp`` raise what PyTorch raises.

What is wrong with them is what people get wrong: numbers out of range, shapes that do not fit, another type, a missing
name. Where PyTorch accepts a call of the table, so do we.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import pluggrad

from .wrong_calls import CALLS, DIFFERENT

torch = pytest.importorskip("torch")
importlib.import_module("torch.nn.utils.prune")  # where PyTorch does not import it by itself

pytestmark = pytest.mark.cpu


def names(lib: Any) -> dict[str, Any]:
    """What a call may use."""

    class It(lib.utils.data.IterableDataset):
        def __iter__(self) -> Iterator[int]:
            return iter(range(3))

    def nan(lib: Any) -> list[Any]:
        p = lib.ones(2, requires_grad=True)
        p.grad = lib.tensor([float("nan"), 1.0])
        return [p]

    def overstep(schedule: Any) -> None:
        for _ in range(6):
            schedule.step()

    def twice(scaler: Any, optimizer: Any) -> None:
        optimizer.param_groups[0]["params"][0].grad = lib.ones(2)
        scaler.scale(lib.ones(()))
        scaler.unscale_(optimizer)
        scaler.unscale_(optimizer)

    return {
        "lib": lib, "nn": lib.nn, "optim": lib.optim, "data": lib.utils.data, "amp": lib.amp,
        "It": It, "nan": nan, "overstep": overstep, "twice": twice,
        "P": [lib.ones(2, requires_grad=True)], "O": lib.optim.SGD([lib.ones(2, requires_grad=True)], lr=0.1),
        "S": lambda optimizer: lib.optim.lr_scheduler.StepLR(optimizer, 1),
    }  # fmt: skip


def refusal(lib: Any, call: str) -> Exception | None:
    """What a call raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            eval(call, names(lib))
        except Exception as error:
            return error
    return None


def agree(mine: Exception | None, yours: Exception | None) -> bool:
    """Whether who expects PyTorch's exception catches ours."""
    return mine is None if yours is None else isinstance(mine, type(yours))


@pytest.mark.parametrize("call", [call for call in CALLS if call not in DIFFERENT])
def test_a_wrong_call(call: str) -> None:
    mine, yours = refusal(pluggrad, call), refusal(torch, call)
    assert agree(mine, yours), f"{mine!r}, and PyTorch {yours!r}"
    assert mine is None or str(mine)


@pytest.mark.parametrize("call", DIFFERENT)
def test_what_is_said_to_differ_does(call: str) -> None:
    assert call in CALLS
    assert not agree(refusal(pluggrad, call), refusal(torch, call))
