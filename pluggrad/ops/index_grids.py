"""Index tensors: of triangles, and of flattened tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..device import Device
from ..dtypes import DType, int64
from ..errors import BoundsError, ShapeError
from ..tensor import Tensor
from .creation import arange
from .joining import stack
from .searching import nonzero

__all__ = ["tril_indices", "triu_indices", "unravel_index"]


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType = int64, device: Device | str | None = None, layout: Any = None
) -> Tensor:
    """The indices of the lower triangle of a matrix, row by row.

    Parameters
    ----------
    row, col : the size of the matrix
    offset : up to which diagonal; > 0 is above the main one
    layout : accepted for PyTorch's sake

    Returns
    -------
    Tensor, shape (2, n): row numbers and column numbers

    >>> import pluggrad
    >>> pluggrad.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _pairs("tril_indices", row, col, lambda i, j: j - i <= offset, dtype, device)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType = int64, device: Device | str | None = None, layout: Any = None
) -> Tensor:
    """The indices of the upper triangle of a matrix, row by row. Arguments as for :func:`tril_indices`.

    >>> import pluggrad
    >>> pluggrad.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _pairs("triu_indices", row, col, lambda i, j: j - i >= offset, dtype, device)


def _pairs(name: str, row: int, col: int, wanted: Any, dtype: DType, device: Device | str | None) -> Tensor:
    if row < 0 or col < 0:
        raise ShapeError(f"{name}: row and col must not be negative, got {row} and {col}")
    rows, columns = arange(row, device=device).reshape(row, 1), arange(col, device=device)
    return stack(nonzero(wanted(rows, columns))).to(dtype)


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Indices into a flattened tensor as indices into each axis.

    Parameters
    ----------
    indices : integer Tensor
    shape : of the tensor

    Raises
    ------
    BoundsError : an index out of range

    >>> import pluggrad
    >>> pluggrad.unravel_index(pluggrad.asarray([1, 5]), (2, 3))
    (tensor([0, 1]), tensor([1, 2]))
    """
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    count = math.prod(sizes)
    if indices.dtype.itemsize < 8:  # of which a size may be out of range
        indices = indices.to(int64)
    if indices.size and not (indices.min().item() >= 0 and indices.max().item() < count):
        raise BoundsError(f"unravel_index: index {indices.max().item()} is out of bounds for shape {sizes}")
    out = []
    for n in reversed(sizes):
        out.append(indices % n)
        indices = indices // n
    return tuple(reversed(out))
