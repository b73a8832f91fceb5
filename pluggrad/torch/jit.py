"""``torch.jit`` runs eagerly: what it is given is given back, and nothing is compiled.

PyTorch's scripts and traces change how a program runs, not what it computes, so a program that decorates a function
with ``torch.jit.script`` runs here at the speed of eager execution. What needs a graph (``save``, ``load``, ``.graph``)
says that there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

from ..nn import Module

__all__ = [
    "Final", "ScriptModule", "TracerWarning", "annotate", "enable_onednn_fusion", "export", "fork", "freeze", "ignore",
    "is_scripting", "is_tracing", "isinstance", "load", "optimize_for_inference", "optimized_execution", "save",
    "script", "script_if_tracing", "script_method", "set_fusion_strategy", "strict_fusion", "trace", "trace_module",
    "unused", "wait",
]  # fmt: skip

_isinstance = isinstance


class ScriptModule(Module):
    """An ordinary module: see :mod:`pluggrad.torch.jit`."""


class TracerWarning(Warning):
    """PyTorch warns with it of what a trace misses; here nothing is traced, and nothing missed."""


def script(obj: Any, *args: Any, **options: Any) -> Any:
    """The function, class or module itself: **nothing is compiled**, it runs as it would without this call.

    >>> import pluggrad.torch as torch
    >>> @torch.jit.script
    ... def twice(x):
    ...     return 2 * x
    >>> twice(torch.ones(2))
    tensor([2., 2.])
    """
    return obj


def trace(func: Any, example_inputs: Any = None, *args: Any, **options: Any) -> Any:
    """The function or module itself; it is called once with the example, as PyTorch does, so that errors show here."""
    if example_inputs is not None:
        func(*(example_inputs if _isinstance(example_inputs, tuple | list) else (example_inputs,)))
    return func


def trace_module(mod: Module, inputs: dict[str, Any], *args: Any, **options: Any) -> Module:
    """The module itself; each method named is called once with its example."""
    for name, example in inputs.items():
        trace(getattr(mod, name), example)
    return mod


def _given_back(name: str, why: str) -> Callable[..., Any]:
    def call(obj: Any, *args: Any, **options: Any) -> Any:
        return obj

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"What it is given: {why}."
    return call


script_method = _given_back("script_method", "nothing is compiled")
script_if_tracing = _given_back("script_if_tracing", "nothing is traced")
export = _given_back("export", "nothing is compiled")
freeze = _given_back("freeze", "there is no graph to fold constants in")
optimize_for_inference = _given_back("optimize_for_inference", "there is no graph to optimise")
wait = _given_back("wait", "it was computed when it was asked for")


def ignore(drop: Any = False, **options: Any) -> Any:
    """The function itself; also as a decorator with arguments."""
    return drop if callable(drop) else (lambda function: function)


def unused(fn: Any) -> Any:
    """The function itself."""
    return fn


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Python's own ``isinstance``."""
    return _isinstance(obj, target_type)


def fork(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The result of the call, which is made at once."""
    return func(*args, **kwargs)


def is_scripting() -> bool:
    """False."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


def set_fusion_strategy(strategy: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Accepted, without effect: nothing is fused."""
    return strategy


def enable_onednn_fusion(enabled: bool) -> None:
    """Accepted, without effect: nothing is fused."""


class optimized_execution:
    """Accepted, without effect: a context in which nothing is optimised."""

    def __init__(self, should_optimize: bool = True) -> None:
        self.should_optimize = should_optimize

    def __enter__(self) -> None:
        """Nothing is changed."""

    def __exit__(self, *exc: object) -> None:
        """Nothing is changed."""


class strict_fusion(optimized_execution):
    """Accepted, without effect: nothing is fused."""


def save(m: Any, f: Any, *args: Any, **options: Any) -> NoReturn:
    """Refuse: there is no compiled program to save.

    Raises
    ------
    RuntimeError
    """
    raise RuntimeError(
        "torch.jit.save: pluggrad compiles no TorchScript, so there is no program to save; "
        "save the module's state_dict() with torch.save"
    )


def load(f: Any, *args: Any, **options: Any) -> NoReturn:
    """Refuse: pluggrad does not run TorchScript.

    Raises
    ------
    RuntimeError
    """
    raise RuntimeError(
        f"torch.jit.load: pluggrad does not run TorchScript; build the module in Python and load its state_dict(): {f}"
    )
