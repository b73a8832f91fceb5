"""Chi-squared."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from ..tensor import Size, Tensor
from . import constraints
from .gamma import Gamma
from .utils import broadcast_all

__all__ = ["Chi2"]


class Chi2(Gamma):
    """The distribution of the sum of ``df`` squares of standard normal numbers.

    Parameters
    ----------
    df : Tensor or number, positive: degrees of freedom

    >>> import pluggrad
    >>> Chi2(2.0).log_prob(pluggrad.tensor([1.0]))
    tensor([-1.1931])
    """

    arg_constraints: ClassVar = {"df": constraints.positive}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (df,) = broadcast_all(df)
        super().__init__(df * 0.5, 0.5, validate_args=validate_args)
        self._given = {"df": df}

    @property
    def df(self) -> Tensor:
        """Degrees of freedom."""
        return self._given["df"]

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        return type(self)(self.df.expand(*Size(batch_shape)), validate_args=False)
