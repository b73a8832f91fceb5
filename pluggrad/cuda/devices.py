"""Which GPUs there are, and which is the thread's current one."""

from __future__ import annotations

from typing import Any

from ..backends import plugins
from ..backends.accelerator import accelerator, why_unavailable
from ..backends.protocol import Accelerator
from ..device import Device
from ..errors import ArgumentError, DeviceError
from ..tensor import Tensor


def backend() -> Accelerator:
    """What the backend of the device type ``cuda`` offers.

    Raises
    ------
    BackendUnavailable : there is none, or it cannot be used here; the message names the cause
    """
    return accelerator("cuda")


def number_of(what: Device | str | int | None) -> int:
    """The number of a GPU, given by its number or name; None: the thread's current one.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    DeviceError : no such GPU
    """
    gpu = backend()
    if what is None:
        return gpu.current_device()
    if isinstance(what, int) and not isinstance(what, bool):
        number = what
    else:
        named = Device(what)
        if named.type != "cuda":
            raise DeviceError(f"expected a device of type 'cuda', got {str(named)!r}")
        number = gpu.current_device() if named.index is None else int(named.index)
    count = len(plugins.backend("cuda").devices)
    if not 0 <= number < count:
        raise DeviceError(
            f"no device cuda:{number}: there are {count} ({', '.join(f'cuda:{i}' for i in range(count))})"
        )
    return number


def unavailable_reason() -> str | None:
    """Why no GPU can be used here, beginning with one of the causes that :mod:`pluggrad.cuda` lists; None if one can.

    >>> import pluggrad
    >>> (pluggrad.cuda.unavailable_reason() is None) == pluggrad.cuda.is_available()
    True
    """
    return why_unavailable("cuda")


def is_available() -> bool:
    """Whether a GPU can be used. Never raises; :func:`unavailable_reason` says why it is False.

    >>> import pluggrad
    >>> x = pluggrad.zeros(2, device="cuda" if pluggrad.cuda.is_available() else "cpu")
    """
    return unavailable_reason() is None


def init() -> None:
    """Load the backend now rather than at the first use of a GPU.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    backend()


def is_initialized() -> bool:
    """Whether the backend has been loaded, by :func:`init` or by the use of a GPU."""
    return any(loaded.device_type == "cuda" for loaded in plugins.loaded())


def device_count() -> int:
    """How many GPUs there are; 0 where none can be used."""
    return len(plugins.backend("cuda").devices) if is_available() else 0


def current_device() -> int:
    """The number of the calling thread's current GPU, which the device ``"cuda"`` stands for.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    return backend().current_device()


def set_device(device: Device | str | int) -> None:
    """Make a GPU the calling thread's current one. A negative number does nothing.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    DeviceError : no such GPU
    """
    if not (isinstance(device, int) and device < 0):
        backend().set_device(number_of(device))


class device:
    """A context in which a GPU is the calling thread's current one; None or a negative number: no change.

    Parameters
    ----------
    device : number or name of a GPU

    Raises
    ------
    BackendUnavailable : no GPU can be used
    DeviceError : no such GPU
    """

    def __init__(self, device: Device | str | int | None) -> None:
        stays = device is None or (isinstance(device, int) and device < 0)
        self.idx = -1 if stays else number_of(device)
        self.prev_idx = -1

    def __enter__(self) -> None:
        if self.idx >= 0:
            self.prev_idx = backend().current_device()
            backend().set_device(self.idx)

    def __exit__(self, *exc: object) -> None:
        if self.idx >= 0:
            backend().set_device(self.prev_idx)


class device_of(device):
    """A context in which the GPU of a tensor is the current one; of a tensor elsewhere, no change."""

    def __init__(self, obj: Tensor) -> None:
        super().__init__(obj.device if obj.device.type == "cuda" else None)


class Properties:
    """What :func:`get_device_properties` tells: ``name``, ``major``, ``minor``, ``total_memory`` (bytes) and more."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __repr__(self) -> str:
        return f"DeviceProperties({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


def get_device_properties(device: Device | str | int | None = None) -> Any:
    """Name, compute capability (``major``, ``minor``), ``total_memory``, ``multi_processor_count`` and more of a GPU.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    return Properties(dict(backend().properties(number_of(device))))


def get_device_name(device: Device | str | int | None = None) -> str:
    """The name of a GPU, such as "NVIDIA H100 80GB HBM3"."""
    return str(backend().properties(number_of(device))["name"])


def get_device_capability(device: Device | str | int | None = None) -> tuple[int, int]:
    """The compute capability of a GPU, such as (9, 0)."""
    properties = backend().properties(number_of(device))
    return properties["major"], properties["minor"]


def get_arch_list() -> list[str]:
    """The architectures that kernels are compiled for: those of the GPUs here, since they are compiled at first use."""
    return sorted({"sm_{}{}".format(*get_device_capability(i)) for i in range(device_count())})


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether the backend has the dtype bfloat16."""
    return is_available() and any(d.name == "bfloat16" for d in plugins.backend("cuda").dtypes)


def can_device_access_peer(device: Device | str | int, peer_device: Device | str | int) -> bool:
    """Whether a GPU reads another's memory without going through the host.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    return backend().can_access_peer(number_of(device), number_of(peer_device))


def synchronize(device: Device | str | int | None = None) -> None:
    """Wait until all work of a GPU is done, and raise what failed on it.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    IndexError : a kernel met an index out of range
    RuntimeError : a kernel failed
    """
    backend().synchronize(number_of(device))


def host_copies() -> dict[str, int]:
    """How often each operation copied from a GPU to the host, and so waited for it, since the program started.

    A training step should need none: the numbers before and after one are the same.

    Raises
    ------
    BackendUnavailable : no GPU can be used
    """
    return dict(backend().host_copies())


_SYNC_MODES = ("default", "warn", "error")


def set_sync_debug_mode(debug_mode: int | str) -> None:
    """What happens when an operation copies to the host: 0 or "default": it is counted, 1 or "warn", 2 or "error".

    Raises
    ------
    ArgumentError : another mode
    BackendUnavailable : no GPU can be used
    """
    mode = _SYNC_MODES[debug_mode] if isinstance(debug_mode, int) and 0 <= debug_mode < 3 else debug_mode
    if mode not in _SYNC_MODES:
        raise ArgumentError(f"set_sync_debug_mode: expected 0, 1, 2 or one of {_SYNC_MODES}, got {debug_mode!r}")
    backend().set_sync_mode(str(mode))


def get_sync_debug_mode() -> int:
    """See :func:`set_sync_debug_mode`."""
    return _SYNC_MODES.index(backend().get_sync_mode())
