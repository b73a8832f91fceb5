"""Utilities around training: data loading, files, resumed runs, checkpointing, pictures of graphs, tables of models."""

from . import checkpoint, data, graph, random_state, resume, serialization
from .model_summary import summary

__all__ = ["checkpoint", "data", "graph", "random_state", "resume", "serialization", "summary"]
