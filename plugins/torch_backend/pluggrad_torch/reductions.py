"""Reductions and accumulations. ``axis`` is a tuple of axes, which may be empty: then PyTorch would take them all."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from .signed import SIGNED, from_signed, signed, to_signed

Tensor = torch.Tensor
Axes = tuple[int, ...]


def _native(dtype: Any) -> torch.dtype | None:
    """PyTorch's dtype for one of pluggrad's."""
    return None if dtype is None else getattr(torch, dtype.name)


def _accumulating(f: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``f(x, axis, dtype=..., **parameters)``, with sums and products in unsigned types, which are modulo 2**64."""

    def kernel(x: Tensor, axis: Any, dtype: torch.dtype | None, **parameters: Any) -> Tensor:
        target = dtype or (x.dtype if x.dtype.is_signed else torch.uint64)
        if target in SIGNED:
            x = to_signed(x).to(torch.int64)
            return from_signed(f(x, axis, dtype=torch.int64, **parameters), target)
        return f(to_signed(x), axis, dtype=dtype, **parameters)

    return kernel


_sum = _accumulating(torch.sum)
_cumsum, _cumprod = _accumulating(torch.cumsum), _accumulating(torch.cumprod)


def _prod_over(x: Tensor, axis: Axes, dtype: torch.dtype | None, keepdim: bool) -> Tensor:
    for a in sorted(axis, reverse=True):  # torch.prod takes one axis only
        x = torch.prod(x, a, keepdim, dtype=dtype)
    return x


_prod = _accumulating(_prod_over)


def _nothing(x: Tensor, dtype: torch.dtype | None) -> Tensor:
    """Of no axis, the sum and the product: a copy."""
    return x.to(dtype or (x.dtype if x.dtype.is_floating_point or x.dtype.is_complex else torch.int64), copy=True)


def sum(x: Tensor, *, axis: Axes, keepdims: bool = False, dtype: Any = None) -> Tensor:
    if not axis:
        return _nothing(x, _native(dtype))
    if dtype is None and x.dtype.is_floating_point:
        return torch.sum(x, axis, keepdims)
    return _sum(x, axis, _native(dtype), keepdim=keepdims)


def prod(x: Tensor, *, axis: Axes, keepdims: bool = False, dtype: Any = None) -> Tensor:
    return _prod(x, axis, _native(dtype), keepdim=keepdims) if axis else _nothing(x, _native(dtype))


def mean(x: Tensor, *, axis: Axes, keepdims: bool = False) -> Tensor:
    return torch.mean(x, axis, keepdims) if axis else x.clone()


def _count(x: Tensor, axis: Axes) -> int:
    return math.prod([x.shape[a] for a in axis])


def var(x: Tensor, *, axis: Axes, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    if _count(x, axis) <= correction or not x.numel():  # PyTorch warns, or gives infinity
        zeros = torch.mean(x, axis, keepdims) if axis else x
        return torch.full_like(zeros.real, math.nan)
    if not axis:
        return torch.abs(x - x)
    return torch.var(x, axis, correction=correction, keepdim=keepdims)


def std(x: Tensor, *, axis: Axes, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    if _count(x, axis) <= correction or not (axis and x.numel()):
        return torch.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims))
    return torch.std(x, axis, correction=correction, keepdim=keepdims)


_amax, _amin = signed(torch.amax, ordered=True), signed(torch.amin, ordered=True)
_argmax, _argmin = (signed(f, ordered=True, values=False) for f in (torch.argmax, torch.argmin))
_max, _min = (signed(f, ordered=True, values=(True, False)) for f in (torch.max, torch.min))


def max(x: Tensor, *, axis: Axes, keepdims: bool = False) -> Tensor:
    return _amax(x, axis, keepdims) if axis else x.clone()


def min(x: Tensor, *, axis: Axes, keepdims: bool = False) -> Tensor:
    return _amin(x, axis, keepdims) if axis else x.clone()


def _number(x: Tensor) -> Tensor:
    """A bool as a number, for kernels that PyTorch lacks for bools."""
    return x.to(torch.uint8) if x.dtype == torch.bool else x


def argmax(x: Tensor, *, axis: int | None, keepdims: bool = False) -> Tensor:
    return _argmax(_number(x), axis, keepdims)


def argmin(x: Tensor, *, axis: int | None, keepdims: bool = False) -> Tensor:
    return _argmin(_number(x), axis, keepdims)


def max_along(x: Tensor, *, axis: int, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    return tuple(_max(x, axis, keepdims))


def min_along(x: Tensor, *, axis: int, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    return tuple(_min(x, axis, keepdims))


def any(x: Tensor, *, axis: Axes, keepdims: bool = False) -> Tensor:
    return torch.any(x != 0, axis, keepdims) if axis else x != 0


def all(x: Tensor, *, axis: Axes, keepdims: bool = False) -> Tensor:
    return torch.all(x != 0, axis, keepdims) if axis else x != 0


def count_nonzero(x: Tensor, *, axis: Axes, keepdims: bool = False) -> Tensor:
    where = x != 0
    return torch.sum(where, axis, keepdims) if axis else where.to(torch.int64)


def logsumexp(x: Tensor, *, axis: Axes, keepdims: bool = False) -> Tensor:
    return torch.logsumexp(x, axis, keepdims) if axis else x.clone()


def vector_norm(x: Tensor, *, ord: float, axis: Axes, keepdims: bool = False) -> Tensor:
    if not axis:
        size = torch.abs(x)
        return size if ord else (size != 0).to(size.dtype)
    return torch.linalg.vector_norm(x, ord, axis, keepdims)


def cumulative(
    f: Callable[..., Tensor], initial: int, x: Tensor, axis: int, include_initial: bool, dtype: torch.dtype | None
) -> Tensor:
    out = f(x, axis, dtype)
    if include_initial:
        shape = list(out.shape)
        shape[axis] = 1
        out = torch.cat([torch.full(shape, initial, dtype=out.dtype, device=out.device), out], axis)
    return out


def cumulative_sum(x: Tensor, *, axis: int, include_initial: bool = False, dtype: Any = None) -> Tensor:
    return cumulative(_cumsum, 0, x, axis, include_initial, _native(dtype))


def cumulative_prod(x: Tensor, *, axis: int, include_initial: bool = False, dtype: Any = None) -> Tensor:
    return cumulative(_cumprod, 1, x, axis, include_initial, _native(dtype))


def logcumsumexp(x: Tensor, *, axis: int) -> Tensor:
    return torch.logcumsumexp(x, axis)


_cummax, _cummin = (signed(f, ordered=True, values=(True, False)) for f in (torch.cummax, torch.cummin))


def cummax(x: Tensor, *, axis: int) -> tuple[Tensor, Tensor]:
    return tuple(_cummax(x, axis))


def cummin(x: Tensor, *, axis: int) -> tuple[Tensor, Tensor]:
    return tuple(_cummin(x, axis))


KERNELS = {f.__name__: f for f in (
    sum, prod, mean, var, std, max, min, argmax, argmin, max_along, min_along, any, all, count_nonzero, logsumexp,
    vector_norm, cumulative_sum, cumulative_prod, logcumsumexp, cummax, cummin,
)}  # fmt: skip
