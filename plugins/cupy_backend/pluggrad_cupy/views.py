"""Views and changes of shape."""

from __future__ import annotations

from typing import Any

import cupy
from cupy import ndarray as Array

Shape = tuple[int, ...]


def view(x: Array, *, shape: Shape) -> Array:
    """``x`` in another shape over the same memory; ValueError if that needs a copy."""
    out = x.reshape(shape)
    if x.size and out.data.ptr != x.data.ptr:
        raise ValueError(f"shape {shape} over the memory of {x.shape} with strides {x.strides} needs a copy")
    return out


def reshape(x: Array, *, shape: Shape) -> Array:
    return x.reshape(shape)


def permute_dims(x: Array, *, axes: Shape) -> Array:
    return x.transpose(axes)


def broadcast_to(x: Array, *, shape: Shape) -> Array:
    return cupy.broadcast_to(x, shape)


def getitem(x: Array, *, key: Any) -> Array:
    return x[key]


def view_real(x: Array) -> Array:
    return x.real


def view_imag(x: Array) -> Array:
    return x.imag


def concat(*arrays: Array, axis: int) -> Array:
    return cupy.concatenate(arrays, axis)


def stack(*arrays: Array, axis: int) -> Array:
    return cupy.stack(arrays, axis)


def flip(x: Array, *, axis: Shape) -> Array:
    return cupy.flip(x, axis).copy(order="C")


def diagonal(x: Array, *, offset: int, axis1: int, axis2: int) -> Array:
    return x.diagonal(offset, axis1, axis2)


def copy_diagonal(x: Array, *, offset: int, axis1: int, axis2: int) -> Array:
    return x.diagonal(offset, axis1, axis2).copy(order="C")


def put_diagonal(x: Array, *, shape: Shape, offset: int, axis1: int, axis2: int) -> Array:
    out = cupy.zeros(shape, x.dtype)
    out.diagonal(offset, axis1, axis2)[...] = x
    return out


def _strided(x: Array, shape: Shape, strides: Shape) -> Array:
    # CuPy's own has no base, by which one sees that it is a view; a view of it has.
    return cupy.lib.stride_tricks.as_strided(x, shape, strides)[...]


def view_as_real(x: Array) -> Array:
    return _strided(x.real, (*x.shape, 2), (*x.strides, x.itemsize // 2))


def view_as_complex(x: Array) -> Array:
    """ValueError if the pairs do not lie side by side, or there are no such complex numbers."""
    if x.dtype.char not in "fd":
        raise ValueError(f"no complex numbers are made of pairs of {x.dtype}")
    if x.size and (x.strides[-1] != x.itemsize or any(s % (2 * x.itemsize) for s in x.strides[:-1])):
        raise ValueError(f"the pairs of an array with strides {x.strides} do not lie side by side")
    return x.view(f"c{2 * x.itemsize}")[..., 0]


def unfold(x: Array, *, axis: int, size: int, step: int) -> Array:
    """Windows along an axis as a view."""
    shape = (*x.shape[:axis], (x.shape[axis] - size) // step + 1, *x.shape[axis + 1 :], size)
    strides = (*x.strides[:axis], x.strides[axis] * step, *x.strides[axis + 1 :], x.strides[axis])
    return _strided(x, shape, strides)


def windows(x: Array, *, axis: int, size: int, step: int) -> Array:
    return unfold(x, axis=axis, size=size, step=step).copy(order="C")


def as_strided(x: Array, *, size: Shape, stride: Shape, offset: int) -> Array:
    """Elements of a contiguous array by strides, as a view."""
    strides = tuple([s * x.itemsize for s in stride])
    return _strided(x.reshape(-1)[offset:], size, strides)


KERNELS = {f.__name__: f for f in (
    view, reshape, permute_dims, broadcast_to, getitem, view_real, view_imag, view_as_real, view_as_complex, concat,
    stack, flip, diagonal,
    copy_diagonal, put_diagonal, unfold, windows, as_strided,
)}  # fmt: skip
