"""More ways to make tensors: numbers on a logarithmic scale, one number, bytes, memory laid out by hand."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..device import Device
from ..dtypes import DType
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .creation import arange, asarray, empty, full, linspace
from .searching import where
from .views import permute_dims

__all__ = ["empty_permuted", "empty_strided", "frombuffer", "logspace", "range", "scalar_tensor", "vander"]


def spaced(start: float, end: float, steps: int, device: Device | str | None = None) -> Tensor:
    """Evenly spaced float32 values with PyTorch's very bits: steps of float32 from both ends, each value rounded once.

    Where a value lies between two pixels, as in :func:`affine_grid`, the last bit decides which is the nearer one.
    """
    first, last = (asarray(bound, dtype=dtypes.float32, device=device) for bound in (start, end))
    step = ((last - first) / builtins.max(steps - 1, 1)).item()
    places = arange(steps, dtype=dtypes.float64, device=device)
    up, down = first.item() + step * places, last.item() - step * (steps - 1 - places)
    return where(places < steps // 2, up, down).to(dtypes.float32)


def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``steps`` numbers from ``base**start`` to ``base**end``, evenly spaced on a logarithmic scale.

    >>> import pluggrad
    >>> pluggrad.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    exponents = linspace(start, end, steps, dtype=dtypes.float64, device=device)
    out = (base**exponents).to(dtypes.get_default_dtype() if dtype is None else dtype)
    return out.requires_grad_() if requires_grad else out


def range(
    start: float = 0, end: float | None = None, step: float = 1, *, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers from ``start`` to ``end``, which is included, of the default float type: PyTorch's older arange.

    >>> import pluggrad
    >>> pluggrad.range(1, 4)
    tensor([1., 2., 3., 4.])
    """
    first, last = (0, start) if end is None else (start, end)
    if step == 0:
        raise ArgumentError("range: step must be nonzero")
    if (last - first) / step < 0:
        raise ArgumentError("range: upper bound and lower bound inconsistent with step sign")
    dtype = dtypes.get_default_dtype() if dtype is None else dtype
    count = math.floor((last - first) / step) + 1
    out = (arange(count, device=device, dtype=dtypes.float64) * step + first).to(dtype)
    return out.requires_grad_() if requires_grad else out


def scalar_tensor(
    s: Any, *, dtype: DType | None = None, device: Device | str | None = None, requires_grad: bool = False
) -> Tensor:
    """A 0-D tensor of one number, of the default float type.

    >>> import pluggrad
    >>> pluggrad.scalar_tensor(3)
    tensor(3.)
    """
    dtype = dtypes.get_default_dtype() if dtype is None else dtype
    return full((), s, dtype=dtype, device=device, requires_grad=requires_grad)


def frombuffer(buffer: Any, *, dtype: DType, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-D tensor of what an object with Python's buffer protocol holds.

    Parameters
    ----------
    buffer : bytes, bytearray, array.array, ...; a writable one on the CPU shares its memory
    dtype : how to read it
    count : how many elements; default: all
    offset : how many bytes to leave out at the beginning

    Raises
    ------
    ArgumentError : not that many bytes

    >>> import pluggrad
    >>> pluggrad.frombuffer(bytearray([1, 0, 2, 0]), dtype=pluggrad.int16)
    tensor([1, 2], dtype=pluggrad.int16)
    """
    view = memoryview(buffer).cast("B")
    size = dtype.itemsize
    left = len(view) - offset
    if left < 0 or (count < 0 and left % size) or count * size > left:
        raise ArgumentError(
            f"frombuffer: {len(view)} bytes from offset {offset} do not hold "
            f"{'whole elements' if count < 0 else f'{count} elements'} of {size} bytes"
        )
    view = view[offset : offset + (left if count < 0 else count * size)]
    code = _CODES.get(dtype)
    if code is None:  # no such type in the buffer protocol
        raise ArgumentError(f"frombuffer: {dtype.name} is not supported; read it as {dtypes.int16.name}")
    out = asarray(_Described(view, code, len(view) // size), dtype=dtype)
    return out.requires_grad_() if requires_grad else out


#: The types of NumPy's array interface, which every CPU library reads.
_CODES = {
    dtypes.bool_: "|b1", dtypes.int8: "|i1", dtypes.uint8: "|u1",
    **{getattr(dtypes, f"{kind}{bits}"): f"<{kind[0]}{bits // 8}" for kind in ("int", "uint") for bits in (16, 32, 64)},
    dtypes.float16: "<f2", dtypes.float32: "<f4", dtypes.float64: "<f8", dtypes.complex64: "<c8",
    dtypes.complex128: "<c16",
}  # fmt: skip


class _Described:
    """Memory described by NumPy's array interface."""

    def __init__(self, view: memoryview, code: str, count: int) -> None:
        self.view = view
        self.__array_interface__ = {"version": 3, "shape": (count,), "typestr": code, "data": view, "strides": None}


def empty_strided(
    size: Sequence[int], stride: Sequence[int], *, dtype: DType | None = None, device: Device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialised tensor whose elements lie at given strides, where they fill the memory without gaps.

    Raises
    ------
    ShapeError : strides that leave gaps or overlap

    >>> import pluggrad
    >>> pluggrad.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    order = sorted(builtins.range(len(size)), key=lambda i: (-stride[i], -size[i]))
    expected = 1
    for i in reversed(order):
        if size[i] != 1 and stride[i] != expected:
            raise ShapeError(f"empty_strided: strides {tuple(stride)} of size {tuple(size)} leave gaps or overlap")
        expected *= size[i]
    return empty_permuted(size, order, dtype=dtype, device=device, requires_grad=requires_grad)


def empty_permuted(
    size: Sequence[int], physical_layout: Sequence[int], *, dtype: DType | None = None,
    device: Device | str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialised tensor whose axes lie in memory in a given order, the outermost first.

    >>> import pluggrad
    >>> pluggrad.empty_permuted((2, 3), (1, 0)).stride()
    (1, 2)
    """
    order = tuple(physical_layout)
    if sorted(order) != list(builtins.range(len(size))):
        raise ShapeError(f"empty_permuted: {order} is no order of the {len(size)} axes of size {tuple(size)}")
    out = empty(tuple(size[i] for i in order), dtype=dtype, device=device)
    out = permute_dims(out, tuple(order.index(i) for i in builtins.range(len(size))))
    return out.requires_grad_() if requires_grad else out


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix of powers of a vector: each column holds one power, the highest first.

    (:func:`pluggrad.linalg.vander` has the lowest first, and takes batches.)

    Parameters
    ----------
    x : Tensor, shape (n,)
    N : how many powers, from 0 on; default n
    increasing : the lowest first

    Returns
    -------
    Tensor, shape (n, N)

    Raises
    ------
    ShapeError : no vector

    >>> import pluggrad
    >>> pluggrad.vander(pluggrad.asarray([2, 3]), N=3)
    tensor([[4, 2, 1],
            [9, 3, 1]])
    """
    if x.ndim != 1:
        raise ShapeError(f"vander: expected a vector, got shape {tuple(x.shape)}")
    count = x.shape[0] if N is None else N
    if count < 0:
        raise ArgumentError(f"vander: N must not be negative, got {count}")
    powers = arange(count, device=x.device) if increasing else arange(count - 1, -1, -1, device=x.device)
    return x[:, None] ** powers
