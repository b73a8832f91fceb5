"""Attention, and the transformers made of it."""

from ..case import Case, Refusal, boolean, function, integer, module, normal, refused, values

_Q, _K, _V = normal(2, 3, 4, 6), normal(2, 3, 5, 6), normal(2, 3, 5, 3)
_ATTEND = "scaled_dot_product_attention"
_X, _Y = normal(5, 2, 8), normal(4, 2, 8)
_CAUSAL = normal(5, 5, grad=False)
_CLOSED = values([[True, False, True, True, True], [False] * 5, [True] * 5, [False, True, False, False, False]])
_PADDED = values([[False, False, True, False], [False, False, False, True]])
_PADDED_BY = values([[0.0, 0.5, -1.0, -float("inf")], [0.0, 0.0, -float("inf"), 1.0]], grad=False)
_AFTER = values([[column > row for column in range(5)] for row in range(5)])
_SIZES = "8, 2, dim_feedforward=12, dropout=0.0"

CASES: list[Case] = [
    function(_ATTEND, _Q, _K, _V),
    function(_ATTEND, _Q, _K, _V, scale=0.3),
    function(_ATTEND, _Q, _K, _V, is_causal=True),
    function(_ATTEND, _Q, _K, _V, attn_mask=boolean(4, 5)),
    function(_ATTEND, _Q, _K, _V, attn_mask=normal(2, 1, 4, 5)),
    function(_ATTEND, _Q, _K, _V, _CLOSED),
    function(_ATTEND, _Q, _K, _V, normal(4, 5), scale=2.0),
    function(_ATTEND, _Q, _K, _V, dropout_p=0.5, random=True),
    function(_ATTEND, normal(4, 6), normal(5, 6), normal(5, 2), is_causal=True),
    function(_ATTEND, normal(2, 4, 6), normal(2, 0, 6), normal(2, 0, 3)),
    function(_ATTEND, normal(2, 0, 6), normal(2, 3, 6), normal(2, 3, 3)),
    function(_ATTEND, normal(2, 1, 4, 6), normal(3, 5, 6), normal(2, 3, 5, 2)),
    function(_ATTEND, normal(2, 6, 4, 6), normal(2, 2, 5, 6), normal(2, 2, 5, 6), boolean(2, 6, 4, 5), enable_gqa=True),
    function(_ATTEND, normal(2, 4, 3, 6), normal(2, 2, 5, 6), normal(2, 2, 5, 3), enable_gqa=True),
    module("MultiheadAttention(8, 2)", _X, _X, _X),
    module("MultiheadAttention(8, 2, batch_first=True, bias=False)", _X, normal(5, 3, 8), normal(5, 3, 8)),
    module("MultiheadAttention(8, 4, kdim=3, vdim=5)", _Y, normal(6, 2, 3), normal(6, 2, 5)),
    module("MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True)", _X, _Y, _Y, attn_mask=normal(5, 4)),
    module("MultiheadAttention(8, 2)", normal(5, 8), normal(4, 8), normal(4, 8), average_attn_weights=False),
    module("MultiheadAttention(8, 2)", _X, _Y, _Y, attn_mask=normal(4, 5, 4), need_weights=False),
    module("MultiheadAttention(8, 2)", _X, _Y, _Y, key_padding_mask=_PADDED),
    module("MultiheadAttention(8, 2)", _X, _Y, _Y, key_padding_mask=_PADDED_BY, attn_mask=normal(5, 4, grad=False)),
    module("MultiheadAttention(8, 2, add_bias_kv=True)", _X, _Y, _Y, key_padding_mask=_PADDED, need_weights=False),
    module("MultiheadAttention(8, 2, dropout=0.5)", _X, _Y, _Y, random=True),
    module("MultiheadAttention(8, 2)", _X, _X, _X, attn_mask=_AFTER, is_causal=True, need_weights=False),
    module(f"TransformerEncoderLayer({_SIZES})", _X),
    module(
        f"TransformerEncoderLayer({_SIZES}, batch_first=True)", _Y, src_key_padding_mask=values([[False, True]] * 4)
    ),
    module(f"TransformerEncoderLayer({_SIZES}, activation=F.silu, layer_norm_eps=0.1)", normal(5, 8)),
    module("TransformerEncoderLayer(8, 2, 12, dropout=0.3)", _X, random=True),
    module(f"TransformerDecoderLayer({_SIZES})", _X, _Y, tgt_mask=_CAUSAL, memory_key_padding_mask=_PADDED),
    module("Transformer(8, 2, 1, 2, 12, 0.0, norm_first=True, batch_first=True)", normal(2, 5, 8), normal(2, 4, 8)),
    module("Transformer(8, 4, 1, 1, 12, 0.0, activation='gelu', bias=False)", _X, _Y, memory_mask=normal(4, 5)),
    module(f"TransformerEncoderLayer({_SIZES}, norm_first=True, activation='gelu', bias=False)", _X, _CAUSAL),
    module(f"TransformerDecoderLayer({_SIZES})", _X, _Y),
    module(f"TransformerDecoderLayer({_SIZES}, norm_first=True, batch_first=True)", _X, normal(5, 3, 8)),
    module(f"TransformerEncoder(TransformerEncoderLayer({_SIZES}), 2, enable_nested_tensor=False)", _X),
    module(f"TransformerDecoder(TransformerDecoderLayer({_SIZES}), 2, LayerNorm(8))", _X, _Y),
    module("Transformer(8, 2, 1, 1, 12, dropout=0.0)", _X, _Y),
]

REFUSALS: list[Refusal] = [
    refused(_ATTEND, _Q, _K, _V, boolean(4, 4), match="must broadcast to .* got shape"),
    refused("MultiheadAttention(8, 2)", _X, _X, _X, attn_mask=integer(5, 5, high=2), match="of attn_mask are supp"),
    refused(_ATTEND, _Q, _K, _V, values([[0, 1, 0, 1, 1]] * 4), match="attn_mask must be bool"),
    refused(_ATTEND, _Q, _K, _V, boolean(4, 5), is_causal=True, match="should not be set"),
    refused(_ATTEND, _Q, normal(2, 3, 5, 7), _V, match="need query"),
    refused(_ATTEND, _Q, normal(2, 2, 5, 6), normal(2, 2, 5, 3), enable_gqa=True, match="multiple of"),
    refused("MultiheadAttention(8, 3)", _X, _X, _X, match="divisible"),
    refused("MultiheadAttention(8, 2)", _X, _Y, _Y, attn_mask=boolean(4, 5), match="shape of attn_mask"),
    refused("MultiheadAttention(8, 2)", _X, _Y, _Y, key_padding_mask=boolean(4, 2), match="shape of key_padding_mask"),
    refused("MultiheadAttention(8, 2)", _X, _Y, _Y, is_causal=True, match="Need attn_mask"),
    refused(f"TransformerEncoderLayer({_SIZES}, activation='tanh')", _X, match="relu/gelu"),
    refused("Transformer(8, 2, 1, 1, 12)", _X, normal(4, 2, 7), match="feature number"),
    refused("MultiheadAttention(8, 2)", normal(5, 2, 7), normal(5, 2, 7), normal(5, 2, 7), match="dimension of 8"),
]
