"""To another dtype, device or library, and questions about these: ``to``, ``float``, ``cpu``, ``numpy``, ``type``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..device import Device
from ..dtypes import DType
from ..errors import DTypeError, GradientError
from ..ops import creation, transfer
from ..ops.dtype_functions import _astype
from ..tensor import Tensor
from .attach import method
from .basics import detach

#: PyTorch's names of tensors of one data type.
TYPE_NAMES = {
    dtypes.float32: "FloatTensor", dtypes.float64: "DoubleTensor", dtypes.float16: "HalfTensor",
    dtypes.bfloat16: "BFloat16Tensor", dtypes.uint8: "ByteTensor", dtypes.int8: "CharTensor",
    dtypes.int16: "ShortTensor", dtypes.int32: "IntTensor", dtypes.int64: "LongTensor", dtypes.bool_: "BoolTensor",
    dtypes.uint16: "UInt16Tensor", dtypes.uint32: "UInt32Tensor", dtypes.uint64: "UInt64Tensor",
    dtypes.complex64: "ComplexFloatTensor", dtypes.complex128: "ComplexDoubleTensor",
}  # fmt: skip
_DTYPES = {name: dtype for dtype, name in TYPE_NAMES.items()}


def _convert(
    x: Tensor, dtype: DType | None, device: Device | str | None, copy: bool, non_blocking: bool = False
) -> Tensor:
    out = x
    if dtype is not None and not isinstance(dtype, DType):
        raise DTypeError(f"to: a dtype is one of pluggrad.float32, pluggrad.int64, ..., got {dtype!r}")
    # The transfer is made with the smaller of the two types.
    if dtype is not None and dtype is not x.dtype and dtype.bits < x.dtype.bits:
        out = _cast(out, dtype)
    if device is not None:
        out = transfer.to_device(out, device, non_blocking)
    if dtype is not None and dtype is not out.dtype:
        out = _cast(out, dtype)
    return creation._copy(out) if copy and out is x else out


def _cast(x: Tensor, dtype: DType) -> Tensor:
    x._type.backend.native_dtype(dtype)  # raises for one that the backend lacks
    return _astype(x, dtype=dtype)


@method()
def to(
    self: Tensor,
    *args: Any,
    dtype: DType | None = None,
    device: Device | str | None = None,
    other: Tensor | None = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """This tensor with another dtype, on another device, or both; itself if it is so already.

    Called as ``to(dtype)``, ``to(device)``, ``to(device, dtype)`` or ``to(other)``, whose dtype and device are taken;
    ``non_blocking`` and ``copy`` may follow by position. On record: the gradient takes the way back.

    Parameters
    ----------
    dtype, device : None: as they are
    other : Tensor
    copy : give a copy in any case
    non_blocking : return before a copy between pinned memory (:meth:`pin_memory`) and a GPU is done. What follows on
        the GPU comes after it; a tensor in the host's memory must not be written, or read if it is the result, before
        ``pluggrad.cuda.synchronize()``
    memory_format : accepted for PyTorch's sake

    Raises
    ------
    DeviceError : no such device
    DTypeError : no dtype, or one that the device's backend lacks
    TypeError : other arguments

    >>> import pluggrad
    >>> x = pluggrad.asarray([1, 2])
    >>> x.to(pluggrad.float64)
    tensor([1., 2.], dtype=pluggrad.float64)
    >>> x.to("cpu") is x, x.to("cpu", copy=True) is x
    (True, False)
    """
    rest = list(args)
    first = rest.pop(0) if rest else None
    if isinstance(first, Tensor):
        other = first
    elif isinstance(first, DType):
        dtype = first
    else:
        if first is not None:
            device = _device(first)
        if rest and (rest[0] is None or isinstance(rest[0], DType)):
            dtype = rest.pop(0)
    if len(rest) > 2 or any(not isinstance(flag, bool) for flag in rest):
        raise TypeError(
            f"to() takes (dtype), (device), (device, dtype) or (other), then non_blocking and copy; got "
            f"({', '.join(type(a).__name__ for a in args)})"
        )
    if rest:
        non_blocking = rest[0]
    if len(rest) == 2:
        copy = rest[1]
    if other is not None:
        dtype, device = other.dtype, other.device
    return _convert(self, dtype, device, copy, non_blocking)


def _device(value: Any) -> Device:
    """A device from its name or, as PyTorch has it, from the number of a GPU."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Device("cuda", value)
    if isinstance(value, str | Device):
        return Device(value)
    raise TypeError(f"to(): the first argument is a dtype, a device or a tensor, got {type(value).__name__}")


@method()
def to_device(self: Tensor, device: Device | str, /, *, stream: Any = None) -> Tensor:
    """This tensor on another device: the standard's name for ``to(device)``.

    Raises
    ------
    ValueError : a ``stream``, which only a library's own arrays take

    >>> import pluggrad
    >>> pluggrad.asarray([1, 2]).to_device("cpu")
    tensor([1, 2])
    """
    if stream is not None:
        raise ValueError("to_device: stream must be None; work is ordered by the backend's current stream")
    return transfer.to_device(self, device)


@method()
def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """This tensor in the CPU's memory; itself if it is there."""
    return transfer.to_device(self, "cpu")


@method()
def cuda(
    self: Tensor, device: Device | str | int | None = None, non_blocking: bool = False, memory_format: Any = None
) -> Tensor:
    """This tensor on a GPU: the current one, or that of the given number or name. ``non_blocking``: see :meth:`to`."""
    return transfer.to_device(self, "cuda" if device is None else _device(device), non_blocking)


def _caster(name: str, dtype: DType) -> Callable[..., Tensor]:
    def cast(self: Tensor, memory_format: Any = None) -> Tensor:
        return self if self._type.dtype is dtype else _cast(self, dtype)

    cast.__name__ = cast.__qualname__ = name
    cast.__doc__ = f"This tensor as {dtype.name}; itself if it is."
    return cast


for _name, _dtype in {
    "float": dtypes.float32, "double": dtypes.float64, "half": dtypes.float16, "bfloat16": dtypes.bfloat16,
    "long": dtypes.int64, "int": dtypes.int32, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8,
    "bool": dtypes.bool_, "cfloat": dtypes.complex64, "cdouble": dtypes.complex128,
}.items():  # fmt: skip
    method()(_caster(_name, _dtype))


def type_name(dtype: DType, device: Device) -> str:
    """PyTorch's name of a tensor's type: ``pluggrad.FloatTensor``, ``pluggrad.cuda.LongTensor``."""
    place = "" if device.type == "cpu" else f"{device.type}."
    return f"{dtypes.Printed.namespace}.{place}{TYPE_NAMES[dtype]}"


def type_(self: Tensor, dtype: DType | str | Any = None, non_blocking: bool = False) -> Tensor | str:
    """The name of this tensor's type or, given a dtype or such a name, this tensor as that type.

    >>> import pluggrad
    >>> x = pluggrad.asarray([1, 2])
    >>> x.type()
    'pluggrad.LongTensor'
    >>> x.type("pluggrad.FloatTensor"), x.type(pluggrad.int8)
    (tensor([1., 2.]), tensor([1, 2], dtype=pluggrad.int8))
    """
    if dtype is None:
        return type_name(self.dtype, self.device)
    device = None
    if isinstance(dtype, str):
        *place, name = dtype.split(".")
        if name not in _DTYPES:
            raise ValueError(f"type: invalid type: {dtype!r}; known are {', '.join(f'pluggrad.{n}' for n in _DTYPES)}")
        device = place[1] if len(place) == 2 else "cpu"
        dtype = _DTYPES[name]
    elif not isinstance(dtype, DType):
        dtype = getattr(dtype, "dtype", dtype)  # pluggrad.LongTensor
    return _convert(self, dtype, device, copy=False)


Tensor.type = type_  # type: ignore[attr-defined]


@method()
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor with the dtype and on the device of another."""
    return _convert(self, other.dtype, other.device, copy=False)


@method()
def numpy(self: Tensor, *, force: bool = False) -> Any:
    """A NumPy array over this tensor's memory: writing one changes the other.

    Such a write from outside is not seen by graphs that have saved the value; use ``clone()`` where that matters.

    Parameters
    ----------
    force : detach it, and move it to the CPU, first

    Raises
    ------
    GradientError : the tensor requires a gradient
    TypeError : it is not in the CPU's memory

    >>> import pluggrad
    >>> pluggrad.ones(2).numpy()
    array([1., 1.], dtype=float32)
    """
    if force:
        self = cpu(detach(self))
    if self._node is not None:
        raise GradientError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    if self._type.device.type != "cpu":
        raise TypeError(
            f"can't convert {self.device} device type tensor to numpy. "
            f"Use Tensor.cpu() to copy the tensor to host memory first."
        )
    return self._array


# -- questions -----------------------------------------------------------------------------------------


@method()
def is_floating_point(self: Tensor) -> bool:
    """Whether the dtype is a real floating-point type.

    >>> import pluggrad
    >>> pluggrad.is_floating_point(pluggrad.ones(2))
    True
    """
    return self.dtype.is_floating_point


@method()
def is_complex(self: Tensor) -> bool:
    """Whether the dtype is a complex type.

    >>> import pluggrad
    >>> pluggrad.is_complex(pluggrad.ones(2))
    False
    """
    return self.dtype.is_complex


@method()
def is_signed(self: Tensor) -> bool:
    """Whether the dtype has negative values."""
    return self.dtype.is_signed


@method()
def get_device(self: Tensor) -> int:
    """The number of the GPU that holds this tensor; -1 for the CPU, as in PyTorch."""
    device = self.device
    if device.type == "cpu":
        return -1
    return device.index if isinstance(device.index, int) else 0


Tensor.is_cuda = property(lambda self: self.device.type == "cuda", doc="Whether a GPU holds it.")  # type: ignore[attr-defined]
Tensor.is_cpu = property(lambda self: self.device.type == "cpu", doc="Whether the CPU's memory holds it.")  # type: ignore[attr-defined]


def is_tensor(obj: object, /) -> bool:
    """Whether ``obj`` is a Tensor.

    >>> import pluggrad
    >>> pluggrad.is_tensor(pluggrad.ones(2)), pluggrad.is_tensor([1.0])
    (True, False)
    """
    return isinstance(obj, Tensor)
