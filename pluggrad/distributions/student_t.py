"""Student's t."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..ops.searching import where
from ..random.sampling import randn
from ..special import digamma, gammaln, stdtr, stdtrit
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .gamma import standard_gamma
from .utils import broadcast_all

__all__ = ["StudentT"]


class StudentT(Distribution):
    """Student's t with ``df`` degrees of freedom, moved and stretched. Sampling needs SciPy.

    Parameters
    ----------
    df : Tensor or number, positive
    loc : Tensor or number
    scale : Tensor or number, positive

    >>> import pluggrad
    >>> StudentT(1.0).log_prob(pluggrad.tensor([0.0]))
    tensor([-1.1447])
    """

    arg_constraints: ClassVar = {
        "df": constraints.positive, "loc": constraints.real, "scale": constraints.positive,
    }  # fmt: skip
    support = constraints.real
    has_rsample = True
    df: Tensor
    loc: Tensor
    scale: Tensor

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        df, loc, scale = broadcast_all(df, loc, scale)
        super().__init__(df.shape, validate_args=validate_args, df=df, loc=loc, scale=scale)

    @property
    def mean(self) -> Tensor:
        return where(self.df > 1, self.loc, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        df = self.df
        finite = self.scale.square() * df / where(df > 2, df - 2, 1.0)
        return where(df > 2, finite, where(df > 1, self.df * math.inf, math.nan))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        x = randn(shape, dtype=self.df.dtype, device=self.df.device)
        chi2 = standard_gamma((self.df * 0.5).expand(*shape)) * 2
        return self.loc + self.scale * (x * (self.df / chi2).sqrt())

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        df = self.df
        y = (value - self.loc) / self.scale
        norm = self.scale.log() + 0.5 * (df * math.pi).log() + gammaln(df * 0.5) - gammaln((df + 1) * 0.5)
        return (df + 1) * -0.5 * (y.square() / df).log1p() - norm

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return stdtr(self.df, (value - self.loc) / self.scale)

    def icdf(self, value: Tensor) -> Tensor:
        return self.loc + self.scale * stdtrit(self.df, value)

    def entropy(self) -> Tensor:
        half, more = self.df * 0.5, (self.df + 1) * 0.5
        log_beta = gammaln(half) + math.lgamma(0.5) - gammaln(half + 0.5)
        return self.scale.log() + more * (digamma(more) - digamma(half)) + 0.5 * self.df.log() + log_beta
