"""The gamma function and its relatives.

The formulas are those of the NIST Digital Library of Mathematical Functions (DLMF), chapters 5 and 8.
"""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import REAL_FLOATING
from ..errors import ArgumentError
from ..ops.declare import composite
from ..ops.special_functions import digamma, lgamma, polygamma
from ..tensor import Tensor
from .host import on_host
from .quadrature import below

__all__ = [
    "binom", "digamma", "gamma", "gammainc", "gammaincc", "gammainccinv", "gammaincinv", "gammaln", "gammasgn",
    "loggamma", "multigammaln", "poch", "polygamma", "psi", "rgamma",
]  # fmt: skip

gammaln, psi = lgamma, digamma


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, out: g * out * xp.digamma(x))
def gamma(xp, x, /):
    """The gamma function of each element; infinite at 0, NaN at -1, -2, ... Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.gamma(pluggrad.asarray([5.0, 0.5]))
    tensor([24.0000,  1.7725])
    """
    return on_host(xp, "gamma", x)


def _rgamma_x(xp: Any, g: Any, x: Any, out: Any) -> Any:
    """At a pole -n of the gamma function the slope of its reciprocal is ``(-1)**n n!``."""
    pole = (x <= 0) & (x == xp.round(x))
    n = xp.where(pole, -x, 0.0)
    sign = 1 - xp.remainder(n, 2) * 2
    return g * xp.where(pole, sign * xp.exp(xp.lgamma(n + 1)), -out * xp.digamma(xp.where(pole, 1.0, x)))


@composite(result="same", kinds=REAL_FLOATING, vjp=_rgamma_x)
def rgamma(xp, x, /):
    """One over the gamma function, which is 0 at 0, -1, -2, ... Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.rgamma(pluggrad.asarray([5.0, 0.0]))
    tensor([0.0417, 0.0000])
    """
    return on_host(xp, "rgamma", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g: xp.zeros_like(g))
def gammasgn(xp, x, /):
    """The sign of the gamma function; its gradient is 0. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.gammasgn(pluggrad.asarray([2.5, -0.5, -1.5]))
    tensor([ 1., -1.,  1.])
    """
    return on_host(xp, "gammasgn", x)


@composite(result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * xp.digamma(x))
def loggamma(xp, x, /):
    """The principal branch of the logarithm of the gamma function of real elements: NaN below 0. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.loggamma(pluggrad.asarray([5.0, -0.5]))
    tensor([3.1781,    nan])
    """
    return on_host(xp, "loggamma", x)


def multigammaln(a: Tensor, d: int) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension ``d``.

    Parameters
    ----------
    a : Tensor, real, each element greater than ``(d - 1) / 2``
    d : int, at least 1

    Returns
    -------
    Tensor, same shape: ``d (d - 1) / 4 log(pi)`` plus the sum of ``gammaln(a + (1 - j) / 2)`` for j = 1, ..., d

    Raises
    ------
    ArgumentError : a dimension below 1, or an element out of range

    >>> import pluggrad
    >>> pluggrad.special.multigammaln(pluggrad.asarray([2.0]), 2)
    tensor([0.4516])
    """
    d = int(d)
    if d < 1:
        raise ArgumentError(f"multigammaln: d must be at least 1, got {d}")
    if a.size and bool((a.detach() <= 0.5 * (d - 1)).any()):
        raise ArgumentError(f"multigammaln: all elements must be greater than (d - 1) / 2 = {0.5 * (d - 1)}")
    total = lgamma(a)
    for j in range(2, d + 1):
        total = total + lgamma(a - 0.5 * (j - 1))
    return total + 0.25 * d * (d - 1) * math.log(math.pi)


# -- incomplete gamma functions ------------------------------------------------------------------------------


def _density(xp: Any, a: Any, x: Any) -> Any:
    """The density of the gamma distribution, the derivative of :func:`gammainc` by ``x``."""
    return xp.exp(xp.xlogy(a - 1, x) - x - xp.lgamma(a))


def _slope(xp: Any, a: Any, x: Any) -> Any:
    """The derivative of :func:`gammainc` by ``a``: with ``x = exp(u)`` the density is log-concave in u."""
    log_gamma, psi = xp.lgamma(a), xp.digamma(a)
    inside = (x > 0) & (x < math.inf)

    def integrand(u: Any) -> Any:
        u = xp.minimum(u, 60.0)  # beyond, the density is 0
        return xp.exp(a * u - xp.exp(u) - log_gamma) * (u - psi)

    upper = xp.log(xp.where(inside, x, 1.0))
    return xp.where(inside, below(xp, upper, xp.log(a + 0.5), xp.rsqrt(a + 1), integrand), 0.0)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[lambda xp, g, a, x: g * _slope(xp, a, x), lambda xp, g, a, x: g * _density(xp, a, x)],
)
def gammainc(xp, a, x, /):
    """Regularized lower incomplete gamma function: the distribution function of the gamma distribution. Needs SciPy.

    Parameters
    ----------
    a : Tensor or Python scalar, the shape parameter, not negative
    x : Tensor or Python scalar, not negative; shapes broadcast

    Returns
    -------
    Tensor, the broadcast shape: the integral of ``t**(a - 1) exp(-t) / gamma(a)`` from 0 to ``x`` (DLMF 8.2.4)

    Notes
    -----
    The derivative by ``a`` is an integral without a closed form, computed by :mod:`pluggrad.special.quadrature`.

    >>> import pluggrad
    >>> pluggrad.special.gammainc(pluggrad.asarray([1.0, 2.0]), 2.0)
    tensor([0.8647, 0.5940])
    """
    return on_host(xp, "gammainc", a, x)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[lambda xp, g, a, x: -g * _slope(xp, a, x), lambda xp, g, a, x: -g * _density(xp, a, x)],
)
def gammaincc(xp, a, x, /):
    """Regularized upper incomplete gamma function, ``1 - gammainc(a, x)``. Arguments as there. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.gammaincc(pluggrad.asarray([1.0, 2.0]), 2.0)
    tensor([0.1353, 0.4060])
    """
    return on_host(xp, "gammaincc", a, x)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, a, out: -g * _slope(xp, a, out) / _density(xp, a, out),
        lambda xp, g, a, out: g / _density(xp, a, out),
    ],
)
def gammaincinv(xp, a, y, /):
    """The ``x`` for which ``gammainc(a, x)`` is ``y``: quantiles of the gamma distribution. Needs SciPy.

    Parameters
    ----------
    a : Tensor or Python scalar, positive
    y : Tensor or Python scalar, in [0, 1]; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.gammaincinv(pluggrad.asarray([1.0]), 0.5)
    tensor([0.6931])
    """
    return on_host(xp, "gammaincinv", a, y)


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, a, out: -g * _slope(xp, a, out) / _density(xp, a, out),
        lambda xp, g, a, out: -g / _density(xp, a, out),
    ],
)
def gammainccinv(xp, a, y, /):
    """The ``x`` for which ``gammaincc(a, x)`` is ``y``. Arguments as in :func:`gammaincinv`. Needs SciPy.

    >>> import pluggrad
    >>> pluggrad.special.gammainccinv(pluggrad.asarray([1.0]), 0.5)
    tensor([0.6931])
    """
    return on_host(xp, "gammainccinv", a, y)


# -- ratios ----------------------------------------------------------------------------------------------------


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, z, m, out: g * out * (xp.digamma(z + m) - xp.digamma(z)),
        lambda xp, g, z, m, out: g * out * xp.digamma(z + m),
    ],
)
def poch(xp, z, m, /):
    """Pochhammer's symbol ``gamma(z + m) / gamma(z)`` (DLMF 5.2.5). Needs SciPy.

    Parameters
    ----------
    z, m : Tensors or Python scalars, real, shapes that broadcast

    >>> import pluggrad
    >>> pluggrad.special.poch(pluggrad.asarray([1.0, 2.0]), 3.0)
    tensor([ 6., 24.])
    """
    return on_host(xp, "poch", z, m)


def _binom_k(xp: Any, g: Any, n: Any, k: Any, out: Any) -> Any:
    return g * out * (xp.digamma(n - k + 1) - xp.digamma(k + 1))


@composite(
    broadcasts=True,
    result="same",
    kinds=REAL_FLOATING,
    vjp=[lambda xp, g, n, k, out: g * out * (xp.digamma(n + 1) - xp.digamma(n - k + 1)), _binom_k],
)
def binom(xp, n, k, /):
    """Binomial coefficient ``gamma(n + 1) / (gamma(k + 1) gamma(n - k + 1))`` of real numbers. Needs SciPy.

    Parameters
    ----------
    n, k : Tensors or Python scalars, real, shapes that broadcast

    Notes
    -----
    The gradient is NaN where a gamma function has a pole, such as at whole numbers ``k > n``.

    >>> import pluggrad
    >>> pluggrad.special.binom(pluggrad.asarray([5.0, 2.5]), 2.0)
    tensor([10.0000,  1.8750])
    """
    return on_host(xp, "binom", n, k)
