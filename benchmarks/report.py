"""Runs the benchmarks and writes docs/benchmarks.md: machine, versions, medians, spreads, pictures.

    pip install -e ".[torch-test,demo]" -e plugins/numba_kernels autograd mygrad tinygrad jax
    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python benchmarks/report.py [--quick]

Takes half an hour on an idle machine; ``--quick`` takes few sizes and short runs, to try it out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import functions
import import_time
import linear
import memory
import peers
import workloads

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "images" / "functions.png"


def machine() -> str:
    """The processor, its number of cores, and the versions of what is compared."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        name = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), name)
    found = []
    for package in ("pluggrad", "numpy", "numba", "torch", "autograd", "mygrad", "tinygrad", "jax"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}; {', '.join(found)}"


def spread(times: list[float]) -> str:
    """Median, and between which times the middle half lies."""
    low, middle, high = statistics.quantiles(times, n=4)
    unit, scale = ("ms", 1e3) if middle >= 1e-3 else ("µs", 1e6)
    return f"{middle * scale:.3g} {unit} ({low * scale:.3g} to {high * scale:.3g})"


def timed(seconds: float, *options: str) -> dict[str, list[list[float]]]:
    """The times of ``compare.py``, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "times.json"
        command = [sys.executable, str(HERE / "compare.py"), "--seconds", str(seconds), "--json", str(out), *options]
        subprocess.run(command, check=True)
        return json.loads(out.read_text(encoding="utf-8"))


def table_of_workloads(seconds: float) -> list[str]:
    """Each workload on pluggrad, with compiled kernels and on NumPy alone, and on PyTorch."""
    out = [
        "| workload | goal | compiled / PyTorch | NumPy alone / PyTorch | compiled | NumPy alone | PyTorch |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    compiled, plain = timed(seconds), timed(seconds, "--plain")
    for name, workload in workloads.WORKLOADS.items():
        (ours, theirs, *_), (alone, beside, *_) = compiled[name], plain[name]
        ratios = [statistics.median(a) / statistics.median(b) for a, b in ((ours, theirs), (alone, beside))]
        out.append(
            f"| {workload.title} | {workload.goal:g} | **{ratios[0]:.2f}** | {ratios[1]:.2f} "
            f"| {spread(ours)} | {spread(alone)} | {spread(theirs)} |"
        )
    return out


def table_of_memory(repeat: int) -> list[str]:
    """Peak memory of each step, beside PyTorch's."""
    out = ["| one step of | pluggrad / PyTorch | pluggrad | PyTorch |", "| --- | --: | --: | --: |"]
    # What takes less than this on PyTorch is lost among the pages that a process touches anyhow.
    least = 2.0
    for name, (ours, theirs) in memory.measure(memory.titles(), repeat).items():
        if theirs >= least:
            out.append(f"| {memory.titles()[name]} | **{ours / theirs:.2f}** | {ours:.1f} MiB | {theirs:.1f} MiB |")
    return out


def table_of_lengths(sizes: Sequence[int]) -> list[str]:
    """What a backward costs by the length of the graph."""
    out = [
        "| operations | backward of each | memory of each | PyTorch: backward | memory |",
        "| --: | --: | --: | --: | --: |",
    ]
    for n in sizes:
        cells = []
        for library in ("pluggrad", "torch"):
            m = linear.measure(library, n)
            cells += [f"{m['backward'] / n * 1e6:.2f} µs", f"{m['graph'] / n:.0f} B"]
        out.append(f"| {n:,} | {' | '.join(cells)} |")
    return out


def table_of_peers(seconds: float) -> list[str]:
    """The same work in other libraries."""
    measured = peers.measure(seconds)
    names = list(peers.LIBRARIES)
    out = [f"| | {' | '.join(names)} |", f"| --- |{' --: |' * len(names)}"]
    for workload, medians in measured.items():
        cells = [f"{medians[n] * 1e6:.0f} µs" if n in medians else "" for n in names]
        out.append(f"| {peers.TITLES[workload]} | {' | '.join(cells)} |")
    return out


def table_of_overhead(rows: list[functions.Row]) -> list[str]:
    """By size, how the time of all functions compares with bare NumPy's and PyTorch's: quartiles over functions."""
    out = ["| elements | beside NumPy: median (middle half) | beside PyTorch |", "| --: | --: | --: |"]
    for size in sorted({r.size for r in rows}):
        cells = []
        for other in ("numpy", "torch"):
            ratios = [r.pluggrad / getattr(r, other) for r in rows if r.size == size and getattr(r, other)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            cells.append(f"{middle:.2f} ({low:.2f} to {high:.2f}), {len(ratios)} functions")
        out.append(f"| {size:,} | {' | '.join(cells)} |")
    return out


def table_of_imports() -> list[str]:
    """What importing costs."""
    statements = ("import numpy", "import pluggrad", "import numpy, pluggrad", "import torch")
    cells = [f"{import_time.measure(s, 9) * 1e3:.0f} ms" for s in statements]
    return [
        "| " + " | ".join(f"`{s}`" for s in statements) + " |",
        "|" + " --: |" * len(statements),
        f"| {' | '.join(cells)} |",
    ]


def write(quick: bool) -> None:
    """Measure everything and write the page."""
    seconds = 0.5 if quick else 6.0
    sizes = (10, 10_000) if quick else functions.SIZES
    names = (
        ["add", "exp", "tanh", "divide", "sum", "matmul", "softmax"]
        if quick
        else [*functions.elementwise(), *functions.WHOLE]
    )
    loads = table_of_workloads(seconds)
    peaks = table_of_memory(1 if quick else 3)
    lengths = table_of_lengths((1_000, 10_000) if quick else linear.SIZES)
    libraries = table_of_peers(0.5 if quick else 3.0)
    rows = functions.measure(names, sizes, 0.1)
    note = " Quick: short runs, few functions and sizes." if quick else ""
    picture = ""
    if not quick:
        PICTURE.parent.mkdir(exist_ok=True)
        functions.picture(rows, PICTURE)
        picture = "\n![Ratios of times by function and size](images/functions.png)\n"
    text = f"""# Benchmarks

Written by `python benchmarks/report.py{" --quick" if quick else ""}`;
[benchmarks/README.md](../benchmarks/README.md) says how to run it.{note}

{textwrap.fill(machine(), 116)}.

All in float32, the libraries in turn; a ratio below 1 means that pluggrad is faster. Absolute times are
those of this machine; ratios hold elsewhere, give or take.

## Training steps and the like, beside PyTorch (CPU, eager, 2 threads)

Medians, and in brackets between which times the middle half of the runs lies. "Compiled" is
with the kernels of pluggrad-numba (`pip install "pluggrad[fast]"`).

{chr(10).join(loads)}

## Peak memory of a step

By how much resident memory grows at most during one step, beyond model, data, the state of the optimiser and, where
they are kept, the gradients of the step before. Steps that take less than 2 MiB on PyTorch are left out.

{chr(10).join(peaks)}

## Long graphs

Backward through a chain of so many operations on two elements: time and memory grow with their number, no faster.

{chr(10).join(lengths)}

## Beside libraries that do the same

{chr(10).join(libraries)}

## Every function over sizes

Without gradients, on vectors of so many elements; the ratio of pluggrad's time to that of the other library.

{chr(10).join(table_of_overhead(rows))}
{picture}
## Importing

{chr(10).join(table_of_imports())}
"""
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE}")


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few sizes and short runs")
    write(parser.parse_args().quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
