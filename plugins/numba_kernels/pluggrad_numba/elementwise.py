"""Elementwise functions, vectorised, and over threads where an array is large.

What is small, of another dtype or not contiguous goes on to the kernel that was there: below some ten thousand
elements NumPy's loop has ended before a compiled one has been called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.introspect import opt_func_info

from .threads import run

#: Elements from which on a compiled kernel is called.
_LEAST = 1 << 14

Kernel = Callable[..., Any]

#: NumPy's own functions that cost enough per element to be worth threads, by the standard's names.
_UFUNCS: dict[str, Any] = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2, "log10": np.log10,
    "log1p": np.log1p, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh,
}  # fmt: skip
_COMPILED = ("exp", "log", "tanh", "sigmoid", "silu", "relu")
#: The gradients of which functions, by the gradients' names.
_SLOPES = {
    "gelu_input": "gelu", "silu_input": "silu", "relu_backward": "relu", "sigmoid_backward": "sigmoid",
    "tanh_backward": "tanh",
}  # fmt: skip


def _is_large(x: Any, dtypes: str) -> bool:
    return x.__class__ is np.ndarray and x.size >= _LEAST and x.dtype.char in dtypes and x.flags.c_contiguous


def _numpy_is_fast(name: str) -> bool:
    """Whether NumPy has this function of float32 for the widest vectors (AVX-512): nothing compiled is faster."""
    target = opt_func_info(func_name=f"^{name}$", signature="float32").get(name, {}).get("ff", {}).get("current", "")
    return "V4" in target or "AVX512" in target


def _threaded(name: str) -> Callable[[Kernel], Kernel]:
    """The wrapper of a function that NumPy has: the same function, on parts of the array."""

    def ufunc(x: Any, out: Any) -> None:
        with np.errstate(all="ignore"):  # a thread of the pool does not know of the caller's
            _UFUNCS[name](x, out=out)

    def wrap(kernel: Kernel) -> Kernel:
        def call(x: Any) -> Any:
            if not _is_large(x, "fd"):
                return kernel(x)
            out = np.empty(x.shape, x.dtype)
            run(ufunc, (x.reshape(-1), out.reshape(-1)))
            return out

        return call

    return wrap


def _compiled(name: str) -> Callable[[Kernel], Kernel]:
    """The wrapper of a function of one array by the compiled kernel of its name, for float32."""

    def wrap(kernel: Kernel) -> Kernel:
        def call(x: Any) -> Any:
            if not _is_large(x, "f"):
                return kernel(x)
            from . import compiled_elementwise as compiled

            out = np.empty(x.shape, np.float32)
            run(getattr(compiled, f"{name}_all"), (x.reshape(-1), out.reshape(-1)))
            return out

        return call

    return wrap


def gelu(kernel: Kernel) -> Kernel:
    """Both forms."""

    def call(x: Any, *, approximate: str) -> Any:
        if not _is_large(x, "f"):
            return kernel(x, approximate=approximate)
        from . import compiled_elementwise as compiled

        out = np.empty(x.shape, np.float32)
        run(compiled.gelu_tanh if approximate == "tanh" else compiled.gelu_erf, (x.reshape(-1), out.reshape(-1)))
        return out

    return call


def _slope(name: str) -> Callable[[Kernel], Kernel]:
    """The wrapper of a gradient: of the result's, and of an array that was kept."""

    def wrap(kernel: Kernel) -> Kernel:
        def call(g: Any, kept: Any, **options: Any) -> Any:
            if not _is_large(kept, "f"):
                return kernel(g, kept, **options)
            if not any(g.strides):  # one number for all, as from a sum
                g = g.copy()
            if not (_is_large(g, "f") and g.shape == kept.shape):
                return kernel(g, kept, **options)
            from . import compiled_elementwise as compiled

            which = name
            if options:
                which += "_tanh" if options["approximate"] == "tanh" else "_erf"
            out = np.empty(kept.shape, np.float32)
            run(getattr(compiled, f"{which}_slope"), (g.reshape(-1), kept.reshape(-1), out.reshape(-1)))
            return out

        return call

    return wrap


def wrappers() -> dict[str, Callable[[Kernel], Kernel]]:
    """By function name. A compiled kernel takes what a threaded one would: it is put around it."""
    found: dict[str, Callable[[Kernel], Kernel]] = {name: _threaded(name) for name in _UFUNCS}
    for name in _COMPILED:
        if name not in _UFUNCS:
            found[name] = _compiled(name)
        elif not _numpy_is_fast(name):
            found[name] = _both(_compiled(name), found[name])
    return found | {"gelu": gelu} | {name: _slope(of) for name, of in _SLOPES.items()}


def _both(outer: Callable[[Kernel], Kernel], inner: Callable[[Kernel], Kernel]) -> Callable[[Kernel], Kernel]:
    return lambda kernel: outer(inner(kernel))
