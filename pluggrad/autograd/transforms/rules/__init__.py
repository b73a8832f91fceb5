"""Batching rules: how a function of batched arrays becomes one call of the kernel below.

A rule is ``rule(xp, name, args, parameters)``, with ``xp`` the batched kernels and ``xp.inner`` those below; at
least one argument is batched, and the batch is the first axis of the array below. Most functions fall into
:mod:`.families`: those that work on each element, those that act on axes which a parameter names, those that act on the
last axes. Layers and losses are in :mod:`.networks`, picking by index in :mod:`.picking`, sorting in
:mod:`.orders`. What is in none is done
member by member (:func:`~.registry.loop`).
"""

from __future__ import annotations

from . import families, networks, orders, picking
from .families import OF_ALL
from .registry import BATCHING, RULES, elementwise, full, loop, rule_of

__all__ = [
    "BATCHING",
    "OF_ALL",
    "RULES",
    "elementwise",
    "families",
    "full",
    "loop",
    "networks",
    "orders",
    "picking",
    "rule_of",
]
