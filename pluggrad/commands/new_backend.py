"""``python -m pluggrad new-backend NAME``: a plugin package for an array library, ready to install and to test."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.resources
import re
import sys
from pathlib import Path
from string import Template

from .. import __version__
from ..backends import status
from ..errors import PluginError

#: The files of a package, by their path in it ($package stands for the Python package), and their templates.
FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".github/workflows/tests.yml": "ci.yml",
    "$package/__init__.py": "init.py",
    "$package/plugin.py": "plugin.py",
    "$package/backend.py": "backend.py",
    "tests/test_plugin.py": "test_plugin.py",
    "tests/test_conformance.py": "test_conformance.py",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("name", metavar="NAME", help="the backend's name, which its devices have, too: mylib")
    parser.add_argument("--library", metavar="PKG", help="the library's module with the array API; default: NAME")
    parser.add_argument(
        "--requires", metavar="DIST", help="the library's package, as pip knows it; default: found out, or PKG"
    )
    parser.add_argument(
        "--out", metavar="DIR", default=".", help="where to write the folder pluggrad-NAME; default: here"
    )


def run(options: argparse.Namespace) -> int:
    """Write the package, and say what to do with it."""
    try:
        folder = generate(options.name, library=options.library, requirement=options.requires, out=options.out)
    except (FileExistsError, PluginError, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    lines = (
        f"wrote {folder}",
        "next:",
        f"  cd {folder}",
        '  pip install -e ".[test]"',
        "  pytest",
        f"  python -m pluggrad conformance --device {options.name}",
    )
    print("\n".join(lines))  # noqa: T201
    return 0


def generate(name: str, *, library: str | None = None, requirement: str | None = None, out: str | Path = ".") -> Path:
    """Write a plugin package for an array library into a new folder.

    Parameters
    ----------
    name : of the backend and of its devices: lower-case letters, digits, dashes
    library : the full name of the module with the array API; default: ``name``
    requirement : the name of the library's package for pip; default: the one that is installed here, or ``library``
    out : the folder in which ``pluggrad-<name>`` is made

    Returns
    -------
    Path, of the new folder

    Raises
    ------
    ValueError : a name that no device can have
    PluginError : a plugin that is installed has the name already
    FileExistsError : the folder exists
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise ValueError(
            f"new-backend: a name is lower-case letters, digits and single dashes, such as 'mylib', got {name!r}"
        )
    library = library or name.replace("-", "_")
    if not all(part.isidentifier() for part in library.split(".")):
        raise ValueError(
            f"new-backend: --library must name a Python module, such as 'array_api_strict', got {library!r}"
        )
    for known in status():
        if name in (known.name, known.device_type):
            raise PluginError(
                f"new-backend: the plugin {known.plugin!r}, which is installed, has the name {name!r} already"
            )
    folder = Path(out) / f"pluggrad-{name}"
    if folder.exists():
        raise FileExistsError(f"new-backend: {folder} exists already; choose another name or another --out")
    top = library.partition(".")[0]
    values = {
        "name": name,
        "package": f"pluggrad_{name.replace('-', '_')}",
        "distribution": f"pluggrad-{name}",
        "library": library,
        "top": top,
        "requirement": requirement or _distribution(top),
        "version": ".".join(__version__.split(".")[:2]),
        "array_types": _array_types(library),
    }
    templates = importlib.resources.files("pluggrad.testing") / "plugin_template"
    for path, template in FILES.items():
        text = Template((templates / f"{template}.template").read_text(encoding="utf-8")).substitute(values)
        target = folder / Template(path).substitute(values)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder


def _distribution(top: str) -> str:
    """The package that brings a module, if it is installed; else the module's name."""
    found = importlib.metadata.packages_distributions().get(top)
    return found[0] if found else top.replace("_", "-")


def _array_types(library: str) -> str:
    """The line of the description that names the class of the library's arrays, by which ``asarray`` knows them."""
    try:
        namespace = importlib.import_module(library)
        cls = type(namespace.zeros(1))
    except Exception as error:  # a library that is not here, or fails in its own way: its author knows the name
        why = f"{type(error).__name__} when it was asked for its class".replace("\n", " ")
        return (
            f"            # Full names of the classes of its arrays, by which pluggrad.asarray knows them ({why}):\n"
            f'            # "array_types": ("{library}.Array",),'
        )
    return f'            "array_types": ("{cls.__module__}.{cls.__qualname__}",),'
