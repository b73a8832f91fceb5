"""Special functions in one pass, vectorised, over threads where an array is large.

What is small, of another dtype or not contiguous goes on to the kernel that was there, or to the composed function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: Elements from which on a compiled kernel is called.
_LEAST = 1 << 10

Kernel = Callable[..., Any]


def _is_large(x: Any) -> bool:
    return x.__class__ is np.ndarray and x.size >= _LEAST and x.dtype.char in "fd" and x.flags.c_contiguous


def _perform(name: str, x: np.ndarray) -> np.ndarray:
    from . import special_tasks
    from .tasks import perform

    out = np.empty(x.shape, x.dtype)
    perform(getattr(special_tasks, f"{name}_of_{'floats' if x.dtype.char == 'f' else 'doubles'}"), (x, out))
    return out


def _compiled(name: str) -> Callable[[Kernel], Kernel]:
    def wrap(kernel: Kernel) -> Kernel:
        def call(x: Any) -> Any:
            return _perform(name, x) if _is_large(x) else kernel(x)

        return call

    return wrap


def polygamma(kernel: Kernel) -> Kernel:
    """The first derivative of digamma, which is the second of lgamma."""

    def call(x: Any, *, n: int) -> Any:
        return _perform("trigamma", x) if n == 1 and _is_large(x) else kernel(x, n=n)

    return call


WRAPPERS = {name: _compiled(name) for name in ("erf", "erfc", "erfinv", "lgamma", "digamma")} | {"polygamma": polygamma}
