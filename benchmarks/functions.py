"""What each function costs over sizes from 10 to 10**7: pluggrad beside bare NumPy and PyTorch.

    python benchmarks/functions.py [NAME ...] [--sizes 10,1000,100000] [--json FILE] [--picture FILE]

Every registered elementwise function, and those of :data:`WHOLE`, on float32 arrays of one axis: without gradients, and
with the gradient for every input. A ratio below 1: pluggrad is faster.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import math
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from timing import Side, Step, in_turn, serve

SIZES = (10, 10**2, 10**3, 10**4, 10**5, 10**6, 10**7)
SIDES = ("pluggrad", "numpy", "torch")
#: A function that takes longer, in seconds, is not measured on ten times as many elements.
LONGEST = 0.3

#: Functions that are not elementwise: a call that is the same in pluggrad and PyTorch, and one in NumPy where it has
#: such a function. What is named in them is made by :func:`given`.
WHOLE: dict[str, tuple[str, str]] = {
    # Reductions
    "sum": ("x.sum()", "np.sum(x)"),
    "mean": ("x.mean()", "np.mean(x)"),
    "prod": ("x.prod()", "np.prod(x)"),
    "var": ("x.var()", "np.var(x, ddof=1)"),
    "std": ("x.std()", "np.std(x, ddof=1)"),
    "max": ("x.max()", "np.max(x)"),
    "min": ("x.min()", "np.min(x)"),
    "argmax": ("x.argmax()", "np.argmax(x)"),
    "any": ("b.any()", "np.any(b)"),
    "all": ("b.all()", "np.all(b)"),
    "count_nonzero": ("b.count_nonzero()", "np.count_nonzero(b)"),
    "logsumexp": ("m.logsumexp(1)", ""),
    "norm": ("x.norm()", "np.linalg.norm(x)"),
    "sum over rows": ("m.sum(1)", "m.sum(1)"),
    "sum over columns": ("m.sum(0)", "m.sum(0)"),
    "max over rows": ("m.max(1)", "m.max(1)"),
    "median": ("x.median()", "np.median(x)"),
    "cumsum": ("x.cumsum(0)", "np.cumsum(x)"),
    "cumprod": ("x.cumprod(0)", "np.cumprod(x)"),
    "cummax": ("x.cummax(0)", "np.maximum.accumulate(x)"),
    "logcumsumexp": ("x.logcumsumexp(0)", "np.logaddexp.accumulate(x)"),
    # Sorting and searching
    "sort": ("x.sort()", "np.sort(x)"),
    "argsort": ("x.argsort()", "np.argsort(x)"),
    "sort of rows": ("m.sort(1)", "np.sort(m)"),
    "topk": ("x.topk(5)", ""),
    "kthvalue": ("x.kthvalue(3)", "np.partition(x, 2)[2]"),
    "unique": ("i.unique()", "np.unique(i)"),
    "searchsorted": ("lib.searchsorted(o, x)", "np.searchsorted(o, x)"),
    "isin": ("lib.isin(i, i[:5])", "np.isin(i, i[:5])"),
    "bincount": ("i.bincount()", "np.bincount(i)"),
    "histc": ("lib.histc(x, 50, -3, 3)", "np.histogram(x, 50, (-3, 3))"),
    "nonzero": ("b.nonzero()", "np.argwhere(b)"),
    # Indexing
    "index": ("x[i]", "x[i]"),
    "index by mask": ("x[b]", "x[b]"),
    "index_select": ("m.index_select(0, r)", "m[r]"),
    "gather": ("x.gather(0, i)", "x[i]"),
    "scatter": ("x.scatter(0, i, y)", ""),
    "scatter_add": ("x.scatter_add(0, i, y)", ""),
    "index_add": ("x.index_add(0, i, y)", ""),
    "index_put": ("x.index_put((i,), y)", ""),
    "embedding": ("F.embedding(r, m)", "m[r]"),
    # Shapes
    "transpose, contiguous": ("m.T.contiguous()", "np.ascontiguousarray(m.T)"),
    "concat": ("lib.cat([x, y])", "np.concatenate([x, y])"),
    "stack": ("lib.stack([x, y])", "np.stack([x, y])"),
    "flip": ("m.flip(1)", "np.ascontiguousarray(m[:, ::-1])"),
    "roll": ("x.roll(3)", "np.roll(x, 3)"),
    "tril": ("m.tril()", "np.tril(m)"),
    "repeat": ("x.repeat_interleave(2)", "np.repeat(x, 2)"),
    "tile": ("m.tile((2, 2))", "np.tile(m, (2, 2))"),
    "pad": ("F.pad(m, (1, 1))", "np.pad(m, ((0, 0), (1, 1)))"),
    "pad by reflection": ("F.pad(p, (1, 1, 1, 1), mode='reflect')", ""),
    "clone": ("x.clone()", "x.copy()"),
    "to float64": ("x.double()", "x.astype(np.float64)"),
    # Arithmetic of several arrays
    "add of a row": ("m + m[0]", "m + m[0]"),
    "add of a number": ("x + 1.5", "x + np.float32(1.5)"),
    "pow of a number": ("x ** 3", "x ** 3"),
    "addcmul": ("lib.addcmul(x, x, y)", ""),
    "addcdiv": ("lib.addcdiv(x, x, y)", ""),
    "clamp": ("x.clamp(-1, 1)", "np.clip(x, -1, 1)"),
    "nan_to_num": ("x.nan_to_num()", "np.nan_to_num(x)"),
    "isclose": ("lib.isclose(x, y)", "np.isclose(x, y)"),
    # Linear algebra; from solve on: of matrices of 16 by 16
    "matmul": ("m @ m.T", "m @ m.T"),
    "matrix-vector": ("m @ m[0]", "m @ m[0]"),
    "batched matmul": ("a @ a", "a @ a"),
    "dot": ("x @ y", "x @ y"),
    "einsum": ("lib.einsum('nij,nkj->nik', a, a)", "np.einsum('nij,nkj->nik', a, a)"),
    "cdist": ("lib.cdist(m[:, :8], m[:, :8])", ""),
    "solve": ("lib.linalg.solve(a, a)", "np.linalg.solve(a, a)"),
    "inv": ("lib.linalg.inv(a)", "np.linalg.inv(a)"),
    "det": ("lib.linalg.det(a)", "np.linalg.det(a)"),
    "cholesky": ("lib.linalg.cholesky(a)", "np.linalg.cholesky(a)"),
    "qr": ("lib.linalg.qr(a)", "np.linalg.qr(a)"),
    "eigh": ("lib.linalg.eigh(a)", "np.linalg.eigh(a)"),
    "svd": ("lib.linalg.svd(a)", "np.linalg.svd(a)"),
    "matrix_exp": ("lib.linalg.matrix_exp(a)", ""),
    "fft": ("lib.fft.fft(x).real", "np.fft.fft(x).real"),
    "rfft of rows": ("lib.fft.rfft(m).real", "np.fft.rfft(m).real"),
    # Networks
    "linear": ("F.linear(m, m, m[:, 0])", "m @ m.T + m[:, 0]"),
    "softmax": ("m.softmax(1)", ""),
    "softmax of columns": ("m.softmax(0)", ""),
    "log_softmax": ("m.log_softmax(1)", ""),
    "gelu": ("F.gelu(x)", ""),
    "gelu, tanh form": ("F.gelu(x, approximate='tanh')", ""),
    "elu": ("F.elu(x)", ""),
    "leaky_relu": ("F.leaky_relu(x)", ""),
    "softplus": ("F.softplus(x)", ""),
    "hardtanh": ("F.hardtanh(x)", ""),
    "hardswish": ("F.hardswish(x)", ""),
    "hardsigmoid": ("F.hardsigmoid(x)", ""),
    "softshrink": ("F.softshrink(x)", ""),
    "glu": ("F.glu(lib.stack([x, y]), 0)", ""),
    "dropout": ("F.dropout(x, 0.5)", ""),
    "layer_norm": ("F.layer_norm(m, m.shape[1:])", ""),
    "rms_norm": ("F.rms_norm(m, m.shape[1:])", ""),
    "group_norm": ("F.group_norm(p, 2)", ""),
    "batch_norm": ("F.batch_norm(p, None, None, training=True)", ""),
    "conv2d, 3 by 3": ("F.conv2d(p, w, padding=1)", ""),
    "conv2d, 1 by 1": ("F.conv2d(p, w[:, :, :1, :1])", ""),
    "conv2d, depthwise": ("F.conv2d(p, w[:, :1], padding=1, groups=8)", ""),
    "max_pool2d": ("F.max_pool2d(p, 2)", ""),
    "avg_pool2d": ("F.avg_pool2d(p, 2)", ""),
    "interpolate": ("F.interpolate(p, scale_factor=2, mode='bilinear')", ""),
    "unfold": ("F.unfold(p, 3, padding=1)", ""),
    "attention": ("F.scaled_dot_product_attention(h, h, h, is_causal=True)", ""),
    "LSTM": ("lstm(s)", ""),
    "GRU": ("gru(s)", ""),
    "mse_loss": ("F.mse_loss(x, y)", ""),
    "l1_loss": ("F.l1_loss(x, y)", ""),
    "huber_loss": ("F.huber_loss(x, y)", ""),
    "bce with logits": ("F.binary_cross_entropy_with_logits(x, y)", ""),
    "cross_entropy": ("F.cross_entropy(m, t)", ""),
    "nll_loss": ("F.nll_loss(m, t)", ""),
    # Random numbers
    "rand": ("lib.rand(n)", "rng.random(n, dtype=np.float32)"),
    "randn": ("lib.randn(n)", "rng.standard_normal(n, dtype=np.float32)"),
    "randperm": ("lib.randperm(n)", "rng.permutation(n)"),
}


def given(size: int) -> dict[str, Callable[[], Any]]:
    """What the calls of :data:`WHOLE` are made of, by name: arrays with about so many elements."""
    import numpy as np

    rng = np.random.default_rng(0)
    rows = max(1, math.isqrt(size // 4))
    columns, side = size // rows, min(32, max(4, math.isqrt(size // 8)))
    length = min(64, max(2, size // 64))

    def normal(*shape: int) -> Any:
        return rng.standard_normal(shape, dtype=np.float32)

    def definite(count: int) -> Any:
        a = normal(count, 16, 16)
        return a @ a.mT + np.eye(16, dtype=np.float32)

    return {
        "x": lambda: normal(size), "y": lambda: normal(size),
        "m": lambda: normal(rows, columns),
        "a": lambda: definite(max(1, size // 256)),
        "p": lambda: normal(max(1, size // (8 * side * side)), 8, side, side),
        "w": lambda: normal(8, 8, 3, 3),
        "h": lambda: normal(max(1, size // (64 * length)), 4, length, 16),
        "s": lambda: normal(16, max(1, size // 512), 32),
        "o": lambda: np.sort(normal(size)),
        "b": lambda: rng.integers(0, 2, size).astype(bool),
        "i": lambda: rng.integers(0, size, size),
        "r": lambda: rng.integers(0, rows, rows),
        "t": lambda: rng.integers(0, columns, rows),
    }  # fmt: skip


@dataclass
class Row:
    """One function at one size: median seconds; None where a library has no such function."""

    function: str
    size: int
    pluggrad: float | None
    numpy: float | None
    torch: float | None
    #: Of the call and of the gradients of its inputs.
    pluggrad_gradient: float | None = None
    torch_gradient: float | None = None

    def ratio(self, other: str) -> float | None:
        """Of pluggrad's time to that of ``"numpy"`` or ``"torch"``, or to PyTorch's with its ``"torch_gradient"``."""
        ours = self.pluggrad_gradient if other.endswith("gradient") else self.pluggrad
        theirs = getattr(self, other)
        return ours / theirs if ours and theirs else None


def elementwise_call(side: str, name: str, size: int, gradient: bool) -> tuple[Step, list[Any]] | None:
    """The call of an elementwise function, on values from its samples' range; and its inputs."""
    import numpy as np

    from pluggrad.function import functions
    from pluggrad.testing.samples import samples_of

    function = functions()[name]
    specs = [s for s in samples_of(name)[0].arrays if s is not None]
    rng = np.random.default_rng(0)
    arrays: list[Any] = [
        rng.integers(0, 2, size).astype(bool)
        if s.kind == "bool"
        else rng.uniform(s.low, s.high, size).astype(np.float32)
        for s in specs
    ]
    library = {"numpy": np}.get(side) or importlib.import_module(side)
    if side != "numpy":
        arrays = [library.tensor(a) for a in arrays]
        for x in arrays:
            x.requires_grad_(gradient and x.is_floating_point())
    if side == "pluggrad":
        return lambda: function.call(*arrays), arrays
    places = [library, *([library.nn.functional, library.special] if side == "torch" else [])]
    names = (name, *function.alias) if side == "numpy" else (*function.alias, name)  # torch.eq, not its torch.equal
    f = next((getattr(place, a) for a in names for place in places if callable(getattr(place, a, None))), None)
    try:
        f(*arrays)  # type: ignore[misc]
    except (TypeError, ValueError, RuntimeError):  # no such function, or another of that name
        return None
    return lambda: f(*arrays), arrays


def whole_call(side: str, name: str, size: int, gradient: bool) -> tuple[Step, list[Any]] | None:
    """The call of one of :data:`WHOLE`, and its inputs."""
    import numpy as np

    library = {"numpy": np}.get(side) or importlib.import_module(side)
    code = WHOLE[name][side == "numpy"]
    if not code:
        return None
    words = set(re.findall(r"[a-z]+", code))
    arrays = {word: make() for word, make in given(size).items() if word in words}
    names: dict[str, Any] = {"lib": library, "np": np, "n": size, "rng": np.random.default_rng(0)}
    if side == "numpy":
        return eval(f"lambda: {code}", names | arrays), []  # noqa: S307 (the texts above)
    tensors = {word: library.tensor(array) for word, array in arrays.items()}
    for tensor in tensors.values():
        tensor.requires_grad_(gradient and tensor.is_floating_point())
    names |= {"F": library.nn.functional, "lstm": library.nn.LSTM(32, 32), "gru": library.nn.GRU(32, 32)}
    for layer in ("lstm", "gru"):
        names[layer].requires_grad_(gradient)
    call = eval(f"lambda: {code}", names | tensors)  # noqa: S307
    return call, list(tensors.values())


def with_gradient(side: str, call: Step, inputs: list[Any]) -> Step | None:
    """The call, and the gradients of those inputs that it is differentiable in; None where there are none."""
    library = importlib.import_module(side)
    out = call()
    first = out[0] if isinstance(out, tuple) else out
    if not first.requires_grad:
        return None
    g = library.ones_like(first)
    found = library.autograd.grad(first, [x for x in inputs if x.requires_grad], g, allow_unused=True)
    used = [x for x, d in zip((x for x in inputs if x.requires_grad), found, strict=True) if d is not None]

    def step() -> None:
        out = call()
        library.autograd.grad(out[0] if isinstance(out, tuple) else out, used, g)

    return step


def step_of(side: str, name: str, size: int, gradient: bool) -> Step | None:
    """What is measured; None where a library has no such function, or that no gradient."""
    if gradient and side == "numpy":
        return None
    if side == "torch":
        importlib.import_module("torch").set_num_threads(2)
    found = (whole_call if name in WHOLE else elementwise_call)(side, name, size, gradient)
    if found is None:
        return None
    call, inputs = found
    return with_gradient(side, call, inputs) if gradient else call


def elementwise() -> list[str]:
    """The names of the registered elementwise functions of real numbers."""
    from pluggrad.dtypes import float32
    from pluggrad.function import functions
    from pluggrad.testing.conformance.reference import is_elementwise

    return sorted(n for n, f in functions().items() if is_elementwise(f) and float32.kind in f.kinds)


def measure(names: Sequence[str], sizes: Sequence[int], seconds: float, budget: float = math.inf) -> list[Row]:
    """Time the functions, smallest size first; after ``budget`` seconds what is left of the largest is left out."""
    sides = [Side(__file__, side) for side in SIDES]
    ours, _, theirs = sides
    rows: list[Row] = []
    too_long: set[str] = set()
    end = time.perf_counter() + budget
    for size, name in product(sizes, names):
        if name in too_long or time.perf_counter() > end:
            continue
        rest = 0.01 if size >= 10_000 else 0.0  # below, nobody has threads that wait
        forward = in_turn(sides, seconds, name, size, False, rounds=2, rest=rest)
        row = Row(name, size, *(statistics.median(t) if t else None for t in forward))
        trouble = {side.library: side.trouble for side in sides if side.trouble}
        both = in_turn([ours, theirs], seconds, name, size, True, rounds=2, rest=rest)
        row.pluggrad_gradient, row.torch_gradient = (statistics.median(t) if t else None for t in both)
        rows.append(row)
        times = (row.pluggrad, row.numpy, row.torch, row.pluggrad_gradient, row.torch_gradient)
        shown = [f"{v * 1e6:11.2f}" if v is not None else " " * 11 for v in times]
        print(f"{name:24s} {size:9d} {' '.join(shown)} µs", flush=True)
        for library, why in (trouble | {s.library: s.trouble for s in (ours, theirs) if s.trouble}).items():
            print(f"  {library}: {why}", file=sys.stderr)
        if max(t or 0.0 for t in times) > LONGEST:
            too_long.add(name)
    for side in sides:
        side.end()
    return rows


def picture(rows: list[Row], path: Path) -> None:
    """Draw three heat maps, by function and size: the ratio to bare NumPy, and those to PyTorch."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.colors import LogNorm
    from PIL import Image

    names, sizes = list(dict.fromkeys(r.function for r in rows)), sorted({r.size for r in rows})
    panels = {
        "numpy": "a call\nbeside bare NumPy",
        "torch": "a call\nbeside PyTorch",
        "torch_gradient": "a call and its gradient\nbeside PyTorch",
    }
    height = 0.155 * len(names)
    figure, axes = plt.subplots(1, 3, figsize=(10, 1.8 + height), layout="constrained", sharey=True)
    norm = LogNorm(0.25, 4)
    for axis, (other, title) in zip(axes, panels.items(), strict=True):
        grid = np.full((len(names), len(sizes)), np.nan)
        for row in rows:
            ratio = row.ratio(other)
            if ratio is not None:
                at = names.index(row.function), sizes.index(row.size)
                grid[at] = ratio
                dark = abs(math.log(ratio)) > math.log(2.6)
                text = f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:.0f}"
                axis.text(*at[::-1], text, ha="center", va="center", fontsize=5.5, color="white" if dark else "black")
        image = axis.imshow(grid, norm=norm, cmap="RdYlGn_r", aspect="auto")
        axis.set_title(title, fontsize=9)
        axis.set_xticks(range(len(sizes)), [f"$10^{{{round(math.log10(s))}}}$" for s in sizes], fontsize=8)
        axis.set_yticks(range(len(names)), names, fontsize=7)
        axis.tick_params(length=0, top=True, labeltop=True)
        axis.set_xlabel("elements", fontsize=8)
        for edge in axis.spines.values():
            edge.set_visible(False)
    bar = figure.colorbar(image, ax=axes, location="top", fraction=0.25 / (height + 1), aspect=60, pad=0.002)
    bar.set_ticks([0.25, 0.5, 1, 2, 4], labels=["1/4 or less", "1/2", "1", "2", "4 or more"])
    bar.minorticks_off()
    bar.set_label("time of pluggrad / time of the other library, float32, 2 threads", fontsize=9)
    figure.savefig(path, dpi=130)
    plt.close(figure)
    with Image.open(path) as image:  # a quarter of the bytes
        small = image.convert("RGB").quantize(128)
    small.save(path, optimize=True)


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="functions; default: all")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--seconds", type=float, default=0.05, help="for each function, size and library")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--serve", choices=SIDES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(functools.partial(step_of, arguments.serve))
        return 0
    names = arguments.names or [*elementwise(), *WHOLE]
    rows = measure(names, tuple(int(s) for s in arguments.sizes.split(",")), arguments.seconds)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(r) for r in rows], indent=0), encoding="utf-8")
    if arguments.picture:
        picture(rows, arguments.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
