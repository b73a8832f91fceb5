"""Description: what the plugin tells of its backend, and what the backend tells of itself."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys

import pluggrad
from pluggrad.backends import Backend, BackendInfo, plugins
from pluggrad.dtypes import STANDARD, DType

from .target import Target, lacks


def test_it_loads(target: Target) -> None:
    """Everything else builds on this."""
    if target.error is not None:
        raise target.error


def test_the_description_has_its_keys(target: Target) -> None:
    plugin, info = plugins.description(target.device)
    assert isinstance(info, dict)
    assert set(info) <= set(BackendInfo.__annotations__), f"unknown keys {set(info) - set(BackendInfo.__annotations__)}"
    assert isinstance(info["name"], str)
    assert info["name"]
    assert info["device_type"] == target.device.type
    assert callable(info["load"])
    probe = info.get("probe")
    assert probe is None or probe() is None, "the probe says that a backend which loads cannot be used"
    assert plugin == target.loaded.plugin


def test_it_is_listed_as_usable(target: Target) -> None:
    (line,) = [s for s in pluggrad.backends.status() if s.device_type == target.device.type]
    assert line.usable, line.reason
    assert (line.name, line.plugin) == (target.loaded.name, target.loaded.plugin)


def test_its_arrays_are_told_by_name(target: Target) -> None:
    """By ``array_types`` an array is known whose library pluggrad has not imported."""
    _, info = plugins.description(target.device)
    cls = target.loaded.array_class
    names = {f"{c.__module__}.{c.__qualname__}" for c in cls.__mro__}
    given = info.get("array_types", ())
    assert not isinstance(given, str), f"array_types must be a sequence of names, got {given!r}"
    if not given:
        lacks("array_types in its description, by which asarray() would know its arrays")
    assert names & set(given), f"array_types is {list(given)}; the arrays are {cls.__module__}.{cls.__qualname__}"


def test_the_backend_has_the_attributes_of_the_protocol(target: Target) -> None:
    _, info = plugins.description(target.device)
    backend = info["load"]()
    assert isinstance(backend, Backend)
    assert len(list(backend.devices)) == len(target.loaded.devices)


def test_looking_around_imports_no_library(target: Target) -> None:
    """The library of a backend is imported when one of its devices is first used, and not before."""
    name = target.loaded.plugin
    if not importlib.metadata.entry_points(group="pluggrad", name=name):
        lacks("an entry point in the group 'pluggrad', by which it would be found when installed")
    library = target.loaded.array_class.__module__.partition(".")[0]
    code = (
        "import json, sys, pluggrad\n"
        "lines = [s.device_type for s in pluggrad.backends.status() if s.usable]\n"
        "print(json.dumps([lines, sorted(m for m in sys.modules if '.' not in m)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    devices, modules = json.loads(done.stdout.splitlines()[-1])
    assert target.device.type in devices
    assert library not in modules, f"plugin {name!r} imports {library} before one of its devices is used"


def test_devices_have_names(target: Target) -> None:
    devices = target.loaded.devices
    assert len({str(d) for d in devices}) == len(devices)
    assert all(d.type == target.device.type for d in devices)
    for device in devices:
        assert plugins.array_type(str(device), pluggrad.float32).device is device


def test_a_device_that_it_lacks_is_refused(target: Target) -> None:
    import pytest

    with pytest.raises(pluggrad.errors.DeviceError, match="no device"):
        pluggrad.zeros(1, device=f"{target.device.type}:no such device")


def test_it_has_the_standards_data_types(target: Target) -> None:
    assert set(STANDARD) <= set(target.dtypes)
    missing = [d.name for d in pluggrad.dtypes.ALL if d not in target.dtypes]
    if missing:
        lacks(f"data types beyond the standard's: {', '.join(missing)}")


def test_arrays_tell_their_type(target: Target, dtype: DType) -> None:
    """What is made for a dtype and a device says so of itself."""
    loaded = target.loaded
    for device in loaded.devices:
        asked = loaded.array_type(device, dtype)
        array = loaded.namespace.empty((2, 3), dtype=asked.native, device=asked.native_device)
        assert type(array) is loaded.array_class
        told = loaded.type_of(array)
        assert told is asked, f"asked for {asked!r}, the array says {told!r}"
        assert loaded.kernels.native_device(array) == asked.native_device


def test_a_tensor_of_its_array_shares_the_memory(target: Target, dtype: DType) -> None:
    """A library's own array goes in and comes out as it is."""
    loaded = target.loaded
    array_type = loaded.array_type(target.device, dtype)
    array = loaded.namespace.ones((2,), dtype=array_type.native, device=array_type.native_device)
    owner = plugins.owner(array)
    if owner is not loaded:
        lacks(f"an array class of its own (backend {getattr(owner, 'name', None)!r} has the same)")
    x = pluggrad.asarray(array)
    assert x._array is array
    assert (x.dtype, x.device) == (dtype, target.device)
