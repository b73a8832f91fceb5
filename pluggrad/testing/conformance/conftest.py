"""What all tests of the suite share: the devices under test, the functions under test, their places in the report."""

from __future__ import annotations

import fnmatch
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from _pluggrad_pytest import PROPERTY

from ...device import get_default_device
from ...function import functions
from ..samples import samples_of
from .inputs import takes_dtype
from .reference import COPYING
from .target import Target, is_computable

# Parts of pluggrad that are imported when first asked for: whatever functions they register are tested, too.
for _part in ("nn", "optim", "special"):
    import_module(f"pluggrad.{_part}")

_HERE = Path(__file__).parent
_TARGETS = pytest.StashKey[list[Target]]()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the suite out unless it was asked for: by a device, or by its name."""
    if collection_path.is_relative_to(_HERE) and not config.getoption("pluggrad_devices"):
        arguments = [str(a).replace("\\", "/") for a in config.invocation_params.args]
        asked = any(name in a for a in arguments for name in ("pluggrad.testing.conformance", "testing/conformance"))
        return None if asked else True
    return None


def _targets(config: pytest.Config) -> list[Target]:
    if _TARGETS not in config.stash:
        names = config.getoption("pluggrad_devices") or [str(get_default_device())]
        config.stash[_TARGETS] = [Target(name) for name in dict.fromkeys(names)]
    return config.stash[_TARGETS]


def _chosen(config: pytest.Config) -> list[str]:
    """The functions under test: all that have samples, or those that were asked for."""
    given = config.getoption("pluggrad_functions")
    names = sorted(name for name, function in functions().items() if samples_of(name) and is_computable(function))
    if given is None:
        return names
    patterns = [p.strip() for p in given.split(",")]
    return [n for n in names if any(fnmatch.fnmatchcase(n, p) for p in patterns)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each device, function and dtype that the arguments of a test ask for."""
    asked: list[str] = [n for n in ("target", "function", "dtype") if n in metafunc.fixturenames]
    if "target" not in asked:
        return
    cases: list[Any] = []
    for target in _targets(metafunc.config):
        if target.error is not None and metafunc.function.__name__ != "test_it_loads":
            blank = [target, *(None for _ in asked[1:])]
            reason = f"nothing can be said of {target.name}: its backend does not load"
            cases.append(pytest.param(*blank, id=f"{target.name}", marks=pytest.mark.skip(reason=reason)))
            continue
        for rest in _cases(asked[1:], target, metafunc):
            label = "-".join([target.name, *(getattr(r, "name", str(r)) for r in rest)])
            cases.append(pytest.param(target, *rest, id=label))
    metafunc.parametrize(asked, cases)


def _cases(asked: list[str], target: Target, metafunc: pytest.Metafunc) -> Iterator[tuple[Any, ...]]:
    if not asked:
        yield ()
        return
    if asked == ["dtype"]:
        applies = getattr(metafunc.function, "applies", None)
        yield from ((d,) for d in target.dtypes if applies is None or applies(d))
        return
    every = functions()
    for name in _chosen(metafunc.config):
        function = every[name]
        if name in COPYING and metafunc.function.__name__ != "test_values" and not target.has_view(function):
            continue  # test_values says so once
        applies = getattr(metafunc.function, "applies", None)
        if applies is not None and not applies(function):
            continue
        if "dtype" not in asked:
            yield (function,)
            continue
        accepted = [d for d in target.dtypes if d.kind in function.kinds]
        # Functions of indices or of bools alone are the same in every dtype.
        yield from ((function, d) for d in (accepted if takes_dtype(function) else accepted[:1]))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note the place of each test in the report."""
    if not _chosen(config):  # here, and not where it is found out: there, each file would show a traceback
        given = config.getoption("pluggrad_functions")
        raise pytest.UsageError(f"--pluggrad-functions={given}: no function of that name has samples")
    for item in items:
        if not item.path.is_relative_to(_HERE) or not isinstance(item, pytest.Function):
            continue
        params = item.callspec.params if hasattr(item, "callspec") else {}
        target, function = params.get("target"), params.get("function")
        if not isinstance(target, Target):  # pytest's stand-in where there is no case at all
            continue
        module = inspect.getmodule(item.function)
        place = {
            "device": target.name,
            "chapter": (module.__doc__ or module.__name__).partition(":")[0] if module else "",
            "test": f"{item.path.name}::{item.name}",
            "function": getattr(function, "name", None),
        }
        item.user_properties.append((PROPERTY, place))


@pytest.fixture
def other(target: Target) -> Any:
    """Another device of the same backend."""
    if len(target.loaded.devices) < 2:
        pytest.skip("a second device")
    return next(d for d in target.loaded.devices if d is not target.device)
