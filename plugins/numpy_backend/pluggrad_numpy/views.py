"""Views, without the wrappers of NumPy's Python layer."""

from __future__ import annotations

from typing import Any

import numpy as np


def view(x: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
    """``x`` in another shape over the same memory; ValueError if that needs a copy."""
    # A contiguous array never needs one; asking NumPy to check costs four times as much as the view itself.
    return x.reshape(shape) if x.flags.c_contiguous else x.reshape(shape, copy=False)


def reshape(x: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
    return x.reshape(shape)


def permute_dims(x: np.ndarray, *, axes: tuple[int, ...]) -> np.ndarray:
    return x.transpose(axes)


def broadcast_to(x: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
    """A read-only view, as ``np.broadcast_to`` gives, in a fraction of its time."""
    if not x.flags.c_contiguous or not x.size:
        return np.broadcast_to(x, shape)
    lead = len(shape) - x.ndim
    strides = (0,) * lead + tuple([0 if n == 1 else s for n, s in zip(x.shape, x.strides, strict=True)])
    out = np.ndarray(shape, x.dtype, x, 0, strides)
    out.flags.writeable = False
    return out


def getitem(x: np.ndarray, *, key: Any) -> np.ndarray:
    return x[key]


def view_real(x: np.ndarray) -> np.ndarray:
    return x.real


def view_imag(x: np.ndarray) -> np.ndarray:
    return x.imag


def view_as_real(x: np.ndarray) -> np.ndarray:
    return np.lib.stride_tricks.as_strided(x.real, (*x.shape, 2), (*x.strides, x.itemsize // 2))


def view_as_complex(x: np.ndarray) -> np.ndarray:
    """ValueError if the pairs do not lie side by side, or there are no such complex numbers."""
    if x.dtype.char not in "fd":
        raise ValueError(f"no complex numbers are made of pairs of {x.dtype}")
    return x.view(f"c{2 * x.itemsize}")[..., 0]


KERNELS = {f.__name__: f for f in (
    view, reshape, permute_dims, broadcast_to, getitem, view_real, view_imag, view_as_real, view_as_complex,
)}  # fmt: skip
