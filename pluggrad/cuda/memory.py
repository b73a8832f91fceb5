"""The memory of GPUs: what is in use, what is held for reuse, and their peaks."""

from __future__ import annotations

from ..device import Device
from ..errors import ArgumentError
from .devices import backend, get_device_name, number_of

Which = Device | str | int | None


def mem_get_info(device: Which = None) -> tuple[int, int]:
    """Free and total memory of a GPU, in bytes, all processes taken together.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    return backend().memory_info(number_of(device))


def memory_stats(device: Which = None) -> dict[str, int]:
    """Bytes in use and held, with their peaks, under PyTorch's names.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    found = backend().memory_stats(number_of(device))
    return {
        "allocated_bytes.all.current": found["allocated"],
        "allocated_bytes.all.peak": found["max_allocated"],
        "reserved_bytes.all.current": found["reserved"],
        "reserved_bytes.all.peak": found["max_reserved"],
        "allocation.all.allocated": found["allocations"],
    }


def memory_allocated(device: Which = None) -> int:
    """Bytes in use by tensors."""
    return backend().memory_stats(number_of(device))["allocated"]


def max_memory_allocated(device: Which = None) -> int:
    """The most bytes in use since the start, or since :func:`reset_peak_memory_stats`."""
    return backend().memory_stats(number_of(device))["max_allocated"]


def memory_reserved(device: Which = None) -> int:
    """Bytes held: those in use, and those kept to be used again."""
    return backend().memory_stats(number_of(device))["reserved"]


def max_memory_reserved(device: Which = None) -> int:
    """The most bytes held since the start, or since :func:`reset_peak_memory_stats`."""
    return backend().memory_stats(number_of(device))["max_reserved"]


def reset_peak_memory_stats(device: Which = None) -> None:
    """Count peaks from here on."""
    backend().reset_peaks(number_of(device))


def empty_cache() -> None:
    """Give back to the driver what is held and not in use."""
    backend().empty_cache()


def set_per_process_memory_fraction(fraction: float, device: Which = None) -> None:
    """Let this process use at most that part of a GPU's memory; more raises :class:`OutOfMemoryError`.

    Raises
    ------
    ArgumentError : not a number from 0 to 1
    """
    if not 0 <= fraction <= 1:
        raise ArgumentError(f"set_per_process_memory_fraction: fraction must be from 0 to 1, got {fraction}")
    backend().limit_memory(number_of(device), fraction)


def memory_summary(device: Which = None, abbreviated: bool = False) -> str:
    """The memory of a GPU as a text for people."""
    number = number_of(device)
    stats, (free, total) = backend().memory_stats(number), mem_get_info(number)
    rows = (
        ("in use by tensors", stats["allocated"], stats["max_allocated"]),
        ("held by this process", stats["reserved"], stats["max_reserved"]),
    )
    lines = [f"cuda:{number} {get_device_name(number)}: {free / 2**20:,.1f} of {total / 2**20:,.1f} MiB free"]
    lines += [f"  {what:22s} {now / 2**20:12,.1f} MiB, at most {most / 2**20:12,.1f} MiB" for what, now, most in rows]
    return "\n".join(lines)
