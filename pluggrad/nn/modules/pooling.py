"""Pooling layers."""

from __future__ import annotations

from typing import Any

from ...ops.neural.windows import per_axis
from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["AvgPool1d", "AvgPool2d", "AvgPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d"]


class _MaxPoolNd(Module):
    """What maximum pooling of any number of dimensions has in common."""

    _function: Any

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        return type(self)._function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """Maximum over sliding windows of signals, (N, C, L) or (C, L); see :class:`MaxPool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.MaxPool1d(2)(pluggrad.tensor([[[1.0, 3.0, 2.0, 4.0]]]))
    tensor([[[3., 4.]]])
    """

    _function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """Maximum over sliding windows of images, (N, C, H, W) or (C, H, W).

    Parameters
    ----------
    kernel_size, stride, padding, dilation : int or (int, int), in pixels; stride defaults to kernel_size
    return_indices : also give where the maxima are
    ceil_mode : also windows that reach beyond the padded input

    >>> import pluggrad
    >>> pluggrad.nn.MaxPool2d(3, stride=2)(pluggrad.zeros(20, 16, 50, 32)).shape
    pluggrad.Size([20, 16, 24, 15])
    """

    _function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """Maximum over sliding windows of volumes, (N, C, D, H, W) or (C, D, H, W); see :class:`MaxPool2d`."""

    _function = staticmethod(F.max_pool3d)


class _AvgPoolNd(Module):
    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """Average over sliding windows of signals, (N, C, L) or (C, L); see :class:`AvgPool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.AvgPool1d(2)(pluggrad.tensor([[[1.0, 3.0, 2.0, 4.0]]]))
    tensor([[[2., 3.]]])
    """

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size = per_axis("AvgPool1d", "kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else per_axis("AvgPool1d", "stride", stride, 1)
        self.padding = per_axis("AvgPool1d", "padding", padding, 1, least=0)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool2d(_AvgPoolNd):
    """Average over sliding windows of images, (N, C, H, W) or (C, H, W).

    Parameters
    ----------
    kernel_size, stride, padding : int or (int, int), in pixels; stride defaults to kernel_size
    ceil_mode : also windows that reach beyond the padded input
    count_include_pad : whether zeros of the padding count as elements of a window
    divisor_override : divide by this instead of the number of elements

    >>> import pluggrad
    >>> pluggrad.nn.AvgPool2d(3, stride=2)(pluggrad.zeros(20, 16, 50, 32)).shape
    pluggrad.Size([20, 16, 24, 15])
    """

    _function: Any = staticmethod(F.avg_pool2d)

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return type(self)._function(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip


class AvgPool3d(AvgPool2d):
    """Average over sliding windows of volumes, (N, C, D, H, W) or (C, D, H, W); see :class:`AvgPool2d`."""

    _function = staticmethod(F.avg_pool3d)
