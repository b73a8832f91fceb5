"""Attention that keeps no weights but the logarithm of their sums, from which backward makes them anew.

See ``pluggrad/ops/neural/tiled_attention.py`` for the formulas.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .neural import _across


def _in_single(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel of arrays alone which computes those of half precision in single precision."""

    @functools.wraps(kernel)
    def call(*arrays: np.ndarray, **options: Any) -> Any:
        if arrays[0].dtype != np.float16:
            return kernel(*arrays, **options)
        found = kernel(*[a.astype(np.float32) for a in arrays], **options)
        return tuple([a.astype(np.float16) for a in found])

    return call


def _scores(query: np.ndarray, key: np.ndarray, mask: tuple[np.ndarray, ...], scale: float, causal: bool) -> np.ndarray:
    scores: np.ndarray = np.matmul(query * query.dtype.type(scale), _across(key))
    if mask:
        scores += mask[0]
    if causal:
        np.copyto(scores, -np.inf, where=np.logical_not(np.tri(*scores.shape[-2:], dtype=np.bool_)))
    return scores


@_in_single
def tiled_attention(
    query: np.ndarray, key: np.ndarray, value: np.ndarray, *mask: np.ndarray, scale: float, causal: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The weights become what they are in place, and are divided by their sum once they are brought together."""
    weights = _scores(query, key, mask, scale, causal)
    largest = np.maximum.reduce(weights, -1, keepdims=True)
    if mask:
        largest[largest == -np.inf] = 0.0
    weights -= largest
    np.exp(weights, out=weights)
    total = np.add.reduce(weights, -1, keepdims=True)
    none = total == 0.0 if mask else None
    if none is not None:
        total[none] = 1.0
    out = np.matmul(weights, value)
    out /= total
    log_total = np.log(total, out=total)
    log_total += largest
    if none is not None:
        log_total[none] = np.inf
    return out, log_total


@_in_single
def tiled_attention_gradients(
    g: np.ndarray, delta: np.ndarray, query: np.ndarray, key: np.ndarray, value: np.ndarray, log_total: np.ndarray,
    *mask: np.ndarray, scale: float, causal: bool = False,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    weights = _scores(query, key, mask, scale, causal)
    weights -= log_total
    np.exp(weights, out=weights)
    slopes = np.matmul(g, _across(value))
    slopes -= delta
    slopes *= weights
    factor = query.dtype.type(scale)
    of_query, of_key = np.matmul(slopes, key), np.matmul(_across(slopes), query)
    of_query *= factor
    of_key *= factor
    return of_query, of_key, np.matmul(_across(weights), g)


KERNELS = {f.__name__: f for f in (tiled_attention, tiled_attention_gradients)}
