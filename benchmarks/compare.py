"""The same workloads on pluggrad and on PyTorch, in turn, in a process each; prints ratios of medians.

    python benchmarks/compare.py [NAME ...] [--seconds S] [--plain] [--json FILE]

``--plain`` leaves out compiled kernels (pluggrad-numba) where they are installed: NumPy alone.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import workloads

Step = Callable[[], Any]

ROUNDS = 4


def time_in_turn(steps: list[Step], seconds: float) -> list[list[float]]:
    """Times of each step in seconds, the steps run in turn, so that a drift of the machine meets all of them."""
    inner = []
    for step in steps:
        step()
        start = time.perf_counter()
        step()
        # So many calls in a row that the clock does not matter.
        inner.append(max(1, int(2e-3 / max(time.perf_counter() - start, 1e-7))))
    times: list[list[float]] = [[] for _ in steps]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 7:
        for step, n, collected in zip(steps, inner, times, strict=True):
            start = time.perf_counter()
            for _ in range(n):
                step()
            collected.append((time.perf_counter() - start) / n)
    return times


def leave_out_compiled_kernels() -> bool:
    """Let NumPy compute by itself in this process; whether there was anything to leave out."""
    from pluggrad.backends import plugins
    from pluggrad.errors import PluginError

    plugins.discover()
    try:
        plugins.unregister("numba")
    except PluginError:
        return False
    return True


class Side:
    """A process with one library, which measures what it is asked to and sleeps meanwhile.

    A process each, since threads of one library that wait for work would take the cores from another.
    """

    def __init__(self, library: str, plain: bool) -> None:
        command = [sys.executable, __file__, "--serve", library, *(["--plain"] if plain else [])]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def times(self, name: str, seconds: float) -> list[float]:
        """Times of a workload's step; none where the library has no such step."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(name, seconds, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        """Let the process end."""
        self.process.communicate()


def serve(library: str, plain: bool) -> None:
    """Measure, with one library, the workloads that come in by name."""
    if plain:
        leave_out_compiled_kernels()
    if library == "torch":
        importlib.import_module("torch").set_num_threads(2)
    gc.disable()  # as timeit does: a collection belongs to no workload in particular
    steps: dict[str, Step | None] = {}
    for line in sys.stdin:
        name, seconds = line.split()
        if name not in steps:
            steps = {name: None}  # the workload before is gone with its memory
            gc.collect()
            workload = workloads.WORKLOADS[name]
            if library != "numpy":
                steps[name] = workload.make(importlib.import_module(library))
            elif workload.control is not None:
                steps[name] = workload.control()
        step = steps[name]
        print(json.dumps([] if step is None else time_in_turn([step], float(seconds))[0]), flush=True)


def measure(names: Sequence[str], seconds: float, plain: bool) -> dict[str, list[list[float]]]:
    """The times of each workload on pluggrad, PyTorch and, where there is such a step, bare NumPy; prints medians.

    The libraries are measured in turn, several times each, so that a drift of the machine meets all of them.
    """
    versions = ", ".join(f"{package} {version(package)}" for package in ("numpy", "torch", "pluggrad"))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {versions}; 2 threads")
    print(f"{'workload':62s} {'goal':>5s} {'ratio':>6s} {'pluggrad':>12s} {'PyTorch':>12s} {'NumPy':>12s}")
    sides = [Side(library, plain) for library in ("pluggrad", "torch", "numpy")]
    found = {}
    for name in names:
        workload = workloads.WORKLOADS[name]
        times: list[list[float]] = [[] for _ in sides]
        for _ in range(ROUNDS):
            for side, collected in zip(sides, times, strict=True):
                collected += side.times(name, seconds / ROUNDS)
                time.sleep(0.3)  # until its threads have gone to sleep
        found[name] = [t for t in times if t]
        medians = [statistics.median(t) for t in found[name]]
        shown = [f"{m * 1e6:9.2f} µs" for m in medians] + ["" for _ in range(3 - len(medians))]
        print(
            f"{workload.title:62s} {workload.goal:5.2f} {medians[0] / medians[1]:6.2f} "
            + " ".join(f"{s:>12s}" for s in shown)
        )
        sys.stdout.flush()
    for side in sides:
        side.end()
    return found


def main() -> None:
    """Run the workloads named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of: {', '.join(workloads.WORKLOADS)}")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each workload and library (default 3)")
    parser.add_argument("--plain", action="store_true", help="without compiled kernels")
    parser.add_argument("--json", type=Path, help="a file to write all times to")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.plain)
        return
    times = measure(arguments.names or list(workloads.WORKLOADS), arguments.seconds, arguments.plain)
    if arguments.json:
        arguments.json.write_text(json.dumps(times), encoding="utf-8")


if __name__ == "__main__":
    main()
