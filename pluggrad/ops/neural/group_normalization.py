"""Normalisation of groups of channels, of single ones (instance normalisation), and by the root mean square.

Wu and He, "Group normalization", 2018; Ulyanov, Vedaldi and Lempitsky, "Instance normalization", 2016; Zhang and
Sennrich, "Root mean square layer normalization", 2019; Krizhevsky, Sutskever and Hinton, "ImageNet classification
with deep convolutional neural networks", 2012, section 3.3 (local response).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...autograd.operands import require_tensors
from ...dtypes import REAL_FLOATING, bfloat16, finfo, float16, float32
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ..declare import composite
from ..manipulation import reshape
from .avg_pool import _avg_pool
from .normalization import (
    _batch_norm_inference,
    affine,
    as_given,
    check_channels,
    gradients,
    move_running,
    second_order,
)  # fmt: skip

__all__ = ["group_norm", "instance_norm", "local_response_norm", "rms_norm"]


# -- groups: layer normalisation of (N, groups, elements), then weights for each channel -----------------------


def _channel_shape(x: Any) -> tuple[int, ...]:
    return (1, x.shape[1], *(1,) * (x.ndim - 2))


def _rows(x: Any, groups: int) -> tuple[int, ...]:
    return (x.shape[0], groups, math.prod(x.shape[1:]) // groups)


def _group_norm_arrays(
    xp: Any, g: Any, arrays: Any, mean: Any, rstd: Any, groups: int, needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    x, *affine = arrays
    found = xp.group_norm_gradients(*g, x, mean, rstd, *affine[:1], groups=groups)
    return tuple(one if need else None for one, need in zip(found, needs, strict=False))


#: Of (N, groups, channels of a group, elements): the axes to normalise over, and those that a weight is summed over.
_WITHIN, _OVER = (2, 3), (0, 3)


def _by_group(xp: Any, arrays: Any, groups: int) -> list[Any]:
    """The arrays of the gradients with groups as an axis of their own; and the shape of weights beside x."""
    x = arrays[3]
    each = x.shape[1] // groups
    whole = (x.shape[0], groups, each, math.prod(x.shape[2:]))
    kept = (x.shape[0], groups, 1, 1)
    shapes = (whole, kept, kept, whole, kept, kept, (groups, each))
    return [xp.reshape(a, shape=shape) for a, shape in zip(arrays, shapes, strict=False)]


def _group_norm_gradients_arrays(xp: Any, g: Any, arrays: Any, groups: int) -> tuple[Any, ...]:
    grouped = _by_group(xp, arrays, groups)
    shapes = (grouped[3].shape, *((groups, grouped[3].shape[2]),) * 2)
    slopes = tuple(xp.reshape(a, shape=shape) for a, shape in zip(g, shapes, strict=False))
    found = second_order(xp, slopes, grouped, _WITHIN, _OVER, (1, groups, grouped[3].shape[2], 1))
    return tuple(xp.reshape(a, shape=like.shape) for a, like in zip(found, arrays, strict=True))


@composite(name="group_norm_gradients", kinds=REAL_FLOATING, many=True, vjp=_group_norm_gradients_arrays)
def _group_norm_gradients(xp: Any, *arrays: Any, groups: int) -> Any:
    """The gradients for x and, if there is one, weight, and for bias; of g, g_mean, g_rstd, x, mean, rstd, weight."""
    x = arrays[3]
    grouped = _by_group(xp, arrays, groups)
    of_x, *others = gradients(xp, grouped, _WITHIN, _OVER, (1, groups, grouped[3].shape[2], 1))
    return (xp.reshape(of_x, shape=x.shape), *(xp.reshape(a, shape=(x.shape[1],)) for a in others))


@composite(name="group_norm", kinds=REAL_FLOATING, outputs=("out", "mean", "rstd"), vjp=_group_norm_arrays)
def _group_norm(xp: Any, *arrays: Any, groups: int, eps: float) -> Any:
    """X (N, C, ...), and possibly weight (C) and bias (C)."""
    x, *weights = arrays
    ns = xp.namespace
    out, mean, rstd = xp.layer_norm(ns.reshape(x, _rows(x, groups)), count=1, eps=eps)
    out = ns.reshape(out, x.shape)
    for array, apply in zip(weights, (xp.multiply, xp.add), strict=False):
        out = apply(out, ns.reshape(array, _channel_shape(x)))
    return out, mean, rstd


# -- root mean square ----------------------------------------------------------------------------------------


def _rms_norm_arrays(xp: Any, g: Any, arrays: Any, rstd: Any, count: int, needs: tuple[bool, ...]) -> tuple[Any, ...]:
    x, *weights = arrays
    g_out, g_rstd = g
    axes, others = tuple(range(x.ndim - count, x.ndim)), tuple(range(x.ndim - count))
    n = math.prod(x.shape[-count:])
    found: list[Any] = [None] * len(arrays)
    if needs[0]:
        h = g_out * weights[0] if weights else g_out
        along = (xp.sum(h * x, axis=axes, keepdims=True) + g_rstd) * (rstd * rstd * rstd / n)
        found[0] = h * rstd - x * along
    if weights and needs[1]:
        found[1] = xp.sum(g_out * (x * rstd), axis=others, keepdims=False)
    return tuple(found)


@composite(name="rms_norm", kinds=REAL_FLOATING, outputs=("out", "rstd"), vjp=_rms_norm_arrays)
def _rms_norm(xp: Any, *arrays: Any, count: int, eps: float) -> Any:
    """x, and possibly a weight of the shape of its last ``count`` axes."""
    x, *weights = arrays
    axes = tuple(range(x.ndim - count, x.ndim))
    rstd = 1.0 / xp.sqrt(xp.namespace.mean(xp.square(x), axis=axes, keepdims=True) + eps)
    out = x * rstd
    return (out * weights[0] if weights else out), rstd


# -- public --------------------------------------------------------------------------------------------------


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise groups of channels of each sample to mean 0 and variance 1.

    Parameters
    ----------
    input : Tensor, shape (N, C, ...), real floating
    num_groups : into how many groups the channels are split
    weight, bias : Tensor, shape (C), or None
    eps : added to the variance

    Returns
    -------
    Tensor, same shape

    Raises
    ------
    ShapeError : channels that do not split evenly, weights of another shape
    ValueError : groups of one element

    >>> import pluggrad
    >>> pluggrad.nn.functional.group_norm(pluggrad.tensor([[1.0, 3.0, 5.0, 9.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    shape = tuple(input._array.shape)
    if len(shape) < 2:
        raise ShapeError(f"group_norm: expected at least 2-D input (N, C, ...), got shape {shape}")
    if num_groups < 1 or shape[1] % num_groups:
        raise ShapeError(
            f"group_norm: expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{shape} and num_groups={num_groups}"
        )
    check_channels("group_norm", shape[1], weight=weight, bias=bias)
    if shape[0] * shape[1] // num_groups * math.prod(shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    return as_given(_group_norm(*affine(input, weight, bias, (shape[1],)), groups=num_groups, eps=eps)[0], input)


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
    weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalise each channel of each sample: by its own statistics, or by given ones.

    Parameters
    ----------
    input : Tensor, shape (N, C, d1, ...), real floating
    running_mean, running_var : Tensor, shape (C), or None: moved, in place, by ``momentum`` toward the samples'
        average mean and unbiased variance; without ``use_input_stats`` the input is normalised by them
    weight, bias : Tensor, shape (C), or None
    use_input_stats : whether to use the statistics of the input
    momentum : how far the running statistics move
    eps : added to the variance

    Returns
    -------
    Tensor, same shape

    Raises
    ------
    ValueError : one element per channel; no statistics given where they are asked for
    ShapeError : statistics or weights of another shape than (C)

    >>> import pluggrad
    >>> pluggrad.nn.functional.instance_norm(pluggrad.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """
    require_tensors("instance_norm", input=input)
    shape = tuple(input._array.shape)
    if len(shape) < 2:
        raise ShapeError(f"instance_norm: expected input (N, C, d1, ...), got shape {shape}")
    channels, count = shape[1], math.prod(shape[2:])
    check_channels(
        "instance_norm", channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ArgumentError("instance_norm: expected running_mean and running_var when use_input_stats is False")
        return as_given(_batch_norm_inference(input, running_mean, running_var, weight, bias, eps=eps), input)
    if count == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    out, mean, rstd = _group_norm(*affine(input, weight, bias, (channels,)), groups=channels, eps=eps)
    if running_mean is not None or running_var is not None:
        with mean._type.here():
            ns = mean._type.kernels.namespace
            biased = 1.0 / (rstd._array * rstd._array) - eps
            averages = [ns.mean(a, axis=(0, 2)) for a in (mean._array, biased * (count / max(count - 1, 1)))]
            move_running((running_mean, running_var), averages, momentum)
    return as_given(out, input)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Divide by the root of the mean of squares over the last axes.

    Parameters
    ----------
    input : Tensor, shape (..., *normalized_shape), real floating
    normalized_shape : the sizes of the axes to normalise over
    weight : Tensor, shape normalized_shape, or None
    eps : added to the mean of squares; default: the spacing of the dtype's numbers at 1, for 16 bits that of float32's

    Returns
    -------
    Tensor, same shape

    Raises
    ------
    ShapeError : the input does not end with ``normalized_shape``, a weight of another shape

    >>> import pluggrad
    >>> pluggrad.nn.functional.rms_norm(pluggrad.tensor([[1.0, 7.0]]), (2,))
    tensor([[0.2000, 1.4000]])
    """
    shape = tuple(normalized_shape)
    if not shape:
        raise ShapeError("rms_norm: normalized_shape must have at least one size")
    require_tensors("rms_norm", input=input, **({} if weight is None else {"weight": weight}))
    if tuple(input._array.shape[-len(shape) :]) != shape:
        raise ShapeError(
            f"rms_norm: given normalized_shape={list(shape)}, expected input with shape "
            f"[*, {', '.join(map(str, shape))}], but got input of size {list(input.shape)}"
        )
    if weight is not None and tuple(weight._array.shape) != shape:
        raise ShapeError(f"rms_norm: weight must have shape {shape}, got {tuple(weight.shape)}")
    if eps is None:
        eps = finfo(float32 if input.dtype in (float16, bfloat16) else input.dtype).eps
    return as_given(_rms_norm(*affine(input, weight, None, shape), count=len(shape), eps=eps)[0], input)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide by ``(k + alpha·mean of squares)**beta``, the mean taken over ``size`` neighbouring channels.

    Parameters
    ----------
    input : Tensor, shape (N, C, d1, ...), real floating
    size : the number of channels; beyond the first and the last one they count as 0
    alpha, beta, k : see above

    Returns
    -------
    Tensor, same shape

    Raises
    ------
    ValueError : fewer than 3 axes

    >>> import pluggrad
    >>> pluggrad.nn.functional.local_response_norm(pluggrad.ones(1, 2, 1), 1, alpha=1.0, beta=1.0)
    tensor([[[0.5000],
             [0.5000]]])
    """
    shape = tuple(input._array.shape)
    if len(shape) < 3:
        raise ShapeError(
            f"local_response_norm: expected 3D or higher dimensionality input (got {len(shape)} dimensions)"
        )
    if 0 in shape:
        return input
    squares = reshape(input * input, (shape[0], 1, shape[1], math.prod(shape[2:])))
    means = _avg_pool(
        squares, kernel_size=(size, 1), stride=(1, 1), padding=((size // 2, (size - 1) // 2), (0, 0)), counted=None,
        divisor=None,
    )  # fmt: skip
    return input / (reshape(means, shape) * alpha + k).pow(beta)
