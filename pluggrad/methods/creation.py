"""New tensors of the dtype and on the device of a given one: ``x.new_zeros(2, 3)``, ``x.new_tensor(data)``."""

from __future__ import annotations

from typing import Any

from ..device import Device
from ..dtypes import DType
from ..ops import creation
from ..tensor import Tensor
from .attach import method


@method()
def new_zeros(
    self: Tensor, *shape: Any, size: Any = None, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Zeros of a shape given as ints or one sequence; dtype and device are this tensor's unless given.

    >>> import pluggrad
    >>> pluggrad.ones(1, dtype=pluggrad.int64).new_zeros(2, 3)
    tensor([[0, 0, 0],
            [0, 0, 0]])
    """
    dtype, device = dtype or self.dtype, device or self.device
    return creation.zeros(*shape, size=size, dtype=dtype, device=device, requires_grad=requires_grad)


@method()
def new_ones(
    self: Tensor, *shape: Any, size: Any = None, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Ones of a shape given as ints or one sequence; dtype and device are this tensor's unless given.

    >>> import pluggrad
    >>> pluggrad.zeros(1).new_ones(2, 3, dtype=pluggrad.float64)
    tensor([[1., 1., 1.],
            [1., 1., 1.]], dtype=pluggrad.float64)
    """
    dtype, device = dtype or self.dtype, device or self.device
    return creation.ones(*shape, size=size, dtype=dtype, device=device, requires_grad=requires_grad)


@method()
def new_empty(
    self: Tensor, *shape: Any, size: Any = None, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor whose values are whatever the memory held; dtype and device are this tensor's unless given."""
    dtype, device = dtype or self.dtype, device or self.device
    return creation.empty(*shape, size=size, dtype=dtype, device=device, requires_grad=requires_grad)


@method()
def new_full(
    self: Tensor, size: Any, fill_value: Any, *, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of one value; dtype and device are this tensor's unless given.

    >>> import pluggrad
    >>> pluggrad.zeros(1).new_full((2,), 7)
    tensor([7., 7.])
    """
    return creation.full(
        size, fill_value, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad
    )


@method()
def new_tensor(
    self: Tensor, data: Any, *, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A new leaf with a copy of ``data``; dtype and device are this tensor's unless given.

    >>> import pluggrad
    >>> pluggrad.zeros(1).new_tensor([1, 2])
    tensor([1., 2.])
    """
    return creation.tensor(data, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)
