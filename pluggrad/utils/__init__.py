"""Utilities around training: data loading, files, resumed runs, checkpointing, pictures of graphs, random state."""

from . import checkpoint, data, graph, random_state, resume, serialization

__all__ = ["checkpoint", "data", "graph", "random_state", "resume", "serialization"]
