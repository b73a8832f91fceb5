"""Devices by name, and the choice of the default one. Neutral: knows no backend."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import Any

from .errors import DeviceError

_interned: dict[str, Device] = {}
_contexts: ContextVar[tuple[Device, ...]] = ContextVar("pluggrad_device", default=())
_default: Device | None = None


class Device:
    """A place where tensors live: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"strict:device1"``.

    The part before the colon is the type, by which the backend is found; the part behind it
    says which of that backend's devices. One object per name; equal to its name, too. Used in
    a ``with`` statement it becomes the default device inside.

    Parameters
    ----------
    device : str or Device or any object whose ``device`` is a Device; an int is the number of a GPU, as in PyTorch
    index : int or str, optional, the part behind the colon
    type : another name for ``device``

    Raises
    ------
    DeviceError : the name is malformed. Whether the device exists is found out at first use.

    >>> Device("cuda", 1)
    device(type='cuda', index=1)
    >>> Device("cpu") == "cpu"
    True
    """

    __slots__ = ("index", "type")

    type: str
    index: int | str | None

    def __new__(
        cls, device: str | int | Device | Any = None, index: int | str | None = None, *, type: str | None = None
    ) -> Device:
        if type is not None:
            device = type
        if isinstance(device, int) and not isinstance(device, bool):
            device, index = "cuda", device
        if isinstance(device, Device):
            return device if index is None else cls(device.type, index)
        if not isinstance(device, str):
            inner = getattr(device, "device", None)
            if isinstance(inner, Device):
                return inner
            raise DeviceError(f"a device is named by a string such as 'cpu' or 'cuda:1', got {device!r}")
        name = device if index is None else f"{device}:{index}"
        found = _interned.get(name)
        if found is not None:
            return found
        type_, colon, label = name.partition(":")
        if not type_ or (colon and not label) or ":" in label:
            raise DeviceError(f"a device is named 'type' or 'type:index', such as 'cpu' or 'cuda:1', got {name!r}")
        self = super().__new__(cls)
        self.type = type_
        self.index = int(label) if label.isdigit() else (label or None)
        return _interned.setdefault(name, self)

    def __repr__(self) -> str:
        return (
            f"device(type={self.type!r})" if self.index is None else f"device(type={self.type!r}, index={self.index!r})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        # A transform's levels have a Device of their own, equal to that below.
        return self is other or (isinstance(other, str | Device) and str(self) == str(other))

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Device, (str(self),)

    def __enter__(self) -> Device:
        _contexts.set((*_contexts.get(), self))
        return self

    def __exit__(self, *exc: object) -> None:
        _contexts.set(_contexts.get()[:-1])


def get_default_device() -> Device:
    """The device of new tensors: of the innermost ``with device``, else of :func:`set_default_device`,
    else of the environment variable ``PLUGGRAD_DEVICE``, else ``cpu``.

    >>> with Device("cuda"):
    ...     get_default_device()
    device(type='cuda')
    """
    contexts = _contexts.get()
    if contexts:
        return contexts[-1]
    return _default or Device(os.environ.get("PLUGGRAD_DEVICE") or "cpu")


def set_default_device(device: str | Device | None, /) -> None:
    """Choose the device of new tensors for the whole process; None goes back to the environment's choice."""
    global _default
    _default = None if device is None else Device(device)
