"""The conformance suite with every compiled kernel in use, however small the arrays."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("pluggrad_numba")

_ALL_ARE_LARGE = """
import runpy, sys
from pluggrad_numba import convolution, elementwise, normalization, pooling, steps
for module in (convolution, elementwise, normalization, pooling, steps):
    assert module._LEAST > 0
    module._LEAST = 0
normalization._LEAST_PIXELS = 1
sys.argv = ["pluggrad", "conformance", "--device", "cpu", *sys.argv[1:]]
runpy.run_module("pluggrad", run_name="__main__")
"""


def conformance(*arguments):
    command = [sys.executable, "-c", _ALL_ARE_LARGE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "numpy:" in done.stdout and "passed-brightgreen" in done.stdout


def test_of_what_is_compiled():
    conformance("--functions", "convolution*,max_pool,max_pool_input,batch_norm*,gelu*,silu*,relu*,tanh_backward,exp")


@pytest.mark.slow
def test_of_everything():
    conformance()
