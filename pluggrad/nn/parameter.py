"""Parameter and Buffer: tensors that a module keeps, to train or just to carry along."""

from __future__ import annotations

from typing import Any

from ..ops.creation import empty
from ..tensor import Tensor

__all__ = ["Buffer", "Parameter"]


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
