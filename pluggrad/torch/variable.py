"""``Variable``, which a tensor had to be wrapped in before PyTorch 0.4, and old programs still do."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


class _VariableMeta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """A tensor over the memory of another, which may require a gradient. All tensors are instances of it.

    >>> import pluggrad.torch as torch
    >>> torch.autograd.Variable(torch.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool | None = None, volatile: bool = False) -> Any:
        if data is None:
            return Tensor()
        wanted = (data.requires_grad if requires_grad is None else requires_grad) and not volatile
        if not data.is_leaf or (data.requires_grad and wanted):
            return data if requires_grad is not False else data.detach()
        return data.detach().requires_grad_(wanted)
