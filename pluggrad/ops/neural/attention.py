"""Attention: a mean of values, weighted by how well queries fit keys (Vaswani et al., 2017, arXiv:1706.03762).

With scores scale·q kᵀ + mask, weights P = softmax(scores) and dropout factors F,

    out = (P∘F) v,    for v: (P∘F)ᵀ g,    for the scores: D = P∘(H - sum(P∘H)),  H = (g vᵀ)∘F + g_weights,

and from them scale·D k for q, scale·Dᵀ q for k, and D for the mask. Dropout's factors are given: drawing them, and the
public function with them, is :mod:`pluggrad.nn.attending`'s.
"""

from __future__ import annotations

import math
from typing import Any

from ...autograd.broadcasting import sum_to_shape
from ...dtypes import REAL_FLOATING
from ..declare import composite
from .softmax import _softmax_input_y

__all__: list[str] = []


def _transposed(xp: Any, x: Any) -> Any:
    return xp.permute_dims(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def _split(arrays: Any, masked: bool, dropped: bool) -> tuple[Any, Any, Any, Any, Any]:
    """Query, key, value, and mask and dropout factors or None."""
    query, key, value, *others = arrays
    return query, key, value, others[0] if masked else None, others[-1] if dropped else None


# -- D, the gradient for the scores, which a backend can compute in place ---------------------------------------


def _slopes(xp: Any, g0: Any, value: Any, g_weights: Any, factors: Any) -> Any:
    """H, the gradient for the weights."""
    found = _dropped(xp.matmul(g0, _transposed(xp, value)), factors)
    return found if g_weights is None else found + g_weights


def _dropped(x: Any, factors: Any) -> Any:
    return x if factors is None else x * factors


def _scores_g(xp: Any, g: Any, value: Any, weights: Any, factors: Any) -> Any:
    return xp.matmul(_dropped(xp.softmax_input(g, weights, axis=weights.ndim - 1), factors), value)


def _scores_value(xp: Any, g: Any, g0: Any, weights: Any, factors: Any) -> Any:
    return xp.matmul(_transposed(xp, _dropped(xp.softmax_input(g, weights, axis=weights.ndim - 1), factors)), g0)


def _scores_weights(xp: Any, g: Any, g0: Any, value: Any, weights: Any, g_weights: Any, factors: Any) -> Any:
    return _softmax_input_y(xp, g, _slopes(xp, g0, value, g_weights, factors), weights, weights.ndim - 1)


def _scores_g_weights(xp: Any, g: Any, weights: Any) -> Any:
    return xp.softmax_input(g, weights, axis=weights.ndim - 1)


def _scores_factors(xp: Any, g: Any, g0: Any, value: Any, weights: Any) -> Any:
    return xp.softmax_input(g, weights, axis=weights.ndim - 1) * xp.matmul(g0, _transposed(xp, value))


@composite(
    name="attention_scores_gradient", kinds=REAL_FLOATING, result="same",
    vjp=[_scores_g, _scores_value, _scores_weights, _scores_g_weights, _scores_factors],
)  # fmt: skip
def _attention_scores_gradient(
    xp: Any, g0: Any, value: Any, weights: Any, g_weights: Any = None, factors: Any = None, /
) -> Any:
    """The gradient for the scores, of that for the output and, if there is one, for the weights."""
    slopes = _dropped(xp.namespace.matmul(g0, xp.namespace.matrix_transpose(value)), factors)
    slopes = slopes if g_weights is None else slopes + g_weights
    return xp.softmax_input(slopes, weights, axis=weights.ndim - 1)


# -- weights ---------------------------------------------------------------------------------------------------


def _weights_query(xp: Any, g: Any, key: Any, scale: float, out: Any) -> Any:
    return xp.matmul(xp.softmax_input(g, out, axis=g.ndim - 1), key) * scale


def _weights_key(xp: Any, g: Any, query: Any, scale: float, out: Any) -> Any:
    return xp.matmul(_transposed(xp, xp.softmax_input(g, out, axis=g.ndim - 1)), query) * scale


def _weights_mask(xp: Any, g: Any, mask_shape: Any, out: Any) -> Any:
    return sum_to_shape(xp, xp.softmax_input(g, out, axis=g.ndim - 1), tuple(mask_shape))


@composite(
    name="attention_weights", autocast="lower", kinds=REAL_FLOATING, result="same",
    vjp=[_weights_query, _weights_key, _weights_mask],
)  # fmt: skip
def _attention_weights(
    xp: Any, query: Any, key: Any, mask: Any = None, /, *, scale: float, causal: bool, safe: bool
) -> Any:
    """Query (..., L, E) and key (..., S, E) give (..., L, S); the arguments are those of attention itself."""
    ns = xp.namespace
    scores = ns.matmul(query * scale, ns.matrix_transpose(key))
    if mask is not None:
        scores = scores + mask
    if causal:
        device, (rows, columns) = xp.native_device(query), scores.shape[-2:]
        position = ns.arange(columns, device=device)
        seen = ns.reshape(position, (1, columns)) <= ns.reshape(ns.arange(rows, device=device), (rows, 1))
        scores = ns.where(seen, scores, ns.full((), -math.inf, dtype=scores.dtype, device=device))
    return _safe(xp, scores) if mask is not None and safe else xp.softmax(scores, axis=scores.ndim - 1)


def _safe(xp: Any, scores: Any) -> Any:
    """Softmax along the last axis; 0 in rows without a key, which hold -inf alone."""
    ns = xp.namespace
    largest = ns.max(scores, axis=-1, keepdims=True)
    e = xp.exp(scores - ns.where(largest == -math.inf, ns.zeros_like(largest), largest))
    total = ns.sum(e, axis=-1, keepdims=True)
    return e / ns.where(total == 0, ns.ones_like(total), total)


# -- attention -------------------------------------------------------------------------------------------------


def _attention_arrays(
    xp: Any, g: Any, arrays: Any, weights: Any, scale: float, causal: bool, masked: bool, dropped: bool, safe: bool,
    kept: bool, needs: tuple[bool, ...],
) -> tuple[Any, ...]:  # fmt: skip
    query, key, value, mask, factors = _split(arrays, masked, dropped)
    g_out, g_weights = g
    found: list[Any] = [None] * len(arrays)
    if not kept:
        weights = xp.attention_weights(query, key, mask, scale=scale, causal=causal, safe=safe)
    if needs[2]:
        found[2] = xp.matmul(_transposed(xp, weights if factors is None else weights * factors), g_out)
    if not (needs[0] or needs[1] or any(needs[3:])):
        return tuple(found)
    if dropped and needs[-1]:
        found[-1] = xp.matmul(g_out, _transposed(xp, value)) * weights
    slope = xp.attention_scores_gradient(g_out, value, weights, g_weights if kept else None, factors)
    if needs[0]:
        found[0] = xp.matmul(slope, key) * scale
    if needs[1]:
        found[1] = xp.matmul(_transposed(xp, slope), query) * scale
    if masked and needs[3]:
        found[3] = sum_to_shape(xp, slope, tuple(mask.shape))
    return tuple(found)


@composite(
    name="scaled_dot_product_attention", autocast="lower", kinds=REAL_FLOATING, outputs=("out", "weights"),
    lazy=frozenset(("weights",)), vjp=_attention_arrays,
)  # fmt: skip
def _attention(
    xp: Any, *arrays: Any, scale: float, causal: bool = False, masked: bool = False, dropped: bool = False,
    safe: bool = True, kept: bool = True,
) -> Any:  # fmt: skip
    """Query (..., L, E), key (..., S, E) and value (..., S, V), leading axes alike, give (..., L, V) and weights.

    If ``masked``, numbers that broadcast to (..., L, S) and are added to the scores; if ``dropped``, factors of the
    weights (..., L, S). ``causal`` closes the keys after a query's position. The weights of a query to which all keys
    are closed by the mask are 0 if ``safe``, else NaN. Unless they are ``kept``, an empty array is given for the
    weights, and the gradient computes them anew: there is one for each pair of a query and a key.
    """
    query, key, value, mask, factors = _split(arrays, masked, dropped)
    weights = xp.attention_weights(query, key, mask, scale=scale, causal=causal, safe=safe)
    out = xp.matmul(weights if factors is None else weights * factors, value)
    return out, weights if kept else xp.new_zeros(query, shape=(0,))
