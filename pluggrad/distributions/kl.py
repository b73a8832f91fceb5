"""Divergences of Kullback and Leibler between pairs of distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..ops.joining import concat
from ..ops.linear_systems import solve_triangular
from ..ops.manipulation import broadcast_shapes
from ..ops.searching import where
from ..special import digamma, gammaln, xlogy
from ..tensor import Tensor
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .categorical import Categorical
from .cauchy import Cauchy
from .dirichlet import Dirichlet
from .distribution import Distribution
from .exponential import Exponential
from .gamma import Gamma
from .geometric import Geometric
from .gumbel import Gumbel
from .half import HalfNormal
from .independent import Independent, sum_rightmost
from .laplace import Laplace
from .log_normal import LogNormal
from .low_rank_multivariate_normal import LowRankMultivariateNormal
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .poisson import Poisson
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform

__all__ = ["kl_divergence", "register_kl"]

_REGISTRY: dict[tuple[type, type], Callable[[Any, Any], Tensor]] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Decorate a function of two distributions that computes their divergence.

    Raises
    ------
    TypeError : something else than classes of distributions
    """
    for kind in (type_p, type_q):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"Expected type_p and type_q to be Distribution subclasses but got {kind}")

    def decorate(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        _REGISTRY[type_p, type_q] = function
        return function

    return decorate


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The divergence of ``q`` from ``p``: the mean of ``log(p(x) / q(x))`` over values of ``p``, of the batch's shape.

    Raises
    ------
    NotImplementedError : no formula is known for this pair

    >>> from pluggrad.distributions import Normal
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    matches = [(a, b) for a, b in _REGISTRY if isinstance(p, a) and isinstance(q, b)]
    if not matches:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
        )
    # The nearest pair of base classes.
    best = min(matches, key=lambda pair: type(p).__mro__.index(pair[0]) + type(q).__mro__.index(pair[1]))
    return _REGISTRY[best](p, q)


def infinite(p: Distribution, q: Distribution) -> Tensor:
    """The divergence where ``p`` gives values that ``q`` never gives."""
    both = (p.mean + q.mean).detach()
    return both.new_full(both.shape, math.inf)


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).square()
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).square() - 1 - ratio.log())


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _normal(p.base_dist, q.base_dist)


@register_kl(LogNormal, LogNormal)
def _log_normal(p: LogNormal, q: LogNormal) -> Tensor:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    return (
        xlogy(p.probs, p.probs) - xlogy(p.probs, q.probs)
        + xlogy(1 - p.probs, 1 - p.probs) - xlogy(1 - p.probs, 1 - q.probs)
    )  # fmt: skip


@register_kl(Binomial, Binomial)
def _binomial(p: Binomial, q: Binomial) -> Tensor:
    if bool((p.total_count < q.total_count).any()):
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    kl = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return where(p.total_count > q.total_count, math.inf, kl)


@register_kl(Categorical, Categorical)
@register_kl(OneHotCategorical, OneHotCategorical)
def _categorical(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = where((q.probs == 0) & (p.probs > 0), math.inf, terms)
    return where(p.probs == 0, 0.0, terms).sum(-1)


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Tensor:
    return xlogy(p.rate, p.rate) - xlogy(p.rate, q.rate) - (p.rate - q.rate)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Tensor:
    return (
        q.concentration * (p.rate / q.rate).log() + gammaln(q.concentration) - gammaln(p.concentration)
        + (p.concentration - q.concentration) * digamma(p.concentration)
        + (q.rate - p.rate) * (p.concentration / p.rate)
    )  # fmt: skip


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Tensor:
    total_p, total_q = p.concentration1 + p.concentration0, q.concentration1 + q.concentration0
    return (
        gammaln(q.concentration1) + gammaln(q.concentration0) + gammaln(total_p)
        - gammaln(p.concentration1) - gammaln(p.concentration0) - gammaln(total_q)
        + (p.concentration1 - q.concentration1) * digamma(p.concentration1)
        + (p.concentration0 - q.concentration0) * digamma(p.concentration0)
        + (total_q - total_p) * digamma(total_p)
    )  # fmt: skip


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    total_p, total_q = p.concentration.sum(-1), q.concentration.sum(-1)
    terms = gammaln(q.concentration) - gammaln(p.concentration)
    terms = terms + (p.concentration - q.concentration) * (digamma(p.concentration) - digamma(total_p).unsqueeze(-1))
    return gammaln(total_p) - gammaln(total_q) + terms.sum(-1)


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * (-distance / p.scale).exp() - 1


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Cauchy, q: Cauchy) -> Tensor:
    """F. Chyzak, F. Nielsen, A closed-form formula for the Kullback-Leibler divergence between Cauchy distributions."""
    both = (p.scale + q.scale).square() + (p.loc - q.loc).square()
    return both.log() - (4 * p.scale * q.scale).log()


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Gumbel, q: Gumbel) -> Tensor:
    ratio = p.scale / q.scale
    shift = (q.loc - p.loc) / q.scale
    euler = 0.5772156649015329
    return -ratio.log() - shift + ratio * euler + (shift + gammaln(1 + ratio)).exp() - (1 + euler)


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    out = ((q.high - q.low) / (p.high - p.low)).log()
    return where((q.low > p.low) | (q.high < p.high), math.inf, out)


def _columns(p: Any) -> Tensor:
    """A matrix whose product with its transpose is the covariance."""
    if isinstance(p, MultivariateNormal):
        return p._factor
    return concat([p.cov_factor, p.cov_diag.sqrt().diag_embed()], axis=-1)


def _measured(q: Any, columns: Tensor) -> Tensor:
    """The sum over columns ``c`` of ``c.T @ inverse of the covariance @ c``."""
    if isinstance(q, MultivariateNormal):
        batch = broadcast_shapes(tuple(q._factor.shape[:-2]), tuple(columns.shape[:-2]))
        factor, columns = (m.expand(*batch, *m.shape[-2:]) for m in (q._factor, columns))
        return solve_triangular(factor, columns, upper=False).square().sum((-2, -1))
    # By Woodbury's lemma: the inverse is that of the diagonal, less what the factor explains.
    scaled = q.cov_factor.mT / q.cov_diag.unsqueeze(-2)
    within = scaled @ columns
    factor = q._capacitance().expand(*within.shape[:-2], *scaled.shape[-2:-1], scaled.shape[-2])
    explained = solve_triangular(factor, within, upper=False).square().sum((-2, -1))
    return (columns.square() / q.cov_diag.unsqueeze(-1)).sum((-2, -1)) - explained


@register_kl(MultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _multivariate_normal(p: Any, q: Any) -> Tensor:
    """With ``c`` the columns of a factor of p's covariance, and the distance of the means as one more."""
    spread = _measured(q, _columns(p)) + _measured(q, (q.loc - p.loc).unsqueeze(-1))
    return q._half_log_det() - p._half_log_det() + 0.5 * (spread - p.event_shape[0])


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("KL between Independents of different reinterpreted_batch_ndims is not implemented")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("KL between TransformedDistributions of different transforms is not implemented")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Poisson, Bernoulli)
@register_kl(Poisson, Binomial)
def _poisson_beyond(p: Poisson, q: Distribution) -> Tensor:
    """Counts have no bound, what ``q`` gives has one."""
    return infinite(p, q)


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Tensor:
    z = (p.loc - q.loc) / p.scale
    mean_distance = (
        math.sqrt(2 / math.pi) * p.scale * (-0.5 * z.square()).exp() + p.scale * z * (z * math.sqrt(0.5)).erf()
    )
    return -p.entropy() + (2 * q.scale).log() + mean_distance / q.scale
