"""Which device: the current one of the thread, and that of arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cupy

#: The number of the thread's current device.
current = cupy.cuda.get_device_id


def of(values: Iterable[Any]) -> int | None:
    """The device of the first array (or device) among some values, or in a tuple or list among them."""
    for value in values:
        if isinstance(value, cupy.ndarray):
            return value.device.id
        if isinstance(value, cupy.cuda.Device):
            return value.id
        if isinstance(value, list | tuple):
            found = of(value)
            if found is not None:
                return found
    return None
