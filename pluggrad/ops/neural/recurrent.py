"""What the recurrent layers share: the way through the steps, and the gradients that do not depend on the cell.

A layer is one function of a whole sequence in one direction. Its steps are *packed*: ``x`` (sum of ``sizes``, I) holds
``sizes[t]`` rows for step ``t``, and sequences that are shorter are the last of the batch, so that sizes never grow.
The state has a row for each sequence; a step changes the first ``sizes[t]`` of them, forwards as backwards in time.

Beside outputs and last state a layer gives what its gradient reads again: the values of gates and cells. They are
outputs as any other, through which second derivatives go; in a first backward no gradient comes to them.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...autograd.derived import derived_vjp
from ...function import get

State = tuple[Any, ...]


def order(sizes: Sequence[int], reverse: bool) -> Iterator[tuple[slice, int]]:
    """The rows of each step and their number, in the order in which the steps are computed."""
    ends = list(itertools.accumulate(sizes))
    steps = [(slice(end - n, end), n) for end, n in zip(ends, sizes, strict=True)]
    return reversed(steps) if reverse else iter(steps)


def split(arrays: Sequence[Any], states: int, biased: bool, projected: bool = False) -> tuple[Any, ...]:
    """x, the first state, weight_ih, weight_hh, bias_ih, bias_hh and weight_hr, None for those that are not there."""
    x, start, rest = arrays[0], tuple(arrays[1 : 1 + states]), arrays[1 + states :]
    biases = rest[2:4] if biased else (None, None)
    return x, start, rest[0], rest[1], *biases, rest[-1] if projected else None


def over(xp: Any, new: Any, old: Any, n: int) -> Any:
    """The first ``n`` rows of a state replaced."""
    return new if n == old.shape[0] else xp.concat(new, old[n:, :], axis=0)


def forward(
    xp: Any, step: Callable[..., tuple[State, tuple[Any, ...]]], inputs: Any, start: State, sizes: Sequence[int],
    reverse: bool,
) -> tuple[list[Any], State]:  # fmt: skip
    """All steps: ``step(inputs, *state)`` gives a new state and what is to be kept, which is returned packed."""
    state, found = start, []
    for rows, n in order(sizes, reverse):
        new, kept = step(inputs[rows, :], *[s[:n, :] for s in state])
        state = tuple(over(xp, a, s, n) for a, s in zip(new, state, strict=True))
        found.append(kept)
    return [packed(xp, column, reverse) for column in zip(*found, strict=True)], state


def before(xp: Any, values: Any, start: Any, sizes: Sequence[int], reverse: bool) -> list[Any]:
    """The state that each step started from, in the order of computing, from the packed ones it ended with."""
    state, found = start, []
    for rows, n in order(sizes, reverse):
        found.append(state[:n, :])
        state = over(xp, values[rows, :], state, n)
    return found


def backward(
    xp: Any, step: Callable[..., tuple[State, tuple[Any, ...]]], g_out: Any, g_state: State,
    given: Sequence[Sequence[Any]], sizes: Sequence[int], reverse: bool,
) -> tuple[list[Any], State]:  # fmt: skip
    """All steps back: ``step(gradient of the state's parts, *given)`` gives those of the earlier state, and others.

    ``given`` : for each array that a step reads, its rows by step, in the order of computing. The others are returned
    packed.
    """
    slopes, found = g_state, []
    for (rows, n), *values in reversed(list(zip(order(sizes, reverse), *given, strict=True))):
        first, *others = (s[:n, :] for s in slopes)
        new, kept = step((first + g_out[rows, :], *others), *values)
        slopes = tuple(over(xp, a, s, n) for a, s in zip(new, slopes, strict=True))
        found.append(kept)
    return [packed(xp, column, not reverse) for column in zip(*found, strict=True)], slopes


def by_step(values: Any, sizes: Sequence[int], reverse: bool) -> list[Any]:
    """Packed rows by step, in the order of computing."""
    return [values[rows, :] for rows, _ in order(sizes, reverse)]


def packed(xp: Any, values: Sequence[Any], reverse: bool) -> Any:
    """The rows of all steps, which are given in the order of computing, in that of time."""
    return xp.concat(*(reversed(values) if reverse else values), axis=0)


def of_weight(xp: Any, slopes: Any, inputs: Any) -> Any:
    """The gradient for a weight, of those for what it gives and of what it is given."""
    return xp.matmul(xp.permute_dims(slopes, axes=(1, 0)), inputs)


def of_arrays(
    xp: Any, wanted: Sequence[bool], x: Any, hidden: Any, w_ih: Any, of_inputs: Any, of_hidden: Any,
    of_start: State, biased: bool, of_projection: tuple[Any, ...] = (),
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients for those arrays of a layer that want one.

    ``of_inputs``, ``of_hidden`` : those for ``x @ w_ih.T + b_ih`` and ``hidden @ w_hh.T + b_hh``, packed
    """
    late = functools.partial
    computed: list[Callable[[], Any]] = [
        late(xp.matmul, of_inputs, w_ih),
        *[late(_as_it_is, s) for s in of_start],
        late(of_weight, xp, of_inputs, x),
        late(of_weight, xp, of_hidden, hidden),
    ]
    if biased:
        computed += [late(xp.sum, s, axis=(0,), keepdims=False) for s in (of_inputs, of_hidden)]
    if of_projection:
        computed.append(late(of_weight, xp, *of_projection))
    return tuple(compute() for compute, want in zip(computed, wanted, strict=True) if want)


def _as_it_is(x: Any) -> Any:
    return x


def spread(found: Sequence[Any], needs: Sequence[bool]) -> tuple[Any, ...]:
    """The gradients that were computed, and None for the other arrays."""
    left = iter(found)
    return tuple(next(left) if need else None for need in needs)


def with_kept(xp: Any, g: tuple[Any, ...], kept: Sequence[Any]) -> tuple[Any, ...]:
    """Cotangents: if there is one for any of what was ``kept``, zeros for the others of it, else none for these."""
    first, last = g[: len(g) - len(kept)], g[len(g) - len(kept) :]
    if all(c is None for c in last):
        return first
    return (*first, *(xp.new_zeros(k, shape=k.shape) if c is None else c for c, k in zip(last, kept, strict=True)))


def derivative(
    xp: Any, g: Any, arrays: Sequence[Any], name: str, needs: Sequence[bool], **parameters: Any
) -> tuple[Any, ...]:
    """The derivative of a layer's gradients, from what they are composed of."""
    declared = get(name)
    assert declared is not None and declared.forward is not None
    return derived_vjp(xp, functools.partial(declared.forward, **parameters), g, arrays, needs)
