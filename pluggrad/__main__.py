"""The command line: ``python -m pluggrad COMMAND``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

#: Each command is a module of pluggrad.commands with ``add_arguments(parser)`` and ``run(options) -> int``.
COMMANDS = {
    "demo": "train a small convolutional network on handwritten digits",
    "info": "print versions, backends and devices, and why a backend is not usable",
    "conformance": "check that a backend does what pluggrad asks of it",
    "new-backend": "write a plugin package for an array library",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m pluggrad", description="pluggrad's commands")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    given = list(sys.argv[1:] if arguments is None else arguments)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name in given[:1]:  # the others are not imported
            module = import_module(f".commands.{name.replace('-', '_')}", __package__)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    options = parser.parse_args(given)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
