"""Utilities around training: data loading, random state."""

from . import data, random_state

__all__ = ["data", "random_state"]
