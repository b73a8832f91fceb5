"""Containers."""

from __future__ import annotations

from ..case import Case, module, normal

CASES: list[Case] = [
    module("Sequential(Linear(3, 4), ReLU(), Linear(4, 2))", normal(2, 3)),
]
