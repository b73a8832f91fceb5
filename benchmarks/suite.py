"""The same workloads and functions for pytest-benchmark: how pluggrad stands beside an earlier state of itself.

    pip install -e ".[bench]"
    pytest benchmarks -k "cnn and pluggrad" --benchmark-autosave
    pytest benchmarks -k "cnn and pluggrad" --benchmark-compare --benchmark-compare-fail=median:10%
    pytest benchmarks -k exp --benchmark-json=times.json

All in one process. Beside other libraries, ``compare.py``, ``functions.py`` and ``peers.py`` measure better: threads of
one that wait take the cores from another, so those have a process for each.
"""

from __future__ import annotations

import importlib
from typing import Any

import compare
import functions
import peers
import pytest
import workloads


@pytest.mark.parametrize("side", ["pluggrad", "torch"])
@pytest.mark.parametrize("name", workloads.WORKLOADS)
def test_workload(benchmark: Any, name: str, side: str) -> None:
    """A training step, or the like."""
    pytest.importorskip(side)
    benchmark.group = workloads.WORKLOADS[name].title
    benchmark(compare.step_of(side, name))


@pytest.mark.parametrize("side", functions.SIDES)
@pytest.mark.parametrize("gradient", [False, True], ids=["call", "gradient"])
@pytest.mark.parametrize("size", functions.SIZES)
@pytest.mark.parametrize("name", [*functions.elementwise(), *functions.WHOLE])
def test_function(benchmark: Any, name: str, size: int, gradient: bool, side: str) -> None:
    """A function of about so many elements."""
    pytest.importorskip(side)
    step = functions.step_of(side, name, size, gradient)
    if step is None:
        pytest.skip(f"{side} has no {name}" + " with a gradient" * gradient)
    benchmark.group = f"{name}, {size} elements" + ", with its gradient" * gradient
    benchmark(step)


@pytest.mark.parametrize("library", peers.LIBRARIES)
@pytest.mark.parametrize("name", peers.TITLES)
def test_peer(benchmark: Any, name: str, library: str) -> None:
    """The same work in another library."""
    module, steps_of = peers.LIBRARIES[library]
    try:
        importlib.import_module(module)
    except ImportError:
        pytest.skip(f"{module} is not installed")
    steps = steps_of()
    if name not in steps:
        pytest.skip(f"{library} has no {name}")
    benchmark.group = peers.TITLES[name]
    benchmark(steps[name]())
