"""Embeddings."""

from __future__ import annotations

from ..case import Case, Refusal, function, integer, module, normal, refused

CASES: list[Case] = [
    module("Embedding(7, 3)", integer(5, high=7)),
    module("Embedding(7, 3, padding_idx=-2)", integer(5, high=7)),
    module("Embedding(7, 3, max_norm=1.0, scale_grad_by_freq=True)", integer(5, high=7)),
    function("embedding", integer(2, 4, high=7), normal(7, 3)),
]
REFUSALS: list[Refusal] = [
    refused("Embedding(3, 2, padding_idx=3)", match="padding_idx must be within num_embeddings"),
]
