"""Memory: copies, writes, addresses, and the way to other libraries."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import torch

Tensor = torch.Tensor


def check_array(x: Tensor) -> None:
    """Refuse tensors of PyTorch's own graph, and those whose memory does not hold their values.

    Raises
    ------
    RuntimeError
    """
    if x.requires_grad:
        raise RuntimeError(
            "a torch.Tensor that requires grad is in PyTorch's graph, which pluggrad's does not reach; "
            "use tensor.detach(), and pluggrad's requires_grad_()"
        )
    if x.layout is not torch.strided or x.is_quantized or x.is_meta:
        raise RuntimeError(
            f"a torch.Tensor must be dense for pluggrad, got layout {x.layout}, device {x.device}; "
            "use tensor.to_dense()"
        )
    if x.is_conj() or x.is_neg():
        raise RuntimeError(
            "a torch.Tensor with its conjugate (or negative) bit set shows other values than its memory holds; "
            "use tensor.resolve_conj().resolve_neg()"
        )


def copy(x: Tensor) -> Tensor:
    return x.clone(memory_format=torch.contiguous_format)


def new_zeros(x: Tensor, *, shape: Sequence[int]) -> Tensor:
    return x.new_zeros(shape)


def write(x: Tensor, key: Any, value: Any) -> None:
    """Write ``value``, a tensor or a number, into ``x[key]``."""
    part = x if key is Ellipsis else x[key]
    if not isinstance(value, Tensor):
        part.fill_(value)
        return
    try:
        part.copy_(value)
    except RuntimeError:
        if value.untyped_storage().data_ptr() != x.untyped_storage().data_ptr():
            raise
        part.copy_(value.clone())  # PyTorch does not copy between places that overlap: x[1:] = x[:-1]


def owns_memory(x: Tensor) -> bool:
    # In inference mode PyTorch does not note what is a view.
    return not (x._is_view() or x.is_inference())


def strides(x: Tensor) -> tuple[int, ...]:
    return x.stride()


def data_ptr(x: Tensor) -> int:
    return x.data_ptr()


tolist = operator.methodcaller("tolist")


def to_host(x: Tensor) -> Any:
    """A NumPy array, which every library takes; where there is none (NumPy, or its bfloat16), nested lists."""
    try:
        return x.cpu().numpy()
    except (RuntimeError, TypeError):
        return x.tolist()


def native_device(x: Tensor) -> torch.device:
    return x.device


def synchronize(device: torch.device) -> None:
    if device.type != "cpu":
        getattr(torch, device.type).synchronize(*(() if device.type == "mps" else (device,)))


KERNELS = {f.__name__: f for f in (
    check_array, copy, new_zeros, write, owns_memory, strides, data_ptr, to_host, native_device, synchronize,
)} | {"tolist": tolist}  # fmt: skip
