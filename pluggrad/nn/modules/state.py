"""``state_dict`` and ``load_state_dict``: the state of a module as a dict of tensors, under PyTorch's keys."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import Any

from ...autograd.hooks import RemovableHandle
from ...autograd.mode import no_grad
from ...ops.creation import asarray
from ...tensor import Tensor
from ..parameter import Parameter
from ..uninitialized import Uninitialized

__all__ = ["IncompatibleKeys", "State"]

#: The key of what ``get_extra_state`` gives.
EXTRA_STATE = "_extra_state"


class IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):  # noqa: PYI024 (its repr needs super)
    """What ``load_state_dict`` found no place for, and what it found no value for."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_{super().__repr__()}"  # PyTorch's name of it

    __str__ = __repr__


def _returns_none(hook: Callable[..., Any], *args: Any) -> None:
    if hook(*args) is not None:
        raise RuntimeError("state_dict post-hook must return None")


def _without_module(hook: Callable[..., Any], module: Any, *args: Any) -> None:
    hook(*args)


class State:
    """The part of :class:`.module.Module` that saves and loads its state."""

    #: The version of the layout of a class's state; kept in the ``_metadata`` of a state dict.
    _version: int = 1

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]
    _non_persistent_buffers_set: set[str]
    _state_dict_hooks: OrderedDict[int, Callable[..., Any]]
    _state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _load_state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _load_state_dict_post_hooks: OrderedDict[int, Callable[..., Any]]

    def _init_state_hooks(self) -> None:
        for name in (
            "_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
        ):  # fmt: skip
            object.__setattr__(self, name, OrderedDict())

    # -- what a subclass may define ------------------------------------------------------------------

    def get_extra_state(self) -> Any:
        """What the state has besides parameters and buffers; who defines this also defines ``set_extra_state``."""
        raise RuntimeError("Reached a code path in Module.get_extra_state() that should never be called.")

    def set_extra_state(self, state: Any) -> None:
        """Take back what ``get_extra_state`` gave."""
        raise RuntimeError("Reached a code path in Module.set_extra_state() that should never be called.")

    def _has_extra_state(self) -> bool:
        return type(self).get_extra_state is not State.get_extra_state

    # -- hooks -----------------------------------------------------------------------------------------

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` gathers."""
        return RemovableHandle(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)``, which may change the dict and returns None."""
        return RemovableHandle(self._state_dict_hooks, functools.partial(_returns_none, hook))

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)``; a dict that it returns is taken instead.

        It is taken for the module that ``state_dict`` was called on; those of its submodules change the dict in place.
        PyTorch's older form, which many programs use.
        """
        return RemovableHandle(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, metadata, strict, missing, unexpected, errors)`` before loading."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        """The same; without ``with_module`` the hook is not given the module. PyTorch's older form."""
        taken = hook if with_module else functools.partial(_without_module, hook)
        return RemovableHandle(self._load_state_dict_pre_hooks, taken)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)``, which may change these, after loading."""
        return RemovableHandle(self._load_state_dict_post_hooks, hook)

    # -- saving ----------------------------------------------------------------------------------------

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by their dotted names.

        Parameters
        ----------
        destination : a dict to add to
        prefix : put before all names
        keep_vars : give the very parameters, with their graph, not detached tensors that share their memory

        >>> import pluggrad
        >>> list(pluggrad.nn.Sequential(pluggrad.nn.Linear(1, 1)).state_dict())
        ['0.weight', '0.bias']
        """
        if args:
            warnings.warn(
                "state_dict: positional arguments are deprecated, as in PyTorch; give them by name",
                FutureWarning,
                stacklevel=2,
            )
            given = (*args, *(destination, prefix, keep_vars)[len(args) :])[:3]
            destination, prefix, keep_vars = given
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            replaced = hook(self, destination, prefix, local_metadata)
            destination = destination if replaced is None else replaced
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Add this module's own state, without that of its submodules."""
        for name, value in itertools.chain(self._parameters.items(), self._persistent_buffers().items()):
            if value is not None:
                as_it_is = keep_vars or isinstance(value, Uninitialized)
                destination[prefix + name] = value if as_it_is else value.detach()
        if self._has_extra_state():
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    def _persistent_buffers(self) -> dict[str, Any]:
        return {k: v for k, v in self._buffers.items() if k not in self._non_persistent_buffers_set}

    # -- loading ---------------------------------------------------------------------------------------

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy the values of a state dict into the parameters and buffers of these names.

        Parameters
        ----------
        state_dict : by dotted name, tensors, or what :func:`pluggrad.asarray` takes: PyTorch's tensors, say
        strict : missing and unexpected keys are errors
        assign : take over the tensors themselves, with their dtype and device, rather than copy their values

        Returns
        -------
        named tuple (missing_keys, unexpected_keys)

        Raises
        ------
        RuntimeError : values of another shape; with ``strict``, missing or unexpected keys. It lists all of them
        TypeError : no mapping
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        own: OrderedDict[str, Any] = OrderedDict(state_dict)

        def load(module: Any, local: Any, prefix: str) -> None:
            local_metadata = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
            if assign:
                local_metadata["assign_to_params_buffers"] = True
            # Also where not strict: the keys are returned then.
            module._load_from_state_dict(local, prefix, local_metadata, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    load(child, {k: v for k, v in local.items() if k.startswith(below)}, below)
            incompatible = IncompatibleKeys(missing, unexpected)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, incompatible) is not None:
                    raise TypeError(
                        "hooks registered with register_load_state_dict_post_hook must change the keys in place"
                    )

        load(self, own, "")
        if strict:
            for keys, kind in ((unexpected, "Unexpected"), (missing, "Missing")):
                if keys:
                    listed = ", ".join(f'"{k}"' for k in keys)
                    errors.insert(0, f"{kind} key(s) in state_dict: {listed}. ")
        if errors:
            listed = "\n\t".join(errors)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{listed}")
        return IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], strict: bool, missing_keys: list[str],
        unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        """Take this module's own values; note missing and unexpected keys and errors in the lists."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, target in itertools.chain(self._parameters.items(), self._persistent_buffers().items()):
            if target is None:
                continue
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            self._load_one(name, key, target, state_dict[key], assign, error_msgs)
        extra = prefix + EXTRA_STATE
        if type(self).set_extra_state is not State.set_extra_state:
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            own = {k for k, v in (*self._parameters.items(), *self._persistent_buffers().items()) if v is not None}
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    # With a dot it belongs to a submodule, which looks after it; without one, to this module.
                    first, *rest = key[len(prefix) :].split(".", 1)
                    if first not in (self._modules if rest else own):
                        unexpected_keys.append(key)

    def _load_one(self, name: str, key: str, target: Tensor, given: Any, assign: bool, error_msgs: list[str]) -> None:
        try:
            value = given if isinstance(given, Tensor) else asarray(given)
        except (TypeError, ValueError):
            error_msgs.append(
                f'While copying the parameter named "{key}", expected a Tensor or an array from checkpoint but '
                f"received {type(given)}"
            )
            return
        if isinstance(target, Uninitialized) and isinstance(value, Uninitialized):
            return  # neither has values
        if value.shape != target.shape:
            if not (target._array.ndim == 0 and value._array.shape == (1,)):
                error_msgs.append(
                    f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
                    f"the shape in current model is {target.shape}."
                )
                return
            value = value[0]
        try:
            with no_grad():
                if not assign:
                    target.copy_(value)
                elif isinstance(target, Parameter):  # what is trained is the model's matter, not the file's
                    if not isinstance(given, Parameter):
                        given = Parameter(value, target.requires_grad)
                    setattr(self, name, given.requires_grad_(target.requires_grad))
                else:
                    setattr(self, name, value)
        except Exception as error:
            error_msgs.append(
                f'While copying the parameter named "{key}", whose dimensions in the model are {target.shape} and '
                f"whose dimensions in the checkpoint are {value.shape}, an exception occurred : {error.args}."
            )
