"""Runs pytest with CuPy simulated on NumPy: ``python plugins/cupy_backend/tests/simulated.py [pytest's arguments]``.

A process of its own: the simulation takes CuPy's place for good. Its first line says what it is.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import simulation

#: Tests that look at a process of their own, in which nothing is simulated.
ELSEWHERE = (
    "test_looking_around_imports_no_library", "test_code_is_written_at_the_first_call",
    "test_a_process_killed_at_any_moment_leaves_a_whole_file",
)  # fmt: skip


class Simulated:
    """Says in pytest's header, too, that this is no GPU."""

    def __init__(self, line: str) -> None:
        self.line = line

    def pytest_report_header(self) -> str:
        return self.line

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [i for i in items if i.name.partition("[")[0] not in ELSEWHERE]


if __name__ == "__main__":
    banner = simulation.install()
    print(banner, flush=True)
    sys.exit(pytest.main(sys.argv[1:], plugins=[Simulated(banner)]))
