"""PyTorch as an array API namespace: array-api-compat's, put right where it leaves the standard.

What is not defined here is array-api-compat's. Its unsigned integers are completed by :mod:`.signed`.
"""

from __future__ import annotations

import builtins
import functools
from typing import Any

import array_api_compat.torch as compat
import torch

from . import elementwise, indexing, matrix, reductions, sorting
from .signed import SIGNED, arrays, from_signed, signed, to_signed

Tensor = torch.Tensor
_own = globals()

# The kernels that are what the namespace has under that name, too.
for _name in (
    "add subtract multiply pow negative square abs sign signbit floor ceil trunc round floor_divide remainder "
    "bitwise_and bitwise_or bitwise_xor bitwise_invert bitwise_left_shift bitwise_right_shift "
    "less less_equal greater greater_equal equal not_equal maximum minimum "
    "logical_and logical_or logical_xor logical_not conj acos log1p"
).split():
    _own[_name] = elementwise.KERNELS[_name]

# array-api-compat's, for unsigned integers as well.
for _name in ("tril", "triu", "flip"):
    _own[_name] = signed(getattr(compat, _name))
for _name in ("vecdot", "tensordot", "diff"):
    _own[_name] = arrays(getattr(compat, _name))
for _name in ("max", "min"):
    _own[_name] = signed(getattr(compat, _name), ordered=True)
nonzero = signed(compat.nonzero, values=False)

matmul = matrix.matmul
take_along_axis = indexing.take_along_axis
isin = sorting.isin
unique_all = sorting.unique_all
unique_values = sorting.unique_values


isdtype = functools.cache(compat.isdtype)


def __getattr__(name: str) -> Any:
    return getattr(compat, name)


def _all_axes(x: Tensor, axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)


def sqrt(x: Tensor, /) -> Tensor:
    """Rounded as IEEE 754 says, so that random numbers are the same on every backend.

    On the CPU PyTorch takes it from MKL, which errs in the last bit now and then; that of a complex number is the
    C library's.
    """
    if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64):
        return torch.sqrt(x)
    return torch.where(x < 0, torch.nan, torch.sqrt(torch.complex(x, torch.zeros_like(x))).real)


# -- creation ------------------------------------------------------------------------------------


def _created(name: str, *args: Any, dtype: torch.dtype | None, **parameters: Any) -> Tensor:
    """Numbers made in a signed type, where an unsigned one is asked for."""
    create = getattr(compat, name)
    if dtype not in SIGNED:
        return create(*args, dtype=dtype, **parameters)
    return from_signed(create(*args, dtype=torch.int64, **parameters), dtype)


def arange(
    start: float, /, stop: float | None = None, step: float = 1, *, dtype: Any = None, device: Any = None
) -> Tensor:
    return _created("arange", start, stop, step, dtype=dtype, device=device)


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None) -> Tensor:
    return _created("eye", n_rows, n_cols, k=k, dtype=dtype, device=device)


_CUDA = 2  # in DLPack's numbers


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """As PyTorch's, which takes the process down at negative strides: of an array that may have some, a copy."""
    if not torch.cuda.is_available() and int(x.__dlpack_device__()[0]) == _CUDA:
        raise BufferError("this PyTorch does not reach the memory of an NVIDIA GPU")  # it would fail an assertion
    if copy is None and not isinstance(x, Tensor):
        strides = getattr(x, "strides", None)
        if not isinstance(strides, tuple) or builtins.any(s < 0 for s in strides):
            copy = True
    return torch.utils.dlpack.from_dlpack(x, device=device, copy=copy)


# -- reductions ----------------------------------------------------------------------------------


def _accumulated(total: Any, x: Tensor, axis: Any, dtype: torch.dtype | None, keepdims: bool) -> Tensor:
    axes = _all_axes(x, axis)
    if not axes:
        dtype = dtype or (
            x.dtype
            if x.dtype.is_floating_point or x.dtype.is_complex
            else torch.int64
            if x.dtype.is_signed or x.dtype == torch.bool
            else torch.uint64
        )
        return x.to(dtype, copy=True)
    return total(x, axes, dtype, keepdim=keepdims)


def sum(x: Tensor, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    return _accumulated(reductions._sum, x, axis, dtype, keepdims)


def prod(x: Tensor, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    return _accumulated(reductions._prod, x, axis, dtype, keepdims)


def any(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    return reductions.any(x, axis=_all_axes(x, axis), keepdims=keepdims)


def all(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    return reductions.all(x, axis=_all_axes(x, axis), keepdims=keepdims)


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    return reductions.argmax(x, axis=axis, keepdims=keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    return reductions.argmin(x, axis=axis, keepdims=keepdims)


def cumulative_sum(
    x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    return _scanned(reductions._cumsum, 0, x, axis, dtype, include_initial)


def cumulative_prod(
    x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    return _scanned(reductions._cumprod, 1, x, axis, dtype, include_initial)


def _scanned(f: Any, initial: int, x: Tensor, axis: int | None, dtype: Any, include_initial: bool) -> Tensor:
    return reductions.cumulative(f, initial, x, 0 if axis is None else axis, include_initial, dtype)


# -- order and indices -----------------------------------------------------------------------------


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    return sorting.sort_values(x, axis=axis, descending=descending)


def argsort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    return sorting.argsort(x, axis=axis, descending=descending)


def searchsorted(x1: Tensor, x2: Tensor, /, *, side: str = "left", sorter: Tensor | None = None) -> Tensor:
    x1 = x1 if sorter is None else x1[sorter]
    return sorting.searchsorted(x1, x2, right=side == "right")


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    return indexing.take(x, indices, axis=0 if axis is None else axis)


def repeat(x: Tensor, repeats: int | Tensor, /, *, axis: int | None = None) -> Tensor:
    return compat.repeat(x, repeats if isinstance(repeats, int) else to_signed(repeats).to(torch.int64), axis=axis)


def clip(x: Tensor, /, min: Any = None, max: Any = None) -> Tensor:
    if x.dtype not in SIGNED or (min is None and max is None):
        return compat.clip(x, min, max)
    out = x if min is None else elementwise.KERNELS["maximum"](x, min)
    return out if max is None else elementwise.KERNELS["minimum"](out, max)


del _name, _own
