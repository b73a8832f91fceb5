"""The beta function and the incomplete ones, after chapters 5.12 and 8.17 of the NIST Digital Library (DLMF)."""

from __future__ import annotations

from typing import Any

from ..dtypes import REAL_FLOATING
from ..ops.declare import composite
from .host import on_host
from .quadrature import below

__all__ = ["beta", "betainc", "betaincc", "betainccinv", "betaincinv", "betaln"]


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, a, b, out: g * out * (xp.digamma(a) - xp.digamma(a + b)),
        lambda xp, g, a, b, out: g * out * (xp.digamma(b) - xp.digamma(a + b)),
    ],
)
def beta(xp, a, b, /):
    """The beta function ``gamma(a) gamma(b) / gamma(a + b)``. Needs SciPy.

    Parameters
    ----------
    a, b : Tensors or Python scalars, real, shapes that broadcast

    >>> import pluggrad
    >>> pluggrad.special.beta(pluggrad.asarray([1.0, 2.0]), 3.0)
    tensor([0.3333, 0.0833])
    """
    return on_host(xp, "beta", a, b)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, a, b: g * (xp.digamma(a) - xp.digamma(a + b)),
        lambda xp, g, a, b: g * (xp.digamma(b) - xp.digamma(a + b)),
    ],
)
def betaln(xp, a, b, /):
    """Logarithm of the absolute value of :func:`beta`. Arguments as there. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.betaln(pluggrad.asarray([1.0]), 3.0)
    tensor([-1.0986])
    """
    return on_host(xp, "betaln", a, b)


# -- incomplete beta functions -------------------------------------------------------------------------------


def _log_beta(xp: Any, a: Any, b: Any) -> Any:
    return xp.lgamma(a) + xp.lgamma(b) - xp.lgamma(a + b)


def _density(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """The density of the beta distribution, the derivative of :func:`betainc` by ``x``."""
    return xp.exp(xp.xlogy(a - 1, x) + xp.xlogy(b - 1, 1 - x) - _log_beta(xp, a, b))


def _slope(xp: Any, a: Any, b: Any, x: Any, of_b: bool = False) -> Any:
    """The derivative of :func:`betainc` by ``a`` (or ``b``): in ``u = logit(x)`` the density is log-concave."""
    log_beta = _log_beta(xp, a, b)
    mean = xp.digamma(b if of_b else a) - xp.digamma(a + b)
    inside = (x > 0) & (x < 1)

    def integrand(u: Any) -> Any:
        tail = xp.log1p(xp.exp(-xp.abs(u)))
        log_t, log_rest = xp.minimum(u, 0.0) - tail, -xp.maximum(u, 0.0) - tail
        return xp.exp(a * log_t + b * log_rest - log_beta) * ((log_rest if of_b else log_t) - mean)

    x = xp.where(inside, x, 0.5)
    centre = xp.log((a + 0.5) / (b + 0.5))
    width = xp.sqrt(1 / (a + 1) + 1 / (b + 1))
    return xp.where(inside, below(xp, xp.log(x) - xp.log1p(-x), centre, width, integrand), 0.0)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, a, b, x: g * _slope(xp, a, b, x),
        lambda xp, g, a, b, x: g * _slope(xp, a, b, x, of_b=True),
        lambda xp, g, a, b, x: g * _density(xp, a, b, x),
    ],
)
def betainc(xp, a, b, x, /):
    """Regularized incomplete beta function: the distribution function of the beta distribution. Needs SciPy.

    Parameters
    ----------
    a, b : Tensors or Python scalars, positive
    x : Tensor or Python scalar, in [0, 1]; shapes broadcast

    Returns
    -------
    Tensor, the broadcast shape: the integral of ``t**(a - 1) (1 - t)**(b - 1) / beta(a, b)`` from 0 to ``x``
    (DLMF 8.17.2)

    Notes
    -----
    The derivatives by ``a`` and ``b`` have no closed form; :mod:`pluggrad.special.quadrature` integrates them.

    >>> import pluggrad
    >>> pluggrad.special.betainc(pluggrad.asarray([1.0, 2.0]), 2.0, 0.5)
    tensor([0.7500, 0.5000])
    """
    return on_host(xp, "betainc", a, b, x)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, a, b, x: -g * _slope(xp, a, b, x),
        lambda xp, g, a, b, x: -g * _slope(xp, a, b, x, of_b=True),
        lambda xp, g, a, b, x: -g * _density(xp, a, b, x),
    ],
)
def betaincc(xp, a, b, x, /):
    """Complement of the regularized incomplete beta function, ``1 - betainc(a, b, x)``. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.betaincc(pluggrad.asarray([1.0, 2.0]), 2.0, 0.5)
    tensor([0.2500, 0.5000])
    """
    return on_host(xp, "betaincc", a, b, x)


def _inverse_rules(sign: float) -> list[Any]:
    return [
        lambda xp, g, a, b, out: -g * _slope(xp, a, b, out) / _density(xp, a, b, out),
        lambda xp, g, a, b, out: -g * _slope(xp, a, b, out, of_b=True) / _density(xp, a, b, out),
        lambda xp, g, a, b, out: sign * g / _density(xp, a, b, out),
    ]


@composite(broadcasts=True, result="same", kinds=REAL_FLOATING, vjp=_inverse_rules(1.0))
def betaincinv(xp, a, b, y, /):
    """The ``x`` for which ``betainc(a, b, x)`` is ``y``: quantiles of the beta distribution. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.betaincinv(pluggrad.asarray([2.0]), 2.0, 0.5)
    tensor([0.5000])
    """
    return on_host(xp, "betaincinv", a, b, y)


@composite(broadcasts=True, result="same", kinds=REAL_FLOATING, vjp=_inverse_rules(-1.0))
def betainccinv(xp, a, b, y, /):
    """The ``x`` for which ``betaincc(a, b, x)`` is ``y``. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.betainccinv(pluggrad.asarray([1.0]), 2.0, 0.25)
    tensor([0.5000])
    """
    return on_host(xp, "betainccinv", a, b, y)
