"""Linear layers."""

from __future__ import annotations

from ..case import Case, Refusal, function, module, normal, refused

CASES: list[Case] = [
    module("Identity(3, unused=True)", normal(2, 3)),
    module("Linear(4, 3)", normal(2, 4)),
    module("Linear(4, 3, bias=False)", normal(2, 5, 4)),
    function("linear", normal(2, 4), normal(3, 4), normal(3)),
    module("Bilinear(4, 3, 2)", normal(2, 4), normal(2, 3)),
    module("Bilinear(4, 3, 2, bias=False)", normal(2, 5, 4), normal(2, 5, 3)),
    function("bilinear", normal(2, 4), normal(2, 3), normal(5, 4, 3), normal(5)),
]
REFUSALS: list[Refusal] = [
    refused("Linear(4, 5)", normal(2, 3), match=r"linear: input of shape \(2, 3\) and weight of shape \(5, 4\)"),
]
