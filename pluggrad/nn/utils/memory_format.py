"""Memory formats of convolutions: what PyTorch stores otherwise is stored in one way here."""

from __future__ import annotations

from typing import Any, TypeVar

from ..modules.module import Module

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]

M = TypeVar("M", bound=Module)


def convert_conv2d_weight_memory_format(module: M, memory_format: Any) -> M:
    """The module as it is: a memory format says how PyTorch lays an array out, and changes no value.

    >>> import pluggrad
    >>> layer = pluggrad.nn.Conv2d(1, 2, 3)
    >>> pluggrad.nn.utils.convert_conv2d_weight_memory_format(layer, "channels_last") is layer
    True
    """
    return module


def convert_conv3d_weight_memory_format(module: M, memory_format: Any) -> M:
    """The module as it is; see :func:`convert_conv2d_weight_memory_format`."""
    return module
