"""Layers that find the number of their input's features or channels by the first input."""

from __future__ import annotations

from typing import Any

from ...device import Device
from ...dtypes import DType, int64
from ...errors import ShapeError
from ...ops.creation import tensor
from ...tensor import Tensor
from ..parameter import UninitializedBuffer, UninitializedParameter
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .lazy import LazyModuleMixin
from .linear import Linear

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d",
    "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d", "LazyLinear",
]  # fmt: skip


class LazyLinear(LazyModuleMixin, Linear):
    """:class:`Linear` whose ``in_features`` is the last size of the first input, after which it is a Linear.

    Parameters
    ----------
    out_features : the last size of the output
    bias : whether to add one
    device, dtype : of the parameters

    >>> import pluggrad
    >>> layer = pluggrad.nn.LazyLinear(30)
    >>> layer.weight
    <UninitializedParameter>
    >>> layer(pluggrad.zeros(128, 20)).shape, layer
    (pluggrad.Size([128, 30]), Linear(in_features=20, out_features=30, bias=True))
    """

    cls_to_become = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Device | str | None = None, dtype: DType | None = None
    ) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew; nothing while they have no shape."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Give weight and bias their shapes, and draw them."""
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()
        if self.in_features == 0:  # the shapes came from a state dict
            self.in_features = input.shape[-1]
            if self.weight.shape[-1] != self.in_features:
                raise ShapeError(
                    f"LazyLinear: the input has {self.in_features} features, the loaded weight takes "
                    f"{self.weight.shape[-1]}"
                )


class _LazyConvolution(LazyModuleMixin):
    """What lazy convolutions, plain and transposed, have in common."""

    _dims: int
    transposed: bool
    in_channels: int
    out_channels: int
    groups: int
    kernel_size: tuple[int, ...]
    weight: Any
    bias: Any

    def _leave_open(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        """Take parameters without a shape for those of no channels."""
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew; nothing while they have no shape."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Give weight and bias their shapes, and draw them.

        Raises
        ------
        RuntimeError : an input of another number of axes
        ValueError : a number of channels that is not divisible by the groups
        """
        if self.has_uninitialized_params():
            self.in_channels = self._channels_of(input)
            if self.in_channels % self.groups:
                raise ValueError("in_channels must be divisible by groups")
            first, second = self.out_channels, self.in_channels
            if self.transposed:
                first, second = second, first
            self.weight.materialize((first, second // self.groups, *self.kernel_size))
            if self.bias is not None:
                self.bias.materialize((self.out_channels,))
            self.reset_parameters()
        if self.in_channels == 0:  # the shapes came from a state dict
            self.in_channels = self._channels_of(input)

    def _channels_of(self, input: Tensor) -> int:
        batched = self._dims + 2
        if input.ndim not in (batched - 1, batched):
            raise RuntimeError(
                f"Expected {batched - 1}D (unbatched) or {batched}D (batched) input to {type(self).__name__}, but got "
                f"input of size: {tuple(input.shape)}"
            )
        return input.shape[1] if input.ndim == batched else input.shape[0]


class LazyConv1d(_LazyConvolution, Conv1d):
    """:class:`Conv1d` whose ``in_channels`` is that of the first input."""

    cls_to_become = Conv1d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Device | str | None = None,
        dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConv2d(_LazyConvolution, Conv2d):
    """:class:`Conv2d` whose ``in_channels`` is that of the first input.

    >>> import pluggrad
    >>> pluggrad.nn.LazyConv2d(8, 3)(pluggrad.zeros(1, 3, 5, 5)).shape
    pluggrad.Size([1, 8, 3, 3])
    """

    cls_to_become = Conv2d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Device | str | None = None,
        dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConv3d(_LazyConvolution, Conv3d):
    """:class:`Conv3d` whose ``in_channels`` is that of the first input."""

    cls_to_become = Conv3d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Device | str | None = None,
        dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConvolution, ConvTranspose1d):
    """:class:`ConvTranspose1d` whose ``in_channels`` is that of the first input."""

    cls_to_become = ConvTranspose1d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConvTranspose2d(_LazyConvolution, ConvTranspose2d):
    """:class:`ConvTranspose2d` whose ``in_channels`` is that of the first input."""

    cls_to_become = ConvTranspose2d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConvTranspose3d(_LazyConvolution, ConvTranspose3d):
    """:class:`ConvTranspose3d` whose ``in_channels`` is that of the first input."""

    cls_to_become = ConvTranspose3d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class _LazyNorm(LazyModuleMixin):
    """What lazy normalisations of channels have in common."""

    num_features: int
    weight: Any
    bias: Any
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
        device: Device | str | None = None, dtype: DType | None = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(0, eps, momentum, False, False)
        self.affine, self.track_running_stats = affine, track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0, dtype=int64, device=device)

    def reset_parameters(self) -> None:
        """Weights 1, biases 0, no statistics; nothing while they have no shape."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor) -> None:
        """Give weights and statistics their shapes and first values."""
        if self.has_uninitialized_params():
            self.num_features = input.shape[1]
            for own in (self.weight, self.bias, self.running_mean, self.running_var):
                if own is not None:
                    own.materialize((self.num_features,))
            self.reset_parameters()
        elif self.num_features == 0:  # the shapes came from a state dict
            self.num_features = input.shape[1]


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """:class:`BatchNorm1d` whose ``num_features`` is that of the first input."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """:class:`BatchNorm2d` whose ``num_features`` is that of the first input.

    >>> import pluggrad
    >>> layer = pluggrad.nn.LazyBatchNorm2d()
    >>> layer(pluggrad.zeros(1, 3, 5, 5)).shape, layer.num_features
    (pluggrad.Size([1, 3, 5, 5]), 3)
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """:class:`BatchNorm3d` whose ``num_features`` is that of the first input."""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """:class:`InstanceNorm1d` whose ``num_features`` is that of the first input."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """:class:`InstanceNorm2d` whose ``num_features`` is that of the first input.

    >>> import pluggrad
    >>> layer = pluggrad.nn.LazyInstanceNorm2d()
    >>> layer(pluggrad.zeros(1, 3, 5, 5)).shape, layer.num_features
    (pluggrad.Size([1, 3, 5, 5]), 3)
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """:class:`InstanceNorm3d` whose ``num_features`` is that of the first input."""

    cls_to_become = InstanceNorm3d
