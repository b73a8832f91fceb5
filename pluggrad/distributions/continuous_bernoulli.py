"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any

from ..ops.neural.activations import softplus
from ..ops.searching import where
from ..random.sampling import rand
from ..tensor import Tensor
from . import constraints
from .bernoulli import OfProbability
from .utils import broadcast_all, clamp_probs

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(OfProbability):
    """Numbers in [0, 1] of density ``probs**x * (1 - probs)**(1 - x)``, times a constant (arXiv:1907.06845).

    Parameters
    ----------
    probs : Tensor or number, in (0, 1)
    logits : in its place, the logarithm of ``probs / (1 - probs)``
    lims : between them, around 1/2, formulas that would divide by nearly 0 are replaced by their series

    >>> ContinuousBernoulli(0.5).mean
    tensor(0.5000)
    """

    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, probs: Any = None, logits: Any = None, lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        name, value = self._one_of(probs, logits)
        (value,) = broadcast_all(value)
        self._lims = lims
        super().__init__(value.shape, validate_args=validate_args, **{name: value})
        if name == "probs":
            self._given = {name: clamp_probs(value)}

    def _options(self) -> dict[str, Any]:
        return {"lims": self._lims}

    def _cut(self) -> tuple[Tensor, Tensor]:
        """Where the formulas hold, and probabilities for which they do."""
        p = self.probs
        outside = (p < self._lims[0]) | (p > self._lims[1])
        return outside, where(outside, p, self._lims[0])

    def _log_norm(self) -> Tensor:
        outside, p = self._cut()
        below, above = where(p <= 0.5, p, 0.0), where(p >= 0.5, p, 1.0)
        whole = ((-p).log1p() - p.log()).abs().log()
        whole = whole - where(p <= 0.5, (-2 * below).log1p(), (2 * above - 1).log())
        x = (self.probs - 0.5).square()
        return where(outside, whole, math.log(2.0) + (4 / 3 + 104 / 45 * x) * x)

    @property
    def mean(self) -> Tensor:
        outside, p = self._cut()
        x = self.probs - 0.5
        whole = p / (2 * p - 1) + 1 / ((-p).log1p() - p.log())
        return where(outside, whole, 0.5 + (1 / 3 + 16 / 45 * x.square()) * x)

    @property
    def variance(self) -> Tensor:
        outside, p = self._cut()
        x = (self.probs - 0.5).square()
        whole = p * (p - 1) / (1 - 2 * p).square() + 1 / ((-p).log1p() - p.log()).square()
        return where(outside, whole, 1 / 12 - (1 / 15 - 128 / 945 * x) * x)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        p = self.probs
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=p.dtype, device=p.device))

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        logits = self.logits
        return value * logits - softplus(logits) + self._log_norm()

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        outside, p = self._cut()
        found = where(outside, (p**value * (1 - p) ** (1 - value) + p - 1) / (2 * p - 1), value)
        return where(value <= 0, 0.0, where(value >= 1, 1.0, found))

    def icdf(self, value: Tensor) -> Tensor:
        outside, p = self._cut()
        rest = (-p).log1p()
        return where(outside, ((-p + value * (2 * p - 1)).log1p() - rest) / (p.log() - rest), value)

    def entropy(self) -> Tensor:
        rest, log = (-self.probs).log1p(), self.probs.log()
        return self.mean * (rest - log) - self._log_norm() - rest
