"""The names by which kernels are looked up, so that a kernel that nothing would ever call is an error.

A misspelt name would otherwise be ignored in silence: the composed default would run, and be right, and slow.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from types import ModuleType

from .. import function
from . import defaults, updates

#: Functions of the standard that are no functions of tensors, which forwards and derivative rules call by name.
OF_THE_NAMESPACE = frozenset({"isdtype", "ones_like", "zeros", "zeros_like"})


def unknown(names: Iterable[str], described: Callable[[], Iterable[str]]) -> list[str]:
    """Those of ``names`` under which no kernel is looked up.

    described : the names of functions that plugins bring, which need not be registered yet; asked for only if needed
    """
    left = set(names) - OF_THE_NAMESPACE - _helpers() - function.functions().keys()
    if left:
        left -= function.all_names().union(described())
    return sorted(left)


def advice(name: str) -> str:
    """What may have been meant by an unknown name, as the end of a sentence."""
    functions = function.functions()
    alias = next((known.name for known in functions.values() if name in known.alias), None)
    if alias is not None:
        return f"that is another name of {alias!r}, and kernels go by that"
    near = difflib.get_close_matches(name, [*functions, *sorted(_helpers() | OF_THE_NAMESPACE)], n=3, cutoff=0.6)
    return f"the nearest are {', '.join(map(repr, near))}" if near else "no known name is near it"


def _helpers() -> frozenset[str]:
    """What is no function of tensors and has a default."""
    return frozenset(name for module in (defaults, updates) for name in _own(module) if not name.startswith("_"))


def _own(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
