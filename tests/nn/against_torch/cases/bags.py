"""Embeddings over bags, the adaptive softmax, distances of pairs."""

from __future__ import annotations

from ..case import Case, Refusal, function, integer, module, normal, refused, values

_NUMBERS, _TABLE = values([3, 1, 4, 1, 5, 2, 6]), normal(7, 3)
_OFFSETS = values([0, 2, 2, 5])

CASES: list[Case] = [
    module("EmbeddingBag(7, 3)", integer(4, 5, high=7)),
    module("EmbeddingBag(7, 3, mode='sum', padding_idx=1)", _NUMBERS, _OFFSETS),
    module("EmbeddingBag(7, 3, mode='max', padding_idx=-1)", _NUMBERS, _OFFSETS),
    module("EmbeddingBag(7, 3, max_norm=1.0, norm_type=1.0)", _NUMBERS, _OFFSETS),
    module("EmbeddingBag(7, 3, include_last_offset=True)", _NUMBERS, values([0, 2, 2, 7])),
    module("EmbeddingBag(7, 3, mode='sum')", _NUMBERS, _OFFSETS, normal(7)),
    *(function("embedding_bag", _NUMBERS, _TABLE, _OFFSETS, mode=mode) for mode in ("sum", "mean", "max")),
    function("embedding_bag", _NUMBERS, _TABLE, _OFFSETS, mode="mean", padding_idx=1),
    module("AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10])", normal(6, 16), values([0, 3, 5, 19, 10, 2])),
    module("AdaptiveLogSoftmaxWithLoss(8, 20, [4], div_value=2.0, head_bias=True)", normal(2, 8), values([1, 2])),
    module("AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10])", normal(16), values(12)),
    *(function("pdist", normal(5, 3), p) for p in (0.0, 1.0, 1.5, 2.0, 3.0, float("inf"))),
    function("pdist", normal(1, 3)),
]
REFUSALS: list[Refusal] = [
    refused("embedding_bag", _NUMBERS, _TABLE, match="offsets has to be a 1D"),
    refused("embedding_bag", integer(2, 3, high=7), _TABLE, _OFFSETS, match="offsets has to be None"),
    refused("embedding_bag", _NUMBERS, _TABLE, _OFFSETS, mode="min", match="one of sum, mean or max"),
    refused("embedding_bag", _NUMBERS, _TABLE, _OFFSETS, per_sample_weights=normal(7), match="mode='sum'"),
    refused("embedding_bag", _NUMBERS, _TABLE, values([1, 2]), match="has to be 0"),
    refused("EmbeddingBag(3, 2, padding_idx=3)", match="padding_idx must be within num_embeddings"),
    refused("AdaptiveLogSoftmaxWithLoss(8, 20, [10, 4])", match="increasing order"),
    refused("AdaptiveLogSoftmaxWithLoss(8, 20, [4])", normal(2, 8), values([1, 20]), match="should be in"),
    refused("pdist", normal(3), match="2D"),
    refused("pdist", normal(3, 2), -1.0, match="non-negative"),
]
