"""The machine's accelerator, whichever it is, as ``torch.accelerator`` has it.

It is the first device type, in alphabetical order, whose backend has memory and queues of work of its own (and says so
before it is loaded) and can be used here.

>>> import pluggrad
>>> pluggrad.accelerator.is_available() == (pluggrad.accelerator.current_accelerator() is not None)
True
"""

from __future__ import annotations

from .backends import plugins
from .backends.accelerator import current, found
from .device import Device
from .errors import DeviceError

__all__ = [
    "current_accelerator", "current_device_index", "device_count", "device_index", "empty_cache", "is_available",
    "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved", "reset_peak_memory_stats",
    "set_device_index", "synchronize",
]  # fmt: skip


def current_accelerator(check_available: bool = False) -> Device | None:
    """The device type of the accelerator, such as ``device(type='cuda')``.

    None if no plugin brings one or, with ``check_available`` or without, none of them can be used here.

    >>> import pluggrad
    >>> device = pluggrad.accelerator.current_accelerator() or pluggrad.device("cpu")
    """
    device_type = current()
    return None if device_type is None else Device(device_type)


def is_available() -> bool:
    """Whether there is an accelerator that can be used."""
    return current_accelerator() is not None


def _number(device: Device | str | int | None) -> int:
    if device is None:
        return found().current_device()
    number = device if isinstance(device, int) else Device(device).index
    number = found().current_device() if number is None else int(number)
    if not 0 <= number < device_count():
        raise DeviceError(f"no accelerator number {number}: there are {device_count()}")
    return number


def device_count() -> int:
    """How many devices the accelerator has; 0 without one."""
    device = current_accelerator()
    return 0 if device is None else len(plugins.backend(device).devices)


def current_device_index() -> int:
    """The number of the calling thread's current device.

    Raises
    ------
    BackendUnavailable : no accelerator can be used
    """
    return found().current_device()


def set_device_index(device: Device | str | int) -> None:
    """Make a device the calling thread's current one; a negative number does nothing.

    Raises
    ------
    BackendUnavailable : no accelerator can be used
    DeviceError : no such device
    """
    if not (isinstance(device, int) and device < 0):
        found().set_device(_number(device))


class device_index:
    """A context in which a device is the calling thread's current one; None: no change.

    Raises
    ------
    BackendUnavailable : no accelerator can be used
    """

    def __init__(self, device: int | None) -> None:
        self.idx = device
        self.prev_idx = -1

    def __enter__(self) -> None:
        if self.idx is not None:
            self.prev_idx = current_device_index()
            set_device_index(self.idx)

    def __exit__(self, *exc: object) -> None:
        if self.idx is not None:
            set_device_index(self.prev_idx)


def synchronize(device: Device | str | int | None = None) -> None:
    """Wait for all work of a device, and raise what failed on it.

    Raises
    ------
    BackendUnavailable : no accelerator can be used
    """
    found().synchronize(_number(device))


def empty_cache() -> None:
    """Give back memory that is held and not in use."""
    found().empty_cache()


def memory_allocated(device: Device | str | int | None = None) -> int:
    """Bytes in use by tensors."""
    return found().memory_stats(_number(device))["allocated"]


def max_memory_allocated(device: Device | str | int | None = None) -> int:
    """The most bytes in use since the start, or since :func:`reset_peak_memory_stats`."""
    return found().memory_stats(_number(device))["max_allocated"]


def memory_reserved(device: Device | str | int | None = None) -> int:
    """Bytes held: those in use, and those kept to be used again."""
    return found().memory_stats(_number(device))["reserved"]


def max_memory_reserved(device: Device | str | int | None = None) -> int:
    """The most bytes held since the start, or since :func:`reset_peak_memory_stats`."""
    return found().memory_stats(_number(device))["max_reserved"]


def reset_peak_memory_stats(device: Device | str | int | None = None) -> None:
    """Count peaks from here on."""
    found().reset_peaks(_number(device))
