"""Tensors made outside of a transform, or without its arguments, into which its values are written.

Such a tensor becomes one of the transform, over the same memory: in forward mode it has a tangent from then on, which
its views share. When the transform is over, what is left of it is a tensor of the level below again, with its value.
"""

from __future__ import annotations

import weakref
from typing import Any

from ...backends import ArrayType
from ...tensor import Leaf, Tensor, inference, memory
from ...tensor.memory import Base, View
from ..mode import enable_grad
from . import levels
from .levels import LEVELS, Level, LevelError, depth_of


def come_in(x: Tensor, array_type: ArrayType) -> None:
    """Make ``x``, and the tensors that it is a view of or that are views of it, tensors of the level of a type.

    Raises
    ------
    LevelError : a part of a tensor that is gone, of which other parts are in use
    """
    memory.release(x)
    family = _family(x)
    if family[0] is None:
        family = _rooted(family[1:])  # type: ignore[arg-type]
    whole = family[0]
    assert whole is not None
    with enable_grad():  # what it was computed from stays its graph, whatever is recorded now
        inside = levels.lift(whole, array_type)
    for level in LEVELS.get()[depth_of(whole._type) : depth_of(inside._type)]:
        level.visitors.append(weakref.ref(whole))
    _replace(family, inside)  # type: ignore[arg-type]


def on_one_level(x: Tensor, value: Tensor) -> Tensor:
    """A value on the level of the tensor that it is to be written into; which comes in, if need be."""
    if depth_of(value._type) > depth_of(x._type):
        come_in(x, value._type)
    return levels.lift(value, x._type) if depth_of(value._type) < depth_of(x._type) else value


def take_leave(level: Level, depth: int) -> None:
    """Make what came in a tensor of the level below again: when the transform, of that depth, is over."""
    while level.visitors:
        whole = level.visitors.pop()()
        if whole is not None and depth_of(whole._type) >= depth:
            kernels: Any = whole._type.kernels
            with enable_grad():
                _replace(_family(whole), kernels.lower(whole))  # type: ignore[arg-type]


def _family(x: Tensor) -> list[Tensor | None]:
    """The tensors that show one memory and are of one graph: first the whole, None if it is gone; then its views."""
    if x._view is None:
        return [x]
    members = [m for ref in x._view.base.members if (m := ref()) is not None and m._view is not None]
    whole = [m for m in members if not m._view.path]  # type: ignore[union-attr]
    parts = [m for m in members if m._view.path and type(m._node) is not Leaf]  # type: ignore[union-attr]
    return [whole[0] if whole else None, *parts, *whole[1:]]


def _rooted(parts: list[Tensor]) -> list[Tensor | None]:
    """Views of a tensor that is gone, as a family of which the one that the others are views of is the whole.

    Raises
    ------
    LevelError : there is none
    """
    paths = [p._view.path for p in parts]  # type: ignore[union-attr]
    n = min(map(len, paths))
    root = parts[[len(path) for path in paths].index(n)]
    first = root._view
    assert first is not None
    if any(a is not b for path in paths for a, b in zip(path[:n], first.path, strict=True)):
        raise LevelError(
            "a value of a transform is written into one of several views of a tensor that is no longer there; keep "
            "the tensor that they are views of, or write into a copy, as in x.clone()"
        )
    base = Base(root, first.base.storage)
    base.members = [weakref.ref(p) for p in parts]
    for part, path in zip(parts, paths, strict=True):
        part._view = View(base, path[n:])
    return [root, *(p for p in parts if p is not root)]


def _replace(family: list[Tensor], value: Tensor) -> None:
    """Let a tensor stand for another value over the same memory, and its views for parts of that."""
    from ..inplace import rebase  # it is built on this package

    whole = family[0]
    for x in family:
        array = value._array
        if x._view is not None:
            for function, parameters, _ in x._view.path:
                array = getattr(value._type.kernels, function.name)(array, **parameters)
        x._array, x._type = array, value._type.siblings[array.dtype]
        if x._buffer is not inference.MARK:
            x._buffer = None
    if whole._view is not None:
        whole._view.base.type = value._type
    if value._node is not None or whole._node is not None:
        rebase(whole, value._node)
