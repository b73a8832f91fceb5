"""Products of matrices and vectors added to something: ``addmm`` and its kin."""

from __future__ import annotations

from ..autograd.autocast import runs_in
from ..tensor import Tensor
from .manipulation import common_shape
from .matrix import bmm, mm, mv, outer
from .reductions import sum
from .views import broadcast_to

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm"]


def _add_scaled(input: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    """``beta * input + alpha * product``; with beta 0, what ``input`` holds (NaN, say) does not matter."""
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        shape = common_shape(tuple(input._array.shape), tuple(product._array.shape))
        return product if tuple(product._array.shape) == shape else broadcast_to(product, shape)
    return (input if beta == 1 else input * beta) + product


@runs_in("lower")
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``.

    >>> import pluggrad
    >>> pluggrad.addmm(pluggrad.ones(1), pluggrad.ones(1, 2), pluggrad.ones(2, 1))
    tensor([[3.]])
    """
    return _add_scaled(input, mm(mat1, mat2), beta, alpha)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``.

    >>> import pluggrad
    >>> pluggrad.addmv(pluggrad.ones(1), pluggrad.ones(1, 2), pluggrad.ones(2))
    tensor([3.])
    """
    return _add_scaled(input, mv(mat, vec), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``.

    >>> import pluggrad
    >>> pluggrad.addr(pluggrad.zeros(1, 2), pluggrad.ones(1), pluggrad.ones(2))
    tensor([[1., 1.]])
    """
    return _add_scaled(input, outer(vec1, vec2), beta, alpha)


@runs_in("lower")
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (batch1 @ batch2)`` for batches of matrices.

    >>> import pluggrad
    >>> pluggrad.baddbmm(pluggrad.ones(1), pluggrad.ones(1, 1, 2), pluggrad.ones(1, 2, 1))
    tensor([[[3.]]])
    """
    return _add_scaled(input, bmm(batch1, batch2), beta, alpha)


@runs_in("lower")
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * (the sum over the batch of batch1 @ batch2)``.

    >>> import pluggrad
    >>> pluggrad.addbmm(pluggrad.zeros(1), pluggrad.ones(5, 1, 2), pluggrad.ones(5, 2, 1))
    tensor([[10.]])
    """
    products = bmm(batch1, batch2)
    return _add_scaled(input, sum(products, axis=0, dtype=products.dtype), beta, alpha)
