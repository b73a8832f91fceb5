"""The distribution of Lewandowski, Kurowicka and Joe of correlation matrices, by their Cholesky factors."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

from ..autograd import no_grad
from ..dtypes import finfo
from ..errors import ArgumentError
from ..ops.creation import arange
from ..ops.joining import concat
from ..random.sampling import randn
from ..special import gammaln
from ..tensor import Size, Tensor
from . import constraints
from .beta import Beta
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Lower Cholesky factors of correlation matrices whose density is ``det**(concentration - 1)``.

    Parameters
    ----------
    dim : number of rows, at least 2
    concentration : Tensor or number, positive; 1: all correlation matrices are as probable, more: nearer to no
        correlation

    Raises
    ------
    ArgumentError : fewer than 2 rows

    >>> LKJCholesky(3, 1.0).event_shape
    pluggrad.Size([3, 3])
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    has_rsample = False
    concentration: Tensor

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ArgumentError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (concentration,) = broadcast_all(concentration)
        super().__init__(concentration.shape, (dim, dim), validate_args=validate_args, concentration=concentration)

    def _options(self) -> dict[str, Any]:
        return {"dim": self.dim}

    def _rows(self, first: int, last: int) -> Tensor:
        return arange(first, last, dtype=self.concentration.dtype, device=self.concentration.device)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """By the onion: each row a direction, and how much of its length it takes of 1. Needs SciPy."""
        with no_grad():
            d, concentration = self.dim, self.concentration
            offset = concat([self._rows(0, 1), self._rows(0, d - 1)], axis=0)
            lengths = Beta(
                (offset + 0.5).expand(*concentration.shape, d),
                (concentration + 0.5 * (d - 2)).unsqueeze(-1) - 0.5 * offset,
                validate_args=False,
            ).sample(Size(sample_shape))  # fmt: skip
            shape = self._extended_shape(sample_shape)
            normal = randn(shape, dtype=concentration.dtype, device=concentration.device).tril(-1)
            size = normal.square().sum(-1, keepdim=True).sqrt()
            size[..., 0, :] = 1.0  # the first row has nothing before the diagonal
            factor = lengths.unsqueeze(-1).sqrt() * normal / size
            tiny = finfo(concentration.dtype).smallest_normal
            diagonal = (1 - factor.square().sum(-1)).clamp(min=tiny).sqrt()
            return factor + diagonal.diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        d = self.dim
        diagonal = value.diagonal(dim1=-2, dim2=-1)[..., 1:]
        order = 2 * (self.concentration - 1).unsqueeze(-1) + d - self._rows(2, d + 1)
        alpha = self.concentration + 0.5 * (d - 1)
        # The logarithm of the multivariate gamma function of alpha - 1/2, of order d - 1.
        multi = gammaln(alpha.unsqueeze(-1) - 0.5 - self._rows(0, d - 1) / 2).sum(-1)
        multi = multi + (d - 1) * (d - 2) / 4 * math.log(math.pi)
        norm = 0.5 * (d - 1) * math.log(math.pi) + multi - gammaln(alpha) * (d - 1)
        return (order * diagonal.log()).sum(-1) - norm

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        return type(self)(self.dim, self.concentration.expand(*Size(batch_shape)), validate_args=False)
