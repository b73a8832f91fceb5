"""Pooling."""

from __future__ import annotations

from ..case import Case, Refusal, distinct, function, module, normal, refused, uniform, values

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
    module("MaxPool2d(2)", normal(0, 3, 4, 4)),
    module("AdaptiveAvgPool1d(5)", normal(2, 3, 8)),
    module("AdaptiveAvgPool1d(4)", normal(3, 8)),
    module("AdaptiveAvgPool2d((5, 7))", normal(1, 2, 8, 9)),
    module("AdaptiveAvgPool2d((None, 1))", normal(2, 8, 9)),
    module("AdaptiveAvgPool2d(1)", normal(0, 2, 8, 9)),
    module("AdaptiveAvgPool2d(10)", normal(1, 2, 3, 4)),
    module("AdaptiveAvgPool3d((2, 3, None))", normal(1, 2, 4, 5, 3)),
    module("AdaptiveMaxPool1d(5)", distinct(2, 3, 8)),
    module("AdaptiveMaxPool1d(4, return_indices=True)", distinct(3, 8)),
    module("AdaptiveMaxPool2d((5, 7), return_indices=True)", distinct(1, 2, 8, 9)),
    module("AdaptiveMaxPool2d((None, 3))", distinct(2, 8, 9)),
    module("AdaptiveMaxPool2d(2)", distinct(0, 2, 7, 9)),
    module("AdaptiveMaxPool3d((2, 3, None), return_indices=True)", distinct(1, 2, 4, 5, 3)),
    module("LPPool1d(2, 3)", normal(2, 3, 7)),
    module("LPPool2d(3, (2, 3), stride=(1, 2), ceil_mode=True)", uniform(2, 3, 6, 7, low=0.1)),
    module("LPPool2d(1.2, 2)", uniform(3, 6, 7, low=0.1)),
    module("LPPool2d(float('inf'), 2)", distinct(3, 6, 7)),
    module("LPPool3d(2, 2)", normal(1, 2, 4, 4, 5)),
    module("FractionalMaxPool2d(3, output_ratio=0.5, _random_samples=lib.full((2, 3, 2), 0.3))", distinct(2, 3, 9, 8)),
    module("FractionalMaxPool2d(2, (4, 3), None, True, lib.full((1, 3, 2), 0.7))", distinct(3, 9, 8)),
    module(
        "FractionalMaxPool3d(2, None, (0.5, 0.6, 0.7), _random_samples=lib.full((2, 2, 3), 0.4))",
        distinct(2, 2, 6, 5, 5),
    ),
    module("MaxUnpool1d(2)", normal(1, 2, 3), values([[[1, 2, 4], [0, 3, 5]]])),
    module("MaxUnpool2d(2)", normal(1, 2, 2), values([[[1, 4], [8, 15]]])),
    module("MaxUnpool2d((2, 3), stride=2, padding=(1, 0))", normal(1, 2, 3), values([[[0, 2, 1], [3, 4, 5]]])),
    module("MaxUnpool2d(2)", normal(1, 1, 2, 2), values([[[[6, 8], [16, 18]]]]), output_size=[5, 5]),
    module("MaxUnpool3d(2)", normal(1, 1, 1, 2), values([[[[3, 9]]]])),
    *(function(f"max_pool{n}d_with_indices", distinct(2, *(5,) * n), 2, ceil_mode=True) for n in (1, 2, 3)),
    *(function(f"adaptive_max_pool{n}d_with_indices", distinct(2, *(5,) * n), 3) for n in (1, 2, 3)),
    *(function(f"adaptive_max_pool{n}d", distinct(1, 2, *(5,) * n), 2) for n in (1, 2, 3)),
    *(function(f"adaptive_avg_pool{n}d", normal(1, 2, *(5,) * n), 2) for n in (1, 2, 3)),
    *(function(f"lp_pool{n}d", normal(1, 2, *(5,) * n), 2, 2, 1) for n in (1, 2, 3)),
    function("lp_pool2d", values([[[0.0, 0.0], [0.0, 0.0]]]), 2, 2),
    function("lp_pool1d", distinct(2, 6), -float("inf"), 2),
    *(
        function(
            f"fractional_max_pool2d{ending}",
            distinct(2, 2, 9, 8),
            (3, 2),
            (4, 3),
            _random_samples=uniform(2, 2, 2, grad=False),
        )
        for ending in ("", "_with_indices")
    ),
    *(
        function(
            f"fractional_max_pool3d{ending}",
            distinct(1, 2, 6, 5, 7),
            (3, 2, 2),
            (3, 2, 4),
            _random_samples=uniform(1, 2, 3, grad=False),
        )
        for ending in ("", "_with_indices")
    ),
    function(
        "fractional_max_pool2d",
        distinct(3, 9, 8),
        2,
        output_ratio=(0.6, 0.4),
        _random_samples=uniform(1, 3, 2, grad=False),
    ),
    function("max_unpool1d", normal(2, 3), values([[1, 2, 4], [0, 3, 5]]), 2, 2, 0, [7]),
    function("max_unpool2d", normal(1, 2, 2), values([[[1, 4], [8, 15]]]), 2),
    function("max_unpool3d", normal(1, 1, 1, 2), values([[[[3, 9]]]]), 2),
    function("max_pool1d", distinct(2, 3, 7), 3, 2, 1, ceil_mode=True, return_indices=True),
    function("max_pool2d", distinct(3, 6, 7), (2, 3), return_indices=True),
    function("max_pool3d", distinct(2, 4, 5, 4), 2, 1, dilation=2),
    function("avg_pool1d", normal(2, 3, 7), 3, 2, 1, True, False),
    function("avg_pool2d", normal(3, 6, 7), 3, 2, 1, count_include_pad=False),
    function("avg_pool3d", normal(1, 2, 4, 4, 5), 2, divisor_override=3),
]
REFUSALS: list[Refusal] = [
    refused("MaxPool2d(2)", normal(3, 4), match="expected 4-D .batched. or 3-D .unbatched. input"),
    refused("AdaptiveAvgPool2d(2)", normal(2, 3, 0, 4), match="non-zero spatial sizes"),
    refused("adaptive_avg_pool1d", normal(2, 3, 4), -1, match="greater than or equal to 0"),
    refused("FractionalMaxPool2d(2)", match="either an output size, or a pooling ratio"),
    refused("FractionalMaxPool2d(2, 3, 0.5)", match="only one of output_size and output_ratio"),
    refused("FractionalMaxPool2d(2, output_ratio=1.5)", match="must be between 0 and 1"),
    refused("fractional_max_pool2d", normal(3, 4, 4), 3, 4, match="too large relative to the input"),
    refused("MaxUnpool2d(2)", normal(1, 2, 2), values([[[1, 4], [8, 16]]]), match="invalid max index: 16"),
    refused(
        "max_unpool2d", normal(1, 2, 2), values([[[1, 4], [8, 15]]]), 2, output_size=[9, 9], match="invalid output"
    ),
    refused("max_unpool2d", normal(1, 2, 2), values([[[1, 4, 3]]]), 2, match="expected shape of indices"),
    refused("max_pool2d", normal(2, 3, 4, 4), 2, padding=2, match="pad should be at most half"),
    refused("AvgPool2d(5)", normal(2, 3, 4, 4), match="the window, of size .5, 5. .* is larger than the input"),
]
