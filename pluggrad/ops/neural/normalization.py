"""Normalisation to mean 0 and variance 1: layer and batch normalisation.

Both give weight·x̂ + bias with x̂ = (x - mean)·rstd, and beside it the mean and the reciprocal standard deviation
rstd, which their derivatives need and so keep (Ba, Kiros and Hinton, "Layer normalization", 2016; Ioffe and
Szegedy, "Batch normalization", 2015).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...autograd.operands import require_tensors
from ...dtypes import REAL_FLOATING, bfloat16, float16
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ...tensor.memory import release
from ..creation import ones
from ..declare import composite
from ..dtype_functions import _astype

__all__ = ["batch_norm", "layer_norm"]

Axes = tuple[int, ...]


# -- layer normalisation: over the last axes, with weights for each of their elements ------------------------


def _last(ndim: int, count: int) -> Axes:
    return tuple(range(ndim - count, ndim))


def _layer_norm_arrays(
    xp: Any, g: Any, arrays: Any, mean: Any, rstd: Any, count: int, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    x, *affine = arrays
    found = xp.layer_norm_gradients(*g, x, mean, rstd, *affine[:1], count=count)
    return tuple(one if need else None for one, need in zip(found, needs, strict=False))


@composite(name="layer_norm", kinds=REAL_FLOATING, outputs=("out", "mean", "rstd"), vjp=_layer_norm_arrays)
def _layer_norm(xp: Any, *arrays: Any, count: int, eps: float) -> Any:
    """x, and possibly weight and bias of the shape of its last ``count`` axes."""
    return _normalize(xp, arrays, _last(arrays[0].ndim, count), eps)


def _layer_norm_gradients_arrays(xp: Any, g: Any, arrays: Any, count: int) -> tuple[Any, ...]:
    ndim = arrays[3].ndim
    return second_order(xp, g, arrays, _last(ndim, count), tuple(range(ndim - count)), None)


@composite(name="layer_norm_gradients", kinds=REAL_FLOATING, many=True, vjp=_layer_norm_gradients_arrays)
def _layer_norm_gradients(xp: Any, *arrays: Any, count: int) -> Any:
    """The gradients for x and, if there is one, weight, and for bias; of g, g_mean, g_rstd, x, mean, rstd, weight."""
    ndim = arrays[3].ndim
    return gradients(xp, arrays, _last(ndim, count), tuple(range(ndim - count)), None)


# -- batch normalisation: over all axes but the channels, with weights for each channel -----------------------


def _but_channels(x: Any) -> Axes:
    return (0, *range(2, x.ndim))


def _channels(x: Any) -> tuple[int, ...]:
    """The shape in which numbers of channels broadcast."""
    return (1, x.shape[1], *(1,) * (x.ndim - 2))


def _batch_norm_arrays(xp: Any, g: Any, arrays: Any, mean: Any, rstd: Any, needs: tuple[bool, ...]) -> tuple[Any, ...]:
    x, *affine = arrays
    found = xp.batch_norm_gradients(*g, x, mean, rstd, *affine[:1])
    return tuple(one if need else None for one, need in zip(found, needs, strict=False))


@composite(name="batch_norm", kinds=REAL_FLOATING, outputs=("out", "mean", "rstd"), vjp=_batch_norm_arrays)
def _batch_norm(xp: Any, *arrays: Any, eps: float) -> Any:
    """X (N, C, ...), and possibly weight (C) and bias (C)."""
    x, *affine = arrays
    return _normalize(xp, (x, *(xp.namespace.reshape(a, _channels(x)) for a in affine)), _but_channels(x), eps)


def _batch_norm_gradients_arrays(xp: Any, g: Any, arrays: Any) -> tuple[Any, ...]:
    x = arrays[3]
    return second_order(xp, g, arrays, _but_channels(x), _but_channels(x), _channels(x))


@composite(name="batch_norm_gradients", kinds=REAL_FLOATING, many=True, vjp=_batch_norm_gradients_arrays)
def _batch_norm_gradients(xp: Any, *arrays: Any) -> Any:
    """The gradients for x and, if there is one, weight, and for bias; of g, g_mean, g_rstd, x, mean, rstd, weight."""
    x = arrays[3]
    return gradients(xp, arrays, _but_channels(x), _but_channels(x), _channels(x))


# -- what both share ---------------------------------------------------------------------------------------
#
# With h = g·weight, averages over the normalised axes, which have n elements, and sums over the others:
#
#     for x: rstd·(h - average(h) - x̂·average(h·x̂)) + (g_mean - g_rstd·rstd²·x̂)/n
#     for weight: sum(g·x̂), for bias: sum(g)


def _normalize(xp: Any, arrays: Sequence[Any], axes: Axes, eps: float) -> tuple[Any, Any, Any]:
    x, *affine = arrays
    ns = xp.namespace
    mean = ns.mean(x, axis=axes, keepdims=True)
    centered = x - mean
    rstd = 1.0 / xp.sqrt(ns.mean(xp.square(centered), axis=axes, keepdims=True) + eps)
    out = centered * rstd
    for array, apply in zip(affine, (xp.multiply, xp.add), strict=False):
        out = apply(out, array)
    return out, mean, rstd


def gradients(
    xp: Any, arrays: Sequence[Any], axes: Axes, others: Axes, channels: tuple[int, ...] | None
) -> tuple[Any, ...]:
    g, g_mean, g_rstd, x, mean, rstd, *weight = arrays
    ns = xp.namespace
    n = math.prod(x.shape[a] for a in axes)
    normal = (x - mean) * rstd
    h = g * (weight[0] if channels is None else ns.reshape(weight[0], channels)) if weight else g
    shift = ns.mean(h, axis=axes, keepdims=True) - g_mean / (rstd * n)
    slope = ns.mean(h * normal, axis=axes, keepdims=True) + g_rstd * (rstd / n)
    of_x = (h - shift - normal * slope) * rstd
    return (of_x, ns.sum(g * normal, axis=others), ns.sum(g, axis=others)) if weight else (of_x,)


def second_order(
    xp: Any, cotangents: tuple[Any, ...], arrays: Sequence[Any], axes: Axes, others: Axes,
    channels: tuple[int, ...] | None,
) -> tuple[Any, ...]:  # fmt: skip
    """The derivatives of :func:`gradients` for each of its arrays, x, mean and rstd taken as independent."""
    g, _, g_rstd, x, mean, rstd, *weight = arrays
    n = math.prod(x.shape[a] for a in axes)

    def total(a: Any) -> Any:
        return xp.sum(a, axis=axes, keepdims=True)

    def in_channels(a: Any) -> Any:
        return a if channels is None else xp.reshape(a, shape=channels)

    normal = (x - mean) * rstd
    c = cotangents[0]
    h = g * in_channels(weight[0]) if weight else g
    along_c, along_h = total(c * normal) / n, total(h * normal) / n
    projected = (c - total(c) / n - normal * along_c) * rstd
    of_normal = -(c * along_h + h * along_c + c * (g_rstd * rstd / n)) * rstd
    of_g = projected
    if weight:
        of_g = projected * in_channels(weight[0]) + in_channels(cotangents[1]) * normal + in_channels(cotangents[2])
        of_normal = of_normal + in_channels(cotangents[1]) * g
    of_rstd = (
        total(c * (h - total(h) / n - normal * along_h)) - g_rstd * rstd * along_c * 2.0 + total(of_normal * (x - mean))
    )
    found = (
        of_g, total(c) / n, -(along_c * rstd * rstd), of_normal * rstd, -total(of_normal * rstd), of_rstd,
    )  # fmt: skip
    return (*found, xp.sum(g * projected, axis=others, keepdims=False)) if weight else found


# -- batch normalisation with given statistics ---------------------------------------------------------------


def _by_channel(xp: Any, a: Any, like: Any) -> Any:
    return xp.reshape(a, shape=(1, like.shape[1], *(1,) * (like.ndim - 2)))


def _over(like: Any) -> Axes:
    return (0, *range(2, like.ndim))


def _inference_x(xp: Any, g: Any, var: Any, weight: Any, eps: float) -> Any:
    scale = 1.0 / xp.sqrt(var + eps)
    return g * _by_channel(xp, scale if weight is None else scale * weight, g)


def _inference_weight(xp: Any, g: Any, x: Any, mean: Any, var: Any, eps: float) -> Any:
    normal = (x - _by_channel(xp, mean, x)) * _by_channel(xp, 1.0 / xp.sqrt(var + eps), x)
    return xp.sum(g * normal, axis=_over(g), keepdims=False)


@composite(
    name="batch_norm_inference", result="same", kinds=REAL_FLOATING,
    vjp=[_inference_x, None, None, _inference_weight, lambda xp, g: xp.sum(g, axis=_over(g), keepdims=False)],
)  # fmt: skip
def _batch_norm_inference(
    xp: Any, x: Any, mean: Any, var: Any, weight: Any = None, bias: Any = None, /, *, eps: float
) -> Any:
    """X (N, C, ...) normalised by the given mean (C) and variance (C), which have no derivative."""
    ns = xp.namespace
    scale = 1.0 / xp.sqrt(var + eps)
    if weight is not None:
        scale = scale * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    return x * ns.reshape(scale, _channels(x)) + ns.reshape(shift, _channels(x))


# -- public --------------------------------------------------------------------------------------------


def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalise over the last axes.

    Parameters
    ----------
    input : Tensor, shape (..., *normalized_shape), real floating
    normalized_shape : the sizes of the axes to normalise over
    weight, bias : Tensor, shape normalized_shape, or None
    eps : added to the variance

    Returns
    -------
    Tensor, same shape

    Raises
    ------
    ShapeError : the input does not end with ``normalized_shape``, weights of another shape

    >>> import pluggrad
    >>> pluggrad.nn.functional.layer_norm(pluggrad.tensor([[1.0, 3.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    shape = tuple(normalized_shape)
    if not shape:
        raise ShapeError("layer_norm: normalized_shape must have at least one size")
    try:
        fits = tuple(input._array.shape[-len(shape) :]) == shape
    except AttributeError:
        require_tensors("layer_norm", input=input)
        raise
    if not fits:
        raise ShapeError(
            f"layer_norm: given normalized_shape={list(shape)}, expected input with shape "
            f"[*, {', '.join(map(str, shape))}], but got input of size {list(input.shape)}"
        )
    for name, array in (("weight", weight), ("bias", bias)):
        if not isinstance(array, Tensor | None):
            require_tensors("layer_norm", **{name: array})
        if array is not None and tuple(array._array.shape) != shape:
            raise ShapeError(f"layer_norm: {name} must have shape {shape}, got {tuple(array.shape)}")
    return as_given(_layer_norm(*affine(input, weight, bias, shape), count=len(shape), eps=eps)[0], input)


def as_given(out: Tensor, input: Tensor) -> Tensor:
    """``out`` in the dtype of an ``input`` of 16 bits, beside which weights and statistics may be float32.

    So it is in PyTorch, and in regions of :class:`pluggrad.autocast` the usual case.
    """
    if out._type is input._type or input._type.dtype not in (float16, bfloat16):
        return out
    return _astype(out, dtype=input._type.dtype)


def affine(x: Tensor, weight: Tensor | None, bias: Tensor | None, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    """x, weight and bias, without those at the end that are not there."""
    if bias is None:
        return (x,) if weight is None else (x, weight)
    if weight is None:
        weight = ones(shape, dtype=x.dtype, device=x.device)
    return (x, weight, bias)


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalise each channel: by the statistics of the batch, or by given ones.

    Parameters
    ----------
    input : Tensor, shape (N, C) or (N, C, d1, ...), real floating
    running_mean, running_var : Tensor, shape (C), or None. In training they are moved, in place, by ``momentum``
        toward the batch's mean and unbiased variance; else the input is normalised by them
    weight, bias : Tensor, shape (C), or None
    training : whether to use the batch's statistics
    momentum : how far the running statistics move
    eps : added to the variance

    Returns
    -------
    Tensor, same shape

    Raises
    ------
    ValueError : one value per channel in training; no running statistics otherwise
    ShapeError : statistics or weights of another shape than (C)

    >>> import pluggrad
    >>> pluggrad.nn.functional.batch_norm(pluggrad.tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    try:
        ndim = input._array.ndim
    except AttributeError:
        require_tensors("batch_norm", input=input)
        raise
    if ndim < 2:
        raise ShapeError(f"batch_norm: expected at least 2-D input (N, C, ...), got shape {tuple(input.shape)}")
    channels = input._array.shape[1]
    check_channels("batch_norm", channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if not training:
        if running_mean is None or running_var is None:
            raise ArgumentError("batch_norm: expected running_mean and running_var to be given when training=False")
        return as_given(_batch_norm_inference(input, running_mean, running_var, weight, bias, eps=eps), input)
    count = int(input.size) // channels if channels else 0
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    out, mean, rstd = _batch_norm(*affine(input, weight, bias, (channels,)), eps=eps)
    if count and (running_mean is not None or running_var is not None):
        with rstd._type.here():
            unbiased = (1.0 / (rstd._array * rstd._array) - eps) * (count / max(count - 1, 1))
            move_running((running_mean, running_var), (mean._array, unbiased), momentum)
    return as_given(out, input)


def check_channels(name: str, channels: int, **arrays: Tensor | None) -> None:
    """Refuse statistics and weights that are not one number for each channel.

    Raises
    ------
    ShapeError
    """
    for which, array in arrays.items():
        if not isinstance(array, Tensor | None):
            require_tensors(name, **{which: array})
        if array is not None and array._array.shape != (channels,):
            raise ShapeError(
                f"{name}: {which} must have one number for each of the {channels} channels, "
                f"got shape {tuple(array.shape)}"
            )


def move_running(running: Sequence[Tensor | None], new: Sequence[Any], momentum: float) -> None:
    """Move running statistics toward new ones: on raw memory, off the record."""
    for old, value in zip(running, new, strict=True):
        if old is not None:
            xp, ns = old._type.kernels, old._type.kernels.namespace
            value = ns.astype(ns.reshape(value, old._array.shape), old._array.dtype)
            release(old)
            xp.write(old._array, ..., old._array * (1.0 - momentum) + value * momentum)
