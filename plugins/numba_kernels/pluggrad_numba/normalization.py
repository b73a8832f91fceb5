"""Batch normalisation in two passes, of which the second finds a channel in the cache."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .groups import batch_norm_gradients_of_vectors, batch_norm_of_vectors

Kernel = Callable[..., tuple[np.ndarray, ...]]

#: Elements from which on a compiled kernel is called, and pixels of an image.
_LEAST, _LEAST_PIXELS = 1 << 15, 16


def has_channels(x: np.ndarray) -> bool:
    """Whether an array is of images, (N, C, ...), and each channel of these of some pixels."""
    return x.ndim > 2 and math.prod(x.shape[2:]) >= _LEAST_PIXELS


def _serves(*arrays: np.ndarray) -> bool:
    """Whether the compiled kernels are for these: the first ones large."""
    return has_channels(arrays[0]) and _suits(*arrays)


def _suits(*arrays: np.ndarray) -> bool:
    x = arrays[0]
    return x.size >= _LEAST and x.dtype.char in "fd" and all(a.dtype == x.dtype for a in arrays)


def _flat(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x).reshape(-1)


def batch_norm(kernel: Kernel) -> Kernel:
    def call(*arrays: np.ndarray, eps: float) -> tuple[np.ndarray, ...]:
        if arrays[0].ndim == 2 and _suits(*arrays):
            return batch_norm_of_vectors(arrays[0], list(arrays[1:]), eps)
        if not _serves(*arrays):
            return kernel(*arrays, eps=eps)
        from . import compiled_normalization as compiled
        from .crew import together

        x, *affine = arrays
        n, channels = x.shape[:2]
        weight = _flat(affine[0]) if affine else np.ones(channels, x.dtype)
        bias = _flat(affine[1]) if len(affine) == 2 else np.zeros(channels, x.dtype)
        out = np.empty(x.shape, x.dtype)
        mean, rstd = (np.empty((1, channels, *(1,) * (x.ndim - 2)), x.dtype) for _ in range(2))
        together(
            compiled.batch_norm, (channels,), _flat(x), n, channels, math.prod(x.shape[2:]), weight, bias, eps,
            out.reshape(-1), mean.reshape(-1), rstd.reshape(-1),
        )  # fmt: skip
        return out, mean, rstd

    return call


def batch_norm_inference(kernel: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """By given statistics: a product and a sum for each channel, in one pass."""

    def call(
        x: np.ndarray, mean: np.ndarray, var: np.ndarray, weight: np.ndarray | None = None,
        bias: np.ndarray | None = None, *, eps: float,
    ) -> np.ndarray:  # fmt: skip
        if not _serves(x, mean, var, *[a for a in (weight, bias) if a is not None]):
            return kernel(x, mean, var, weight, bias, eps=eps)
        from . import compiled_normalization as compiled
        from .crew import together

        scale = 1 / np.sqrt(var + eps)
        if weight is not None:
            scale = scale * weight
        shift = -mean * scale if bias is None else bias - mean * scale
        out = np.empty(x.shape, x.dtype)
        planes, pixels = x.shape[0] * x.shape[1], math.prod(x.shape[2:])
        together(compiled.scale_channels, (planes,), _flat(x), pixels, scale, shift, out.reshape(-1))
        return out

    return call


def batch_norm_gradients(kernel: Kernel) -> Kernel:
    def call(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        x, weight = arrays[3], arrays[6:]
        if x.ndim == 2 and _suits(x, *arrays):
            return batch_norm_gradients_of_vectors(*arrays)
        if not _serves(x, *arrays):
            return kernel(*arrays)
        from . import compiled_normalization as compiled
        from .crew import together

        n, channels = x.shape[:2]
        w = _flat(weight[0]) if weight else np.ones(channels, x.dtype)
        out = np.empty(x.shape, x.dtype)
        of_weight, of_bias = np.empty(channels, x.dtype), np.empty(channels, x.dtype)
        together(
            compiled.batch_norm_gradients, (channels,), *map(_flat, arrays[:6]), w, n, channels,
            math.prod(x.shape[2:]), out.reshape(-1), of_weight, of_bias,
        )  # fmt: skip
        return (out, of_weight, of_bias) if weight else (out,)

    return call


def sums_of_channels(x: np.ndarray, keepdims: bool) -> np.ndarray:
    """Of (N, C, ...), as the gradient for a bias is."""
    from . import compiled_normalization as compiled
    from .crew import together

    n, channels, *size = x.shape
    out = np.empty(channels, x.dtype)
    together(compiled.channel_sums, (channels,), x.reshape(-1), n, channels, math.prod(size), out)
    return out.reshape(1, channels, *(1,) * len(size)) if keepdims else out


WRAPPERS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (batch_norm, batch_norm_inference, batch_norm_gradients)
}
