"""Importing pluggrad: no array library before a device is used, and quickly."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

LIBRARIES = ("numpy", "scipy", "cupy", "torch", "array_api_strict", "numba", "matplotlib", "sklearn", "tqdm")


def run(code: str, **environment: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_after(code: str, **environment: str) -> set[str]:
    """The array libraries that an interpreter has imported after some code."""
    report = f"\nimport json, sys\nprint(json.dumps([n for n in {LIBRARIES!r} if n in sys.modules]))"
    return set(json.loads(run(code + report, **environment).splitlines()[-1]))


def test_importing_loads_no_array_library() -> None:
    assert loaded_after("import pluggrad") == set()


@pytest.mark.parametrize("part", ["nn", "optim", "utils.data", "testing"])
def test_importing_a_part_loads_no_array_library(part: str) -> None:
    assert loaded_after(f"import pluggrad.{part}") == set()


@pytest.mark.parametrize(
    "code",
    [
        "pluggrad.backends.status()",
        "pluggrad.get_default_device()",
        "pluggrad.device('cuda:1')",
        "pluggrad.result_type(pluggrad.int8, pluggrad.float32)",
        "pluggrad.finfo(pluggrad.float32)",
    ],
)
def test_looking_around_loads_no_array_library(code: str) -> None:
    assert loaded_after(f"import pluggrad; {code}") == set()


def test_the_first_tensor_loads_the_library_of_its_device_only() -> None:
    assert loaded_after("import pluggrad; pluggrad.zeros(2)", PLUGGRAD_DEVICE="cpu") == {"numpy"}


def test_the_time_to_import(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not judged: a busy machine would make a limit fail. It should stay under 0.1 s."""
    code = (
        "import time; a = time.perf_counter(); import numpy; b = time.perf_counter(); import pluggrad; "
        "c = time.perf_counter(); print(b - a, c - b)"
    )
    times = [tuple(map(float, run(code).split())) for _ in range(3)]
    numpy, pluggrad = (min(column) for column in zip(*times, strict=True))
    with capsys.disabled():
        print(f"\nimport numpy: {numpy * 1e3:.0f} ms; import pluggrad after it: {pluggrad * 1e3:.0f} ms")
    assert pluggrad > 0
