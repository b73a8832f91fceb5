"""Attention in blocks, without its weights in memory: threads share heads and queries, and nothing is copied before.

Small arrays and other dtypes go on to the composed function.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

#: Pairs of a query and a key from which on a compiled kernel is called.
_LEAST = 1 << 14

Kernel = Callable[..., Any]


def _serves(query: np.ndarray, key: np.ndarray) -> bool:
    return query.dtype.char == "f" and math.prod(query.shape[:-1]) * key.shape[-2] >= _LEAST


@functools.lru_cache(maxsize=256)
def _starts(shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
    """Where each item of a batch begins."""
    at = np.zeros((), np.int64)
    for count, stride in zip(shape, strides, strict=True):
        at = at[..., None] + np.arange(count) * stride
    found = np.ascontiguousarray(at).reshape(-1)
    found.flags.writeable = False
    return found


def _matrices(x: np.ndarray) -> tuple[int, np.ndarray, int, int]:
    """Those of a batch, as compiled kernels read them where they lie."""
    strides = tuple([n // x.itemsize for n in x.strides])
    return x.__array_interface__["data"][0], _starts(x.shape[:-2], strides[:-2]), strides[-2], strides[-1]


def _mask(masks: tuple[np.ndarray, ...], query: np.ndarray, key: np.ndarray) -> tuple[Any, bool]:
    """A mask for each pair, the same one where it broadcasts; anything, and False, if there is none."""
    if not masks:
        return _matrices(query), False
    return _matrices(np.broadcast_to(masks[0], (*query.shape[:-1], key.shape[-2]))), True


def _like(x: np.ndarray, last: int) -> np.ndarray:
    """Memory for such an array, with its axes in the same order; but elements of a row are neighbours."""
    shape = (*x.shape[:-1], last)
    out = np.empty_like(x, shape=shape, subok=False)
    return out if out.strides[-1] == out.itemsize else np.empty(shape, x.dtype)


def _sizes(query: np.ndarray, value: np.ndarray) -> tuple[int, int, int, int]:
    return query.shape[-2], value.shape[-2], query.shape[-1], value.shape[-1]


def tiled_attention(kernel: Kernel) -> Kernel:
    def call(*arrays: np.ndarray, scale: float, causal: bool = False) -> Any:
        query, key, value, *masks = arrays
        if not _serves(query, key):
            return kernel(*arrays, scale=scale, causal=causal)
        from . import compiled_attention as compiled
        from .crew import together

        out = _like(query, value.shape[-1])
        log_total = np.empty((*query.shape[:-1], 1), query.dtype)
        together(
            compiled.attention, (math.prod(query.shape[:-2]), -(-query.shape[-2] // compiled.BLOCK)),
            *map(_matrices, (query, key, value)), *_mask(tuple(masks), query, key), _sizes(query, value),
            np.float32(scale), causal, _matrices(out), log_total.reshape(-1),
        )  # fmt: skip
        return out, log_total

    return call


def tiled_attention_gradients(kernel: Kernel) -> Kernel:
    def call(*arrays: np.ndarray, scale: float, causal: bool = False) -> Any:
        g, delta, query, key, value, log_total, *masks = arrays
        if not _serves(query, key):
            return kernel(*arrays, scale=scale, causal=causal)
        from . import compiled_attention as compiled
        from .crew import together

        found = tuple(_like(x, x.shape[-1]) for x in (query, key, value))
        together(
            compiled.attention_gradients, (math.prod(query.shape[:-2]),), _matrices(g), delta.reshape(-1),
            *map(_matrices, (query, key, value)), log_total.reshape(-1), *_mask(tuple(masks), query, key),
            _sizes(query, value), np.float32(scale), causal, *map(_matrices, found),
        )  # fmt: skip
        return found

    return call


WRAPPERS = {f.__name__: f for f in (tiled_attention, tiled_attention_gradients)}
