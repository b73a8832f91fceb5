"""What optimisers have in common: parameter groups, state, and what a step is made of."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from ..autograd.engine import graph_namespace
from ..autograd.inplace import assign
from ..autograd.mode import enable_grad, no_grad, set_grad_enabled
from ..backends import updates
from ..dtypes import float32, float64, get_default_dtype
from ..ops.creation import full_like, zeros_like
from ..tensor import Leaf, Tensor, memory
from . import remembered
from .hooks import WithHooks, hooked, register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from .state import load_state, pack_state

__all__ = [
    "Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook", "required",
]  # fmt: skip

Parameters = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class _Required:
    """Stands for an option without a default."""

    def __repr__(self) -> str:
        return "<required parameter>"


required: Final = _Required()


class Optimizer(WithHooks):
    """Base of all optimisers: subclass it and write ``step(closure=None)``, or, in pluggrad's own way, :meth:`update`.

    Parameters
    ----------
    params : tensors, pairs of a name and a tensor, or dicts that each give a group ``params`` and options of its own
    defaults : the options of groups that do not give their own

    Attributes
    ----------
    param_groups : list of dicts with ``params``, ``param_names`` if names were given, and the options
    state : by parameter, what the optimiser remembers
    defaults : the options of groups that do not give their own

    Raises
    ------
    TypeError : ``params`` is one tensor, or a set, or holds something else than tensors
    ValueError : no parameters, a parameter in two groups, one that is not a leaf, or names for some only
    """

    #: What is remembered as numbers, in 0-D tensors of the default dtype.
    numbers: ClassVar[tuple[str, ...]] = ("step",)

    def __init__(self, params: Parameters, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                f"params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {type(params).__name__}"
            )
        self.state: defaultdict[Tensor, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Put hooks around the ``step`` of a subclass."""
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    # -- groups ----------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group: a dict with ``params`` and any options. It is changed: made complete.

        Raises
        ------
        TypeError, ValueError : as for the class
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        group = param_group
        params = group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in "
                "sets will change between runs. Please use a list instead."
            )
        listed: list[Any] = [params] if isinstance(params, Tensor) else list(params)
        names = [p[0] for p in listed if isinstance(p, tuple)]
        if names:
            if len(names) != len(listed):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            group["param_names"] = names
            listed = [p[1] for p in listed]
        group["params"] = listed
        self._check(listed)
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, default)
        for other in self.param_groups:
            if ("param_names" in group) != ("param_names" in other):
                raise ValueError(
                    f"all optimizer param groups should be with/without names. cannot add param group "
                    f"{'with' if 'param_names' in group else 'without'} names to the optimizer"
                )
        known = {id(p) for g in self.param_groups for p in g["params"]}
        if known.intersection(id(p) for p in listed):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(group)

    def _check(self, params: list[Any]) -> None:
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if not (p.is_leaf or p.retains_grad or self.defaults.get("differentiable")):
                raise ValueError("can't optimize a non-leaf Tensor")
        if len({id(p) for p in params}) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters: each is updated more than once in a "
                "step",
                UserWarning,
                stacklevel=4,
            )

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

    # -- a step ----------------------------------------------------------------------------------

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
        if self.defaults.get("differentiable"):
            with set_grad_enabled(True):
                for group in self.param_groups:
                    self.update(group)
        else:
            with no_grad():
                for group in self.param_groups:
                    self.update(group)
        return loss

    def update(self, group: dict[str, Any]) -> None:
        """Update the parameters of one group that have a gradient."""
        raise NotImplementedError(f"{type(self).__name__} must implement step(closure=None)")

    def with_gradient(self, group: dict[str, Any]) -> Iterator[tuple[Tensor, Tensor]]:
        """The parameters of a group that have a gradient, and the gradients."""
        for p in group["params"]:
            node = p._node
            grad = node.grad if node.__class__ is Leaf else p.grad  # the property is a detour for the usual parameter
            if grad is not None:
                if grad._type is not p._type:
                    raise RuntimeError(
                        f"a parameter is {p.dtype} on {p.device}, its grad {grad.dtype} on {grad.device}"
                    )
                yield p, grad

    def run(self, name: str, group: dict[str, Any], rows: Sequence[Sequence[Tensor | None]], **options: Any) -> None:
        """Take the step ``name`` of :mod:`pluggrad.backends.updates`.

        Parameters
        ----------
        rows : for each parameter: itself, its gradient, its memories or None; all of one ArrayType. Parameters and
            memories change
        options : of the step; in a step that is not recorded, tensors among them are taken for numbers
        """
        if group.get("differentiable"):
            rule = getattr(updates, name).rule
            for row in rows:
                _recorded(rule, row, options)
            return
        columns: list[Any] = []
        for position, column in enumerate(zip(*rows, strict=True)):
            if column[0] is None:
                columns.append(None)
                continue
            if position != 1:
                memory.release_all(column)  # what a graph has saved of it is kept before the write
            columns.append([t._array for t in column])
        for option, value in options.items():
            if isinstance(value, Tensor):
                options[option] = float(value)
        getattr(rows[0][0]._type.kernels, name)(*columns, **options)  # type: ignore[union-attr]

    # -- state -----------------------------------------------------------------------------------

    def new_number(self, value: float, p: Tensor, group: dict[str, Any]) -> Tensor:
        """A number to be remembered: a 0-D tensor, on the CPU but for ``capturable`` and ``fused``."""
        elsewhere = group.get("capturable") or group.get("fused")
        dtype = float64 if get_default_dtype() is float64 else float32
        return remembered.new(value, dtype=dtype, device=p.device if elsewhere else "cpu")

    def state_dict(self) -> dict[str, Any]:
        """The state in PyTorch's layout: ``state`` by the parameters' numbers, ``param_groups`` with those numbers.

        The tensors are the optimiser's own, not copies.
        """
        for pre_hook in self._optimizer_state_dict_pre_hooks.values():
            pre_hook(self)
        packed = pack_state(self.state, self.param_groups)
        for post_hook in self._optimizer_state_dict_post_hooks.values():
            changed = post_hook(self, packed)
            packed = packed if changed is None else changed
        return packed

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a state from :meth:`state_dict`, of pluggrad's or of PyTorch's (its tensors as arrays, say).

        Parameters
        ----------
        state_dict : dict, from an optimiser with groups of as many parameters, in the same order. Tensors are copied

        Raises
        ------
        ValueError : another number of groups, or of parameters in a group
        """
        loaded = dict(state_dict)
        for pre_hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = pre_hook(self, loaded)
            loaded = loaded if changed is None else changed
        self.__setstate__(load_state(self, loaded))
        for post_hook in self._optimizer_load_state_dict_post_hooks.values():
            post_hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_optimizer_step_pre_hooks" not in self.__dict__:
            self._make_hooks()

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [f"Parameter Group {i}", *(f"    {k}: {group[k]}" for k in sorted(group) if k != "params"), ""]
        return "\n".join(lines).removesuffix("\n") + "\n)"


Optimizer.step = hooked(Optimizer.step)  # type: ignore[method-assign]


def _recorded(rule: updates.Rule, row: Sequence[Tensor | None], options: dict[str, Any]) -> None:
    """One step of one parameter on record: ``differentiable=True``."""
    p, g, *memories = row
    assert p is not None and g is not None
    if not p.dtype.is_complex:
        new = rule(graph_namespace, p, g, *memories, **options)
    else:
        parts = [
            rule(graph_namespace, *(None if t is None else getattr(t, part) for t in row), **options)
            for part in ("real", "imag")
        ]
        new = tuple(None if r is None else graph_namespace.complex(r, i) for r, i in zip(*parts, strict=True))
    for old, value in zip((p, *memories), new, strict=True):
        if old is not None:
            assign(old, value)


class Stepwise(Optimizer):
    """An optimiser whose step is one elementwise step of :mod:`pluggrad.backends.updates`.

    A subclass names that step in ``kernel``, what it remembers of each parameter in :meth:`memories`, and
    the step's options in :meth:`options`.
    """

    kernel: ClassVar[str]

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """Names of what is remembered, in the order in which the step takes them; None for one not kept here."""
        raise NotImplementedError

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """Options of the step that are the same for all parameters of the group."""
        raise NotImplementedError

    def start(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        """Fill the state of a parameter, empty so far: numbers first, as PyTorch has them, and zeros."""
        state["step"] = self.new_number(0.0, p, group)
        for name in self.memories(group):
            if name is not None:
                state[name] = zeros_like(p)

    def advance(self, state: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
        """Go on to the next step in a parameter's state; returns the options of the step that depend on it."""
        return {"step": remembered.count(state)}

    def update(self, group: dict[str, Any]) -> None:
        """One step of the parameters of a group: of all at once that are of one type and equally far."""
        names = self.memories(group)
        batches: dict[Any, tuple[dict[str, Any], list[Any]]] = {}
        for p, g in self.with_gradient(group):
            state = self.state[p]
            if not state:
                self.start(state, p, group)
            own = self.advance(state, group)
            key = (p._type, *own.values())
            batch = batches.get(key)
            if batch is None:
                batch = batches[key] = (own, [])
            batch[1].append((p, g, *[None if name is None else state[name] for name in names]))
        if batches:
            options = self.options(group)
            for own, rows in batches.values():
                self.run(self.kernel, group, rows, **options, **own)


def filled(value: float, p: Tensor) -> Tensor:
    """A memory that starts with a value, in the real and in the imaginary part."""
    return full_like(p, complex(value, value) if p.dtype.is_complex else value)


#: Options that PyTorch's errors call by their names.
_WORDS: Final = {
    f"{name}_value": f"{name} value"
    for name in ("lr_decay", "weight_decay", "initial_accumulator_value", "momentum_decay")
}


def check_options(**bounds: tuple[Any, Any]) -> None:
    """Refuse options out of range: each is (value, whether it is fine), under PyTorch's name for it.

    Raises
    ------
    ValueError : with PyTorch's wording
    """
    for option, (value, fine) in bounds.items():
        if option == "learning_rate" and isinstance(value, Tensor) and value.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not fine:
            raise ValueError(f"Invalid {_WORDS.get(option, option.replace('_', ' '))}: {value}")


def check_fused(fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """Refuse what PyTorch refuses of ``fused=True``.

    Raises
    ------
    RuntimeError
    """
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
