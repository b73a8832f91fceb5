"""State dicts of optimisers, in PyTorch's layout, so that they go both ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ..ops.creation import tensor
from ..tensor import Tensor

if TYPE_CHECKING:
    from .optimizer import Optimizer


def pack_state(state: Mapping[Any, Any], groups: list[dict[str, Any]]) -> dict[str, Any]:
    """``state`` and ``param_groups`` with numbers in place of parameters, counted through all groups."""
    numbers: dict[int, int] = {}
    for group in groups:
        for p in group["params"]:
            numbers.setdefault(id(p), len(numbers))
    packed_groups = [
        {**{k: v for k, v in group.items() if k != "params"}, "params": [numbers[id(p)] for p in group["params"]]}
        for group in groups
    ]
    packed = {numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in state.items()}
    return {"state": packed, "param_groups": packed_groups}


def load_state(optimizer: Optimizer, state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """``state`` and ``param_groups`` for an optimiser from a packed state; nothing of the optimiser changes.

    Raises
    ------
    ValueError : another number of groups, or of parameters in a group
    """
    groups = optimizer.param_groups
    saved = deepcopy(state_dict["param_groups"])
    if len(saved) != len(groups):
        raise ValueError(
            f"loaded state dict has a different number of parameter groups: {len(saved)}, "
            f"the optimizer has {len(groups)}"
        )
    for old, new in zip(groups, saved, strict=True):
        if len(old["params"]) != len(new["params"]):
            raise ValueError(
                f"loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                f"{len(new['params'])} parameters, the optimizer's has {len(old['params'])}"
            )
    parameters = {
        number: (p, new)
        for old, new in zip(groups, saved, strict=True)
        for p, number in zip(old["params"], new["params"], strict=True)
    }
    state: defaultdict[Any, Any] = defaultdict(dict)
    for number, values in state_dict["state"].items():
        if number in parameters:
            p, group = parameters[number]
            state[p] = {name: _loaded(optimizer, name, value, p, group) for name, value in values.items()}
        else:  # what belongs to no parameter is kept as it is
            state[number] = values
    for old, new in zip(groups, saved, strict=True):
        new["params"] = old["params"]
        if "param_names" in old:
            new.setdefault("param_names", old["param_names"])
        for name, default in optimizer.defaults.items():  # a state of before an option came
            new.setdefault(name, default)
    return {"state": state, "param_groups": saved}


def _loaded(optimizer: Optimizer, name: str | None, value: Any, p: Tensor, group: dict[str, Any]) -> Any:
    """A value of a state as it is kept here: tensors as copies in the parameter's type, but for numbers."""
    if name in optimizer.numbers and isinstance(value, int | float):
        return optimizer.new_number(value, p, group)
    if value is None or isinstance(value, bool | int | float | complex | str):
        return value
    if isinstance(value, Mapping):
        return {k: _loaded(optimizer, k, v, p, group) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_loaded(optimizer, None, v, p, group) for v in value)
    copied = value.detach().clone() if isinstance(value, Tensor) else tensor(value)
    if name in optimizer.numbers:
        elsewhere = group.get("capturable") or group.get("fused")
        return copied.to(p.device) if elsewhere else copied
    return copied.to(dtype=p.dtype, device=p.device) if p.dtype.kind == "real floating" else copied.to(p.device)
