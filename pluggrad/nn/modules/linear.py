"""Fully connected layers."""

from __future__ import annotations

import math
from typing import Any

from ...device import Device
from ...dtypes import DType
from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["Identity", "Linear"]


class Identity(Module):
    """Gives its input back; takes and ignores any arguments.

    >>> import pluggrad
    >>> pluggrad.nn.Identity(54, unused=True)(pluggrad.ones(1))
    tensor([1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """The affine map ``x @ weight.T + bias``.

    Parameters
    ----------
    in_features, out_features : the last sizes of input and output
    bias : whether to add one
    device, dtype : of the parameters

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features), drawn evenly from ±1/√in_features
    bias : Parameter, shape (out_features), drawn likewise, or None

    >>> import pluggrad
    >>> pluggrad.nn.Linear(20, 30)(pluggrad.zeros(128, 20)).shape
    pluggrad.Size([128, 30])
    """

    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Device | str | None = None,
        dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        # a = √5 makes the bound of kaiming_uniform_ 1/√in_features.
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        # As attributes these would be found last, after a search of all classes: it takes as long as a small product.
        own = self.__dict__["_parameters"]
        try:
            weight, bias = own["weight"], own["bias"]
        except KeyError:  # computed by a parametrization, or pruned
            weight, bias = self.weight, self.bias
        return F.linear(input, weight, bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear under the name that PyTorch prints for the output projection of attention."""
