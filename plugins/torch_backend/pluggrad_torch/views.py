"""Views and changes of shape. PyTorch has no negative strides: what would need them is no view, and is copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .errors import for_shapes
from .indexing import index_add, take
from .signed import signed, to_signed

Tensor = torch.Tensor
Shape = tuple[int, ...]


def view(x: Tensor, *, shape: Shape) -> Tensor:
    """``x`` in another shape over the same memory; ValueError if that needs a copy."""
    try:
        return x.view(shape)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


@for_shapes
def reshape(x: Tensor, *, shape: Shape) -> Tensor:
    return x.reshape(shape)


def permute_dims(x: Tensor, *, axes: Shape) -> Tensor:
    return x.permute(axes)


def broadcast_to(x: Tensor, *, shape: Shape) -> Tensor:
    return x.expand(shape)


def getitem(x: Tensor, *, key: Any) -> Tensor:
    """ValueError for a negative step."""
    return x[key]


def squeeze(x: Tensor, *, axis: Shape) -> Tensor:
    return x.squeeze(axis)


def diagonal(x: Tensor, *, offset: int, axis1: int, axis2: int) -> Tensor:
    return x.diagonal(offset, axis1, axis2)


def copy_diagonal(x: Tensor, *, offset: int, axis1: int, axis2: int) -> Tensor:
    return x.diagonal(offset, axis1, axis2).clone(memory_format=torch.contiguous_format)


def put_diagonal(x: Tensor, *, shape: Shape, offset: int, axis1: int, axis2: int) -> Tensor:
    out = x.new_zeros(shape)
    out.diagonal(offset, axis1, axis2).copy_(x)
    return out


def unfold(x: Tensor, *, axis: int, size: int, step: int) -> Tensor:
    return x.unfold(axis, size, step)


def as_strided(x: Tensor, *, size: Shape, stride: Shape, offset: int) -> Tensor:
    return x.as_strided(size, stride, x.storage_offset() + offset)


def copy_strided(x: Tensor, *, size: Shape, stride: Shape, offset: int) -> Tensor:
    return as_strided(x.contiguous(), size=size, stride=stride, offset=offset).clone(
        memory_format=torch.contiguous_format
    )


def windows(x: Tensor, *, axis: int, size: int, step: int) -> Tensor:
    return x.unfold(axis, size, step).clone(memory_format=torch.contiguous_format)


_flip = signed(torch.flip)
_tril, _triu = signed(torch.tril), signed(torch.triu)


def flip(x: Tensor, *, axis: Shape) -> Tensor:
    return _flip(x, axis) if axis else x.clone()


def roll(x: Tensor, *, shift: Shape, axis: Shape) -> Tensor:
    return torch.roll(x, shift, axis)


def tril(x: Tensor, *, k: int) -> Tensor:
    return _tril(x, k)


def triu(x: Tensor, *, k: int) -> Tensor:
    return _triu(x, k)


def tile(x: Tensor, *, repetitions: Shape) -> Tensor:
    return torch.tile(x, repetitions)


def repeat(x: Tensor, *, repeats: int, axis: int) -> Tensor:
    return torch.repeat_interleave(x, repeats, axis)


@for_shapes
def concat(*arrays: Tensor, axis: int) -> Tensor:
    return torch.cat(arrays, axis)


@for_shapes
def stack(*arrays: Tensor, axis: int) -> Tensor:
    return torch.stack(arrays, axis)


def split(x: Tensor, *, sizes: Sequence[int], axis: int) -> tuple[Tensor, ...]:
    return torch.split(x, list(sizes), axis)


def unstack(x: Tensor, *, axis: int) -> tuple[Tensor, ...]:
    return torch.unbind(x, axis)


def _edge(size: int, before: int, after: int, mode: str, device: torch.device) -> Tensor:
    """From which place each element of a padded axis comes."""
    at = torch.arange(-before, size + after, device=device)
    if mode == "replicate":
        return at.clamp(0, size - 1)
    if mode == "reflect":
        return (size - 1) - ((size - 1) - at.abs()).abs()
    return at % size


def pad_edges(x: Tensor, *, widths: tuple[tuple[int, int], ...], mode: str) -> Tensor:
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = take(x, _edge(x.shape[axis], before, after, mode, x.device), axis=axis)
    return x


def fold_edges(x: Tensor, *, widths: tuple[tuple[int, int], ...], mode: str) -> Tensor:
    for axis, (before, after) in enumerate(widths):
        if before or after:
            size = x.shape[axis] - before - after
            shape = (*x.shape[:axis], size, *x.shape[axis + 1 :])
            x = index_add(x.new_zeros(shape), _edge(size, before, after, mode, x.device), x, axis=axis)
    return x


def fold_windows(x: Tensor, *, shape: Shape, axis: int, size: int, step: int) -> Tensor:
    """Each element of a window added to where it was taken from."""
    n = x.shape[axis]
    starts = torch.arange(n, device=x.device) * step
    places = (starts[:, None] + torch.arange(size, device=x.device)).reshape(-1)
    return index_add(x.new_zeros(shape), places, x.movedim(-1, axis + 1).flatten(axis, axis + 1), axis=axis)


def nonzero(x: Tensor) -> tuple[Tensor, ...]:
    return torch.nonzero(to_signed(x), as_tuple=True)


def argwhere(x: Tensor) -> Tensor:
    return torch.argwhere(to_signed(x))


def view_real(x: Tensor) -> Tensor:
    return torch.real(x)


def view_imag(x: Tensor) -> Tensor:
    return torch.imag(x)


def view_as_real(x: Tensor) -> Tensor:
    return torch.view_as_real(x.resolve_conj())


def view_as_complex(x: Tensor) -> Tensor:
    """ValueError if the pairs do not lie side by side, or there are no such complex numbers."""
    if x.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"no complex numbers are made of pairs of {x.dtype}")
    try:
        return torch.view_as_complex(x)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


KERNELS = {f.__name__: f for f in (
    view, reshape, permute_dims, broadcast_to, getitem, squeeze, diagonal, copy_diagonal, put_diagonal, as_strided,
    copy_strided, unfold, windows, flip, roll, pad_edges, fold_edges, fold_windows, tril, triu, tile, repeat, concat,
    stack, split, unstack, nonzero, argwhere, view_real, view_imag, view_as_real,
    view_as_complex,
)}  # fmt: skip
