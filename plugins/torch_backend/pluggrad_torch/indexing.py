"""Reading, writing and adding at indices. ``indices.key`` holds integer arrays, masks and full slices."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from .errors import check_index
from .memory import copy
from .signed import SIGNED, to_signed

Tensor = torch.Tensor

# Data is moved whatever the bits mean; of the unsigned types PyTorch moves int64's, int32's, int16's instead.
_SAME_SIZE = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}


def _bits(x: Tensor) -> Tensor:
    """The memory of ``x``, as a type that PyTorch moves and adds (modulo its size)."""
    return x.view(_SAME_SIZE[x.dtype]) if x.dtype in SIGNED else x


def _places(index: Tensor) -> Tensor:
    """Indices in the type that PyTorch wants; a uint8 would be taken for a mask."""
    return index if index.dtype == torch.bool else to_signed(index).to(torch.int64)


def _key(indices: Any) -> list[Tensor | None]:
    return [None if type(k) is slice else _places(k) for k in indices.key]


def _check(key: list[Tensor | None], shape: tuple[int, ...]) -> None:
    """Say which index of a key is out of range, if one is."""
    axis = 0
    for item in key:
        if item is not None and item.dtype != torch.bool:
            check_index(item, shape[axis], f"axis {axis}")
        axis += 1 if item is None or item.dtype != torch.bool else item.ndim


def index(x: Tensor, *, indices: Any) -> Tensor:
    """The elements at the indices, in C order."""
    key = _key(indices)
    try:
        out = torch.ops.aten.index(_bits(x), key)
    except (IndexError, RuntimeError):
        _check(key, x.shape)
        raise
    return (out.view(x.dtype) if x.dtype in SIGNED else out).contiguous()


def index_put(x: Tensor, values: Tensor, *, indices: Any, accumulate: bool) -> Tensor:
    out = copy(x)
    write_index(out, indices, values, accumulate)
    return out


def write_index(x: Tensor, indices: Any, values: Tensor, accumulate: bool) -> None:
    """Write or add ``values`` at the indices, in place."""
    if values.untyped_storage().data_ptr() == x.untyped_storage().data_ptr():
        values = values.clone()  # reading what is being written
    key = _key(indices)
    try:
        torch.ops.aten.index_put_(_bits(x), key, _bits(values), accumulate)
    except (IndexError, RuntimeError) as error:
        if isinstance(error, IndexError) or "shape mismatch" not in str(error):
            _check(key, x.shape)
            raise
        if values.ndim <= 1 or values.shape[0] != 1:
            raise ValueError(str(error)) from None
        write_index(x, indices, values[0], accumulate)  # leading axes of size 1 may be too many


def take(x: Tensor, indices: Tensor, *, axis: int) -> Tensor:
    places = _places(indices)
    flat = torch.index_select(_bits(x), axis, _from_start(places.reshape(-1), x.shape[axis])).view(x.dtype)
    return flat if places.ndim == 1 else flat.reshape((*x.shape[:axis], *places.shape, *x.shape[axis + 1 :]))


def index_add(x: Tensor, indices: Tensor, values: Tensor, *, axis: int) -> Tensor:
    out, places = copy(x), _from_start(_places(indices), x.shape[axis])
    # The axes of the indices stand where the axis was.
    shape = (*x.shape[:axis], *places.shape, *x.shape[axis + 1 :])
    values = values.expand(shape).reshape((*x.shape[:axis], places.numel(), *x.shape[axis + 1 :]))
    _bits(out).index_add_(axis, places.reshape(-1), _bits(values))
    return out


def _from_start(index: Tensor, n: int) -> Tensor:
    """Negative indices count from the end, which not all of PyTorch's functions know."""
    return torch.where(index < 0, index + n, index)


def take_along_axis(x: Tensor, indices: Tensor, *, axis: int = -1) -> Tensor:
    out = torch.take_along_dim(_bits(x), _from_start(_places(indices), x.shape[axis]), axis)
    return out.view(x.dtype) if x.dtype in SIGNED else out


def _along(x: Tensor, index: Tensor, axis: int) -> Tensor:
    return _from_start(_places(index), x.shape[axis] if x.ndim else 1)


def gather(x: Tensor, index: Tensor, *, axis: int) -> Tensor:
    out = torch.gather(_bits(x), axis, _along(x, index, axis))
    return out.view(x.dtype) if x.dtype in SIGNED else out


def scatter(x: Tensor, index: Tensor, src: Tensor, *, axis: int) -> Tensor:
    out = copy(x)
    _bits(out).scatter_(axis, _along(x, index, axis), _bits(src))
    return out


def scatter_add(x: Tensor, index: Tensor, src: Tensor, *, axis: int) -> Tensor:
    out = copy(x)
    _bits(out).scatter_add_(axis, _along(x, index, axis), _bits(src))
    return out


def scatter_extreme(x: Tensor, index: Tensor, src: Tensor, *, axis: int, largest: bool, include_self: bool) -> Tensor:
    reduce = "amax" if largest else "amin"
    index = _along(x, index, axis)
    if x.dtype not in SIGNED:
        return torch.scatter_reduce(x, axis, index, src, reduce, include_self=include_self)
    out = torch.scatter_reduce(
        to_signed(x, ordered=True), axis, index, to_signed(src, ordered=True), reduce, include_self=include_self
    )
    return (out ^ -(1 << 63)).view(x.dtype) if x.dtype == torch.uint64 else out.to(x.dtype)


def masked_fill(x: Tensor, mask: Tensor, value: Tensor) -> Tensor:
    return torch.where(mask, value, x)


def embedding(
    weight: Tensor, indices: Tensor, *, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> Tensor:
    return torch.embedding(weight, _places(indices))


def embedding_weight(
    g0: Tensor, indices: Tensor, *, rows: int, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> Tensor:
    if not g0.dtype.is_floating_point:
        return _sum_rows(g0, indices, rows, padding_idx, scale_grad_by_freq)
    return torch.ops.aten.embedding_dense_backward(
        g0, _places(indices), rows, -1 if padding_idx is None else padding_idx, scale_grad_by_freq
    )


def _sum_rows(g0: Tensor, indices: Tensor, rows: int, padding_idx: int | None, scale_grad_by_freq: bool) -> Tensor:
    """For types that PyTorch's kernel does not know."""
    places, g0 = _places(indices).reshape(-1), g0.reshape(-1, g0.shape[-1])
    out = index_add(g0.new_zeros(rows, g0.shape[1]), places, g0, axis=0)
    if scale_grad_by_freq:
        out = out / torch.bincount(places, minlength=rows).clamp(min=1).to(out.dtype)[:, None]
    if padding_idx is not None:
        out[padding_idx] = 0
    return out


def _along_axis(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel of an array and indices along an axis, which are looked at if it fails."""

    @functools.wraps(kernel)
    def checked(x: Tensor, index: Tensor, *values: Tensor, axis: int, **parameters: Any) -> Any:
        try:
            return kernel(x, index, *values, axis=axis, **parameters)
        except (IndexError, RuntimeError):
            named = "axis" if kernel in (take, index_add) else "dimension"  # as NumPy and PyTorch say it
            check_index(_places(index), x.shape[axis] if x.ndim else 1, f"{named} {axis}")
            raise

    return checked


KERNELS = {f.__name__: f for f in (index, index_put, write_index, masked_fill, embedding, embedding_weight)}
KERNELS |= {f.__name__: _along_axis(f) for f in (index_add, take, gather, scatter, scatter_add, scatter_extreme)}
