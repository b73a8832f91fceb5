"""Kernels over the cores: the parts of an array, each by one thread.

A pool of Python threads over kernels that release the interpreter's lock. Numba's own thread pools either
spin, and so fight OpenBLAS's threads for the cores, or must not be entered from two threads at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

#: Bytes of one array that are worth a thread of their own: waking it costs what 100 KiB do.
_GRAIN = 1 << 18


def _one() -> int:
    return 1


#: Says how many threads a kernel may use: pluggrad's setting, once the plugin is given it.
_get_num_threads: Callable[[], int] = _one
#: The pool, and for how many threads it was made, that of the caller among them.
_pool: tuple[int, ThreadPoolExecutor] | None = None


def obey(get_num_threads: Callable[[], int]) -> None:
    """Ask this, from now on, how many threads a kernel may use."""
    global _get_num_threads
    _get_num_threads = get_num_threads


def count() -> int:
    """How many threads a kernel may use."""
    return _get_num_threads()


def _forget_pool() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)  # its threads are not in the new process


def _pool_for(count: int) -> ThreadPoolExecutor:
    global _pool
    pool = _pool
    if pool is None or pool[0] != count:
        # One that another caller still uses ends when that caller lets it go.
        _pool = pool = count, ThreadPoolExecutor(count - 1, thread_name_prefix="pluggrad-numba")
    return pool[1]


def divide(*counts: int) -> list[tuple[tuple[int, int], ...]]:
    """Divide the work over some things to count, into parts for :func:`share`: of each the range of each thing.

    The first thing is divided as far as there are threads to use it, and a little further; the next ones if need be.
    """
    threads = _get_num_threads()
    wanted = 1 if threads == 1 else 2 * threads
    parts: list[tuple[tuple[int, int], ...]] = [()]
    for count in counts:
        pieces = min(count, -(-wanted // len(parts)))
        ranges = [(i * count // pieces, (i + 1) * count // pieces) for i in range(pieces)]
        parts = [(*part, one) for part in parts for one in ranges]
    return parts


def share(task: Callable[[int], None], count: int) -> None:
    """Call ``task`` with each number below ``count``: whichever thread is free takes the next one.

    Parameters
    ----------
    task : spends its time without Python's lock, and gives the same whoever calls it
    """
    numbers = iter(range(count))  # next() is atomic

    def work() -> None:
        for number in numbers:
            task(number)

    helping = _ask(work, min(_get_num_threads(), count) - 1)
    try:
        work()
    finally:
        for helper in helping:
            if not helper.cancel():  # nobody waits for a thread that has not come
                helper.result()


def _ask(work: Callable[[], None], count: int) -> list[Future[None]]:
    """Let so many threads of the pool do the work too, when they come to it."""
    if count < 1:
        return []
    pool = _pool_for(count + 1)
    try:
        return [pool.submit(work) for _ in range(count)]
    except RuntimeError:  # the program ends: what is computed at its exit has no threads
        return []


def run(kernel: Callable[..., None], arrays: tuple[Any, ...], *numbers: Any) -> None:
    """Call ``kernel(*arrays, *numbers)``, on parts of the arrays in threads if they are large.

    Parameters
    ----------
    kernel : compiled, without Python's lock; treats each element by itself, so that parts do not matter
    arrays : 1-D, of one size
    """
    first = arrays[0]
    parts = min(_get_num_threads(), first.nbytes // _GRAIN)
    if parts < 2:
        kernel(*arrays, *numbers)
        return
    size = -(-first.size // parts)
    share(lambda number: kernel(*[a[number * size : (number + 1) * size] for a in arrays], *numbers), parts)


def over(kernel: Callable[..., None], least: int, size: int, count: int, *given: Any) -> None:
    """Call ``kernel(*given, first, last)`` for parts of ``count``; below a ``size`` of ``least``, for all at once."""
    if size < least:
        kernel(*given, 0, count)
        return
    parts = divide(count)
    share(lambda number: kernel(*given, *parts[number][0]), len(parts))
