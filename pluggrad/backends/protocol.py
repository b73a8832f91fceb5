"""The interface of a backend and, for GPUs, of its accelerator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Backend(Protocol):
    """An array library, as pluggrad needs it: **a namespace and a list of devices**.

    Any object with these attributes will do. Besides them it may have

    ``kernels`` : Mapping[str, Callable]
        Functions on raw arrays that it does better than the default, by the name of the function:
        those of :func:`pluggrad.function.functions`, with the standard's among them (``exp``, ``softmax``),
        those that installed plugins describe in ``pluggrad_functions``, and those of
        :mod:`pluggrad.backends.defaults` (``strides``, ``tolist``, ``random_bits``). Called with the arrays by
        position and the parameters by keyword. Another name is an error: nothing would call its kernel.
    ``foreign_kernels`` : Mapping[str, Callable]
        Kernels of functions that need not be there: of a package that may not be installed or that registers them
        later, or of a later pluggrad. Their names are not checked.
    ``device_labels`` : Sequence[str]
        What stands behind the colon in the names of ``devices``; their positions by default, and nothing if there is
        but one. An empty one names the device by its type alone.
    ``narrow_dtypes`` : Mapping[str, tuple[Any, str, Collection[str]]]
        Data types, such as bfloat16, that its arrays can have and its functions cannot compute in, by their names: the
        library's own object for it, the name of the type to compute in, and the names of functions that need no
        other. See :mod:`pluggrad.backends.narrow`.
    ``dtype_hints`` : Mapping[str, str]
        What to do to get a data type that it may lack, by the type's name; said in errors.
    ``accelerator`` : :class:`Accelerator`
        Memory, streams and events of devices that have their own, and the calling thread's current device: that
        which the bare device type names. :mod:`pluggrad.cuda` asks it.
    ``wrap_kernel`` : Callable[[str, Callable], Callable]
        Is given each kernel, its own or composed, when it is first looked up, and returns the one to use: to run it on
        the device of its arguments, or to say in its errors what was called.
    ``use_errors`` : Callable[[module], None]
        Is given :mod:`pluggrad.errors` when the backend is loaded, so that its errors can be of these classes though
        it does not import pluggrad.
    ``set_num_threads`` : Callable[[int], None]
        Limits the library's own threads; those of BLAS need nothing. Is called when the backend is loaded, if a
        number was asked for by then, and at each :func:`pluggrad.set_num_threads`; in a forked process with 1.
    """

    @property
    def namespace(self) -> Any:
        """A namespace that follows the array API standard."""

    @property
    def devices(self) -> Sequence[Any]:
        """The library's own device objects, the default one first."""


def kernels_of(backend: Backend) -> Mapping[str, Callable[..., Any]]:
    """The kernels that a backend brings."""
    return {**getattr(backend, "foreign_kernels", {}), **getattr(backend, "kernels", {})}


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

    def record_stream(self, array: Any, stream: Any) -> None:
        """Keep an array's memory, once the array is gone, until what is queued on a stream by then is done."""

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
