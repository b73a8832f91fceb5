"""What all tests share: the device under test, repeatable examples, and a loud word when PyTorch is missing."""

from __future__ import annotations

import ast
import functools
import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")  # before anybody imports Matplotlib: no test opens a window

# Repeatable, so that a red build is red again on the next machine. To search for new examples:
# HYPOTHESIS_PROFILE=search pytest
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50, database=None)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", help="the default device of the tests, such as strict; default: cpu")


def pytest_configure(config: pytest.Config) -> None:
    device = config.getoption("--device")
    if device:
        os.environ["PLUGGRAD_DEVICE"] = device  # before any tensor is made, and for subprocesses, too


def pytest_report_header(config: pytest.Config) -> str:
    import pluggrad

    return f"pluggrad {pluggrad.__version__}, default device {pluggrad.get_default_device()}"


@pytest.fixture(autouse=True)
def defaults() -> Iterator[None]:
    """Whatever a test sets for the whole process is set back behind it."""
    import pluggrad

    dtype = pluggrad.get_default_dtype()
    yield
    pluggrad.set_default_dtype(dtype)
    pluggrad.set_default_device(None)


@pytest.fixture
def float16() -> None:
    """For tests in half precision, which not every backend has."""
    import pluggrad

    try:
        pluggrad.zeros(1, dtype=pluggrad.float16)
    except TypeError:
        pytest.skip("the backend under test has no float16")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """No doctests are looked for in what tests share: importing it may need what is not installed."""
    path = collection_path
    shared = path.suffix == ".py" and not path.name.startswith(("test_", "conftest", "__init__"))
    return True if shared else None


# -- comparisons with PyTorch ----------------------------------------------------------------------


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    other = config.getoption("--device")
    for item in items:
        if _compares_with_torch(item):
            item.add_marker("torch")
        if other and (item.get_closest_marker("cpu") or isinstance(item, pytest.DoctestItem)):
            item.add_marker(pytest.mark.skip(reason=f"about the device cpu, not {other}"))


def _compares_with_torch(item: pytest.Item) -> bool:
    """Whether a test may need PyTorch: its file asks for it, or a fixture of it does."""
    named = getattr(getattr(item, "module", None), "torch", None)
    fixtures = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return (
        (isinstance(named, ModuleType) and named.__name__ == "torch")
        or (item.path.suffix == ".py" and _asks_for_torch(item.path))
        or any(_asks_for_torch(Path(inspect.getfile(d.func))) for found in fixtures.values() for d in found if d.func)
    )


@functools.cache
def _asks_for_torch(path: Path) -> bool:
    # This file asks for nothing: it would be found by the text that it looks for.
    return path != Path(__file__) and 'importorskip("torch"' in path.read_text(encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out for want of PyTorch or a browser: a green run without it proves less."""
    if any("no Chromium" in str(r.longrepr) for r in terminalreporter.stats.get("skipped", ())):
        terminalreporter.section("Chromium is not installed", sep="!", yellow=True, bold=True)
        terminalreporter.line(
            "TensorBoard's page was NOT LOOKED AT. To do so: apt-get install chromium chromium-driver && "
            "pytest -m browser",
            yellow=True,
            bold=True,
        )
    skipped = [r for r in terminalreporter.stats.get("skipped", ()) if "could not import 'torch'" in str(r.longrepr)]
    if not skipped:
        return
    root = terminalreporter.config.rootpath
    files = {r.nodeid.partition("::")[0] for r in skipped}
    # A file that was left out as a whole was never looked into: count the test functions that stand there.
    whole = {r.nodeid for r in skipped if isinstance(r, pytest.CollectReport)}
    count = sum(isinstance(r, pytest.TestReport) for r in skipped) + sum(_tests_in(root / name) for name in whole)
    terminalreporter.section("PyTorch is not installed", sep="!", yellow=True, bold=True)
    terminalreporter.line(
        f"At least {count} tests in {len(files)} files compare with PyTorch and were LEFT OUT. "
        "To run them: pip install '.[torch-test]' && pytest -m torch",
        yellow=True,
        bold=True,
    )


def _tests_in(path: Path) -> int:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith("test") for node in ast.walk(tree))
