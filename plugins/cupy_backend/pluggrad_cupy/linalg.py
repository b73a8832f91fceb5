"""Linear algebra: cuSOLVER's failures raised, which CuPy ignores unless it is told to look (and so to wait)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import array_api_compat.cupy
import cupy
import cupyx

from . import host
from .errors import classes


def raising(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that looks whether cuSOLVER failed.

    Raises
    ------
    LinAlgError
    """

    @functools.wraps(function)
    def checked(*args: Any, **parameters: Any) -> Any:
        host.note_copy(name)
        with cupyx.errstate(linalg="raise"):
            try:
                return function(*args, **parameters)
            except cupy.linalg.LinAlgError as error:
                raise classes.LinAlgError(str(error)) from None

    return checked


compat: Any = array_api_compat.cupy
_own = compat.linalg
solve, inv, cholesky = (raising(f"linalg.{f.__name__}", f) for f in (_own.solve, _own.inv, _own.cholesky))
