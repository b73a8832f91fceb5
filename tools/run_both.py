"""Runs a program written for PyTorch twice, with PyTorch and with pluggrad, and compares the numbers that it prints.

    python tools/run_both.py [--tolerance 0.01] script.py arguments
    python tools/run_both.py notebook.ipynb
    python tools/run_both.py --without torchvision,pandas chapter.md     a page of "Dive into Deep Learning"
    python tools/run_both.py --digits main.py --epochs 1      MNIST and its like: scikit-learn's digits
    python tools/run_both.py --only pluggrad script.py arguments

The program stays as it is. Both runs get the same random numbers, from NumPy, so that the same weights are drawn and
the same samples shuffled: before the program starts, the functions of PyTorch that draw are replaced in both
namespaces, by the same code. Everything else is what the two libraries do. See docs/programs.md.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import runpy
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*(?:e[-+]?\d+)?|\.\d+|\d+e[-+]?\d+|nan|inf)(?![\w%])", re.IGNORECASE)


def numbers(text: str) -> list[float]:
    """The numbers with a point or an exponent that a program printed: losses, not counts."""
    return [float(n) for n in NUMBER.findall(text)]


# -- one stream of random numbers ------------------------------------------------------------------------


def share_random_numbers(torch: Any) -> None:
    """Let all that draws in a namespace draw from NumPy: ``torch`` is PyTorch or ``pluggrad.torch``."""
    import numpy as np

    random.seed(0)
    np.random.seed(0)
    rng = [np.random.default_rng(0)]

    def seed(value: int) -> Any:
        rng[0] = np.random.default_rng(int(value) % 2**32)
        return torch.default_generator

    def made(values: Any, dtype: Any, device: Any, requires_grad: bool) -> Any:
        x = torch.from_numpy(np.array(values)).to(torch.get_default_dtype() if dtype is None else dtype)
        x = x if device is None else x.to(device)
        return x.requires_grad_() if requires_grad else x

    def shape_of(size: tuple[Any, ...], named: Any) -> tuple[int, ...]:
        size = (named,) if named is not None else size
        flat = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
        return tuple(int(n) for n in flat)

    def randn(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **o: Any) -> Any:
        return made(rng[0].standard_normal(shape_of(size, o.get("size"))), dtype, device, requires_grad)

    def rand(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **o: Any) -> Any:
        return made(rng[0].random(shape_of(size, o.get("size"))), dtype, device, requires_grad)

    def integers(low: int, high: int, shape: Any) -> Any:
        # What is not part of a tensor is the seed of a sampler, which the libraries draw in ways of their own.
        return rng[0].integers(low, high, shape) if len(shape) else np.zeros((), np.int64)

    def randint(*args: Any, dtype: Any = None, device: Any = None, **o: Any) -> Any:
        bounds = [a for a in args if isinstance(a, int)] + [o[n] for n in ("low", "high") if n in o]
        size: Any = next((a for a in args if not isinstance(a, int)), o.get("size"))
        low, high = bounds if len(bounds) == 2 else (0, *bounds)
        return made(integers(low, high, tuple(size)), dtype or torch.int64, device, False)

    def randperm(n: int, *, dtype: Any = None, device: Any = None, **o: Any) -> Any:
        return made(rng[0].permutation(n), dtype or torch.int64, device, False)

    def like(draw: Any) -> Any:
        def call(x: Any, *args: Any, dtype: Any = None, device: Any = None, **o: Any) -> Any:
            o.pop("memory_format", None)
            if draw is randint:
                return randint(*args, tuple(x.shape), dtype=dtype or x.dtype, **o)
            return draw(*x.shape, dtype=dtype or x.dtype, device=device or x.device, **o)

        return call

    def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, **o: Any) -> Any:
        if size is None:
            size = torch.broadcast_tensors(torch.as_tensor(mean), torch.as_tensor(std))[0].shape
        dtype = next((v.dtype for v in (mean, std) if isinstance(v, torch.Tensor)), None)
        x = (randn(*size, dtype=dtype) * std + mean).to(o.get("dtype") or dtype or torch.get_default_dtype())
        return x.detach().requires_grad_(bool(o.get("requires_grad")))

    def multinomial(weights: Any, num_samples: int, replacement: bool = False, **o: Any) -> Any:
        rows = weights.detach().reshape(-1, weights.shape[-1]).numpy().astype(np.float64)
        rows = rows / rows.sum(-1, keepdims=True)
        found = [rng[0].choice(rows.shape[1], num_samples, replacement, p) for p in rows]
        return made(np.array(found), torch.int64, None, False).reshape(*weights.shape[:-1], num_samples)

    def bernoulli(x: Any, p: Any = None, **o: Any) -> Any:
        probability = (x if p is None else torch.full_like(x, p)).detach().numpy()
        return made(rng[0].random(tuple(x.shape)) < probability, x.dtype, None, False)

    def filler(draw: Any) -> Any:
        def fill(self: Any, *args: Any, **o: Any) -> Any:
            o.pop("generator", None)
            with torch.no_grad():
                self.copy_(made(draw(tuple(self.shape), *args, **o), self.dtype, None, False))
            return self

        return fill

    def uniform_(shape: Any, a: float = 0.0, b: float = 1.0, **named: float) -> Any:
        a, b = named.get("from", a), named.get("to", b)
        return a + (b - a) * rng[0].random(shape)

    def bernoulli_(shape: Any, p: float = 0.5) -> Any:
        return rng[0].random(shape) < p

    def random_(shape: Any, low: int = 0, high: Any = None) -> Any:
        return integers(*((0, low) if high is None and low else (low, high or 2**31)), shape)

    def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        if not training or not p:
            return input
        mask = made(rng[0].random(tuple(input.shape)) >= p, input.dtype, None, False)
        return input * mask / (1 - p)

    def feature_dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        if not training or not p:
            return input
        features = (*input.shape[:2], *(1 for _ in input.shape[2:]))
        mask = made(rng[0].random(features) >= p, input.dtype, None, False)
        return input * mask / (1 - p)

    attend = torch.nn.functional.scaled_dot_product_attention

    def attention(
        query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
        scale: Any = None, **o: Any,
    ) -> Any:  # fmt: skip
        if not dropout_p:
            return attend(query, key, value, attn_mask, 0.0, is_causal, scale=scale, **o)
        scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
        if is_causal:
            attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, float("-inf"))
        elif attn_mask is not None:
            scores = scores + attn_mask
        return dropout(torch.softmax(scores, -1), dropout_p) @ value

    def normal_(shape: Any, mean: float = 0.0, std: float = 1.0) -> Any:
        return mean + std * rng[0].standard_normal(shape)

    def trunc_normal_(
        tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, **o: Any
    ) -> Any:
        with torch.no_grad():
            return tensor.normal_(mean, std).clamp_(a, b)

    functions = {
        "manual_seed": seed, "randn": randn, "rand": rand, "randint": randint, "randperm": randperm, "normal": normal,
        "multinomial": multinomial, "bernoulli": bernoulli, "randn_like": like(randn), "rand_like": like(rand),
        "randint_like": like(randint), "dropout": dropout,
    }  # fmt: skip
    methods = {
        "uniform_": uniform_, "normal_": normal_, "random_": random_, "bernoulli_": bernoulli_,
        "exponential_": lambda shape, lambd=1.0: rng[0].exponential(1 / lambd, shape),
    }  # fmt: skip
    for name, function in functions.items():
        setattr(torch, name, function)
    for name, draw in methods.items():
        setattr(torch.Tensor, name, filler(draw))
    torch.Tensor.bernoulli = bernoulli
    torch.nn.init.trunc_normal_ = trunc_normal_
    torch.Tensor.multinomial = multinomial

    def shuffled(self: Any) -> Any:
        n = len(self.data_source)
        if self.replacement:
            for start in range(0, self.num_samples, 32):
                yield from rng[0].integers(0, n, min(32, self.num_samples - start)).tolist()
        else:
            yield from rng[0].permutation(n).tolist()[: self.num_samples]

    torch.utils.data.RandomSampler.__iter__ = shuffled

    def drawn(draw: Any) -> Any:
        def sample(self: Any, sample_shape: Any = ()) -> Any:
            with torch.no_grad():
                return draw(self, tuple(sample_shape))

        return sample

    def category(self: Any, shape: Any) -> Any:
        count = int(np.prod(shape, dtype=int))
        found = multinomial(self.probs.reshape(-1, self.probs.shape[-1]), count, True)
        return found.T.reshape((*shape, *self.probs.shape[:-1]))

    def number(self: Any, shape: Any) -> Any:
        return randn(size=(*shape, *self.loc.shape), dtype=self.loc.dtype) * self.scale + self.loc

    distributions = torch.distributions
    distributions.Categorical.sample = drawn(category)
    distributions.Normal.sample, distributions.Normal.rsample = drawn(number), lambda self, s=(): number(self, tuple(s))
    # Modules that hold these functions by name.
    held: dict[str, Any] = {"randperm": randperm, "randint": randint, "dropout": dropout}
    held["scaled_dot_product_attention"] = attention
    held |= dict.fromkeys(("dropout1d", "dropout2d", "dropout3d"), feature_dropout)
    for module in [m for n, m in sys.modules.items() if n.startswith(("torch.", "pluggrad."))]:
        for name, function in held.items():
            if callable(vars(module).get(name)) and not module.__name__.endswith(".torch"):
                setattr(module, name, function)


def run_one(library: str, arguments: list[str], shared: bool, with_digits: bool) -> None:
    """Run the program in this process."""
    if library == "pluggrad":
        import pluggrad.torch

        pluggrad.torch.install()
    import torch
    import torch.distributions
    import torch.nn
    import torch.nn.functional
    import torch.utils.data

    if shared:
        share_random_numbers(torch)
    if with_digits:
        runpy.run_path(str(Path(__file__).with_name("digits.py")))["install"]()
    sys.argv = arguments
    sys.path[0] = str(Path(arguments[0]).resolve().parent)
    if arguments[0].endswith((".ipynb", ".md")):
        run_cells(Path(arguments[0]))
    else:
        runpy.run_path(arguments[0], run_name="__main__")


def cells_of(path: Path) -> list[str]:
    """The code of a notebook, or of a page of "Dive into Deep Learning" in its PyTorch form, cell by cell."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    cells = re.findall(r"^```\{\.python \.input[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [cell for cell in cells if re.match(r"(#@|%%)tab .*(pytorch|all)", cell)]


def run_cells(path: Path) -> None:
    """Run code cell by cell, and show the value of each cell's last line, as Jupyter does."""
    # The English pages ask in which form they are read.
    tab = SimpleNamespace(selected=lambda *forms: "pytorch" in forms, interact_select=lambda *forms: None)
    space: dict[str, Any] = {"__name__": "__main__", "tab": tab}
    for cell in cells_of(path):
        code = "\n".join(line for line in cell.splitlines() if not line.lstrip().startswith(("%", "!")))
        tree = ast.parse(code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, str(path), "exec"), space)  # noqa: S102 (it is what the user asks for)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), str(path), "eval"), space)  # noqa: S307
            if value is not None:
                print(value)


def main() -> int:
    """Run the program twice and compare; 1 if the numbers differ by more than the tolerance."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tolerance", type=float, default=0.01, help="relative, of each number that is printed")
    parser.add_argument("--only", choices=["torch", "pluggrad"], help="run with one of the two, here")
    parser.add_argument("--own-numbers", action="store_true", help="let each library draw its own random numbers")
    parser.add_argument("--without", default="", help="modules to put empty ones in place of, such as torchvision,PIL")
    parser.add_argument("--ignore", default="", help="a regular expression: what is printed but not compared, as times")
    parser.add_argument("--digits", action="store_true", help="a torchvision whose data sets are scikit-learn's digits")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.only:
        for name in filter(None, options.without.split(",")):
            sys.modules[name] = mock.MagicMock(name=name)
        run_one(options.only, options.program, not options.own_numbers, options.digits)
        return 0
    texts = {}
    for library in ("torch", "pluggrad"):
        command = [sys.executable, __file__, "--only", library, "--without", options.without]
        command += ["--own-numbers"] * options.own_numbers + ["--digits"] * options.digits
        start = time.perf_counter()
        done = subprocess.run([*command, *options.program], capture_output=True, text=True, check=False)
        print(f"{library}: exit status {done.returncode}, {time.perf_counter() - start:.1f} s")
        if done.returncode:
            print(done.stderr[-3000:])
            return 1
        texts[library] = re.sub(options.ignore, "", done.stdout) if options.ignore else done.stdout
    found = {library: numbers(text) for library, text in texts.items()}
    return compare(found["torch"], found["pluggrad"], options.tolerance)


def compare(theirs: list[float], ours: list[float], tolerance: float) -> int:
    """Say how far the numbers are apart; 1 if by more than the tolerance."""
    if len(theirs) != len(ours):
        print(f"{len(theirs)} numbers printed with PyTorch, {len(ours)} with pluggrad")
    apart = [abs(a - b) / max(abs(a), abs(b), 1e-12) if a != b else 0.0 for a, b in zip(theirs, ours, strict=False)]
    worst = max(apart, default=0.0)
    print(f"{len(apart)} numbers compared; the last: {theirs[-3:]} and {ours[-3:]}")
    print(f"largest relative difference: {worst:.2g}")
    return int(worst > tolerance or len(theirs) != len(ours) or not apart)


if __name__ == "__main__":
    sys.exit(main())
