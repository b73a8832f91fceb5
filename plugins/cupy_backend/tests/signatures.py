"""The signatures of CuPy's callables: Python's own, and those that Cython writes into the first line of ``__doc__``."""

from __future__ import annotations

import functools
import inspect
import re
from typing import Any


def _split(text: str) -> list[str]:
    """The parameters of a signature, at the commas that stand in no brackets."""
    parts, depth, current = [], 0, ""
    for letter in text + ",":
        if letter == "," and not depth:
            parts.append(current.strip())
            current = ""
        else:
            depth += (letter in "([{") - (letter in ")]}")
            current += letter
    return [p for p in parts if p]


def _parameters(text: str) -> list[inspect.Parameter]:
    """Names, kinds and whether there is a default; C's types are left out."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    out: list[inspect.Parameter] = []
    for part in _split(text):
        name, equals, _ = part.partition("=")
        name = name.split()[-1].split(":")[0] if name.split() else name
        if name == "/":
            out = [p.replace(kind=inspect.Parameter.POSITIONAL_ONLY) for p in out]
        elif name == "*":
            kind = inspect.Parameter.KEYWORD_ONLY
        elif name.startswith("**"):
            out.append(inspect.Parameter(name[2:], inspect.Parameter.VAR_KEYWORD))
        elif name.startswith("*"):
            out.append(inspect.Parameter(name[1:], inspect.Parameter.VAR_POSITIONAL))
            kind = inspect.Parameter.KEYWORD_ONLY
        else:
            default = None if equals else inspect.Parameter.empty
            out.append(inspect.Parameter(name.strip(), kind, default=default))
    return out


def _of(callable_: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(callable_)
    except (ValueError, TypeError):
        first = (callable_.__doc__ or "").lstrip().split("\n", 1)[0].replace("\\", "")
        match = re.match(r"[\w.]+\((.*)\)(?:\s*->.*)?$", first)
    if match is None:
        return None
    try:
        found = _parameters(match[1])
        if found and found[0].name == "self" and not hasattr(callable_, "__objclass__"):
            found = found[1:]
        return inspect.Signature(found)
    except ValueError:
        return None


@functools.lru_cache(maxsize=4096)
def _cached(callable_: Any) -> inspect.Signature | None:
    return _of(callable_)


def signature(callable_: Any) -> inspect.Signature | None:
    """The signature, or None where it is not known."""
    try:
        return _cached(callable_)
    except TypeError:  # not hashable
        return _of(callable_)
