"""Attention that keeps no weights: a backend's kernel goes over them in tiles, in memory that does not grow with L·S.

With scores s = scale·q kᵀ + mask, what is kept of them is l = log(sum(exp(s))), from which P = exp(s - l) comes anew:

    out = P v,    for v: Pᵀ g,    for q: scale·D k,    for k: scale·Dᵀ q,
    D = P∘(g vᵀ - delta),    delta = sum(g∘out) - g_l

(Dao, "FlashAttention-2", 2023, arXiv:2307.08691). A query that may attend to no key has l = inf, and so P = 0.
"""

from __future__ import annotations

import math
from typing import Any

from ...autograd.broadcasting import sum_to_shape
from ...dtypes import REAL_FLOATING
from ..declare import composite
from .attention import _transposed

__all__: list[str] = []


def _total(xp: Any, x: Any) -> Any:
    return xp.sum(x, axis=(x.ndim - 1,), keepdims=True)


def _scores(xp: Any, query: Any, key: Any, mask: Any, scale: float, causal: bool) -> Any:
    ns = xp.namespace
    scores = ns.matmul(query * scale, ns.matrix_transpose(key))
    if mask is not None:
        scores = scores + mask
    if causal:
        device, (rows, columns) = xp.native_device(query), scores.shape[-2:]
        position = ns.arange(columns, device=device)
        seen = ns.reshape(position, (1, columns)) <= ns.reshape(ns.arange(rows, device=device), (rows, 1))
        scores = ns.where(seen, scores, ns.full((), -math.inf, dtype=scores.dtype, device=device))
    return scores


# -- the weights, where a derivative of a derivative asks for them ----------------------------------------------


def _weights_arrays(xp: Any, g: Any, arrays: Any, out: Any, scale: float, needs: tuple[bool, ...]) -> tuple[Any, ...]:
    query, key, _, *mask = arrays
    w = g * out
    found = [xp.matmul(w, key) * scale, xp.matmul(_transposed(xp, w), query) * scale, -_total(xp, w)]
    if mask:
        found.append(sum_to_shape(xp, w, tuple(mask[0].shape)))
    return tuple(one if need else None for one, need in zip(found, needs, strict=True))


@composite(name="tiled_attention_weights", kinds=REAL_FLOATING, vjp=_weights_arrays)
def _tiled_attention_weights(xp: Any, *arrays: Any, scale: float, causal: bool = False) -> Any:
    """P, of query, key, log_total and possibly mask."""
    query, key, log_total, *mask = arrays
    return xp.exp(_scores(xp, query, key, mask[0] if mask else None, scale, causal) - log_total)


# -- the gradients ----------------------------------------------------------------------------------------------


def _gradients_arrays(xp: Any, g: Any, arrays: Any, scale: float, causal: bool) -> tuple[Any, ...]:
    g0, delta, query, key, value, log_total, *mask = arrays
    for_query, for_key, for_value = g
    weights = xp.tiled_attention_weights(query, key, log_total, *mask, scale=scale, causal=causal)
    slopes = xp.matmul(g0, _transposed(xp, value)) - delta
    of_scores = (xp.matmul(for_query, _transposed(xp, key)) + xp.matmul(query, _transposed(xp, for_key))) * scale
    u, d = of_scores * weights, slopes * weights
    w = weights * (xp.matmul(g0, _transposed(xp, for_value)) + of_scores * slopes)
    found = (
        xp.matmul(weights, for_value) + xp.matmul(u, value),
        -_total(xp, u),
        (xp.matmul(w, key) + xp.matmul(d, for_key)) * scale,
        (xp.matmul(_transposed(xp, w), query) + xp.matmul(_transposed(xp, d), for_query)) * scale,
        xp.matmul(_transposed(xp, u), g0),
        -_total(xp, w),
    )
    return (*found, sum_to_shape(xp, w, tuple(mask[0].shape))) if mask else found


@composite(name="tiled_attention_gradients", kinds=REAL_FLOATING, many=True, vjp=_gradients_arrays)
def _tiled_attention_gradients(xp: Any, *arrays: Any, scale: float, causal: bool = False) -> Any:
    """Those for query, key and value; of g, delta, query, key, value, log_total and possibly mask."""
    ns = xp.namespace
    g0, delta, query, key, value, log_total, *mask = arrays
    weights = xp.tiled_attention_weights(query, key, log_total, *mask, scale=scale, causal=causal)
    d = weights * (ns.matmul(g0, ns.matrix_transpose(value)) - delta)
    return (
        ns.matmul(d, key) * scale,
        ns.matmul(ns.matrix_transpose(d), query) * scale,
        ns.matmul(ns.matrix_transpose(weights), g0),
    )


# -- attention --------------------------------------------------------------------------------------------------


def _attention_arrays(
    xp: Any, g: Any, arrays: Any, out: Any, log_total: Any, scale: float, causal: bool, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    query, key, value, *mask = arrays
    g_out, g_log_total = g
    delta = xp.expand_dims(xp.vecdot(g_out, out, axis=-1), axis=(out.ndim - 1,))
    if g_log_total is not None:
        delta = delta - g_log_total
    found = list(
        xp.tiled_attention_gradients(g_out, delta, query, key, value, log_total, *mask, scale=scale, causal=causal)
    )
    if mask and needs[3]:
        weights = xp.tiled_attention_weights(query, key, log_total, *mask, scale=scale, causal=causal)
        slopes = xp.matmul(g_out, _transposed(xp, value)) - delta
        found.append(sum_to_shape(xp, weights * slopes, tuple(mask[0].shape)))
    return tuple(one if need else None for one, need in zip(found + [None] * (len(needs) - 3), needs, strict=False))


@composite(
    name="tiled_attention", autocast="lower", kinds=REAL_FLOATING, outputs=("out", "log_total"),
    lazy=frozenset(("log_total",)), vjp=_attention_arrays,
)  # fmt: skip
def _tiled_attention(xp: Any, *arrays: Any, scale: float, causal: bool = False) -> Any:
    """Of query (..., L, E), key (..., S, E), value (..., S, V), leading axes alike, and possibly a mask.

    The mask holds numbers that broadcast to (..., L, S) and are added to the scores; ``causal`` closes the keys after
    a query's position. Gives (..., L, V), and l (..., L, 1).
    """
    query, key, value, *mask = arrays
    ns = xp.namespace
    scores = _scores(xp, query, key, mask[0] if mask else None, scale, causal)
    largest = ns.max(scores, axis=-1, keepdims=True)
    largest = ns.where(largest == -math.inf, ns.zeros_like(largest), largest)
    total = ns.sum(xp.exp(scores - largest), axis=-1, keepdims=True)
    none = total == 0
    found = xp.log(ns.where(none, ns.ones_like(total), total)) + largest
    log_total = ns.where(none, ns.full((), math.inf, dtype=found.dtype, device=xp.native_device(query)), found)
    return ns.matmul(xp.exp(scores - log_total), value), log_total
