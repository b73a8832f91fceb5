"""Utilities around training: data loading, checkpoints, random state."""

from . import checkpoint, data, random_state

__all__ = ["checkpoint", "data", "random_state"]
