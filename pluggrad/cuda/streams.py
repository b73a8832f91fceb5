"""Streams, in which work of a GPU is done in order, and events, by which one waits for another."""

from __future__ import annotations

from typing import Any

from ..device import Device
from ..errors import ArgumentError
from .devices import backend, device, number_of

Which = Device | str | int | None


class Stream:
    """A queue of work of a GPU. What is in one queue is done in order, what is in two may be done at once.

    Parameters
    ----------
    device : None: the thread's current GPU
    priority : a lower number goes first

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """

    __slots__ = ("_number", "native", "priority")

    native: Any
    priority: int

    def __init__(self, device: Which = None, priority: int = 0) -> None:
        self._number, self.priority = number_of(device), priority
        self.native = backend().stream(self._number, priority)

    @classmethod
    def of(cls, native: Any, number: int) -> Stream:
        """The backend's own stream as one of these."""
        self = Stream.__new__(cls)
        self.native, self._number, self.priority = native, number, 0
        return self

    @property
    def device(self) -> Device:
        """The GPU."""
        return Device("cuda", self._number)

    @property
    def device_index(self) -> int:
        """The number of the GPU."""
        return self._number

    @property
    def cuda_stream(self) -> int:
        """The number by which the driver, and other libraries, know the stream."""
        return backend().stream_handle(self.native)

    def query(self) -> bool:
        """Whether all work queued so far is done."""
        return backend().stream_done(self.native)

    def synchronize(self) -> None:
        """Wait until all work queued so far is done.

        Raises
        ------
        RuntimeError : some of it failed
        """
        backend().synchronize_stream(self.native, self._number)

    def record_event(self, event: Event | None = None) -> Event:
        """An event that happens when the work queued so far is done."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Let the work queued from now on wait for an event. Python does not wait."""
        if event.native is not None:
            backend().wait(self.native, event.native)

    def wait_stream(self, stream: Stream) -> None:
        """Let the work queued from now on wait for all that is queued on another stream. Python does not wait."""
        self.wait_event(stream.record_event())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self._number == other._number and self.cuda_stream == other.cuda_stream

    def __hash__(self) -> int:
        return hash((self._number, self.cuda_stream))

    def __repr__(self) -> str:
        return f"<pluggrad.cuda.Stream device=cuda:{self._number} cuda_stream={self.cuda_stream:#x}>"


class ExternalStream(Stream):
    """A stream that another library made. It must outlive this object.

    Parameters
    ----------
    stream_ptr : its handle, a ``cudaStream_t`` as a number
    device : None: the thread's current GPU

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """

    __slots__ = ()

    def __init__(self, stream_ptr: int, device: Which = None) -> None:
        self._number, self.priority = number_of(device), 0
        self.native = backend().external_stream(self._number, stream_ptr)


class Event:
    """A moment in the work of a GPU.

    Parameters
    ----------
    enable_timing : whether :meth:`elapsed_time` will be asked
    blocking : whether :meth:`synchronize` lets the processor sleep meanwhile
    interprocess : whether other processes may wait for it, too

    Raises
    ------
    BackendUnavailable : no GPU can be used, when it is first recorded

    Notes
    -----
    The driver's event is made when it is first recorded, on the device of that stream, as in PyTorch.
    """

    __slots__ = ("_number", "_options", "native")

    native: Any

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        if interprocess and enable_timing:
            raise ArgumentError("Event: an event for several processes can't have timing")
        self._options = (enable_timing, blocking, interprocess)
        self._number, self.native = -1, None

    def record(self, stream: Stream | None = None) -> None:
        """Let it happen when what is queued so far on a stream (None: the current one) is done.

        Raises
        ------
        ArgumentError : it was recorded on another GPU before
        """
        stream = current_stream() if stream is None else stream
        if self.native is None:
            self._number = stream.device_index
            self.native = backend().event(self._number, *self._options)
        if stream.device_index != self._number:
            raise ArgumentError(
                f"Event: it is an event of cuda:{self._number}, and cannot be recorded on cuda:{stream.device_index}"
            )
        backend().record(self.native, stream.native)

    def wait(self, stream: Stream | None = None) -> None:
        """Let what is queued from now on on a stream (None: the current one) wait for it. Python does not wait."""
        (current_stream() if stream is None else stream).wait_event(self)

    def query(self) -> bool:
        """Whether it has happened; one that was never recorded has."""
        return self.native is None or backend().event_done(self.native)

    def synchronize(self) -> None:
        """Wait until it has happened.

        Raises
        ------
        RuntimeError : what it waited for failed
        """
        if self.native is not None:
            backend().synchronize_event(self.native, self._number)

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this event to another.

        Raises
        ------
        ArgumentError : one was made without ``enable_timing``, or was never recorded
        """
        for event in (self, end_event):
            if not event._options[0]:
                raise ArgumentError("elapsed_time: both events must be made with enable_timing=True")
            if event.native is None:
                raise ArgumentError("elapsed_time: both events must be recorded first")
        return backend().elapsed(self.native, end_event.native)

    def __repr__(self) -> str:
        place = "never recorded" if self.native is None else f"device=cuda:{self._number}"
        return f"<pluggrad.cuda.Event {place}>"


def current_stream(device: Which = None) -> Stream:
    """The stream that the calling thread's work for a GPU is queued on.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    number = number_of(device)
    return Stream.of(backend().current_stream(number), number)


def default_stream(device: Which = None) -> Stream:
    """The stream that work is queued on unless another is chosen."""
    number = number_of(device)
    return Stream.of(backend().default_stream(number), number)


def set_stream(stream: Stream | None) -> None:
    """Queue the calling thread's work on a stream, and make its GPU the current one; None: nothing changes."""
    if stream is not None:
        backend().set_device(stream.device_index)
        backend().set_stream(stream.native, stream.device_index)


class StreamContext:
    """A context in which the calling thread's work is queued on a stream; None: no change. Of :func:`stream`."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream
        self._before: Any = None
        self._device: device | None = None

    def __enter__(self) -> None:
        if self.stream is not None:
            number = self.stream.device_index
            self._device = device(number)
            self._device.__enter__()
            self._before = backend().current_stream(number)
            backend().set_stream(self.stream.native, number)

    def __exit__(self, *exc: object) -> None:
        if self.stream is not None and self._device is not None:
            backend().set_stream(self._before, self.stream.device_index)
            self._device.__exit__()


def stream(stream: Stream | None) -> StreamContext:
    """A context in which the calling thread's work is queued on a stream, whose GPU is the current one.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    return StreamContext(stream)
