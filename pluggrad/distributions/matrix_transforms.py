"""Transformations of free numbers into matrices: Cholesky factors, positive definite and correlation matrices."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import finfo
from ..errors import ArgumentError
from ..ops.index_grids import tril_indices
from ..ops.linear_systems import cholesky
from ..ops.neural.activations import softplus
from ..ops.padding import pad
from ..tensor import Tensor
from . import constraints
from .transforms import Transform

__all__ = ["CorrCholeskyTransform", "LowerCholeskyTransform", "PositiveDefiniteTransform"]


class LowerCholeskyTransform(Transform):
    """Matrices to lower triangular ones with a positive diagonal: what is above the diagonal is not looked at."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.lower_cholesky

    def __call__(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Transform):
    """Matrices to positive definite ones, by their Cholesky factors."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.positive_definite

    def __call__(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform()._inverse(cholesky(y))


class CorrCholeskyTransform(Transform):
    """Vectors of ``k (k - 1) / 2`` numbers to Cholesky factors of correlation matrices of ``k`` rows.

    Each row is of length 1: each number, by its hyperbolic tangent, says how much to take of what is left of it.
    """

    domain, codomain = constraints.real_vector, constraints.corr_cholesky

    def __call__(self, x: Tensor) -> Tensor:
        eps = finfo(x.dtype).eps
        lower = _filled(x.tanh().clamp(min=-1 + eps, max=1 - eps))
        left = (1 - lower.square()).sqrt().cumprod(-1)
        whole = lower + lower.new_ones(lower.shape[-1]).diag()
        return whole * _shifted(left)

    def _inverse(self, y: Tensor) -> Tensor:
        left = _shifted(1 - y.square().cumsum(-1))
        part = _lower(y, -1) / _lower(left, -1).sqrt()
        return (part.log1p() - (-part).log1p()) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        left = _lower(1 - y.square().cumsum(-1), -2)
        return left.log().sum(-1) / 2 - 2 * (x + softplus(-2 * x) - math.log(2.0)).sum(-1)

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        n = shape[-1]
        k = round((0.25 + 2 * n) ** 0.5 + 0.5)
        if k * (k - 1) // 2 != n:
            raise ArgumentError("Input is not a flattened lower-diagonal number")
        return (*shape[:-1], k, k)

    def inverse_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        k = shape[-1]
        return (*shape[:-2], k * (k - 1) // 2)


def _filled(x: Tensor) -> Tensor:
    """The matrix that has a vector's elements, row by row, below its diagonal."""
    *lead, k, _ = CorrCholeskyTransform().forward_shape(tuple(x.shape))
    rows, columns = tril_indices(k, k, -1, device=x.device).unbind(0)
    out = x.new_zeros(*lead, k * k)
    return out.index_add(-1, rows * k + columns, x).reshape(*lead, k, k)


def _lower(x: Tensor, offset: int) -> Tensor:
    """The elements below a diagonal, row by row."""
    k = int(x.shape[-1])
    rows, columns = tril_indices(k, k, offset, device=x.device).unbind(0)
    return x[..., rows, columns]


def _shifted(x: Tensor) -> Tensor:
    """Moved right by one column, and ones in the first."""
    none: Any = (0, 0)
    return pad(x[..., :-1], (*((none,) * (x.ndim - 1)), (1, 0)), value=1)
