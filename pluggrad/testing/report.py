"""The report of a conformance run: what passes, what the backend lacks, how long it took; as text, JSON and a badge."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: Changes when a reader of the JSON file would have to.
FORMAT = 1
_MOST_SHOWN = 40


class Results:
    """The outcomes of the tests of the suite, by device."""

    def __init__(self) -> None:
        self._tests: dict[str, dict[str, dict[str, Any]]] = {}  # device -> test -> outcome

    def note(self, report: pytest.TestReport, place: dict[str, Any]) -> None:
        """Add one phase (setup, call, teardown) of a test; ``place`` is its device, chapter and function."""
        tests = self._tests.setdefault(place["device"], {})
        test = tests.setdefault(
            report.nodeid,
            {"test": place["test"], "chapter": place["chapter"], "function": place.get("function"), "outcome": "passed",
             "seconds": 0.0, "message": ""},
        )  # fmt: skip
        test["seconds"] += report.duration
        if report.failed:
            test["outcome"], test["message"] = "failed", _message(report)
        elif report.skipped and test["outcome"] == "passed":
            test["outcome"], test["message"] = "lacking", _reason(report)

    def reports(self) -> list[dict[str, Any]]:
        """One report for each device: a dict of what JSON knows."""
        return [_report(device, list(tests.values())) for device, tests in self._tests.items()]

    def write(self, path: str) -> None:
        """Write all reports to a JSON file, beside it first and then renamed into place."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        beside.write_text(json.dumps({"format": FORMAT, "reports": self.reports()}, indent=1) + "\n", encoding="utf-8")
        beside.replace(target)

    @staticmethod
    def text(report: dict[str, Any]) -> list[str]:
        """The lines of a report."""
        return list(_lines(report))


def describe(device: str) -> dict[str, Any]:
    """What is known of the backend of a device: names, versions, devices, data types."""
    from .. import __version__
    from ..backends import plugins

    about: dict[str, Any] = {
        "pluggrad": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }
    try:
        loaded = plugins.backend(device)
    except Exception as error:  # whatever a plugin raises: the report is of a backend that does not load
        return about | {"error": f"{type(error).__name__}: {error}"}
    namespace = loaded.namespace
    package = next(
        (p.dist for p in importlib.metadata.entry_points(group="pluggrad", name=loaded.plugin) if p.dist is not None),
        None,
    )
    return about | {
        "backend": loaded.name,
        "plugin": loaded.plugin,
        "package": None if package is None else f"{package.name} {package.version}",
        "namespace": f"{getattr(namespace, '__name__', namespace)} {getattr(namespace, '__version__', '')}".strip(),
        "devices": [str(d) for d in loaded.devices],
        "dtypes": [d.name for d in loaded.dtypes],
    }


def badge(report: dict[str, Any]) -> str:
    """A line of Markdown that shows the outcome as a badge.

    >>> badge({"passed": 12, "failed": 0, "about": {"backend": "my-lib"}})
    '![pluggrad conformance](https://img.shields.io/badge/pluggrad_conformance-my--lib:_12_passed-brightgreen)'
    """
    passed, failed = report["passed"], report["failed"]
    name = report["about"].get("backend", report.get("device"))
    if "error" in report["about"]:
        message, color = f"{name}: does not load", "red"
    elif failed:
        message, color = f"{name}: {failed} of {passed + failed} failed", "red"
    else:
        message, color = f"{name}: {passed} passed", "brightgreen"
    address = f"https://img.shields.io/badge/{_escape('pluggrad conformance')}-{_escape(message)}-{color}"
    return f"![pluggrad conformance]({address})"


def _escape(text: str) -> str:
    """As shields.io asks: a dash is written twice, an underscore, too, and a space as an underscore."""
    return urllib.parse.quote(text.replace("-", "--").replace("_", "__").replace(" ", "_"), safe="_-:.")


def _report(device: str, tests: list[dict[str, Any]]) -> dict[str, Any]:
    chapters: dict[str, dict[str, Any]] = {}
    functions: dict[str, dict[str, int]] = {}
    lacks: dict[str, int] = {}
    for test in tests:
        chapter = chapters.setdefault(test["chapter"], {"passed": 0, "failed": 0, "lacking": 0, "seconds": 0.0})
        chapter[test["outcome"]] += 1
        chapter["seconds"] += test["seconds"]
        if test["function"]:
            counts = functions.setdefault(test["function"], {"passed": 0, "failed": 0, "lacking": 0})
            counts[test["outcome"]] += 1
        if test["outcome"] == "lacking":
            lacks[test["message"]] = lacks.get(test["message"], 0) + 1
    for chapter in chapters.values():
        chapter["seconds"] = round(chapter["seconds"], 2)
    report: dict[str, Any] = {
        "device": device,
        "about": describe(device),
        **{outcome: sum(c[outcome] for c in chapters.values()) for outcome in ("passed", "failed", "lacking")},
        "seconds": round(sum(c["seconds"] for c in chapters.values()), 2),
        "chapters": chapters,
        "functions": dict(sorted(functions.items())),
        "failures": [
            {k: t[k] for k in ("test", "chapter", "function", "message")} for t in tests if t["outcome"] == "failed"
        ],
        "lacks": [{"what": what, "tests": count} for what, count in sorted(lacks.items())],
    }
    return report | {"badge": badge(report)}


def _lines(report: dict[str, Any]) -> Iterator[str]:
    about = report["about"]
    if "error" in about:
        yield f"the backend does not load: {about['error']}"
    else:
        source = about["package"] or "of this process"
        yield f"backend {about['backend']!r} of plugin {about['plugin']!r} ({source}) over {about['namespace']}"
        yield f"devices: {', '.join(about['devices'])}"
        yield f"data types: {', '.join(about['dtypes'])}"
    yield f"pluggrad {about['pluggrad']}, Python {about['python']}, {about['platform']}"
    yield ""
    width = max(map(len, report["chapters"]), default=0)
    total = {k: report[k] for k in ("passed", "failed", "lacking", "seconds")}
    for title, counts in (*report["chapters"].items(), ("in all", total)):
        cells = [f"{counts[k]:>6} {k}" if counts[k] else " " * (7 + len(k)) for k in ("passed", "failed", "lacking")]
        yield f"  {title:<{width}}{''.join(cells)}{counts['seconds']:>9.1f} s"
    if report["failures"]:
        yield ""
        yield "What fails:"
        for failure in report["failures"][:_MOST_SHOWN]:
            yield f"  {failure['test']}: {failure['message']}"
        if len(report["failures"]) > _MOST_SHOWN:
            yield f"  ... and {len(report['failures']) - _MOST_SHOWN} more"
    if report["lacks"]:
        yield ""
        yield "What the backend lacks (and need not have):"
        for what, count in _grouped(report["lacks"]):
            yield f"  {what}" + (f" ({count} tests)" if count > 1 else "")
    yield ""
    yield "A badge for a README:"
    yield f"  {report['badge']}"


def _grouped(lacks: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    """What is lacking and in how many tests; "float16 in svd" and "float16 in qr" as one."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for lack in lacks:
        groups.setdefault(lack["what"].partition(" in ")[0], []).append(lack)
    for head, members in groups.items():
        count = sum(lack["tests"] for lack in members)
        places = [lack["what"].partition(" in ")[2] for lack in members]
        yield (f"{head} in {', '.join(places)}" if all(places) else members[0]["what"]), count


def _message(report: pytest.TestReport) -> str:
    """The error of a failed test in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return text.strip().partition("\n")[0][:300]


def _reason(report: pytest.TestReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")
