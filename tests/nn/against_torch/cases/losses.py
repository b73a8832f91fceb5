"""Losses."""

from __future__ import annotations

from ..case import Case, Refusal, function, integer, module, normal, refused, uniform, values

CASES: list[Case] = [
    module("MSELoss()", normal(2, 3), normal(2, 3)),
    module("MSELoss(reduction='sum')", normal(2, 3), normal(2, 3)),
    module("L1Loss(reduction='none')", normal(2, 3), normal(2, 3)),
    module("BCELoss()", uniform(2, 3), uniform(2, 3)),
    module("BCELoss(weight=lib.tensor([1.0, 2.0, 0.5]), reduction='sum')", uniform(2, 3), uniform(2, 3)),
    module("BCEWithLogitsLoss()", normal(2, 3), uniform(2, 3)),
    module("BCEWithLogitsLoss(pos_weight=lib.tensor([1.0, 2.0, 0.5]))", normal(2, 3), uniform(2, 3)),
    module("CrossEntropyLoss()", normal(5, 3), integer(5, high=3)),
    module(
        "CrossEntropyLoss(ignore_index=1, label_smoothing=0.1, reduction='sum')", normal(5, 3), integer(5, high=3)
    ),
    module("CrossEntropyLoss()", normal(5, 3), uniform(5, 3)),
    module("NLLLoss(reduction='none')", normal(5, 3), integer(5, high=3)),
    function("mse_loss", normal(2, 3), normal(2, 3), reduction="none"),
    function("l1_loss", normal(2, 3), normal(2, 3)),
    function("binary_cross_entropy", uniform(2, 3), uniform(2, 3), uniform(3, grad=False)),
    function(
        "binary_cross_entropy_with_logits", normal(2, 3), uniform(2, 3), uniform(3, grad=False),
        pos_weight=uniform(3, grad=False),
    ),
    function("cross_entropy", normal(5, 3, 2), integer(5, 2, high=3), uniform(3, grad=False), label_smoothing=0.2),
    function("nll_loss", normal(2, 3, 4, 2), integer(2, 4, 2, high=3), uniform(3, grad=False), ignore_index=2),
]  # fmt: skip
REFUSALS: list[Refusal] = [
    refused("cross_entropy", normal(2, 3), values([0, 3]), match="target 3 is out of bounds: there are 3 classes"),
    refused("nll_loss", normal(2, 3), values([-1, 0]), match="target -1 is out of bounds"),
    refused("MSELoss(reduction='average')", normal(2), normal(2), match="not a valid value for reduction"),
]
