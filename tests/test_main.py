"""The command line: commands, help, ``info``."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import pluggrad
from pluggrad.__main__ import COMMANDS, main


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said and summary in " ".join(said.split()) for name, summary in COMMANDS.items())


@pytest.mark.parametrize("arguments", [[], ["fly"]])
def test_no_such_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(arguments)
    assert done.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_a_module_with_a_help_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"pluggrad.commands.{name.replace('-', '_')}")
    assert callable(module.run)
    with pytest.raises(SystemExit) as done:
        main([name, "--help"])
    assert done.value.code == 0
    assert COMMANDS[name] in " ".join(capsys.readouterr().out.split())


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    said = capsys.readouterr().out
    assert f"pluggrad           {pluggrad.__version__}" in said
    assert sys.version.split()[0] in said
    assert f"default device     {pluggrad.get_default_device()}" in said
    assert "  numpy (plugin 'numpy'): cpu" in said


class _Broken:
    """A plugin whose backend cannot be used, and one whose backend does not load."""

    from pluggy import HookimplMarker

    hookimpl = HookimplMarker("pluggrad")

    @hookimpl
    def pluggrad_backends(self) -> list[dict[str, object]]:
        def load() -> object:
            raise OSError("the driver is asleep")

        return [
            {"name": "absent", "device_type": "absent", "load": load, "probe": lambda: "no such hardware"},
            {"name": "asleep", "device_type": "asleep", "load": load},
        ]


def test_info_says_why_a_backend_is_not_usable(capsys: pytest.CaptureFixture[str]) -> None:
    pluggrad.backends.register(_Broken(), "broken")
    try:
        assert main(["info"]) == 0
    finally:
        pluggrad.backends.unregister("broken")
    said = capsys.readouterr().out
    assert "absent (plugin 'broken'): not usable: no such hardware" in said
    assert "asleep (plugin 'broken'): not usable: " in said
    assert "OSError: the driver is asleep" in said


def test_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "pluggrad", "info"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "backends" in done.stdout
