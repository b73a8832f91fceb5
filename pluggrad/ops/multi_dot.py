"""Products of several matrices, in the order that takes the fewest operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from ..tensor import Tensor
from .matrix import matmul
from .views import unsqueeze

__all__ = ["chain_matmul"]


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications.

    Parameters
    ----------
    tensors : at least two matrices; the first may be a vector (a row) and the last one, too (a column)

    >>> import pluggrad
    >>> pluggrad.linalg.multi_dot([pluggrad.ones(10, 100), pluggrad.ones(100, 5), pluggrad.ones(5)]).shape
    pluggrad.Size([10])
    """
    factors = list(tensors)
    if len(factors) < 2:
        raise ShapeError(f"multi_dot: expected at least 2 tensors but got {len(factors)}")
    row, column = factors[0]._array.ndim == 1, factors[-1]._array.ndim == 1
    if row:
        factors[0] = unsqueeze(factors[0], 0)
    if column:
        factors[-1] = unsqueeze(factors[-1], 1)
    for i, f in enumerate(factors):
        if f._array.ndim != 2:
            raise ShapeError(
                f"multi_dot: tensor {i} must be 2D but got {tensors[i].ndim}D (only the first and the last may be 1D)"
            )
    for i in range(1, len(factors)):
        if factors[i - 1]._array.shape[1] != factors[i]._array.shape[0]:
            raise ShapeError(
                f"multi_dot: tensors {i - 1} and {i} with shapes {list(tensors[i - 1].shape)} and "
                f"{list(tensors[i].shape)} cannot be multiplied"
            )
    product = _in_order(
        factors, _best_splits([f._array.shape[0] for f in factors] + [factors[-1]._array.shape[1]]), 0, len(factors) - 1
    )
    key = (0 if row else slice(None), 0 if column else slice(None))
    return product[key] if row or column else product


def _best_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each run of factors, by dynamic programming (Cormen et al., "Introduction to Algorithms")."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    split = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return split


def _in_order(factors: list[Tensor], split: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return factors[i]
    k = split[i, j]
    return matmul(_in_order(factors, split, i, k), _in_order(factors, split, k + 1, j))


def chain_matmul(*matrices: Any) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications: see :func:`multi_dot`.

    >>> import pluggrad
    >>> pluggrad.chain_matmul(pluggrad.ones(1, 2), pluggrad.ones(2, 3), pluggrad.ones(3, 1))
    tensor([[6.]])
    """
    factors = tuple(matrices[0]) if len(matrices) == 1 and isinstance(matrices[0], list | tuple) else matrices
    return factors[0] if len(factors) == 1 else multi_dot(factors)
