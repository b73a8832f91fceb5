"""Elementwise functions of which NumPy makes many passes, or one number at a time: one pass, in vectors, over threads.

What is small, of another dtype, of other shapes or not contiguous goes on to the kernel that was there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .elementwise import filled

#: Elements from which on a compiled kernel is called.
_LEAST = 1 << 12

Kernel = Callable[..., Any]
Wrapper = Callable[[Kernel], Kernel]


def _are_large(*arrays: Any) -> bool:
    """Whether all are of float32, contiguous, of one shape, and large."""
    first = arrays[0]
    if first.__class__ is not np.ndarray or first.size < _LEAST:
        return False
    return all(
        x.__class__ is np.ndarray and x.dtype.char == "f" and x.shape == first.shape and x.flags.c_contiguous
        for x in arrays
    )


def _is_number(x: Any) -> bool:
    """Whether it is an array of float32 of a single number."""
    return x.__class__ is np.ndarray and not x.ndim and x.dtype.char == "f"


def _perform(module: Any, name: str, arrays: tuple[np.ndarray, ...], *numbers: float) -> np.ndarray:
    from .tasks import perform

    out = np.empty(arrays[0].shape, np.float32)
    perform(getattr(module, name), (*arrays, out), *numbers)
    return out


def _division(name: str) -> Wrapper:
    """Of two arrays, or of one by a number; to the bit as NumPy's, which does what is out of the ordinary."""

    def wrap(kernel: Kernel) -> Kernel:
        def call(x1: Any, x2: Any) -> Any:
            if not _are_large(x1):
                return kernel(x1, x2)
            divisor = filled(np.broadcast_to(x2, x1.shape)) if _is_number(x2) else x2
            if not _are_large(x1, divisor):
                return kernel(x1, x2)
            from . import pointwise_tasks
            from .tasks import STEP, perform

            out, odd = np.empty(x1.shape, np.float32), np.empty(-(-x1.size // STEP), np.float32)
            perform(getattr(pointwise_tasks, f"{name}_all"), (x1, divisor, out, odd))
            return kernel(x1, x2) if odd.any() else out

        return call

    return wrap


def _of_arrays(name: str) -> Wrapper:
    """Of arrays of one shape."""

    def wrap(kernel: Kernel) -> Kernel:
        def call(*arrays: Any) -> Any:
            if not _are_large(*arrays):
                return kernel(*arrays)
            from . import pointwise_tasks

            return _perform(pointwise_tasks, f"{name}_all", arrays)

        return call

    return wrap


def _added(name: str) -> Wrapper:
    """The wrapper of ``addcmul`` or ``addcdiv``."""

    def wrap(kernel: Kernel) -> Kernel:
        def call(x: Any, x1: Any, x2: Any, *, value: float = 1) -> Any:
            if not _are_large(x, x1, x2):
                return kernel(x, x1, x2, value=value)
            from . import pointwise_tasks

            return _perform(pointwise_tasks, f"{name}_all", (x, x1, x2), value)

        return call

    return wrap


def lerp(kernel: Kernel) -> Kernel:
    def call(start: Any, end: Any, weight: Any) -> Any:
        if not _are_large(start, end):
            return kernel(start, end, weight)
        from . import pointwise_tasks

        if _is_number(weight):
            return _perform(pointwise_tasks, "lerp_number", (start, end), weight.item())
        if not _are_large(start, weight):
            return kernel(start, end, weight)
        return _perform(pointwise_tasks, "lerp_all", (start, end, weight))

    return call


def prelu(kernel: Kernel) -> Kernel:
    """Of one weight."""

    def call(x: Any, weight: Any) -> Any:
        if not _is_number(weight) or not _are_large(x):
            return kernel(x, weight)
        from . import activation_tasks

        return _perform(activation_tasks, "leaky_relu", (x,), weight.item())

    return call


def clip(kernel: Kernel) -> Kernel:
    def call(x: Any, *, min: float | None, max: float | None) -> Any:
        if not _are_large(x) or min != min or max != max:  # by NaN all is NaN
            return kernel(x, min=min, max=max)
        from . import activation_tasks

        low, high = -math.inf if min is None else min, math.inf if max is None else max
        return _perform(activation_tasks, "hardtanh", (x,), low, high)

    return call


def logit(kernel: Kernel) -> Kernel:
    def call(x: Any, *, eps: float | None) -> Any:
        if not _are_large(x):
            return kernel(x, eps=eps)
        from . import pointwise_tasks

        low, high = (-math.inf, math.inf) if eps is None else (eps, 1 - eps)
        return _perform(pointwise_tasks, "logit_all", (x,), low, high)

    return call


def pow_scalar(kernel: Kernel) -> Kernel:
    """The powers that are products, a quotient or a root."""

    def call(x: Any, *, exponent: float) -> Any:
        if exponent not in (2, 3, -1, 0.5) or not _are_large(x):
            return kernel(x, exponent=exponent)
        from . import elementwise_tasks, pointwise_tasks

        module, name = {
            2: (elementwise_tasks, "square_all"),
            3: (pointwise_tasks, "cube_all"),
            -1: (elementwise_tasks, "reciprocal_all"),
            0.5: (pointwise_tasks, "root_all"),
        }[exponent]
        return _perform(module, name, (x,))

    return call


def huber_loss(kernel: Kernel) -> Kernel:
    """The sum of losses is that of parts, whose length does not depend on the number of threads."""

    def call(x: Any, target: Any, *, delta: float, reduction: str) -> Any:
        if not _are_large(x, target):
            return kernel(x, target, delta=delta, reduction=reduction)
        from . import pointwise_tasks
        from .tasks import STEP, perform

        if reduction == "none":
            return _perform(pointwise_tasks, "huber_all", (x, target), delta)
        sums = np.empty(-(-x.size // STEP), np.float32)
        perform(pointwise_tasks.huber_parts, (x, target, sums), delta)
        total = np.add.reduce(sums)
        return np.asarray(total / np.float32(x.size) if reduction == "mean" else total)

    return call


WRAPPERS: dict[str, Wrapper] = {
    **{name: _division(name) for name in ("fmod", "remainder", "floor_divide")},
    **{name: _of_arrays(name) for name in ("hypot", "logaddexp", "copysign", "maximum", "minimum", "sign", "frac")},
    **{name: _added(name) for name in ("addcmul", "addcdiv")},
    **{f.__name__: f for f in (lerp, prelu, clip, logit, pow_scalar, huber_loss)},
}
