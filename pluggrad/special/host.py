"""Functions that SciPy computes, on the host.

Bessel functions, incomplete gamma functions and the like take thousands of lines to compute well, and SciPy has them.
Their forward brings the values to the host, in double precision, and the result back; a backend whose library has one
of its own brings it as a kernel, as for any function. The derivatives are here, and run wherever the arrays are.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any, NoReturn

from ..errors import GradientError
from ..function import Function


def on_host(xp: Any, name: str, *arrays: Any, part: int | None = None) -> Any:
    """``scipy.special.<name>`` of real arrays that broadcast: an array of their dtype, on their device.

    ``part``: which of several outputs.

    Raises
    ------
    ImportError : SciPy is not installed
    """
    try:
        function = getattr(import_module("scipy.special"), name)
    except ImportError as error:
        raise ImportError(f'pluggrad.special.{name} is computed by SciPy: pip install "pluggrad[special]"') from error
    namespace = xp.namespace
    double = namespace.float64
    wide = namespace.broadcast_arrays(*(namespace.astype(x, double, copy=False) for x in arrays))
    shape = wide[0].shape
    # Flat, since nested lists do not tell the shape of what is empty.
    values = function(*(xp.to_host(namespace.reshape(x, (math.prod(shape),))) for x in wide))
    out = namespace.asarray(values if part is None else values[part], dtype=double, device=xp.native_device(arrays[0]))
    return namespace.astype(namespace.reshape(out, shape), arrays[0].dtype, copy=False)


def is_on_host(function: Function) -> bool:
    """Whether a registered function needs SciPy where no backend brings a kernel for it."""
    return function.forward is not None and on_host.__name__ in function.forward.__code__.co_names


def no_derivative(function: str, argument: str) -> NoReturn:
    """Say that a derivative has no formula here, rather than give none without a word.

    Raises
    ------
    GradientError
    """
    raise GradientError(
        f"special.{function}: the derivative with respect to {argument!r} is not implemented; "
        f"detach it, as in {argument}.detach()"
    )
