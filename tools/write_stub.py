"""Writes ``pluggrad/__init__.pyi``: the public namespace for type checkers, which cannot follow how it is put together.

The functions are gathered from many modules when pluggrad is imported, some under several names. The stub
says of each where it is defined. Run it after adding a public function; ``tests/test_typing.py`` compares.

    python tools/write_stub.py
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pluggrad

STUB = Path(pluggrad.__file__).with_suffix(".pyi")
PARTS: tuple[str, ...] = (*vars(pluggrad)["_PARTS"], *vars(pluggrad)["_LATE"])
HEADER = "# Where each public name is defined. Written by tools/write_stub.py; do not edit."


def public_names() -> list[str]:
    """The names that users may use, those imported at first use among them."""
    dunders = ["__array_api_version__", "__array_namespace_info__", "__version__"]
    return sorted({n for n in vars(pluggrad) if not n.startswith("_")} - {"annotations"} | set(PARTS)) + dunders


def modules() -> list[tuple[str, types.ModuleType]]:
    """The modules of pluggrad that have been imported, by their full names."""
    return [(n, m) for n, m in sys.modules.items() if n.startswith("pluggrad.") and n.split(".")[1] != "testing"]


def home(name: str, value: Any) -> tuple[str, str]:
    """The module that defines a value, and its name there."""
    found = []
    for full_name, module in modules():
        for member, other in vars(module).items():
            if other is value and (member == name or not member.startswith("__")):
                own = getattr(value, "__module__", None) == full_name
                gathers = hasattr(module, "__path__")  # a package, which has it from one of its modules
                listed = member in getattr(module, "__all__", ())
                private = member.startswith("_")
                found.append((not own, gathers, not listed, private, member != name, full_name, member))
    if not found:
        raise LookupError(f"no module of pluggrad defines {name!r}")
    *_, source, defined_as = min(found)
    return source, defined_as


def lines(name: str) -> list[str]:
    """The lines of the stub that declare one name."""
    value = getattr(pluggrad, name)
    if isinstance(value, types.ModuleType):
        package = value.__name__.removeprefix("pluggrad").rpartition(".")[0]
        return [f"from .{package.removeprefix('.')} import {name} as {name}"]
    if value is None or isinstance(value, float | str):
        return [f"{name}: {'None' if value is None else f'builtins.{type(value).__name__}'}"]
    module, member = home(name, value)
    source = f"from .{module.removeprefix('pluggrad.')} import {member} as"
    # To type checkers, "import x as x" exports x, "import x as y" does not.
    return [f"{source} {name}"] if member == name else [f"{source} _{name}", f"{name} = _{name}"]


def text() -> str:
    """The whole stub."""
    declared = [line for name in public_names() for line in lines(name)]
    imports = sorted(line for line in declared if line.startswith("from"))
    others = [line for line in declared if not line.startswith("from")]
    return "\n".join([HEADER, "", "import builtins", "", *imports, "", *others, ""])


if __name__ == "__main__":
    STUB.write_text(text(), encoding="utf-8")
    print(f"wrote {STUB}")
