"""Tensor: an array of a backend plus its place in the graph; the graph's vertices; shared memory; printing."""

from .graph import Cotangents, Leaf, ManyNode, Node, Output
from .memory import Buffer
from .size import ElementCount, Size
from .tensor import Tensor, make

__all__ = ["Buffer", "Cotangents", "ElementCount", "Leaf", "ManyNode", "Node", "Output", "Size", "Tensor", "make"]
