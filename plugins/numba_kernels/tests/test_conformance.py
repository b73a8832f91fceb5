"""The conformance suite with every compiled kernel in use, however small the arrays."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pluggrad

plugin = pytest.importorskip("pluggrad_numba.plugin")

_ALL_ARE_LARGE = """
import runpy, sys
import pluggrad_numba
from pluggrad_numba import plugin
plugin.pluggrad_kernels("numpy", lambda: 1)
modules = [m for m in vars(pluggrad_numba).values() if hasattr(m, "_LEAST")]
assert len(modules) == 20
for module in modules:
    module._LEAST = 1
from pluggrad_numba import elementwise, normalization
normalization._LEAST_PIXELS = 1
elementwise._LEAST_SHARED = elementwise._LEAST_SUMMED = 1
import pluggrad
pluggrad.set_num_threads(2)
sys.argv = ["pluggrad", "conformance", "--device", "cpu", *sys.argv[1:]]
runpy.run_module("pluggrad", run_name="__main__")
"""


def test_of_all_that_is_wrapped():
    wrapped = plugin.pluggrad_kernels("numpy", pluggrad.get_num_threads)
    names = ",".join(name for name in wrapped if name in pluggrad.function.functions())
    command = [sys.executable, "-c", _ALL_ARE_LARGE, "--functions", names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "numpy:" in done.stdout and "passed-brightgreen" in done.stdout
