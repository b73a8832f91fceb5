"""The registry of all functions, by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ..errors import PluginError
from .declaration import Function

_functions: dict[str, Function] = {}
_listeners: list[Callable[[Function], None]] = []
_late: list[str] = []


def register(function: Function) -> Function:
    """Add a function. A name taken twice is an error."""
    if function.name in _functions:
        plugin = _functions[function.name].plugin
        raise PluginError(
            f"a function named {function.name!r} is registered already"
            f"{f', by plugin {plugin!r}' if plugin else ''}; choose another name"
        )
    _functions[function.name] = function
    for listener in _listeners:
        listener(function)
    return function


def remove(function: Function) -> None:
    """Take a function out again."""
    if _functions.get(function.name) is function:
        del _functions[function.name]
        for listener in _listeners:
            listener(function)


def get(name: str) -> Function | None:
    """The function of that name, or None."""
    return _functions.get(name)


def functions() -> dict[str, Function]:
    """All registered functions by name (a copy)."""
    return dict(_functions)


def declared_late(module: str) -> None:
    """Say that a module, which is imported when it is first asked for, declares functions."""
    _late.append(module)


def all_names() -> set[str]:
    """The names of all functions, those of modules that are imported late included: imports these."""
    for module in _late:
        import_module(module)
    return set(_functions)


def on_change(listener: Callable[[Function], None]) -> None:
    """Call ``listener`` for every function that is registered or removed from now on."""
    _listeners.append(listener)
