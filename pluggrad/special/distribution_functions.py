"""Distribution functions of statistics under SciPy's names, composed of incomplete gamma and beta functions.

A name that ends in ``c`` is of the complement (the probability of more), one in ``i`` of the inverse. Gradients flow to
whatever is continuous; counts ``k`` are rounded down. The formulas are those of SciPy's documentation.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..autograd.operands import wrap
from ..ops.bounds import clamp_max
from ..ops.exponential import exp, sqrt
from ..ops.rounding import floor
from ..ops.searching import where
from ..ops.special_functions import lgamma
from ..tensor import Tensor
from .beta_functions import betainc, betaincc, betainccinv, betaincinv
from .gamma_functions import gammainc, gammaincc, gammainccinv

__all__ = [
    "bdtr", "bdtrc", "bdtri", "chdtr", "chdtrc", "chdtri", "fdtr", "fdtrc", "fdtri", "gdtr", "gdtrc", "nbdtr", "nbdtrc",
    "nbdtri", "pdtr", "pdtrc", "pdtri", "stdtr", "stdtrit",
]  # fmt: skip

Number = Tensor | float


def _whole(k: Number) -> Number:
    """A count, rounded down; of no gradient."""
    return floor(k.detach()) if isinstance(k, Tensor) else math.floor(k)


# -- binomial -------------------------------------------------------------------------------------------------


def bdtr(k: Number, n: Number, p: Tensor) -> Tensor:
    """The probability of at most ``k`` successes in ``n`` trials of probability ``p``. Needs SciPy, as all here do.

    Parameters
    ----------
    k, n : Tensors or Python numbers: whole numbers, ``0 <= k <= n``
    p : Tensor, in [0, 1]; shapes broadcast

    Returns
    -------
    Tensor, the broadcast shape, differentiable in ``p``; NaN outside of the domain

    >>> import pluggrad
    >>> pluggrad.special.bdtr(1, 3, pluggrad.asarray([0.5]))
    tensor([0.5000])
    """
    p = wrap(p)
    k, n = _whole(k), _whole(n)
    return _binomial(betaincc, k, n, p, 1.0)


def _binomial(function: Callable[..., Tensor], count: Number, trials: Number, p: Tensor, at_n: float) -> Tensor:
    """``function(k + 1, n - k, p)``, which is of no use where ``k`` is ``n``."""
    k, n = (v.to(p.dtype) if isinstance(v, Tensor) else p.new_tensor(float(v)) for v in (count, trials))
    full = k == n
    inside = (k >= 0) & (k <= n) & (p >= 0) & (p <= 1)
    out = function(where(inside, k, 0.0) + 1, where(inside & ~full, n - k, 1.0), where(inside, p, 0.5))
    return where(inside, where(full, at_n, out), math.nan)


def bdtrc(k: Number, n: Number, p: Tensor) -> Tensor:
    """The probability of more than ``k`` successes in ``n`` trials of probability ``p``. Arguments as in :func:`bdtr`.

    >>> import pluggrad
    >>> pluggrad.special.bdtrc(1, 3, pluggrad.asarray([0.5]))
    tensor([0.5000])
    """
    p = wrap(p)
    return _binomial(betainc, _whole(k), _whole(n), p, 0.0)


def bdtri(k: Number, n: Number, y: Tensor) -> Tensor:
    """The probability ``p`` for which ``bdtr(k, n, p)`` is ``y``.

    >>> import pluggrad
    >>> pluggrad.special.bdtri(1, 3, pluggrad.asarray([0.5]))
    tensor([0.5000])
    """
    k, n = _whole(k), _whole(n)
    return betainccinv(k + 1, n - k, y)


# -- chi-squared, gamma, Poisson -----------------------------------------------------------------------------


def chdtr(v: Number, x: Number) -> Tensor:
    """The distribution function of chi-squared with ``v`` degrees of freedom.

    Parameters
    ----------
    v, x : Tensors or Python numbers, one of them a Tensor, not negative; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.chdtr(2.0, pluggrad.asarray([2.0]))
    tensor([0.6321])
    """
    return gammainc(v * 0.5, x * 0.5)


def chdtrc(v: Number, x: Number) -> Tensor:
    """The probability of more than ``x`` under chi-squared with ``v`` degrees of freedom: 1 for negative ``x``.

    >>> import pluggrad
    >>> pluggrad.special.chdtrc(2.0, pluggrad.asarray([2.0]))
    tensor([0.3679])
    """
    if isinstance(x, Tensor):
        return where(x < 0, 1.0, gammaincc(v * 0.5, where(x < 0, 0.0, x) * 0.5))
    return gammaincc(v * 0.5, max(x, 0.0) * 0.5)


def chdtri(v: Number, p: Number) -> Tensor:
    """The ``x`` for which ``chdtrc(v, x)`` is ``p``.

    >>> import pluggrad
    >>> pluggrad.special.chdtri(2.0, pluggrad.asarray([0.3679]))
    tensor([1.9999])
    """
    return gammainccinv(v * 0.5, p) * 2


def gdtr(a: Number, b: Number, x: Number) -> Tensor:
    """The distribution function of the gamma distribution of rate ``a`` and shape ``b``.

    Parameters
    ----------
    a, b, x : Tensors or Python numbers, not negative; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.gdtr(1.0, 1.0, pluggrad.asarray([2.0]))
    tensor([0.8647])
    """
    return gammainc(b, a * x)


def gdtrc(a: Number, b: Number, x: Number) -> Tensor:
    """The complement of :func:`gdtr`.

    >>> import pluggrad
    >>> pluggrad.special.gdtrc(1.0, 1.0, pluggrad.asarray([2.0]))
    tensor([0.1353])
    """
    return gammaincc(b, a * x)


def pdtr(k: Number, m: Number) -> Tensor:
    """The probability of at most ``k`` events where ``m`` are expected, after Poisson.

    Parameters
    ----------
    k : Tensor or Python number: a count
    m : Tensor or Python number, not negative; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.pdtr(1, pluggrad.asarray([1.0]))
    tensor([0.7358])
    """
    return gammaincc(_whole(k) + 1, m)


def pdtrc(k: Number, m: Number) -> Tensor:
    """The probability of more than ``k`` events where ``m`` are expected. Arguments as in :func:`pdtr`.

    >>> import pluggrad
    >>> pluggrad.special.pdtrc(1, pluggrad.asarray([1.0]))
    tensor([0.2642])
    """
    return gammainc(_whole(k) + 1, m)


def pdtri(k: Number, y: Number) -> Tensor:
    """The expected number ``m`` for which ``pdtr(k, m)`` is ``y``.

    >>> import pluggrad
    >>> pluggrad.special.pdtri(1, pluggrad.asarray([0.7358]))
    tensor([0.9999])
    """
    return gammainccinv(_whole(k) + 1, y)


# -- F, negative binomial, Student's t -------------------------------------------------------------------------


def _ratio(dfn: Number, dfd: Number, x: Number) -> tuple[Number, Number]:
    """Two parts of 1, each exact: that of the numerator and that of the denominator."""
    top, bottom = dfn * x, dfd + dfn * x
    return top / bottom, dfd / bottom


def fdtr(dfn: Number, dfd: Number, x: Tensor) -> Tensor:
    """The distribution function of F with ``dfn`` and ``dfd`` degrees of freedom.

    Parameters
    ----------
    dfn, dfd, x : Tensors or Python numbers, positive; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.fdtr(2.0, 2.0, pluggrad.asarray([1.0]))
    tensor([0.5000])
    """
    return betainc(dfn * 0.5, dfd * 0.5, _ratio(dfn, dfd, x)[0])


def fdtrc(dfn: Number, dfd: Number, x: Tensor) -> Tensor:
    """The complement of :func:`fdtr`.

    >>> import pluggrad
    >>> pluggrad.special.fdtrc(2.0, 2.0, pluggrad.asarray([3.0]))
    tensor([0.2500])
    """
    return betainc(dfd * 0.5, dfn * 0.5, _ratio(dfn, dfd, x)[1])


def fdtri(dfn: Number, dfd: Number, p: Tensor) -> Tensor:
    """The ``x`` for which ``fdtr(dfn, dfd, x)`` is ``p``.

    >>> import pluggrad
    >>> pluggrad.special.fdtri(2.0, 2.0, pluggrad.asarray([0.5]))
    tensor([1.])
    """
    p = wrap(p)
    # The smaller of the two parts is the exact one.
    part = betaincinv(dfn * 0.5, dfd * 0.5, p)
    rest = betainccinv(dfd * 0.5, dfn * 0.5, p)
    return where(part < 0.5, part / (1 - part), (1 - rest) / rest) * dfd / dfn


def nbdtr(k: Number, n: Number, p: Number) -> Tensor:
    """The probability of at most ``k`` failures before the ``n``-th success, each of probability ``p``.

    Parameters
    ----------
    k : Tensor or Python number: a count
    n, p : Tensors or Python numbers, positive, and in [0, 1]; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.nbdtr(1, 1.0, pluggrad.asarray([0.5]))
    tensor([0.7500])
    """
    return betainc(n, _whole(k) + 1, p)


def nbdtrc(k: Number, n: Number, p: Number) -> Tensor:
    """The complement of :func:`nbdtr`.

    >>> import pluggrad
    >>> pluggrad.special.nbdtrc(1, 1.0, pluggrad.asarray([0.5]))
    tensor([0.2500])
    """
    return betaincc(n, _whole(k) + 1, p)


def nbdtri(k: Number, n: Number, y: Number) -> Tensor:
    """The probability ``p`` for which ``nbdtr(k, n, p)`` is ``y``.

    >>> import pluggrad
    >>> pluggrad.special.nbdtri(1, 1.0, pluggrad.asarray([0.75]))
    tensor([0.5000])
    """
    return betaincinv(n, _whole(k) + 1, y)


def stdtr(df: Number, t: Tensor) -> Tensor:
    """The distribution function of Student's t with ``df`` degrees of freedom.

    Parameters
    ----------
    df : Tensor or Python number, positive
    t : Tensor; shapes broadcast

    >>> import pluggrad
    >>> pluggrad.special.stdtr(1.0, pluggrad.asarray([0.0, 1.0, -1.0]))
    tensor([0.5000, 0.7500, 0.2500])
    """
    t = wrap(t)
    square = t * t
    part, rest = square / (square + df), df / (square + df)
    # One half plus the middle near 0, where the slope of that by t is that of t / sqrt(df) and not of its square.
    near = square < 0.25 * df
    middle = betainc(0.5, df * 0.5, where(near & (t != 0), part, 0.5)) * 0.5
    tail = betainc(df * 0.5, 0.5, where(near, 0.5, rest)) * 0.5
    inner = where(t == 0, t * _density_at_0(df), where(t < 0, -middle, middle)) + 0.5
    return where(near, inner, where(t < 0, tail, 1 - tail))


def _density_at_0(df: Number) -> Number:
    """The density of Student's t at 0: the limit of the slope there."""
    if isinstance(df, Tensor):
        return exp(lgamma((df + 1) * 0.5) - lgamma(df * 0.5)) / sqrt(df * math.pi)
    return math.exp(math.lgamma((df + 1) * 0.5) - math.lgamma(df * 0.5)) / math.sqrt(df * math.pi)


def stdtrit(df: Number, p: Tensor) -> Tensor:
    """The ``t`` for which ``stdtr(df, t)`` is ``p``: quantiles of Student's t.

    >>> import pluggrad
    >>> pluggrad.special.stdtrit(1.0, pluggrad.asarray([0.5, 0.75]))
    tensor([0., 1.])
    """
    p = wrap(p)
    tail = clamp_max(where(p < 0.5, p, 1 - p), 0.5)
    outer = tail < 0.25
    rest = betaincinv(df * 0.5, 0.5, where(outer, tail, 0.125) * 2)
    part = betaincinv(0.5, df * 0.5, where(outer | (tail == 0.5), 0.5, 1 - 2 * tail))
    size = where(outer, sqrt((1 - rest) / rest * df), sqrt(part / (1 - part) * df))
    # At the centre a line of the right slope.
    line = (p - 0.5) / _density_at_0(df)
    return where(tail == 0.5, line, where(p < 0.5, -size, size))
