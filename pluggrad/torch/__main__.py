"""Runs a program written for PyTorch, unchanged, on pluggrad: ``python -m pluggrad.torch script.py arguments``.

As with ``python`` itself, ``-m module`` runs a module and ``-c code`` a command.
"""

from __future__ import annotations

import io
import os
import runpy
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from . import child
from .installation import install

USAGE = """usage: python -m pluggrad.torch [script.py | -m module | -c code] [arguments]

Runs a program that imports torch, with torch and its submodules taken from pluggrad."""


def main(arguments: Sequence[str]) -> int:
    """Run a program as Python would; the exit status if there is none to run."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE)  # noqa: T201
        return 0 if arguments else 2
    install()
    first, *rest = arguments
    if first == "-m":
        if not rest:
            print(USAGE)  # noqa: T201
            return 2
        sys.argv = list(rest)
        sys.path[0] = str(Path.cwd())
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 (it is what the user asks for)
    else:
        if not Path(first).is_file():
            print(f"python -m pluggrad.torch: there is no file {first!r}")  # noqa: T201
            return 2
        sys.argv = [first, *rest]
        sys.path[0] = str(Path(first).resolve().parent)
        run_script(Path(first))
    return 0


def run_script(path: Path) -> None:
    """Run a file as the main module, also of the processes that it starts: see :mod:`.child`."""
    os.environ[child.SCRIPT] = str(path.resolve())
    module = ModuleType("__main__")
    module.__file__ = str(path)
    module.__spec__ = find_spec(child.__name__)
    sys.modules["__main__"] = module
    with io.open_code(str(path)) as file:
        code = compile(file.read(), str(path), "exec")
    exec(code, vars(module))  # noqa: S102 (it is what the user asks for)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
