"""How kernels are compiled."""

from __future__ import annotations

import os

from numba import njit
from numba.core.compiler_lock import global_compiler_lock

#: Held while Numba compiles. A process that is forked meanwhile would find it locked for ever: forks wait for it.
compiling = global_compiler_lock
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=compiling.acquire, after_in_parent=compiling.release, after_in_child=compiling.release)

#: Without Python's lock, kept on disk. ``contract`` lets a product and a sum be one instruction; nothing that would
#: depend on the order of elements.
compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
#: Sums may be made in any order: a fixed one, that of the vectors.
summing = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
