"""A backend whose library is imported: its devices, its array types, its kernels with all defaults filled in."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .. import dtypes, errors
from ..device import Device
from ..dtypes import DType
from ..errors import DeviceError, DTypeError, PluginError
from .kernels import FEW, Kernels, KernelsOfType, Overwriting, Wrappers
from .narrow import NarrowKernels
from .protocol import Backend

#: Not empty once a backend was loaded whose operators work on the thread's current device.
ENTERED: list[None] = []


class ArrayType:
    """A dtype on a device: what all arrays that one kernel serves have in common. One object per pair.

    A Tensor holds its ArrayType, so "same device, same dtype, which kernel?" is one look-up.

    Attributes
    ----------
    device, dtype : the neutral descriptions
    native_device, native : the library's own
    backend : LoadedBackend
    kernels : the backend's kernels, the ``xp`` of derivative rules on raw arrays
    own, of_few : the kernels for a rule all of whose arrays have this type, and for arrays of few elements
    overwriting : those for a rule that may write over its cotangent; None where no array is ever spare
    few : how many elements are few; 0: nobody has put anything around kernels that few elements need not go through
    array_class : the class of the library's arrays
    enter : makes the device the thread's current one, for operators on raw arrays; None where there is no such thing
    siblings : ArrayType by native dtype, on the same device
    wide : the ArrayType that this one's functions are computed in, None if in this one
    constants : 0-D tensors made from Python scalars; see ``autograd.operands.constant``
    """

    __slots__ = (
        "array_class", "backend", "constants", "device", "dtype", "enter", "few", "kernels", "native", "native_device",
        "of_few", "overwriting", "own", "siblings", "wide",
    )  # fmt: skip

    def __init__(self, backend: LoadedBackend, device: Device, native_device: Any, dtype: DType, native: Any) -> None:
        self.backend, self.device, self.native_device = backend, device, native_device
        self.dtype, self.native = dtype, native
        self.kernels = backend.kernels
        self.own = KernelsOfType(self.kernels, native, dtype.is_complex)
        self.of_few = KernelsOfType(self.kernels, native, dtype.is_complex, of_few=True)
        self.overwriting = Overwriting(self.own) if backend.brings("is_spare") else None
        self.few = 0
        self.wide: ArrayType | None = None
        self.array_class = backend.array_class
        self.enter = backend.enter(device)
        if self.enter is not None and not ENTERED:
            ENTERED.append(None)
        self.siblings: dict[Any, ArrayType] = {}
        self.constants: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.dtype.name} on {self.device}>"

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """A context in which the device is the thread's current one, for operators on raw arrays."""
        if self.enter is None:
            yield
            return
        back = self.backend.way_back()
        self.enter()
        try:
            yield
        finally:
            back()

    def with_dtype(self, dtype: DType) -> ArrayType:
        """The type with another dtype on the same device."""
        return self.siblings[self.backend.native_dtype(dtype)]


class LoadedBackend:
    """A backend ready for use.

    Attributes
    ----------
    name : str
    plugin : str, the name of the plugin that brought it
    kernels : Kernels
    devices : the neutral Device objects, the default one first
    accelerator : memory, streams and the current device, None where there are none
    array_class : the class of its arrays
    as_array : makes an array of what an operation gave in place of one
    """

    def __init__(
        self,
        name: str,
        device_type: str,
        plugin: str,
        backend: Backend,
    ) -> None:
        self.name, self.device_type, self.plugin = name, device_type, plugin
        natives = list(backend.devices)
        if hasattr(backend, "use_errors"):
            try:
                backend.use_errors(errors)
            except Exception as error:
                raise PluginError(
                    f"plugin {plugin!r}: exception in `use_errors` of backend {name!r}: {type(error).__name__}: {error}"
                ) from error
        self.accelerator = getattr(backend, "accelerator", None)
        self._set_num_threads = getattr(backend, "set_num_threads", None)
        self.namespace = backend.namespace
        # What an array's dtype attribute gives, which need not be the namespace's own name for it (NumPy).
        self._native_dtypes = {
            d: self.namespace.empty(1, dtype=getattr(self.namespace, d.name), device=natives[0]).dtype
            for d in dtypes.ALL
            if getattr(self.namespace, d.name, None) is not None
        }
        self._narrow = {dtypes.by_name(name): narrow for name, narrow in getattr(backend, "narrow_dtypes", {}).items()}
        self._dtype_hints: Mapping[str, str] = getattr(backend, "dtype_hints", {})
        self._native_dtypes |= {dtype: native for dtype, (native, _, _) in self._narrow.items()}
        missing = [d.name for d in dtypes.STANDARD if d not in self._native_dtypes]
        if missing:
            raise PluginError(f"plugin {plugin!r}: the namespace of backend {name!r} lacks the data types {missing}")
        self.kernels = Kernels(name, plugin, backend, self.native_dtype, self.type_of)
        array = self.namespace.empty(1, dtype=self._native_dtypes[dtypes.float32], device=natives[0])
        self.array_class: type = type(array)
        self.as_array: Callable[[Any], Any] = self.kernels.as_array
        self._tells_size = isinstance(getattr(array, "size", None), int)  # a method in PyTorch
        labels = getattr(backend, "device_labels", None) or (
            [""] if len(natives) == 1 else [str(i) for i in range(len(natives))]
        )
        self.devices = tuple(Device(device_type, label or None) for label in labels)
        self._natives = tuple(natives)
        self._siblings = tuple(self._make_types(d, n) for d, n in zip(self.devices, natives, strict=True))

    def __repr__(self) -> str:
        return f"<backend {self.name} of plugin {self.plugin}: {', '.join(map(str, self.devices))}>"

    def _make_types(self, device: Device, native_device: Any) -> dict[Any, ArrayType]:
        types = {n: ArrayType(self, device, native_device, d, n) for d, n in self._native_dtypes.items()}
        for array_type in types.values():
            array_type.siblings = types
        for native, wide, as_they_are in self._narrow.values():
            narrow, wide_type = types[native], types[self._native_dtypes[dtypes.by_name(wide)]]
            kernels: Any = NarrowKernels(self.kernels, native, wide_type.native, as_they_are)
            narrow.kernels = narrow.own = narrow.of_few = kernels
            narrow.overwriting = None
            narrow.wide = wide_type
        return types

    def use_threads(self, count: int) -> None:
        """Limit the library's own threads, if it has any."""
        if self._set_num_threads is not None:
            try:
                self._set_num_threads(count)
            except Exception as error:
                raise PluginError(
                    f"plugin {self.plugin!r}: exception in set_num_threads({count}) of backend {self.name!r}: "
                    f"{type(error).__name__}: {error}"
                ) from error

    def replace_wrappers(self, wrappers: Wrappers) -> None:
        """Let other plugins replace kernels, by name; each is looked up again at its next use."""
        self.kernels.replace_wrappers(wrappers)
        self._forget_own()
        for array_type in self._types():
            array_type.few = FEW if wrappers and self._tells_size else 0

    def forget(self, name: str) -> None:
        """Drop the kernel of a function, which is no longer registered."""
        vars(self.kernels).pop(name, None)
        self._forget_own()

    def _forget_own(self) -> None:
        for array_type in self._types():
            array_type.own.forget()
            array_type.of_few.forget()

    def _types(self) -> list[ArrayType]:
        """Its types, without the narrow ones."""
        return [t for siblings in self._siblings for t in siblings.values() if t.wide is None]

    def enter(self, device: Device) -> Callable[[], None] | None:
        """What makes a device the thread's current one; None where it always is."""
        if self.accelerator is None or len(self.devices) == 1:
            return None
        return functools.partial(self.accelerator.set_device, self.devices.index(device))

    def brings(self, name: str) -> bool:
        """Whether it has a kernel of its own for a function that others compose."""
        return self.kernels.brings(name)

    def way_back(self) -> Callable[[], None]:
        """What makes the thread's current device the current one again, after :meth:`enter`."""
        assert self.accelerator is not None
        return functools.partial(self.accelerator.set_device, self.accelerator.current_device())

    @property
    def dtypes(self) -> tuple[DType, ...]:
        """The data types that it has."""
        return tuple(self._native_dtypes)

    def advice(self, dtype: DType) -> str:
        """What to do about a dtype that it lacks, as the end of a sentence."""
        return self._dtype_hints.get(dtype.name) or f"it has {[d.name for d in self.dtypes]}"

    def native_dtype(self, dtype: DType) -> Any:
        """The library's own object for a dtype.

        Raises
        ------
        DTypeError : not a dtype of pluggrad's, or one that this backend lacks.
        """
        try:
            return self._native_dtypes[dtype]
        except (KeyError, TypeError):
            if isinstance(dtype, DType):
                raise DTypeError(f"backend {self.name!r} has no {dtype}; {self.advice(dtype)}") from None
            raise DTypeError(f"a dtype is one of pluggrad.float32, pluggrad.int64, ..., got {dtype!r}") from None

    def array_type(self, device: Device, dtype: DType) -> ArrayType:
        """The ArrayType of a dtype on one of this backend's devices (a bare type name: the default device)."""
        position = self._position(device)
        return self._siblings[position][self.native_dtype(dtype)]

    def _position(self, device: Device) -> int:
        if device.index is None:
            return 0 if self.accelerator is None else self.accelerator.current_device()
        if device in self.devices:
            return self.devices.index(device)
        if isinstance(device.index, int) and device.index < len(self.devices):
            return device.index
        raise DeviceError(f"no device {str(device)!r}: backend {self.name!r} has {', '.join(map(str, self.devices))}")

    def type_of(self, array: Any) -> ArrayType:
        """The ArrayType of one of the library's arrays.

        Raises
        ------
        BackendError : a dtype or a device that the backend does not list.
        """
        self.kernels.check_array(array)
        siblings = self._siblings[0]
        if len(self._natives) > 1:
            native_device = self.kernels.native_device(array)
            siblings = self._siblings[self._natives.index(native_device)]
        try:
            return siblings[array.dtype]
        except (KeyError, TypeError):
            raise DTypeError(
                f"backend {self.name!r}: arrays of dtype {array.dtype} are not supported; "
                f"it has {[d.name for d in self.dtypes]}"
            ) from None
