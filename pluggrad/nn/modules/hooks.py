"""Hooks of modules: functions that see, and may replace, what goes in, what comes out, and the gradients of both."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ...autograd.function import Function
from ...autograd.hooks import RemovableHandle
from ...tensor import Tensor
from . import whereabouts

__all__ = [
    "HookedCall", "register_module_buffer_registration_hook", "register_module_forward_hook",
    "register_module_forward_pre_hook", "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook", "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]  # fmt: skip


_AROUND_CALLS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
#: Not empty once there was a hook around a call: before that, no call of a module looks for one.
_SOME_HOOK: list[None] = []


def _register(hooks: OrderedDict[int, Callable[..., Any]], hook: Callable[..., Any]) -> RemovableHandle:
    """Add a hook around calls."""
    if not _SOME_HOOK:
        _SOME_HOOK.append(None)
    return RemovableHandle(hooks, hook)


# Hooks of every module of the process.
_global_forward_pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
_global_forward_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
_global_backward_pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
_global_backward_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
_global_forward_hooks_with_kwargs: set[int] = set()
_global_forward_hooks_always_called: set[int] = set()


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before the forward of every module; what it returns replaces ``args``."""
    return _register(_global_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after the forward of every module; what it returns replaces ``output``.

    Parameters
    ----------
    with_kwargs, always_call : as for :meth:`HookedCall.register_forward_hook`
    """
    handle = _register(_global_forward_hooks, hook)
    if with_kwargs:
        _global_forward_hooks_with_kwargs.add(handle.id)
    if always_call:
        _global_forward_hooks_always_called.add(handle.id)
    return handle


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before the gradients of every module are computed."""
    return _register(_global_backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` after the gradients of every module's inputs were computed."""
    return _register(_global_backward_hooks, hook)


# Hooks of what is assigned to modules, of all of them.
_registration_hooks: dict[str, OrderedDict[int, Callable[..., Any]]] = {
    "parameter": OrderedDict(), "buffer": OrderedDict(), "module": OrderedDict(),
}  # fmt: skip


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, parameter)`` when a module gets a parameter; what it returns is taken instead."""
    return RemovableHandle(_registration_hooks["parameter"], hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` when a module gets a buffer; what it returns is taken instead."""
    return RemovableHandle(_registration_hooks["buffer"], hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` when a module gets a submodule; what it returns is taken instead."""
    return RemovableHandle(_registration_hooks["module"], hook)


def registered(kind: str, module: Any, name: str, value: Any) -> Any:
    """What the hooks of this kind make of a value that a module gets."""
    for hook in _registration_hooks[kind].values():
        replaced = hook(module, name, value)
        value = value if replaced is None else replaced
    return value


class HookedCall:
    """The part of :class:`.module.Module` that has to do with hooks and with calling."""

    _forward_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _forward_hooks: OrderedDict[int, Callable[..., Any]]
    _backward_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _backward_hooks: OrderedDict[int, Callable[..., Any]]
    _forward_pre_hooks_with_kwargs: set[int]
    _forward_hooks_with_kwargs: set[int]
    _forward_hooks_always_called: set[int]

    forward: Callable[..., Any]

    def _init_hooks(self) -> None:
        for name in _AROUND_CALLS:
            object.__setattr__(self, name, OrderedDict())
        for name in ("_forward_pre_hooks_with_kwargs", "_forward_hooks_with_kwargs", "_forward_hooks_always_called"):
            object.__setattr__(self, name, set())

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if not _SOME_HOOK and any(state.get(name) for name in _AROUND_CALLS):  # from another process
            _SOME_HOOK.append(None)

    # -- registering ---------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before each ``forward``; what it returns, a value or a tuple, replaces ``args``.

        Parameters
        ----------
        prepend : before the hooks that are there, not after them
        with_kwargs : call ``hook(module, args, kwargs)``, which returns None or both
        """
        handle = _register(self._forward_pre_hooks, hook)
        if prepend:
            self._forward_pre_hooks.move_to_end(handle.id, last=False)
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs.add(handle.id)
        return handle

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after each ``forward``; what it returns replaces ``output``.

        Parameters
        ----------
        prepend : before the hooks that are there, not after them
        with_kwargs : call ``hook(module, args, kwargs, output)``
        always_call : also when ``forward``, or a hook, raised: with the output so far, or None; what it raises then
            itself is a warning
        """
        handle = _register(self._forward_hooks, hook)
        if prepend:
            self._forward_hooks.move_to_end(handle.id, last=False)
        if with_kwargs:
            self._forward_hooks_with_kwargs.add(handle.id)
        if always_call:
            self._forward_hooks_always_called.add(handle.id)
        return handle

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before the gradients are computed; what it returns replaces that."""
        handle = _register(self._backward_pre_hooks, hook)
        if prepend:
            self._backward_pre_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` after the gradients of the inputs were computed.

        Both are tuples, of the positional arguments and of the outputs; None stands for what is no tensor or has
        no gradient. What it returns replaces ``grad_input``.
        """
        handle = _register(self._backward_hooks, hook)
        if prepend:
            self._backward_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """PyTorch's older name of :meth:`register_full_backward_hook`, whose semantics it has here."""
        return self.register_full_backward_hook(hook)

    # -- calling -------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward``, and the hooks before and after it."""
        try:
            if _SOME_HOOK and self._is_hooked():
                return self._hooked_call(args, kwargs)
            return self.forward(*args, **kwargs)
        except whereabouts.MISFITS as error:
            whereabouts.note(error, self)
            raise
        except (AttributeError, KeyError):
            if "_forward_hooks" in self.__dict__:
                raise
            raise AttributeError(f"{type(self).__name__} cannot be called before Module.__init__() call") from None

    def _is_hooked(self) -> bool:
        own = self.__dict__  # for the classes of modules have a __getattr__, with which each attribute is a long way
        return bool(
            own["_forward_hooks"] or own["_forward_pre_hooks"] or own["_backward_hooks"]
            or own["_backward_pre_hooks"] or _global_forward_hooks or _global_forward_pre_hooks
            or _global_backward_hooks or _global_backward_pre_hooks
        )  # fmt: skip

    def _hooked_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        called: set[int] = set()
        output = None
        try:
            args, kwargs = self._run_forward_pre_hooks(args, kwargs)
            pre_hooks = [*_global_backward_pre_hooks.values(), *self._backward_pre_hooks.values()]
            post_hooks = [*_global_backward_hooks.values(), *self._backward_hooks.values()]
            backward = _BackwardHooks(self, pre_hooks, post_hooks) if pre_hooks or post_hooks else None
            if backward is not None:
                args = backward.enter(args)
            output = self.forward(*args, **kwargs)
            for key, hook in [*_global_forward_hooks.items(), *self._forward_hooks.items()]:
                called.add(key)
                replaced = self._call_forward_hook(key, hook, args, kwargs, output)
                output = output if replaced is None else replaced
            return output if backward is None else backward.leave(output)
        except Exception:
            always = _global_forward_hooks_always_called | self._forward_hooks_always_called
            for key, hook in [*_global_forward_hooks.items(), *self._forward_hooks.items()]:
                if key in always - called:
                    try:
                        self._call_forward_hook(key, hook, args, kwargs, output)
                    except Exception as error:  # the first one is what the caller has to see
                        warnings.warn(
                            f"forward hook with ``always_call=True`` raised an exception that was silenced as "
                            f"another error was raised in forward: {error}",
                            stacklevel=3,
                        )
            raise

    def _call_forward_hook(
        self, key: int, hook: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> Any:
        if key in self._forward_hooks_with_kwargs or key in _global_forward_hooks_with_kwargs:
            return hook(self, args, kwargs, output)
        return hook(self, args, output)

    def _run_forward_pre_hooks(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for key, hook in [*_global_forward_pre_hooks.items(), *self._forward_pre_hooks.items()]:
            if key in self._forward_pre_hooks_with_kwargs:
                replaced = hook(self, args, kwargs)
                if replaced is not None:
                    if not (isinstance(replaced, tuple) and len(replaced) == 2):
                        raise RuntimeError(
                            "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                            f"but got {replaced}."
                        )
                    args, kwargs = replaced
            else:
                replaced = hook(self, args)
                if replaced is not None:
                    args = replaced if isinstance(replaced, tuple) else (replaced,)
        return args, kwargs


class _Pass(Function):
    """Hands tensors and their gradients on: a node to which hooks are attached."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        return grads


class _BackwardHooks:
    """The backward hooks of one call of a module.

    Inputs and outputs each pass through a node of their own. Before the outputs' node runs, the pre-hooks are
    called; after the inputs' node ran, the hooks are.
    """

    def __init__(self, module: Any, pre_hooks: list[Callable[..., Any]], hooks: list[Callable[..., Any]]) -> None:
        self.module, self.pre_hooks, self.hooks = module, pre_hooks, hooks
        self.grad_output: tuple[Any, ...] | None = None
        self.positions: list[int] = []  # of the tensors among the arguments
        self.count = 0
        self.has_input_node = False

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, passed through a node if one of them requires a gradient."""
        self.count = len(args)
        args, self.positions, node = _pass(args)
        if node is not None:
            self.has_input_node = True
            node.register_hook(self._inputs_done)
        return args

    def leave(self, output: Any) -> Any:
        """The output (a tensor or a tuple), passed through a node likewise."""
        values = output if isinstance(output, tuple) else (output,)
        count = len(values)
        values, positions, node = _pass(values)
        if node is not None:
            node.register_prehook(functools.partial(self._outputs_reached, positions, count))
        if isinstance(output, tuple):
            return type(output)(*values) if hasattr(output, "_fields") else values
        return values[0]

    def _outputs_reached(self, positions: list[int], count: int, grads: tuple[Any, ...]) -> tuple[Any, ...] | None:
        self.grad_output = _spread(grads, positions, count)
        for hook in self.pre_hooks:
            replaced = hook(self.module, self.grad_output)
            if replaced is not None:
                self.grad_output = replaced if isinstance(replaced, tuple) else (replaced,)
        if not self.has_input_node:  # no input has a gradient: there is nothing further to wait for
            self._call_hooks((None,) * self.count)
        return tuple(self.grad_output[p] for p in positions)

    def _inputs_done(self, grad_inputs: tuple[Any, ...], grad_outputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if self.grad_output is None:  # the gradient came by another way than the outputs: from within a dict, say
            return None
        result = self._call_hooks(_spread(grad_inputs, self.positions, self.count))
        return tuple(result[p] for p in self.positions)

    def _call_hooks(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.hooks:
            replaced = hook(self.module, grad_input, self.grad_output)
            if replaced is not None:
                grad_input = replaced if isinstance(replaced, tuple) else (replaced,)
                if len(grad_input) != self.count:
                    raise RuntimeError(
                        f"Backward hook returned an invalid number of grad_input, got {len(grad_input)}, "
                        f"but expected {self.count}"
                    )
        return grad_input


def _pass(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int], Any]:
    """The values with their tensors passed through one node; the tensors' positions; the node, or None."""
    positions = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
    if not any(values[i].requires_grad for i in positions):
        return values, positions, None
    passed = _Pass.apply(*(values[i] for i in positions))
    passed = passed if isinstance(passed, tuple) else (passed,)
    out = list(values)
    for i, tensor in zip(positions, passed, strict=True):
        out[i] = tensor
    node = next((t.grad_fn for t in passed if t.grad_fn is not None), None)
    return tuple(out), positions, node


def _spread(grads: tuple[Any, ...], positions: list[int], count: int) -> tuple[Any, ...]:
    out: list[Any] = [None] * count
    for position, grad in zip(positions, grads, strict=True):
        out[position] = grad
    return tuple(out)
