"""Pooling layers whose output has a size given beforehand, that undo pooling, or that take norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ops.neural.windows import per_axis
from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "FractionalMaxPool2d", "FractionalMaxPool3d", "LPPool1d", "LPPool2d", "LPPool3d",
    "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d",
]  # fmt: skip


# -- adaptive ----------------------------------------------------------------------------------------------


class _AdaptiveAvgPoolNd(Module):
    _function: Any

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return type(self)._function(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Means of even parts of signals, (N, C, L) or (C, L); see :class:`AdaptiveAvgPool2d`."""

    _function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Means of as many even parts of an image as the output is to have pixels, whatever the image's size.

    Parameters
    ----------
    output_size : int or (int, int); None keeps a size

    >>> import pluggrad
    >>> pluggrad.nn.AdaptiveAvgPool2d((5, None))(pluggrad.zeros(1, 64, 8, 9)).shape
    pluggrad.Size([1, 64, 5, 9])
    """

    _function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Means of even parts of volumes, (N, C, D, H, W) or (C, D, H, W); see :class:`AdaptiveAvgPool2d`."""

    _function = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPoolNd(Module):
    _function: Any

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Any:
        return type(self)._function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Maxima of even parts of signals, (N, C, L) or (C, L); see :class:`AdaptiveMaxPool2d`."""

    _function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Maxima of as many even parts of an image as the output is to have pixels, whatever the image's size.

    Parameters
    ----------
    output_size : int or (int, int); None keeps a size
    return_indices : also give where the maxima are

    >>> import pluggrad
    >>> pluggrad.nn.AdaptiveMaxPool2d(7)(pluggrad.zeros(1, 64, 10, 9)).shape
    pluggrad.Size([1, 64, 7, 7])
    """

    _function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Maxima of even parts of volumes, (N, C, D, H, W) or (C, D, H, W); see :class:`AdaptiveMaxPool2d`."""

    _function = staticmethod(F.adaptive_max_pool3d)


# -- fractional ----------------------------------------------------------------------------------------------


class _FractionalMaxPoolNd(Module):
    _dims: int
    _function: Any
    _random_samples: Tensor | None

    def __init__(
        self, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        name, n = type(self).__name__, self._dims
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, n)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else per_axis(name, "output_size", output_size, n)
        ratios = tuple(output_ratio) if isinstance(output_ratio, Sequence) else (output_ratio,) * n
        self.output_ratio = None if output_ratio is None else ratios
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        return type(self)._function(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """Maxima over windows of images whose distances are random: see the function ``fractional_max_pool2d``.

    Parameters
    ----------
    kernel_size : int or (int, int), in pixels
    output_size : int or (int, int); or
    output_ratio : number or (number, number), in (0, 1): the size over that of the input
    return_indices : also give where the maxima are

    >>> import pluggrad
    >>> pluggrad.nn.FractionalMaxPool2d(3, output_ratio=(0.5, 0.5))(pluggrad.zeros(20, 16, 50, 32)).shape
    pluggrad.Size([20, 16, 25, 16])
    """

    _dims = 2
    _function = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """Maxima over windows of volumes whose distances are random; see :class:`FractionalMaxPool2d`."""

    _dims = 3
    _function = staticmethod(F.fractional_max_pool3d)


# -- norms -----------------------------------------------------------------------------------------------------


class _LPPoolNd(Module):
    _function: Any

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        return type(self)._function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """p-norms of sliding windows of signals, (N, C, L) or (C, L); see :class:`LPPool2d`."""

    _function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """p-norms of sliding windows of images, (N, C, H, W) or (C, H, W).

    Parameters
    ----------
    norm_type : p
    kernel_size, stride : int or (int, int), in pixels; stride defaults to kernel_size
    ceil_mode : also windows that reach beyond the input

    >>> import pluggrad
    >>> pluggrad.nn.LPPool2d(2, 2)(pluggrad.ones(1, 2, 2))
    tensor([[[2.]]])
    """

    _function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """p-norms of sliding windows of volumes, (N, C, D, H, W) or (C, D, H, W); see :class:`LPPool2d`."""

    _function = staticmethod(F.lp_pool3d)


# -- pooling undone ----------------------------------------------------------------------------------------------


class _MaxUnpoolNd(Module):
    _dims: int
    _function: Any

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        name, n = type(self).__name__, self._dims
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, n)
        self.stride = self.kernel_size if stride is None else per_axis(name, "stride", stride, n)
        self.padding = per_axis(name, "padding", padding, n, least=0)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return type(self)._function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Maxima put back into signals, among zeros; see :class:`MaxUnpool2d`."""

    _dims = 1
    _function = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Maxima put back where :class:`MaxPool2d` with ``return_indices=True`` took them from, among zeros.

    Parameters
    ----------
    kernel_size, stride, padding : those of the pooling

    >>> import pluggrad
    >>> pool, unpool = pluggrad.nn.MaxPool2d(2, return_indices=True), pluggrad.nn.MaxUnpool2d(2)
    >>> unpool(*pool(pluggrad.arange(4.0).view(1, 2, 2)))
    tensor([[[0., 0.],
             [0., 3.]]])
    """

    _dims = 2
    _function = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """Maxima put back into volumes, among zeros; see :class:`MaxUnpool2d`."""

    _dims = 3
    _function = staticmethod(F.max_unpool3d)
