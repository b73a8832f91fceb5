"""Elementwise functions, vectorised, and over threads where an array is large.

What is small, of another dtype or not contiguous goes on to the kernel that was there: below some ten thousand
elements NumPy's loop has ended before a compiled one has been called.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.introspect import opt_func_info

from . import threads
from .normalization import has_channels, sums_of_channels

#: Elements from which on a compiled kernel is called, of sums, and of what is not faster on one thread.
_LEAST, _LEAST_SUMMED, _LEAST_SHARED = 1 << 14, 1 << 16, 1 << 17

Kernel = Callable[..., Any]
Wrapper = Callable[[Kernel], Kernel]

#: NumPy's own functions that cost enough per element to be worth threads, by the standard's names.
_UFUNCS: dict[str, Any] = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2, "log10": np.log10,
    "log1p": np.log1p, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh,
}  # fmt: skip
#: Functions whose compiled form is the faster one, by as much as threads may share; of these NumPy has some with the
#: widest vectors. And functions that cost no more than reading and writing does: threads are all that is gained.
_COMPILED = ("exp", "log", "tanh", "sigmoid", "silu", "relu")
_PLAIN = ("abs", "negative", "reciprocal", "sqrt", "square")
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


def _perform(name: str, arrays: tuple[Any, ...], *numbers: float, over: bool = False) -> Any:
    """What the task makes of these: a new array of the shape of the first, or ``over`` the first."""
    from . import elementwise_tasks
    from .tasks import perform

    out = arrays[0] if over else np.empty(arrays[0].shape, np.float32)
    perform(getattr(elementwise_tasks, name), (*arrays, out), *numbers)
    return out


def is_one_number(x: Any) -> bool:
    """Whether all elements are one place of the memory."""
    return x.__class__ is np.ndarray and x.dtype.char == "f" and bool(x.size) and not any(x.strides)


def filled(x: np.ndarray) -> np.ndarray:
    """The array of float32 of which ``x``, whose elements are all one, is a view."""
    from . import elementwise_tasks
    from .tasks import perform

    out = np.empty(x.shape, np.float32)
    perform(elementwise_tasks.fill, (out,), x.item(0))
    return out


def sum(kernel: Kernel) -> Kernel:
    """Of all elements: the sums of parts, whose length does not depend on the number of threads. Or of each channel."""

    def call(x: Any, *, axis: tuple[int, ...], keepdims: bool = False, dtype: Any = None) -> Any:
        if x.size < _LEAST_SUMMED or dtype is not None or not _is_large(x, "f"):
            return kernel(x, axis=axis, keepdims=keepdims, dtype=dtype)
        if x.ndim > 2 and has_channels(x) and axis == (0, *range(2, x.ndim)):
            return sums_of_channels(x, keepdims)
        if len(axis) != x.ndim:
            return kernel(x, axis=axis, keepdims=keepdims, dtype=dtype)
        from . import elementwise_tasks
        from .tasks import STEP, perform

        sums = np.empty(-(-x.size // STEP), np.float32)
        perform(elementwise_tasks.sum_parts, (x, sums))
        return np.add.reduce(sums, keepdims=True).reshape((1,) * x.ndim if keepdims else ())

    return call


def of_dtype(kernel: Kernel, dtype: Any) -> Kernel:
    return kernel.for_dtype(dtype) if hasattr(kernel, "for_dtype") else kernel


def _of_float32(make: Callable[[Kernel], Kernel], kernel: Kernel) -> Kernel:
    """What ``make`` puts around a kernel; where the dtype is another than float32, that kernel is taken at once."""

    def for_dtype(dtype: Any) -> Kernel:
        within = of_dtype(kernel, dtype)
        return make(within) if dtype.char == "f" else within

    call = make(kernel)
    call.for_dtype = for_dtype  # type: ignore[attr-defined]
    call.__name__ = getattr(kernel, "__name__", call.__name__)
    return call


def _threaded(name: str) -> Wrapper:
    """The wrapper of a function that NumPy has: the same function, on parts of the array."""

    def ufunc(x: Any, out: Any) -> None:
        with np.errstate(all="ignore"):  # a thread of the pool does not know of the caller's
            _UFUNCS[name](x, out=out)

    def wrap(kernel: Kernel) -> Kernel:
        def call(x: Any) -> Any:
            if x.size < _LEAST or not _is_large(x, "fd"):
                return kernel(x)
            out = np.empty(x.shape, x.dtype)
            threads.run(ufunc, (x.reshape(-1), out.reshape(-1)))
            return out

        call.of_few = kernel  # type: ignore[attr-defined]
        call.for_dtype = lambda dtype: wrap(of_dtype(kernel, dtype))  # type: ignore[attr-defined]
        return call

    return wrap


def _compiled(name: str, least: Callable[[], int] = lambda: _LEAST) -> Wrapper:
    """The wrapper of a function of one array by the task of its name."""
    task = f"{name}_all"

    def make(kernel: Kernel) -> Kernel:
        of_few = getattr(kernel, "of_few", kernel)  # past the other wrapper

        def call(x: Any) -> Any:
            if x.size < _LEAST:
                return of_few(x)
            if x.size < least() or not _is_large(x, "f"):
                return kernel(x)
            return _perform(task, (x,))

        def over(x: Any) -> Any:
            return _perform(task, (x,), over=True) if x.size >= least() and _is_large(x, "f") else call(x)

        call.of_few, call.over = of_few, over  # type: ignore[attr-defined]
        return call

    return functools.partial(_of_float32, make)


def _least_shared() -> int:
    """Of a function that only threads make faster, and whose result is NumPy's: the elements from which on they do."""
    return _LEAST_SHARED if threads.count() > 1 else 1 << 62


def gelu(kernel: Kernel) -> Kernel:
    """Both forms."""

    def call(x: Any, *, approximate: str) -> Any:
        if x.size < _LEAST or not _is_large(x, "f"):
            return kernel(x, approximate=approximate)
        return _perform("gelu_tanh" if approximate == "tanh" else "gelu_erf", (x,))

    return call


def _slope(name: str) -> Wrapper:
    """The wrapper of a gradient: of the result's, and of an array that was kept."""

    def large(kernel: Kernel, g: Any, kept: Any, over: bool = False, **options: Any) -> Any:
        if is_one_number(g):  # as from a sum
            g, over = filled(g), True
        if not (_is_large(kept, "f") and _is_large(g, "f") and g.shape == kept.shape):
            return kernel(g, kept, **options)
        which = name
        if options:
            which += "_tanh" if options["approximate"] == "tanh" else "_erf"
        return _perform(f"{which}_slope", (g, kept), over=over)

    def make(kernel: Kernel) -> Kernel:
        def call(g: Any, kept: Any, **options: Any) -> Any:
            return kernel(g, kept, **options) if kept.size < _LEAST else large(kernel, g, kept, **options)

        def call_plain(g: Any, kept: Any) -> Any:  # options cost a dictionary at each call
            return kernel(g, kept) if kept.size < _LEAST else large(kernel, g, kept)

        def over(g: Any, kept: Any, **options: Any) -> Any:
            return large(kernel, g, kept, over=True, **options)

        call_plain.of_few = kernel  # type: ignore[attr-defined]
        call_plain.over = call.over = over  # type: ignore[attr-defined]
        return call if name == "gelu" else call_plain

    return functools.partial(_of_float32, make)


def _arithmetic(name: str) -> Wrapper:
    """The wrapper of an operation on two arrays, one of which may be a single number."""

    def large(kernel: Kernel, x1: Any, x2: Any, over: bool = False) -> Any:
        if x1.shape == x2.shape:
            if _is_large(x1, "f") and _is_large(x2, "f"):
                return _perform(f"{name}_all", (x1, x2), over=over)
        elif not x2.ndim and x2.dtype.char == "f" and _is_large(x1, "f"):
            if name == "subtract":
                return _perform("add_number", (x1,), -x2.item(), over=over)
            return _perform(f"{name}_number", (x1,), x2.item(), over=over)
        elif not x1.ndim and x1.dtype.char == "f" and _is_large(x2, "f"):
            which = f"{name}_number" if name in ("add", "multiply") else f"number_{name}"
            return _perform(which, (x2,), x1.item())
        return kernel(x1, x2)

    def make(kernel: Kernel) -> Kernel:
        def call(x1: Any, x2: Any) -> Any:
            if (x1.size < _LEAST_SHARED and x2.size < _LEAST_SHARED) or threads.count() == 1:
                return kernel(x1, x2)
            return large(kernel, x1, x2)

        call.of_few = kernel  # type: ignore[attr-defined]
        call.over = functools.partial(large, kernel, over=True)  # type: ignore[attr-defined]
        return call

    return functools.partial(_of_float32, make)


def wrappers() -> dict[str, Wrapper]:
    """By function name. A compiled kernel takes what a threaded one would: it is put around it."""
    found: dict[str, Wrapper] = {name: _threaded(name) for name in _UFUNCS}
    for name in _COMPILED:
        if name not in _UFUNCS:
            found[name] = _compiled(name)
        elif not _numpy_is_fast(name):
            found[name] = _both(_compiled(name), found[name])
        else:
            found[name] = _both(_compiled(name, lambda: _LEAST_SHARED), found[name])
    found |= {name: _compiled(name, _least_shared) for name in _PLAIN}
    found |= {name: _arithmetic(name) for name in ("add", "subtract", "multiply", "divide")}
    return found | {"gelu": gelu, "sum": sum} | {name: _slope(of) for name, of in _SLOPES.items()}


def _both(outer: Wrapper, inner: Wrapper) -> Wrapper:
    return lambda kernel: outer(inner(kernel))
