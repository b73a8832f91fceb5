"""Types: the stub of the public namespace is complete, and a typed program runs."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pluggrad

ROOT = Path(__file__).parents[1]


def test_the_stub_is_up_to_date() -> None:
    """Made in a new interpreter: tests may have declared functions in this one."""
    code = f"import runpy; print(runpy.run_path({str(ROOT / 'tools/write_stub.py')!r})['text'](), end='')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    stub = (ROOT / "pluggrad/__init__.pyi").read_text(encoding="utf-8")
    assert stub == done.stdout, "run python tools/write_stub.py"


def test_the_stub_names_what_there_is() -> None:
    stub = (ROOT / "pluggrad/__init__.pyi").read_text(encoding="utf-8")
    assert "from .ops.arithmetic import multiply as multiply\n" in stub
    assert "from .dtypes import float32 as float32\n" in stub


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(pluggrad.__file__).parent / "py.typed").exists()


def test_a_typed_program_runs() -> None:
    """mypy checks its types (see pyproject.toml)."""
    end = runpy.run_path(str(ROOT / "tests/typed_program.py"))
    assert end["x"].grad.tolist() == [2.0, 4.0]
