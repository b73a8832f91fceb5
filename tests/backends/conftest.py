"""Plugins and entry points made up for a test."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pluggy
import pytest

from pluggrad.backends import Plugins

hookimpl = pluggy.HookimplMarker("pluggrad")


@dataclass
class EntryPoint:
    """As much of importlib.metadata.EntryPoint as discovery uses."""

    name: str
    plugin: Any
    value: str = "some_package.plugin"

    def load(self) -> Any:
        if isinstance(self.plugin, BaseException):
            raise self.plugin
        return self.plugin


def plugin_of(**hooks: Callable[..., Any]) -> types.ModuleType:
    """A plugin whose hooks are the given functions."""
    module = types.ModuleType("a_plugin")
    for name, hook in hooks.items():
        setattr(module, name, hookimpl(hook))
    return module


class NumPyLike:
    """A backend that works: NumPy's namespace under another name."""

    devices = ("cpu",)

    def __init__(self) -> None:
        import array_api_compat.numpy

        self.namespace = array_api_compat.numpy


def description(
    name: str = "fake", device_type: str | None = None, load: Any = NumPyLike, **more: Any
) -> dict[str, Any]:
    return {"name": name, "device_type": device_type or name, "load": load, **more}


def offering(*infos: Any) -> types.ModuleType:
    """A plugin that lists backends."""
    return plugin_of(pluggrad_backends=lambda: list(infos))


@pytest.fixture
def discovered() -> Callable[..., Plugins]:
    """Plugins found among made-up entry points: ``discovered(good=module, broken=ImportError("x"))``."""

    def make(*entry_points: EntryPoint, **by_name: Any) -> Plugins:
        points = [*entry_points, *(EntryPoint(name, plugin, f"{name}.plugin") for name, plugin in by_name.items())]
        return Plugins(lambda: points)

    return make


@pytest.fixture
def tools() -> types.SimpleNamespace:
    """What makes plugins, for tests that cannot import from here."""
    return types.SimpleNamespace(
        EntryPoint=EntryPoint, plugin_of=plugin_of, NumPyLike=NumPyLike, description=description, offering=offering
    )
