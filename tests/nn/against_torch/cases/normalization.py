"""Normalisation."""

from __future__ import annotations

from ..case import Case, Refusal, function, module, normal, refused, uniform

CASES: list[Case] = [
    module("BatchNorm1d(3)", normal(4, 3)),
    module("BatchNorm1d(3, momentum=None)", normal(4, 3, 2)),
    module("BatchNorm2d(3, eps=1e-3, momentum=0.3)", normal(2, 3, 4, 5)),
    module("BatchNorm2d(3, affine=False)", normal(2, 3, 4, 5)),
    module("BatchNorm2d(3, track_running_stats=False)", normal(2, 3, 4, 5)),
    module("BatchNorm2d(3, bias=False)", normal(2, 3, 4, 5)),
    module("BatchNorm3d(2)", normal(2, 2, 3, 2, 2)),
    module("LayerNorm(4)", normal(2, 3, 4)),
    module("LayerNorm((3, 4), elementwise_affine=False)", normal(2, 3, 4)),
    module("LayerNorm([3, 4], bias=False, eps=1e-3)", normal(2, 3, 4)),
    function(
        "batch_norm", normal(4, 3, 2), normal(3, grad=False), uniform(3, grad=False), normal(3), normal(3), False, 0.2
    ),
    function("batch_norm", normal(4, 3, 2), None, None, normal(3), training=True),
    function("layer_norm", normal(2, 3, 4), (3, 4), normal(3, 4), normal(3, 4), 1e-3),
]
REFUSALS: list[Refusal] = [
    refused("BatchNorm2d(3)", normal(2, 3, 4), match="expected 4D input .got 3D input"),
    refused("BatchNorm1d(3)", normal(1, 3), match="Expected more than 1 value per channel when training"),
    refused("LayerNorm(5)", normal(2, 3, 4), match=r"expected input with shape \[\*, 5\]"),
]
