"""Pooling."""

from __future__ import annotations

from ..case import Case, Refusal, distinct, function, module, normal, refused

CASES: list[Case] = [
    module("MaxPool1d(2)", distinct(2, 3, 7)),
    module("MaxPool2d(3, stride=2, padding=1, ceil_mode=True)", distinct(2, 3, 6, 7)),
    module("MaxPool2d((2, 3))", distinct(2, 3, 6, 7)),
    module("MaxPool2d(2, return_indices=True)", distinct(2, 3, 6, 7)),
    module("MaxPool3d(2, dilation=2)", distinct(1, 2, 5, 4, 4)),
    module("AvgPool1d(3, padding=1)", normal(2, 3, 7)),
    module("AvgPool2d(2)", normal(2, 3, 6, 7)),
    module("AvgPool2d(3, 2, 1, True, False)", normal(2, 3, 6, 7)),
    module("AvgPool2d(2, divisor_override=3)", normal(2, 3, 6, 7)),
    module("AvgPool3d(2)", normal(1, 2, 4, 4, 5)),
    function("max_pool1d", distinct(2, 3, 7), 3, 2, 1, ceil_mode=True, return_indices=True),
    function("max_pool2d", distinct(3, 6, 7), (2, 3), return_indices=True),
    function("max_pool3d", distinct(2, 4, 5, 4), 2, 1, dilation=2),
    function("avg_pool1d", normal(2, 3, 7), 3, 2, 1, True, False),
    function("avg_pool2d", normal(3, 6, 7), 3, 2, 1, count_include_pad=False),
    function("avg_pool3d", normal(1, 2, 4, 4, 5), 2, divisor_override=3),
]
REFUSALS: list[Refusal] = [
    refused("max_pool2d", normal(2, 3, 4, 4), 2, padding=2, match="pad should be at most half"),
    refused("AvgPool2d(5)", normal(2, 3, 4, 4), match="the window, of size .5, 5. .* is larger than the input"),
]
