"""Group and instance normalisation, a group at a time, and batch normalisation of vectors, over all of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .threads import over

Kernel = Callable[..., tuple[np.ndarray, ...]]

#: Elements from which on a compiled kernel is called, and from which on threads share the work.
_LEAST, _LEAST_SHARED = 1 << 13, 1 << 17


def _serves(x: np.ndarray, *others: np.ndarray) -> bool:
    return x.size >= _LEAST and x.dtype.char in "fd" and all(a.dtype == x.dtype for a in others)


def _flat(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x).reshape(-1)


def _by_channel(x: np.ndarray) -> np.ndarray:
    """(N, C, ...) as (N, C, L), contiguous."""
    return np.ascontiguousarray(x).reshape(x.shape[0], x.shape[1], math.prod(x.shape[2:]))


def _affine(x: np.ndarray, affine: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias, ones and zeros where there are none."""
    weight = _flat(affine[0]) if affine else np.ones(x.shape[1], x.dtype)
    return weight, _flat(affine[1]) if len(affine) == 2 else np.zeros(x.shape[1], x.dtype)


def group_norm(kernel: Kernel) -> Kernel:
    def call(*arrays: np.ndarray, groups: int, eps: float) -> tuple[np.ndarray, ...]:
        if not _serves(*arrays):
            return kernel(*arrays, groups=groups, eps=eps)
        from . import compiled_groups as compiled

        x, *affine = arrays
        out, count = np.empty(x.shape, x.dtype), x.shape[0] * groups
        mean, rstd = (np.empty((x.shape[0], groups, 1), x.dtype) for _ in range(2))
        given = (_by_channel(x), groups, *_affine(x, affine), eps, _by_channel(out), mean.reshape(-1), rstd.reshape(-1))
        over(compiled.group_norm, _LEAST_SHARED, x.size, count, *given)
        return out, mean, rstd

    return call


def group_norm_gradients(kernel: Kernel) -> Kernel:
    def call(*arrays: np.ndarray, groups: int) -> tuple[np.ndarray, ...]:
        g, g_mean, g_rstd, x, mean, rstd, *weight = arrays
        if not _serves(x, *arrays):
            return kernel(*arrays, groups=groups)
        from . import compiled_groups as compiled

        out = np.empty(x.shape, x.dtype)
        of_weight, of_bias = (np.empty(x.shape[:2], x.dtype) for _ in range(2))
        over(
            compiled.group_norm_gradients, _LEAST_SHARED,
            x.size, x.shape[0] * groups, _by_channel(g), _flat(g_mean), _flat(g_rstd),
            _by_channel(x), _flat(mean), _flat(rstd), _affine(x, weight)[0], groups, _by_channel(out), of_weight,
            of_bias,
        )  # fmt: skip
        return (out, np.add.reduce(of_weight, 0), np.add.reduce(of_bias, 0)) if weight else (out,)

    return call


def batch_norm_of_vectors(x: np.ndarray, affine: list[np.ndarray], eps: float) -> tuple[np.ndarray, ...]:
    """Of (N, C)."""
    from . import compiled_groups as compiled

    out = np.empty(x.shape, x.dtype)
    mean, rstd = (np.empty((1, x.shape[1]), x.dtype) for _ in range(2))
    given = (np.ascontiguousarray(x), *_affine(x, affine), eps, out, mean[0], rstd[0])
    over(compiled.batch_norm, _LEAST_SHARED, x.size, x.shape[1], *given)
    return out, mean, rstd


def batch_norm_gradients_of_vectors(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of (N, C)."""
    from . import compiled_groups as compiled

    g, g_mean, g_rstd, x, mean, rstd, *weight = arrays
    out = np.empty(x.shape, x.dtype)
    of_weight, of_bias = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
    over(
        compiled.batch_norm_gradients, _LEAST_SHARED,
        x.size, x.shape[1], np.ascontiguousarray(g), _flat(g_mean), _flat(g_rstd),
        np.ascontiguousarray(x), _flat(mean), _flat(rstd), _affine(x, weight)[0], out, of_weight, of_bias,
    )  # fmt: skip
    return (out, of_weight, of_bias) if weight else (out,)


WRAPPERS = {f.__name__: f for f in (group_norm, group_norm_gradients)}
