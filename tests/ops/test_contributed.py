"""Functions of third parties: declared, used, differentiated, overridden by kernels, and refused with the reason."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pluggy
import pytest

import pluggrad
from pluggrad.autograd import gradcheck, gradgradcheck
from pluggrad.backends import plugins
from pluggrad.errors import PluginError
from pluggrad.function import get
from pluggrad.ops import contributed

hookimpl = pluggy.HookimplMarker("pluggrad")


@pytest.fixture(autouse=True)
def _clean():
    yield
    for name in ("tst_wave", "tst_hypot", "tst_halves"):
        found = get(name)
        if found is not None:
            contributed.forget(found)


def leaf(*values, device=None):
    return pluggrad.tensor(list(values), dtype=pluggrad.float64, requires_grad=True, device=device)


def tst_wave(xp, x, /, *, by=1.0):
    """The sine of multiples."""
    return xp.sin(x * by)


WAVE = {"name": "tst_wave", "forward": tst_wave, "vjp": lambda xp, g, x, by: g * by * xp.cos(x * by), "result": "same"}


@pytest.mark.parametrize("device", ["cpu", "strict", "torch"])
def test_a_registered_function_is_like_any_other(device):
    if device == "torch":
        pytest.importorskip("pluggrad_torch")
        pytest.importorskip("torch")
    wave = pluggrad.register_function(tst_wave, vjp=WAVE["vjp"], result="same")
    x = leaf(0.3, 1.2, device=device)
    y = wave(x, by=2.0)
    np.testing.assert_allclose(y.tolist(), np.sin([0.6, 2.4]))
    assert y.grad_fn.name() == "TstWaveBackward0" and pluggrad.ops.tst_wave is wave
    assert wave.__doc__ == "The sine of multiples."
    assert gradcheck(lambda t: wave(t, by=2.0), x) and gradgradcheck(wave, x)


def test_rules_call_it_by_name():
    pluggrad.register_function(tst_wave, vjp=WAVE["vjp"], result="same")

    @pluggrad.register_function(
        name="tst_hypot", broadcasts=True, vjp=[lambda xp, g, x1: g * xp.tst_wave(x1, by=0.5), None]
    )
    def anything(xp, x1, x2, /):
        return x1 + x2

    x = leaf(1.0)
    pluggrad.ops.tst_hypot(x, pluggrad.ones(3, dtype=pluggrad.float64)).sum().backward()
    assert x.grad.tolist() == pytest.approx([3 * np.sin(0.5)])


def test_several_outputs():
    @pluggrad.register_function(
        name="tst_halves",
        outputs=("low", "high"),
        constant=("high",),
        vjp=lambda xp, g, x_shape: xp.concat(g[0], xp.new_zeros(g[0], shape=g[0].shape), axis=0),
    )
    def halves(xp, x, /):
        return x[:1], x[1:]

    x = leaf(1.0, 2.0)
    low, high = halves(x)
    low.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0] and not high.requires_grad


def test_a_kernel_for_one_backend():
    calls = []

    def kernel(x, *, by):
        calls.append(type(x))
        return np.sin(x * by)

    wave = pluggrad.register_function(tst_wave, vjp=WAVE["vjp"], result="same", kernels={"numpy": kernel})
    wave(leaf(1.0, device="cpu"))
    assert calls == [np.ndarray]
    wave(leaf(1.0, device="strict"))
    assert len(calls) == 1


class Plugin:
    def __init__(self, *infos):
        self.infos = list(infos)

    @hookimpl
    def pluggrad_functions(self):
        return self.infos


@pytest.fixture
def registered():
    names = []

    def register(name, *infos):
        plugins.register(Plugin(*infos), name)
        names.append(name)

    yield register
    for name in names:
        plugins.unregister(name)
    contributed.load()
    for name in names:
        plugins._broken.pop(name, None)


def test_a_plugin_describes_functions(registered):
    registered("wavy", WAVE)
    x = leaf(0.5)
    pluggrad.ops.tst_wave(x).backward()
    assert x.grad.tolist() == pytest.approx([np.cos(0.5)])
    assert get("tst_wave").plugin == "wavy"
    with pytest.raises(PluginError, match="'tst_wave' is registered already, by plugin 'wavy'; choose another name"):
        pluggrad.register_function(tst_wave)


def test_it_leaves_with_its_plugin():
    plugins.register(Plugin(WAVE), "wavy")
    assert pluggrad.ops.tst_wave(leaf(0.0)).tolist() == [0.0]
    assert pluggrad.vmap(pluggrad.ops.tst_wave)(leaf(0.0)).tolist() == [0.0]
    plugins.unregister("wavy")
    with pytest.raises(AttributeError, match="no function 'tst_wave', and no plugin brings one"):
        pluggrad.ops.tst_wave  # noqa: B018
    other = {**WAVE, "forward": lambda xp, x, /: x * 0 + 7.0, "vjp": None}
    plugins.register(Plugin(other), "other")
    try:
        assert pluggrad.ops.tst_wave(leaf(0.0)).tolist() == [7.0]
        assert pluggrad.vmap(pluggrad.ops.tst_wave)(leaf(0.0)).tolist() == [7.0]
    finally:
        plugins.unregister("other")
        contributed.load()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"forward": None}, r"'forward' of function 'tst_wave' must be a function \(xp, x, /, ...\), got None"),
        ({"name": "no name"}, "'name' of function 'no name' must be an identifier"),
        ({"vjp": 3}, "'vjp' of function 'tst_wave' must be a derivative rule"),
        (
            {"vjp": lambda xp, g, z: g},
            r"a derivative rule names \['z'\]; it may name \['x', 'x_shape', 'x_dtype', 'by', 'out'\]",
        ),
        ({"vjp": lambda g: g}, r"a derivative rule starts with \(xp, g, ...\)"),
        ({"vjp": [None, None]}, "2 derivative rules for the 1 arrays"),
        ({"forward": lambda x, /: x}, "the forward of a composed function takes xp first"),
        ({"forward": lambda xp, x: x}, "array arguments stand before a slash"),
        ({"kernels": {"numpy": 3}}, "'kernels' of function 'tst_wave' must be a dict of callables by backend's name"),
        ({"result": "float"}, "'result' of function 'tst_wave' must be one of"),
        ({"kinds": ["floating"]}, "'kinds' of function 'tst_wave' must be kinds of dtypes"),
        ({"constant": ["second"]}, r"constant and promoted name \['second'\]"),
        ({"speed": "fast"}, r"unknown keys \['speed'\] in a function's description of function 'tst_wave'"),
        ({"name": "exp"}, "a function named 'exp' is registered already"),
    ],
)
def test_a_wrong_description_names_the_plugin(registered, change, message):
    registered("wrong", {**WAVE, **change})
    with pytest.warns(RuntimeWarning, match=f"plugin 'wrong': .*{message}"):
        contributed.load()
    (line,) = [b for b in pluggrad.backends.status() if b.name == "wrong"]
    assert "plugin 'wrong'" in str(line)
    assert get("tst_wave") is None
    assert pluggrad.ops.exp(leaf(0.0)).tolist() == [1.0]


def test_a_hook_that_fails_hurts_nobody(registered):
    class Raises:
        @hookimpl
        def pluggrad_functions(self):
            raise RuntimeError("no licence")

    plugins.register(Raises(), "raises")
    try:
        registered("wavy", WAVE)
        with pytest.warns(
            RuntimeWarning, match="plugin 'raises': exception in pluggrad_functions: RuntimeError: no licence"
        ):
            assert pluggrad.ops.tst_wave(leaf(0.0)).tolist() == [0.0]
    finally:
        plugins.unregister("raises")
        plugins._broken.pop("raises", None)


def test_a_package_with_an_entry_point(tmp_path: Path):
    """A generated plugin package, which imports no pluggrad, installed as far as importlib.metadata can tell."""
    package = tmp_path / "wavy_plugin"
    package.mkdir()
    (package / "__init__.py").write_text(
        textwrap.dedent("""
            import pluggy

            hookimpl = pluggy.HookimplMarker("pluggrad")

            def wavy(xp, x, /, *, by=1.0):
                return xp.sin(x * by)

            @hookimpl
            def pluggrad_functions():
                rule = lambda xp, g, x, by: g * by * xp.cos(x * by)
                return [{"name": "wavy", "forward": wavy, "vjp": rule, "result": "same"}]
        """)
    )
    info = tmp_path / "wavy_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wavy-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pluggrad]\nwavy = wavy_plugin\n")
    program = textwrap.dedent("""
        import pluggrad
        x = pluggrad.tensor([0.0], requires_grad=True)
        pluggrad.ops.wavy(x, by=3.0).backward()
        print(x.grad.tolist(), [b.name for b in pluggrad.backends.status() if b.reason and b.name == "wavy"])
    """)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.split() == ["[3.0]", "[]"]
