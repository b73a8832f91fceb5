"""What each function costs over sizes from 10 to 10**7: pluggrad beside bare NumPy and PyTorch.

    python benchmarks/functions.py [NAME ...] [--sizes 10,1000,100000] [--json FILE] [--picture FILE]

Every registered elementwise function, and those of :data:`WHOLE`, on float32 arrays of one axis, without gradients.
A ratio below 1: pluggrad is faster.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compare import time_in_turn

SIZES = (10, 10**2, 10**3, 10**4, 10**5, 10**6, 10**7)

#: Functions that are not elementwise: a call in each library, of a matrix or a vector with so many elements.
WHOLE: dict[str, tuple[str, str, str]] = {
    "sum": ("x.sum()", "np.sum(x)", "x.sum()"),
    "mean": ("x.mean()", "np.mean(x)", "x.mean()"),
    "var": ("x.var()", "np.var(x, ddof=1)", "x.var()"),
    "max": ("x.max()", "np.max(x)", "x.max()"),
    "argmax": ("x.argmax()", "np.argmax(x)", "x.argmax()"),
    "sum over rows": ("m.sum(1)", "m.sum(1)", "m.sum(1)"),
    "sum over columns": ("m.sum(0)", "m.sum(0)", "m.sum(0)"),
    "cumsum": ("x.cumsum(0)", "np.cumsum(x)", "x.cumsum(0)"),
    "sort": ("x.sort()", "np.sort(x)", "x.sort()"),
    "matmul": ("m @ m.T", "m @ m.T", "m @ m.T"),
    "softmax": ("m.softmax(1)", "", "m.softmax(1)"),
    "log_softmax": ("m.log_softmax(1)", "", "m.log_softmax(1)"),
    "layer_norm": ("F.layer_norm(m, m.shape[1:])", "", "F.layer_norm(m, m.shape[1:])"),
    "transpose, contiguous": ("m.T.contiguous()", "np.ascontiguousarray(m.T)", "m.T.contiguous()"),
    "concat": ("lib.cat([x, x])", "np.concatenate([x, x])", "lib.cat([x, x])"),
    "index": ("x[i]", "x[i]", "x[i]"),
    "where": ("lib.where(x > 0, x, y)", "np.where(x > 0, x, y)", "lib.where(x > 0, x, y)"),
    "clone": ("x.clone()", "x.copy()", "x.clone()"),
    "randn": ("lib.randn(n)", "rng.standard_normal(n, dtype=np.float32)", "lib.randn(n)"),
}


@dataclass
class Row:
    """One function at one size: median seconds; None where a library has no such function."""

    function: str
    size: int
    pluggrad: float
    numpy: float | None
    torch: float | None


def elementwise_calls(name: str, size: int) -> list[Callable[[], Any] | None]:
    """The call of an elementwise function in pluggrad, NumPy and PyTorch, on values from its samples' range."""
    import numpy as np
    import torch

    import pluggrad
    from pluggrad.function import functions
    from pluggrad.testing.samples import samples_of

    function = functions()[name]
    specs = [s for s in samples_of(name)[0].arrays if s is not None]
    rng = np.random.default_rng(0)
    arrays = [
        rng.integers(0, 2, size).astype(bool)
        if s.kind == "bool"
        else rng.uniform(s.low, s.high, size).astype(np.float32)
        for s in specs
    ]
    tensors = [pluggrad.tensor(a) for a in arrays]
    theirs = [torch.tensor(a) for a in arrays]
    calls: list[Callable[[], Any] | None] = [lambda: function.call(*tensors)]
    for library, inputs in ((np, arrays), (torch, theirs)):
        f = getattr(library, name, None) or next((getattr(library, a, None) for a in function.alias), None)
        calls.append(_working(f, inputs))
    return calls


def _working(f: Any, inputs: list[Any]) -> Callable[[], Any] | None:
    """A call, if the library's function of that name takes these arguments."""
    if f is None:
        return None
    try:
        f(*inputs)
    except (TypeError, ValueError, RuntimeError):
        return None
    return lambda: f(*inputs)


def whole_calls(name: str, size: int) -> list[Callable[[], Any] | None]:
    """The calls of one of :data:`WHOLE`."""
    import numpy as np
    import torch

    import pluggrad

    rows = max(1, math.isqrt(size // 4))
    m = np.random.default_rng(0).standard_normal((rows, size // rows)).astype(np.float32)
    x, y = m.reshape(-1).copy(), m.reshape(-1).copy()
    index = np.random.default_rng(1).integers(0, x.size, x.size)
    calls: list[Callable[[], Any] | None] = []
    for code, library, F, make in (
        (WHOLE[name][0], pluggrad, pluggrad.nn.functional, pluggrad.tensor),
        (WHOLE[name][1], np, None, lambda a: a),
        (WHOLE[name][2], torch, torch.nn.functional, torch.tensor),
    ):
        names = {"lib": library, "np": np, "F": F, "n": size, "rng": np.random.default_rng(0)}
        names |= {"x": make(x), "y": make(y), "m": make(m), "i": make(index)}
        calls.append(eval(f"lambda: {code}", names) if code else None)  # noqa: S307 (the texts above)
    return calls


def elementwise() -> list[str]:
    """The names of the registered elementwise functions of real numbers."""
    from pluggrad.dtypes import float32
    from pluggrad.function import functions
    from pluggrad.testing.conformance.reference import is_elementwise

    return sorted(n for n, f in functions().items() if is_elementwise(f) and float32.kind in f.kinds)


def measure(names: list[str], sizes: tuple[int, ...], seconds: float) -> list[Row]:
    """Time the functions, smallest size first."""
    import torch

    import pluggrad

    torch.set_num_threads(2)
    rows = []
    for name in names:
        for size in sizes:
            calls = whole_calls(name, size) if name in WHOLE else elementwise_calls(name, size)
            present = [c for c in calls if c is not None]
            with pluggrad.no_grad(), torch.no_grad():
                medians = iter([statistics.median(t) for t in time_in_turn(present, seconds)])
            ours, numpy, theirs = (None if c is None else next(medians) for c in calls)
            assert ours is not None
            rows.append(Row(name, size, ours, numpy, theirs))
            shown = [f"{v * 1e6:11.2f}" if v is not None else " " * 11 for v in (ours, numpy, theirs)]
            print(f"{name:24s} {size:9d} {' '.join(shown)} µs", flush=True)
    return rows


def picture(rows: list[Row], path: Path) -> None:
    """Draw two heat maps: the ratio to bare NumPy and that to PyTorch, by function and size."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.colors import LogNorm

    names, sizes = list(dict.fromkeys(r.function for r in rows)), sorted({r.size for r in rows})
    figure, axes = plt.subplots(1, 2, figsize=(11, 1.6 + 0.17 * len(names)), layout="constrained", sharey=True)
    for axis, other, title in zip(axes, ("numpy", "torch"), ("NumPy", "PyTorch, 2 threads"), strict=True):
        grid = np.full((len(names), len(sizes)), np.nan)
        for row in rows:
            base = getattr(row, other)
            if base is not None:
                grid[names.index(row.function), sizes.index(row.size)] = row.pluggrad / base
        image = axis.imshow(grid, norm=LogNorm(0.25, 4), cmap="RdYlGn_r", aspect="auto")
        axis.set_title(f"time of pluggrad / time of {title}", fontsize=10)
        axis.set_xticks(range(len(sizes)), [f"$10^{{{round(math.log10(s))}}}$" for s in sizes])
        axis.set_yticks(range(len(names)), names, fontsize=7)
        axis.set_xlabel("elements")
        figure.colorbar(
            image, ax=axis, location="bottom", shrink=0.7, aspect=40, ticks=[0.25, 0.5, 1, 2, 4], format="%g"
        )
    figure.savefig(path, dpi=110)


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="functions; default: all")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--seconds", type=float, default=0.15, help="for each function and size")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    names = arguments.names or [*elementwise(), *WHOLE]
    rows = measure(names, tuple(int(s) for s in arguments.sizes.split(",")), arguments.seconds)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(r) for r in rows], indent=0), encoding="utf-8")
    if arguments.picture:
        picture(rows, arguments.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
