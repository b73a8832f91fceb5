"""Joining, reordering, diagonals: NumPy's own functions instead of compositions."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Bytes from which on a copy is worth a look, and elements of a tile, which stays in the cache.
_MANY, _TILE = 1 << 18, 64


def copy(x: np.ndarray) -> np.ndarray:
    """In C order. Where neighbours in it are some pages apart, in tiles: such places share few lines of the cache."""
    if x.nbytes < _MANY or x.strides[-1] % 1024 or x.itemsize not in x.strides:
        return np.array(x, order="C")
    out = np.empty(x.shape, x.dtype)
    near = np.moveaxis(x, (x.strides.index(x.itemsize), -1), (0, 1))
    result = np.moveaxis(out, (x.strides.index(x.itemsize), -1), (0, 1))
    for i in range(0, near.shape[0], _TILE):
        for j in range(0, near.shape[1], _TILE):
            result[i : i + _TILE, j : j + _TILE] = near[i : i + _TILE, j : j + _TILE]
    return out


def concat(*arrays: np.ndarray, axis: int) -> np.ndarray:
    return np.concatenate(arrays, axis)


def stack(*arrays: np.ndarray, axis: int) -> np.ndarray:
    """``np.stack`` without its Python layer."""
    key = (slice(None),) * axis + (None,)
    return np.concatenate([a[key] for a in arrays], axis)


def flip(x: np.ndarray, *, axis: tuple[int, ...]) -> np.ndarray:
    return copy(np.flip(x, axis))


def diagonal(x: np.ndarray, *, offset: int, axis1: int, axis2: int) -> np.ndarray:
    """A view that may be written where ``x`` may; NumPy's own is read-only."""
    out = x.diagonal(offset, axis1, axis2)
    if x.flags.writeable:
        out.flags.writeable = True
    return out


def copy_diagonal(x: np.ndarray, *, offset: int, axis1: int, axis2: int) -> np.ndarray:
    return x.diagonal(offset, axis1, axis2).copy()


def put_diagonal(x: np.ndarray, *, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> np.ndarray:
    out = np.zeros(shape, x.dtype)
    diagonal(out, offset=offset, axis1=axis1, axis2=axis2)[...] = x
    return out


def put_slice(x: np.ndarray, *, shape: tuple[int, ...], key: Any) -> np.ndarray:
    out = np.zeros(shape, x.dtype)
    out[key] = x
    return out


def unfold(x: np.ndarray, *, axis: int, size: int, step: int) -> np.ndarray:
    """Windows along an axis as a view."""
    shape = (*x.shape[:axis], (x.shape[axis] - size) // step + 1, *x.shape[axis + 1 :], size)
    strides = (*x.strides[:axis], x.strides[axis] * step, *x.strides[axis + 1 :], x.strides[axis])
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=x.flags.writeable)


def as_strided(x: np.ndarray, *, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> np.ndarray:
    """Elements of a contiguous array by strides, as a view."""
    strides = tuple([s * x.itemsize for s in stride])
    return np.lib.stride_tricks.as_strided(x.reshape(-1)[offset:], size, strides, writeable=x.flags.writeable)


def windows(x: np.ndarray, *, axis: int, size: int, step: int) -> np.ndarray:
    return unfold(x, axis=axis, size=size, step=step).copy()


def masked_fill(x: np.ndarray, mask: np.ndarray, value: np.ndarray) -> Any:
    return np.where(mask, value, x)


KERNELS = {
    f.__name__: f
    for f in (
        as_strided,
        copy,
        concat,
        stack,
        flip,
        diagonal,
        copy_diagonal,
        put_diagonal,
        put_slice,
        unfold,
        windows,
        masked_fill,
    )
}
