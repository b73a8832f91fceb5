"""Discrete choices made continuous, so that samples have gradients.

C. J. Maddison, A. Mnih, Y. W. Teh, The concrete distribution, ICLR 2017; E. Jang, S. Gu, B. Poole, Categorical
reparameterization with Gumbel-softmax, ICLR 2017.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..dtypes import finfo
from ..random.sampling import rand
from ..tensor import Tensor
from . import constraints
from .bernoulli import Bernoulli
from .categorical import OfCategories
from .transformed_distribution import TransformedDistribution
from .transforms import ExpTransform, SigmoidTransform
from .utils import clamp_probs

__all__ = ["ExpRelaxedCategorical", "LogitRelaxedBernoulli", "RelaxedBernoulli", "RelaxedOneHotCategorical"]


class LogitRelaxedBernoulli(Bernoulli):
    """The log-odds of a relaxed Bernoulli choice.

    Parameters
    ----------
    temperature : Tensor or number, positive
    probs, logits : one of them, as for Bernoulli
    """

    support = constraints.real
    has_rsample = True
    has_enumerate_support = False

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(probs, logits, validate_args=validate_args)

    def _options(self) -> dict[str, Any]:
        return {"temperature": self.temperature}

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self.rsample(sample_shape).detach()

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        logits = self.logits
        u = clamp_probs(rand(self._extended_shape(sample_shape), dtype=logits.dtype, device=logits.device))
        return (u.log() - (-u).log1p() + logits) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        difference = self.logits - value * self.temperature
        temperature = self.temperature
        log = temperature.log() if isinstance(temperature, Tensor) else math.log(temperature)
        return log + difference - 2 * difference.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """A number between 0 and 1 that is near one of them when the temperature is low.

    Parameters
    ----------
    temperature : Tensor or number, positive
    probs, logits : one of them, as for Bernoulli

    >>> import pluggrad
    >>> p = pluggrad.tensor([0.5], requires_grad=True)
    >>> RelaxedBernoulli(0.5, probs=p).rsample().requires_grad
    True
    """

    support = constraints.unit_interval
    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    base_dist: LogitRelaxedBernoulli

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Tensor:
        """The probability of 1."""
        return self.base_dist.probs

    @property
    def logits(self) -> Tensor:
        """The log-odds of 1."""
        return self.base_dist.logits


class ExpRelaxedCategorical(OfCategories):
    """The logarithm of a relaxed categorical choice.

    Parameters
    ----------
    temperature : Tensor or number, positive
    probs, logits : one of them, as for Categorical
    """

    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        given = self._normalized(probs, logits)
        (value,) = given.values()
        super().__init__(value.shape[:-1], value.shape[-1:], validate_args=validate_args, **given)

    def _options(self) -> dict[str, Any]:
        return {"temperature": self.temperature}

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        logits = self.logits
        exponential = logits.new_empty(self._extended_shape(sample_shape)).exponential_()
        gumbels = -exponential.clamp(min=finfo(logits.dtype).smallest_normal).log()
        scores = (logits + gumbels) / self.temperature
        return scores - scores.logsumexp(dim=-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        k = self._event_shape[0]
        temperature = self.temperature
        log = temperature.log() if isinstance(temperature, Tensor) else math.log(temperature)
        scores = self.logits - value * temperature
        scores = (scores - scores.logsumexp(dim=-1, keepdim=True)).sum(-1)
        return scores + (math.lgamma(k) + (k - 1) * log)


class RelaxedOneHotCategorical(TransformedDistribution):
    """A vector that sums to 1 and is near a single 1 when the temperature is low.

    Parameters
    ----------
    temperature : Tensor or number, positive
    probs, logits : one of them, as for Categorical

    >>> import pluggrad
    >>> weights = pluggrad.tensor([1.0, 2.0], requires_grad=True)
    >>> RelaxedOneHotCategorical(0.5, probs=weights).rsample().requires_grad
    True
    """

    support = constraints.simplex
    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    base_dist: ExpRelaxedCategorical

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self.base_dist.probs

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        return self.base_dist.logits
