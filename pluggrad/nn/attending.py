"""Attention: of queries to keys, for a weighted mean of values (Vaswani et al., 2017, arXiv:1706.03762)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..autograd.operands import require_tensors
from ..dtypes import bool_, float32
from ..errors import DTypeError, ExpectationError, ShapeError
from ..ops.creation import ones, zeros
from ..ops.joining import concat
from ..ops.manipulation import broadcast_shapes
from ..ops.matrix import matmul
from ..ops.neural.attention import _attention
from ..ops.neural.linear import linear
from ..ops.neural.tiled_attention import _tiled_attention
from ..tensor import Tensor
from .drawing import dropout

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """Give ``softmax(query @ key.mT * scale + mask) @ value``.

    Parameters
    ----------
    query : Tensor, shape (..., L, E)
    key : Tensor, shape (..., S, E)
    value : Tensor, shape (..., S, V)
    attn_mask : Tensor that broadcasts to (..., L, S): bool, True where a query may attend to a key; or numbers, which
        are added
    dropout_p : probability of dropout on the weights. It is applied whenever it is not 0: there is no training mode
    is_causal : a query attends to the keys up to its own position alone; not together with ``attn_mask``
    scale : default 1 / √E
    enable_gqa : query has a multiple of the heads (axis -3) of key and value, which are repeated

    Returns
    -------
    Tensor, shape (..., L, V). A query that may attend to no key gets 0

    Raises
    ------
    ShapeError : shapes that do not fit
    DTypeError : a mask of another data type
    RuntimeError : both ``attn_mask`` and ``is_causal``

    >>> import pluggrad
    >>> q = pluggrad.zeros(1, 2, 4)
    >>> v = pluggrad.tensor([[[1.0], [3.0]]])
    >>> pluggrad.nn.functional.scaled_dot_product_attention(q, q, v, is_causal=True)
    tensor([[[1.],
             [2.]]])
    """
    require_tensors("scaled_dot_product_attention", query=query, key=key, value=value)
    if (
        min(query.ndim, key.ndim, value.ndim) < 2
        or query.shape[-1] != key.shape[-1]
        or key.shape[-2] != value.shape[-2]
    ):
        raise ShapeError(
            "scaled_dot_product_attention: need query (..., L, E), key (..., S, E), value (..., S, V); got shapes "
            f"{tuple(query.shape)}, {tuple(key.shape)}, {tuple(value.shape)}"
        )
    if is_causal and attn_mask is not None:
        raise RuntimeError("scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if enable_gqa:
        heads, groups = query.shape[-3], key.shape[-3]
        if groups == 0 or heads % groups or value.shape[-3] != groups:
            raise ShapeError(
                f"scaled_dot_product_attention: with enable_gqa the {heads} heads of query must be a multiple of "
                f"those of key ({groups}) and value ({value.shape[-3]}), which must be equal"
            )
        key, value = (t.repeat_interleave(heads // groups, -3) for t in (key, value))
    mask = None if attn_mask is None else _mask_of(attn_mask, query, key)
    lead = broadcast_shapes(*(t.shape[:-2] for t in (query, key, value, mask) if t is not None))
    query, key, value = (t if t.shape[:-2] == lead else t.expand(*lead, *t.shape[-2:]) for t in (query, key, value))
    return _attend(query, key, value, mask, dropout_p, scale, is_causal)[0]


def _mask_of(mask: Tensor, query: Tensor, key: Tensor) -> Tensor:
    """What ``attn_mask`` adds to the scores."""
    scores = (query.shape[-2], key.shape[-2])
    if any(n not in (1, m) for n, m in zip(mask.shape[::-1], scores[::-1], strict=False)):
        raise ShapeError(
            f"scaled_dot_product_attention: attn_mask must broadcast to (..., L, S) = (..., {scores[0]}, {scores[1]}), "
            f"got shape {tuple(mask.shape)}"
        )
    if mask.dtype is bool_:
        return additive(mask.logical_not(), query)
    if mask.dtype not in (query.dtype, float32):
        raise DTypeError(
            f"scaled_dot_product_attention: attn_mask must be bool, float32 or of query's dtype {query.dtype}, got "
            f"{mask.dtype}"
        )
    return mask.to(query.dtype)


def _attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, scale: float | None = None,
    causal: bool = False, with_weights: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Attention and, if they are wanted, its weights, those after dropout; ``mask`` is added to the scores.

    A query to which the mask closes all keys gets NaN together with weights, else 0, as in PyTorch.
    """
    if key.shape[-2] == 0:  # no key: sums of nothing, which are 0
        weights = matmul(query, key.transpose(-2, -1))
        return matmul(weights, value), weights
    given = [query, key, value] if mask is None else [query, key, value, mask]
    scale = 1.0 / math.sqrt(query.shape[-1] or 1) if scale is None else scale
    if not with_weights and not dropout_p and query._type.backend.brings("tiled_attention"):
        return _tiled_attention(*given, scale=scale, causal=causal)
    factors = None
    if dropout_p:
        shape = (*query.shape[:-1], key.shape[-2])
        factors = dropout(ones(*shape, dtype=query.dtype, device=query.device), dropout_p)
        given.append(factors)
    out, weights = _attention(
        *given, scale=scale, causal=causal, masked=mask is not None, dropped=factors is not None,
        safe=not with_weights, kept=with_weights,
    )  # fmt: skip
    return out, weights if factors is None or not with_weights else weights * factors


def additive(mask: Tensor, like: Tensor) -> Tensor:
    """A bool mask, True where attention is closed, as numbers to add."""
    if mask.dtype is not bool_:
        return mask
    return zeros(*mask.shape, dtype=like.dtype, device=like.device).masked_fill(mask, -math.inf)


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True,
    key_padding_mask: Tensor | None = None, need_weights: bool = True, attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None, static_k: Tensor | None = None, static_v: Tensor | None = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """What :class:`pluggrad.nn.MultiheadAttention` computes, as a function of its parameters.

    Parameters
    ----------
    query : Tensor, shape (L, B, E) or (L, E)
    key, value : Tensors, shapes (S, B, ·) or (S, ·)
    in_proj_weight : Tensor, shape (3 E, E); with ``use_separate_proj_weight`` None, and the three others are given
    key_padding_mask : Tensor, shape (B, S) or (S,): bool, True where a key is *not* attended to; or numbers to add
    attn_mask : Tensor, shape (L, S) or (B·heads, L, S), likewise
    is_causal : a hint that ``attn_mask``, which must be given, is causal

    Returns
    -------
    Tensor, shape of query
    Tensor, the weights (B, L, S), with ``average_attn_weights=False`` (B, heads, L, S); None unless ``need_weights``

    A query to which the masks close all keys gets NaN with ``need_weights``, and attends to nothing without, as in
    PyTorch.

    Raises
    ------
    ShapeError : shapes that do not fit
    ArgumentError : a mask of integers
    RuntimeError : ``is_causal`` without ``attn_mask``
    """
    batched, to_itself = query.ndim == 3, query is key and key is value
    if query.ndim not in (2, 3) or key.ndim != query.ndim or value.ndim != query.ndim:
        raise ExpectationError(
            "multi_head_attention_forward: query, key and value must all be 2-D (unbatched) or all 3-D (batched); got "
            f"shapes {tuple(query.shape)}, {tuple(key.shape)}, {tuple(value.shape)}"
        )
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, width = query.shape
    if width != embed_dim_to_check:
        raise ExpectationError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}")
    if width % num_heads:
        raise ExpectationError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if tuple(key.shape[:2]) != tuple(value.shape[:2]):
        raise ExpectationError(
            f"key's sequence and batch dims {tuple(key.shape[:2])} do not match value's {tuple(value.shape[:2])}"
        )
    if not use_separate_proj_weight and key.shape[2] != value.shape[2]:
        raise ExpectationError(f"key shape {tuple(key.shape)} does not match value shape {tuple(value.shape)}")
    if use_separate_proj_weight:
        if q_proj_weight is None or k_proj_weight is None or v_proj_weight is None:
            raise ValueError("use_separate_proj_weight is True but q_, k_ or v_proj_weight is None")
        weights: Sequence[Tensor] = (q_proj_weight, k_proj_weight, v_proj_weight)
    elif in_proj_weight is None:
        raise ValueError("use_separate_proj_weight is False but in_proj_weight is None")
    else:
        weights = (in_proj_weight,) if to_itself else in_proj_weight.chunk(3)
    if len(weights) == 1:  # attention of a sequence to itself: one large product
        q, k, v = linear(query, weights[0], in_proj_bias).chunk(3, -1)
    else:
        biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
        q, k, v = (linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))
    if bias_k is not None and bias_v is not None:
        k, v = (concat([x, b.expand(1, batch, width)], axis=0) for x, b in ((k, bias_k), (v, bias_v)))
    head = width // num_heads
    q, k, v = (x.reshape(x.shape[0], batch, num_heads, head).permute(1, 2, 0, 3) for x in (q, k, v))
    if static_k is not None:
        k = static_k.reshape(batch, num_heads, -1, head)
    if static_v is not None:
        v = static_v.reshape(batch, num_heads, -1, head)
    if add_zero_attn:
        nothing = zeros(batch, num_heads, 1, head, dtype=k.dtype, device=k.device)
        k, v = concat([k, nothing], axis=2), concat([v, nothing], axis=2)
    keys = k.shape[2]
    mask = _combined_mask(attn_mask, key_padding_mask, q, keys, (bias_k is not None) + add_zero_attn)
    out, probabilities = _attend(q, k, v, mask, dropout_p if training else 0.0, with_weights=need_weights)
    out = out.permute(2, 0, 1, 3).reshape(length, batch, width)
    out = linear(out, out_proj_weight, out_proj_bias)
    shown = None
    if need_weights:
        shown = probabilities.mean(1) if average_attn_weights else probabilities
        shown = shown if batched else shown.squeeze(0)
    return (out if batched else out.squeeze(1)), shown


def _combined_mask(
    attn_mask: Tensor | None, key_padding_mask: Tensor | None, q: Tensor, keys: int, added: int
) -> Tensor | None:
    """Both masks as numbers to add, shape broadcasting to (B, heads, L, S); ``added`` keys at the end are open."""
    batch, heads, length = q.shape[:3]
    total: Tensor | None = None
    for name, mask in (("attn_mask", attn_mask), ("key_padding_mask", key_padding_mask)):
        if mask is None:
            continue
        allowed: tuple[tuple[int, ...], ...]
        shape: tuple[int, ...]
        if mask.dtype is not bool_ and not mask.is_floating_point():
            raise ExpectationError(f"only bool and floating types of {name} are supported, got {mask.dtype}")
        if name == "attn_mask":
            allowed = ((length, keys - added), (batch * heads, length, keys - added))
            shape = (batch, heads, length, keys - added) if mask.ndim == 3 else (1, 1, length, keys - added)
        else:
            allowed, shape = ((batch, keys - added),), (batch, 1, 1, keys - added)
        if tuple(mask.shape) not in allowed:
            raise ExpectationError(
                f"The shape of {name} is {tuple(mask.shape)}, but should be {' or '.join(map(str, allowed))}"
            )
        mask = additive(mask, q).reshape(*shape)
        if added:
            mask = concat([mask, zeros(*shape[:-1], added, dtype=mask.dtype, device=mask.device)], axis=-1)
        total = mask if total is None else total + mask
    return total
