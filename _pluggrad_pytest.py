"""pluggrad's pytest plugin: the options of the conformance suite, and its report.

    pytest --pluggrad-device=NAME --pyargs pluggrad.testing.conformance

pytest finds it by its entry point, in every environment that has pluggrad. It stands beside the package, not in it, so
that pytest imports pluggrad only where the suite runs: importing a module of a package imports the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pluggrad.testing.report import Results

#: Under this name each test of the suite carries its place in the report, as one of its user properties.
PROPERTY = "pluggrad_conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("pluggrad", "conformance of pluggrad's backends")
    group.addoption(
        "--pluggrad-device",
        action="append",
        dest="pluggrad_devices",
        metavar="NAME",
        help="the device whose backend the conformance suite checks, such as strict or cuda:1; may come several times",
    )
    group.addoption(
        "--pluggrad-functions",
        metavar="NAMES",
        help="check these functions only: names or patterns such as 'conv*', separated by commas",
    )
    group.addoption(
        "--pluggrad-report", metavar="FILE", help="write the report of the conformance suite to FILE, as JSON"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start a report, which stays empty unless the suite runs."""
    config.pluginmanager.register(Reporter(config), "pluggrad-conformance-report")


class Reporter:
    """Gathers the outcome of each test of the suite, and reports at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.results: Results | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of one test."""
        for key, value in report.user_properties:
            if key == PROPERTY:
                if self.results is None:
                    from pluggrad.testing.report import Results

                    self.results = Results()
                self.results.note(report, value)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the reports, one for each device, and write them to the file that was asked for."""
        if self.results is None:
            return
        for report in self.results.reports():
            terminalreporter.section(f"pluggrad conformance of device {report['device']!r}")
            for line in self.results.text(report):
                terminalreporter.line(line)
        path = self.config.getoption("pluggrad_report")
        if path:
            self.results.write(path)
            terminalreporter.line(f"\nthe report as JSON: {path}")
