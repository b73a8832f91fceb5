"""Running the conformance suite: what ``python -m pluggrad conformance`` does, as a function."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

SUITE = "pluggrad.testing.conformance"


def run_conformance(
    devices: Sequence[str],
    *,
    functions: str | None = None,
    report: str | None = None,
    arguments: Sequence[str] = (),
) -> int:
    """Run the conformance suite in this process, and print its report.

    Parameters
    ----------
    devices : names of the devices whose backends are checked; all other devices of these backends take part
    functions : names or patterns, separated by commas: check these functions only
    report : file to which the report is written as JSON
    arguments : further arguments of pytest, such as ``["-x"]``

    Returns
    -------
    int, pytest's exit status: 0 if all tests passed

    Raises
    ------
    ImportError : pytest is not installed
    """
    if importlib.util.find_spec("pytest") is None:
        raise ImportError("the conformance suite runs under pytest, which is not installed; pip install pytest")
    import pytest

    # A configuration of its own and no options from outside, so that it runs alike anywhere; the plugin by name,
    # so that it is there where pytest is told to load none by itself.
    settings = Path(__file__).parent / "conformance" / "pytest.ini"
    command = ["-q", "-c", str(settings), "-p", "_pluggrad_pytest", "--pyargs", SUITE]
    command += [f"--pluggrad-device={device}" for device in devices]
    if functions is not None:
        command.append(f"--pluggrad-functions={functions}")
    if report is not None:
        command.append(f"--pluggrad-report={report}")
    options = os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        return int(pytest.main([*command, *arguments]))
    finally:
        if options is not None:
            os.environ["PYTEST_ADDOPTS"] = options
