"""The distribution of Fisher and Snedecor."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..ops.searching import where
from ..special import fdtr, gammaln
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution
from .gamma import standard_gamma
from .utils import broadcast_all

__all__ = ["FisherSnedecor"]


class FisherSnedecor(Distribution):
    """F: the ratio of two chi-squared numbers, each over its degrees of freedom. Sampling needs SciPy.

    Parameters
    ----------
    df1, df2 : Tensors or numbers, positive

    >>> import pluggrad
    >>> FisherSnedecor(2.0, 2.0).log_prob(pluggrad.tensor([1.0]))
    tensor([-1.3863])
    """

    arg_constraints: ClassVar = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True
    df1: Tensor
    df2: Tensor

    def __init__(self, df1: Any, df2: Any, validate_args: bool | None = None) -> None:
        df1, df2 = broadcast_all(df1, df2)
        super().__init__(df1.shape, validate_args=validate_args, df1=df1, df2=df2)

    @property
    def mean(self) -> Tensor:
        return where(self.df2 > 2, self.df2 / where(self.df2 > 2, self.df2 - 2, 1.0), math.nan)

    @property
    def mode(self) -> Tensor:
        mode = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return where(self.df1 > 2, mode, math.nan)

    @property
    def variance(self) -> Tensor:
        safe = where(self.df2 > 4, self.df2, 5.0)
        finite = 2 * safe.square() * (self.df1 + safe - 2) / (self.df1 * (safe - 2).square() * (safe - 4))
        return where(self.df2 > 4, finite, math.nan)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        top, bottom = (standard_gamma((df * 0.5).expand(*shape)) / df for df in (self.df1, self.df2))
        return top / bottom

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        a, b = self.df1 * 0.5, self.df2 * 0.5
        ratio = self.df1 / self.df2
        norm = gammaln(a + b) - gammaln(a) - gammaln(b)
        return norm + a * ratio.log() + (a - 1) * value.log() - (a + b) * (ratio * value).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return fdtr(self.df1, self.df2, value)
