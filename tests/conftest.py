"""What all tests share: the device under test, repeatable examples, and a loud word when PyTorch is missing."""

from __future__ import annotations

import ast
import functools
import inspect
import os
from collections.abc import Callable, Iterator
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


# -- comparisons with PyTorch ----------------------------------------------------------------------


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    other = config.getoption("--device")
    for item in items:
        if _compares_with_torch(item):
            item.add_marker("torch")
        if other and (item.get_closest_marker("cpu") or isinstance(item, pytest.DoctestItem)):
            item.add_marker(pytest.mark.skip(reason=f"about the device cpu, not {other}"))


def _compares_with_torch(item: pytest.Item) -> bool:
    module, function = getattr(item, "module", None), getattr(item, "function", None)
    named = getattr(module, "torch", None)
    if isinstance(named, ModuleType) and named.__name__ == "torch":
        return True
    return function is not None and _asks_for_torch(function)


@functools.cache
def _asks_for_torch(function: Callable[..., object]) -> bool:
    return _skips_without_torch(inspect.getsource(function))


def _skips_without_torch(source: str) -> bool:
    return 'importorskip("torch"' in source


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many comparisons were left out for want of PyTorch: a green run without them proves less."""
    root = terminalreporter.config.rootpath
    files = {
        root / report.nodeid.partition("::")[0]
        for report in terminalreporter.stats.get("skipped", ())
        if "could not import 'torch'" in str(report.longrepr)
    }
    if not files:
        return
    count = sum(map(_comparisons_in, files))
    terminalreporter.section("PyTorch is not installed", sep="!", yellow=True, bold=True)
    terminalreporter.line(
        f"{count} tests in {len(files)} files compare with PyTorch and were LEFT OUT. "
        "To run them: pip install '.[torch-test]' && pytest -m torch",
        yellow=True,
        bold=True,
    )


def _comparisons_in(path: Path) -> int:
    """The number of test functions in a file that need PyTorch: all, or those that ask for it themselves."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    tests = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]
    asking = [t for t in tests if _skips_without_torch(ast.get_source_segment(source, t) or "")]
    outside = source.count('importorskip("torch"') > sum(
        (ast.get_source_segment(source, t) or "").count('importorskip("torch"') for t in asking
    )
    return len(tests) if outside else len(asking)
