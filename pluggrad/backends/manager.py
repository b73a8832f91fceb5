"""Finds plugins, and loads a backend when one of its devices is first used.

A plugin that breaks its contract is left out, named with the reason in :func:`status`, and takes
nothing else down: its hooks are called apart from those of the others.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pluggy

from .. import function, threads
from ..device import Device
from ..dtypes import DType
from ..errors import BackendError, BackendUnavailable, DeviceError, PluginError
from ..locks import open_after_fork
from . import hookspecs, kernel_names
from .contract import check_backend, check_names, checked_infos, transfer_problem
from .hookspecs import PROJECT, BackendInfo
from .kernels import Wrappers
from .loaded import ArrayType, LoadedBackend

Transfer = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """One line of :func:`status`: a backend, the plugin that brings it, and why it is not usable, if it is not.

    A plugin that was left out is listed without a device type.
    """

    name: str
    device_type: str | None
    plugin: str
    reason: str | None

    @property
    def usable(self) -> bool:
        """Whether its devices can be used."""
        return self.reason is None

    def __str__(self) -> str:
        if self.device_type is None:
            prefix = f"plugin {self.plugin!r}"
            return str(self.reason) if str(self.reason).startswith(prefix) else f"{prefix}: {self.reason}"
        return f"{self.name} (device {self.device_type!r}) from plugin {self.plugin!r}: {self.reason or 'usable'}"


def _installed_entry_points() -> Any:
    """The entry points of installed packages."""
    # Imported here: it brings an e-mail parser along, for which ``import pluggrad`` should not wait.
    from importlib.metadata import entry_points

    return entry_points(group=PROJECT)


class Plugins:
    """The plugins of one process. There is one, :data:`plugins`; tests make their own."""

    def __init__(self, entry_points: Callable[[], Any] | None = None) -> None:
        self._entry_points = entry_points or _installed_entry_points
        self._lock = threading.RLock()
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._infos: list[tuple[str, BackendInfo]] = []  # plugin, description
        self._broken: dict[str, str] = {}  # plugin -> what is wrong with it
        self._failed: dict[str, str] = {}  # device type -> why its backend did not load
        self._loaded: dict[str, LoadedBackend] = {}  # device type -> backend
        self._transfers: dict[tuple[str, str], Transfer] | None = None
        self._transferrers: dict[tuple[str, str], str] = {}  # their plugins
        self._functions: list[tuple[str, Mapping[str, Any]]] | None = None
        self._discovered = False

    # -- finding plugins ---------------------------------------------------------------------------

    def discover(self) -> None:
        """Load the plugins of all installed packages, one by one: a broken one is remembered, and hurts no other."""
        with self._lock:
            if self._discovered:
                return
            self._discovered = True
            values: dict[str, str] = {}
            for entry_point in self._entry_points():
                name = entry_point.name
                first = values.setdefault(name, entry_point.value)
                if first != entry_point.value:
                    self._broken[name] = (
                        f"two plugins are named {name!r}: {first!r} is used, {entry_point.value!r} is left out; "
                        "uninstall the package of one of them"
                    )
                elif not self._manager.has_plugin(name):
                    try:
                        self.register(entry_point.load(), name)
                    except PluginError as error:
                        self._broken[name] = str(error)
                    except Exception as error:  # whatever a plugin's import raises, it is reported by name
                        self._broken[name] = f"importing {entry_point.value!r} failed: {_describe(error)}"

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin of this process: a module, or any object that has hooks.

        Raises
        ------
        PluginError : it breaks the contract: a hook that does not exist, wrong arguments of a hook, an
            exception in a hook, a description without a required key. The plugin is left out.
        """
        with self._lock:
            if self._manager.has_plugin(name):
                raise PluginError(f"a plugin named {name!r} is registered already; unregister it first")
            if not isinstance(plugin, Hashable):
                raise PluginError(
                    f"plugin {name!r}: a plugin is a module or an object that can be hashed, got {type(plugin)}"
                )
            if self._manager.is_registered(plugin):
                raise PluginError(f"plugin {name!r} is registered already, as {self._manager.get_name(plugin)!r}")
            try:
                self._manager.register(plugin, name)
                self._manager.check_pending()
                infos = checked_infos(name, self._results(name, "pluggrad_backends"))
            except Exception as error:
                if self._manager.has_plugin(name):
                    self._manager.unregister(name=name)
                if isinstance(error, pluggy.PluginValidationError):
                    raise PluginError(f"plugin {name!r} does not fit pluggrad.backends.hookspecs: {error}") from error
                raise
            self._infos += [(name, info) for info in infos]
            self._broken.pop(name, None)
            self._renew()

    def unregister(self, name: str) -> None:
        """Take a plugin out again, with its backends. Tensors on their devices remain as they are.

        Raises
        ------
        PluginError : no plugin of that name is registered.
        """
        with self._lock:
            if not self._manager.has_plugin(name):
                raise PluginError(f"no plugin named {name!r} is registered; there are {sorted(self._names())}")
            self._manager.unregister(name=name)
            for plugin, info in self._infos:
                if plugin == name:
                    self._loaded.pop(info["device_type"], None)
            self._infos = [(plugin, info) for plugin, info in self._infos if plugin != name]
            self._renew()

    def _renew(self) -> None:
        """Ask anew for what plugins contribute to others, after one came or went."""
        self._transfers = self._functions = None
        self._failed.clear()
        for loaded in self._loaded.values():
            loaded.replace_wrappers(self._wrappers(loaded.name))
        if self._loaded:
            for known in function.functions().values():
                known.table.clear()

    def _names(self) -> list[str]:
        return [name for name, _ in self._manager.list_name_plugin()]

    def _results(self, name: str, hook: str, **arguments: Any) -> list[Any]:
        """What the hook of one plugin returns: a list of at most one item.

        Raises
        ------
        PluginError : the hook raised.
        """
        plugin = self._manager.get_plugin(name)
        others = [p for p in self._manager.get_plugins() if p is not plugin]
        try:
            return list(self._manager.subset_hook_caller(hook, others)(**arguments))
        except Exception as error:
            raise PluginError(f"plugin {name!r}: exception in {hook}: {_describe(error)}") from error

    def _contributions(self, hook: str, **arguments: Any) -> Iterator[tuple[str, Mapping[Any, Any]]]:
        """What each plugin's hook returns, in the order of registration. One that fails is left out, with a warning."""
        for name in self._names():
            try:
                for result in self._results(name, hook, **arguments):
                    if not isinstance(result, Mapping):
                        raise PluginError(f"plugin {name!r}: {hook} must return a dict, got {result!r}")
                    yield name, result
            except PluginError as error:
                self.leave_out(name, str(error))

    def leave_out(self, plugin: str, reason: str) -> None:
        """Go on without a part of a plugin: with a warning, and a line in :func:`status`."""
        self._broken[plugin] = reason
        warnings.warn(f"pluggrad goes on without a part of a plugin: {reason}", RuntimeWarning, stacklevel=2)

    # -- loading backends --------------------------------------------------------------------------

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
            plugin, info = self._find(device_type)
            try:
                loaded = self._make(device_type, plugin, info)
            except (BackendError, PluginError) as error:
                self._failed[device_type] = str(error)
                raise
            self._loaded[device_type] = loaded
            threads.follow(loaded)
            return loaded

    def description(self, device: str | Device) -> tuple[str, BackendInfo]:
        """The plugin that brings a device, and what it tells of the backend. Imports no array library.

        Raises
        ------
        DeviceError : no plugin brings such a device.
        PluginError : two do.
        """
        self.discover()
        return self._find(Device(device).type)

    def _find(self, device_type: str) -> tuple[str, BackendInfo]:
        claims = [(plugin, info) for plugin, info in self._infos if info["device_type"] == device_type]
        if not claims:
            raise DeviceError(self._unknown(device_type))
        clash = self._clash(claims[0][1])
        if clash is not None:
            raise PluginError(clash)
        return claims[0]

    def _clash(self, info: BackendInfo) -> str | None:
        """What is wrong if another description has the same device type or the same name."""
        for key, what in (("device_type", "device"), ("name", "backend")):
            same = [plugin for plugin, other in self._infos if other[key] == info[key]]  # type: ignore[literal-required]
            if len(same) > 1:
                thing = f"the {what} {info[key]!r}"  # type: ignore[literal-required]
                if len(set(same)) == 1:
                    return f"plugin {same[0]!r} brings {thing} twice"
                plugins = " and ".join(map(repr, dict.fromkeys(same)))
                return f"the plugins {plugins} both bring {thing}; uninstall one of them"
        return None

    def _make(self, device_type: str, plugin: str, info: BackendInfo) -> LoadedBackend:
        name = info["name"]
        reason = _probe(info)
        if reason is not None:
            raise BackendUnavailable(
                f"device {device_type!r}: backend {name!r} of plugin {plugin!r} cannot be used here: {reason}"
            )
        try:
            backend = info["load"]()
        except Exception as error:
            raise BackendUnavailable(
                f"device {device_type!r}: backend {name!r} of plugin {plugin!r} did not load: {_describe(error)}"
            ) from error
        check_backend(plugin, info, backend)
        check_names(plugin, info, backend, self._described)
        try:
            loaded = LoadedBackend(name, device_type, plugin, backend)
        except PluginError:
            raise
        except Exception as error:
            raise PluginError(
                f"plugin {plugin!r}: the namespace of backend {name!r} does not do what the array API standard "
                f"asks for: {_describe(error)}"
            ) from error
        loaded.replace_wrappers(self._wrappers(name))
        return loaded

    def _wrappers(self, backend: str) -> Wrappers:
        """The kernels that plugins replace in a backend, each with the plugin's name."""
        wrappers: dict[str, list[tuple[str, Callable[[Any], Any]]]] = {}
        for plugin, mapping in self._contributions(
            "pluggrad_kernels", backend=backend, get_num_threads=threads.get_num_threads
        ):
            for name, wrapper in mapping.items():
                if not isinstance(name, str) or not callable(wrapper):
                    self.leave_out(
                        plugin,
                        f"plugin {plugin!r}: pluggrad_kernels must map names of functions to callables, "
                        f"got {name!r}: {wrapper!r}",
                    )
                    continue
                wrappers.setdefault(name, []).append((plugin, wrapper))
        for name in kernel_names.unknown(wrappers, self._described):
            for plugin, _ in wrappers[name]:
                self.leave_out(
                    plugin,
                    f"plugin {plugin!r}: pluggrad_kernels has a wrapper of {name!r}, which is no function of "
                    f"pluggrad's and of no installed plugin: {kernel_names.advice(name)}",
                )
        return wrappers

    def _unknown(self, device_type: str) -> str:
        known = ", ".join(sorted({repr(info["device_type"]) for _, info in self._infos}))
        message = (
            f"no backend has the device {device_type!r}; known devices are {known or 'none'}. "
            "A backend comes with a plugin: is its package installed in this environment?"
        )
        if self._broken:
            message += " Plugins that were left out: " + "; ".join(f"{n} ({r})" for n, r in self._broken.items())
        return message

    # -- what the core asks ------------------------------------------------------------------------

    def array_type(self, device: str | Device, dtype: DType) -> ArrayType:
        """The ArrayType of a dtype on a device."""
        device = Device(device)
        return self.backend(device).array_type(device, dtype)

    def owner(self, array: object) -> LoadedBackend | None:
        """The backend whose library made ``array``, loaded if need be; None if it is no backend's array."""
        cls = type(array)
        for loaded in tuple(self._loaded.values()):
            if cls is loaded.array_class:
                return loaded
        names = {f"{c.__module__}.{c.__qualname__}" for c in cls.__mro__}
        self.discover()
        for _, info in self._infos:
            if names.intersection(info.get("array_types", ())):
                return self.backend(info["device_type"])
        return None

    def transfers(self) -> Mapping[tuple[str, str], Transfer]:
        """The ways between device types that plugins bring.

        Raises
        ------
        PluginError : two plugins bring one way.
        """
        if self._transfers is None:
            with self._lock:
                self.discover()
                ways: dict[tuple[str, str], Transfer] = {}
                origins: dict[tuple[str, str], str] = {}
                for plugin, mapping in self._contributions("pluggrad_transfers"):
                    for pair, way in mapping.items():
                        problem = transfer_problem(pair, way)
                        if problem is not None:
                            self.leave_out(plugin, f"plugin {plugin!r}: {problem}")
                            continue
                        if pair in ways:
                            raise PluginError(
                                f"the plugins {origins[pair]!r} and {plugin!r} both bring a transfer from {pair[0]!r} "
                                f"to {pair[1]!r}; uninstall one of them"
                            )
                        ways[pair], origins[pair] = way, plugin
                self._transfers, self._transferrers = ways, origins
        return self._transfers

    def transferrer(self, source: str, target: str) -> str:
        """The plugin that brings the way from one device type to another."""
        return self._transferrers[source, target]

    def functions(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The functions that plugins describe, each with the plugin's name; unchecked."""
        with self._lock:
            self.discover()
            if self._functions is None:
                described: list[tuple[str, Mapping[str, Any]]] = []
                for name in self._names():
                    try:
                        for listed in self._results(name, "pluggrad_functions"):
                            if not isinstance(listed, Sequence) or isinstance(listed, str):
                                raise PluginError(
                                    f"plugin {name!r}: pluggrad_functions must return a list of dicts, got {listed!r}"
                                )
                            described += [(name, info) for info in listed]
                    except PluginError as error:
                        self.leave_out(name, str(error))
                self._functions = described
            return self._functions

    def _described(self) -> set[str]:
        """The names of the functions that plugins describe, as far as they have some."""
        infos = [info for _, info in self.functions() if isinstance(info, Mapping)]
        return {info["name"] for info in infos if isinstance(info.get("name"), str)}

    def loaded(self) -> tuple[LoadedBackend, ...]:
        """The backends that have been used so far."""
        return tuple(self._loaded.values())

    def status(self) -> list[BackendStatus]:
        """All backends, and all plugins that were left out, each with the reason why it is not usable."""
        self.discover()
        lines = []
        for plugin, info in sorted(self._infos, key=lambda pair: (pair[1]["device_type"], pair[0])):
            device_type = info["device_type"]
            reason = self._clash(info) or (None if device_type in self._loaded else _probe(info))
            lines.append(BackendStatus(info["name"], device_type, plugin, reason or self._failed.get(device_type)))
        lines += [BackendStatus(plugin, None, plugin, reason) for plugin, reason in sorted(self._broken.items())]
        return lines


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _probe(info: BackendInfo) -> str | None:
    """Why a backend cannot be used here, as its plugin says; None if it can."""
    probe = info.get("probe")
    if probe is None:
        return None
    try:
        reason = probe()
    except Exception as error:
        return f"its probe failed: {_describe(error)}"
    return None if reason is None else str(reason)


plugins = Plugins()
open_after_fork(plugins._lock)
