"""Layer normalisation, softmax and attention: each row is done while it is in the cache, and threads share the rows.

Small arrays, other dtypes and other layouts go on to the kernel that was there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .classes import softmax_beside

#: Elements from which on a compiled kernel is called, by as many threads as may be used.
_LEAST = 1 << 14
#: Rows whose sums for a weight are added up one after the other: not a matter of how many threads there are.
_BLOCK = 128

Kernel = Callable[..., Any]


def _is_large(x: Any, dtypes: str = "f") -> bool:
    return x.__class__ is np.ndarray and x.size >= _LEAST and x.dtype.char in dtypes


def _rows(x: np.ndarray, width: int) -> np.ndarray:
    """As a contiguous matrix: a view where it can be."""
    return np.ascontiguousarray(x).reshape(math.prod(x.shape) // width, width)


# -- layer normalisation ---------------------------------------------------------------------------------


def layer_norm(kernel: Kernel) -> Kernel:
    def call(*arrays: np.ndarray, count: int, eps: float) -> Any:
        x, *affine = arrays
        if not _is_large(x, "fd"):
            return kernel(*arrays, count=count, eps=eps)
        from . import compiled_rows as compiled
        from .crew import together

        n = math.prod(x.shape[x.ndim - count :])
        rows = _rows(x, n)
        weight = affine[0].reshape(-1) if affine else np.ones(n, x.dtype)
        bias = affine[1].reshape(-1) if len(affine) == 2 else np.zeros(n, x.dtype)
        out = np.empty_like(rows)
        mean, rstd = (np.empty(len(rows), x.dtype) for _ in range(2))
        together(compiled.layer_norm, (len(rows),), rows, weight, bias, x.dtype.type(eps), out, mean, rstd)
        kept = (*x.shape[: x.ndim - count], *(1,) * count)
        return out.reshape(x.shape), mean.reshape(kept), rstd.reshape(kept)

    return call


def rms_norm(kernel: Kernel) -> Kernel:
    def call(*arrays: np.ndarray, count: int, eps: float) -> Any:
        x, *weights = arrays
        if not _is_large(x, "fd"):
            return kernel(*arrays, count=count, eps=eps)
        from . import compiled_rows as compiled
        from .crew import together

        n = math.prod(x.shape[x.ndim - count :])
        rows = _rows(x, n)
        weight = weights[0].reshape(-1) if weights else np.ones(n, x.dtype)
        out, rstd = np.empty_like(rows), np.empty(len(rows), x.dtype)
        together(compiled.rms_norm, (len(rows),), rows, weight, x.dtype.type(eps), out, rstd)
        return out.reshape(x.shape), rstd.reshape(*x.shape[: x.ndim - count], *(1,) * count)

    return call


def layer_norm_gradients(kernel: Kernel) -> Kernel:
    def call(*arrays: np.ndarray, count: int) -> Any:
        x = arrays[3]
        if not _is_large(x, "fd"):
            return kernel(*arrays, count=count)
        from . import compiled_rows as compiled
        from .crew import together

        g, g_mean, g_rstd, _, mean, rstd, *weights = arrays
        n = math.prod(x.shape[x.ndim - count :])
        given, slopes = _rows(x, n), _rows(g, n)
        weight = weights[0].reshape(-1) if weights else np.ones(n, x.dtype)
        out = np.empty_like(given)
        blocks = -(-len(given) // _BLOCK)
        of_weight, of_bias = (np.zeros((blocks, n), x.dtype) for _ in range(2))
        of_mean, of_rstd, center, scale = (a.reshape(-1) for a in (g_mean, g_rstd, mean, rstd))
        together(
            compiled.layer_norm_gradients, (blocks,), slopes, of_mean, of_rstd, given, center, scale, weight, _BLOCK,
            out, of_weight, of_bias,
        )  # fmt: skip
        if not weights:
            return (out.reshape(x.shape),)
        return out.reshape(x.shape), *(np.add.reduce(a, 0).reshape(weights[0].shape) for a in (of_weight, of_bias))

    return call


# -- softmax and attention -------------------------------------------------------------------------------


def _weigh(scores: np.ndarray, causal: bool, safe: bool) -> None:
    """Softmax of scores along the last axis, in place."""
    from . import compiled_rows as compiled
    from .crew import together

    rows = scores.reshape(-1, scores.shape[-1])
    together(compiled.softmax, (len(rows),), rows, scores.shape[-2] if causal else 0, safe)


def _slope(g: np.ndarray, y: np.ndarray) -> None:
    """The gradient of softmax along the last axis, in place of that for its result."""
    from . import compiled_rows as compiled
    from .crew import together

    rows = g.reshape(-1, g.shape[-1])
    together(compiled.softmax_slope, (len(rows),), rows, _rows(y, y.shape[-1]))


def softmax(kernel: Kernel) -> Kernel:
    def call(x: np.ndarray, *, axis: int) -> Any:
        if not _is_large(x):
            return kernel(x, axis=axis)
        if axis != x.ndim - 1:
            return softmax_beside(x, axis)
        out = np.array(x, order="C")
        _weigh(out, causal=False, safe=False)
        return out

    return call


def softmax_input(kernel: Kernel) -> Kernel:
    def call(g: np.ndarray, y: np.ndarray, *, axis: int) -> Any:
        if not (_is_large(y) and _is_large(g) and g.shape == y.shape) or axis != y.ndim - 1:
            return kernel(g, y, axis=axis)
        out = np.array(g, order="C")
        _slope(out, y)
        return out

    return call


def logsumexp(kernel: Kernel) -> Kernel:
    """Over the last axes."""

    def call(x: Any, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
        kept = x.ndim - len(axis)
        if not _is_large(x) or not axis or axis != tuple(range(kept, x.ndim)):
            return kernel(x, axis=axis, keepdims=keepdims)
        from . import compiled_rows as compiled
        from .crew import together

        rows = _rows(x, math.prod(x.shape[kept:]))
        out = np.empty(len(rows), np.float32)
        together(compiled.logsumexp, (len(rows),), rows, out)
        return out.reshape((*x.shape[:kept], *((1,) * len(axis) if keepdims else ())))

    return call


def attention_weights(kernel: Kernel) -> Kernel:
    """The NumPy backend's, with compiled softmax."""

    def call(query: np.ndarray, key: np.ndarray, mask: np.ndarray | None = None, **options: Any) -> Any:
        if query.dtype.char != "f" or math.prod(query.shape[:-1]) * key.shape[-2] < _LEAST:
            return kernel(query, key, mask, **options)
        return kernel(query, key, mask, **options, weigh=_weigh)

    return call


def attention_scores_gradient(kernel: Kernel) -> Kernel:
    """The NumPy backend's, with the compiled gradient of softmax."""

    def call(g: np.ndarray, value: np.ndarray, weights: np.ndarray, *others: Any) -> Any:
        return kernel(g, value, weights, *others, **({"slope": _slope} if _is_large(weights) else {}))

    return call


WRAPPERS = {
    f.__name__: f
    for f in (
        layer_norm, layer_norm_gradients, logsumexp, rms_norm, softmax, softmax_input, attention_weights,
        attention_scores_gradient,
    )
}  # fmt: skip
