"""Freed memory is kept for the next array: fresh pages from the system cost more than most kernels do."""

from __future__ import annotations

import ctypes
import os

#: Parameters of glibc's ``mallopt``, and how glibc itself is told of them from outside.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_ASKED = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES")

#: Bytes of freed memory that the process may keep, and of the largest array that comes from it (glibc's own limit).
_KEPT, _LARGEST = 1 << 28, 1 << 25


def keep_freed_memory() -> bool:
    """Tell glibc not to give freed memory back at once. Where it is told otherwise by its user, or absent: nothing.

    Returns
    -------
    bool : whether it was told.
    """
    is_glibc = "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", ()) and os.confstr("CS_GNU_LIBC_VERSION")
    if not is_glibc or any(name in os.environ for name in _ASKED):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST) and mallopt(_TRIM_THRESHOLD, _KEPT))
