"""Finds plugins, and loads a backend when one of its devices is first used."""

from __future__ import annotations

import importlib.metadata
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pluggy

from ..device import Device
from ..dtypes import DType
from ..errors import BackendUnavailable, DeviceError, PluginError
from . import hookspecs
from .hookspecs import PROJECT, BackendInfo
from .loaded import ArrayType, LoadedBackend

_REQUIRED_KEYS = ("name", "device_type", "load")


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """One line of :func:`status`: a backend, the plugin that brings it, and why it is not usable, if it is not."""

    name: str
    device_type: str | None
    plugin: str
    reason: str | None

    @property
    def usable(self) -> bool:
        """Whether its devices can be used."""
        return self.reason is None

    def __str__(self) -> str:
        where = f" (device {self.device_type!r})" if self.device_type else ""
        return f"{self.name}{where} from plugin {self.plugin!r}: {self.reason or 'usable'}"


class Plugins:
    """The plugins of one process. There is one, :data:`plugins`; tests make their own."""

    def __init__(self, entry_points: Callable[[], Any] | None = None) -> None:
        self._entry_points = entry_points or (lambda: importlib.metadata.entry_points(group=PROJECT))
        self._lock = threading.RLock()
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._infos: dict[str, tuple[str, BackendInfo]] = {}  # device type -> plugin, description
        self._clashes: dict[str, str] = {}  # device type -> what is wrong
        self._broken: dict[str, str] = {}  # plugin -> what is wrong
        self._loaded: dict[str, LoadedBackend] = {}  # device type -> backend
        self._transfers: dict[tuple[str, str], Callable[[Any, Any], Any]] | None = None
        self._discovered = False

    def discover(self) -> None:
        """Load the plugins of all installed packages, one by one: a broken one is remembered, and hurts no other."""
        with self._lock:
            if self._discovered:
                return
            self._discovered = True
            for entry_point in self._entry_points():
                if entry_point.name in self._broken or self._manager.has_plugin(entry_point.name):
                    self._broken[entry_point.name] = f"two plugins are named {entry_point.name!r}"
                    continue
                try:
                    self.register(entry_point.load(), entry_point.name)
                except Exception as error:  # whatever a plugin's import raises, it is reported by name
                    self._broken[entry_point.name] = f"{type(error).__name__}: {error}"

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin of this process.

        Raises
        ------
        PluginError : it breaks the contract: a hook that does not exist, wrong arguments of a hook,
            an exception in a hook, a description without a required key. The plugin is left out.
        """
        with self._lock:
            try:
                self._manager.register(plugin, name)
                self._manager.check_pending()
                implementation = self._manager.subset_hook_caller(
                    "pluggrad_backends", [p for p in self._manager.get_plugins() if p is not plugin]
                )
                infos = [info for listed in implementation() for info in listed]
                for info in infos:
                    _check_info(name, info)
            except Exception as error:
                if self._manager.has_plugin(name):
                    self._manager.unregister(name=name)
                if isinstance(error, PluginError):
                    raise
                raise PluginError(f"plugin {name!r}: {type(error).__name__}: {error}") from error
            for info in infos:
                self._add(name, info)
            self._transfers = None

    def _add(self, plugin: str, info: BackendInfo) -> None:
        device_type = info["device_type"]
        for other_type, (other, existing) in self._infos.items():
            if other_type == device_type or existing["name"] == info["name"]:
                what = (
                    f"the plugins {other!r} and {plugin!r} both bring the backend {info['name']!r}"
                    if existing["name"] == info["name"]
                    else f"the plugins {other!r} and {plugin!r} both bring the device {device_type!r}"
                )
                self._clashes[device_type] = self._clashes[other_type] = f"{what}; uninstall one of them"
        self._infos.setdefault(device_type, (plugin, info))

    def unregister(self, name: str) -> None:
        """Take a plugin out again, with its backends."""
        with self._lock:
            self._manager.unregister(name=name)
            for device_type in [t for t, (plugin, _) in self._infos.items() if plugin == name]:
                del self._infos[device_type]
                self._loaded.pop(device_type, None)
            self._clashes.clear()

    def backend(self, device: str | Device) -> LoadedBackend:
        """The backend of a device, loaded if it was not.

        Raises
        ------
        DeviceError : no plugin brings such a device.
        BackendUnavailable : its library or its hardware is missing.
        PluginError : the plugin breaks its contract.
        """
        device_type = Device(device).type
        found = self._loaded.get(device_type)
        return found if found is not None else self._load(device_type)

    def _load(self, device_type: str) -> LoadedBackend:
        with self._lock:
            self.discover()
            if device_type in self._loaded:
                return self._loaded[device_type]
            if device_type in self._clashes:
                raise PluginError(self._clashes[device_type])
            if device_type not in self._infos:
                raise DeviceError(self._unknown(device_type))
            plugin, info = self._infos[device_type]
            reason = _probe(info)
            if reason is not None:
                raise BackendUnavailable(f"device {device_type!r}: backend {info['name']!r} cannot be used here: {reason}")
            try:
                backend = info["load"]()
            except Exception as error:
                raise BackendUnavailable(
                    f"device {device_type!r}: backend {info['name']!r} of plugin {plugin!r} did not load: "
                    f"{type(error).__name__}: {error}"
                ) from error
            wrappers = self._manager.hook.pluggrad_kernels(backend=info["name"])
            self._loaded[device_type] = LoadedBackend(info["name"], device_type, plugin, backend, wrappers)
            return self._loaded[device_type]

    def _unknown(self, device_type: str) -> str:
        message = f"no backend has the device {device_type!r}; known devices are {', '.join(sorted(self._infos)) or 'none'}"
        if device_type in ("cuda", "gpu"):
            message += "; for NVIDIA GPUs install pluggrad-cupy"
        if self._broken:
            message += "; plugins that failed to load: " + "; ".join(f"{n} ({r})" for n, r in self._broken.items())
        return message

    def array_type(self, device: str | Device, dtype: DType) -> ArrayType:
        """The ArrayType of a dtype on a device."""
        device = Device(device)
        return self.backend(device).array_type(device, dtype)

    def owner(self, array: object) -> LoadedBackend | None:
        """The backend whose library made ``array``, loaded if need be; None if it is no backend's array."""
        cls = type(array)
        for loaded in self._loaded.values():
            if cls is loaded.array_class:
                return loaded
        names = {f"{c.__module__}.{c.__qualname__}" for c in cls.__mro__}
        self.discover()
        for device_type, (_, info) in self._infos.items():
            if names.intersection(info.get("array_types", ())) and device_type not in self._clashes:
                return self.backend(device_type)
        return None

    def transfers(self) -> dict[tuple[str, str], Callable[[Any, Any], Any]]:
        """The ways between devices that plugins registered."""
        if self._transfers is None:
            self.discover()
            self._transfers = {k: f for ways in self._manager.hook.pluggrad_transfers() for k, f in ways.items()}
        return self._transfers

    def loaded(self) -> tuple[LoadedBackend, ...]:
        """The backends that have been used so far."""
        return tuple(self._loaded.values())

    def status(self) -> list[BackendStatus]:
        """All backends, and all plugins that failed to load, each with the reason why it is not usable."""
        self.discover()
        lines = []
        for device_type, (plugin, info) in sorted(self._infos.items()):
            reason = self._clashes.get(device_type) or _probe(info)
            lines.append(BackendStatus(info["name"], device_type, plugin, reason))
        lines += [BackendStatus(plugin, None, plugin, reason) for plugin, reason in sorted(self._broken.items())]
        return lines


def _probe(info: BackendInfo) -> str | None:
    probe = info.get("probe")
    return probe() if probe is not None else None


def _check_info(plugin: str, info: object) -> None:
    if not isinstance(info, dict):
        raise PluginError(f"plugin {plugin!r}: pluggrad_backends must list dicts (see BackendInfo), got {info!r}")
    for key in _REQUIRED_KEYS:
        if key not in info:
            raise PluginError(f"plugin {plugin!r}: a backend's description lacks {key!r}; it has {sorted(info)}")
    unknown = set(info) - set(BackendInfo.__annotations__)
    if unknown:
        raise PluginError(f"plugin {plugin!r}: unknown keys {sorted(unknown)} in a backend's description")
    if not callable(info["load"]):
        raise PluginError(f"plugin {plugin!r}: 'load' must be callable, got {info['load']!r}")


plugins = Plugins()


def imported_libraries() -> set[str]:
    """The top-level packages of backends' libraries that this process has imported (for diagnosis)."""
    return {loaded.array_class.__module__.partition(".")[0] for loaded in plugins.loaded()} & set(sys.modules)
