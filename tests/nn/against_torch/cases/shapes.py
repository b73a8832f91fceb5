"""Layers that move elements: flattening, shuffling, padding."""

from __future__ import annotations

from ..case import Case, Refusal, function, module, normal, refused

CASES: list[Case] = [
    module("Flatten()", normal(2, 3, 4)),
    module("Flatten(0, 1)", normal(2, 3, 4)),
    function("pad", normal(2, 3), (1, -1), value=2.0),
    function("pad", normal(2, 3, 4, 5), (1, 2, 0, 1), mode="reflect"),
]
REFUSALS: list[Refusal] = [
    refused("pad", normal(2, 3), (1, 2, 3), match="padding length must be divisible by 2"),
]
