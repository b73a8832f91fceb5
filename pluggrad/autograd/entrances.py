"""Where a graph leads from the inside of a transform to the outside."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..tensor import Node
from . import engine
from .transforms.levels import Crossing, LevelError, depth_of


def reached(roots: Sequence[Node]) -> dict[Node, None]:
    """The vertices to which the graph leads from some, these included."""
    table = dict.fromkeys(roots)
    stack = list(table)
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and parent not in table:
                table[parent] = None
                stack.append(parent)
    return table


def is_crossing(vertex: Node) -> bool:
    """Whether a vertex is the beginning or the end of a transform."""
    return isinstance(getattr(vertex, "function", None), Crossing)


def crosses_levels(roots: Sequence[Node], inputs: Collection[Node]) -> bool:
    """Whether a graph leads to the inputs through the beginning or the end of a transform."""
    table = reached(roots)
    if not any(map(is_crossing, table)):
        return False
    return any(map(is_crossing, engine.leading_to([v for v in inputs if v in table], table)))


def entrances(roots: Sequence[Node], inputs: Sequence[Node] | None) -> list[Node]:
    """The vertices by which the graph of roots inside of a transform came in from the outside.

    Parameters
    ----------
    roots : vertices of outputs; those of the innermost transform among them count
    inputs : those entrances alone that lead to one of these; None: all

    Raises
    ------
    LevelError : a way to an input that leaves the transform aside, and does not come back
    """
    depth = max((depth_of(v.type) for v in roots), default=0)
    far = None if inputs is None else [v for v in inputs if depth_of(v.type) < depth]
    if not depth or (far is not None and not far):
        return []
    found: list[Node] = []
    strays: list[Node] = []
    table = dict.fromkeys(v for v in roots if depth_of(v.type) == depth)
    stack = list(table)
    while stack:
        vertex = stack.pop()
        inside = depth_of(vertex.type) >= depth
        ends = dict.fromkeys(p for p in vertex.parents if p is not None)
        comes_in = inside and any(depth_of(p.type) < depth for p in ends)
        goes_out = not inside and any(depth_of(p.type) >= depth for p in ends)
        if comes_in and not _is_aside(vertex):
            found.append(vertex)
        elif (goes_out and not _is_aside(vertex)) or (not inside and not ends):
            strays.append(vertex)
        else:
            if not inside and far is not None and vertex in far:
                strays.append(vertex)
            new = [p for p in ends if p not in table]
            table.update(dict.fromkeys(new))
            stack += new
    if far is None:
        return [*found, *strays]
    below = reached([p for v in (*found, *strays) for p in (v, *v.parents) if p is not None])
    needed = engine.leading_to([v for v in far if v in below], below)
    if any(v in needed for v in strays):
        raise LevelError(
            "grad: inside of a transform, by a tensor outside of it that reaches the outputs through a Function with a "
            "rule of its own for that transform; give that tensor to the transform as an argument"
        )
    return [v for v in found if any(p in needed for p in v.parents)]


def _is_aside(vertex: Node) -> bool:
    return is_crossing(vertex) and vertex.function.aside
