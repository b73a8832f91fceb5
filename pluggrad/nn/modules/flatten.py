"""Flatten."""

from __future__ import annotations

from ...tensor import Tensor
from .module import Module

__all__ = ["Flatten"]


class Flatten(Module):
    """Make one axis of several.

    Parameters
    ----------
    start_dim, end_dim : the first and the last of them; default: all but the batch axis

    >>> import pluggrad
    >>> pluggrad.nn.Flatten()(pluggrad.zeros(32, 1, 5, 5)).shape
    pluggrad.Size([32, 25])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
