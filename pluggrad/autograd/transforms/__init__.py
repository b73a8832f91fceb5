"""Transforms: batching and forward mode, each a virtual array library over another."""

from .levels import LEVELS, LevelError
from .vmap import vmap

__all__ = ["LEVELS", "LevelError", "vmap"]
