"""Tensors whose shape is not known yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..device import Device
from ..dtypes import DType
from ..ops.creation import empty
from ..tensor import Size, Tensor

__all__ = ["Uninitialized", "is_lazy"]


class Uninitialized:
    """The part of :class:`.parameter.UninitializedParameter` and of its buffers that stands in for the missing array.

    An empty array of their dtype and device lies in the slot ``_array`` of tensors, which a property hides: whatever
    computes with the tensor reads it, and raises. Becoming a tensor proper is a change of class, which uncovers it.
    """

    __slots__ = ()

    #: The class that it has when its shape is known.
    cls_to_become: ClassVar[type[Tensor]]

    _type: Any
    requires_grad: bool
    dtype: DType
    device: Device

    @property
    def _array(self) -> Any:
        name = type(self).__name__
        raise ValueError(
            f"Attempted to use an uninitialized parameter ({name}). This happens when you are using a lazy module, or "
            f"handle {name} yourself. Call the module with a dummy batch to initialize the parameters first"
        )

    @_array.setter
    def _array(self, value: Any) -> None:
        _hidden.__set__(self, value)

    @property
    def shape(self) -> Size:
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    @property
    def data(self) -> Tensor:
        """An empty tensor, as in PyTorch: to fill it is allowed, and without effect."""
        return empty(0, device=self.device, dtype=self.dtype)

    @classmethod
    def hide(cls, empty: Tensor) -> Any:
        """Let an empty tensor, of the class that it is to become, be one without a shape."""
        empty.__class__ = cls  # type: ignore[assignment]
        return empty

    def materialize(
        self, shape: int | Sequence[int], device: Device | str | None = None, dtype: DType | None = None
    ) -> None:
        """Become a tensor of this shape, uninitialised, of its own device and dtype unless others are given."""
        value = empty(shape, device=self.device if device is None else device, dtype=dtype or self.dtype)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        self.data = value  # type: ignore[misc]

    def convert(self, fn: Callable[[Tensor], Tensor]) -> None:
        """Take the dtype and device that ``fn`` gives an empty tensor of this one's."""
        own = type(self)
        self.__class__ = own.cls_to_become  # type: ignore[assignment]
        try:
            self.data = fn(self.data)  # type: ignore[misc]
        finally:
            self.__class__ = own

    def share_memory_(self) -> Any:
        """Refused: there is no memory.

        Raises
        ------
        RuntimeError : always
        """
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)  # type: ignore[call-arg]
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (type(self), (self.requires_grad, str(self.device), self.dtype))


#: The slot of tensors that the property hides.
_hidden: Any = Tensor.__dict__["_array"]


def is_lazy(param: Any) -> bool:
    """Whether ``param`` is a parameter or buffer whose shape is not known yet.

    >>> import pluggrad
    >>> pluggrad.nn.parameter.is_lazy(pluggrad.nn.LazyLinear(3).weight)
    True
    """
    return isinstance(param, Uninitialized)
