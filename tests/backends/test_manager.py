"""Finding plugins and loading backends: what breaks is named, with its reason, and hurts nothing else."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.backends import Backend, Plugins
from pluggrad.errors import BackendUnavailable, DeviceError, DTypeError, PluginError


def reason_of(plugins: Plugins, plugin: str) -> str | None:
    """Why a plugin or its backend is not usable."""
    (line,) = [s for s in plugins.status() if s.plugin == plugin]
    return line.reason


# -- plugins that break when they are looked for -----------------------------------------------------


def broken_hook() -> list[Any]:
    raise ValueError("no such thing")


def wrong_arguments(device: str) -> list[Any]:
    return []


def hooks(**named: Any) -> dict[str, Any]:
    return named


BROKEN = {
    "import": (
        ImportError("No module named 'cupy'"),
        r"importing 'bad\.plugin' failed: ImportError: No module named 'cupy'",
    ),
    "import of any kind": (RuntimeError("driver too old"), "RuntimeError: driver too old"),
    "unknown hook": (
        hooks(pluggrad_backend=broken_hook),
        "plugin 'bad' does not fit .*unknown hook 'pluggrad_backend'",
    ),
    "hook arguments": (hooks(pluggrad_backends=wrong_arguments), r"plugin 'bad' does not fit .*'device'.*hookspec"),
    "exception in a hook": (
        hooks(pluggrad_backends=broken_hook),
        "plugin 'bad': exception in pluggrad_backends: ValueError: no such thing",
    ),
    "no list": (
        hooks(pluggrad_backends=lambda: {"name": "x"}),
        "pluggrad_backends must return a list of dicts, got {'name'",
    ),
    "no dicts": (hooks(pluggrad_backends=lambda: ["numpy"]), "must list dicts .*got 'numpy'"),
    "missing key": (
        hooks(pluggrad_backends=lambda: [{"name": "x", "load": int}]),
        r"plugin 'bad': a backend's description lacks 'device_type', a str without a colon; it has \['load', 'name'\]",
    ),
    "unknown key": (
        hooks(pluggrad_backends=lambda: [{"name": "x", "device_type": "x", "load": int, "device": 1}]),
        r"plugin 'bad': unknown keys .*'device'.* known are \['name', 'device_type', .*'array_types'\]",
    ),
    "load": (
        hooks(pluggrad_backends=lambda: [{"name": "x", "device_type": "x", "load": "numpy"}]),
        "plugin 'bad': 'load' must be a callable, got 'numpy'",
    ),
    "device type": (
        hooks(pluggrad_backends=lambda: [{"name": "x", "device_type": "x:0", "load": int}]),
        "'device_type' must be a str without a colon, got 'x:0'",
    ),
    "array types": (
        hooks(pluggrad_backends=lambda: [{"name": "x", "device_type": "x", "load": int, "array_types": "a.B"}]),
        "'array_types' must be a sequence of full names of classes, got 'a.B'",
    ),
}


def made(plugin: Any, tools: types.SimpleNamespace) -> Any:
    return tools.plugin_of(**plugin) if isinstance(plugin, dict) else plugin


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_reported_and_hurts_no_other(case: str, discovered: Any, tools: Any) -> None:
    plugin, message = BROKEN[case]
    good, other = tools.offering(tools.description("good")), tools.offering(tools.description("other"))
    plugins = discovered(good=good, bad=made(plugin, tools), other=other)
    assert plugins.backend("good").name == "good"
    assert plugins.backend("other").name == "other"
    assert [s.plugin for s in plugins.status() if not s.usable] == ["bad"]
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(reason_of(plugins, "bad").replace("\n", " "))


@pytest.mark.parametrize("case", [case for case in BROKEN if isinstance(BROKEN[case][0], dict)])
def test_registering_a_broken_plugin_raises_and_leaves_nothing(case: str, discovered: Any, tools: Any) -> None:
    plugins = discovered(good=tools.offering(tools.description("good")))
    plugins.discover()
    with pytest.raises(PluginError, match=f"(?s){BROKEN[case][1]}"):
        plugins.register(made(BROKEN[case][0], tools), "bad")
    assert [s.plugin for s in plugins.status()] == ["good"]
    plugins.register(tools.offering(tools.description("bad")), "bad")
    assert plugins.backend("bad").plugin == "bad"


def test_an_unknown_device_says_which_there_are_and_which_plugins_failed(discovered: Any, tools: Any) -> None:
    plugins = discovered(good=tools.offering(tools.description("good")), bad=ImportError("no cupy here"))
    message = r"no backend has the device 'cuda'; known devices are 'good'\..*left out: bad \(.*no cupy here\)"
    with pytest.raises(DeviceError, match=message):
        plugins.backend("cuda:1")


def test_no_plugins_at_all(discovered: Any) -> None:
    with pytest.raises(DeviceError, match="known devices are none"):
        discovered().backend("cpu")


# -- clashes -----------------------------------------------------------------------------------------


def test_two_plugins_with_one_device(discovered: Any, tools: Any) -> None:
    plugins = discovered(
        one=tools.offering(tools.description("a", "gpu")),
        two=tools.offering(tools.description("b", "gpu")),
        other=tools.offering(tools.description("c")),
    )
    message = "the plugins 'one' and 'two' both bring the device 'gpu'; uninstall one of them"
    with pytest.raises(PluginError, match=message):
        plugins.backend("gpu")
    assert {s.plugin: s.reason for s in plugins.status()} == {"one": message, "two": message, "other": None}
    assert plugins.backend("c").name == "c"
    plugins.unregister("one")
    assert plugins.backend("gpu").name == "b"


def test_two_plugins_with_one_backend_name(discovered: Any, tools: Any) -> None:
    plugins = discovered(
        one=tools.offering(tools.description("a", "x")), two=tools.offering(tools.description("a", "y"))
    )
    for device in ("x", "y"):
        with pytest.raises(PluginError, match="the plugins 'one' and 'two' both bring the backend 'a'"):
            plugins.backend(device)


def test_one_plugin_that_brings_a_device_twice(discovered: Any, tools: Any) -> None:
    plugins = discovered(one=tools.offering(tools.description("a", "x"), tools.description("b", "x")))
    with pytest.raises(PluginError, match="plugin 'one' brings the device 'x' twice"):
        plugins.backend("x")


def test_two_plugins_with_one_name(discovered: Any, tools: Any) -> None:
    first = tools.EntryPoint("same", tools.offering(tools.description("a")), "first.plugin")
    second = tools.EntryPoint("same", tools.offering(tools.description("b")), "second.plugin")
    plugins = discovered(first, second)
    assert plugins.backend("a").name == "a"
    (line,) = [s for s in plugins.status() if not s.usable]
    assert line.reason == (
        "two plugins are named 'same': 'first.plugin' is used, 'second.plugin' is left out; "
        "uninstall the package of one of them"
    )
    with pytest.raises(DeviceError, match="left out: same"):
        plugins.backend("b")


def test_one_plugin_found_twice_is_one(discovered: Any, tools: Any) -> None:
    plugin = tools.offering(tools.description("a"))
    plugins = discovered(tools.EntryPoint("same", plugin), tools.EntryPoint("same", plugin))
    assert [(s.name, s.usable) for s in plugins.status()] == [("a", True)]


def test_a_name_that_is_taken(discovered: Any, tools: Any) -> None:
    plugins = discovered(good=tools.offering(tools.description("good")))
    plugins.discover()
    with pytest.raises(PluginError, match="a plugin named 'good' is registered already; unregister it first"):
        plugins.register(tools.offering(), "good")
    assert plugins.backend("good").name == "good"
    twice = tools.offering()
    plugins.register(twice, "once")
    with pytest.raises(PluginError, match="plugin 'again' is registered already, as 'once'"):
        plugins.register(twice, "again")
    with pytest.raises(PluginError, match="plugin 'list': a plugin is a module or an object that can be hashed"):
        plugins.register([], "list")
    with pytest.raises(PluginError, match=r"no plugin named 'x' is registered; there are \['good', 'once'\]"):
        plugins.unregister("x")


# -- backends that do not load -----------------------------------------------------------------------


def test_load_that_raises(discovered: Any, tools: Any) -> None:
    def load() -> Any:
        raise ImportError("libcuda.so: cannot open shared object file")

    plugins = discovered(gpu=tools.offering(tools.description("gpu", load=load)))
    assert plugins.status()[0].usable  # nobody knows yet
    message = "device 'gpu': backend 'gpu' of plugin 'gpu' did not load: ImportError: libcuda.so: cannot open"
    with pytest.raises(BackendUnavailable, match=message):
        plugins.backend("gpu")
    assert "libcuda.so" in str(plugins.status()[0])
    assert issubclass(BackendUnavailable, ImportError)


def test_probe_that_gives_a_reason(discovered: Any, tools: Any) -> None:
    def load() -> Any:
        raise AssertionError("a backend that cannot be used must not be loaded")

    info = tools.description("gpu", load=load, probe=lambda: "no NVIDIA driver; install one")
    plugins = discovered(gpu=tools.offering(info))
    with pytest.raises(
        BackendUnavailable, match="'gpu' of plugin 'gpu' cannot be used here: no NVIDIA driver; install one"
    ):
        plugins.backend("gpu")
    assert str(plugins.status()[0]) == "gpu (device 'gpu') from plugin 'gpu': no NVIDIA driver; install one"


def test_probe_that_raises(discovered: Any, tools: Any) -> None:
    def probe() -> str | None:
        raise OSError("broken pipe")

    plugins = discovered(gpu=tools.offering(tools.description("gpu", probe=probe)), good=tools.offering())
    assert plugins.status()[0].reason == "its probe failed: OSError: broken pipe"


def test_a_backend_is_loaded_once_and_late(discovered: Any, tools: Any) -> None:
    calls = []

    def load() -> Any:
        calls.append("load")
        return tools.NumPyLike()

    plugins = discovered(lazy=tools.offering(tools.description("lazy", load=load)))
    plugins.status()
    assert not calls
    assert plugins.backend("lazy") is plugins.backend(pluggrad.device("lazy"))
    assert calls == ["load"]
    assert [b.name for b in plugins.loaded()] == ["lazy"]


class Namespace(types.SimpleNamespace):
    """A part of a namespace."""


def lacking(*names: str) -> Any:
    import array_api_compat.numpy as full

    return Namespace(**{n: getattr(full, n) for n in dir(full) if n not in names and not n.startswith("__")})


def with_numpy(**attributes: Any) -> dict[str, Any]:
    return {"namespace": np, "devices": ["cpu"], **attributes}


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"devices": ["cpu"]}, "backend 'x' has no attribute 'namespace'; expected an array API namespace"),
        ({"namespace": None, "devices": []}, "`namespace` of backend 'x' must be an array API namespace, got None"),
        ({"namespace": np}, "backend 'x' has no attribute 'devices'; expected a sequence of devices"),
        (with_numpy(devices=[]), "`devices` .* must be a sequence of devices, got an empty one; name at least one"),
        (with_numpy(devices="cpu"), r"must be a sequence of devices, got 'cpu'; did you mean \['cpu'\]"),
        (with_numpy(devices=None), "`devices` of backend 'x' must be a sequence of devices, got None"),
        (with_numpy(kernels=[np.add]), r"`kernels` of backend 'x' must be a dict of callables .*, got \[<ufunc"),
        (with_numpy(kernels={"exp": np.exp, "add": 1}), "`kernels` of backend 'x' must be a dict .*, got 'add': 1"),
        (with_numpy(foreign_kernels={1: np.exp}), "`foreign_kernels` of backend 'x' must be a dict .*, got 1: <ufunc"),
        (with_numpy(device_labels=["a", "b"]), "`device_labels` .* once: there are 1 devices and 2 labels"),
        (with_numpy(device_labels=[0]), r"`device_labels` of backend 'x' must be a sequence of str, got \[0\]"),
        (with_numpy(dtype_hints=["upgrade"]), "`dtype_hints` of backend 'x' must be a dict of str by a dtype's name"),
        (
            with_numpy(narrow_dtypes={"bfloat17": (np.float16, "float32", ())}),
            "`narrow_dtypes` .*'bfloat17': .* the names are of .*'bfloat16'",
        ),
        (
            with_numpy(narrow_dtypes={"bfloat16": np.float16}),
            "`narrow_dtypes` of .*'bfloat16': <class 'numpy.float16'>",
        ),
        (with_numpy(narrow_dtypes={"bfloat16": (np.float16, "float32", "add")}), "`narrow_dtypes` of .*'add'"),
        (
            with_numpy(accelerator=object()),
            r"`accelerator` .* must be an object with the methods of .* lacks \['current",
        ),
        (with_numpy(wrap_kernel="exp"), "`wrap_kernel` of backend 'x' must be a callable, got 'exp'"),
        (with_numpy(use_errors=1), "`use_errors` of backend 'x' must be a callable, got 1"),
        (with_numpy(use_errors=lambda: None), "exception in `use_errors` of backend 'x': TypeError: "),
        (with_numpy(set_num_threads=2), "`set_num_threads` of backend 'x' must be a callable, got 2"),
        (
            {"namespace": lacking("uint16", "complex64"), "devices": ["cpu"]},
            r"lacks the data types \['uint16', 'complex64'\]",
        ),
        (
            {"namespace": lacking("empty"), "devices": ["cpu"]},
            "does not do what the array API standard asks for: .*'empty'",
        ),
    ],
)
def test_a_backend_that_breaks_the_protocol(
    attributes: dict[str, Any], message: str, discovered: Any, tools: Any
) -> None:
    load = lambda: types.SimpleNamespace(**attributes)  # noqa: E731
    plugins = discovered(p=tools.offering(tools.description("x", load=load)))
    with pytest.raises(PluginError, match=f"plugin 'p'.*{message}"):
        plugins.backend("x")
    assert plugins.status()[0].reason is not None


class Unreadable(types.SimpleNamespace):
    """A backend one of whose attributes raises."""

    namespace, devices = np, ("cpu",)

    @property
    def kernels(self) -> Any:
        raise ImportError("no module named 'fast'")


def test_an_attribute_that_raises(discovered: Any, tools: Any) -> None:
    plugins = discovered(p=tools.offering(tools.description("x", load=Unreadable)))
    with pytest.raises(
        PluginError, match="'p': exception in `kernels` of backend 'x': ImportError: no module named 'f"
    ):
        plugins.backend("x")


def test_an_accelerator_that_was_promised(discovered: Any, tools: Any) -> None:
    plugins = discovered(p=tools.offering(tools.description("x", accelerator=True)))
    with pytest.raises(PluginError, match="plugin 'p': backend 'x' has no attribute 'accelerator'; expected an object"):
        plugins.backend("x")


def test_a_backend_that_lacks_an_optional_dtype(discovered: Any, tools: Any) -> None:
    backend = tools.NumPyLike()
    backend.namespace = lacking("float16")
    plugins = discovered(p=tools.offering(tools.description("x", load=lambda: backend)))
    assert pluggrad.float32 in plugins.backend("x").dtypes
    with pytest.raises(DTypeError, match="backend 'x' has no pluggrad.float16; it has"):
        plugins.array_type("x", pluggrad.float16)
    with pytest.raises(DTypeError, match="a dtype is one of pluggrad.float32, .* got dtype"):
        plugins.array_type("x", np.dtype("float32"))


def test_devices_by_label_and_by_position(discovered: Any, tools: Any) -> None:
    backend = tools.NumPyLike()
    backend.devices = ("cpu", "cpu")
    labelled = tools.NumPyLike()
    labelled.devices, labelled.device_labels = ("cpu", "cpu"), ("", "fast")
    plugins = discovered(
        p=tools.offering(
            tools.description("plain", load=lambda: backend), tools.description("named", load=lambda: labelled)
        )
    )
    assert list(map(str, plugins.backend("plain").devices)) == ["plain:0", "plain:1"]
    assert list(map(str, plugins.backend("named").devices)) == ["named", "named:fast"]
    f32 = pluggrad.float32
    assert plugins.array_type("plain", f32) is plugins.array_type("plain:0", f32)
    assert plugins.array_type("named:1", f32) is plugins.array_type("named:fast", f32)
    with pytest.raises(DeviceError, match="no device 'plain:7': backend 'plain' has plain:0, plain:1"):
        plugins.array_type("plain:7", f32)


def test_the_plugins_here_are_backends() -> None:
    assert isinstance(pluggrad.backends.plugins.backend("cpu"), pluggrad.backends.LoadedBackend)
    from pluggrad_numpy.backend import NumPyBackend

    assert isinstance(NumPyBackend(), Backend)
    assert not isinstance(object(), Backend)


# -- whose array is it? ------------------------------------------------------------------------------


class Foreign:
    """An array of a library that no plugin has loaded yet."""


def test_the_owner_of_an_array_is_found_by_the_name_of_its_class(discovered: Any, tools: Any) -> None:
    names = (f"{Foreign.__module__}.Foreign",)
    plugins = discovered(
        p=tools.offering(tools.description("mine", array_types=names)),
        q=tools.offering(tools.description("other", array_types=("numpy.ndarray",))),
    )
    assert plugins.owner(Foreign()).name == "mine"
    assert plugins.owner(np.zeros(1)) is plugins.backend("mine")  # its library's class, known once it is loaded
    assert plugins.owner("text") is None
    assert plugins.owner(None) is None


def test_an_array_that_two_plugins_claim_is_an_error(discovered: Any, tools: Any) -> None:
    names = (f"{Foreign.__module__}.Foreign",)
    info = tools.description("x", array_types=names)
    plugins = discovered(one=tools.offering(info), two=tools.offering(info))
    with pytest.raises(PluginError, match="the plugins 'one' and 'two' both bring the device 'x'"):
        plugins.owner(Foreign())
