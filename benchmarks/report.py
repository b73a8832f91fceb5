"""Runs the benchmarks and writes docs/benchmarks.md: machine, versions, medians, spreads, pictures.

    pip install ./plugins/numpy_backend ./plugins/strict_backend ./plugins/numba_kernels ".[bench]"
    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python benchmarks/report.py [--quick] [--folder FOLDER]

Takes some twenty minutes on an idle machine; ``--quick`` tries it out, with few functions and short runs. The page is
written anew after each part; what fails is said there, and the rest goes on. ``--folder``: where to, instead of docs.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import textwrap
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import compare
import functions
import import_time
import linear
import memory
import peers
import workloads
from timing import spread

DOCS = Path(__file__).resolve().parent.parent / "docs"

#: What a step is to need of the memory that PyTorch's takes, at most; and a large call of the time of bare NumPy's.
MEMORY_GOAL, CORE_GOAL = 0.8, 1.05
#: Seconds for all functions: on a slow machine the largest sizes are left out.
FUNCTIONS_BUDGET = 900.0
#: Functions measured with ``--quick``.
FEW = ("add", "exp", "tanh", "divide", "erf", "isnan", "sum", "matmul", "softmax", "sort", "randn")


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


def beside_goal(ratio: float, goal: float) -> str:
    """A ratio, bold where it is no greater than the goal."""
    return f"**{ratio:.2f}**" if ratio <= goal else f"{ratio:.2f}"


def verdict(ratios: Iterable[tuple[str, float, float]]) -> str:
    """How many goals are met, and which not: of (what, ratio, goal)."""
    ratios = list(ratios)
    missed = [f"{what} ({ratio:.2f}, not {goal:g})" for what, ratio, goal in ratios if ratio > goal]
    met = f"{len(ratios) - len(missed)} of {len(ratios)} goals are met."
    return textwrap.fill(met + (f" Missed: {'; '.join(missed)}." if missed else ""), 118)


def ratio_of(times: Sequence[float], others: Sequence[float]) -> float | None:
    """Of medians; None where one of them has not been measured."""
    return statistics.median(times) / statistics.median(others) if times and others else None


# -- the parts of the page -------------------------------------------------------------------------------------


def of_workloads(quick: bool, pictures: Path) -> list[str]:
    """Each workload on pluggrad, with compiled kernels and on NumPy alone, and on PyTorch."""
    measured = compare.measure(list(workloads.WORKLOADS), 0.4 if quick else 4.0, ("pluggrad", "plain", "torch"))
    table = [
        "| workload | goal | compiled / PyTorch | NumPy alone / PyTorch | compiled | NumPy alone | PyTorch |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    goals, bars = [], []
    for name, times in measured.items():
        workload = workloads.WORKLOADS[name]
        ours, alone = (ratio_of(times[side], times["torch"]) for side in ("pluggrad", "plain"))
        cells = ["" if r is None else beside_goal(r, workload.goal) for r in (ours, alone)]
        cells += [spread(times[side]) if times[side] else "" for side in ("pluggrad", "plain", "torch")]
        table.append(f"| {workload.title} | {workload.goal:g} | {' | '.join(cells)} |")
        if ours is not None and alone is not None:
            goals.append((workload.title, ours, workload.goal))
            bars.append((workload.title, workload.goal, ours, alone))
    compare.picture(bars, pictures / "workloads.svg")
    return [
        '"Compiled" is with the kernels of pluggrad-numba (`pip install "pluggrad[fast]"`). Bold: the goal is met.',
        verdict(goals),
        "",
        "![Time of a step beside PyTorch's, and the goals](pictures/workloads.svg)",
        "",
        *table,
    ]


def of_memory(quick: bool, pictures: Path) -> list[str]:
    """Peak memory of each step, beside PyTorch's."""
    least = 2.0  # MiB: less is lost among the pages that a process touches anyhow
    names = ["large_mlp", "cnn"] if quick else memory.titles()
    table = ["| one step of | goal | pluggrad / PyTorch | pluggrad | PyTorch |", "| --- | --: | --: | --: | --: |"]
    goals = []
    for name, (ours, theirs) in memory.measure(names, 3 if quick else 5).items():
        if theirs >= least:
            ratio, title = max(ours, 0.0) / theirs, memory.titles()[name]
            goals.append((title, ratio, MEMORY_GOAL))
            cells = f"{beside_goal(ratio, MEMORY_GOAL)} | {max(ours, 0.0):.1f} MiB | {theirs:.1f} MiB"
            table.append(f"| {title} | {MEMORY_GOAL:g} | {cells} |")
    return [
        "By how much resident memory grows at most during one step, beyond model, data, the state of the optimiser",
        "and, where they are kept, the gradients of the step before. With compiled kernels. Left out: steps that take",
        f"less than {least:g} MiB on PyTorch.",
        "",
        verdict(goals),
        "",
        *table,
    ]


def of_functions(quick: bool, pictures: Path) -> list[str]:
    """Every function over sizes: a heat map, quartiles by size, and the slowest by name."""
    names = FEW if quick else [*functions.elementwise(), *functions.WHOLE]
    sizes = (10, 10_000, 100_000) if quick else functions.SIZES
    rows = functions.measure(names, sizes, 0.01 if quick else 0.03, FUNCTIONS_BUDGET)
    functions.picture(rows, pictures / "functions.png")
    columns = {
        "numpy": "a call beside NumPy",
        "torch": "a call beside PyTorch",
        "torch_gradient": "with its gradient beside PyTorch",
    }
    middles = [f"| elements | {' | '.join(columns.values())} |", "| --: |" + " --: |" * len(columns)]
    slowest = [
        "| elements | a call, beside PyTorch | a call and its gradient, beside PyTorch |",
        "| --: | --- | --- |",
    ]
    for size in sorted({r.size for r in rows}):
        found = {
            other: sorted(
                ((ratio, r.function) for r in rows if r.size == size and (ratio := r.ratio(other)) is not None),
                reverse=True,
            )
            for other in columns
        }
        cells = [_quartiles([ratio for ratio, _ in ratios]) for ratios in found.values()]
        middles.append(f"| {size:,} | {' | '.join(cells)} |")
        cells = [_named(found[other][:12]) for other in ("torch", "torch_gradient")]
        slowest.append(f"| {size:,} | {' | '.join(cells)} |")
    return [
        "float32, two threads, with compiled kernels; below 1, pluggrad is faster. Median over the functions, and",
        "between which ratios the middle half of them lies:",
        "",
        *middles,
        "",
        "The slowest at each size:",
        "",
        *slowest,
        "",
        *_over_numpy(rows),
        "",
        "![Ratios of times by function and size](pictures/functions.png)",
    ]


def _quartiles(ratios: Sequence[float]) -> str:
    if len(ratios) < 2:
        return ""
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f}), {len(ratios)} functions"


def _named(ratios: Sequence[tuple[float, str]]) -> str:
    return ", ".join(f"{name} {ratio:.2g}" for ratio, name in ratios)


def _over_numpy(rows: Sequence[functions.Row]) -> list[str]:
    """What a call costs beyond the same call of bare NumPy, from 100,000 elements on; the goal is 5 %."""
    out = [
        f"What pluggrad adds to bare NumPy from 100,000 elements on: the goal is {CORE_GOAL - 1:.0%} at most. Where it",
        "is missed, either the function does more than NumPy's (checks, indices beside values, PyTorch's answer to",
        "ties), or the machine was unsteady: single ratios waver by a few per cent.",
        "",
        "| elements | within the goal | above it |",
        "| --: | --: | --- |",
    ]
    for size in sorted({r.size for r in rows if r.size >= 100_000}):
        ratios = sorted(
            ((ratio, r.function) for r in rows if r.size == size and (ratio := r.ratio("numpy")) is not None),
            reverse=True,
        )
        above = [(ratio, name) for ratio, name in ratios if ratio > CORE_GOAL]
        out.append(f"| {size:,} | {len(ratios) - len(above)} of {len(ratios)} | {_named(above)} |")
    return out


def of_peers(quick: bool, pictures: Path) -> list[str]:
    """The same work in other libraries."""
    measured, troubles = peers.measure(0.2 if quick else 2.0)
    names = list(peers.LIBRARIES)
    out = [
        "Medians; each library as its users would write the work. Blank: the library has no such thing, or failed.",
        "",
        f"| | {' | '.join(names)} |",
        f"| --- |{' --: |' * len(names)}",
    ]
    for what, times in measured.items():
        cells = [spread(times[n]).partition(" (")[0] if n in times else "" for n in names]
        out.append(f"| {peers.TITLES[what]} | {' | '.join(cells)} |")
    for library, trouble in troubles.items():
        out += ["", f"{library} did not work here: {trouble.splitlines()[0][:100]}."]
    return out


def of_lengths(quick: bool, pictures: Path) -> list[str]:
    """What a backward costs by the length of the graph."""
    found = linear.measure_all((1_000, 10_000) if quick else linear.SIZES)
    linear.draw(found, str(pictures / "linear.svg"))
    out = [
        "Backward through a chain of so many operations on two elements: time and memory grow with their number, no",
        "faster.",
        "",
        "| operations | backward of each | memory of each | PyTorch: backward | memory |",
        "| --: | --: | --: | --: | --: |",
    ]
    for ours, theirs in zip(found["pluggrad"], found["torch"], strict=True):
        cells = [
            cell
            for m in (ours, theirs)
            for cell in (f"{m['backward'] / m['nodes'] * 1e6:.2f} µs", f"{m['graph'] / m['nodes']:.0f} B")
        ]
        out.append(f"| {ours['nodes']:,} | {' | '.join(cells)} |")
    return [*out, "", "![Time and memory over the length of a graph](pictures/linear.svg)"]


def of_imports(quick: bool, pictures: Path) -> list[str]:
    """What importing costs."""
    statements = ("import numpy", "import pluggrad", "import numpy, pluggrad", "import torch")
    cells = [f"{import_time.measure(s, 3 if quick else 9) * 1e3:.0f} ms" for s in statements]
    return [
        "| " + " | ".join(f"`{s}`" for s in statements) + " |",
        "|" + " --: |" * len(statements),
        f"| {' | '.join(cells)} |",
    ]


PARTS: dict[str, Callable[[bool, Path], list[str]]] = {
    "Training steps and the like, beside PyTorch (CPU, eager, 2 threads)": of_workloads,
    "Peak memory of a step": of_memory,
    "Every function, from 10 to 10^7 elements": of_functions,
    "Beside libraries that do the same": of_peers,
    "Long graphs": of_lengths,
    "Importing": of_imports,
}


def opening(quick: bool) -> list[str]:
    """What stands at the top of the page."""
    note = " Quick: short runs, few functions and sizes." if quick else ""
    return [
        "# Benchmarks",
        "",
        f"Written by `python benchmarks/report.py{' --quick' if quick else ''}`;",
        f"[benchmarks/README.md](../benchmarks/README.md) says how to run it.{note}",
        "",
        textwrap.fill(f"{machine()}.", 118),
        "",
        "All in float32. Each library in a process of its own, all in turn, so that a drift of the machine meets all",
        "of them. Times are medians, in brackets between which times the middle half of the runs lies. A ratio below 1",
        "means that pluggrad is faster. Absolute times are those of this machine; ratios hold elsewhere, give or take.",
    ]


def write(quick: bool, folder: Path) -> bool:
    """Measure everything and write the page; whether all of it could be measured."""
    page, pictures = folder / "benchmarks.md", folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    lines, whole = opening(quick), True
    for title, part in PARTS.items():
        print(f"\n== {title}", flush=True)
        start = time.perf_counter()
        try:
            text = part(quick, pictures)
        except Exception as error:
            traceback.print_exc()
            text, whole = [f"Could not be measured here: {type(error).__name__}: {error}"], False
        lines += ["", f"## {title}", "", *text]
        page.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"== took {time.perf_counter() - start:.0f} s", flush=True)
    print(f"wrote {page}")
    return whole


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few functions and short runs")
    parser.add_argument("--folder", type=Path, default=DOCS, help="where the page is written (default: docs)")
    arguments = parser.parse_args()
    return 0 if write(arguments.quick, arguments.folder) else 1


if __name__ == "__main__":
    sys.exit(main())
