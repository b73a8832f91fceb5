"""Parameter and Buffer: tensors that a module keeps, to train or just to carry along; also of a shape yet unknown."""

from __future__ import annotations

from typing import Any

from ..device import Device
from ..dtypes import DType
from ..ops.creation import empty
from ..tensor import Tensor
from .uninitialized import Uninitialized, is_lazy

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "is_lazy"]


class Parameter(Tensor):
    """A tensor that is a parameter of the module it is assigned to.

    Parameters
    ----------
    data : Tensor whose memory it shares; None: an empty one
    requires_grad : whether it gets a gradient

    >>> import pluggrad
    >>> pluggrad.nn.Parameter(pluggrad.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        return super().__new__(cls, empty(0) if data is None else data, requires_grad=requires_grad)  # type: ignore[return-value]

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        """Everything is done in ``__new__``."""

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class _BufferMeta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.__dict__.get("_is_buffer", False)


class Buffer(metaclass=_BufferMeta):
    """Mark a tensor as a buffer of the module it is assigned to: part of its state, but not trained.

    Calling it gives a plain tensor that shares the memory of ``data`` and carries the mark.

    Parameters
    ----------
    data : Tensor; None: an empty one
    persistent : whether it is part of the module's ``state_dict``

    >>> import pluggrad
    >>> m = pluggrad.nn.Module()
    >>> m.scale = pluggrad.nn.Buffer(pluggrad.ones(1))
    >>> list(m.state_dict())
    ['scale']
    """

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        source = empty(0) if data is None else data
        tensor = source.detach().requires_grad_(source.requires_grad)
        tensor.persistent, tensor._is_buffer = persistent, True
        return tensor


class UninitializedParameter(Uninitialized, Parameter):
    """A parameter whose shape is not known yet: what lazy modules have until they are called.

    It has a dtype and a device, but neither shape nor values: what needs these raises. ``materialize`` makes it a
    :class:`Parameter`, the same object.

    Parameters
    ----------
    requires_grad : whether it gets a gradient
    device, dtype : of the parameter that it becomes

    >>> import pluggrad
    >>> weight = pluggrad.nn.UninitializedParameter()
    >>> weight
    <UninitializedParameter>
    >>> weight.materialize((2, 3))
    >>> type(weight), weight.shape
    (<class 'pluggrad.nn.parameter.Parameter'>, pluggrad.Size([2, 3]))
    """

    __slots__ = ()

    cls_to_become = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Device | str | None = None, dtype: DType | None = None
    ) -> UninitializedParameter:
        return cls.hide(Tensor.__new__(Parameter, empty(0, device=device, dtype=dtype), requires_grad=requires_grad))

    def __init__(
        self, requires_grad: bool = True, device: Device | str | None = None, dtype: DType | None = None
    ) -> None:
        """Everything is done in ``__new__``."""


class UninitializedBuffer(Uninitialized, Tensor):
    """A buffer whose shape is not known yet; ``materialize`` makes it a plain tensor, the same object.

    Parameters
    ----------
    requires_grad : whether it gets a gradient
    device, dtype : of the tensor that it becomes
    persistent : whether it is part of the module's ``state_dict``

    >>> import pluggrad
    >>> mean = pluggrad.nn.UninitializedBuffer()
    >>> mean.materialize((2,))
    >>> mean.shape
    pluggrad.Size([2])
    """

    __slots__ = ()

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Device | str | None = None, dtype: DType | None = None,
        persistent: bool = True,
    ) -> UninitializedBuffer:  # fmt: skip
        self = cls.hide(empty(0, device=device, dtype=dtype, requires_grad=requires_grad))
        self.persistent, self._is_buffer = persistent, True
        return self

    def __init__(
        self, requires_grad: bool = False, device: Device | str | None = None, dtype: DType | None = None,
        persistent: bool = True,
    ) -> None:  # fmt: skip
        """Everything is done in ``__new__``."""
