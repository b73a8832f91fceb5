"""Derivative rules for arrays that a library does not compute in: see :mod:`pluggrad.backends.narrow`."""

from __future__ import annotations

from typing import Any

from ..backends.narrow import NarrowKernels
from ..function import Function
from ..tensor import Cotangents, ManyNode


class _Saved:
    """A saved value in the wide type, where rules look for a Buffer."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array


def _widen_saved(kernels: NarrowKernels, item: Any) -> Any:
    if isinstance(item, tuple):
        return tuple(_widen_saved(kernels, one) for one in item)
    return _Saved(kernels.widen(item.array)) if hasattr(item, "array") else item


def backward(node: Any, g: Any, parents: tuple[Any, ...]) -> tuple[Any, ...]:
    """The gradients of a node of a narrow type: its rules run on arrays of the wide one, what they give is rounded."""
    declared, kernels = node.function, node.type.kernels
    if not isinstance(declared, Function) or node.saved is None:
        return declared.backward(kernels, g, parents, node)  # a user's own, which runs on Tensors; or freed: an error
    wide = node.type.wide
    stand_in = object.__new__(type(node))
    stand_in.function, stand_in.parents, stand_in.shape, stand_in.type = declared, node.parents, node.shape, wide
    stand_in.saved, stand_in.extra = tuple(_widen_saved(kernels, item) for item in node.saved), None
    if isinstance(node, ManyNode):
        stand_in.shapes, stand_in.types = node.shapes, tuple(t.wide or t for t in node.types)
        g = Cotangents({i: kernels.widen(one) for i, one in g.by_index.items()})
    else:
        g = kernels.widen(g)
    found = declared.backward(wide.kernels, g, parents, stand_in)
    return tuple(
        gp if gp is None or p is None or gp.dtype == p.type.native else p.type.kernels.astype(gp, dtype=p.type.dtype)
        for gp, p in zip(found, parents, strict=True)
    )
