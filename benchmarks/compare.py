"""The same workloads on pluggrad and on PyTorch, side by side in one process; prints ratios of medians.

    python benchmarks/compare.py [NAME ...] [--seconds S] [--plain] [--json FILE]

``--plain`` leaves out compiled kernels (pluggrad-numba) where they are installed: NumPy alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import workloads

Step = Callable[[], Any]


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


def measure(names: Sequence[str], seconds: float) -> dict[str, list[list[float]]]:
    """The times of each workload on pluggrad, PyTorch and, where there is such a step, bare NumPy; prints medians."""
    import numpy
    import torch

    import pluggrad

    torch.set_num_threads(2)
    gc.disable()  # as timeit does: a collection belongs to no workload in particular
    machine = platform.processor() or platform.machine()
    print(f"{machine}, Python {platform.python_version()}, NumPy {numpy.__version__}, "
          f"PyTorch {torch.__version__} (2 threads), pluggrad {pluggrad.__version__}")  # fmt: skip
    print(f"{'workload':62s} {'goal':>5s} {'ratio':>6s} {'pluggrad':>12s} {'PyTorch':>12s} {'NumPy':>12s}")
    libraries: list[ModuleType] = [pluggrad, torch]
    found = {}
    for name in names:
        workload = workloads.WORKLOADS[name]
        steps = [workload.make(library) for library in libraries]
        if workload.control is not None:
            steps.append(workload.control())
        found[name] = time_in_turn(steps, seconds)
        medians = [statistics.median(t) for t in found[name]]
        shown = [f"{m * 1e6:9.2f} µs" for m in medians] + ["" for _ in range(3 - len(medians))]
        print(
            f"{workload.title:62s} {workload.goal:5.2f} {medians[0] / medians[1]:6.2f} "
            + " ".join(f"{s:>12s}" for s in shown)
        )
        sys.stdout.flush()
        gc.collect()
    return found


def main() -> None:
    """Run the workloads named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of: {', '.join(workloads.WORKLOADS)}")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each workload (default 3)")
    parser.add_argument("--plain", action="store_true", help="without compiled kernels")
    parser.add_argument("--json", type=Path, help="a file to write all times to")
    arguments = parser.parse_args()
    if arguments.plain:
        leave_out_compiled_kernels()
    times = measure(arguments.names or list(workloads.WORKLOADS), arguments.seconds)
    if arguments.json:
        arguments.json.write_text(json.dumps(times), encoding="utf-8")


if __name__ == "__main__":
    main()
