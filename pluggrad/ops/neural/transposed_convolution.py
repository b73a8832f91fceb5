"""Transposed convolution: the gradient of a convolution with respect to its input, taken for a function of its own.

Where a convolution takes an input of some size to an output, the transposed one takes an output to an input of that
size (Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4).
"""

from __future__ import annotations

from typing import Any

from ...autograd.operands import require_tensors
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ..manipulation import reshape
from ..padding import _pad_constant
from .convolution import _convolution_input
from .windows import Sizes, batched, per_axis, unbatched

__all__ = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def _conv_transpose(
    name: str, n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    output_padding: Any, groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    x, added = batched(name, input, n)
    if not isinstance(weight, Tensor) or not isinstance(bias, Tensor | None):
        require_tensors(name, weight=weight, bias=bias)
    if weight._array.ndim != n + 2:
        raise ShapeError(
            f"{name}: weight must have {n + 2} axes, (in channels, out channels / groups, *kernel), "
            f"got shape {tuple(weight.shape)}"
        )
    channels, (in_channels, group_channels, *kernel) = x._array.shape[1], weight._array.shape
    if groups < 1 or in_channels % groups:
        raise ArgumentError(f"{name}: groups must divide the {in_channels} input channels, got {groups}")
    if channels != in_channels:
        raise ShapeError(
            f"{name}: given transposed=1, weight of shape {tuple(weight.shape)}, expected input{list(input.shape)} "
            f"to have {in_channels} channels, but got {channels} channels instead"
        )
    out_channels = group_channels * groups
    if bias is not None and bias._array.shape != (out_channels,):
        raise ShapeError(f"{name}: bias must have shape ({out_channels},), got {tuple(bias.shape)}")
    strides, dilations = per_axis(name, "stride", stride, n), per_axis(name, "dilation", dilation, n)
    pads = per_axis(name, "padding", padding, n, least=0)
    extra = per_axis(name, "output_padding", output_padding, n, least=0)
    for e, s, d in zip(extra, strides, dilations, strict=True):
        if e >= max(s, d):
            raise ArgumentError(
                f"{name}: output padding must be smaller than either stride or dilation, but got "
                f"output_padding={extra}, stride={strides}, dilation={dilations}"
            )
    size = _output_size(name, x._array.shape[2:], tuple(kernel), strides, pads, dilations)
    # What is added behind within one stride leaves no room for another window. More than that is taken back from what
    # the padding cuts off; what is beyond no window reaches.
    reached = tuple(e if e < s else min(e, p) for e, s, p in zip(extra, strides, pads, strict=True))
    behind = tuple(p if e < s else p - min(e, p) for e, s, p in zip(extra, strides, pads, strict=True))
    out = _convolution_input(
        x, weight, size=tuple(a + b for a, b in zip(size, reached, strict=True)), stride=strides,
        padding=tuple(zip(pads, behind, strict=True)), dilation=dilations, groups=groups,
    )  # fmt: skip
    if reached != extra:
        beyond = [(0, e - r) for e, r in zip(extra, reached, strict=True)]
        out = _pad_constant(out, widths=((0, 0), (0, 0), *beyond), value=0)
    if bias is not None:
        out = out + reshape(bias, (out_channels, *(1 for _ in size)))
    return unbatched(out, added)


def _output_size(name: str, counts: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    size = tuple(
        (c - 1) * s - 2 * p + d * (k - 1) + 1
        for c, k, s, p, d in zip(counts, kernel, stride, padding, dilation, strict=True)
    )
    if min(size) < 1:
        raise ShapeError(
            f"{name}: input of size {tuple(counts)}, kernel of size {kernel} and padding {padding} leave an output of "
            f"size {size}, which is too small"
        )
    return size


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """Transposed convolution of a signal, (N, C, L) or (C, L); see :func:`conv_transpose2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.conv_transpose1d(pluggrad.tensor([[1.0, 2.0]]), pluggrad.tensor([[[1.0, 1.0]]]))
    tensor([[1., 3., 2.]])
    """
    return _conv_transpose(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """Transposed convolution of an image: each pixel lays its kernel onto the output, and these are added.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W), floating
    weight : Tensor, shape (C, O / groups, KH, KW)
    bias : Tensor, shape (O,), or None
    stride : int or (int, int): how far the kernels of neighbours lie apart
    padding : int or (int, int): what is cut off on both sides of the output
    output_padding : int or (int, int): what is added behind; less than stride or dilation
    groups : the channels are convolved in so many groups, apart from each other
    dilation : int or (int, int): how far the elements of a kernel lie apart

    Returns
    -------
    Tensor, shape (N, O, H', W'); H' = (H - 1)·stride - 2·padding + dilation·(KH - 1) + output_padding + 1

    Raises
    ------
    ShapeError : channels that do not fit the weight, an output without pixels
    ArgumentError : groups that do not divide the channels, too large an ``output_padding``

    >>> import pluggrad
    >>> pluggrad.nn.functional.conv_transpose2d(pluggrad.ones(1, 1, 2), pluggrad.ones(1, 1, 2, 2))
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])
    """
    return _conv_transpose(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """Transposed convolution of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`conv_transpose2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.conv_transpose3d(pluggrad.ones(1, 1, 1, 1), pluggrad.ones(1, 1, 2, 2, 2)).shape
    pluggrad.Size([1, 2, 2, 2])
    """
    return _conv_transpose(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
