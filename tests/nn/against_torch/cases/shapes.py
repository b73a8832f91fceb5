"""Layers that move elements: flattening, shuffling, padding."""

from __future__ import annotations

from ..case import Case, Refusal, function, module, normal, refused

CASES: list[Case] = [
    module("Flatten()", normal(2, 3, 4)),
    module("Flatten(0, 1)", normal(2, 3, 4)),
    *(
        module(f"{kind}Pad{n}d(1)", normal(2, 2, *(3,) * n))
        for n in (1, 2, 3)
        for kind in ("Zero", "Reflection", "Replication", "Circular")
    ),
    *(module(f"ConstantPad{n}d(1, 2.5)", normal(2, *(3,) * n)) for n in (1, 2, 3)),
    module("ZeroPad2d((1, -1, 2, 0))", normal(2, 3, 4)),
    module("ReflectionPad2d((1, 2, 0, 1))", normal(2, 3, 4)),
    module("PixelShuffle(2)", normal(2, 8, 2, 3)),
    module("PixelUnshuffle(2)", normal(2, 4, 6)),
    module("ChannelShuffle(2)", normal(2, 6, 3)),
    module("Unflatten(1, (2, 5))", normal(3, 10, 2)),
    module("CosineSimilarity()", normal(2, 3), normal(2, 3)),
    module("PairwiseDistance()", normal(2, 3), normal(2, 3)),
    module("PairwiseDistance(1.0, keepdim=True)", normal(2, 3), normal(2, 3)),
    function("pixel_shuffle", normal(8, 2, 3), 2),
    function("pixel_unshuffle", normal(2, 4, 6), 2),
    function("channel_shuffle", normal(2, 6, 3), 3),
    function("cosine_similarity", normal(2, 3, 4), normal(2, 3, 4), 2),
    function("pairwise_distance", normal(2, 3), normal(3), 3.0),
    function("normalize", normal(2, 3)),
    function("normalize", normal(2, 3), 1.0, 0),
    function("pad", normal(2, 3), (1, -1), value=2.0),
    function("pad", normal(2, 3, 4, 5), (1, 2, 0, 1), mode="reflect"),
]
REFUSALS: list[Refusal] = [
    refused("PixelShuffle(2)", normal(2, 6, 2, 3), match="divisible by the square of upscale_factor"),
    refused("PixelUnshuffle(2)", normal(2, 5, 2), match="divisible by downscale_factor"),
    refused("pad", normal(2, 3), (1, 2, 3), match="padding length must be divisible by 2"),
]
