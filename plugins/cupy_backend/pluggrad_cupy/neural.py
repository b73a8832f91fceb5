"""Softmax, losses and normalisation: one or two kernels each, where a composition would take ten."""

from __future__ import annotations

import math
from typing import Any

import cupy
from cupy import ndarray as Array

from . import late
from .launch import blocks_for, launch


def _contiguous(x: Array, dtype: Any = None) -> Array:
    return cupy.ascontiguousarray(x if dtype is None else x.astype(dtype, copy=False))


def threads_for(n: int) -> int:
    """How many threads share a row of n elements."""
    return min(max(32, 1 << (n - 1).bit_length()), 256) if n else 32


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """One product of two matrices, whatever axes ``x`` has."""
    rows = math.prod(x.shape[:-1])
    out = cupy.matmul(x.reshape(rows, x.shape[-1]), weight.T).reshape((*x.shape[:-1], weight.shape[0]))
    if bias is not None:
        out += bias
    return out


# -- softmax ----------------------------------------------------------------------------------------------------


def _along(name: str, axis: int, *arrays: Array) -> Array:
    x = arrays[0]
    n, inner = x.shape[axis], math.prod(x.shape[axis + 1 :])
    out = cupy.empty(x.shape, x.dtype)
    if x.size:
        rows, given = x.size // n, map(_contiguous, arrays)
        launch("softmax", name, x.dtype, rows, (*given, out, n, inner, rows), threads=threads_for(n))
    return out


def softmax(x: Array, *, axis: int) -> Array:
    return _along("softmax", axis, x)


def softmax_input(g0: Array, y: Array, *, axis: int) -> Array:
    return _along("softmax_input", axis, g0, y)


def log_softmax(x: Array, *, axis: int) -> Array:
    return _along("log_softmax", axis, x)


# -- cross entropy ------------------------------------------------------------------------------------------------


class _Classes:
    """The samples of a loss of classes by number, and what its kernels are told of them."""

    def __init__(
        self, name: str, shape: tuple[int, ...], target: Array, weight: Array | None, dtype: Any,
        ignore_index: int | None, smoothing: float,
    ) -> None:  # fmt: skip
        self.name, self.dtype, self.smoothing = name, dtype, smoothing
        self.classes = shape[0] if len(shape) == 1 else shape[1]
        self.inner = math.prod(shape[2:])
        self.target = _contiguous(target, cupy.int64)
        self.samples = target.size
        self.weight = cupy.empty(0, dtype) if weight is None else _contiguous(weight, dtype)
        self.ignored = (0 if ignore_index is None else ignore_index, ignore_index is not None, weight is not None)

    def run(self, kernel: str, before: tuple[Any, ...], after: tuple[Any, ...], more: tuple[Any, ...] = ()) -> None:
        launch("cross_entropy", kernel, self.dtype, self.samples, (
            *before, self.target, self.weight, *after, late.note(), self.samples, self.classes, self.inner,
            *self.ignored, *more, self.smoothing, late.number_of(self.name),
        ), threads=threads_for(self.classes))  # fmt: skip


def _loss(
    name: str, x: Array, target: Array, weight: Array | None, ignore_index: int | None, reduction: str, smoothing: float
) -> Array:
    classes = _Classes(name, x.shape, target, weight, x.dtype, ignore_index, smoothing)
    loss, used = cupy.empty(target.shape, cupy.float64), cupy.empty(target.shape, cupy.float64)
    classes.run(name, (_contiguous(x),), (loss, used))
    if reduction == "none":
        return loss.astype(x.dtype)
    total = cupy.sum(loss)
    return (total / cupy.sum(used) if reduction == "mean" else total).astype(x.dtype)


def nll_loss(
    x: Array, target: Array, weight: Array | None = None, *, ignore_index: int | None, reduction: str,
    smoothing: float = 0.0,
) -> Array:  # fmt: skip
    return _loss("nll_loss", x, target, weight, ignore_index, reduction, smoothing)


def cross_entropy(
    x: Array, target: Array, weight: Array | None = None, *, ignore_index: int | None, reduction: str, smoothing: float
) -> Array:
    return _loss("cross_entropy", x, target, weight, ignore_index, reduction, smoothing)


def _total(classes: _Classes, reduction: str) -> Array:
    """By what the loss was divided."""
    if reduction != "mean":
        return cupy.ones((), cupy.float64)
    weights = cupy.ones(classes.classes, cupy.float64) if not classes.weight.size else classes.weight
    target = classes.target
    inside = (target >= 0) & (target < classes.classes)
    if classes.ignored[1]:
        inside &= target != classes.ignored[0]
    used = cupy.where(inside, cupy.take(weights, cupy.where(inside, target, 0)), 0)
    return cupy.sum(used, dtype=cupy.float64)


def _loss_input(name: str, x: tuple[Array, ...], g: Array, shape: Any, classes: _Classes, reduction: str) -> Array:
    out = cupy.empty(shape, g.dtype)
    each = reduction == "none"
    classes.run(f"{name}_input", (_contiguous(g), *x), (_total(classes, reduction), out), (each,))
    return out


def nll_loss_input(
    g0: Array, target: Array, weight: Array | None = None, *, shape: tuple[int, ...], ignore_index: int | None,
    reduction: str, smoothing: float = 0.0,
) -> Array:  # fmt: skip
    classes = _Classes("nll_loss", shape, target, weight, g0.dtype, ignore_index, smoothing)
    return _loss_input("nll_loss", (), g0, shape, classes, reduction)


def cross_entropy_input(
    g0: Array, x: Array, target: Array, weight: Array | None = None, *, ignore_index: int | None, reduction: str,
    smoothing: float,
) -> Array:  # fmt: skip
    classes = _Classes("cross_entropy", x.shape, target, weight, x.dtype, ignore_index, smoothing)
    return _loss_input("cross_entropy", (_contiguous(x),), g0, x.shape, classes, reduction)


# -- normalisation --------------------------------------------------------------------------------------------------


def _affine(x: Array, affine: tuple[Array, ...] | list[Array]) -> tuple[Array, Array, int]:
    """Weight and bias, something in their places where there are none, and how many there are."""
    given = [_contiguous(a) for a in affine]
    nothing = cupy.empty(0, x.dtype)
    return (*given, nothing, nothing)[:2] + (len(given),)


def layer_norm(*arrays: Array, count: int, eps: float) -> tuple[Array, Array, Array]:
    x = _contiguous(arrays[0])
    weight, bias, affine = _affine(x, arrays[1:])
    n = math.prod(x.shape[x.ndim - count :])
    kept = (*x.shape[: x.ndim - count], *(1,) * count)
    rows = math.prod(kept)
    out, mean, rstd = cupy.empty(x.shape, x.dtype), cupy.empty(kept, x.dtype), cupy.empty(kept, x.dtype)
    launch("norms", "layer_norm", x.dtype, rows, (x, weight, bias, out, mean, rstd, rows, n, eps, affine),
           threads=threads_for(n))  # fmt: skip
    return out, mean, rstd


def layer_norm_gradients(*arrays: Array, count: int) -> tuple[Array, ...]:
    g, g_mean, g_rstd, x, mean, rstd = (_contiguous(a) for a in arrays[:6])
    weight, _, affine = _affine(x, arrays[6:])
    n = math.prod(x.shape[x.ndim - count :])
    rows = math.prod(x.shape[: x.ndim - count])
    of_x = cupy.empty(x.shape, x.dtype)
    launch("norms", "layer_norm_gradient", x.dtype, rows,
           (g, g_mean, g_rstd, x, mean, rstd, weight, of_x, rows, n, affine), threads=threads_for(n))  # fmt: skip
    if not affine:
        return (of_x,)
    parts = min(max(rows // 32, 1), 64)
    sums = [cupy.zeros((parts, n), cupy.float64) for _ in range(2)]
    launch("norms", "layer_norm_weights", x.dtype, blocks_for(n), (g, x, mean, rstd, *sums, rows, n), rows=parts)
    of_weight, of_bias = (cupy.sum(s, axis=0).astype(x.dtype).reshape(weight.shape) for s in sums)
    return of_x, of_weight, of_bias


def batch_norm(*arrays: Array, eps: float) -> tuple[Array, Array, Array]:
    x = _contiguous(arrays[0])
    weight, bias, affine = _affine(x, arrays[1:])
    images, channels, length = x.shape[0], x.shape[1], math.prod(x.shape[2:])
    kept = (1, channels, *(1,) * (x.ndim - 2))
    out, mean, rstd = cupy.empty(x.shape, x.dtype), cupy.empty(kept, x.dtype), cupy.empty(kept, x.dtype)
    launch("norms", "batch_norm", x.dtype, channels,
           (x, weight, bias, out, mean, rstd, images, channels, length, eps, affine),
           threads=threads_for(images * length))  # fmt: skip
    return out, mean, rstd


def batch_norm_gradients(*arrays: Array) -> tuple[Array, ...]:
    g, g_mean, g_rstd, x, mean, rstd = (_contiguous(a) for a in arrays[:6])
    weight, _, affine = _affine(x, arrays[6:])
    images, channels, length = x.shape[0], x.shape[1], math.prod(x.shape[2:])
    of_x = cupy.empty(x.shape, x.dtype)
    of_weight, of_bias = (cupy.zeros(channels if affine else 0, x.dtype) for _ in range(2))
    launch("norms", "batch_norm_gradient", x.dtype, channels,
           (g, g_mean, g_rstd, x, mean, rstd, weight, of_x, of_weight, of_bias, images, channels, length, affine),
           threads=threads_for(images * length))  # fmt: skip
    return (of_x, of_weight, of_bias) if affine else (of_x,)


KERNELS = {f.__name__: f for f in (
    linear, softmax, softmax_input, log_softmax, nll_loss, nll_loss_input, cross_entropy, cross_entropy_input,
    layer_norm, layer_norm_gradients, batch_norm, batch_norm_gradients,
)}  # fmt: skip
