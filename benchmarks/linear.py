"""How the cost of a backward grows with the number of operations: time and memory up to 10^6 nodes.

Each size runs in a process of its own. Prints a table, and with ``--svg FILE`` draws the curve (needs Matplotlib).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

SIZES = (1_000, 10_000, 100_000, 300_000, 1_000_000)

_PROGRAM = """
import gc, json, resource, sys, time
import {library} as lib
n = int(sys.argv[1])
gc.disable()
x = lib.tensor([0.5, 0.25], requires_grad=True)
w = lib.tensor([1.0, 1.0], requires_grad=True)
(x * w + x).sum().backward()  # what is made at the first use
x.grad = w.grad = None

def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()

before = resident()
start = time.perf_counter()
y = x
for _ in range(n // 2):
    y = y * w
    y = y + x
forward = time.perf_counter() - start
graph = resident() - before
start = time.perf_counter()
y.sum().backward()
backward = time.perf_counter() - start
del y
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
print(json.dumps(dict(forward=forward, backward=backward, graph=graph, peak=peak)))
"""


def measure(library: str, n: int) -> dict[str, float]:
    """Seconds and bytes of one chain of ``n`` operations, in a new process."""
    program = _PROGRAM.format(library=library)
    done = subprocess.run([sys.executable, "-c", program, str(n)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def measure_all(sizes: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """All sizes, by library; prints the cost of each node."""
    found: dict[str, list[dict[str, Any]]] = {}
    columns = ("nodes", "forward", "backward", "of a node", "graph", "peak")
    print(f"{'library':10s} {columns[0]:>9s} " + " ".join(f"{c:>10s}" for c in columns[1:]))
    for library in ("pluggrad", "torch"):
        for n in sizes:
            m = measure(library, n)
            found.setdefault(library, []).append({"nodes": n, **m})
            print(
                f"{library:10s} {n:9d} {m['forward']:8.3f} s {m['backward']:8.3f} s {m['backward'] / n * 1e6:7.2f} µs "
                f"{m['graph'] / n:6.0f} B/n {m['peak'] / n:6.0f} B/n",
                flush=True,
            )
    return found


def draw(found: dict[str, list[dict[str, Any]]], path: str) -> None:
    """Time and memory over the number of nodes, both axes logarithmic: a straight line of slope 1 is linear."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["svg.hashsalt"] = "pluggrad"  # the same picture has the same text
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for library, rows in found.items():
        nodes = [r["nodes"] for r in rows]
        axes[0].loglog(nodes, [r["backward"] for r in rows], "o-", label=library)
        axes[1].loglog(nodes, [r["graph"] / 2**20 for r in rows], "o-", label=library)
    for axis, title in zip(axes, ("backward, seconds", "memory of the graph, MiB"), strict=True):
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("operations in the chain")
        axis.grid(visible=True, which="both", linewidth=0.3)
        axis.legend()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def main() -> None:
    """Measure all sizes and print the cost of each node."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--svg", help="a file to draw the curve into")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    arguments = parser.parse_args()
    found = measure_all(arguments.sizes)
    if arguments.svg:
        draw(found, arguments.svg)


if __name__ == "__main__":
    main()
