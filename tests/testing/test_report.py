"""The report: counts, text, JSON and the badge."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pluggrad.testing.report import Results, badge


def phase(nodeid: str, outcome: str = "passed", *, longrepr: Any = None, duration: float = 0.5) -> Any:
    """One phase of a test, as pytest reports it."""
    return SimpleNamespace(
        nodeid=nodeid, duration=duration, longrepr=longrepr, failed=outcome == "failed", skipped=outcome == "skipped"
    )


def place(test: str, chapter: str = "Functions", device: str = "cpu", function: str | None = None) -> dict[str, Any]:
    return {"device": device, "chapter": chapter, "test": test, "function": function}


@pytest.fixture
def results() -> Results:
    results = Results()
    for when in ("setup", "call", "teardown"):
        results.note(phase(f"a-{when}"[:1], duration=0.25), place("test_a", function="exp"))
    results.note(phase("b", "failed", longrepr="E   ValueError: no\nmore"), place("test_b", "Views", function="exp"))
    results.note(phase("c", "skipped", longrepr=("file", 1, "Skipped: a second device")), place("test_c"))
    results.note(phase("d", "skipped", longrepr=("file", 1, "Skipped: a second device")), place("test_d"))
    results.note(phase("a"), place("test_a", device="no-such-device"))
    return results


def test_counts(results: Results) -> None:
    report, other = results.reports()
    assert (report["device"], other["device"]) == ("cpu", "no-such-device")
    assert (report["passed"], report["failed"], report["lacking"]) == (1, 1, 2)
    assert report["chapters"]["Functions"] == {"passed": 1, "failed": 0, "lacking": 2, "seconds": 1.75}
    assert report["functions"] == {"exp": {"passed": 1, "failed": 1, "lacking": 0}}
    assert report["lacks"] == [{"what": "a second device", "tests": 2}]
    assert report["failures"] == [
        {"test": "test_b", "chapter": "Views", "function": "exp", "message": "E   ValueError: no"}
    ]


def test_a_failure_in_teardown_counts() -> None:
    results = Results()
    results.note(phase("a"), place("test_a"))
    results.note(phase("a", "failed", longrepr="E   OSError"), place("test_a"))
    (report,) = results.reports()
    assert (report["passed"], report["failed"]) == (0, 1)


def test_text(results: Results) -> None:
    report, other = results.reports()
    text = "\n".join(Results.text(report))
    assert "backend 'numpy' of plugin 'numpy' (pluggrad-numpy" in text
    assert "  test_b: E   ValueError: no" in text
    assert "  a second device (2 tests)" in text
    assert report["badge"] in text
    assert "the backend does not load: DeviceError: no backend has the device 'no-such-device'" in "\n".join(
        Results.text(other)
    )


def test_json(results: Results, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "report.json"
    results.write(str(file))
    read = json.loads(file.read_text())
    assert read["format"] == 1
    assert read["reports"] == results.reports()
    assert [p.name for p in file.parent.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("about", "failed", "expected"),
    [
        ({"backend": "my-lib_2"}, 0, "my--lib__2:_12_passed-brightgreen"),
        ({"backend": "a b"}, 3, "a_b:_3_of_15_failed-red"),
        ({"error": "DeviceError: no"}, 0, "cpu:_does_not_load-red"),
        ({"backend": "ü/?"}, 0, "%C3%BC%2F%3F:_12_passed-brightgreen"),
    ],
)
def test_badge(about: dict[str, str], failed: int, expected: str) -> None:
    line = badge({"device": "cpu", "about": about, "passed": 12, "failed": failed})
    assert line == f"![pluggrad conformance](https://img.shields.io/badge/pluggrad_conformance-{expected})"
