"""Draws from distributions over whole numbers: ``bernoulli``, ``binomial``, ``multinomial``, ``poisson``."""

from __future__ import annotations

import math
import operator
from typing import Any

from .. import dtypes
from ..autograd.mode import no_grad
from ..backends import ArrayType
from ..errors import ArgumentError, DTypeError
from ..ops.dtype_functions import _astype
from ..tensor import Tensor, make
from ..tensor.placing import there
from . import draws
from .generator import Generator

__all__ = ["bernoulli", "binomial", "multinomial", "poisson"]


def _as_float64(x: Tensor) -> Any:
    """The raw array in double precision, in which all decisions are made."""
    with no_grad():
        return _astype(x, dtype=dtypes.float64)._array


@there
def bernoulli_array(p: Any, shape: tuple[int, ...], array_type: ArrayType, generator: Generator | None) -> Any:
    """Ones with probability ``p``, a number or a raw float64 array that broadcasts to the shape; else zeros.

    Raises
    ------
    ArgumentError : ``p`` is outside of [0, 1]
    """
    ns = array_type.kernels.namespace
    if isinstance(p, int | float):
        if not 0 <= p <= 1:
            raise ArgumentError(f"bernoulli: expects p to be in [0, 1], but got p={p}")
    else:
        error = ArgumentError("bernoulli: expects all probabilities to be in [0, 1]")
        array_type.kernels.refuse(~((p >= 0) & (p <= 1)), error)
    u = draws.uniform(shape, array_type.with_dtype(dtypes.float64), generator)
    return ns.astype(u < p, array_type.native)


def bernoulli(x: Tensor, /, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Ones, each with the probability that ``x`` says, and zeros.

    Parameters
    ----------
    x : Tensor of probabilities, floating; or, with ``p``, any tensor, of which only shape and dtype matter
    p : one probability for all
    generator : default: the process's

    Returns
    -------
    Tensor of the shape and dtype of ``x``, outside of any graph

    Raises
    ------
    ArgumentError : a probability outside of [0, 1]
    DTypeError : ``x`` holds no probabilities

    >>> import pluggrad
    >>> pluggrad.bernoulli(pluggrad.asarray([0.0, 1.0]))
    tensor([0., 1.])
    """
    if p is None:
        draws.require_floating("bernoulli", x.dtype)
    probabilities = _as_float64(x) if p is None else p
    return make(bernoulli_array(probabilities, tuple(x._array.shape), x._type, generator), x._type)


@there
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of successes in ``count`` trials, each of which succeeds with probability ``prob``.

    Parameters
    ----------
    count : Tensor, floating, whole numbers not below 0
    prob : Tensor of the same dtype, in [0, 1]; the shapes broadcast
    generator : default: the process's

    Returns
    -------
    Tensor of the broadcast shape and the dtype, outside of any graph

    Raises
    ------
    ArgumentError : a probability outside of [0, 1], a negative count
    DTypeError : no floating dtype

    Notes
    -----
    By counting: the time is that of drawing the largest count of uniform numbers for each element.

    >>> import pluggrad
    >>> pluggrad.binomial(pluggrad.asarray([5.0, 5.0]), pluggrad.asarray([0.0, 1.0]))
    tensor([0., 5.])
    """
    draws.require_floating("binomial", count.dtype)
    xp, float64 = count._type.kernels, count._type.with_dtype(dtypes.float64)
    ns = xp.namespace
    counts, p = ns.broadcast_arrays(_as_float64(count), _as_float64(prob))
    xp.refuse(~((p >= 0) & (p <= 1)), ArgumentError("binomial: expects all probabilities to be in [0, 1]"))
    if not xp.truth(ns.all((counts >= 0) & ns.isfinite(counts))):
        raise ArgumentError("binomial: expects counts to be finite and not negative")
    out = ns.zeros_like(counts)
    trials = int(ns.max(counts)) if math.prod(counts.shape) else 0
    for done in range(0, trials, _TRIALS):
        these = min(_TRIALS, trials - done)
        u = draws.uniform((these, *counts.shape), float64, generator)
        numbers = ns.arange(done, done + these, dtype=ns.float64, device=xp.native_device(counts))
        numbers = ns.reshape(numbers, (these,) + (1,) * counts.ndim)
        out = out + ns.sum(ns.astype((u < p) & (numbers < counts), ns.float64), axis=0)
    return make(ns.astype(out, count._type.native), count._type)


#: How many trials are drawn at once.
_TRIALS = 256


@there
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Categories drawn by weights: for each row of ``input``, ``num_samples`` column numbers.

    Parameters
    ----------
    input : Tensor, floating, shape (n,) or (m, n): weights, which need not sum to 1
    num_samples : how many to draw from each row
    replacement : whether a category may come again
    generator : default: the process's

    Returns
    -------
    Tensor, int64, shape (num_samples,) or (m, num_samples)

    Raises
    ------
    ArgumentError : negative or infinite weights, or none above 0; more samples than categories of positive weight
        without replacement
    DTypeError : weights of no floating dtype

    Notes
    -----
    Without replacement: the categories that come first in a race of exponential times with the weights for rates
    (P. S. Efraimidis, P. G. Spirakis: "Weighted random sampling with a reservoir", 2006).

    >>> import pluggrad
    >>> pluggrad.multinomial(pluggrad.asarray([0.0, 3.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    if input.ndim not in (1, 2):
        raise ArgumentError(f"multinomial: the weights must be 1-D or 2-D, got shape {tuple(input.shape)}")
    draws.require_floating("multinomial", input.dtype)
    count, categories = operator.index(num_samples), input._array.shape[-1]
    if count <= 0:
        raise ArgumentError(f"multinomial: cannot sample n_sample <= 0 samples, got {count}")
    xp = input._type.kernels
    ns = xp.namespace
    weights = _as_float64(input)
    unfit = ~ns.isfinite(weights) | (weights < 0)
    xp.refuse(unfit, ArgumentError("multinomial: the weights contain inf, nan or an element < 0"))
    nothing = ArgumentError("multinomial: invalid distribution (sum of probabilities <= 0)")
    if not categories:
        raise nothing
    positive = ns.count_nonzero(weights, axis=-1)
    xp.refuse(positive == 0, nothing)
    if not replacement:
        xp.refuse(positive < count, ArgumentError(
            f"multinomial: cannot sample {count} categories without replacement: some row has fewer of positive weight"
        ))  # fmt: skip
    float64 = input._type.with_dtype(dtypes.float64)
    if replacement:
        found = _with_replacement(weights, count, float64, generator)
    else:
        times = draws.exponential(tuple(weights.shape), float64, generator)
        found = ns.argsort(ns.where(weights > 0, times / weights, ns.full_like(times, math.inf)), axis=-1)[..., :count]
    index_type = input._type.with_dtype(dtypes.int64)
    return make(ns.astype(found, index_type.native), index_type)


def _with_replacement(weights: Any, count: int, float64: ArrayType, generator: Generator | None) -> Any:
    """By inversion, row by row: the first category whose cumulative weight exceeds a uniform part of the sum."""
    ns = float64.kernels.namespace
    u = draws.uniform((*weights.shape[:-1], count), float64, generator)
    if weights.ndim == 1:
        return _invert(ns, weights, u)
    return ns.stack([_invert(ns, weights[i, :], u[i, :]) for i in range(weights.shape[0])])


def _invert(ns: Any, weights: Any, u: Any) -> Any:
    cumulative = ns.cumulative_sum(weights, axis=-1)
    total = cumulative[-1]
    # u < 1, but u * total may round to the total. Kept below, it cannot fall behind the last positive weight.
    below = ns.max(ns.where(cumulative < total, cumulative, ns.zeros_like(cumulative)), axis=-1)
    at = u * total
    return ns.searchsorted(cumulative, ns.where(at < total, at, below), side="right")


@there
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers drawn from Poisson distributions.

    Parameters
    ----------
    input : Tensor of rates, floating, not negative
    generator : default: the process's

    Returns
    -------
    Tensor of the shape and dtype of ``input``, outside of any graph

    Raises
    ------
    ArgumentError : a negative rate, or one that is not a number
    DTypeError : rates of no floating dtype

    Notes
    -----
    Rates below 10: inversion of the distribution function by sequential search. Others: transformed rejection, PTRS in
    W. Hörmann: "The transformed rejection method for generating Poisson random variables", 1993.

    >>> import pluggrad
    >>> pluggrad.poisson(pluggrad.zeros(2))
    tensor([0., 0.])
    """
    if not input.dtype.is_floating_point:
        raise DTypeError(f"poisson: the rates must be of a floating-point dtype, got {input.dtype.name}")
    xp = input._type.kernels
    ns = xp.namespace
    rates = _as_float64(input)
    if not xp.truth(ns.all((rates >= 0) & ns.isfinite(rates))):  # at once: what follows would not end
        raise ArgumentError("poisson: invalid Poisson rate, expected rates to be non-negative and finite")
    float64 = input._type.with_dtype(dtypes.float64)
    large = rates >= 10
    out = _poisson_search(xp, ns.where(large, ns.zeros_like(rates), rates), float64, generator)
    if xp.truth(ns.any(large)):
        rates = ns.where(large, rates, ns.full_like(rates, 10.0))
        out = ns.where(large, _poisson_rejection(xp, rates, float64, generator), out)
    return make(ns.astype(out, input._type.native), input._type)


def _poisson_search(xp: Any, rates: Any, float64: ArrayType, generator: Generator | None) -> Any:
    ns = xp.namespace
    u = draws.uniform(tuple(rates.shape), float64, generator)
    k = ns.zeros_like(rates)
    term = ns.exp(-rates)
    total = term
    number = 0
    # Beyond 100 a rate of 10 has no probability that 53 bits could show.
    while number < 100 and xp.truth(ns.any(beyond := u > total)):
        number += 1
        k = ns.where(beyond, k + 1.0, k)
        term = term * rates / number
        total = total + term
    return k


def _poisson_rejection(xp: Any, rates: Any, float64: ArrayType, generator: Generator | None) -> Any:
    ns = xp.namespace
    b = 0.931 + 2.53 * ns.sqrt(rates)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    limit = 0.9277 - 3.6224 / (b - 2.0)
    out = ns.full_like(rates, -1.0)
    while xp.truth(ns.any(open_ := out < 0)):
        uv = draws.uniform((2, *rates.shape), float64, generator)
        u, v = uv[0, ...] - 0.5, 1.0 - uv[1, ...]
        us = 0.5 - ns.abs(u)
        us = ns.where(us > 0, us, ns.full_like(us, 2.0**-54))
        k = ns.floor((2.0 * a / us + b) * u + rates + 0.43)
        quick = (us >= 0.07) & (v <= limit)
        possible = (k >= 0) & ((us >= 0.013) | (v <= us))
        under = ns.log(v * inverse_alpha / (a / (us * us) + b)) <= _log_poisson(ns, k, rates)
        out = ns.where(open_ & (quick | (possible & under)), k, out)
    return out


#: log(k!) - (k + 1/2) log(k) + k - log(2 pi) / 2: how far Stirling's formula is off, for k = 1, ..., 15.
_STIRLING_ERRORS = tuple(
    math.lgamma(k + 1) - (k + 0.5) * math.log(k) + k - 0.5 * math.log(2 * math.pi) for k in range(1, 16)
)


def _log_poisson(ns: Any, k: Any, rates: Any) -> Any:
    """The logarithm of the Poisson probability of ``k``, without the cancellation of -rate + k log(rate) - log(k!).

    C. Loader: "Fast and accurate computation of binomial probabilities", 2000.
    """
    positive = ns.where(k > 0, k, ns.ones_like(k))
    inverse = 1.0 / positive
    error = inverse * (1 / 12 - inverse * inverse * (1 / 360 - inverse * inverse / 1260))
    for number, exact in enumerate(_STIRLING_ERRORS, 1):
        error = ns.where(k == number, ns.full_like(k, exact), error)
    x = (rates - positive) * inverse
    value = -positive * (x - ns.log1p(x)) - error - 0.5 * ns.log(2.0 * math.pi * positive)
    return ns.where(k > 0, value, -rates)
