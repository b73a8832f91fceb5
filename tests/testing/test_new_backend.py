"""The generator of plugin packages: what it writes, what it refuses, and that what it writes works."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from pluggrad.__main__ import main
from pluggrad.commands.new_backend import FILES, generate
from pluggrad.errors import PluginError

ROOT = Path(__file__).parents[2]


def test_what_it_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-backend", "my-lib", "--library", "array_api_strict", "--out", str(tmp_path)]) == 0
    folder = tmp_path / "pluggrad-my-lib"
    assert f"wrote {folder}" in capsys.readouterr().out
    written = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert written == {f.replace("$package", "pluggrad_my_lib") for f in FILES}
    for path in folder.rglob("*.py"):
        ast.parse(path.read_text())
    for path in folder.rglob("*"):  # no placeholder is left, but for those of the CI file's own
        if path.is_file():
            assert "$" not in path.read_text().replace("${{ matrix.python }}", "")


def test_its_project_file(tmp_path: Path) -> None:
    folder = generate("fenced", library="array_api_strict", out=tmp_path)
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["entry-points"] == {"pluggrad": {"fenced": "pluggrad_fenced.plugin"}}
    names = [d.replace("_", "-") for d in project["project"]["dependencies"]]
    assert names == ["pluggy>=1.5", "array-api-strict"]


def test_its_plugin_tells_the_class_of_the_arrays(tmp_path: Path) -> None:
    folder = generate("fenced", library="array_api_strict", out=tmp_path)
    assert (
        '"array_types": ("array_api_strict._array_object.Array",)'
        in (folder / "pluggrad_fenced" / "plugin.py").read_text()
    )


def test_a_library_that_is_not_here(tmp_path: Path) -> None:
    """Its author fills in what could not be found out."""
    folder = generate("mylib", library="no_such_library.arrays", requirement="no-such-library>=2", out=tmp_path)
    plugin = (folder / "pluggrad_mylib" / "plugin.py").read_text()
    assert '# "array_types": ("no_such_library.arrays.Array",),' in plugin
    assert "pip install no-such-library>=2" in plugin
    assert "import no_such_library.arrays as namespace" in (folder / "pluggrad_mylib" / "backend.py").read_text()
    ast.parse(plugin)


@pytest.mark.parametrize("name", ["My", "1st", "a b", "a_b", "", "a--b", "../a"])
def test_names_that_no_device_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a name is lower-case letters, digits and single dashes"):
        generate(name, out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_library_that_is_no_module(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--library must name a Python module"):
        generate("mylib", library="my-lib", out=tmp_path)


@pytest.mark.parametrize("name", ["numpy", "cpu", "strict"])
def test_names_that_are_taken(name: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=f"has the name '{name}' already"):
        generate(name, out=tmp_path)


def test_a_folder_that_exists_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pluggrad-mylib").mkdir()
    assert main(["new-backend", "mylib", "--out", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert not list((tmp_path / "pluggrad-mylib").iterdir())


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_from_nothing_to_a_backend_that_conforms(tmp_path: Path) -> None:
    """Generated over array-api-strict, built into wheels, installed into a fresh environment: its own tests pass."""
    folder = generate("fenced", library="array_api_strict", out=tmp_path)
    wheels = tmp_path / "wheels"
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PLUGGRAD_DEVICE", "PYTEST_ADDOPTS")}
    environment |= {"OMP_NUM_THREADS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def run(*command: str, cwd: Path = tmp_path) -> str:
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    sources = [str(ROOT), str(ROOT / "plugins" / "numpy_backend"), str(folder)]
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), *sources)
    assert sorted(w.name.partition("-")[0] for w in wheels.iterdir()) == [
        "pluggrad",
        "pluggrad_fenced",
        "pluggrad_numpy",
    ]
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    run(python, "-m", "pip", "install", "--quiet", "--find-links", str(wheels), "pluggrad-fenced[test]")
    assert str(tmp_path) in run(python, "-c", "import pluggrad; print(pluggrad.__file__)")  # the wheel, not the sources
    # Its tests, the conformance suite among them, as its author runs them.
    out = run(python, "-m", "pytest", "-q", cwd=folder)
    assert "5 passed" in out
    report = tmp_path / "report.json"
    run(python, "-m", "pluggrad", "conformance", "--device", "fenced:1", "--functions", "exp", "--json", str(report))
    (read,) = json.loads(report.read_text())["reports"]
    assert read["about"]["package"] == "pluggrad-fenced 0.1.0"
    assert read["about"]["devices"] == ["fenced", "fenced:1", "fenced:2"]
    assert read["failed"] == 0
