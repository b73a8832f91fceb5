"""Distances between the points of one set."""

from __future__ import annotations

from ...autograd.operands import require_tensors
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ..index_grids import triu_indices
from ..vector_norms import vector_norm

__all__ = ["pdist"]


def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The p-norms of the differences of all pairs of rows, each pair once.

    Parameters
    ----------
    input : Tensor, shape (N, M), real floating
    p : order of the norm, from 0 to infinity

    Returns
    -------
    Tensor, shape (N (N - 1) / 2): of rows 0 and 1, 0 and 2, ..., 1 and 2, ...

    Raises
    ------
    ShapeError : not 2-D
    ArgumentError : a negative order

    >>> import pluggrad
    >>> pluggrad.nn.functional.pdist(pluggrad.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    require_tensors("pdist", input=input)
    if input._array.ndim != 2:
        raise ShapeError(f"pdist only supports 2D tensors, got: {input._array.ndim}D")
    if p < 0:
        raise ArgumentError(f"pdist only supports non-negative p values, got {p}")
    count = input.shape[0]
    pairs = triu_indices(count, count, 1, device=input.device)
    return vector_norm(input[pairs[0]] - input[pairs[1]], p, -1)
