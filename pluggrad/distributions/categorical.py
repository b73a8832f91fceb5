"""The categorical distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..dtypes import finfo, int64
from ..errors import ArgumentError
from ..ops.creation import arange
from ..ops.manipulation import broadcast_shapes
from ..random.discrete import multinomial
from ..tensor import Size, Tensor
from . import constraints
from .distribution import Distribution
from .utils import logits_to_probs, probs_to_logits

__all__ = ["Categorical", "OfCategories"]


class OfCategories(Distribution):
    """What distributions over categories share: their weights are given, or the logarithms of these."""

    arg_constraints: ClassVar = {
        "probs": constraints.simplex, "logits": constraints.real_vector,
    }  # fmt: skip

    def _normalized(self, probs: Tensor | None, logits: Tensor | None) -> dict[str, Tensor]:
        if (probs is None) == (logits is None):
            raise ArgumentError("Either `probs` or `logits` must be specified, but not both.")
        given = probs if logits is None else logits
        assert given is not None
        if given.ndim < 1:
            name = "logits" if probs is None else "probs"
            raise ArgumentError(f"`{name}` parameter must be at least one-dimensional.")
        if logits is None:
            return {"probs": given / given.sum(-1, keepdim=True)}
        return {"logits": given - given.logsumexp(dim=-1, keepdim=True)}

    @property
    def probs(self) -> Tensor:
        """The probabilities, which sum to 1 along the last axis."""
        given = self._given
        return given["probs"] if "probs" in given else logits_to_probs(given["logits"])

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        given = self._given
        return given["logits"] if "logits" in given else probs_to_logits(given["probs"])

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return next(iter(self._given.values())).shape

    def _drawn(self, sample_shape: Any, count: int = 1) -> Tensor:
        """Numbers of categories: shape ``sample_shape + batch_shape + (count,)``."""
        shape = (*Size(sample_shape), *self._batch_shape)
        probs = self.probs.detach().expand(*shape, -1)
        rows = probs.reshape(-1, probs.shape[-1])
        return multinomial(rows, count, replacement=True).reshape(*shape, count)

    def _entropy(self) -> Tensor:
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)


class Categorical(OfCategories):
    """The numbers 0, ..., k - 1 with given probabilities.

    Parameters
    ----------
    probs : Tensor, shape (..., k), not negative: relative weights
    logits : in their place, their logarithms, but for a constant

    >>> import pluggrad
    >>> Categorical(pluggrad.tensor([1.0, 3.0])).log_prob(pluggrad.tensor(1))
    tensor(-0.2877)
    """

    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        given = self._normalized(probs, logits)
        (value,) = given.values()
        super().__init__(value.shape[:-1], validate_args=validate_args, **given)

    @property
    def _num_events(self) -> int:
        return int(self.param_shape[-1])

    @property
    def support(self) -> constraints.Constraint:
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Tensor:
        return self.probs.detach().sum(-1) * math.nan

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    @property
    def variance(self) -> Tensor:
        return self.mean

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self._drawn(sample_shape)[..., 0]

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        logits = self.logits
        shape = broadcast_shapes(tuple(value.shape), tuple(logits.shape[:-1]))
        chosen = value.to(int64).expand(*shape).unsqueeze(-1)
        return logits.expand(*shape, -1).gather(-1, chosen).squeeze(-1)

    def entropy(self) -> Tensor:
        return self._entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = arange(self._num_events, dtype=int64, device=self.logits.device)
        values = values.reshape(-1, *(1 for _ in self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values
