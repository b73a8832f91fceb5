"""The GPU's memory: CuPy's pool, with the peaks that it does not keep and an error that tells what there was."""

from __future__ import annotations

import threading
from typing import Any

import cupy

from . import devices, errors

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def amount(size: int) -> str:
    """A number of bytes for people: 3.5 GiB."""
    value = float(size)
    for unit in _UNITS[:-1]:
        if value < 1024:
            return f"{value:.4g} {unit}"
        value /= 1024
    return f"{value:.4g} {_UNITS[-1]}"


class _Peak:
    """The most that was in use. The pool tells what is, by counting its blocks: it is asked when the sum may be new.

    Between two such counts all that was asked for is added and nothing subtracted: never too little.
    """

    def __init__(self) -> None:
        self.used = self.since = self.most = self.most_held = self.count = 0

    def note(self, pool: Any, size: int) -> None:
        self.count += 1
        self.since += size
        if self.used + self.since > self.most:
            self.used, self.since = pool.used_bytes(), 0
            self.most = max(self.most, self.used)
        self.most_held = max(self.most_held, pool.total_bytes())


class Memory:
    """What is allocated, by device. One object per process: it becomes CuPy's allocator when the backend is loaded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._peaks: dict[int, _Peak] = {}
        self._inner = cupy.cuda.get_allocator()

    def install(self) -> None:
        """Let CuPy allocate through here: what its allocator was still does the work."""
        cupy.cuda.set_allocator(self.allocate)

    def allocate(self, size: int) -> Any:
        """Memory of the current device.

        Raises
        ------
        OutOfMemoryError
        """
        try:
            pointer = self._inner(size)
        except cupy.cuda.memory.OutOfMemoryError as error:
            raise errors.classes.OutOfMemoryError(self._explain(size)) from error
        number = devices.current()
        with self._lock:
            peak = self._peaks.get(number)
            if peak is None:
                peak = self._peaks[number] = _Peak()
            peak.note(cupy.get_default_memory_pool(), pointer.mem.size)
        return pointer

    def _explain(self, size: int) -> str:
        pool = cupy.get_default_memory_pool()
        free, total = cupy.cuda.Device().mem_info
        used, held, limit = pool.used_bytes(), pool.total_bytes(), pool.get_limit()
        limited = f", of which it may use {amount(limit)}" if limit else ""
        return (
            f"CUDA out of memory: {amount(size)} were asked for. The GPU has {amount(total)}{limited}, {amount(free)} "
            f"free; this process holds {amount(held)}, of which {amount(used)} are in use. Smaller batches need less; "
            f"pluggrad.cuda.empty_cache() gives back what is held and not in use"
        )

    def stats(self, number: int) -> dict[str, int]:
        """Bytes in use and held, their peaks, and the number of allocations."""
        with cupy.cuda.Device(number):
            pool = cupy.get_default_memory_pool()
            used, held = pool.used_bytes(), pool.total_bytes()
        with self._lock:
            peak = self._peaks.get(number) or _Peak()
            return {
                "allocated": used,
                "max_allocated": max(peak.most, used),
                "reserved": held,
                "max_reserved": max(peak.most_held, held),
                "allocations": peak.count,
            }

    def reset_peaks(self, number: int) -> None:
        """Count peaks from here on."""
        with cupy.cuda.Device(number):
            pool = cupy.get_default_memory_pool()
            used, held = pool.used_bytes(), pool.total_bytes()
        with self._lock:
            peak = self._peaks.setdefault(number, _Peak())
            peak.used = peak.most = used
            peak.since, peak.most_held, peak.count = 0, held, 0
