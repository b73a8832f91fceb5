"""What NumPy does better than the defaults, by function name."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from . import (
    attention,
    convolution,
    elementwise,
    exchange,
    indexing,
    linalg,
    manipulation,
    neural,
    pooling,
    random,
    recurrent,
    reductions,
    updates,
    views,
)

# ufuncs under the standard's names: called directly, without array-api-compat's wrappers.
_UFUNCS = (
    "abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_invert bitwise_left_shift bitwise_or "
    "bitwise_right_shift bitwise_xor copysign cos cosh divide equal exp expm1 floor_divide greater greater_equal "
    "hypot isfinite isinf isnan less less_equal log log1p log2 log10 logaddexp logaddexp2 logical_and logical_not "
    "logical_or logical_xor maximum minimum multiply negative nextafter not_equal positive pow reciprocal remainder "
    "sign signbit sin sinh square sqrt subtract tan tanh"
).split()


def conj(x: np.ndarray) -> np.ndarray:
    """Complex conjugate; a real array as it is (``np.conj`` would copy it)."""
    return np.conj(x) if x.dtype.kind == "c" else x


def astype(x: np.ndarray, *, dtype: Any) -> np.ndarray:
    """A copy in another dtype. What is too large for it is infinite, without a word: here, and not in a library."""
    if x.dtype.kind == "c" and not dtype.is_complex:
        if dtype.kind == "bool":
            return x != 0
        x = x.real
    return x.astype(dtype.name)


def owns_memory(x: np.ndarray) -> bool:
    return x.base is None


#: Elements from which on writing over an array is worth to ask whether one may.
_LARGE = 1 << 14
#: What getrefcount says of an array that only a view refers to. Measured: interpreters differ.
_view = np.empty(2)[:1]
_OF_ONE_VIEW = sys.getrefcount(_view.base)


def is_spare(x: np.ndarray) -> bool:
    """Whether a large array that nobody refers to any more has its memory, or that of the array it views, alone."""
    if x.size < _LARGE or not x.flags.writeable:
        return False
    if x.base is None:
        return x.flags.owndata
    return x.base.__class__ is np.ndarray and x.base.flags.owndata and sys.getrefcount(x.base) == _OF_ONE_VIEW


def strides(x: np.ndarray) -> tuple[int, ...]:
    return tuple(s // x.itemsize for s in x.strides)


def data_ptr(x: np.ndarray) -> int:
    return x.__array_interface__["data"][0]


def tolist(x: np.ndarray) -> Any:
    return x.tolist()


def to_host(x: np.ndarray) -> np.ndarray:
    return x


def native_device(x: np.ndarray) -> str:
    return "cpu"


def isdtype(dtype: Any, kind: Any) -> bool:
    return np.isdtype(np.dtype(np.float32) if dtype.kind == "V" else dtype, kind)  # "V": bfloat16


def new_zeros(x: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
    return np.zeros(shape, x.dtype)


KERNELS = {name: getattr(np, name) for name in _UFUNCS} | {
    f.__name__: f
    for f in (
        conj,
        astype,
        owns_memory,
        is_spare,
        strides,
        data_ptr,
        tolist,
        to_host,
        native_device,
        isdtype,
        new_zeros,
    )
}
KERNELS["as_array"] = np.asarray
KERNELS |= indexing.KERNELS | manipulation.KERNELS | linalg.KERNELS
KERNELS |= views.KERNELS | reductions.KERNELS
KERNELS |= random.KERNELS
KERNELS |= elementwise.KERNELS
KERNELS |= convolution.KERNELS | pooling.KERNELS | neural.KERNELS | attention.KERNELS | recurrent.KERNELS
KERNELS |= updates.KERNELS | exchange.KERNELS
