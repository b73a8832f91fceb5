"""Attention, and the transformers made of it."""

from ..case import Case, Refusal, boolean, function, module, normal, refused

_Q, _K, _V = normal(2, 3, 4, 6), normal(2, 3, 5, 6), normal(2, 3, 5, 3)
_ATTEND = "scaled_dot_product_attention"
_X, _Y = normal(5, 2, 8), normal(4, 2, 8)
_CAUSAL = normal(5, 5, grad=False)
_SIZES = "8, 2, dim_feedforward=12, dropout=0.0"

CASES: list[Case] = [
    function(_ATTEND, _Q, _K, _V),
    function(_ATTEND, _Q, _K, _V, scale=0.3),
    function(_ATTEND, _Q, _K, _V, is_causal=True),
    function(_ATTEND, _Q, _K, _V, attn_mask=boolean(4, 5)),
    function(_ATTEND, _Q, _K, _V, attn_mask=normal(2, 1, 4, 5)),
    function(_ATTEND, normal(2, 4, 3, 6), normal(2, 2, 5, 6), normal(2, 2, 5, 3), enable_gqa=True),
    module("MultiheadAttention(8, 2)", _X, _X, _X),
    module("MultiheadAttention(8, 2, batch_first=True, bias=False)", _X, normal(5, 3, 8), normal(5, 3, 8)),
    module("MultiheadAttention(8, 4, kdim=3, vdim=5)", _Y, normal(6, 2, 3), normal(6, 2, 5)),
    module("MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True)", _X, _Y, _Y, attn_mask=normal(5, 4)),
    module("MultiheadAttention(8, 2)", normal(5, 8), normal(4, 8), normal(4, 8), average_attn_weights=False),
    module("MultiheadAttention(8, 2)", _X, _Y, _Y, attn_mask=normal(4, 5, 4), need_weights=False),
    module(f"TransformerEncoderLayer({_SIZES})", _X),
    module(f"TransformerEncoderLayer({_SIZES}, norm_first=True, activation='gelu', bias=False)", _X, _CAUSAL),
    module(f"TransformerDecoderLayer({_SIZES})", _X, _Y),
    module(f"TransformerDecoderLayer({_SIZES}, norm_first=True, batch_first=True)", _X, normal(5, 3, 8)),
    module(f"TransformerEncoder(TransformerEncoderLayer({_SIZES}), 2, enable_nested_tensor=False)", _X),
    module(f"TransformerDecoder(TransformerDecoderLayer({_SIZES}), 2, LayerNorm(8))", _X, _Y),
    module("Transformer(8, 2, 1, 1, 12, dropout=0.0)", _X, _Y),
]

REFUSALS: list[Refusal] = [
    refused("MultiheadAttention(8, 2)", normal(5, 2, 7), normal(5, 2, 7), normal(5, 2, 7), match="dimension of 8"),
]
