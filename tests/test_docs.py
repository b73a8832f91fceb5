"""What the documentation says: the files and functions it names exist, its links lead somewhere, its programs run."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pluggrad

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "plugins/*/*.md", "benchmarks/*.md", "examples/*.md")
    for page in ROOT.glob(pattern)
)
PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

#: Top-level folders: a word in backticks that starts with one of them is a path from the root.
FOLDERS = ("pluggrad/", "plugins/", "tests/", "docs/", "examples/", "benchmarks/", ".ci/")


def without_programs(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


# -- names -------------------------------------------------------------------------------------------


def named_places(text: str) -> Iterator[str]:
    """What a page names as ``path`` or ``path::name``."""
    for word in re.findall(r"`([^`\s]+)`", without_programs(text)):
        if word.startswith(FOLDERS):
            yield word


def defines(path: Path, name: str) -> bool:
    """Whether a Python file defines a name, which may be that of a method, ``Class.method``."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        for node in body:
            names = {getattr(node, "name", None)}
            if isinstance(node, ast.Assign):
                names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
            if part in names:
                body = getattr(node, "body", [])
                break
        else:
            return False
    return True


def problem_with(place: str) -> str | None:
    path, _, name = place.partition("::")
    if not (ROOT / path).exists():
        return f"{path} does not exist"
    if name and not defines(ROOT / path, name):
        return f"{path} does not define {name}"
    return None


@PAGE
def test_files_and_functions_that_a_page_names_exist(page: Path) -> None:
    problems = [p for p in map(problem_with, named_places(page.read_text(encoding="utf-8"))) if p]
    assert not problems


def test_the_architecture_page_names_the_way_of_a_call() -> None:
    """A check of the check: the page has its names in the form that is looked for."""
    places = set(named_places((ROOT / "docs/architecture.md").read_text(encoding="utf-8")))
    assert {"pluggrad/autograd/engine.py::run", "pluggrad/autograd/inplace.py::assign"} <= places
    assert problem_with("pluggrad/autograd/engine.py::sprint") == "pluggrad/autograd/engine.py does not define sprint"
    assert problem_with("pluggrad/warp.py") == "pluggrad/warp.py does not exist"
    assert problem_with("pluggrad/backends/manager.py::Plugins.register") is None


@PAGE
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", without_programs(page.read_text(encoding="utf-8")))
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not lost


@PAGE
def test_lines_of_text_are_short(page: Path) -> None:
    """Long enough for a table row or a command; a paragraph is broken into lines."""
    text = without_programs(page.read_text(encoding="utf-8"))
    assert not [line for line in text.splitlines() if len(line) > 120 and not line.lstrip().startswith(("|", "[", "!"))]


# -- programs ----------------------------------------------------------------------------------------


def programs(page: Path) -> list[tuple[int, str]]:
    """The Python blocks of a page, by number of line; a comment ``<!-- not run: why -->`` before it excepts one."""
    found = []
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^( *)```python\n(.*?)^\1```", text, flags=re.DOTALL | re.MULTILINE):
        before = text[: match.start()].rstrip().rpartition("\n")[2].strip()
        if not re.fullmatch(r"<!-- not run: .+ -->", before):
            line = text.count("\n", 0, match.start(2)) + 1
            found.append((line, textwrap.dedent(match.group(2))))
    return found


#: Runs the blocks of one page in one namespace, and gives what each line has printed.
RUNNER = """
import builtins, io, json, sys

page, blocks = json.load(sys.stdin)
printed, namespace = [], {"__name__": "__main__"}

def note(*args, **kwargs):
    text = io.StringIO()
    builtins.print(*args, **{**kwargs, "file": text})
    printed.append((sys._getframe(1).f_lineno, text.getvalue().rstrip("\\n")))

namespace["print"] = note
for line, source in blocks:
    exec(compile("\\n" * (line - 1) + source, page, "exec"), namespace)
builtins.print(json.dumps(printed))
"""


@pytest.mark.parametrize(
    "page", [page for page in PAGES if programs(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_programs_run_and_print_what_they_say(page: Path, tmp_path: Path) -> None:
    """``print(x)  # text`` says what is printed; blocks of one page go on from one another."""
    if any("import torch" in source for _, source in programs(page)):
        pytest.importorskip("torch")
        pytest.importorskip("pluggrad_torch")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUNNER],
        input=json.dumps((str(page), programs(page))),
        env=os.environ | {"PLUGGRAD_DEVICE": "cpu"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = dict(json.loads(done.stdout.splitlines()[-1]))
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        match = re.fullmatch(r" *print\(.*\)  # (.*)", line)
        if match and number in printed:
            assert printed[number] == match.group(1), f"{page.name}:{number}: {line.strip()}"


# -- the README's commands ---------------------------------------------------------------------------


def test_the_readme_has_two_commands_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m venv .*", readme, flags=re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("python -m pluggrad demo")
    assert commands[1].endswith("pytest")
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "grep '^python3 -m venv ' \"$root/README.md\"" in ci
    assert os.access(ROOT / ".ci/run", os.X_OK)


# -- docstrings --------------------------------------------------------------------------------------


def public() -> dict[str, Any]:
    """Public functions and classes by their full names."""
    found = {}
    for namespace in (pluggrad, pluggrad.autograd, pluggrad.backends, pluggrad.Tensor):
        for name in dir(namespace):
            member = inspect.getattr_static(namespace, name)
            if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                found[f"{getattr(namespace, '__name__', '')}.{name}"] = member
    return found


def test_all_that_is_public_has_a_docstring() -> None:
    bare = sorted(name for name, member in public().items() if not (member.__doc__ or "").strip())
    assert not bare
