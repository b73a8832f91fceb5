"""The normal distribution of vectors."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

from ..errors import ArgumentError
from ..ops.creation import eye
from ..ops.linear_systems import cholesky, solve_triangular
from ..ops.manipulation import broadcast_shapes
from ..random.sampling import randn
from ..tensor import Size, Tensor
from . import constraints
from .distribution import Distribution

__all__ = ["MultivariateNormal"]


class MultivariateNormal(Distribution):
    """The normal distribution of vectors of mean ``loc``.

    Parameters
    ----------
    loc : Tensor, shape (..., k)
    covariance_matrix, precision_matrix, scale_tril : Tensor, shape (..., k, k): one of the covariance, its inverse,
        and its lower Cholesky factor, which is the fastest

    Raises
    ------
    ArgumentError : not exactly one of them, or one that is not positive definite

    >>> import pluggrad
    >>> MultivariateNormal(pluggrad.zeros(2), pluggrad.eye(2)).log_prob(pluggrad.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector, "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite, "scale_tril": constraints.lower_cholesky,
    }  # fmt: skip
    support = constraints.real_vector
    has_rsample = True
    loc: Tensor

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.ndim < 1:
            raise ArgumentError("loc must be at least one-dimensional.")
        matrices = {
            "covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril,
        }  # fmt: skip
        given = [(name, matrix) for name, matrix in matrices.items() if matrix is not None]
        if len(given) != 1:
            raise ArgumentError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = given
        if matrix.ndim < 2:
            raise ArgumentError(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
        batch = broadcast_shapes(tuple(matrix.shape[:-2]), tuple(loc.shape[:-1]))
        k = loc.shape[-1]
        matrix, loc = matrix.expand(*batch, *matrix.shape[-2:]), loc.expand(*batch, k)
        super().__init__(batch, (k,), validate_args=validate_args, loc=loc, **{name: matrix})
        if name == "scale_tril":
            self._factor = matrix
        elif name == "covariance_matrix":
            self._factor = cholesky(matrix)
        else:
            # The factor of the inverse, from that of the matrix with its axes reversed.
            reverse = cholesky(matrix.flip(-2, -1))
            inverse = reverse.flip(-2, -1).mT
            identity = eye(int(k), dtype=matrix.dtype, device=matrix.device)
            self._factor = solve_triangular(inverse, identity, upper=False)

    def __getattr__(self, name: str) -> Tensor:
        # Those of the matrices that were not given.
        factor = self.__dict__.get("_factor")
        if factor is not None and name in ("scale_tril", "covariance_matrix", "precision_matrix"):
            if name == "scale_tril":
                return factor
            if name == "covariance_matrix":
                return factor @ factor.mT
            identity = eye(int(factor.shape[-1]), dtype=factor.dtype, device=factor.device)
            inverse = solve_triangular(factor, identity, upper=False)
            return inverse.mT @ inverse
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._factor.square().sum(-1)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        x = randn(self._extended_shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device)
        return self.loc + (self._factor @ x.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        away = value - self.loc
        factor = self._factor.expand(*away.shape, self.loc.shape[-1])
        z = solve_triangular(factor, away.unsqueeze(-1), upper=False).squeeze(-1)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + z.square().sum(-1)) - self._half_log_det()

    def _half_log_det(self) -> Tensor:
        return self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def entropy(self) -> Tensor:
        return 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._half_log_det()

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        batch, k = tuple(Size(batch_shape)), self.loc.shape[-1]
        return type(self)(self.loc.expand(*batch, k), scale_tril=self._factor.expand(*batch, k, k), validate_args=False)
