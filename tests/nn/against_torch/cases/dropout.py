"""Dropout. What random masks are like is in tests/nn/test_dropout.py."""

from __future__ import annotations

from ..case import Case, Refusal, function, module, normal, refused

CASES: list[Case] = [
    module("Dropout()", normal(2, 3), random=True),
    module("Dropout(0.0)", normal(2, 3)),
    module("Dropout(1.0, inplace=True)", normal(2, 3)),
    function("dropout", normal(2, 3), 0.3, False),
    function("dropout", normal(2, 3), 0.3, random=True),
]
REFUSALS: list[Refusal] = [
    refused("Dropout(1.5)", match="dropout probability has to be between 0 and 1, but got 1.5"),
]
