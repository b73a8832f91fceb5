"""Where the time of larger workloads goes: each kernel, by name and shapes, on one thread and on two.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE python benchmarks/kernels.py [NAME ...] [--write]

A kernel's time is what passes within it, less what passes in kernels that it calls; the rest of a step is Python:
calls, graphs, the walk of backward. Each workload runs three times: with compiled kernels, where they are installed, on
two threads (as beside PyTorch) and on one, and on NumPy alone, on two. With ``--write``, docs/kernel_times.md is
written.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import workloads

PAGE = Path(__file__).resolve().parent.parent / "docs" / "kernel_times.md"
LARGE = ("large_mlp", "adam_step", "pointwise", "cnn", "residual", "gpt", "lstm")
#: How each runs: what is added to its title; what ``--one`` is called with; threads.
WAYS = (("", "compiled", 2), (", on one thread", "compiled", 1), (", NumPy alone", "plain", 2))
#: Kernels that are NumPy's own functions, under no name of the backend's.
NAMESPACE = ("add", "subtract", "multiply", "divide", "sum", "mean", "matmul", "concat", "reshape", "permute_dims")


class Clock:
    """Times of kernels, by name and shapes; a plugin which wraps each of them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._within: list[float] = []

    def pluggrad_kernels(self, backend: str) -> Mapping[str, Callable[[Any], Any]]:
        """All kernels of the NumPy backend, with a clock around them."""
        if backend != "numpy":
            return {}
        from pluggrad_numpy.kernels import KERNELS

        return {name: self._wrapper(name) for name in (*KERNELS, *NAMESPACE)}

    def _wrapper(self, name: str) -> Callable[[Any], Any]:
        def wrap(kernel: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **options: Any) -> Any:
                self._within.append(0.0)
                start = time.perf_counter()
                try:
                    return kernel(*args, **options)
                finally:
                    passed = time.perf_counter() - start
                    own = passed - self._within.pop()
                    if self._within:
                        self._within[-1] += passed
                    shapes = ["×".join(map(str, a.shape)) for a in args[:2] if getattr(a, "shape", ())]
                    what = " ".join([name, *shapes])
                    self.seconds[what] += own
                    self.calls[what] += 1

            return call

        return wrap


def profile(name: str, seconds: float, most: int = 12) -> list[str]:
    """The lines of text that say which kernels a workload spends its time in."""
    import pluggy

    import pluggrad
    from pluggrad.backends import plugins

    clock = Clock()
    Clock.pluggrad_kernels = pluggy.HookimplMarker("pluggrad")(Clock.pluggrad_kernels)  # type: ignore[method-assign]
    plugins.discover()
    plugins.register(clock, name="clock")
    step = workloads.WORKLOADS[name].make(pluggrad)
    for _ in range(5):
        step()
    clock.seconds.clear()
    clock.calls.clear()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        step()
        steps += 1
    total = time.perf_counter() - start
    largest = sorted(clock.seconds.items(), key=lambda item: -item[1])[:most]
    kernels = sum(clock.seconds.values())
    others = kernels - sum(own for _, own in largest)
    lines = [f"{own / total:5.0%} {clock.calls[what] // steps:4d} calls  {what}" for what, own in largest]
    ends = [f"{others / total:5.0%}             other kernels", f"{1 - kernels / total:5.0%}             Python"]
    return [f"a step: {total / steps * 1e3:.1f} ms", *lines, *ends]


def main(arguments: Sequence[str] | None = None) -> None:
    """Profile the workloads named on the command line, or the large ones, each in processes of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(workloads.WORKLOADS)}")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each workload and way (default 2)")
    parser.add_argument("--write", action="store_true", help="write docs/kernel_times.md")
    parser.add_argument("--one", choices=["compiled", "plain"], help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        from compare import leave_out_compiled_kernels

        if options.one == "plain":
            leave_out_compiled_kernels()
        print(*profile(options.names[0], options.seconds), sep="\n")
        return
    import numpy

    processor = platform.processor() or platform.machine()
    machine = f"{processor}, Python {platform.python_version()}, NumPy {numpy.__version__}"
    page = [
        "# Which kernels the time of networks goes to",
        "",
        "Written by `benchmarks/kernels.py`: the time within each kernel, by name and the shapes of its first arrays,",
        f"on two threads, as beside PyTorch, where nothing else is said. {machine}.",
    ]
    for name, (note, way, threads) in product(options.names or LARGE, WAYS):
        heading = workloads.WORKLOADS[name].title + note
        environment = os.environ | {"PLUGGRAD_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        command = [sys.executable, __file__, name, "--one", way, "--seconds", str(options.seconds)]
        text = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        print(f"{heading}\n\n{text}", flush=True)
        page += ["", f"## {heading}", "", "```text", *text.splitlines(), "```"]
    if options.write:
        PAGE.write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
