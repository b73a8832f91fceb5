"""What is compiled is kept on disk, until any source file of the plugin changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

plugin = pytest.importorskip("pluggrad_numba")

_PROGRAM = "from pluggrad_numba import compiled_crew; compiled_crew.call(0, 0, 0, 1)"


def run(folder):
    """What Numba says of its files while a function is called, with the plugin that lies in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "NUMBA_DEBUG_CACHE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)
    command = [sys.executable, "-c", _PROGRAM]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=300).stdout


def test_kept_until_another_file_changes(tmp_path):
    package = tmp_path / "pluggrad_numba"
    shutil.copytree(Path(plugin.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    assert "data saved" in run(tmp_path)
    again = run(tmp_path)
    assert "data loaded" in again
    assert "data saved" not in again
    with (package / "compiled_sums.py").open("a") as file:  # compiled_crew does not import it
        file.write("# changed\n")
    assert "data saved" in run(tmp_path)
