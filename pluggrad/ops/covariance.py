"""Covariance and correlation of variables, and distances between tensors."""

from __future__ import annotations

from typing import Any

from ..autograd.operands import wrap
from ..dtypes import INTEGRAL
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .axes import one_axis
from .complex_functions import complex as to_complex
from .complex_functions import conj, imag, real
from .diagonals import diagonal
from .matrix import matmul
from .searching import where
from .vector_norms import vector_norm

__all__ = ["corrcoef", "cov", "dist", "renorm"]


def _weights(name: str, given: Any, count: int, like: Tensor) -> Tensor:
    weights = wrap(given)
    if tuple(weights.shape) != (count,):
        raise ShapeError(
            f"cov: {name} must have shape ({count},), one for each observation, got {tuple(weights.shape)}"
        )
    if name == "fweights" and weights.dtype.kind not in INTEGRAL:
        raise DTypeError(f"cov: fweights count observations, so they are integers; got {weights.dtype.name}")
    if count and bool((weights < 0).any()):
        raise ArgumentError(f"cov: {name} must not be negative")
    return weights.to(like.dtype.to_real())


def cov(x: Tensor, /, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
    """The covariances of variables, of which each row of ``x`` holds the observations.

    Parameters
    ----------
    x : Tensor, shape (variables, observations), or one variable's (observations,)
    correction : what is subtracted from the number of observations before dividing: 1 estimates without bias
    fweights : integer Tensor, shape (observations,): how often each was observed
    aweights : Tensor, shape (observations,): the weight of each

    Returns
    -------
    Tensor, shape (variables, variables), or () for one variable

    Raises
    ------
    ShapeError : more than two axes; weights of another shape
    ArgumentError : negative weights

    >>> import pluggrad
    >>> pluggrad.cov(pluggrad.asarray([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    x = wrap(x)
    if x.ndim > 2:
        raise ShapeError(f"cov: expected one variable or a matrix of variables in rows, got shape {tuple(x.shape)}")
    if not x.dtype.is_differentiable:
        x = x * 1.0
    rows = x.reshape(1, -1) if x.ndim < 2 else x
    count = rows.shape[1]
    weights = None
    if fweights is not None:
        weights = _weights("fweights", fweights, count, x)
    if aweights is not None:
        own = _weights("aweights", aweights, count, x)
        weights = own if weights is None else weights * own
    total: Any = count if weights is None else weights.sum()
    mean = rows.sum(1, keepdim=True) / total if weights is None else (rows * weights).sum(1, keepdim=True) / total
    centred = rows - mean
    if weights is None:
        left: Any = max(count - correction, 0)
        weighted = centred
    else:
        weighted = centred * weights
        left = total - correction
        if aweights is not None:
            left = total - correction * (weights * _weights("aweights", aweights, count, x)).sum() / total
        left = left.clamp(min=0)
    out = matmul(centred, conj(weighted).mT) / left if not isinstance(left, int) else _over(centred, weighted, left)
    return out.reshape(()) if rows.shape[0] == 1 else out


def _over(centred: Tensor, weighted: Tensor, count: int) -> Tensor:
    product = matmul(centred, conj(weighted).mT)
    return product / count if count else product * float("nan")


def corrcoef(x: Tensor, /) -> Tensor:
    """The correlations of variables, of which each row of ``x`` holds the observations: between -1 and 1.

    Parameters
    ----------
    x : Tensor, shape (variables, observations), or one variable's (observations,)

    Returns
    -------
    Tensor, shape (variables, variables), or () for one variable; NaN for a variable that does not vary

    >>> import pluggrad
    >>> pluggrad.corrcoef(pluggrad.asarray([[0.0, 1.0, 2.0], [6.0, 3.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c = cov(x)
    if not c.ndim:
        return c / c
    deviation = real(diagonal(c)).sqrt()
    c = c / deviation[:, None] / deviation[None, :]
    if c.dtype.is_complex:
        return to_complex(real(c).clamp(-1, 1), imag(c).clamp(-1, 1))
    return c.clamp(-1, 1)


def dist(x: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference of two tensors.

    Parameters
    ----------
    x, other : Tensor, shapes that broadcast
    p : which norm

    Returns
    -------
    Tensor, 0-D, real

    >>> import pluggrad
    >>> pluggrad.dist(pluggrad.asarray([3.0, 0.0]), pluggrad.asarray([0.0, 4.0]))
    tensor(5.)
    """
    return vector_norm(x - other, ord=p)


def renorm(x: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Each slice along an axis shrunk, where its p-norm is larger than ``maxnorm``, to that norm.

    Parameters
    ----------
    x : Tensor, at least 2-D, floating
    p : which norm, positive
    dim : the axis along which the slices lie

    Raises
    ------
    ArgumentError : ``p`` not positive, ``maxnorm`` negative
    ShapeError : fewer than two axes

    >>> import pluggrad
    >>> pluggrad.renorm(pluggrad.asarray([[3.0, 4.0], [0.6, 0.0]]), 2, 0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.6000, 0.0000]])
    """
    if p <= 0 or maxnorm < 0:
        raise ArgumentError(f"renorm: p must be positive and maxnorm not negative, got p={p} and maxnorm={maxnorm}")
    if x.ndim < 2:
        raise ShapeError(f"renorm: expected at least two axes, got shape {tuple(x.shape)}")
    axis = one_axis("renorm", dim, x.ndim)
    others = tuple(i for i in range(x.ndim) if i != axis)
    norm = vector_norm(x, ord=p, axis=others, keepdims=True)
    # PyTorch's small number, which keeps the norm of what was shrunk from being larger than maxnorm by rounding.
    return x * where(norm > maxnorm, maxnorm / (norm + 1e-7), norm.new_ones(()))
