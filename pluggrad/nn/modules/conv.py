"""Convolutional layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...device import Device
from ...dtypes import DType
from ...ops.creation import empty
from ...ops.neural.convolution import same_padding
from ...ops.neural.windows import per_axis
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What convolutions, plain and transposed, of any number of dimensions have in common."""

    _dims: int
    transposed: bool
    bias: Parameter | None

    def _build(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any, padding: Any, output_padding: Any,
        dilation: Any, groups: int, bias: bool, padding_mode: str, device: Device | str | None, dtype: DType | None,
    ) -> None:  # fmt: skip
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if padding_mode not in _MODES:
            raise ValueError(f"padding_mode must be one of {_MODES}, but got padding_mode='{padding_mode}'")
        name, n = type(self).__name__, self._dims
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, n)
        self.stride = per_axis(name, "stride", stride, n)
        self.dilation = per_axis(name, "dilation", dilation, n)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of 'valid', 'same'")
            if padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
            self.padding: Any = padding
        else:
            self.padding = per_axis(name, "padding", padding, n, least=0)
        self.output_padding = per_axis(name, "output_padding", output_padding, n, least=0)
        self.groups, self.padding_mode = groups, padding_mode
        channels = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(
            empty((channels[0], channels[1] // groups, *self.kernel_size), device=device, dtype=dtype)
        )
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        # a = √5 makes the bound of kaiming_uniform_ 1/√fan_in.
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init.fans(self.weight)
            if fan_in:
                init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self._dims:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self._dims:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self._dims:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _ConvNd(_Convolution):
    transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros",
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._build(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode, device,
            dtype,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            pairs = (
                same_padding(self.kernel_size, self.stride, self.dilation) if padding == "same"
                else [(0, 0)] * self._dims if padding == "valid"
                else [(p, p) for p in padding]
            )  # fmt: skip
            input = F.pad(input, [p for pair in reversed(pairs) for p in pair], mode=self.padding_mode)
            padding = 0
        convolve = (F.conv1d, F.conv2d, F.conv3d)[self._dims - 1]
        return convolve(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_ConvNd):
    """Convolution of signals, (N, C, L) or (C, L); see :class:`Conv2d`.

    >>> import pluggrad
    >>> pluggrad.nn.Conv1d(16, 33, 3, stride=2)(pluggrad.zeros(20, 16, 50)).shape
    pluggrad.Size([20, 33, 24])
    """

    _dims = 1


class Conv2d(_ConvNd):
    """Convolution of images, (N, C, H, W) or (C, H, W).

    Parameters
    ----------
    in_channels, out_channels : C of input and output
    kernel_size, stride, dilation : int or (int, int), in pixels
    padding : int, (int, int), in pixels on both sides, 'valid' or 'same'
    groups : the channels are convolved in so many groups, apart from each other
    bias : whether to add one
    padding_mode : what to pad with: 'zeros', 'reflect', 'replicate' or 'circular'
    device, dtype : of the parameters

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, *kernel_size), drawn evenly from ±1/√fan, with
        fan = in_channels / groups · elements of the kernel
    bias : Parameter, shape (out_channels), drawn likewise, or None

    >>> import pluggrad
    >>> pluggrad.nn.Conv2d(16, 33, (3, 5), stride=(2, 1), padding=(4, 2))(pluggrad.zeros(20, 16, 50, 100)).shape
    pluggrad.Size([20, 33, 28, 100])
    """

    _dims = 2


class Conv3d(_ConvNd):
    """Convolution of volumes, (N, C, D, H, W) or (C, D, H, W); see :class:`Conv2d`.

    >>> import pluggrad
    >>> pluggrad.nn.Conv3d(2, 3, 3)(pluggrad.zeros(1, 2, 4, 5, 6)).shape
    pluggrad.Size([1, 3, 2, 3, 4])
    """

    _dims = 3


class _ConvTransposeNd(_Convolution):
    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__()
        self._build(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self.output_padding if output_size is None else self._extra(input, list(output_size))
        convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self._dims - 1]
        return convolve(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _extra(self, input: Tensor, wanted: list[int]) -> tuple[int, ...]:
        """The output padding by which the output gets the size wanted.

        Raises
        ------
        ValueError : a size that no output padding gives
        """
        n, lead = self._dims, input.ndim - self._dims
        sizes = wanted[lead:] if len(wanted) == lead + n else wanted
        if len(sizes) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.ndim}D input, output_size must have {n} or {n + lead} elements "
                f"(got {len(wanted)})"
            )
        geometry = zip(input.shape[lead:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        least = [(m - 1) * s - 2 * p + d * (k - 1) + 1 for m, k, s, p, d in geometry]
        most = [low + s - 1 for low, s in zip(least, self.stride, strict=True)]
        if any(not low <= size <= high for low, size, high in zip(least, sizes, most, strict=True)):
            raise ValueError(
                f"requested an output size of {sizes}, but valid sizes range from {least} to {most} "
                f"(for an input of {list(input.shape[lead:])})"
            )
        return tuple(size - low for size, low in zip(sizes, least, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """Transposed convolution of signals, (N, C, L) or (C, L); see :class:`ConvTranspose2d`."""

    _dims = 1


class ConvTranspose2d(_ConvTransposeNd):
    """Transposed convolution of images, (N, C, H, W) or (C, H, W): what upsamples in decoders and generators.

    Parameters
    ----------
    in_channels, out_channels : C of input and output
    kernel_size, stride, dilation : int or (int, int), in pixels
    padding : int or (int, int): what is cut off on both sides of the output
    output_padding : int or (int, int): what is added behind
    groups : the channels are convolved in so many groups, apart from each other
    bias : whether to add one
    padding_mode : 'zeros'
    device, dtype : of the parameters

    Calling it with ``output_size`` finds the output padding that gives that size: several sizes convolve to one, so
    that the way back has a choice.

    Attributes
    ----------
    weight : Parameter, shape (in_channels, out_channels / groups, *kernel_size), drawn evenly from ±1/√fan, with
        fan = out_channels / groups · elements of the kernel
    bias : Parameter, shape (out_channels), drawn likewise, or None

    >>> import pluggrad
    >>> down, up = pluggrad.nn.Conv2d(1, 1, 3, stride=2, padding=1), pluggrad.nn.ConvTranspose2d(1, 1, 3, 2, 1)
    >>> x = pluggrad.zeros(1, 1, 12, 12)
    >>> up(down(x), output_size=x.shape).shape
    pluggrad.Size([1, 1, 12, 12])
    """

    _dims = 2


class ConvTranspose3d(_ConvTransposeNd):
    """Transposed convolution of volumes, (N, C, D, H, W) or (C, D, H, W); see :class:`ConvTranspose2d`."""

    _dims = 3
