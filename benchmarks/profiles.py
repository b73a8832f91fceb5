"""Where the time of workloads goes: a sample every millisecond of processor time, counted by part, place and line.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python benchmarks/profiles.py [NAME ...] [--write]

Python takes a sample when it next comes back from a call, begins a function or goes round a loop: so the time of
NumPy's functions is that of the line which calls them, and that of an operator, ``a * b``, of what comes right after
it. The lines of "a call" are those of the code that is written for each function
(``pluggrad.autograd.source("multiply")``). Unlike a profiler that counts calls, this slows nothing down. With
``--write``, docs/profiles.md is written. Not on Windows.
"""

from __future__ import annotations

import argparse
import linecache
import os
import platform
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import workloads

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "profiles.md"
SMALL = ("chain", "small_mlp", "inference", "hvp", "per_sample", "jacobian", "adam_step_of_small_ones")

#: What a file's functions are for, by the first of these that its path contains.
PARTS = (
    ("<pluggrad function", "a call: its kernel, its record, its rules"),
    ("pluggrad_numpy", "kernels for NumPy"),
    ("pluggrad_numba", "compiled kernels"),
    ("/numpy/", "NumPy's own Python code"),
    ("autograd/transforms", "transforms: vmap, forward mode"),
    ("pluggrad/func", "transforms: vmap, forward mode"),
    ("pluggrad/autograd", "engine: the walk of backward"),
    ("pluggrad/tensor", "tensors, graph, shared memory"),
    ("pluggrad/ops", "functions: checks before a call, rules"),
    ("pluggrad/nn", "modules"),
    ("pluggrad/optim", "optimisers"),
    ("benchmarks", "the workload itself"),
)

Line = tuple[str, int, str]


def sampled(step: Callable[[], Any], seconds: float) -> Counter[Line]:
    """How often the processor was found at each line: (file, line, function)."""
    found: Counter[Line] = Counter()

    def note(_: int, frame: FrameType | None) -> None:
        if frame is not None:
            found[frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_qualname] += 1

    for _ in range(10):
        step()
    before = signal.signal(signal.SIGPROF, note)
    signal.setitimer(signal.ITIMER_PROF, 1e-3, 1e-3)
    try:
        end = time.process_time() + seconds
        while time.process_time() < end:
            step()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return found


def part_of(file: str) -> str:
    """Which part of pluggrad a file belongs to."""
    file = file.replace(os.sep, "/")
    return next((part for mark, part in PARTS if mark in file), "other")


def shown(counts: Counter[str], total: int, most: int) -> list[str]:
    """The largest shares, one to a line."""
    return [f"{n / total:5.0%}  {name}" for name, n in counts.most_common(most) if n / total >= 0.01]


def profile(name: str, seconds: float) -> list[str]:
    """The lines of text that say where the time of a workload goes."""
    import pluggrad

    found = sampled(workloads.WORKLOADS[name].make(pluggrad), seconds)
    total = found.total()
    parts: Counter[str] = Counter()
    places: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for (file, number, function), n in found.items():
        parts[part_of(file)] += n
        generated = file.startswith("<pluggrad")
        places[function if generated else f"{_short(file)}::{function}"] += n
        text = linecache.getline(file, number).partition("  #")[0].strip()
        lines[f"{function if generated else Path(file).name}: {text}"[:105]] += n
    return [
        "by part", *shown(parts, total, 12), "", "by function", *shown(places, total, 12), "",
        "by line", *shown(lines, total, 15),
    ]  # fmt: skip


def _short(file: str) -> str:
    """A path from the root of the repository, or from the packages that are installed."""
    path = Path(file)
    if path.is_relative_to(ROOT):
        return str(path.relative_to(ROOT))
    return file.rpartition("site-packages" + os.sep)[2]


def main(arguments: Sequence[str] | None = None) -> None:
    """Profile the workloads named on the command line, or the small ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(workloads.WORKLOADS)}")
    parser.add_argument("--seconds", type=float, default=4.0, help="of processor time for each (default 4)")
    parser.add_argument("--write", action="store_true", help="write docs/profiles.md")
    options = parser.parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy comes: threads of BLAS have processor time, too
    import numpy

    import pluggrad

    machine = f"Python {platform.python_version()}, NumPy {numpy.__version__}, pluggrad {pluggrad.__version__}"
    page = [
        "# Where the time of small workloads goes",
        "",
        "Written by `benchmarks/profiles.py`: a sample every millisecond of processor time, BLAS on one thread.",
        f"{machine}. Python takes a sample when it next comes back",
        "from a call, begins a function or goes round a loop: so the time of NumPy's functions is that of the line",
        "which calls them (in the code of a call: `array = kernel(...)`), and that of an operator, `a * b`, of what",
        "comes right after it.",
    ]
    for name in options.names or SMALL:
        text = profile(name, options.seconds)
        print(f"{workloads.WORKLOADS[name].title}\n", *text, "", sep="\n")
        sys.stdout.flush()
        page += ["", f"## {workloads.WORKLOADS[name].title}", "", "```text", *text, "```"]
    if options.write:
        PAGE.write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
