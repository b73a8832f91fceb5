"""Tensor: an array of a backend plus its place in the graph; the graph's vertices; shared memory; printing."""

from .graph import Applied, Cotangents, GradientEdge, Leaf, ManyNode, Node, Output
from .memory import Buffer
from .printing import get_printoptions, printoptions, set_printoptions
from .size import ElementCount, Size
from .tensor import Tensor, make

__all__ = [
    "Applied", "Buffer", "Cotangents", "ElementCount", "GradientEdge", "Leaf", "ManyNode", "Node", "Output", "Size",
    "Tensor", "get_printoptions", "make", "printoptions", "set_printoptions",
]  # fmt: skip
