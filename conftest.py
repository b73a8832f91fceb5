"""For doctests: pytest must find pluggrad's modules imported, and must not look into plugins that are not installed.

Were they not imported, it would import one of them a second time, and declare its functions twice.
"""

import importlib.util
from pathlib import Path

import pytest

import pluggrad.nn  # noqa: F401  (nn is imported when it is first used)


def _is_installed(plugin: Path) -> bool:
    packages = [path.parent.name for path in plugin.glob("*/plugin.py")]
    libraries = {"pluggrad_torch": "torch", "pluggrad_cupy": "cupy", "pluggrad_numba": "numba"}
    return all(importlib.util.find_spec(name) for p in packages for name in (p, libraries.get(p, p)))


collect_ignore = [str(p) for p in Path(__file__).parent.glob("plugins/*") if p.is_dir() and not _is_installed(p)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what :mod:`pluggrad.torch` takes over: its functions have the docstrings of pluggrad's own."""
    namespace = Path(__file__).parent / "pluggrad/torch/__init__.py"
    items[:] = [item for item in items if item.path != namespace or item.name == "pluggrad.torch"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so if the tests of a plugin that anyone could run were left out: CuPy's, which need no GPU, and Numba's."""
    if importlib.util.find_spec("cupy") is None or importlib.util.find_spec("pluggrad_cupy") is None:
        terminalreporter.section("CuPy is not installed", sep="!", yellow=True, bold=True)
        terminalreporter.line(
            "The tests of the CuPy plugin were LEFT OUT; they need no GPU. To run them: "
            "pip install -e '.[cupy-test]' -e ./plugins/cupy_backend && pytest plugins/cupy_backend",
            yellow=True,
            bold=True,
        )
    if importlib.util.find_spec("numba") is None or importlib.util.find_spec("pluggrad_numba") is None:
        terminalreporter.section("The compiled kernels are not installed", sep="!", yellow=True, bold=True)
        terminalreporter.line(
            "Their tests were LEFT OUT. To run them: "
            "pip install -e ./plugins/numba_kernels && pytest plugins/numba_kernels",
            yellow=True,
            bold=True,
        )
