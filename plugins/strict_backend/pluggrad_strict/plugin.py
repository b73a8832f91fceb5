"""The smallest backend: an array API namespace and a list of devices. The core brings the rest."""

from __future__ import annotations

import warnings

import pluggy


class StrictBackend:
    """array-api-strict: NumPy behind the standard's fence. Its devices are make-believe, but do not mix."""

    device_labels = ("", "device1", "device2")

    def __init__(self) -> None:
        import array_api_strict

        # 1/0 is inf without a word from the NumPy behind the fence, as on every other backend.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="array_api_strict")
        array_api_strict.set_array_api_strict_flags(api_version="2025.12")
        self.namespace = array_api_strict
        self.devices = [array_api_strict.Device(name) for name in ("CPU_DEVICE", "device1", "device2")]


@pluggy.HookimplMarker("pluggrad")
def pluggrad_backends() -> list[dict[str, object]]:
    """One backend, on the devices ``strict``, ``strict:device1`` and ``strict:device2``."""
    array = "array_api_strict._array_object.Array"
    return [{"name": "strict", "device_type": "strict", "load": StrictBackend, "array_types": (array,)}]
