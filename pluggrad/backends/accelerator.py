"""The accelerator of this machine: which there is, or why none can be used. :mod:`pluggrad.cuda` asks for it."""

from __future__ import annotations

from typing import Any

from ..errors import BackendError, BackendUnavailable, DeviceError, PluginError
from .manager import plugins
from .protocol import Accelerator


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


def pinned(array: Any, device_type: str) -> Any:
    """A host's array in memory that the accelerator reads by itself; as it is without one, and if it is no host's."""
    return found().pin(array) if device_type == "cpu" and current() is not None else array


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
