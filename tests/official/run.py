"""Run the official array API test suite on pluggrad and count.

    git clone --recurse-submodules https://github.com/data-apis/array-api-tests
    pip install -r array-api-tests/requirements.txt
    ARRAY_API_TESTS_DIR=array-api-tests python tests/official/run.py --max-examples 200 --seed 0

The suite is looked for in ``$ARRAY_API_TESTS_DIR``, else in ``pluggrad/array-api-tests`` in the user's cache folder.
With ``--update`` the counts are written into the table of docs/conformance.md.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "conformance.md"
BEGIN, END = "<!-- official suite: begin -->", "<!-- official suite: end -->"


@dataclass
class Result:
    """The counts of one run, and the names of the cases that failed."""

    device: str
    max_examples: int
    seed: int
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    xfailed: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    output: str = ""

    def row(self) -> str:
        """A row of the table in docs/conformance.md."""
        counts = (self.max_examples, self.seed, self.passed, self.failed, self.xfailed, self.skipped)
        return f"| {self.device} | {' | '.join(map(str, counts))} |"


def suite_dir() -> Path | None:
    """Where the suite is, None if nowhere."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for place in (os.environ.get("ARRAY_API_TESTS_DIR"), cache / "pluggrad" / "array-api-tests"):
        if place and (Path(place) / "array_api_tests").is_dir():
            return Path(place).resolve()
    return None


def deselected() -> list[str]:
    """The single cases that docs/conformance.md deselects: its lines that start with 'array_api_tests/'."""
    if not PAGE.exists():
        return []
    return [
        line.strip() for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("array_api_tests/")
    ]


def run(
    directory: Path, device: str, max_examples: int, seed: int, workers: int = 0, tests: list[str] | None = None
) -> Result:
    """Run the suite in a process of its own."""
    command = [
        sys.executable, "-m", "pytest", *(tests or ["array_api_tests"]), "-q", "-p", "no:cacheprovider", "-rf",
        f"--max-examples={max_examples}", f"--hypothesis-seed={seed}",
        "--disable-deadline",  # how long an example takes on a busy machine says nothing of the standard
        *(f"--deselect={case}" for case in deselected()), *(["-n", str(workers)] if workers else []),
    ]  # fmt: skip
    environment = {
        **os.environ,
        "ARRAY_API_TESTS_MODULE": "pluggrad",
        "ARRAY_API_TESTS_VERSION": "2025.12",
        "PLUGGRAD_DEVICE": device,
    }
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    result = Result(device, max_examples, seed, output=done.stdout + done.stderr)
    last = next(
        (line for line in reversed(done.stdout.splitlines()) if re.search(r"\d+ passed|\d+ failed|\d+ error", line)), ""
    )
    for count, what in re.findall(r"(\d+) (passed|failed|skipped|xfailed|errors?)", last):
        name = "failed" if what.startswith("error") else what
        setattr(result, name, getattr(result, name) + int(count))
    seconds = re.search(r"in ([\d.]+)s", last)
    result.seconds = float(seconds[1]) if seconds else 0.0
    result.failures = re.findall(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", done.stdout, re.MULTILINE)
    if not result.passed and not result.failed:
        raise RuntimeError(f"the suite did not run:\n{result.output[-3000:]}")
    return result


def update_page(results: list[Result]) -> None:
    """Put the counts into docs/conformance.md, in place of those of the same devices."""
    text = PAGE.read_text(encoding="utf-8")
    before, table, after = re.split(f"{re.escape(BEGIN)}|{re.escape(END)}", text)
    devices = {r.device for r in results}
    kept = [
        line
        for line in table.splitlines()
        if line.startswith("| ") and line.split("|")[1].strip() not in {*devices, "device", "---"}
    ]
    head = [
        "| device | examples | seed | passed | failed | expected to fail | skipped |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    table = "\n".join(["", *head, *sorted({*kept, *(r.row() for r in results)}), ""])
    PAGE.write_text(before + BEGIN + table + END + after, encoding="utf-8")


def main() -> int:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", nargs="*", help="files or cases of the suite; default: all")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--max-examples", type=int, default=20)
    parser.add_argument("--seed", type=int, action="append", help="may be given several times; default: 0")
    parser.add_argument("--workers", type=int, default=0, help="processes (needs pytest-xdist)")
    parser.add_argument("--update", action="store_true", help="write the counts into docs/conformance.md")
    arguments = parser.parse_args()
    directory = suite_dir()
    if directory is None:
        print(
            "the official suite is not on this machine; see the top of tests/official/run.py for how to get it",
            file=sys.stderr,
        )
        return 2
    results = []
    for seed in arguments.seed or [0]:
        result = run(directory, arguments.device, arguments.max_examples, seed, arguments.workers, arguments.tests)
        print(f"{result.device}, {result.max_examples} examples, seed {result.seed}: {result.passed} passed, "
              f"{result.failed} failed, {result.xfailed} expected to fail, {result.skipped} skipped, "
              f"{result.seconds:.0f} s")  # fmt: skip
        for case in result.failures:
            print("  ", case)
        results.append(result)
    if arguments.update:
        update_page(results)
    return int(any(r.failed for r in results))


if __name__ == "__main__":
    sys.exit(main())
