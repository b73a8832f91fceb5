"""What the array API standard asks a namespace about itself: ``pluggrad.__array_namespace_info__()``.

>>> import pluggrad
>>> info = pluggrad.__array_namespace_info__()
>>> info.default_dtypes()["real floating"]
pluggrad.float32
"""

from __future__ import annotations

from typing import Any

from . import dtypes
from .backends import plugins
from .device import Device, get_default_device
from .dtypes import DType
from .errors import BackendUnavailable

__all__ = ["Info", "__array_api_version__", "__array_namespace_info__"]

__array_api_version__ = "2025.12"


class Info:
    """Capabilities, devices and data types. All answers are new objects, the caller's to change."""

    __module__ = "pluggrad"

    def capabilities(self) -> dict[str, Any]:
        """What the default device's library can do: "boolean indexing", "data-dependent shapes", "max dimensions"."""
        namespace = plugins.backend(get_default_device()).namespace
        known = {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": None}
        if hasattr(namespace, "__array_namespace_info__"):
            known.update(namespace.__array_namespace_info__().capabilities())
        return known

    def default_device(self) -> Device:
        """The device of new tensors.

        >>> Info().default_device()
        device(type='cpu')
        """
        return get_default_device()

    def default_dtypes(self, *, device: Device | str | None = None) -> dict[str, DType]:
        """The dtypes of new tensors, by kind; the same on every device."""
        default = dtypes.get_default_dtype()
        return {
            "real floating": default,
            "complex floating": default.to_complex(),
            "integral": dtypes.int64,
            "indexing": dtypes.int64,
        }

    def dtypes(
        self, *, device: Device | str | None = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, DType]:
        """The standard's data types of a kind (or of any of several kinds), by name; the same on every device.

        Parameters
        ----------
        kind : None: all; or as for :func:`pluggrad.isdtype`

        Raises
        ------
        ValueError : an unknown kind

        >>> sorted(Info().dtypes(kind="real floating"))
        ['float32', 'float64']
        """
        return {d.name: d for d in dtypes.STANDARD if kind is None or dtypes.is_kind(d, kind)}

    def devices(self) -> tuple[Device, ...]:
        """All devices of all backends that can be used here. Their libraries are imported to find out."""
        found: list[Device] = []
        for status in plugins.status():
            if not status.usable or status.device_type is None:
                continue
            try:
                found += plugins.backend(status.device_type).devices
            except BackendUnavailable:  # its probe promised more than its library holds; status() will tell
                continue
        return tuple(found)


def __array_namespace_info__() -> Info:
    """The namespace's answers to the standard's questions; see :class:`Info`."""
    return Info()
