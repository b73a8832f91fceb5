"""Make-believe GPUs: devices, streams, events, memory, the runtime."""

from __future__ import annotations

import ctypes
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

COUNT = 2
TOTAL = 1 << 34
ERRORS: Any = None  # the real runtime's CUDARuntimeError and the real OutOfMemoryError; set by install


class _Thread(threading.local):
    device = 0

    def __init__(self) -> None:
        self.streams: dict[int, Any] = {}


state = _Thread()


class Device:
    """As cupy.cuda.Device."""

    def __init__(self, device: Any = None) -> None:
        self.id = state.device if device is None else int(device)
        self._before: list[int] = []

    def __int__(self) -> int:
        return self.id

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def use(self) -> None:
        if not 0 <= self.id < COUNT:
            raise RuntimeError("cudaErrorInvalidDevice: invalid device ordinal")
        state.device = self.id

    def __enter__(self) -> Device:
        before = state.device
        self.use()
        self._before.append(before)
        return self

    def __exit__(self, *exc: object) -> None:
        state.device = self._before.pop()

    def synchronize(self) -> None:
        land()

    @property
    def mem_info(self) -> tuple[int, int]:
        return TOTAL - POOL.total(self.id), TOTAL

    @property
    def compute_capability(self) -> str:
        return "00"

    @property
    def pci_bus_id(self) -> str:
        return f"0000:00:0{self.id}.0"


# -- memory -----------------------------------------------------------------------------------------------------


class Memory:
    """A block: its address is the host's, plus that of no device."""

    def __init__(self, size: int, device: int) -> None:
        self.size, self.device_id = size, device
        self.device = Device(device)
        self.ptr = id(self)


class UnownedMemory(Memory):
    """Memory that another library owns."""


class MemoryPointer:
    """As cupy.cuda.MemoryPointer."""

    def __init__(self, mem: Memory, offset: int) -> None:
        self.mem, self.device_id, self.device = mem, mem.device_id, mem.device
        self.ptr = mem.ptr + offset


class Pool:
    """As cupy.cuda.MemoryPool: blocks of multiples of 512 bytes, kept for reuse until they are given back."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.used = [0] * COUNT
        self.kept = [0] * COUNT
        self.limits = [0] * COUNT

    def malloc(self, size: int) -> MemoryPointer:
        size = -(-size // 512) * 512
        device = state.device
        with self._lock:
            limit = self.limits[device] or TOTAL
            if self.used[device] + size > limit:
                raise ERRORS.OutOfMemoryError(size, self.total(device), self.limits[device])
            self.kept[device] -= min(size, self.kept[device])
            self.used[device] += size
        memory = Memory(size, device)
        weakref.finalize(memory, self._free, size, device)
        return MemoryPointer(memory, 0)

    def _free(self, size: int, device: int) -> None:
        with self._lock:
            self.used[device] -= size
            self.kept[device] += size

    def total(self, device: int) -> int:
        return self.used[device] + self.kept[device]

    def used_bytes(self) -> int:
        return self.used[state.device]

    def total_bytes(self) -> int:
        return self.total(state.device)

    def free_bytes(self) -> int:
        return self.kept[state.device]

    def n_free_blocks(self) -> int:
        return int(self.kept[state.device] > 0)

    def free_all_blocks(self, stream: Any = None) -> None:
        self.kept[state.device] = 0

    def get_limit(self) -> int:
        return self.limits[state.device]

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        self.limits[state.device] = int(TOTAL * fraction) if fraction is not None else int(size or 0)


POOL = Pool()
allocator: Any = POOL.malloc


def set_allocator(new: Any = None) -> None:
    global allocator
    allocator = POOL.malloc if new is None else new


def get_allocator() -> Any:
    return allocator


class PinnedPool:
    """As cupy.cuda.PinnedMemoryPool."""

    def free_all_blocks(self) -> None:
        pass

    def n_free_blocks(self) -> int:
        return 0


PINNED = PinnedPool()


class PinnedMemoryPointer:
    """A block of the host's memory that the GPU could read: as cupy.cuda.PinnedMemoryPointer."""


def empty_pinned(shape: Any, dtype: Any = float, order: Any = "C") -> np.ndarray:
    """As cupyx.empty_pinned: an array over such a block."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    block = type("Block", (PinnedMemoryPointer, ctypes.c_char * max(size, 1)), {})()
    return np.ndarray(shape, dtype, buffer=block, order=order)


def is_pinned(array: np.ndarray) -> bool:
    """Whether an array lies in such a block."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(getattr(base, "obj", base), PinnedMemoryPointer)


# -- streams ----------------------------------------------------------------------------------------------------


class Stream:
    """As cupy.cuda.Stream. All work is done at once."""

    null: Stream
    ptds: Stream

    def __init__(
        self, null: bool = False, non_blocking: bool = False, ptds: bool = False, priority: int | None = None
    ) -> None:
        self.ptr = 0 if null else id(self)
        self.device_id = -1 if null else state.device
        self.priority = priority or 0
        self.waited: list[Event] = []

    @classmethod
    def from_external(cls, obj: Any) -> Stream:
        version, handle = obj.__cuda_stream__()
        assert version == 0
        made = cls()
        made.ptr = handle
        return made

    def use(self) -> Stream:
        if self.device_id not in (-1, state.device):
            raise RuntimeError("cudaErrorInvalidResourceHandle: a stream of another device")
        state.streams[state.device] = self
        return self

    @property
    def done(self) -> bool:
        return True

    def synchronize(self) -> None:
        land()

    def record(self, event: Event | None = None) -> Event:
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        self.waited.append(event)


Stream.null = Stream(null=True)
Stream.ptds = Stream(null=True)


def get_current_stream(device_id: int = -1) -> Stream:
    return state.streams.get(state.device if device_id == -1 else device_id, Stream.null)


class Event:
    """As cupy.cuda.Event."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self.time: float | None = None
        self.timed = not disable_timing
        self.device_id = state.device

    def record(self, stream: Stream | None = None) -> None:
        stream = get_current_stream() if stream is None else stream
        if stream.device_id not in (-1, self.device_id):
            raise RuntimeError("cudaErrorInvalidResourceHandle: an event of another device")
        self.time = time.perf_counter()

    @property
    def done(self) -> bool:
        return True

    def synchronize(self) -> None:
        land()


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    if not (start_event.timed and end_event.timed) or start_event.time is None or end_event.time is None:
        raise RuntimeError("cudaErrorInvalidResourceHandle: events without timing")
    return (end_event.time - start_event.time) * 1000


# -- the runtime ------------------------------------------------------------------------------------------------


#: Raised by the next wait for a device: what a kernel that failed has left behind.
pending: list[Exception] = []
#: What a copy that nobody has waited for yet does when it is done.
in_flight: list[Callable[[], None]] = []


def land() -> None:
    """Let all copies be done, and raise what a kernel left behind: called by whatever waits for the GPU."""
    while in_flight:
        in_flight.pop(0)()
    if pending:
        raise pending.pop()


def read_later(source: np.ndarray) -> None:
    """A copy from pinned memory, which must stay as it is meanwhile."""
    as_it_was = source.copy()

    def done() -> None:
        if source.tobytes() != as_it_was.tobytes():
            raise RuntimeError("pinned memory was written while it was being copied to the GPU")

    in_flight.append(done)


def written_later(target: np.ndarray, values: np.ndarray) -> None:
    """A copy to pinned memory, which holds whatever it held until then."""
    target.view(np.uint8).reshape(-1)[...] = 0xCD

    def done() -> None:
        target[...] = values

    in_flight.append(done)


def get_device_properties(device: int) -> dict[str, Any]:
    return {
        "name": b"simulated device", "major": 0, "minor": 0, "totalGlobalMem": TOTAL, "multiProcessorCount": 1,
        "warpSize": 32, "maxThreadsPerMultiProcessor": 1024, "regsPerMultiprocessor": 65536,
        "sharedMemPerBlock": 49152, "l2CacheSize": 0, "integrated": 1,
    }  # fmt: skip


RUNTIME = {
    "getDeviceCount": lambda: COUNT,
    "getDevice": lambda: state.device,
    "setDevice": lambda device: Device(device).use(),
    "deviceSynchronize": land,
    "getDeviceProperties": get_device_properties,
    "deviceCanAccessPeer": lambda device, peer: int(device != peer),
    "driverGetVersion": lambda: 12090,
    "runtimeGetVersion": lambda: 12090,
}
