"""A product of two inputs."""

from __future__ import annotations

import math

from ...device import Device
from ...dtypes import DType
from ...errors import ArgumentError
from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["Bilinear"]


class Bilinear(Module):
    """The map ``x1ᵀ A x2 + b``.

    Parameters
    ----------
    in1_features, in2_features, out_features : the last sizes of the inputs and of the output
    bias : whether to add one
    device, dtype : of the parameters

    Attributes
    ----------
    weight : Parameter, shape (out_features, in1_features, in2_features), drawn evenly from ±1/√in1_features
    bias : Parameter, shape (out_features), drawn likewise, or None

    >>> import pluggrad
    >>> pluggrad.nn.Bilinear(20, 30, 40)(pluggrad.zeros(128, 20), pluggrad.zeros(128, 30)).shape
    pluggrad.Size([128, 40])
    """

    bias: Parameter | None

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True,
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if in1_features <= 0:
            raise ArgumentError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = Parameter(empty(out_features, in1_features, in2_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
