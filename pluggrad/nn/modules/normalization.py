"""Normalisation of each sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...device import Device
from ...dtypes import DType
from ...errors import ShapeError
from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class LayerNorm(Module):
    """Normalise over the last axes to mean 0 and variance 1, then scale and shift each element.

    Parameters
    ----------
    normalized_shape : int or ints: the sizes of these axes
    eps : added to the variance
    elementwise_affine : whether to scale and shift
    bias : whether to shift
    device, dtype : of the parameters

    Attributes
    ----------
    weight, bias : Parameter, shape normalized_shape, 1 and 0 at first, or None

    >>> import pluggrad
    >>> pluggrad.nn.LayerNorm(2)(pluggrad.tensor([[1.0, 3.0]])).detach()
    tensor([[-1.0000,  1.0000]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5, elementwise_affine: bool = True,
        bias: bool = True, device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            parameter = Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, parameter)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights 1, biases 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(Module):
    """Normalise groups of channels of each sample, (N, C, ...), to mean 0 and variance 1, then scale and shift them.

    Parameters
    ----------
    num_groups : into how many groups the channels are split
    num_channels : C
    eps : added to the variance
    affine : whether to scale and shift
    device, dtype : of the parameters
    bias : whether to shift

    Attributes
    ----------
    weight, bias : Parameter, shape (num_channels), 1 and 0 at first, or None

    >>> import pluggrad
    >>> pluggrad.nn.GroupNorm(2, 4)(pluggrad.tensor([[1.0, 3.0, 5.0, 9.0]])).detach()
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True,
        device: Device | str | None = None, dtype: DType | None = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            parameter = Parameter(empty(num_channels, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, parameter)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights 1, biases 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divide by the root of the mean of squares over the last axes, then scale each element.

    Parameters
    ----------
    normalized_shape : int or ints: the sizes of these axes
    eps : added to the mean of squares; default: the spacing of the dtype's numbers at 1
    elementwise_affine : whether to scale
    device, dtype : of the parameter

    Attributes
    ----------
    weight : Parameter, shape normalized_shape, 1 at first, or None

    >>> import pluggrad
    >>> pluggrad.nn.RMSNorm(2)(pluggrad.tensor([[1.0, 7.0]])).detach()
    tensor([[0.2000, 1.4000]])
    """

    weight: Parameter | None

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None, elementwise_affine: bool = True,
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        parameter = Parameter(empty(shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", parameter)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(Module):
    """Divide by ``(k + alpha·mean of squares)**beta``, the mean taken over ``size`` neighbouring channels.

    >>> import pluggrad
    >>> pluggrad.nn.LocalResponseNorm(1, alpha=1.0, beta=1.0)(pluggrad.ones(1, 1, 2))
    tensor([[[0.5000, 0.5000]]])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """Divide by ``(k + alpha·sum of squares / size)**beta``, the sum taken over neighbouring channels, as PyTorch does.

    It came to PyTorch from Lua's Torch, and counts otherwise than its name says: the sum goes over the
    2⌊(size - 1) / 2⌋ + 1 channels around each, and for those that are further from the first channel than that
    reaches, over the first channel besides. For new networks use :class:`LocalResponseNorm`. The gradient is the
    derivative of this, which PyTorch's is not.

    >>> import pluggrad
    >>> pluggrad.nn.CrossMapLRN2d(1, alpha=1.0, beta=1.0)(pluggrad.ones(1, 3, 1, 1)).flatten()
    tensor([0.5000, 0.3333, 0.3333])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim != 4:
            raise ShapeError(f"CrossMapLRN2d: Expected input to be 4D, got {input.ndim}D instead.")
        samples, channels, *size = input.shape
        reach = (self.size - 1) // 2
        squares = input.square().reshape(samples, 1, channels, math.prod(size))
        window = (2 * reach + 1, 1)
        sums = F.avg_pool2d(F.pad(squares, (0, 0, reach, reach)), window, stride=1, divisor_override=1)
        further = max(channels - reach - 1, 0)
        first = F.pad(squares[:, :, :1].expand(-1, -1, further, -1), (0, 0, channels - further, 0))
        scale = (sums + first).reshape(input.shape) * (self.alpha / self.size) + self.k
        return input * scale.pow(-self.beta)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
