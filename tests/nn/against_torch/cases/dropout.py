"""Dropout. What random masks are like is in tests/nn/test_dropout.py."""

from __future__ import annotations

from ..case import Case, Refusal, function, module, normal, refused

CASES: list[Case] = [
    module("Dropout()", normal(2, 3), random=True),
    module("Dropout(0.0)", normal(2, 3)),
    module("Dropout(1.0, inplace=True)", normal(2, 3)),
    module("Dropout1d(0.3)", normal(2, 3, 4), random=True),
    module("Dropout1d(0.3)", normal(3, 4), random=True),
    module("Dropout2d()", normal(2, 3, 4, 4), random=True),
    module("Dropout2d(1.0, inplace=True)", normal(2, 3, 4, 4)),
    module("Dropout3d()", normal(2, 3, 4, 4, 2), random=True),
    module("Dropout3d(1.0)", normal(3, 4, 4, 2)),
    module("AlphaDropout()", normal(2, 3), random=True),
    module("AlphaDropout(1.0)", normal(2, 3)),
    module("FeatureAlphaDropout(0.2)", normal(2, 3, 4), random=True),
    function("dropout1d", normal(2, 3, 4), random=True),
    function("dropout2d", normal(2, 3, 4, 4), 0.3, False),
    function("dropout3d", normal(2, 3, 4, 4, 2), 0.0),
    function("alpha_dropout", normal(2, 3), 0.3, True, random=True),
    function("feature_alpha_dropout", normal(2, 3), 0.3),
    function("feature_alpha_dropout", normal(2, 3), 0.3, True, random=True),
    function("dropout", normal(0, 3), 0.3, random=True),
    function("dropout", normal(2, 3), 0.3, False),
    function("dropout", normal(2, 3), 0.3, random=True),
]
REFUSALS: list[Refusal] = [
    refused("dropout", normal(2), -0.1, match="has to be between 0 and 1, but got -0.1"),
    refused("alpha_dropout", normal(2), 1.1, match="has to be between 0 and 1, but got 1.1"),
    refused("dropout1d", normal(2, 3, 4, 4), match="expected 2D or 3D input"),
    refused("feature_alpha_dropout", normal(3), 0.5, True, match="at least 2 dimensions"),
    refused("Dropout(1.5)", match="dropout probability has to be between 0 and 1, but got 1.5"),
]
