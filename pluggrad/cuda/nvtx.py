"""Names for spans and moments in NVIDIA's profilers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .devices import backend

__all__ = ["mark", "range", "range_pop", "range_push"]


def range_push(msg: str) -> int:
    """Begin a span; returns how many were open before, or -1 where that is not known.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    return backend().range_push(msg)


def range_pop() -> int:
    """End the innermost span; returns how many are open then, or -1 where that is not known."""
    return backend().range_pop()


def mark(msg: str) -> None:
    """Name a moment."""
    backend().mark(msg)


@contextlib.contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """A context that is a span; ``msg`` is formatted with the other arguments.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    range_push(msg.format(*args, **kwargs))
    try:
        yield
    finally:
        range_pop()
