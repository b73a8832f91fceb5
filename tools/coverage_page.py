"""Writes ``docs/coverage.md``: which of PyTorch's names pluggrad has.

The names are PyTorch's own lists (what :mod:`torch.overrides` says can be overridden, and the documented modules),
and those that public programs use (``tools/torch_usage.tsv``: namespace, name, files, uses). What is there is asked
of :mod:`pluggrad.torch`. Needs PyTorch; ``tests/pytorch/test_coverage.py`` compares.

    python tools/coverage_page.py
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import warnings
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from pluggrad.autograd.function import FunctionCtx

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "coverage.md"
USAGE = Path(__file__).with_name("torch_usage.tsv")

#: Groups of names that are no operations on dense tensors for programs to call, and why they are left out.
LEFT_OUT: dict[str, tuple[str, tuple[str, ...]]] = {
    "sparse tensors": ("there are none", (
        r"(?!is_sparse).*sparse.*|.*_csr.*|.*_csc.*|dsmm|hsmm|hspmm|saddmm|smm|spmm|sspaddmm|(c?col|crow|row)_indices.*",
        r"(coalesce|indices|values|dense_dim)(_copy)?",
    )),
    "quantised tensors": ("there are none", (
        r".*quantize.*|quantized_.*|is_quantized|q_.*|.*qparams.*|int_repr|qscheme|fake_.*|fbgemm_.*|fused_moving_avg.*",
    )),
    "one vendor's kernels": ("a backend brings its own", (r"(cudnn|miopen|mkldnn)_.*|to_mkldnn|is_vulkan.*",)),
    "parts of other functions": ("pieces of PyTorch's own, undocumented", (
        r"_.*|native_.*|batch_norm_.+|affine_grid_.*|grid_sampler.*|(lstm|gru|rnn_relu|rnn_tanh)(_cell)?|convolution",
        r"norm_except_dim|(frobenius|nuclear)_norm|embedding_renorm_|.*max_pool\dd_with_indices|unsafe_.*|conv_tbc|cond",
        r"(cosine_embedding|hinge_embedding|margin_ranking|poisson_nll|triplet_margin|ctc)_loss|kl_div|hash_tensor",
        r"multi_head_attention_forward|assert_int_or_pair|handle_torch_.*|has_torch_.*|boolean_dispatch|while_loop",
        r"(scaled_)?grouped_mm|scaled_mm|feature_dropout_?|feature_alpha_dropout_|binary_cross_entropy_with_logits",
        r"rrelu_|alpha_dropout_|dropout_|segment_reduce|slice_inverse|alias_copy",
    )),
    "copies for compilers": ("for compilers, which want no views", (r".*_copy(?<!narrow_copy)(?<!index_copy)",)),
    "symbolic shapes": ("shapes are numbers", (r"sym_.*",)),
    "storages": ("a tensor's memory is its array", (
        r"(untyped_|typed_)?storage(_type)?|.*Storage|.*_data_ptr|share_memory_|module_load",
    )),
    "removed from PyTorch": ("they raise an error there", (
        r"eig|symeig|solve|lstsq|matrix_rank|volatile|reinforce|resize|resize_as|chalf|ipu|xpu|mtia|maia",
    )),
}  # fmt: skip
#: Namespaces of PyTorch's own lists.
LISTS = ("torch", "torch.Tensor", "torch.linalg", "torch.fft", "torch.special", "torch.nn.functional")
#: Where names of nn.functional that torch.overrides lists are not for users.
_SIMPLE = re.compile(r"[a-zA-Z]\w*$")


def why_left_out(namespace: str, name: str) -> str | None:
    """The group that a name belongs to which is left out; None if it counts."""
    for group, (_, patterns) in LEFT_OUT.items():
        if namespace in ("torch.linalg", "torch.nn.functional") and group != "parts of other functions":
            continue
        if namespace in ("torch.linalg", "torch.fft", "torch.special"):
            continue
        if namespace == "torch.nn.functional" and (name.endswith("_loss") or name in _FUNCTIONAL):
            continue
        if any(re.fullmatch(pattern, name) for pattern in patterns):
            return group
    return None


_FUNCTIONAL = frozenset((
    "grid_sample", "affine_grid", "kl_div", "binary_cross_entropy_with_logits", "rrelu_", "alpha_dropout", "conv_tbc",
    "lp_pool3d",
))  # fmt: skip


def listed(namespace: str) -> list[str]:
    """The operations of one namespace by PyTorch's own list."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = torch.overrides.get_overridable_functions()
        space = _follow(torch, namespace.split(".")[1:])
        known = {f for f in found.get(space, ()) if callable(f)}
        if namespace == "torch":
            known |= {f for f in found[torch.functional] if callable(f)}
        names = []
        for name in dir(space):
            if name.startswith("_") or not _SIMPLE.match(name):
                continue
            value = inspect.getattr_static(space, name) if inspect.isclass(space) else getattr(space, name)
            if inspect.isclass(space):
                counts = callable(getattr(space, name)) or isinstance(value, types.GetSetDescriptorType | property)
            else:
                counts = value in known if _hashable(value) else False
                counts = counts or (namespace in LISTS[2:5] and isinstance(value, types.BuiltinFunctionType))
            if counts:
                names.append(name)
    return names


def _hashable(value: Any) -> bool:
    return getattr(type(value), "__hash__", None) is not None and not isinstance(value, dict | list | set)


def _follow(value: Any, parts: Iterable[str]) -> Any:
    for part in parts:
        value = getattr(value, part)
    return value


def has(namespace: str, name: str) -> bool:
    """Whether pluggrad.torch has a name."""
    if namespace == "torch.autograd.Function" and name in vars(FunctionCtx):
        return True  # what a Function's own methods get
    parts = namespace.split(".")[1:]
    found: Any = import_module("pluggrad.torch")
    path = "pluggrad.torch"
    for part in [*parts, name]:
        path = f"{path}.{part}"
        if isinstance(found, types.ModuleType):
            try:
                found = getattr(found, part)
            except AttributeError:
                return False
        elif hasattr(found, part):
            found = getattr(found, part)
        else:  # an attribute that instances get
            return part in _instance_attributes(found)
    return True


def _instance_attributes(cls: Any) -> set[str]:
    """What the methods of a class set on ``self``."""
    try:
        source = "".join(inspect.getsource(c) for c in cls.__mro__ if c.__module__.startswith("pluggrad"))
    except (OSError, TypeError, AttributeError):
        return set()
    return set(re.findall(r"self\.(\w+)(?:, self\.\w+)* *(?::[^=\n]+)?=", source))


def usage() -> list[tuple[str, str, int]]:
    """The names that public programs use: namespace, name, in how many files."""
    rows = [line.split("\t") for line in USAGE.read_text(encoding="utf-8").splitlines()[1:]]
    return [(namespace, name, int(files)) for namespace, name, files, _ in rows]


#: Parts of PyTorch that the counts name and pluggrad does not aim at, with the reason.
NOT_AIMED = {
    "torch.distributed": "several processes and machines",
    "torch.fx": "PyTorch's graphs of Python code",
    "torch._dynamo": "PyTorch's compiler",
    "torch.classes": "C++ classes", "torch.ops": "C++ operators",
    "torch.nested": "tensors of several shapes",
    "torch.mps": "Apple's GPUs", "torch.utils.mobile_optimizer": "mobile phones",
    "torch.hub": "downloads of models", "torch.utils.model_zoo": "downloads of models",
    "torch.futures": "asynchronous calls between processes",
}  # fmt: skip


def aimed_at(namespace: str) -> bool:
    """Whether a namespace is among those that pluggrad is to have."""
    return not any(namespace == n or namespace.startswith(f"{n}.") for n in NOT_AIMED)


def _names(names: Iterable[str]) -> list[str]:
    """Names in code, a few on a line."""
    return _lines(f"`{name}`" for name in names)


def _lines(items: Iterable[str], limit: int = 116) -> list[str]:
    """Items with commas between them, a few on a line."""
    lines, line = [], ""
    for item in items:
        item += ", "
        if len(line) + len(item) > limit:
            lines.append(line.rstrip())
            line = ""
        line += item
    return [*lines, line.rstrip().rstrip(",")] if line else lines


def not_counted(groups: dict[str, set[str]]) -> list[str]:
    """The groups that are left out, with their names."""
    lines = []
    for group, (why, _) in LEFT_OUT.items():
        if groups.get(group):
            lines += [f"**{group.capitalize()}**: {why}.", *_names(sorted(groups[group])), ""]
    return lines


def text() -> str:
    """The whole page."""
    import torch

    version = torch.__version__.split("+")[0]
    rows, missing_parts, there_parts = [], [], []
    groups: dict[str, set[str]] = {}
    total_there = total = 0
    for namespace in LISTS:
        names = listed(namespace)
        counted = []
        for name in names:
            group = why_left_out(namespace, name)
            if group is None:
                counted.append(name)
            else:
                groups.setdefault(group, set()).add(name)
        there = [n for n in counted if has(namespace, n)]
        missing = [n for n in counted if n not in there]
        total_there, total = total_there + len(there), total + len(counted)
        rows.append(f"| `{namespace}` | {len(there)} | {len(counted)} | {len(there) / len(counted):.0%} |")
        missing_parts += [f"### {namespace}", "", *(_names(missing) or ["Nothing."]), ""]
        there_parts += [f"### {namespace}", "", *_names(there), ""]
    rows.append(f"| all | {total_there} | {total} | {total_there / total:.0%} |")
    used = [(n, name, files) for n, name, files in usage() if aimed_at(n)]
    lacking = [(n, name, files) for n, name, files in used if not has(n, name)]
    uses, used_there = sum(f for *_, f in used), sum(f for *_, f in used) - sum(f for *_, f in lacking)
    lines = [
        "# What of PyTorch is there",
        "",
        "<!-- Written by tools/coverage_page.py; do not edit. -->",
        "",
        f"The operations on dense tensors of PyTorch {version}, by its own lists, and which of them `pluggrad.torch`",
        "has: functions, methods in place and not, and attributes of tensors.",
        "",
        "| | there | of | |",
        "| --- | --: | --: | --: |",
        *rows,
        "",
        "## Names that programs use",
        "",
        "Of the parts of PyTorch that pluggrad aims at, public programs (small models, courses, official examples:",
        f"997 files) were counted to use {len(used)} names. {len(used) - len(lacking)} of them are there, and make",
        f"{used_there / uses:.1%} of the uses, where a file that uses a name counts once.",
        *(["Missing, with the number of files:", ""] if lacking else []),
        *_lines(f"`{f'{n}.{name}'.removeprefix('torch.')}` ({files})" for n, name, files in lacking),
        "",
        "Not aimed at:",
        "",
        *(f"- `{n}`: {why}" for n, why in NOT_AIMED.items()),
        "",
        "## Missing",
        "",
        *missing_parts,
        "## Not counted",
        "",
        *not_counted(groups),
        "## There",
        "",
        *there_parts,
    ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(text(), encoding="utf-8")
    print(f"wrote {PAGE}")
