"""Peak memory of one training step, beside PyTorch: of each workload, and of three larger models.

Each step runs in a process of its own, which measures what its resident memory grows by, at the highest, beyond what it
is when the model, the optimiser's state, the data and the libraries are there: what the step itself needs, gradients,
saved values and all. Linux only (the kernel's peak is reset before the step). Ratios below 1: pluggrad needs less.

    python benchmarks/memory.py [NAME ...] [--repeat N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import workloads

HERE = Path(__file__).parent

#: Larger models, whose saved values outweigh whatever else a step needs: forward and backward.
LARGER: dict[str, tuple[str, Callable[[Any], workloads.Step]]] = {}


def larger(title: str) -> Callable[[Any], Any]:
    """Add a model: a function of the library that makes the network and a function of its loss."""

    def add(make: Callable[[Any], tuple[Any, Callable[[], Any]]]) -> Any:
        def step_of(lib: Any) -> workloads.Step:
            net, loss = make(lib)

            def step() -> None:
                loss().backward()
                net.zero_grad()

            return step

        LARGER[make.__name__] = (title, step_of)
        return make

    return add


@larger("MLP 1024-2048-2048-10, batch 2048")
def wide_mlp(lib: Any) -> tuple[Any, Callable[[], Any]]:
    nn = lib.nn
    net = nn.Sequential(nn.Linear(1024, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 10))
    x, t = lib.randn(2048, 1024), lib.randint(0, 10, (2048,))
    return net, lambda: nn.functional.cross_entropy(net(x), t)


@larger("3-layer CNN on 32×3×64×64")
def wide_cnn(lib: Any) -> tuple[Any, Callable[[], Any]]:
    nn = lib.nn
    net = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(64 * 16 * 16, 10),
    )  # fmt: skip
    x, t = lib.randn(32, 3, 64, 64), lib.randint(0, 10, (32,))
    return net, lambda: nn.functional.cross_entropy(net(x), t)


@larger("transformer 4×256, 16×128 tokens, attention by products")
def transformer(lib: Any) -> tuple[Any, Callable[[], Any]]:
    nn, width, heads = lib.nn, 256, 8

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            n, t, _ = x.shape
            parts = self.qkv(self.norm1(x)).view(n, t, 3, heads, width // heads)
            q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
            a = ((q @ k.transpose(-2, -1)) * (width // heads) ** -0.5).softmax(-1)
            x = x + self.out((a @ v).transpose(1, 2).reshape(n, t, width))
            return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))

    net = nn.Sequential(*[Block() for _ in range(4)], nn.Linear(width, 512))
    x, t = lib.randn(16, 128, width), lib.randint(0, 512, (16 * 128,))
    return net, lambda: nn.functional.cross_entropy(net(x).view(-1, 512), t)


def titles() -> dict[str, str]:
    """What can be measured, by name."""
    return {n: w.title for n, w in workloads.WORKLOADS.items()} | {n: title for n, (title, _) in LARGER.items()}


def _status(name: str) -> int:
    with open("/proc/self/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(name)) * 1024


def measure_here(name: str, library: str, repeat: int) -> float:
    """Bytes by which this process, in which nothing else may have run, grows in one step: the median of some."""
    lib = __import__(library)
    if library == "torch":
        lib.set_num_threads(2)
    step = (LARGER[name][1] if name in LARGER else workloads.WORKLOADS[name].make)(lib)
    for _ in range(3):  # what is made at the first use: kernels, pools of threads, the state of optimisers
        step()
    found = []
    for _ in range(repeat):
        before = _status("VmRSS")
        with open("/proc/self/clear_refs", "w", encoding="ascii") as f:
            f.write("5")
        step()
        found.append(_status("VmHWM") - before)
    return statistics.median(found)


def peak(name: str, library: str, repeat: int) -> float | None:
    """The same in a new process; None where that fails."""
    command = [sys.executable, str(HERE / "memory.py"), "--here", library, "--repeat", str(repeat), name]
    # Freed memory goes back to the system at once, so that what is resident is what is in use.
    environment = os.environ | {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=120)
    except subprocess.SubprocessError as error:
        print(f"{library}, {name}: {error}\n{getattr(error, 'stderr', '')}", file=sys.stderr)
        return None
    return float(done.stdout.split()[-1])


def measure(names: Iterable[str], repeat: int) -> dict[str, tuple[float, float]]:
    """Medians in MiB, of pluggrad and of PyTorch, where both could be measured; prints them on the way."""
    found = {}
    print(f"{'one step of':62s} {'pluggrad':>12s} {'PyTorch':>12s} {'ratio':>6s}")
    for name in names:
        ours, theirs = (peak(name, library, repeat) for library in ("pluggrad", "torch"))
        if ours is None or theirs is None:
            continue
        found[name] = ours, theirs = ours / 2**20, theirs / 2**20
        ratio = f"{ours / theirs:6.2f}" if theirs > 0 else "      "
        print(f"{titles()[name]:62s} {ours:8.1f} MiB {theirs:8.1f} MiB {ratio}", flush=True)
    return found


def main() -> None:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of: {', '.join(titles())}")
    parser.add_argument("--repeat", type=int, default=5, help="steps that are measured (default 5)")
    parser.add_argument("--here", metavar="LIBRARY", help="measure one, in this process")
    arguments = parser.parse_args()
    if arguments.here:
        print(measure_here(arguments.names[0], arguments.here, arguments.repeat))
    else:
        measure(arguments.names or titles(), arguments.repeat)


if __name__ == "__main__":
    main()
