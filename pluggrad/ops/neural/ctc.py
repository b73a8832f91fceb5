"""Connectionist temporal classification: the loss of label sequences whose places in time are unknown.

Graves, Fernández, Gomez and Schmidhuber, "Connectionist temporal classification", 2006. The labels stand between
blanks, b l1 b l2 ... b; a path goes through these states in order, may stay in each and may leave out a blank between
two different labels. The loss is -log of the summed probabilities of all paths. With alpha_t(s) that of all beginnings
that are in state s at time t, and beta_t(s) that of all ways on from there, both as logarithms,

    loss = -logsumexp_s(alpha_T(s)) over the two last states
    d loss / d log_prob(t, l_s) = -exp(alpha_t(s) + beta_t(s) + loss)
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from ...autograd.operands import require_tensors
from ...dtypes import INTEGRAL, REAL_FLOATING, float32, float64
from ...errors import ArgumentError, DTypeError, ShapeError
from ...tensor import Tensor
from ..creation import arange, asarray
from ..declare import composite
from ..gathering import gather
from ..searching import where
from .losses import reduction_of

__all__ = ["ctc_loss"]

#: The logarithm of what cannot be: finite, so that differences of two such are numbers.
_NEVER = -1e30


def _emissions(xp: Any, log_probs: Any, labels: Any) -> tuple[list[Any], Any]:
    """The log-probability of each state's label at each time, T times (N, S), and the index that gathers them."""
    steps = log_probs.shape[0]
    index = xp.broadcast_to(xp.reshape(labels, shape=(1, *labels.shape)), shape=(steps, *labels.shape))
    each = xp.gather(log_probs, index, axis=2)
    return [each[t, ...] for t in range(steps)], index


def _never(xp: Any, like: Any, width: int) -> Any:
    return xp.new_zeros(like, shape=(like.shape[0], width)) + _NEVER


def _arriving(xp: Any, a: Any, skips: Any) -> Any:
    """The states that one step later may be reached from: each itself, the one before, and that before a blank."""
    never = _never(xp, a, 2)
    before = xp.concat(never[:, :1], a[:, :-1], axis=1)
    out = xp.logaddexp(a, before)
    if a.shape[1] < 3:
        return out
    second = xp.concat(never, xp.where(skips, a[:, :-2], _never(xp, a, a.shape[1] - 2)), axis=1)
    return xp.logaddexp(out, second)


def _leaving(xp: Any, a: Any, skips: Any) -> Any:
    """:func:`_arriving`, backwards in time."""
    never = _never(xp, a, 2)
    out = xp.logaddexp(a, xp.concat(a[:, 1:], never[:, :1], axis=1))
    if a.shape[1] < 3:
        return out
    second = xp.concat(xp.where(skips, a[:, 2:], _never(xp, a, a.shape[1] - 2)), never, axis=1)
    return xp.logaddexp(out, second)


def _alphas(xp: Any, emissions: list[Any], labels: Any, lengths: Any, like: Any) -> list[Any]:
    """Alpha before the first time step, when all paths are in the first state, and after each."""
    count, states = labels.shape
    skips = labels[:, 2:] != labels[:, :-2]
    a = xp.new_zeros(like, shape=(count, 1))
    a = xp.concat(a, _never(xp, a, states - 1), axis=1)
    alphas = [a]
    for t, emission in enumerate(emissions):
        step = xp.maximum(_arriving(xp, a, skips) + emission, _NEVER)
        a = xp.where(xp.reshape(lengths > t, shape=(count, 1)), step, a)
        alphas.append(a)
    return alphas


def _ctc_log_probs(
    xp: Any, g: Any, log_probs: Any, labels: Any, lengths: Any, ends: Any, out: Any
) -> Any:  # fmt: skip
    """Written in differentiable functions, so that it has derivatives of its own; 0 where no path exists."""
    count, states = labels.shape
    emissions, index = _emissions(xp, log_probs, labels)
    alphas = _alphas(xp, emissions, labels, lengths, log_probs)
    skips = labels[:, 2:] != labels[:, :-2]
    possible = xp.reshape(out < -_NEVER, shape=(count, 1))
    loss = xp.where(possible, xp.reshape(out, shape=(count, 1)), xp.new_zeros(g, shape=()))
    weight = xp.where(possible, xp.reshape(g, shape=(count, 1)), xp.new_zeros(g, shape=()))
    b = xp.where(ends, xp.new_zeros(log_probs, shape=(count, states)), _never(xp, alphas[0], states))
    shares: list[Any] = []
    for t in range(len(emissions) - 1, -1, -1):
        active = xp.reshape(lengths > t, shape=(count, 1))
        # Where no path exists the exponent is far below 0, too, as the loss is left out.
        share = xp.exp(xp.minimum(alphas[t + 1] + b + loss, 0.0)) * weight
        shares.append(xp.where(active, share, xp.new_zeros(g, shape=())))
        step = xp.maximum(_leaving(xp, b + emissions[t], skips), _NEVER)
        b = xp.where(active, step, b)
    every = xp.stack(*reversed(shares), axis=0)
    return xp.scatter_add(xp.new_zeros(log_probs, shape=log_probs.shape), index, -every, axis=2)


@composite(
    name="ctc_loss", autocast="float32", result="same", kinds=REAL_FLOATING, promoted=("log_probs",),
    vjp=[_ctc_log_probs, None, None, None],
)  # fmt: skip
def _ctc_loss(xp: Any, log_probs: Any, labels: Any, lengths: Any, ends: Any, /) -> Any:
    """log_probs (T, N, C), labels with blanks (N, S), lengths in time (N), last states (N, S): the losses, (N)."""
    emissions, _ = _emissions(xp, log_probs, labels)
    last = _alphas(xp, emissions, labels, lengths, log_probs)[-1]
    loss = -xp.logsumexp(xp.where(ends, last, _never(xp, last, last.shape[1])), axis=(1,))
    return xp.namespace.where(loss > -0.5 * _NEVER, xp.namespace.full_like(loss, float("inf")), loss)


def _lengths(name: str, given: Any, count: int) -> list[int]:
    """Lengths, given as a tensor or a sequence, as Python integers."""
    if isinstance(given, Tensor) and given.dtype.kind not in INTEGRAL:
        raise DTypeError(f"ctc_loss: {name} must be integral, got {given.dtype.name}")
    values = given.reshape(-1).tolist() if isinstance(given, Tensor) else list(given)
    if len(values) != count:
        raise ArgumentError(f"ctc_loss: {name} must be of size batch_size, {count}, got {len(values)}")
    if any(v < 0 for v in values):
        raise ArgumentError(f"ctc_loss: expected {name} to have non-negative values, got {min(values)}")
    return [int(v) for v in values]


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[int], target_lengths: Tensor | Sequence[int],
    blank: int = 0, reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """The loss of connectionist temporal classification: of label sequences whose places in time are unknown.

    Parameters
    ----------
    log_probs : Tensor, shape (T, N, C) or (T, C), float32 or float64: log-probabilities of the classes over time
    targets : integer Tensor, shape (N, S), padded, or (sum of target_lengths): labels, one sequence after the other
    input_lengths, target_lengths : N integers, as a tensor or a sequence: how much of both counts
    blank : the class that says nothing
    reduction : 'none': (N) losses; 'sum'; 'mean': each is divided by its target's length, then they are averaged
    zero_infinity : a target that is too long for its input, whose loss is infinite, counts 0

    Returns
    -------
    Tensor, 0-D, or with ``reduction='none'`` (N)

    Raises
    ------
    DTypeError : log-probabilities of another dtype, targets or lengths that are no integers
    ArgumentError : lengths that do not fit, a blank or labels that are no class

    Notes
    -----
    The gradient is that with respect to ``log_probs`` as they are. PyTorch's has the softmax added, which a
    ``log_softmax`` before it takes away again: with that the gradients are equal. Infinite losses have gradient 0.

    >>> import pluggrad
    >>> log_probs = pluggrad.zeros(2, 1, 2) - pluggrad.log(pluggrad.tensor(2.0))
    >>> pluggrad.nn.functional.ctc_loss(log_probs, pluggrad.tensor([[1]]), (2,), (1,)).exp()
    tensor(1.3333)
    """
    reduction = reduction_of("ctc_loss", reduction)
    require_tensors("ctc_loss", log_probs=log_probs, targets=targets)
    if log_probs.dtype not in (float32, float64):
        raise DTypeError(f"ctc_loss: expected log_probs of float32 or float64, got {log_probs.dtype.name}")
    if targets.dtype.kind not in INTEGRAL:
        raise DTypeError(f"ctc_loss: targets must be integral, got {targets.dtype.name}")
    single = log_probs._array.ndim == 2
    if log_probs._array.ndim not in (2, 3):
        raise ShapeError(f"ctc_loss: expected log_probs (T, N, C) or (T, C), got shape {tuple(log_probs.shape)}")
    x = log_probs.unsqueeze(1) if single else log_probs
    steps, count, classes = x._array.shape
    if not 0 <= blank < classes:
        raise ArgumentError(f"ctc_loss: blank must be in label range [0, {classes}), got {blank}")
    times, sizes = (
        _lengths(name, given, count)
        for name, given in (("input_lengths", input_lengths), ("target_lengths", target_lengths))
    )
    if max(times, default=0) > steps:
        raise ArgumentError(f"ctc_loss: expected input_lengths to have value at most {steps}, but got {max(times)}")
    padded, listed = _padded(targets.reshape(1, -1) if single else targets, sizes, blank)
    if padded.size:
        low, high = (int(bound) for bound in (padded.min(), padded.max()))
        if low < 0 or high >= classes:
            raise ArgumentError(f"ctc_loss: labels must be in [0, {classes}), got {low if low < 0 else high}")
    width = padded.shape[1]
    states = arange(2 * width + 1, device=x.device)
    labels = (
        where(states % 2 == 1, gather(padded, 1, ((states - 1) // 2).clamp(min=0).expand(count, -1)), blank)
        if width
        else padded.new_zeros(count, 1) + blank
    )
    last = 2 * listed.unsqueeze(1)
    ends = (states == last) | (states == last - 1)
    each = _ctc_loss(x, labels, asarray(times, dtype=listed.dtype, device=x.device), ends)
    if zero_infinity:
        each = where(each == float("inf"), 0.0, each)
    if reduction == "mean":
        return (each / listed.clamp(min=1)).mean()
    if reduction == "sum":
        return each.sum()
    return each.reshape(()) if single else each


def _padded(targets: Tensor, sizes: list[int], blank: int) -> tuple[Tensor, Tensor]:
    """Targets as (N, longest), blank behind their ends, and their lengths as a tensor.

    Raises
    ------
    ArgumentError : targets that are shorter than their lengths
    """
    longest = max(sizes, default=0)
    place = arange(longest, device=targets.device)
    listed = asarray(sizes, dtype=place.dtype, device=targets.device)
    counts = place < listed.unsqueeze(1)
    if targets._array.ndim == 1:
        if targets.size != sum(sizes):
            raise ArgumentError(f"ctc_loss: expected {sum(sizes)} labels, as target_lengths say, got {targets.size}")
        starts = asarray([0, *itertools.accumulate(sizes)][:-1], dtype=place.dtype, device=targets.device)
        if not targets.size:
            return targets.new_zeros(len(sizes), 0), listed
        found = targets[where(counts, starts.unsqueeze(1) + place, 0)]
    elif targets._array.ndim == 2 and targets.shape[0] == len(sizes):
        if targets.shape[1] < longest:
            raise ArgumentError(
                f"ctc_loss: expected targets to have size at least {longest} along axis 1, got {targets.shape[1]}"
            )
        found = targets[:, :longest]
    else:
        raise ArgumentError(f"ctc_loss: expected targets ({len(sizes)}, S) or 1-D, got shape {tuple(targets.shape)}")
    return where(counts, found, blank), listed
