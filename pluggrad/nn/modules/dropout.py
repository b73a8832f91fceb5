"""Dropout."""

from __future__ import annotations

from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, set each element to 0 with probability ``p`` and scale the others by ``1 / (1 - p)``.

    Parameters
    ----------
    p : probability in [0, 1]
    inplace : write the result into the input

    Notes
    -----
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

    >>> import pluggrad
    >>> pluggrad.nn.Dropout(0.2).eval()(pluggrad.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
