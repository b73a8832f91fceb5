"""Convolution in any number of dimensions, and its gradients, which are convolutions again.

``convolution`` is linear in its input and in its weight; so its two gradients are, and the gradients of
those are the three functions of this module again: that gives derivatives of any order.

What deep learning calls convolution is the cross-correlation, without flipping the kernel
(Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.1).
"""

from __future__ import annotations

from typing import Any

from ...autograd.operands import require_tensors
from ...dtypes import FLOATING
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ..declare import composite
from .windows import Padding, Sizes, add_columns, batched, columns, elements, per_axis, unbatched, window_counts

__all__ = ["conv1d", "conv2d", "conv3d"]


def _convolution_x(
    xp: Any, g: Any, weight: Any, x_shape: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    return xp.convolution_input(
        g, xp.conj(weight), size=tuple(x_shape[2:]), stride=stride, padding=padding, dilation=dilation, groups=groups
    )


def _convolution_weight(
    xp: Any, g: Any, x: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    return xp.convolution_weight(
        g,
        xp.conj(x),
        kernel_size=tuple(weight_shape[2:]),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def _convolution_bias(xp: Any, g: Any) -> Any:
    return xp.sum(g, axis=(0, *range(2, g.ndim)), keepdims=False)


@composite(
    name="convolution",
    autocast="lower",
    result="same",
    kinds=FLOATING,
    vjp=[_convolution_x, _convolution_weight, _convolution_bias],
)
def _convolution(
    xp: Any, x: Any, weight: Any, bias: Any = None, /, *, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Any:
    """The product of each group's weights with all windows of its channels.

    x (N, C, *sizes), weight (O, C / groups, *kernel), bias (O) give (N, O, *counts).
    """
    ns = xp.namespace
    cols = columns(xp, x, weight.shape[2:], stride, padding, dilation)
    n, out_channels, counts = x.shape[0], weight.shape[0], tuple(cols.shape[3:])
    cols = ns.reshape(cols, (n, groups, weight.shape[1] * elements(weight.shape[2:]), elements(counts)))
    w = ns.reshape(weight, (groups, out_channels // groups, cols.shape[2]))
    out = ns.reshape(ns.matmul(w, cols), (n, out_channels, *counts))
    return out if bias is None else out + ns.reshape(bias, (out_channels, *(1 for _ in counts)))


def _input_g(xp: Any, g: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    return xp.convolution(g, xp.conj(weight), stride=stride, padding=padding, dilation=dilation, groups=groups)


def _input_weight(
    xp: Any, g: Any, g0: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    return xp.convolution_weight(
        xp.conj(g0),
        g,
        kernel_size=tuple(weight_shape[2:]),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


@composite(name="convolution_input", autocast="lower", result="same", kinds=FLOATING, vjp=[_input_g, _input_weight])
def _convolution_input(
    xp: Any, g0: Any, weight: Any, /, *, size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Any:
    """The gradient of a convolution with respect to an input of that ``size``: the transposed convolution.

    g0 (N, O, *counts), weight (O, C / groups, *kernel) give (N, C, *size).
    """
    ns = xp.namespace
    n, out_channels, counts = g0.shape[0], g0.shape[1], tuple(g0.shape[2:])
    kernel = tuple(weight.shape[2:])
    g = ns.reshape(g0, (n, groups, out_channels // groups, elements(counts)))
    w = ns.reshape(weight, (groups, out_channels // groups, weight.shape[1] * elements(kernel)))
    cols = ns.matmul(ns.matrix_transpose(w), g)
    cols = ns.reshape(cols, (n, groups * weight.shape[1], elements(kernel), *counts))
    return add_columns(xp, cols, size, kernel, stride, padding, dilation)


def _weight_g(xp: Any, g: Any, x: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    return xp.convolution(xp.conj(x), g, stride=stride, padding=padding, dilation=dilation, groups=groups)


def _weight_x(xp: Any, g: Any, g0: Any, x_shape: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    return xp.convolution_input(
        xp.conj(g0), g, size=tuple(x_shape[2:]), stride=stride, padding=padding, dilation=dilation, groups=groups
    )


@composite(name="convolution_weight", result="same", kinds=FLOATING, vjp=[_weight_g, _weight_x])
def _convolution_weight_gradient(
    xp: Any, g0: Any, x: Any, /, *, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, groups: int
) -> Any:
    """The gradient of a convolution with respect to its weight.

    g0 (N, O, *counts), x (N, C, *sizes) give (O, C / groups, *kernel).
    """
    ns = xp.namespace
    n, out_channels, counts = g0.shape[0], g0.shape[1], tuple(g0.shape[2:])
    cols = columns(xp, x, kernel_size, stride, padding, dilation)
    cols = ns.reshape(cols, (n, groups, x.shape[1] // groups * elements(kernel_size), elements(counts)))
    g = ns.reshape(g0, (n, groups, out_channels // groups, elements(counts)))
    out = ns.sum(ns.matmul(g, ns.matrix_transpose(cols)), axis=0)
    return ns.reshape(out, (out_channels, x.shape[1] // groups, *kernel_size))


# -- public --------------------------------------------------------------------------------------------


def same_padding(kernel: Sizes, stride: Sizes, dilation: Sizes) -> Padding:
    """Zeros that keep the size, the odd one behind, as in PyTorch."""
    if any(s != 1 for s in stride):
        raise ArgumentError(f"padding='same' is not supported for strided convolutions, got stride {stride}")
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def padding_pairs(name: str, padding: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Padding:
    """``padding`` as a user writes it: an int, ints, 'valid' or 'same'."""
    if padding == "same":
        return same_padding(kernel, stride, dilation)
    if isinstance(padding, str):
        if padding != "valid":
            raise ArgumentError(f"{name}: padding must be 'valid', 'same', an int or ints, got {padding!r}")
        padding = 0
    return tuple((p, p) for p in per_axis(name, "padding", padding, len(kernel), least=0))


def _conv(
    name: str, n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
    groups: int,
) -> Tensor:  # fmt: skip
    x, added = batched(name, input, n)
    if not isinstance(weight, Tensor) or not isinstance(bias, Tensor | None):
        require_tensors(name, weight=weight, bias=bias)
    if weight._array.ndim != n + 2:
        raise ShapeError(
            f"{name}: weight must have {n + 2} axes, (out channels, in channels / groups, *kernel), "
            f"got shape {tuple(weight.shape)}"
        )
    channels, (out_channels, group_channels, *kernel_) = x._array.shape[1], weight._array.shape
    kernel = tuple(kernel_)
    if groups < 1 or out_channels % groups:
        raise ArgumentError(f"{name}: groups must divide the {out_channels} output channels, got {groups}")
    if channels != group_channels * groups:
        raise ShapeError(
            f"{name}: given groups={groups}, weight of shape {tuple(weight.shape)}, expected input{list(input.shape)} "
            f"to have {group_channels * groups} channels, but got {channels} channels instead"
        )
    if bias is not None and bias._array.shape != (out_channels,):
        raise ShapeError(f"{name}: bias must have shape ({out_channels},), got {tuple(bias.shape)}")
    strides, dilations = per_axis(name, "stride", stride, n), per_axis(name, "dilation", dilation, n)
    pairs = padding_pairs(name, padding, kernel, strides, dilations)
    if min(window_counts(x._array.shape[2:], kernel, strides, pairs, dilations), default=1) < 1:
        raise ShapeError(
            f"{name}: the kernel, of size {kernel} with dilation {dilations}, is larger than the input of size "
            f"{tuple(x.shape[2:])} with padding {pairs}"
        )
    out = _convolution(x, weight, bias, stride=strides, padding=pairs, dilation=dilations, groups=groups)
    return unbatched(out, added)


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolve a signal with a bank of kernels.

    As :func:`conv2d` with one spatial axis: input (N, C, L) or (C, L), weight (O, C / groups, K).

    >>> import pluggrad
    >>> x = pluggrad.tensor([[[1.0, 2.0, 4.0, 7.0]]])
    >>> pluggrad.nn.functional.conv1d(x, pluggrad.tensor([[[-1.0, 1.0]]]))
    tensor([[[1., 2., 3.]]])
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolve an image with a bank of kernels.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W), floating
    weight : Tensor, shape (O, C / groups, KH, KW)
    bias : Tensor, shape (O,), or None
    stride, dilation : int or (int, int), in pixels
    padding : int, (int, int), in pixels of zeros on both sides; 'valid': none; 'same': as many as keep the size
    groups : the channels are convolved in so many groups, apart from each other

    Returns
    -------
    Tensor, shape (N, O, H', W'); H' = (H + 2·padding - dilation·(KH - 1) - 1) // stride + 1

    Raises
    ------
    ShapeError : channels that do not fit the weight, a kernel larger than the padded input
    ValueError : groups that do not divide the channels, 'same' with a stride

    >>> import pluggrad
    >>> x = pluggrad.ones(1, 1, 3, 3)
    >>> pluggrad.nn.functional.conv2d(x, pluggrad.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolve a volume with a bank of kernels.

    As :func:`conv2d` with three spatial axes: input (N, C, D, H, W) or (C, D, H, W), weight
    (O, C / groups, KD, KH, KW).

    >>> import pluggrad
    >>> pluggrad.nn.functional.conv3d(pluggrad.ones(1, 1, 2, 2, 2), pluggrad.ones(1, 1, 2, 2, 2)).item()
    8.0
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)
