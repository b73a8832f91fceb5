"""Activations with numbers of their own, and selection: one pass, vectorised, over threads where an array is large.

What is small, of another dtype or not contiguous goes on to the kernel that was there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .elementwise import filled, is_one_number
from .threads import run

#: Elements from which on a compiled kernel is called.
_LEAST = 1 << 13

Kernel = Callable[..., Any]

#: Whose gradients are compiled, too.
_WITH_GRADIENTS = ("elu", "softplus", "log_sigmoid", "mish", "leaky_relu", "hardswish")
#: By function: the numbers that its compiled kernel takes, from its parameters.
_NUMBERS: dict[str, Callable[..., tuple[float, ...]]] = {
    "elu": lambda alpha, scale=1.0, input_scale=1.0: (scale, alpha * scale, input_scale),
    "softplus": lambda beta, threshold: (beta, threshold),
    "log_sigmoid": lambda: (),
    "mish": lambda: (),
    "leaky_relu": lambda negative_slope: (negative_slope,),
    "hardtanh": lambda low, high: (low, high),
    "threshold": lambda threshold, value: (threshold, value),
    "hardsigmoid": lambda: (),
    "hardswish": lambda: (),
    "hardshrink": lambda lambd: (lambd,),
    "softshrink": lambda lambd: (lambd,),
}


def _is_large(x: Any, dtypes: str) -> bool:
    return x.__class__ is np.ndarray and x.size >= _LEAST and x.dtype.char in dtypes and x.flags.c_contiguous


def _perform(task: str, name: str, arrays: tuple[np.ndarray, ...], options: dict[str, float]) -> np.ndarray:
    """A new array: what the task makes of these and of the function's parameters."""
    from . import activation_tasks
    from .tasks import perform

    out = np.empty(arrays[0].shape, np.float32)
    perform(getattr(activation_tasks, task), (*arrays, out), *_NUMBERS[name](**options))
    return out


def _activation(name: str) -> Callable[[Kernel], Kernel]:
    def wrap(kernel: Kernel) -> Kernel:
        def call(x: Any, **options: float) -> Any:
            if not _is_large(x, "f"):
                return kernel(x, **options)
            return _perform(name, name, (x,), options)

        return call

    return wrap


def _gradient(name: str) -> Callable[[Kernel], Kernel]:
    """The wrapper of a gradient: of the result's, and of the input."""

    def wrap(kernel: Kernel) -> Kernel:
        def call(g: Any, x: Any, **options: float) -> Any:
            if not _is_large(x, "f"):
                return kernel(g, x, **options)
            if is_one_number(g):  # as from a sum
                g = filled(g)
            if not (_is_large(g, "f") and g.shape == x.shape):
                return kernel(g, x, **options)
            return _perform(f"{name}_slope", name, (g, x), options)

        return call

    return wrap


def where(kernel: Kernel) -> Kernel:
    """Selection of float32 and float64 between two arrays of the condition's shape, or one and a number."""

    def call(condition: Any, x1: Any, x2: Any) -> Any:
        if not _is_large(condition, "?"):
            return kernel(condition, x1, x2)
        first, second = (_is_large(x, "fd") and x.shape == condition.shape for x in (x1, x2))
        given = x1 if first else x2
        if not (first and second and x1.dtype == x2.dtype):
            other = x2 if first else x1
            if not (first or second) or not _is_number(other, given.dtype):
                return kernel(condition, x1, x2)
        from . import compiled_activations as compiled

        out = np.empty(condition.shape, given.dtype)
        flat = (condition.reshape(-1), given.reshape(-1), out.reshape(-1))
        if first and second:
            run(compiled.where, (flat[0], flat[1], x2.reshape(-1), flat[2]))
        elif first:
            run(compiled.where_scalar_second, flat, given.dtype.type(x2))
        else:
            run(compiled.where_scalar_first, flat, given.dtype.type(x1))
        return out

    return call


def _is_number(x: Any, dtype: np.dtype[Any]) -> bool:
    """Whether it is one number that does not change the dtype of the result."""
    return x.dtype == dtype and not x.ndim if hasattr(x, "dtype") else isinstance(x, int | float)


WRAPPERS = {
    **{name: _activation(name) for name in _NUMBERS},
    **{f"{name}_input": _gradient(name) for name in _WITH_GRADIENTS},
    "where": where,
}
