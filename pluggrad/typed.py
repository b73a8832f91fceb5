"""PyTorch's constructors of tensors of one data type: ``FloatTensor(2, 3)``, ``LongTensor([0, 2])``."""

from __future__ import annotations

from typing import Any

from .device import Device, get_default_device
from .dtypes import DType, get_default_dtype
from .errors import DTypeError
from .methods.conversion import TYPE_NAMES, type_name
from .ops import creation
from .tensor import Size, Tensor

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
    "IntTensor", "LongTensor", "ShortTensor", "TensorType",
]  # fmt: skip


class TensorType:
    """A data type on a device as a constructor, and as a class for ``isinstance``.

    Called with sizes (or a ``Size``), an uninitialised tensor of that shape; with a sequence or an array, a copy of
    its values, cast; with a tensor of this very type, a tensor that shares its memory; with nothing, an empty one.

    >>> import pluggrad
    >>> pluggrad.LongTensor([0, 2])
    tensor([0, 2])
    >>> pluggrad.FloatTensor(2, 3).shape
    pluggrad.Size([2, 3])
    >>> isinstance(pluggrad.ones(2), pluggrad.FloatTensor)
    True
    """

    def __init__(self, dtype: DType, device: Device | str = "cpu") -> None:
        self.dtype, self.device = dtype, Device(device)

    def __repr__(self) -> str:
        return f"<class '{type_name(self.dtype, self.device)}'>"

    def __instancecheck__(self, instance: object) -> bool:
        if not isinstance(instance, Tensor):
            return False
        return instance.dtype is self.dtype and instance.device.type == self.device.type

    def __call__(self, *args: Any) -> Tensor:
        if not args:
            return creation.empty(0, dtype=self.dtype, device=self.device)
        first = args[0]
        if len(args) == 1 and isinstance(first, Tensor) and first.ndim:
            if not isinstance(first, self):  # type: ignore[arg-type]  # an object with __instancecheck__ will do
                raise DTypeError(
                    f"{self!r} takes a tensor of its own type, got {first.dtype.name} on {first.device}; "
                    f"convert it, as in x.to(pluggrad.{self.dtype.name})"
                )
            return first.detach()
        if isinstance(first, float | complex):
            raise TypeError(f"{self!r} takes sizes or a sequence of values, got {type(first).__name__}")
        is_size = isinstance(first, Size) or (hasattr(first, "__index__") and not getattr(first, "ndim", 0))
        if len(args) == 1 and not is_size:
            return creation.tensor(first, dtype=self.dtype, device=self.device)
        return creation.empty(*args, dtype=self.dtype, device=self.device)


def _default_tensor(*args: Any, device: Any = None) -> Tensor:
    """A tensor of the default float type: of sizes, or of a sequence of values."""
    place = get_default_device() if device is None else device
    return TensorType(get_default_dtype(), place)(*args)


Tensor._from_values = staticmethod(_default_tensor)

(
    FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor, ByteTensor, CharTensor, ShortTensor, IntTensor, LongTensor,
    BoolTensor,
) = (TensorType(dtype) for dtype in list(TYPE_NAMES)[:10])  # fmt: skip
