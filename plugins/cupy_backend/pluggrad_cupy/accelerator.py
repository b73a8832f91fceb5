"""Memory, streams, events and the profiler's marks, as ``pluggrad.backends.protocol.Accelerator`` asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cupy

from . import devices, errors, host, transfer
from .memory import Memory

_Device = cupy.cuda.Device


class _Foreign:
    """The handle of another library's stream, in the protocol by which CuPy takes it in."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self._handle


class CuPyAccelerator:
    """CuPy's devices. Each method enters the device that it is about, and leaves the thread's current one as it was."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.memory.install()

    # -- devices -----------------------------------------------------------------------------------

    def current_device(self) -> int:
        return devices.current()

    def set_device(self, number: int) -> None:
        _Device(number).use()

    def properties(self, number: int) -> Mapping[str, Any]:
        found = cupy.cuda.runtime.getDeviceProperties(number)
        return {
            "name": found["name"].decode(),
            "major": found["major"],
            "minor": found["minor"],
            "total_memory": found["totalGlobalMem"],
            "multi_processor_count": found["multiProcessorCount"],
            "warp_size": found["warpSize"],
            "max_threads_per_multi_processor": found["maxThreadsPerMultiProcessor"],
            "regs_per_multiprocessor": found["regsPerMultiprocessor"],
            "shared_memory_per_block": found["sharedMemPerBlock"],
            "L2_cache_size": found["l2CacheSize"],
            "is_integrated": found["integrated"],
            "pci_bus_id": _Device(number).pci_bus_id,
        }

    def can_access_peer(self, number: int, peer: int) -> bool:
        return bool(cupy.cuda.runtime.deviceCanAccessPeer(number, peer))

    def synchronize(self, number: int) -> None:
        errors.synchronize(number)

    # -- memory ------------------------------------------------------------------------------------

    def memory_info(self, number: int) -> tuple[int, int]:
        return _Device(number).mem_info

    def memory_stats(self, number: int) -> Mapping[str, int]:
        return self.memory.stats(number)

    def reset_peaks(self, number: int) -> None:
        self.memory.reset_peaks(number)

    def empty_cache(self) -> None:
        for number in range(cupy.cuda.runtime.getDeviceCount()):
            with _Device(number):
                cupy.get_default_memory_pool().free_all_blocks()
        cupy.get_default_pinned_memory_pool().free_all_blocks()

    def limit_memory(self, number: int, fraction: float) -> None:
        with _Device(number):
            cupy.get_default_memory_pool().set_limit(fraction=fraction)

    def pin(self, array: Any) -> Any:
        return transfer.pin(array)

    def is_pinned(self, array: Any) -> bool:
        return transfer.is_pinned(array)

    # -- streams -----------------------------------------------------------------------------------

    def stream(self, number: int, priority: int) -> Any:
        with _Device(number):
            return cupy.cuda.Stream(non_blocking=True, priority=priority or None)

    def external_stream(self, number: int, handle: int) -> Any:
        with _Device(number):
            return cupy.cuda.Stream.from_external(_Foreign(handle))

    def current_stream(self, number: int) -> Any:
        return cupy.cuda.get_current_stream(number)

    def default_stream(self, number: int) -> Any:
        return cupy.cuda.Stream.null

    def set_stream(self, stream: Any, number: int) -> None:
        with _Device(number):
            stream.use()

    def stream_handle(self, stream: Any) -> int:
        return int(stream.ptr)

    def stream_done(self, stream: Any) -> bool:
        return bool(stream.done)

    def synchronize_stream(self, stream: Any, number: int) -> None:
        errors.waiting("Stream.synchronize", number, stream.synchronize)

    # -- events ------------------------------------------------------------------------------------

    def event(self, number: int, timing: bool, blocking: bool, interprocess: bool) -> Any:
        with _Device(number):
            return cupy.cuda.Event(block=blocking, disable_timing=not timing, interprocess=interprocess)

    def record(self, event: Any, stream: Any) -> None:
        event.record(stream)

    def wait(self, stream: Any, event: Any) -> None:
        stream.wait_event(event)

    def event_done(self, event: Any) -> bool:
        return bool(event.done)

    def synchronize_event(self, event: Any, number: int) -> None:
        errors.waiting("Event.synchronize", number, event.synchronize)

    def elapsed(self, start: Any, end: Any) -> float:
        return float(cupy.cuda.get_elapsed_time(start, end))

    def record_stream(self, array: Any, stream: Any) -> None:
        transfer.keep_for(array, stream)

    # -- the profiler ------------------------------------------------------------------------------

    def range_push(self, message: str) -> int:
        cupy.cuda.nvtx.RangePush(message)
        return -1

    def range_pop(self) -> int:
        cupy.cuda.nvtx.RangePop()
        return -1

    def mark(self, message: str) -> None:
        cupy.cuda.nvtx.Mark(message)

    # -- copies to the host ------------------------------------------------------------------------

    def host_copies(self) -> Mapping[str, int]:
        return host.copies()

    def set_sync_mode(self, mode: str) -> None:
        host.set_mode(mode)

    def get_sync_mode(self) -> str:
        return host.get_mode()
