"""Where the tensors of a file go: what ``map_location`` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...device import Device
from ...errors import DeviceError
from ...tensor import Tensor

__all__ = ["MapLocation", "Placer"]

MapLocation = str | Device | Mapping[str, str] | Callable[[Tensor, str], Tensor | Device | str | None] | None


class Placer:
    """Puts tensors onto the devices that ``map_location`` says."""

    def __init__(self, map_location: MapLocation) -> None:
        self._map = map_location

    def __call__(self, tensor: Tensor, location: str) -> Tensor:
        """A tensor of the CPU's, which was on ``location``, where it belongs now."""
        where: Any = self._map
        if where is None:
            where = location
        elif isinstance(where, Mapping):
            where = where.get(location, location)
        elif callable(where) and not isinstance(where, Device):
            where = where(tensor, location)
            if isinstance(where, Tensor):
                return where
            where = location if where is None else where
        try:
            return tensor.to(Device(where))
        except (DeviceError, ImportError) as error:
            if self._map is not None:
                raise
            raise DeviceError(
                f"load: a tensor was saved from device {location!r}, which is not to be had here: {error}. "
                'To load it elsewhere, give map_location, as in load(f, map_location="cpu")'
            ) from error
