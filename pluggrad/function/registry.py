"""The registry of all functions, by name."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import PluginError
from .declaration import Function

_functions: dict[str, Function] = {}
_listeners: list[Callable[[Function], None]] = []


def register(function: Function) -> Function:
    """Add a function. A name taken twice is an error."""
    if function.name in _functions:
        raise PluginError(f"a function named {function.name!r} is registered already")
    _functions[function.name] = function
    for listener in _listeners:
        listener(function)
    return function


def get(name: str) -> Function | None:
    """The function of that name, or None."""
    return _functions.get(name)


def functions() -> dict[str, Function]:
    """All registered functions by name (a copy)."""
    return dict(_functions)


def on_change(listener: Callable[[Function], None]) -> None:
    """Call ``listener`` for every function registered from now on."""
    _listeners.append(listener)
