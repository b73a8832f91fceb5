"""Kernels over the cores: the parts of an array, each by one thread.

A pool of Python threads over kernels that release the interpreter's lock. Numba's own thread pools either
spin, and so fight OpenBLAS's threads for the cores, or must not be entered from two threads at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

#: Bytes of one array that are worth a thread of their own: waking it costs what 100 KiB do.
_GRAIN = 1 << 18

_main_process = os.getpid()
_pool: ThreadPoolExecutor | None = None


def _available() -> int:
    asked = os.environ.get("PLUGGRAD_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_count = _available()


def get_num_threads() -> int:
    """How many threads a kernel may use: ``PLUGGRAD_NUM_THREADS``, else ``OMP_NUM_THREADS``, else the cores.

    In a process that was forked, such as a DataLoader's worker, 1: the others have the cores.
    """
    return _count if os.getpid() == _main_process else 1


def set_num_threads(count: int) -> None:
    """Choose how many threads a kernel may use.

    Raises
    ------
    ValueError : not a positive integer
    """
    global _count, _pool
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"set_num_threads: need a positive integer, got {count!r}")
    _count, _pool = count, None


def run(kernel: Callable[..., None], arrays: tuple[Any, ...], *numbers: Any) -> None:
    """Call ``kernel(*arrays, *numbers)``, on parts of the arrays in threads if they are large.

    Parameters
    ----------
    kernel : compiled, without Python's lock; treats each element by itself, so that parts do not matter
    arrays : 1-D, of one size
    """
    global _pool
    first = arrays[0]
    parts = min(get_num_threads(), first.nbytes // _GRAIN)
    if parts < 2:
        kernel(*arrays, *numbers)
        return
    if _pool is None:
        _pool = ThreadPoolExecutor(max(1, _count - 1), thread_name_prefix="pluggrad-numba")
    size = -(-first.size // parts)
    pending = [
        _pool.submit(kernel, *[a[start : start + size] for a in arrays], *numbers)
        for start in range(size, first.size, size)
    ]
    kernel(*[a[:size] for a in arrays], *numbers)
    for future in pending:
        future.result()
