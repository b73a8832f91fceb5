"""Mixtures."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..tensor import Tensor
from .categorical import Categorical
from .constraints import Constraint
from .distribution import Distribution

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A choice among distributions of one family: the last batch axis of the components is that of the choices.

    Parameters
    ----------
    mixture_distribution : Categorical over the k components
    component_distribution : Distribution, batch shape (..., k)

    >>> import pluggrad
    >>> from pluggrad.distributions import Normal
    >>> weights = Categorical(pluggrad.tensor([0.5, 0.5]))
    >>> MixtureSameFamily(weights, Normal(pluggrad.tensor([-1.0, 1.0]), 1.0)).mean
    tensor(0.)
    """

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ArgumentError(f"MixtureSameFamily: the mixture must be a Categorical, got {mixture_distribution!r}")
        if not isinstance(component_distribution, Distribution):
            raise ArgumentError(
                f"MixtureSameFamily: the components must be a Distribution, got {component_distribution!r}"
            )
        k, components = mixture_distribution._num_events, component_distribution.batch_shape
        if not components or components[-1] != k:
            raise ArgumentError(
                f"`mixture_distribution component` ({k}) does not equal `component_distribution.batch_shape[-1]` "
                f"({components[-1] if components else None})"
            )
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        super().__init__(components[:-1], component_distribution.event_shape, validate_args=validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        return False

    @property
    def support(self) -> Constraint:
        return self.component_distribution.support

    def _weights(self) -> Tensor:
        probs = self.mixture_distribution.probs
        return probs.reshape(*probs.shape, *(1 for _ in self._event_shape))

    def _mean_over(self, value: Tensor) -> Tensor:
        return (self._weights() * value).sum(-1 - len(self._event_shape))

    @property
    def mean(self) -> Tensor:
        return self._mean_over(self.component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        away = self.component_distribution.mean - self._padded(self.mean)
        return self._mean_over(self.component_distribution.variance) + self._mean_over(away.square())

    def _padded(self, value: Tensor) -> Tensor:
        return value.unsqueeze(-1 - len(self._event_shape))

    def cdf(self, value: Tensor) -> Tensor:
        return (self.component_distribution.cdf(self._padded(value)) * self.mixture_distribution.probs).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        each = self.component_distribution.log_prob(self._padded(value))
        return (each + self.mixture_distribution.logits.log_softmax(-1)).logsumexp(dim=-1)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        choice = self.mixture_distribution.sample(sample_shape)
        each = self.component_distribution.sample(sample_shape)
        own = len(self._event_shape)
        index = choice.reshape(*choice.shape, 1, *(1 for _ in self._event_shape))
        index = index.expand(*choice.shape, 1, *self._event_shape)
        axis = each.ndim - 1 - own
        return each.gather(axis, index).squeeze(axis)
