"""The table of counts in docs/conformance.md."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PATH = Path(__file__).parents[2] / "tools" / "conformance_counts.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("conformance_counts", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(device: str, failed: int) -> dict[str, Any]:
    counts = {"passed": 5, "failed": failed, "lacking": 1, "seconds": 3.4}
    return {"device": device, "about": {"namespace": "numpy 2"}} | counts


def test_rows_are_written_and_replaced(tool: ModuleType) -> None:
    text = f"above\n{tool.BEGIN}\n{tool.END}\nbelow\n"
    text = tool.with_rows(text, [tool.row(report("strict", 0)), tool.row(report("cpu", 0))])
    text = tool.with_rows(text, [tool.row(report("cpu", 2))])
    lines = text.splitlines()
    assert lines[0] == "above"
    assert lines[-1] == "below"
    assert lines[4:6] == ["| cpu | numpy 2 | 5 | 2 | 1 | 3 s |", "| strict | numpy 2 | 5 | 0 | 1 | 3 s |"]
    assert lines[1:4] == [tool.BEGIN, *tool.HEAD]


def test_the_page_has_a_row_for_each_backend_here(tool: ModuleType) -> None:
    """And none of them has a failure."""
    text = tool.PAGE.read_text(encoding="utf-8")
    table = text[text.index(tool.BEGIN) : text.index(tool.END)]
    rows = {line.split("|")[1].strip(): line.split("|")[4].strip() for line in table.splitlines()[3:]}
    assert {"cpu", "strict"} <= set(rows)
    assert set(rows.values()) == {"0"}
