"""Locks that a forked process finds open."""

from __future__ import annotations

import os
from typing import Any, TypeVar

__all__ = ["open_after_fork"]

L = TypeVar("L", bound=Any)


def open_after_fork(lock: L) -> L:
    """Let a lock of the whole process be open in a process that is forked; returns it.

    Else it would stay locked there for ever if another thread, which the new process has not, held it at that moment.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lock._at_fork_reinit)
    return lock
