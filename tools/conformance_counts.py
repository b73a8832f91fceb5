"""Runs the conformance suite on backends, and writes the counts into the table of docs/conformance.md.

python tools/conformance_counts.py cpu strict torch

Rows of other devices are kept. The exit status is 1 if anything failed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conformance.md"
BEGIN, END = "<!-- conformance suite: begin -->", "<!-- conformance suite: end -->"
HEAD = [
    "| device | over | passed | failed | lacking | time |",
    "| --- | --- | --: | --: | --: | --: |",
]


def run(device: str) -> dict[str, Any]:
    """The report of one device, from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pluggrad", "conformance", "--device", device, "--json", str(file)]
        subprocess.run(command, check=False)
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["reports"][0]
        return report


def row(report: dict[str, Any]) -> str:
    """A row of the table."""
    about = report["about"]
    counts = " | ".join(str(report[k]) for k in ("passed", "failed", "lacking"))
    return (
        f"| {report['device']} | {about.get('namespace', about.get('error'))} | {counts} | {report['seconds']:.0f} s |"
    )


def with_rows(text: str, rows: list[str]) -> str:
    """The page with rows in its table, in place of those of the same devices."""
    before, table, after = re.split(f"{re.escape(BEGIN)}|{re.escape(END)}", text)
    new = {r.split("|")[1].strip(): r for r in rows}
    old = {line.split("|")[1].strip(): line for line in table.splitlines() if line.startswith("| ")}
    for heading in ("device", "---"):
        old.pop(heading, None)
    body = [r for _, r in sorted((old | new).items())]
    return before + "\n".join([BEGIN, *HEAD, *body, END]) + after


def main() -> int:
    """Run as the command line says."""
    devices = sys.argv[1:] or ["cpu", "strict"]
    reports = [run(device) for device in devices]
    PAGE.write_text(with_rows(PAGE.read_text(encoding="utf-8"), [row(r) for r in reports]), encoding="utf-8")
    return int(any(r["failed"] or "error" in r["about"] for r in reports))


if __name__ == "__main__":
    sys.exit(main())
