"""What a backend of GPUs may offer besides arrays: memory, streams, events. :mod:`pluggrad.cuda` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from ..errors import BackendError, BackendUnavailable, DeviceError, PluginError
from .manager import plugins


@runtime_checkable
class Accelerator(Protocol):
    """The attribute ``accelerator`` of a backend whose devices have memory and queues of work of their own.

    Devices are meant by their numbers, the positions in ``Backend.devices``. Streams and events are the library's
    own objects, which are only handed back.
    """

    def current_device(self) -> int:
        """The device of the calling thread: what the bare name of the device type stands for."""

    def set_device(self, number: int) -> None:
        """Make a device the calling thread's current one."""

    def properties(self, number: int) -> Mapping[str, Any]:
        """At least ``name``, ``major``, ``minor``, ``total_memory``, ``multi_processor_count``."""

    def can_access_peer(self, number: int, peer: int) -> bool:
        """Whether a device reads another's memory without going through the host."""

    def memory_info(self, number: int) -> tuple[int, int]:
        """Free and total bytes, of all processes."""

    def memory_stats(self, number: int) -> Mapping[str, int]:
        """Bytes ``allocated``, ``max_allocated``, ``reserved``, ``max_reserved``; the count of ``allocations``."""

    def reset_peaks(self, number: int) -> None:
        """Count the maxima from here on."""

    def empty_cache(self) -> None:
        """Give back what is reserved and not in use."""

    def limit_memory(self, number: int, fraction: float) -> None:
        """Let this process allocate at most that part of the device's memory."""

    def synchronize(self, number: int) -> None:
        """Wait for all work of a device, and raise what failed on it."""

    def stream(self, number: int, priority: int) -> Any:
        """A new stream of a device."""

    def external_stream(self, number: int, handle: int) -> Any:
        """A stream that another library made, by its handle."""

    def current_stream(self, number: int) -> Any:
        """The stream of a device that the calling thread's work is queued on."""

    def default_stream(self, number: int) -> Any:
        """The stream of a device that work is queued on unless another is chosen."""

    def set_stream(self, stream: Any, number: int) -> None:
        """Queue the calling thread's work for a device on a stream."""

    def stream_handle(self, stream: Any) -> int:
        """The number by which the driver knows a stream."""

    def stream_done(self, stream: Any) -> bool:
        """Whether all work queued on a stream is done."""

    def synchronize_stream(self, stream: Any, number: int) -> None:
        """Wait for all work queued on a stream."""

    def event(self, number: int, timing: bool, blocking: bool, interprocess: bool) -> Any:
        """A new event of a device."""

    def record(self, event: Any, stream: Any) -> None:
        """Let an event happen when what is queued on a stream so far is done."""

    def wait(self, stream: Any, event: Any) -> None:
        """Let what is queued on a stream from now on wait for an event."""

    def event_done(self, event: Any) -> bool:
        """Whether an event has happened."""

    def synchronize_event(self, event: Any, number: int) -> None:
        """Wait for an event."""

    def elapsed(self, start: Any, end: Any) -> float:
        """Milliseconds between two events that have happened."""

    def range_push(self, message: str) -> int:
        """Begin a named span in the profiler; how many were open."""

    def range_pop(self) -> int:
        """End the innermost span; how many are open then."""

    def mark(self, message: str) -> None:
        """Name a moment in the profiler."""

    def host_copies(self) -> Mapping[str, int]:
        """How often each operation copied to the host, and so waited for the device, since the program started."""

    def set_sync_mode(self, mode: str) -> None:
        """What a copy to the host does besides: "default" (nothing), "warn" or "error"."""

    def get_sync_mode(self) -> str:
        """See :meth:`set_sync_mode`."""

    def pin(self, array: Any) -> Any:
        """A copy of a host's array in memory that the device reads by itself."""

    def is_pinned(self, array: Any) -> bool:
        """Whether a host's array lies in such memory."""


def why_unavailable(device_type: str) -> str | None:
    """Why the devices of a type cannot be used here; None if they can. Loads the backend, if it seems that they can."""
    try:
        plugins.description(device_type)
    except PluginError as error:
        return str(error)
    except DeviceError:
        return f"no plugin brings the device {device_type!r}" + _advice(device_type)
    (reason,) = (s.reason for s in plugins.status() if s.device_type == device_type)
    if reason is None:
        try:
            plugins.backend(device_type)
        except (BackendError, PluginError) as error:
            return str(error)
    return reason


def candidates() -> list[str]:
    """The device types of accelerators, whether they can be used or not."""
    plugins.discover()
    types = {s.device_type for s in plugins.status() if s.device_type is not None}
    return sorted(t for t in types if plugins.description(t)[1].get("accelerator", False))


def current() -> str | None:
    """The device type of this machine's accelerator: the first that can be used; None if there is none."""
    return next((t for t in candidates() if why_unavailable(t) is None), None)


def found() -> Accelerator:
    """The accelerator of this machine.

    Raises
    ------
    BackendUnavailable : there is none; the message says why, for each that there might be
    """
    device_type = current()
    if device_type is not None:
        return accelerator(device_type)
    reasons = [f"{t}: {why_unavailable(t)}" for t in candidates()]
    raise BackendUnavailable(f"no accelerator can be used here ({'; '.join(reasons) or 'no plugin brings one'})")


def _advice(device_type: str) -> str:
    if device_type != "cuda":
        return ""
    return "; pip install 'pluggrad[cuda12]' or, for a driver of CUDA 13, 'pluggrad[cuda13]'"


def accelerator(device_type: str) -> Accelerator:
    """The accelerator of the backend that has a device type.

    Raises
    ------
    BackendUnavailable : no such backend, no usable device, or one without memory and streams of its own
    """
    try:
        backend = plugins.backend(device_type)
    except DeviceError as error:
        reason = why_unavailable(device_type)
        raise BackendUnavailable(f"pluggrad.{device_type}: {reason}") from error
    if backend.accelerator is None:
        raise BackendUnavailable(
            f"device {device_type!r}: backend {backend.name!r} has no streams or memory of its own"
        )
    return backend.accelerator
