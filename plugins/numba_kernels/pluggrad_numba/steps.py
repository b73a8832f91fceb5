"""Steps of optimisers in one pass over the memory. See ``pluggrad.backends.updates`` for their arguments.

Small parameters, and those that are not contiguous, go on to the kernel that was there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

#: Elements from which on a parameter is worth a call of its own, and from which on threads share it.
_LEAST, _LEAST_SHARED = 4096, 1 << 15

Kernel = Callable[..., None]
Lists = Sequence[Sequence[np.ndarray] | None]


def _divide(lists: Lists) -> tuple[list[tuple[Any, ...]], list[int]]:
    """The arrays of each parameter that is large, 1-D and real; and the places of the others."""
    large, others = [], []
    for i, p in enumerate(lists[0]):  # type: ignore[arg-type]
        arrays = [None if column is None else column[i] for column in lists]
        if (
            p.size >= _LEAST
            and p.dtype.char in "fdFD"
            and all(a is None or (a.flags.c_contiguous and a.dtype == p.dtype) for a in arrays)
        ):
            large.append(tuple([None if a is None else a.reshape(-1).view(p.real.dtype) for a in arrays]))
        else:
            others.append(i)
    return large, others


def _rest(kernel: Kernel, lists: Lists, which: list[int], options: dict[str, Any]) -> None:
    if which:
        kernel(*[None if column is None else [column[i] for i in which] for column in lists], **options)


def _in_dtype(p: np.ndarray, *numbers: float) -> Iterator[Any]:
    return map(p.dtype.type, numbers)


def _run(kernel: Callable[..., None], arrays: tuple[np.ndarray, ...], *numbers: Any) -> None:
    """Call a compiled step, of one parameter."""
    from .crew import ranges, together

    if arrays[0].size < _LEAST_SHARED:
        kernel(0, ranges(1, arrays[0].size), *arrays, *numbers)
    else:
        together(kernel, (arrays[0].size,), *arrays, *numbers)


def adam_step(kernel: Kernel) -> Kernel:
    """Adam, AdamW and AMSGrad."""

    def step(*lists: Any, **options: Any) -> None:
        if max([p.size for p in lists[0]]) < _LEAST:
            kernel(*lists, **options)
            return
        large, others = _divide(lists)
        _rest(kernel, lists, others, options)
        if not large:
            return
        from . import compiled_steps as compiled

        lr, beta1, beta2, decay = (options[name] for name in ("lr", "beta1", "beta2", "weight_decay"))
        correction = math.sqrt(1 - beta2 ** options["step"])
        # p -= lr/c1 * m / (√v/c2 + ε), as m / (√v + ε c2) * (lr/c1 * c2)
        scale, floor = lr / (1 - beta1 ** options["step"]) * correction, options["eps"] * correction
        shrink, pull = (1 - lr * decay, 0.0) if options["decoupled"] else (1.0, decay)
        sign = -1.0 if options["maximize"] else 1.0
        for p, g, m, v, v_max in large:
            numbers = _in_dtype(p, 1 - beta1, beta2, 1 - beta2, scale, floor, shrink, pull, sign)
            if v_max is None:
                _run(compiled.adam, (p, g, m, v), *numbers)
            else:
                _run(compiled.amsgrad, (p, g, m, v, v_max), *numbers)

    return step


def sgd_step(kernel: Kernel) -> Kernel:
    """Stochastic gradient descent, with and without momentum."""

    def step(*lists: Any, **options: Any) -> None:
        if max([p.size for p in lists[0]]) < _LEAST:
            kernel(*lists, **options)
            return
        large, others = _divide(lists)
        _rest(kernel, lists, others, options)
        if not large:
            return
        from . import compiled_steps as compiled

        momentum, first = options["momentum"], options["first"]
        keep, gain = (0.0, 1.0) if first else (momentum, 1 - options["dampening"])
        sign = -1.0 if options["maximize"] else 1.0
        for p, g, buffer in large:
            if not momentum:
                _run(compiled.sgd, (p, g), *_in_dtype(p, options["lr"], options["weight_decay"], sign))
                continue
            numbers = _in_dtype(p, options["lr"], options["weight_decay"], sign, keep, gain, momentum)
            _run(compiled.sgd_with_momentum, (p, g, buffer), *numbers, options["nesterov"])

    return step


WRAPPERS = {f.__name__: f for f in (adam_step, sgd_step)}
