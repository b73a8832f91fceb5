"""The normal distribution of vectors whose covariance is of low rank, but for its diagonal."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

from ..errors import ArgumentError
from ..ops.linear_systems import cholesky, solve_triangular
from ..ops.manipulation import broadcast_shapes
from ..random.sampling import randn
from ..tensor import Size, Tensor
from . import constraints
from .distribution import Distribution

__all__ = ["LowRankMultivariateNormal"]


class LowRankMultivariateNormal(Distribution):
    """The normal distribution of vectors of covariance ``cov_factor @ cov_factor.mT + diag(cov_diag)``.

    By the lemma of Woodbury and that of the determinant, no matrix larger than ``m`` by ``m`` is decomposed.

    Parameters
    ----------
    loc : Tensor, shape (..., k)
    cov_factor : Tensor, shape (..., k, m)
    cov_diag : Tensor, shape (..., k), positive

    Raises
    ------
    ArgumentError : shapes that do not fit

    >>> import pluggrad
    >>> LowRankMultivariateNormal(pluggrad.zeros(2), pluggrad.ones(2, 1), pluggrad.ones(2)).variance
    tensor([2., 2.])
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector, "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }  # fmt: skip
    support = constraints.real_vector
    has_rsample = True
    loc: Tensor
    cov_factor: Tensor
    cov_diag: Tensor

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        if loc.ndim < 1 or cov_factor.ndim < 2:
            raise ArgumentError("loc must be at least one-dimensional and cov_factor at least two-dimensional")
        k = loc.shape[-1]
        if cov_factor.shape[-2] != k or cov_diag.shape[-1] != k:
            raise ArgumentError(
                f"cov_factor must be a batch of matrices with shape {k} x m, and cov_diag of vectors with shape ({k},),"
                f" got shapes {tuple(cov_factor.shape)} and {tuple(cov_diag.shape)}"
            )
        batch = broadcast_shapes(tuple(loc.shape[:-1]), tuple(cov_factor.shape[:-2]), tuple(cov_diag.shape[:-1]))
        loc, cov_diag = loc.expand(*batch, k), cov_diag.expand(*batch, k)
        cov_factor = cov_factor.expand(*batch, *cov_factor.shape[-2:])
        super().__init__(
            batch, (k,), validate_args=validate_args, loc=loc, cov_factor=cov_factor, cov_diag=cov_diag
        )  # fmt: skip

    def _capacitance(self) -> Tensor:
        """The Cholesky factor of ``I + W.mT @ D**-1 @ W``."""
        scaled = self.cov_factor.mT / self.cov_diag.unsqueeze(-2)
        inner = scaled @ self.cov_factor
        return cholesky(inner + inner.new_ones(inner.shape[-1]).diag())

    def _half_log_det(self) -> Tensor:
        return self._capacitance().diagonal(dim1=-2, dim2=-1).log().sum(-1) + self.cov_diag.log().sum(-1) / 2

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self.cov_factor.square().sum(-1) + self.cov_diag

    @property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        return self.cov_factor @ self.cov_factor.mT + self.cov_diag.diag_embed()

    @property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        return cholesky(self.covariance_matrix)

    @property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        scaled = self.cov_factor.mT / self.cov_diag.unsqueeze(-2)
        a = solve_triangular(self._capacitance(), scaled, upper=False)
        return self.cov_diag.reciprocal().diag_embed() - a.mT @ a

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        words: dict[str, Any] = {"dtype": self.loc.dtype, "device": self.loc.device}
        common = randn((*shape[:-1], self.cov_factor.shape[-1]), **words)
        shared = (self.cov_factor @ common.unsqueeze(-1)).squeeze(-1)
        return self.loc + shared + self.cov_diag.sqrt() * randn(shape, **words)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        away = value - self.loc
        scaled = self.cov_factor.mT / self.cov_diag.unsqueeze(-2)
        within = scaled @ away.unsqueeze(-1)
        factor = self._capacitance().expand(*within.shape[:-2], *scaled.shape[-2:-1], scaled.shape[-2])
        explained = solve_triangular(factor, within, upper=False).squeeze(-1).square().sum(-1)
        distance = (away.square() / self.cov_diag).sum(-1) - explained
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - self._half_log_det()

    def entropy(self) -> Tensor:
        return 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._half_log_det()

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        batch, (k, m) = tuple(Size(batch_shape)), tuple(self.cov_factor.shape[-2:])
        loc, diag = self.loc.expand(*batch, k), self.cov_diag.expand(*batch, k)
        return type(self)(loc, self.cov_factor.expand(*batch, k, m), diag, validate_args=False)
