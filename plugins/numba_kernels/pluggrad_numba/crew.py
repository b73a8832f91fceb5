"""A crew: threads that stand ready to do parts of a job, without Python's lock.

After a job its helpers look out for the next one for a few milliseconds, as the next operation mostly comes at
once, and then sleep. Waking takes longer than many a job does: so nobody waits for it, and a helper that comes too late
finds nothing to do. Numba's own thread pools either spin without letting OpenBLAS's threads run, or must not be entered
from two threads at once.
"""

from __future__ import annotations

import atexit
import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from . import threads
from .compiled_crew import COUNT, END, attend, words

#: How often a helper looks for work before it sleeps: each time takes some 40 nanoseconds.
_PATIENCE = 1 << 16
#: Parts for each thread, so that one which is disturbed does fewer.
_PARTS = 4


class Crew:
    """The threads that help the one who leads: so many as are asked for, less one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._memory = np.zeros(words(count), np.int64)
        self._memory[COUNT] = count
        self._address = self._memory.ctypes.data
        self._busy = threading.Lock()
        self._asleep: list[threading.Lock] = []
        attend(self._address, 0, 0)  # compiled here, and not in each of the threads
        self._helpers = [
            threading.Thread(target=self._help, args=(number,), name=f"pluggrad-crew-{number}", daemon=True)
            for number in range(1, count)
        ]
        for helper in self._helpers:
            helper.start()

    def _help(self, number: int) -> None:
        bed = threading.Lock()
        bed.acquire()
        while attend(self._address, number, _PATIENCE):
            self._asleep.append(bed)
            bed.acquire()

    def _wake(self) -> None:
        while self._asleep:
            try:
                self._asleep.pop().release()
            except IndexError:  # another thread was faster
                return

    @contextmanager
    def lead(self) -> Iterator[int]:
        """Be the one who leads: the address to give to compiled functions, 0 where another caller leads."""
        if not self._busy.acquire(blocking=False):
            yield 0
            return
        try:
            self._wake()
            yield self._address
        finally:
            self._busy.release()

    def end(self) -> None:
        """Let the helpers go, once they have done their part."""
        self._memory[END] = 1
        for helper in self._helpers:
            while helper.is_alive():
                self._wake()
                helper.join(0.01)


_crew: Crew | None = None
#: Held by the thread that makes one.
_making = threading.Lock()


def _forget() -> None:
    global _crew, _making
    _crew, _making = None, threading.Lock()


def _end() -> None:
    if _crew is not None:
        _crew.end()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # its threads are not in the new process


def crew_of(count: int) -> Crew:
    """The crew of so many threads."""
    global _crew
    crew = _crew
    if crew is not None and crew.count == count:
        return crew
    with _making:
        before = _crew
        if before is not None and before.count == count:
            return before
        _crew = crew = Crew(count)
        if before is not None:
            before.end()
        return crew


@functools.lru_cache(maxsize=1024)
def ranges(threads: int, *counts: int) -> np.ndarray:
    """Divide the work over some things to count: for each part first and last of each thing, one after the other.

    The first thing is divided as far as there are threads to use it, and further; the next ones if need be.
    """
    wanted = 1 if threads == 1 else _PARTS * threads
    parts: list[tuple[int, ...]] = [()]
    for count in counts:
        pieces = min(count, -(-wanted // len(parts)))
        edges = [i * count // pieces for i in range(pieces + 1)]
        parts = [(*part, first, last) for part in parts for first, last in pairwise(edges)]
    found = np.array(parts, np.intp).reshape(len(parts), 2 * len(counts))
    found.flags.writeable = False
    return found


def together(kernel: Callable[..., None], counts: tuple[int, ...], *args: Any) -> None:
    """Call a compiled function (see ``compiled_sharing``), with as many threads as may be used.

    Parameters
    ----------
    kernel : of a crew, of the ranges of ``counts`` of which each part consists, and of ``args``; what it gives must
        not depend on who does which part
    """
    count = threads.count()
    parts = ranges(count, *counts)
    if len(parts) < 2:
        kernel(0, parts, *args)
        return
    with crew_of(count).lead() as crew:
        kernel(crew, parts, *args)
