"""What a plugin brings to the backend of another: kernels that wrap those that were there, ways between devices."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad import function
from pluggrad.backends import Plugins
from pluggrad.errors import PluginError

# -- kernels -----------------------------------------------------------------------------------------


def counting(log: list[str], label: str, above: int = 0) -> Callable[[Any], Any]:
    """A wrapper of a kernel that notes calls, and hands arrays of at most ``above`` elements on to the old one."""

    def wrapper(plain: Any) -> Any:
        log.append(f"{label} wraps")

        def kernel(x1: Any, x2: Any) -> Any:
            if x1.size <= above:
                return plain(x1, x2)
            log.append(label)
            return plain(x1, x2)

        return kernel

    return wrapper


def kernels_plugin(tools: Any, mapping: Any, backend: str = "base") -> Any:
    asked: list[str] = []

    def pluggrad_kernels(backend: str) -> Any:
        asked.append(backend)
        return mapping if backend == backend_name else {}

    backend_name = backend
    plugin = tools.plugin_of(pluggrad_kernels=pluggrad_kernels)
    plugin.asked = asked
    return plugin


def test_a_kernel_is_wrapped_once_and_hands_small_inputs_on(discovered: Any, tools: Any) -> None:
    log: list[str] = []
    fast = kernels_plugin(tools, {"add": counting(log, "fast", above=2)})
    plugins = discovered(base=tools.offering(tools.description("base")), fast=fast)
    kernels = plugins.backend("base").kernels
    assert log == []  # nobody has asked for add yet
    small, large = np.ones(2), np.ones(3)
    for _ in range(3):
        np.testing.assert_array_equal(kernels.add(small, small), [2, 2])
    assert log == ["fast wraps"]
    np.testing.assert_array_equal(kernels.add(large, large), [2, 2, 2])
    assert log == ["fast wraps", "fast"]
    assert fast.asked == ["base"]
    np.testing.assert_array_equal(kernels.multiply(large, large), [1, 1, 1])  # others are as they were


@pytest.mark.parametrize("count", [pluggrad.backends.kernels.FEW - 1, pluggrad.backends.kernels.FEW])
def test_few_elements_pass_by_a_wrapper_that_says_so(count: int, tools: Any) -> None:
    """Forward and backward, whichever array is the large one; the results are the same."""
    went: list[int] = []

    def wrapper(plain: Any) -> Any:
        def kernel(x1: Any, x2: Any) -> Any:
            went.append(max(x1.size, x2.size))
            return plain(x1, x2)

        kernel.of_few = plain  # type: ignore[attr-defined]
        return kernel

    pluggrad.backends.register(kernels_plugin(tools, {"multiply": wrapper}, "numpy"), "few")
    try:
        x = pluggrad.arange(float(count), requires_grad=True)
        y = pluggrad.tensor(2.0, requires_grad=True)
        (y * (x * y)).backward(pluggrad.ones(count))
    finally:
        pluggrad.backends.unregister("few")
    assert x.grad is not None
    assert x.grad.tolist() == [4.0] * count
    assert all(size == count for size in went)
    assert bool(went) is (count >= pluggrad.backends.kernels.FEW)
    before = len(went)
    assert (x * y).shape == (count,)  # the plugin has gone, and so have its kernels
    assert len(went) == before


def test_wrappers_nest_in_the_order_of_registration(discovered: Any, tools: Any) -> None:
    log: list[str] = []
    plugins = discovered(
        base=tools.offering(tools.description("base")),
        inner=kernels_plugin(tools, {"add": counting(log, "inner")}),
        outer=kernels_plugin(tools, {"add": counting(log, "outer")}),
    )
    plugins.backend("base").kernels.add(np.ones(1), np.ones(1))
    assert log == ["inner wraps", "outer wraps", "outer", "inner"]


def test_a_plugin_that_comes_late_and_goes_again(discovered: Any, tools: Any) -> None:
    plugins = discovered(base=tools.offering(tools.description("base")))
    kernels = plugins.backend("base").kernels
    kernels.add(np.ones(1), np.ones(1))
    log: list[str] = []
    plugins.register(kernels_plugin(tools, {"add": counting(log, "late")}), "late")
    kernels.add(np.ones(1), np.ones(1))
    assert log == ["late wraps", "late"]
    plugins.unregister("late")
    np.testing.assert_array_equal(kernels.add(np.ones(1), np.ones(1)), [2])
    assert log == ["late wraps", "late"]


def raising(backend: str) -> Any:
    raise OSError("no compiler")


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        (raising, "plugin 'bad': exception in pluggrad_kernels: OSError: no compiler"),
        (lambda backend: ["add"], r"plugin 'bad': pluggrad_kernels must return a dict, got \['add'\]"),
        (lambda backend: {"add": 3}, "plugin 'bad': .* must map names of functions to callables, got 'add': 3"),
    ],
)
def test_broken_kernels_are_left_out_with_a_warning(hook: Any, message: str, discovered: Any, tools: Any) -> None:
    log: list[str] = []
    plugins = discovered(
        base=tools.offering(tools.description("base")),
        bad=tools.plugin_of(pluggrad_kernels=hook),
        good=kernels_plugin(tools, {"add": counting(log, "good")}),
    )
    with pytest.warns(RuntimeWarning, match=f"pluggrad goes on without a part of a plugin: {message}"):
        kernels = plugins.backend("base").kernels
    np.testing.assert_array_equal(kernels.add(np.ones(1), np.ones(1)), [2])
    assert log == ["good wraps", "good"]
    (line,) = [s for s in plugins.status() if not s.usable]
    assert line.plugin == "bad"
    assert str(line).startswith("plugin 'bad'")


def test_a_wrapper_that_fails_is_named_when_its_kernel_is_used(discovered: Any, tools: Any) -> None:
    def wrapper(plain: Any) -> Any:
        raise ValueError("wrong signature")

    plugins = discovered(
        base=tools.offering(tools.description("base")),
        bad=kernels_plugin(tools, {"add": wrapper, "multiply": lambda plain: None}),
    )
    kernels = plugins.backend("base").kernels
    with pytest.raises(
        PluginError, match="plugin 'bad': exception in its wrapper of 'add': ValueError: wrong signature"
    ):
        kernels.add(np.ones(1), np.ones(1))
    with pytest.raises(PluginError, match="plugin 'bad': its wrapper of 'multiply' must return a kernel, got None"):
        kernels.multiply(np.ones(1), np.ones(1))


def test_a_backends_own_kernel_comes_before_the_default(discovered: Any, tools: Any) -> None:
    backend = tools.NumPyLike()
    backend.kernels = {"strides": lambda x: "its own"}
    plugins = discovered(
        own=tools.offering(tools.description("own", load=lambda: backend)),
        plain=tools.offering(tools.description("plain")),
    )
    x = np.zeros((2, 3))
    assert plugins.backend("own").kernels.strides(x) == "its own"
    assert plugins.backend("plain").kernels.strides(x) == (3, 1)
    assert plugins.backend("plain").kernels.tolist(np.asarray([[1, 2]])) == [[1, 2]]
    with pytest.raises(AttributeError, match="has no 'warp', which the array API standard asks for"):
        _ = plugins.backend("plain").kernels.warp


def with_kernels(tools: Any, **attributes: Any) -> Any:
    backend = tools.NumPyLike()
    for name, value in attributes.items():
        setattr(backend, name, value)
    return tools.offering(tools.description("x", load=lambda: backend))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (
            {"kernels": {"exp": np.exp, "sofmax": np.exp}},
            "`kernels` of backend 'x' names 'sofmax', .* the nearest are 'softmax'",
        ),
        (
            {"kernels": {"mul": np.multiply}},
            "`kernels` of backend 'x' names 'mul', .*that is another name of 'multiply', and kernels go",
        ),
        ({"kernels": {"stride": len}}, "`kernels` of backend 'x' names 'stride', .*the nearest are 'strides'"),
        (
            {"kernels": {"tensordot": np.tensordot}},
            "`kernels` of backend 'x' names 'tensordot', .*or asks the namespace for it: put it",
        ),
        ({"kernels": {"qqqqqq": len}}, "`kernels` of backend 'x' names 'qqqqqq', .*no known name is near it"),
        ({"kernels": {"_directed": len}}, "`kernels` of backend 'x' names '_directed'"),
        (
            {"narrow_dtypes": {"bfloat16": (np.dtype("float16"), "float32", ["ad"])}},
            "`narrow_dtypes` of backend 'x' names 'ad', .*the nearest are 'add'",
        ),
    ],
)
def test_a_name_that_no_kernel_is_looked_up_by(
    attributes: dict[str, Any], message: str, discovered: Any, tools: Any
) -> None:
    plugins = discovered(p=with_kernels(tools, **attributes))
    with pytest.raises(PluginError, match=f"plugin 'p': {message}"):
        plugins.backend("x")
    assert "backend 'x' names" in str(plugins.status()[0].reason)


def test_kernels_of_what_is_imported_late() -> None:
    """All of pluggrad's own functions can be named, though those of pluggrad.special may not be registered yet."""
    names = ["j0", "convolution", "getitem", "random_bits", "adam_step", "isdtype"]
    code = (
        "import pluggrad, array_api_compat.numpy as np\n"
        "class B: namespace, devices, kernels = np, ['cpu'], dict.fromkeys(%r, len)\n"
        "info = {'name': 'x', 'device_type': 'x', 'load': B}\n"
        "import pluggy\n"
        "class P: pluggrad_backends = pluggy.HookimplMarker('pluggrad')(lambda self: [info])\n"
        "pluggrad.backends.register(P(), 'p')\n"
        "assert pluggrad.backends.plugins.backend('x').brings('j0')\n"
    )
    subprocess.run([sys.executable, "-c", code % names], check=True)


def wave(xp: Any, x: Any, /) -> Any:
    return xp.sin(x)


def test_kernels_of_functions_that_other_plugins_describe(discovered: Any, tools: Any) -> None:
    """In whatever order they are found, and whether or not anybody has asked for the functions."""
    mine = with_kernels(tools, kernels={"wave_of_a_test": np.cos})
    theirs = tools.plugin_of(pluggrad_functions=lambda: [{"name": "wave_of_a_test", "forward": wave}])
    assert discovered(mine=mine, theirs=theirs).backend("x").brings("wave_of_a_test")
    late = discovered(mine=mine)
    with pytest.raises(PluginError, match="goes into `foreign_kernels`"):
        late.backend("x")
    late.register(theirs, "theirs")
    assert late.backend("x").brings("wave_of_a_test")


def test_foreign_kernels_may_be_of_functions_that_come_later(discovered: Any, tools: Any) -> None:
    plugins = discovered(p=with_kernels(tools, foreign_kernels={"wave_of_a_test": lambda x: x * 3}))
    kernels = plugins.backend("x").kernels
    assert kernels.brings("wave_of_a_test")
    pluggrad.register_function(wave, name="wave_of_a_test")
    try:
        assert kernels.wave_of_a_test(np.ones(1)) == 3
    finally:
        function.remove(function.functions()["wave_of_a_test"])


def test_a_wrapper_of_no_function_is_told_and_waits(discovered: Any, tools: Any) -> None:
    plugins = discovered(
        base=tools.offering(tools.description("base")),
        fast=kernels_plugin(tools, {"wave_of_a_test": lambda plain: lambda x: plain(x) + 5}),
    )
    message = "plugin 'fast': pluggrad_kernels has a wrapper of 'wave_of_a_test', which is no function of pluggrad's"
    with pytest.warns(RuntimeWarning, match=message):
        kernels = plugins.backend("base").kernels
    pluggrad.register_function(wave, name="wave_of_a_test")
    try:
        assert kernels.wave_of_a_test(np.zeros(1)) == 5
    finally:
        function.remove(function.functions()["wave_of_a_test"])


def test_a_wrap_kernel_that_fails_is_named(discovered: Any, tools: Any) -> None:
    def wrap(name: str, kernel: Any) -> Any:
        if name == "exp":
            raise KeyError(name)
        return None if name == "sin" else kernel

    kernels = discovered(p=with_kernels(tools, wrap_kernel=wrap)).backend("x").kernels
    assert kernels.cos(np.zeros(1)) == 1
    with pytest.raises(PluginError, match=r"plugin 'p': exception in wrap_kernel\('exp', ...\): KeyError: 'exp'"):
        _ = kernels.exp
    with pytest.raises(PluginError, match=r"plugin 'p': wrap_kernel\('sin', ...\) must return a kernel, got None"):
        _ = kernels.sin


@pytest.fixture
def installed() -> Iterator[Callable[[Any], None]]:
    """Registers a plugin in this process, and takes it out again."""
    plugins = pluggrad.backends.plugins

    def register(plugin: Any) -> None:
        plugins.register(plugin, "from-a-test")

    yield register
    plugins.unregister("from-a-test")


def test_operations_use_a_wrapped_kernel_and_no_hook(installed: Any, tools: Any) -> None:
    log: list[str] = []
    x = pluggrad.ones(3, device="cpu", requires_grad=True)
    y = x * x
    plugin = kernels_plugin(tools, {"multiply": counting(log, "m")}, backend="numpy")
    installed(plugin)
    asked = list(plugin.asked)
    for _ in range(3):
        y = x * x
    assert log == ["m wraps", "m", "m", "m"]
    assert plugin.asked == asked
    pluggrad.sum(y).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


# -- transfers ---------------------------------------------------------------------------------------


def test_a_transfer_that_a_plugin_brings_is_used(installed: Any, tools: Any) -> None:
    seen: list[Any] = []

    def way(array: Any, device: Any) -> Any:
        import array_api_strict

        seen.append(device)
        return array_api_strict.asarray(np.array(array) + 0, device=device)

    installed(tools.plugin_of(pluggrad_transfers=lambda: {("cpu", "strict"): way}))
    x = pluggrad.tensor([1.0, 2.0], device="cpu")
    moved = pluggrad.asarray(x, device="strict:device1")
    assert moved.device == "strict:device1"
    assert moved.tolist() == [1.0, 2.0]
    assert [str(d) for d in seen] == ["array_api_strict.Device('device1')"]


def test_a_transfer_that_gives_no_array_is_named(installed: Any, tools: Any) -> None:
    installed(tools.plugin_of(pluggrad_transfers=lambda: {("cpu", "strict"): lambda array, device: array}))
    message = r"plugin 'from-a-test': its transfer from 'cpu' to 'strict' must return a array_api_strict\S+, got array"
    with pytest.raises(PluginError, match=message):
        pluggrad.ones(2, device="cpu").to("strict")


def test_transfers_are_asked_for_once(discovered: Any, tools: Any) -> None:
    calls = []

    def pluggrad_transfers() -> Any:
        calls.append(1)
        return {("a", "b"): print}

    plugins: Plugins = discovered(p=tools.plugin_of(pluggrad_transfers=pluggrad_transfers))
    assert plugins.transfers() == plugins.transfers() == {("a", "b"): print}
    assert calls == [1]


def test_two_plugins_with_one_transfer(discovered: Any, tools: Any) -> None:
    one = tools.plugin_of(pluggrad_transfers=lambda: {("a", "b"): print})
    two = tools.plugin_of(pluggrad_transfers=lambda: {("a", "b"): repr})
    with pytest.raises(PluginError, match="plugins 'one' and 'two' both bring a transfer from 'a' to 'b'"):
        discovered(one=one, two=two).transfers()


@pytest.mark.parametrize(
    ("ways", "message"),
    [
        ({"cpu": print}, r"must have pairs of device types as keys, such as \('cpu', 'cuda'\), got 'cpu'"),
        ({("cpu", "cuda"): None}, r"must give a callable for \('cpu', 'cuda'\), got None"),
        ([print], r"pluggrad_transfers must return a dict, got \["),
    ],
)
def test_broken_transfers_are_left_out_with_a_warning(ways: Any, message: str, discovered: Any, tools: Any) -> None:
    good = tools.plugin_of(pluggrad_transfers=lambda: {("a", "b"): print})
    plugins = discovered(bad=tools.plugin_of(pluggrad_transfers=lambda: ways), good=good)
    with pytest.warns(RuntimeWarning, match=f"plugin 'bad': .*{message}"):
        assert plugins.transfers() == {("a", "b"): print}
