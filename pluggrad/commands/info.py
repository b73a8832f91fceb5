"""``python -m pluggrad info``: versions, backends and devices, and for each backend that is not usable why."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform

from ..backends import plugins
from ..device import get_default_device
from ..errors import BackendError, PluginError

#: What a report of a mistake should tell the version of, where it is installed.
DISTRIBUTIONS = (
    "pluggrad", "pluggrad-numpy", "pluggrad-strict", "pluggrad-torch", "pluggrad-cupy", "array-api-compat", "pluggy",
    "numpy", "array-api-strict", "torch",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options: none."""


def versions() -> dict[str, str]:
    """The versions of what is installed, by distribution."""
    found = {"Python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def devices_of(device_type: str) -> str:
    """The devices of a backend, or why it did not load."""
    try:
        return ", ".join(map(str, plugins.backend(device_type).devices))
    except (BackendError, PluginError) as error:
        return f"not usable: {error}"


def run(options: argparse.Namespace) -> int:
    """Print the report."""
    lines = [f"{name:18s} {version}" for name, version in versions().items()]
    lines += [
        f"{'platform':18s} {platform.platform()}",
        f"{'default device':18s} {get_default_device()}",
        "",
        "backends",
    ]
    for status in plugins.status():
        if status.reason is not None or status.device_type is None:
            lines.append(f"  {status.name} (plugin {status.plugin!r}): not usable: {status.reason}")
        else:
            lines.append(f"  {status.name} (plugin {status.plugin!r}): {devices_of(status.device_type)}")
    print("\n".join(lines))  # noqa: T201
    return 0
