"""``python -m pluggrad conformance``: whether a backend does what pluggrad asks of it."""

from __future__ import annotations

import argparse
import sys

from ..device import get_default_device
from ..testing import run_conformance


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--device",
        action="append",
        metavar="NAME",
        help="the device whose backend is checked, such as strict or cuda:1; may be given several times; "
        "default: the default device",
    )
    parser.add_argument(
        "--functions", metavar="NAMES", help="check these functions only: names or patterns, separated by commas"
    )
    parser.add_argument("--json", metavar="FILE", help="write the report to FILE, too, as JSON")
    parser.add_argument(
        "--first", action="store_true", help="stop at the first failure, and show it with all that led there"
    )


def run(options: argparse.Namespace) -> int:
    """Run the suite; 0 if all passed."""
    devices = options.device or [str(get_default_device())]
    arguments = ["-x", "--tb=long"] if options.first else ["--tb=short"]
    try:
        return run_conformance(devices, functions=options.functions, report=options.json, arguments=arguments)
    except ImportError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
