"""Linear algebra: cuSOLVER's failures raised, which CuPy ignores unless it is told to look (and so to wait)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import array_api_compat.cupy
import cupy
import cupyx
import numpy
from cupy import ndarray as Array

from . import host
from .errors import classes

compat: Any = array_api_compat.cupy


def raising(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that looks whether cuSOLVER failed: a copy of one number to the host, for each call.

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
                raise classes.LinAlgError(f"{name}: {error}") from None

    return checked


def _by_host(function: Callable[[Array], Any], on_host: Callable[[Any], Any]) -> Callable[[Array], Any]:
    """A function that older versions of cuSOLVER lack: then it is NumPy's, on the host, whose copy is counted."""

    def either(x: Array) -> Any:
        try:
            return function(x)
        except RuntimeError as error:
            if "not available" not in str(error):
                raise
        try:
            found = on_host(x.get())
        except numpy.linalg.LinAlgError as error:
            raise classes.LinAlgError(str(error)) from None
        dtype = numpy.result_type(x.dtype, numpy.complex64)
        if isinstance(found, tuple):
            return tuple(cupy.asarray(a.astype(dtype)) for a in found)
        return cupy.asarray(found.astype(dtype))

    return either


_CHECKED: dict[str, Callable[..., Any]] = {
    name: getattr(compat.linalg, name)
    for name in ("solve", "inv", "cholesky", "eigh", "eigvalsh", "svd", "svdvals", "pinv", "lstsq")
} | {
    "eig": _by_host(cupy.linalg.eig, numpy.linalg.eig),
    "eigvals": _by_host(cupy.linalg.eigvals, numpy.linalg.eigvals),
}

FUNCTIONS = {name: raising(f"linalg.{name}", function) for name, function in _CHECKED.items()}
