"""Steps of optimisers, in blocks: all arrays of a block stay in the cache from one ufunc to the next.

A large array is cut into blocks; small ones are gathered into one where a step is so many calls that they cost more
than the copies do. See ``pluggrad.backends.updates`` for the steps and their arguments.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

#: Bytes of one array to a block: five of them fit into a second level cache of 512 KiB.
_BLOCK = 96 * 1024
#: Elements up to which an array is gathered with others.
_SMALL = 2048

Array = np.ndarray
Lists = Sequence[Sequence[Array] | None]


def _blocks(lists: Lists) -> Iterator[tuple[Any, ...]]:
    """The arrays of all parameters, block by block, as 1-D real arrays to be changed in place; None stays None."""
    small: list[int] = []
    bytes_ = 0
    for i, p in enumerate(lists[0]):  # type: ignore[arg-type]
        arrays = [None if column is None else column[i] for column in lists]
        if p.size > _SMALL and all(a is None or a.flags.c_contiguous for a in arrays):
            flat = [None if a is None else _as_real(a.reshape(-1)) for a in arrays]
            size = _BLOCK // flat[0].itemsize  # type: ignore[union-attr]
            for start in range(0, flat[0].size, size):  # type: ignore[union-attr]
                yield tuple([None if a is None else a[start : start + size] for a in flat])
            continue
        if small and bytes_ + p.nbytes > _BLOCK:
            yield from _gathered(lists, small)
            small, bytes_ = [], 0
        small.append(i)
        bytes_ += p.nbytes
    if small:
        yield from _gathered(lists, small)


def _pieces(lists: Lists) -> Iterator[tuple[Any, ...]]:
    """The arrays of all parameters, each by itself, in blocks if it is large: for steps of few calls."""
    columns: list[Any] = [itertools.repeat(None) if column is None else column for column in lists]
    for arrays in zip(*columns, strict=False):
        if arrays[0].nbytes <= _BLOCK:
            yield arrays
        else:
            yield from _blocks([None if a is None else [a] for a in arrays])


def _gathered(lists: Lists, which: list[int]) -> Iterator[tuple[Any, ...]]:
    """Several arrays one behind the other as one block; its values go back when the block has been changed."""
    if len(which) == 1:
        arrays = [None if column is None else column[which[0]] for column in lists]
        if all(a is None or a.flags.c_contiguous for a in arrays):
            yield tuple([None if a is None else _as_real(a.reshape(-1)) for a in arrays])
            return
    block = tuple(None if column is None else np.concatenate([column[i] for i in which], axis=None) for column in lists)
    yield tuple([None if a is None else _as_real(a) for a in block])
    for position, (column, gathered) in enumerate(zip(lists, block, strict=True)):
        if gathered is None or column is None or position == 1:  # the gradients have not changed
            continue
        start = 0
        for i in which:
            target = column[i]
            target[...] = gathered[start : start + target.size].reshape(target.shape)
            start += target.size


def _as_real(a: Array) -> Array:
    return a.view(a.real.dtype) if a.dtype.kind == "c" else a


def update_each(rule: Callable[..., tuple[Any, ...]], *lists: Any) -> None:
    for p, g, *memories in _blocks(lists):
        for old, new in zip((p, *memories), rule(p, g, *memories), strict=True):
            if old is not None:
                np.copyto(old, new)


def sgd_step(
    params: Any, grads: Any, momentum_buffers: Any, *, lr: float, momentum: float, dampening: float,
    weight_decay: float, nesterov: bool, maximize: bool, first: bool,
) -> None:  # fmt: skip
    # Numbers as arrays, once: a Python number would be made one at each use. Real, as blocks of complex arrays are.
    dtype = params[0].real.dtype
    rate, kept = np.asarray(lr, dtype), np.asarray(momentum, dtype)
    decay = np.asarray(weight_decay, dtype) if weight_decay else None
    new = np.asarray(1 - dampening, dtype) if dampening else None
    for p, g, buffer in _pieces((params, grads, momentum_buffers)):
        if maximize:
            g = np.negative(g)
        if decay is not None:
            g = g + p * decay
        if momentum:
            if first:
                np.copyto(buffer, g)
            else:
                np.multiply(buffer, kept, buffer)
                np.add(buffer, g if new is None else g * new, buffer)
            g = g + kept * buffer if nesterov else buffer
        np.subtract(p, g * rate, p)


def adam_step(
    params: Any, grads: Any, exp_avgs: Any, exp_avg_sqs: Any, max_exp_avg_sqs: Any, *, step: float, lr: float,
    beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> None:  # fmt: skip
    correction = math.sqrt(1 - beta2**step)
    # p -= lr/c1 * m / (√v/c2 + ε) with one pass less, as m / (√v + ε c2) * (lr/c1 * c2)
    scale, floor = lr / (1 - beta1**step) * correction, eps * correction
    for p, g, m, v, v_max in _blocks((params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs)):
        if maximize:
            g = -g
        if weight_decay:
            if decoupled:
                np.multiply(p, 1 - lr * weight_decay, out=p)
            else:
                g = g + p * weight_decay
        t = g - m
        np.multiply(t, 1 - beta1, out=t)
        np.add(m, t, out=m)
        np.multiply(g, g, out=t)
        np.multiply(t, 1 - beta2, out=t)
        np.multiply(v, beta2, out=v)
        np.add(v, t, out=v)
        second = v if v_max is None else np.maximum(v_max, v, out=v_max)
        np.sqrt(second, out=t)
        np.add(t, floor, out=t)
        np.divide(m, t, out=t)
        np.multiply(t, scale, out=t)
        np.subtract(p, t, out=p)


KERNELS = {f.__name__: f for f in (update_each, sgd_step, adam_step)}
