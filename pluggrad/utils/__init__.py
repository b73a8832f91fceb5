"""Utilities around training: data loading, checkpoints, pictures of graphs, random state."""

from . import checkpoint, data, graph, random_state

__all__ = ["checkpoint", "data", "graph", "random_state"]
