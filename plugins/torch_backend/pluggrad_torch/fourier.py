"""Fourier transforms of nothing, which PyTorch's libraries refuse: there is nothing to compute. Others are its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .namespace import fft

Tensor = torch.Tensor
Axes = tuple[int, ...]


def _of_something(transform: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def transformed(x: Tensor, *, axes: Axes, norm: str) -> Tensor:
        return transform(x, axes=axes, norm=norm) if x.numel() else x.clone()

    return transformed


def rfftn(x: Tensor, *, axes: Axes, norm: str) -> Tensor:
    if x.numel():
        return fft.rfftn(x, axes=axes, norm=norm)
    return torch.view_as_complex(x.new_zeros(*_with(x.shape, axes[-1], x.shape[axes[-1]] // 2 + 1), 2))


def irfftn(x: Tensor, *, axes: Axes, n: int, norm: str) -> Tensor:
    if x.numel():
        return fft.irfftn(x, s=[*(x.shape[a] for a in axes[:-1]), n], axes=axes, norm=norm)
    return x.real.new_zeros(_with(x.shape, axes[-1], n))


def _with(shape: Axes, axis: int, size: int) -> list[int]:
    """A shape, but of another size along one axis."""
    sizes = list(shape)
    sizes[axis] = size
    return sizes


KERNELS: dict[str, Any] = {
    "fftn": _of_something(fft.fftn), "ifftn": _of_something(fft.ifftn), "rfftn": rfftn, "irfftn": irfftn,
}  # fmt: skip
