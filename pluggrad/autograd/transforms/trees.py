"""Nested tuples, lists, named tuples and dictionaries as a flat list, and back."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from typing import Any

#: The structure of a value: None for a leaf; else its class, what else is needed to build it, and its children's.
Tree = Any


def _children(value: Any) -> tuple[Any, list[Any]] | None:
    """How to build a container again, and what is in it; None for a leaf."""
    cls = type(value)
    if cls in (tuple, list):
        return (cls, None), list(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return (cls, "named"), list(value)
    if cls in (dict, OrderedDict, defaultdict):
        return (cls, tuple(value)), list(value.values())
    if isinstance(value, tuple):  # a tuple of its own class, such as a return type
        return (cls, None), list(value)
    return None


def flatten(value: Any) -> tuple[list[Any], Tree]:
    """The leaves in order, and the structure."""
    found = _children(value)
    if found is None:
        return [value], None
    kind, children = found
    leaves: list[Any] = []
    trees = []
    for child in children:
        some, tree = flatten(child)
        leaves += some
        trees.append((tree, len(some)))
    return leaves, (kind, trees)


def unflatten(leaves: list[Any], tree: Tree) -> Any:
    """The value of that structure with these leaves."""
    if tree is None:
        return leaves[0]
    (cls, how), trees = tree
    children, at = [], 0
    for subtree, count in trees:
        children.append(unflatten(leaves[at : at + count], subtree))
        at += count
    if how == "named":
        return cls(*children)
    if how is None:
        return cls(children)
    return cls(zip(how, children, strict=True)) if cls is not defaultdict else dict(zip(how, children, strict=True))


def broadcast_prefix(prefix: Any, value: Any) -> list[Any] | None:
    """For each leaf of ``value``, the leaf of ``prefix`` at its place or above it; None: they do not fit."""
    found = _children(value)
    given = _children(prefix)
    if given is None:
        return [prefix] * len(flatten(value)[0])
    if found is None or len(given[1]) != len(found[1]):
        return None
    above, below = given[1], found[1]
    if isinstance(prefix, dict):
        if not isinstance(value, dict) or set(prefix) != set(value):
            return None
        above = [prefix[key] for key in value]
    out: list[Any] = []
    for one, part in zip(above, below, strict=True):
        some = broadcast_prefix(one, part)
        if some is None:
            return None
        out += some
    return out
