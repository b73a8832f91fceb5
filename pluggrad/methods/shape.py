"""Shapes: PyTorch's methods that change how the elements are arranged."""

from __future__ import annotations

from typing import Any

from ..ops import manipulation, views
from ..ops.axes import shape_of_arguments
from ..tensor import Tensor
from .attach import method


@method()
def reshape(self: Tensor, *shape: Any) -> Tensor:
    """This tensor in another shape: a view where the memory allows one, else a copy; -1 stands for the size that is left.

    >>> import pluggrad
    >>> pluggrad.arange(4).reshape(2, -1)
    tensor([[0, 1],
            [2, 3]])
    """
    return manipulation.reshape(self, shape_of_arguments(shape))
