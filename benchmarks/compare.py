"""The same workloads on pluggrad and on PyTorch, in turn, in a process each; prints ratios of medians.

    python benchmarks/compare.py [NAME ...] [--seconds S] [--plain]

``--plain`` leaves out compiled kernels (pluggrad-numba) where they are installed: NumPy alone.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import platform
import statistics
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import workloads
from timing import Side, Step, in_turn, serve, shown

#: Who is measured. "plain" is pluggrad on NumPy alone, "numpy" the control that never touches it, where there is one.
SIDES = ("pluggrad", "plain", "torch", "numpy")


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


def step_of(side: str, name: str) -> Step | None:
    """A workload's step on one side; None where it has none."""
    workload = workloads.WORKLOADS[name]
    if side == "numpy":
        return None if workload.control is None else workload.control()
    if side == "plain":
        leave_out_compiled_kernels()
    lib = importlib.import_module("pluggrad" if side == "plain" else side)
    if side == "torch":
        lib.set_num_threads(2)
    return workload.make(lib)


def measure(names: Sequence[str], seconds: float, sides: Sequence[str] = SIDES) -> dict[str, dict[str, list[float]]]:
    """The times of each workload, by side: none where there is no such step, or where it fails. Prints medians."""
    print(f"{'workload':62s} {'goal':>5s} {'ratio':>6s} " + " ".join(f"{side:>10s}" for side in sides))
    servers = [Side(__file__, side) for side in sides]
    found: dict[str, dict[str, list[float]]] = {}
    for name in names:
        workload = workloads.WORKLOADS[name]
        found[name] = times = dict(zip(sides, in_turn(servers, seconds, name), strict=True))
        medians = [statistics.median(t) if t else None for t in times.values()]
        ours, theirs = medians[0], medians[sides.index("torch")]
        ratio = f"{ours / theirs:6.2f}" if ours and theirs else " " * 6
        cells = " ".join(f"{shown(m) if m else '':>10s}" for m in medians)
        print(f"{workload.title:62s} {workload.goal:5.2f} {ratio} {cells}", flush=True)
        for server in servers:
            if server.trouble:
                print(f"  {server.library}: {server.trouble}", file=sys.stderr)
    for server in servers:
        server.end()
    return found


def picture(bars: Sequence[tuple[str, float, float, float]], path: Path) -> None:
    """Draw, of (title, goal, ratio with compiled kernels, ratio on NumPy alone), a pair of bars and the goal."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["svg.hashsalt"] = "pluggrad"  # the same picture has the same text
    import matplotlib.pyplot as plt

    most = 3.0
    figure, axis = plt.subplots(figsize=(9, 1.2 + 0.42 * len(bars)), layout="constrained")
    for y, (_, goal, compiled, plain) in enumerate(bars):
        for ratio, at, color, ink in ((compiled, y - 0.17, "#2166ac", "white"), (plain, y + 0.17, "#b3cde3", "black")):
            axis.barh(at, min(ratio, most), 0.32, color=color)
            axis.text(0.02, at, f"{ratio:.2f}", va="center", fontsize=7, color=ink if ratio > 0.2 else "black")
        axis.plot([goal, goal], [y - 0.42, y + 0.42], color="#d6604d", linewidth=2)
    axis.axvline(1, color="black", linewidth=0.8, linestyle="--", zorder=0)
    axis.set_yticks(range(len(bars)), [title for title, *_ in bars], fontsize=8)
    axis.set_ylim(len(bars) - 0.4, -0.6)
    axis.set_xlim(0, most)
    axis.set_xlabel("time of pluggrad / time of PyTorch: shorter is faster", fontsize=9)
    figure.legend(
        handles=[
            mpl.patches.Patch(color="#2166ac", label="with compiled kernels"),
            mpl.patches.Patch(color="#b3cde3", label="on NumPy alone"),
            mpl.lines.Line2D([], [], color="#d6604d", linewidth=2, label="goal"),
            mpl.lines.Line2D([], [], color="black", linewidth=0.8, linestyle="--", label="PyTorch"),
        ],
        loc="outside upper center", ncols=4, fontsize=8, frameon=False,
    )  # fmt: skip
    for edge in ("top", "right"):
        axis.spines[edge].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {})
    plt.close(figure)


def main() -> None:
    """Run the workloads named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(workloads.WORKLOADS)}")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each workload and library (default 3)")
    parser.add_argument("--plain", action="store_true", help="without compiled kernels")
    parser.add_argument("--serve", choices=SIDES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(functools.partial(step_of, arguments.serve), least=7)
        return
    versions = ", ".join(f"{package} {version(package)}" for package in ("numpy", "torch", "pluggrad"))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {versions}; 2 threads")
    sides = ("plain" if arguments.plain else "pluggrad", "torch", "numpy")
    measure(arguments.names or list(workloads.WORKLOADS), arguments.seconds, sides)


if __name__ == "__main__":
    main()
