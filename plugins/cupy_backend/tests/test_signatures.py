"""Every name and keyword of CuPy's that the plugin uses, bound to the real package, also where no test goes."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
from signatures import signature

PACKAGE = Path(__file__).parents[1] / "pluggrad_cupy"
ROOTS = ("cupy", "cupyx")


def names_of(tree: ast.AST) -> dict[str, str]:
    """What the imports of a module call what of CuPy's: a module, or ``module:name``."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for a in node.names:
                if a.name.split(".")[0] in ROOTS:
                    found[a.asname or a.name.split(".")[0]] = a.name if a.asname else a.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ROOTS:
            found |= {a.asname or a.name: f"{node.module}:{a.name}" for a in node.names}
    return found


def resolve(node: ast.expr, names: dict[str, str]) -> tuple[Any] | None:
    """The object of CuPy's that an expression names; None if it names none."""
    chain: list[str] = []
    while isinstance(node, ast.Attribute):
        chain.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return None
    module, _, first = names[node.id].partition(":")
    found: Any = importlib.import_module(module)
    for part in ([first] if first else []) + chain:
        if not hasattr(found, part) and inspect.ismodule(found):
            found = importlib.import_module(f"{found.__name__}.{part}")
        else:
            found = getattr(found, part)
    return (found,)


def problems(text: str) -> list[str]:
    """Names that CuPy lacks, and calls that it would refuse."""
    tree = ast.parse(text)
    names, out = names_of(tree), []
    for node in ast.walk(tree):
        try:
            if isinstance(node, ast.Attribute):
                resolve(node, names)
            if isinstance(node, ast.Call):
                found = resolve(node.func, names)
                known = signature(found[0]) if found else None
                if known is None or any(isinstance(a, ast.Starred) for a in node.args):
                    continue
                bind = known.bind if all(k.arg for k in node.keywords) else known.bind_partial
                bind(*node.args, **{k.arg: 0 for k in node.keywords if k.arg})
        except (AttributeError, ImportError, TypeError) as error:
            out.append(f"line {node.lineno}: {ast.unparse(node)}: {error}")
    return out


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda p: p.stem)
def test_every_name_and_keyword_exists(path: Path) -> None:
    assert not problems(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "planted",
    [
        "cupy.vecdot(x, y)", "cupy.zeros(3, device=0)", "cupy.sum(x, where=m)", "cupy.linalg.vector_norm(x)",
        "cupy.cuda.Stream(nonblocking=True)", "cupy.cuda.get_current_device()", "cupy.take(x, i, mode='clip')",
        "cupy.get_default_memory_pool(0)", "cupyx.scatter_multiply(x, i, v)", "cupy.cuda.runtime.getDeviceName(0)",
    ],
)  # fmt: skip
def test_a_planted_mistake_is_found(planted: str) -> None:
    assert problems(f"import cupy, cupyx\n{planted}")


def test_good_calls_are_no_mistakes() -> None:
    good = (
        "cupy.zeros((2, 3), cupy.float32)\ncupy.sum(x, axis=0, keepdims=True)\ncupy.cuda.Stream(non_blocking=True)\n"
        "cupy.argsort(x)\ncupy.take(x, i, axis=0)\ncupyx.empty_pinned((2,), float)\ncupy.cuda.Event(block=True)"
    )
    assert not problems(f"import cupy, cupyx\n{good}")
