"""The layers of the package: each imports only from those before it, and none imports an array library."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pluggrad"

#: From the bottom up. What stands in one row is on one level: its parts do not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "locks"),
    ("dtypes", "threads"),
    ("device",),
    ("function",),
    ("backends",),
    ("tensor",),
    ("autograd",),
    ("ops",),
    ("info", "random", "linalg", "fft", "special"),
    ("methods",),
    ("typed", "accelerator", "distributions", "func"),
    ("cuda",),
    ("nn",),
    ("optim",),
    ("amp",),
    ("utils", "profiler"),
    ("testing",),
    ("torch",),
    ("commands",),
)
RANK = {name: rank for rank, row in enumerate(LAYERS) for name in row}
#: What puts the layers together: the package itself and its command line. The last two layers use it as users do.
TOP = {"pluggrad", "pluggrad.__main__"}

#: Libraries that only plugins may name. array_api_compat is on no list: it imports none of them by itself.
LIBRARIES = {
    "numpy", "scipy", "cupy", "cupyx", "torch", "jax", "dask", "mlx", "numba", "array_api_strict", "ml_dtypes",
    "pluggrad_numpy", "pluggrad_strict",
}  # fmt: skip


def modules() -> dict[str, Path]:
    """Every module of the package by its full name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("pluggrad", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """Full names of all that a module imports, inside functions too, but for ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                package = module if is_package else module.rpartition(".")[0]
                source = importlib.util.resolve_name("." * node.level + source, package)
            for alias in node.names:
                full = f"{source}.{alias.name}"
                yield full if full in MODULES else source
        else:
            yield from imported(node, module, is_package)


def imports_of(module: str) -> set[str]:
    path = MODULES[module]
    return set(imported(ast.parse(path.read_text(encoding="utf-8")), module, path.name == "__init__.py"))


def layer(module: str) -> str:
    return module.split(".")[1]


def late_imports(module: str, imports: set[str]) -> list[str]:
    """Those of ``imports`` that build on ``module``, and so must not be imported by it."""
    rank = RANK[layer(module)]
    late = []
    for name in imports:
        if name.split(".")[0] != "pluggrad":
            continue
        if name in TOP:
            if rank < RANK["testing"]:
                late.append(name)
        elif layer(name) != layer(module) and RANK[layer(name)] >= rank:
            late.append(name)
    return sorted(late)


@pytest.mark.parametrize("module", sorted(set(MODULES) - TOP))
def test_every_module_belongs_to_a_layer(module: str) -> None:
    assert layer(module) in RANK, f"{module}: add {layer(module)!r} to LAYERS, where it belongs"


@pytest.mark.parametrize("module", sorted(set(MODULES) - TOP))
def test_imports_only_earlier_layers(module: str) -> None:
    late = late_imports(module, imports_of(module))
    assert not late, f"{module} imports {late}, which build on it"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_names_no_array_library(module: str) -> None:
    named = {name for name in imports_of(module) if name.split(".")[0] in LIBRARIES}
    named |= {name for name in imports_of(module) if name.startswith("array_api_compat.")}
    assert not named, f"{module} imports {sorted(named)}; only plugins may"


def test_a_wrong_import_is_found() -> None:
    text = "def f():\n    from ..ops import reductions\nif TYPE_CHECKING:\n    from ..nn import Module\n"
    found = set(imported(ast.parse(text), "pluggrad.tensor.tensor", False))
    assert found == {"pluggrad.ops.reductions"}
    assert late_imports("pluggrad.tensor.tensor", found) == ["pluggrad.ops.reductions"]
    assert not late_imports("pluggrad.methods.basics", found)
    assert late_imports("pluggrad.ops.views", {"pluggrad"}) == ["pluggrad"]
