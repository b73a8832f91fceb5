"""What optimisers have in common: parameter groups, state, hooks, state dicts."""

from __future__ import annotations

import functools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from ..autograd.hooks import RemovableHandle
from ..autograd.mode import enable_grad, no_grad
from ..ops.creation import tensor
from ..tensor import Leaf, Tensor, memory

__all__ = ["Optimizer"]

Parameters = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class _Required:
    """Stands for an option without a default."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer:
    """Base of all optimisers: subclass it and implement :meth:`update`.

    Parameters
    ----------
    params : tensors, named tensors, or dicts that each give a group ``params`` and options of its own
    defaults : the options of groups that do not give their own

    Attributes
    ----------
    param_groups : list of dicts with ``params`` and the options
    state : by parameter, what the optimiser remembers

    Raises
    ------
    TypeError : ``params`` is one tensor, or holds something else than tensors
    ValueError : no parameters, a parameter in two groups, or one that is not a leaf
    """

    def __init__(self, params: Parameters, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: defaultdict[Tensor, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._step_pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._step_post_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        if isinstance(params, Tensor):
            raise TypeError(
                f"params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {type(params).__name__}"
            )
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Wrap ``step`` of a subclass, so that hooks run and LR schedulers can see that it was called."""
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group: a dict with ``params`` and any options.

        Raises
        ------
        TypeError, ValueError : as for the class
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        group = dict(param_group)
        params: Any = [group["params"]] if isinstance(group["params"], Tensor) else group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections; "
                "a set has no order that can be relied on"
            )
        params = list(params)
        if params and isinstance(params[0], tuple):
            group["param_names"] = [name for name, _ in params]
            params = [p for _, p in params]
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if not (p.is_leaf or p.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        group["params"] = params
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, default)
        known = {id(p) for g in self.param_groups for p in g["params"]}
        if known.intersection(id(p) for p in params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; ``set_to_none=False``: set them to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    leaf = p._node
                    if type(leaf) is Leaf:
                        leaf.grad = None
                    else:
                        p.grad = None
                elif p.grad is not None:
                    if p.grad.requires_grad:
                        p.grad = p.grad.detach()
                    p.grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient.

        Parameters
        ----------
        closure : computes the loss anew, gradients included, and returns it; called first, with gradients recorded

        Returns
        -------
        what ``closure`` returned, or None
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                self.update(group)
        return loss

    def update(self, group: dict[str, Any]) -> None:
        """Update the parameters of one group that have a gradient."""
        raise NotImplementedError(f"{type(self).__name__} must implement update(group)")

    def gradients(self, group: dict[str, Any]) -> Iterable[tuple[Tensor, Any, dict[str, Any]]]:
        """The parameters of a group that have a gradient, ready to be written: (parameter, raw gradient, state)."""
        state = self.state
        for p in group["params"]:
            grad = p.grad
            if grad is not None:
                if grad._type is not p._type:
                    raise RuntimeError(
                        f"a parameter is {p.dtype} on {p.device}, its grad {grad.dtype} on {grad.device}"
                    )
                memory.release(p)  # what a graph has saved of it is kept before the write
                yield p, grad._array, state[p]

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; a returned (args, kwargs) replaces them."""
        return RemovableHandle(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return RemovableHandle(self._step_post_hooks, hook)

    def state_dict(self) -> dict[str, Any]:
        """The state in PyTorch's layout: ``state`` by the parameters' numbers, ``param_groups`` with those numbers."""
        numbers: dict[int, int] = {}
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
        groups = [
            {**{k: v for k, v in group.items() if k != "params"}, "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        return {"state": {numbers[id(p)]: dict(s) for p, s in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state from :meth:`state_dict`, of pluggrad's or of PyTorch's (its tensors as arrays, say).

        Raises
        ------
        ValueError : another number of groups, or of parameters in a group
        """
        saved = state_dict["param_groups"]
        if len(saved) != len(self.param_groups):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: {len(saved)}, "
                f"the optimizer has {len(self.param_groups)}"
            )
        for old, new in zip(self.param_groups, saved, strict=True):
            if len(old["params"]) != len(new["params"]):
                raise ValueError(
                    f"loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                    f"{len(new['params'])} parameters, the optimizer's has {len(old['params'])}"
                )
        parameters = dict(
            zip(
                chain.from_iterable(g["params"] for g in saved),
                chain.from_iterable(g["params"] for g in self.param_groups),
                strict=True,
            )
        )
        self.state = defaultdict(dict)
        for number, values in state_dict["state"].items():
            p = parameters[number]
            self.state[p] = {name: self._loaded(name, value, p) for name, value in values.items()}
        self.param_groups = [
            {**old, **{k: deepcopy(v) for k, v in new.items() if k != "params"}, "params": old["params"]}
            for old, new in zip(self.param_groups, saved, strict=True)
        ]

    @staticmethod
    def _loaded(name: str, value: Any, p: Tensor) -> Any:
        """A value of a state as it is kept here: numbers as numbers, tensors of the parameter's dtype on its device."""
        if value is None or isinstance(value, bool | int | float | str):
            return value
        loaded = tensor(value)
        if name == "step":
            return float(loaded.item())
        return loaded.to(dtype=p.dtype, device=p.device) if loaded.dtype.is_differentiable else loaded.to(p.device)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._step_pre_hooks, self._step_post_hooks = OrderedDict(), OrderedDict()

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [f"Parameter Group {i}", *(f"    {k}: {group[k]}" for k in sorted(group) if k != "params")]
        return "\n".join([*lines, ")"])


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """``step`` with the hooks of its optimiser around it."""

    @functools.wraps(step)
    def wrapper(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        for pre_hook in tuple(self._step_pre_hooks.values()):
            replaced = pre_hook(self, args, kwargs)
            if replaced is not None:
                args, kwargs = replaced
        result = step(self, *args, **kwargs)
        self._steps_taken = getattr(self, "_steps_taken", 0) + 1  # type: ignore[attr-defined]
        for post_hook in tuple(self._step_post_hooks.values()):
            post_hook(self, args, kwargs)
        return result

    return wrapper


Optimizer.step = _hooked(Optimizer.step)  # type: ignore[method-assign]


def check_options(name: str, **bounds: tuple[float, bool]) -> None:
    """Refuse options out of range: each is (value, whether it is fine).

    Raises
    ------
    ValueError : with PyTorch's wording
    """
    for option, (value, fine) in bounds.items():
        if not fine:
            raise ValueError(f"{name}: Invalid {option.replace('_', ' ')}: {value}")
