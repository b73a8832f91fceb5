"""Cross entropy, log-softmax and log-sum-exp, and softmax along other axes than the last, without arrays in between.

Small arrays and other dtypes go on to the kernel that was there.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from pluggrad_numpy import neural as numpys

from .threads import divide, share

#: Elements from which on a compiled kernel is called, and from which on threads share the work.
_LEAST, _LEAST_SHARED = 1 << 12, 1 << 17

Kernel = Callable[..., Any]


def _serves(x: Any) -> bool:
    return x.__class__ is np.ndarray and x.size >= _LEAST and x.dtype.char == "f"


def _call(name: str, x: np.ndarray, *arrays: np.ndarray) -> None:
    """Call the kernel of that name for (N, C, L), or that for rows for (N, C), over threads if there is much to do."""
    from . import compiled_classes as compiled

    rows = {"normalizers": "normalizers_of_rows", "spread": "spread_over_rows", "log_softmax": "log_softmax_of_rows"}
    kernel = getattr(compiled, rows[name] if x.ndim == 2 else name)
    count = x.shape[0] * (1 if x.ndim == 2 else -(-x.shape[2] // compiled.BLOCK))
    if x.size < _LEAST_SHARED:
        kernel(x, *arrays, 0, count)
        return
    parts = divide(count)
    share(lambda number: kernel(x, *arrays, *parts[number][0]), len(parts))


def _normalizers(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The NumPy backend's, compiled."""
    if not _serves(x):
        return numpys.normalizers(x)
    found = tuple(np.empty((x.shape[0], *x.shape[2:]), x.dtype) for _ in range(2))
    _call("normalizers", np.ascontiguousarray(x), *found)
    return found  # type: ignore[return-value]


def _spread(x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """The NumPy backend's ``weighted_softmax``, compiled."""
    if not _serves(x):
        return numpys.weighted_softmax(x, factor)
    out = np.empty(x.shape, x.dtype)
    every = np.broadcast_to(np.asarray(factor, x.dtype), (x.shape[0], *x.shape[2:]))
    _call("spread", np.ascontiguousarray(x), np.ascontiguousarray(every), out)
    return out


def cross_entropy(kernel: Kernel) -> Kernel:
    """The NumPy backend's, with compiled passes over the classes."""
    return functools.partial(kernel, normalize=_normalizers)


def cross_entropy_input(kernel: Kernel) -> Kernel:
    """The NumPy backend's, with compiled softmax."""
    return functools.partial(kernel, spread=_spread)


def _beside(x: np.ndarray, axis: int) -> np.ndarray:
    """As (N, C, L) with that axis in the middle, or (N, C) if it is the last."""
    before, behind = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    shape = (before, x.shape[axis]) if behind == 1 else (before, x.shape[axis], behind)
    return np.ascontiguousarray(x).reshape(shape)


def softmax_beside(x: np.ndarray, axis: int) -> np.ndarray:
    """Softmax along another axis than the last."""
    return _spread(_beside(x, axis), np.ones((), x.dtype)).reshape(x.shape)


def log_softmax(kernel: Kernel) -> Kernel:
    def call(x: np.ndarray, *, axis: int) -> np.ndarray:
        if not _serves(x):
            return kernel(x, axis=axis)
        out = np.empty(x.shape, x.dtype)
        given = _beside(x, axis)
        _call("log_softmax", given, out.reshape(given.shape))
        return out

    return call


WRAPPERS = {f.__name__: f for f in (cross_entropy, cross_entropy_input, log_softmax)}
