"""Divergences between distributions of two families: the cross entropy less the entropy of the first.

What the logarithm of a density takes of a value (the value, its square, its logarithm, an exponential) has a mean in
closed form under each of the distributions here. Where the first reaches beyond the support of the second, the
divergence is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from ..ops.searching import where
from ..special import betaln, digamma, gammaln, xlogy
from ..tensor import Tensor
from .beta import Beta
from .continuous_bernoulli import ContinuousBernoulli
from .distribution import Distribution
from .exponential import Exponential
from .gamma import Gamma
from .gumbel import Gumbel
from .kl import infinite, register_kl
from .laplace import Laplace
from .normal import Normal
from .power_laws import Pareto
from .uniform import Uniform

_EULER: Final = 0.5772156649015329


def _support(p: Any) -> tuple[Any, Any]:
    """The least and the greatest value."""
    if isinstance(p, Beta | ContinuousBernoulli):
        return 0.0, 1.0
    if isinstance(p, Uniform):
        return p.low, p.high
    if isinstance(p, Pareto):
        return p.scale, math.inf
    return (0.0 if isinstance(p, Exponential | Gamma) else -math.inf), math.inf


def _mean_log_between(low: Tensor, high: Tensor) -> Tensor:
    """The mean of ``log x`` for ``x`` uniform between two numbers; a number, and no NaN, where one is negative."""
    a, b = where(low < 0, 1.0, low), where(high < 0, 1.0, high)
    return (xlogy(b, b) - xlogy(a, a)) / (high - low) - 1


#: The mean of ``log x``.
_LOG: dict[type, Callable[[Any], Tensor]] = {
    Beta: lambda p: digamma(p.concentration1) - digamma(p.concentration1 + p.concentration0),
    Exponential: lambda p: -p.rate.log() - _EULER,
    Gamma: lambda p: digamma(p.concentration) - p.rate.log(),
    Pareto: lambda p: p.scale.log() + 1 / p.alpha,
    Uniform: lambda p: _mean_log_between(p.low, p.high),
}

#: The mean of ``exp(-t x)``.
_EXP: dict[type, Callable[[Any, Tensor], Tensor]] = {
    Exponential: lambda p, t: p.rate / (p.rate + t),
    Gamma: lambda p, t: (1 + t / p.rate) ** -p.concentration,
    Normal: lambda p, t: (t * (t * p.scale.square() / 2 - p.loc)).exp(),
    Uniform: lambda p, t: ((-t * p.low).exp() - (-t * p.high).exp()) / (t * (p.high - p.low)),
}


def _mean(table: dict[type, Callable[..., Tensor]], p: Any, *numbers: Tensor) -> Tensor:
    return next(mean for kind, mean in table.items() if isinstance(p, kind))(p, *numbers)


def _of_normal(p: Any, q: Normal) -> Tensor:
    spread = p.variance + (p.mean - q.loc).square()
    return -0.5 * (2 * math.pi * q.scale.square()).log() - spread / (2 * q.scale.square())


def _of_beta(p: Any, q: Beta) -> Tensor:
    rest = _mean_log_between(1 - p.high, 1 - p.low)  # of 1 - x, for a uniform x
    log = (q.concentration1 - 1) * _mean(_LOG, p) + (q.concentration0 - 1) * rest
    return log - betaln(q.concentration1, q.concentration0)


def _of_gamma(p: Any, q: Gamma) -> Tensor:
    powers = (q.concentration - 1) * _mean(_LOG, p) - q.rate * p.mean
    return q.concentration * q.rate.log() - gammaln(q.concentration) + powers


def _of_gumbel(p: Any, q: Gumbel) -> Tensor:
    z = (p.mean - q.loc) / q.scale
    return -q.scale.log() - z - (q.loc / q.scale).exp() * _mean(_EXP, p, 1 / q.scale)


#: The mean under ``p`` of the logarithm of the density of ``q``, and for which ``p`` it is known or none.
_DENSITIES: dict[type, tuple[Callable[[Any, Any], Tensor], tuple[type, ...]]] = {
    Normal: (_of_normal, (Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform)),
    Exponential: (
        lambda p, q: q.rate.log() - q.rate * p.mean,
        (Beta, ContinuousBernoulli, Gamma, Gumbel, Laplace, Normal, Pareto, Uniform),
    ),
    Gamma: (_of_gamma, (Beta, Exponential, Gumbel, Laplace, Normal, Pareto, Uniform)),
    Beta: (_of_beta, (Exponential, Gamma, Gumbel, Laplace, Normal, Pareto, Uniform)),
    ContinuousBernoulli: (
        lambda p, q: p.mean * q.logits + (-q.probs).log1p() + q._log_norm(),
        (Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Normal, Pareto, Uniform),
    ),
    Pareto: (
        lambda p, q: q.alpha.log() + q.alpha * q.scale.log() - (q.alpha + 1) * _mean(_LOG, p),
        (Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Normal, Pareto, Uniform),
    ),
    Uniform: (
        lambda p, q: -(q.high - q.low).log(),
        (Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Normal, Pareto),
    ),
    Gumbel: (_of_gumbel, (Exponential, Gamma, Normal, Uniform)),
}


def _divergence(p: Distribution, q: Distribution) -> Tensor:
    (low, high), (least, greatest) = _support(p), _support(q)
    below, above = low < least, high > greatest
    always = isinstance(q, Pareto) and not isinstance(p, Pareto | Uniform)  # a scale is positive
    if below is True or above is True or always:
        return infinite(p, q)
    beyond = below | above
    mean_log = next(density for kind, (density, _) in _DENSITIES.items() if isinstance(q, kind))
    found = -p.entropy() - mean_log(p, q)
    return found if beyond is False else where(beyond, math.inf, found)


for _q, (_, _known) in _DENSITIES.items():
    for _p in _known:
        register_kl(_p, _q)(_divergence)
