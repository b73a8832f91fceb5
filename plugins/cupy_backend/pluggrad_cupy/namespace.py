"""CuPy as an array API namespace: array-api-compat's, each function on the device of its arguments.

array-api-compat leaves the device to CuPy's current one; here ``device=`` says where an array is made, and a function
of arrays runs on theirs.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from typing import Any

import array_api_compat.cupy
import cupy
import numpy

from . import host, narrow, transfer
from .errors import guarded
from .linalg import FUNCTIONS

compat: Any = array_api_compat.cupy

#: What works on no array.
_PLAIN = frozenset("isdtype result_type can_cast finfo iinfo broadcast_shapes".split())


def _wrapped(name: str, value: Any) -> Any:
    """A function on the device of its arguments; what is none as it is."""
    if isinstance(value, type) or not callable(value) or name.rpartition(".")[2] in _PLAIN:
        return value
    return guarded(name, value)


class _Part(types.ModuleType):
    """``linalg`` or ``fft``, with its functions wrapped as they are asked for; ``own`` come before the inner ones."""

    def __init__(self, name: str, inner: Any, own: Mapping[str, Any]) -> None:
        super().__init__(name)
        self._inner, self._own = inner, own

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = _wrapped(f"{self.__name__}.{name}", self._own.get(name) or getattr(self._inner, name))
        setattr(self, name, value)
        return value


isdtype = functools.cache(compat.isdtype)
linalg, fft = _Part("linalg", compat.linalg, FUNCTIONS), _Part("fft", compat.fft, {})


def __getattr__(name: str) -> Any:
    value = _wrapped(name, getattr(compat, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return dir(compat)


def _created(name: str) -> Any:
    """A creating function, with the keyword ``device`` that CuPy's lacks."""
    create = getattr(cupy, name)

    def function(*args: Any, dtype: Any = None, device: Any = None) -> cupy.ndarray:
        # The guard has entered the device.
        if narrow.is_it(getattr(args[0], "dtype", None) if dtype is None else dtype) and name[:5] != "empty":
            return narrow.rounded(create(*args, dtype=cupy.float32))
        return create(*args, dtype=dtype)

    function.__name__ = name
    return guarded(name, function)


empty, zeros, ones, full = (_created(n) for n in ("empty", "zeros", "ones", "full"))
empty_like, zeros_like, ones_like, full_like = (
    _created(n) for n in ("empty_like", "zeros_like", "ones_like", "full_like")
)


def _arange(start: Any, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> cupy.ndarray:
    if stop is None:
        start, stop = 0, start
    return cupy.arange(start, stop, step, dtype=dtype)


def _eye(n_rows: int, n_cols: int | None = None, *, k: int = 0, dtype: Any = None, device: Any = None) -> cupy.ndarray:
    return cupy.eye(n_rows, n_cols, k=k, dtype=float if dtype is None else dtype)


def _linspace(
    start: Any, stop: Any, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True
) -> cupy.ndarray:
    return cupy.linspace(start, stop, num, endpoint=endpoint, dtype=dtype)


def _asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> cupy.ndarray:
    if isinstance(obj, cupy.ndarray) and device is not None and obj.device != device:
        if copy is False:
            raise ValueError("asarray: an array on another device cannot be had without a copy")
        with cupy.cuda.Device(device):
            return obj.copy().astype(obj.dtype if dtype is None else dtype, copy=False)
    if copy is False and not (isinstance(obj, cupy.ndarray) and (dtype is None or obj.dtype == dtype)):
        raise ValueError("asarray: this cannot be made an array of that dtype on a GPU without a copy")
    if isinstance(obj, numpy.ndarray):
        return transfer.from_host(obj, None, dtype=dtype)
    return cupy.array(obj, dtype=dtype, copy=True) if copy else cupy.asarray(obj, dtype=dtype)


def _from_dlpack(x: Any, *, device: Any = None, copy: bool | None = None) -> cupy.ndarray:
    return cupy.from_dlpack(x, device=device, copy=copy)


def _nonzero(x: cupy.ndarray) -> tuple[cupy.ndarray, ...]:
    host.note_copy("nonzero")  # how many there are
    return cupy.nonzero(x)


def _unique(name: str) -> Any:
    find = getattr(compat, name)

    def function(x: cupy.ndarray) -> Any:
        host.note_copy("unique")  # how many there are
        return find(x)

    function.__name__ = name
    return guarded(name, function)


def _clip(x: cupy.ndarray, /, min: Any = None, max: Any = None) -> cupy.ndarray:
    """array-api-compat's looks for NaN by a mask, of which the host must know how many elements it has."""
    out = x.copy() if min is None and max is None else x
    if min is not None:
        out = cupy.maximum(out, min)
    if max is not None:
        out = cupy.minimum(out, max)
    return out.astype(x.dtype, copy=False)


def _astype(x: cupy.ndarray, dtype: Any, /, *, copy: bool = True, device: Any = None) -> cupy.ndarray:
    if narrow.is_it(x.dtype) or narrow.is_it(dtype):
        return narrow.astype(x, dtype, copy)
    return compat.astype(x, dtype, copy=copy, device=device)


astype = guarded("astype", _astype)
arange, eye, linspace = guarded("arange", _arange), guarded("eye", _eye), guarded("linspace", _linspace)
asarray, from_dlpack = guarded("asarray", _asarray), guarded("from_dlpack", _from_dlpack)
nonzero, clip = guarded("nonzero", _nonzero), guarded("clip", _clip)
unique_all, unique_counts, unique_inverse, unique_values = (
    _unique(n) for n in ("unique_all", "unique_counts", "unique_inverse", "unique_values")
)
