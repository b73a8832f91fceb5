"""Wishart's distribution of covariance matrices."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

from ..errors import ArgumentError
from ..ops.creation import arange, asarray
from ..ops.linear_systems import slogdet, solve_triangular
from ..ops.manipulation import broadcast_shapes
from ..ops.searching import where
from ..random.sampling import randn
from ..special import digamma, gammaln
from ..tensor import Size, Tensor
from . import constraints
from .chi2 import Chi2
from .distribution import Distribution
from .multivariate_normal import MultivariateNormal

__all__ = ["Wishart"]


class Wishart(Distribution):
    """Sums of ``x @ x.mT`` of ``df`` normal vectors of a covariance: positive definite matrices. Sampling needs SciPy.

    Parameters
    ----------
    df : Tensor or number, above k - 1
    covariance_matrix, precision_matrix, scale_tril : Tensor, shape (..., k, k): one of the covariance, its inverse, and
        its lower Cholesky factor

    Raises
    ------
    ArgumentError : not exactly one of them, a ``df`` that is too small

    >>> import pluggrad
    >>> Wishart(3.0, pluggrad.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    arg_constraints: ClassVar = {
        "df": constraints.positive, "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite, "scale_tril": constraints.lower_cholesky,
    }  # fmt: skip
    support = constraints.positive_definite
    has_rsample = True
    df: Tensor

    def __init__(
        self, df: Any, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        matrices = (covariance_matrix, precision_matrix, scale_tril)
        matrix = next((m for m in matrices if m is not None), None)
        if matrix is None or sum(m is not None for m in matrices) != 1 or matrix.ndim < 2:
            raise ArgumentError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        k = int(matrix.shape[-1])
        df = df if isinstance(df, Tensor) else asarray(df, dtype=matrix.dtype, device=matrix.device)
        if not bool((df.detach() > k - 1).all()):
            raise ArgumentError(f"Value of df={df} expected to be greater than ndim - 1 = {k - 1}.")
        zeros = matrix.new_zeros(k).expand(*df.shape, k)
        # The factor, the covariance and its inverse are those of normal vectors.
        self._normal = MultivariateNormal(zeros, *matrices, validate_args=validate_args)
        batch = self._normal.batch_shape
        super().__init__(batch, (k, k), validate_args=validate_args, df=df.expand(*batch))

    def __getattr__(self, name: str) -> Tensor:
        if name in ("scale_tril", "covariance_matrix", "precision_matrix"):
            return getattr(self.__dict__["_normal"], name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def mean(self) -> Tensor:
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._event_shape[-1] - 1
        return where(factor > 0, factor, math.nan)[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        return self.df[..., None, None] * (v.square() + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def _degrees(self) -> Tensor:
        """``df``, one less for each row."""
        k = int(self._event_shape[-1])
        return self.df.unsqueeze(-1) - arange(k, dtype=self.df.dtype, device=self.df.device)

    def _log_gamma(self) -> Tensor:
        """The multivariate gamma function of df / 2, its logarithm."""
        k = int(self._event_shape[-1])
        return gammaln(self._degrees() / 2).sum(-1) + k * (k - 1) / 4 * math.log(math.pi)

    def _log_diagonal(self) -> Tensor:
        return self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """By Bartlett's decomposition: a lower triangle of normal numbers, and chi on the diagonal."""
        k = int(self._event_shape[-1])
        lead = (*Size(sample_shape), *self._batch_shape)
        chi = Chi2(self._degrees(), validate_args=False).rsample(Size(sample_shape)).sqrt()
        noise = randn((*lead, k, k), dtype=self.df.dtype, device=self.df.device).tril(-1) + chi.diag_embed()
        factor = self.scale_tril @ noise
        return factor @ factor.mT

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        k = self._event_shape[-1]
        lead = broadcast_shapes(tuple(value.shape[:-2]), tuple(self._batch_shape))
        value, factor = value.expand(*lead, k, k), self.scale_tril.expand(*lead, k, k)
        half = solve_triangular(factor, value, upper=False)
        trace = solve_triangular(factor.mT, half, upper=True).diagonal(dim1=-2, dim2=-1).sum(-1)
        return (
            -self.df * (k * math.log(2) / 2 + self._log_diagonal()) - self._log_gamma()
            + (self.df - k - 1) / 2 * slogdet(value)[1] - trace / 2
        )  # fmt: skip

    def entropy(self) -> Tensor:
        k, df = self._event_shape[-1], self.df
        digammas = digamma(self._degrees() / 2).sum(-1)
        return (
            (k + 1) * (k * math.log(2) / 2 + self._log_diagonal()) + self._log_gamma()
            - (df - k - 1) / 2 * digammas + df * k / 2
        )  # fmt: skip

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        batch, k = tuple(Size(batch_shape)), self._event_shape[-1]
        factor = self.scale_tril.expand(*batch, k, k)
        return type(self)(self.df.expand(*batch), scale_tril=factor, validate_args=False)
