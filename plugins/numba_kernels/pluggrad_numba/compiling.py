"""How kernels are compiled."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import cfunc, njit, types
from numba.core.caching import FunctionCache
from numba.core.compiler_lock import global_compiler_lock

#: Held while Numba compiles. A process that is forked meanwhile would find it locked for ever: forks wait for it.
compiling = global_compiler_lock
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=compiling.acquire, after_in_parent=compiling.release, after_in_child=compiling.release)

_FOLDER = Path(__file__).parent


def _stamp() -> tuple[tuple[str, int, int], ...]:
    """Of all source files of this package: names, when they were written, and sizes."""
    files = ((path.name, path.stat()) for path in sorted(_FOLDER.glob("*.py")))
    return tuple((name, found.st_mtime_ns, found.st_size) for name, found in files)


class OfThisPackage:
    """Says to Numba where compiled code is kept on disk, and until when: until any file of this package changes.

    Numba itself looks at the file of the function alone; but kernels are made of functions of other files as well, and
    code of two states of the crew in one process would write where the other does not expect it.
    """

    stamp = _stamp()

    @classmethod
    def from_function(cls, function: Any, file: str) -> Any:
        """Numba's own answer, with another stamp; none for functions from elsewhere."""
        if Path(file).parent != _FOLDER:
            return None
        for locator in _LOCATORS:
            found = locator.from_function(function, file) if locator is not cls else None
            if found is not None:
                found.get_source_stamp = lambda: cls.stamp
                return found
        return None


_LOCATORS: list[Any] = FunctionCache._impl_class._locator_classes
_LOCATORS.insert(0, OfThisPackage)

#: Without Python's lock, kept on disk.
exact = njit(nogil=True, cache=True, error_model="numpy")
#: The same; ``contract`` lets a product and a sum be one instruction, nothing that depends on the order.
compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
#: The same, as a part of each loop in which it is called, however long it is.
inlined = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
#: Sums may be made in any order: a fixed one, that of the vectors.
summing = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
#: C functions of three integers.
c_function: Callable[[Any], Any] = cfunc(
    types.void(types.int64, types.int64, types.int64), cache=True, error_model="numpy", fastmath={"contract"}
)
