"""A fully connected layer and the cross entropy of what it gives, in one."""

from __future__ import annotations

import math

from ...device import Device
from ...dtypes import DType
from ...errors import ShapeError
from ...ops.neural.linear_cross_entropy import LinearCrossEntropyOptions
from ...tensor import Tensor
from .. import functional as F
from .linear import Linear
from .loss import _WeightedLoss

__all__ = ["LinearCrossEntropyLoss", "LinearCrossEntropyOptions"]


class LinearCrossEntropyLoss(_WeightedLoss):
    """Cross entropy of logits that a layer of its own gives: see :func:`pluggrad.nn.functional.linear_cross_entropy`.

    Parameters
    ----------
    in_features, num_classes : the layer's last sizes of input and output
    out_features : further axes of the logits, (N, num_classes, *out_features)
    bias : whether the layer adds one
    device, dtype : of the parameters
    reduction, weight, ignore_index, label_smoothing, options : see the function

    Attributes
    ----------
    linear : Linear, with num_classes·prod(out_features) outputs

    Raises
    ------
    ShapeError : ``weight`` has not one number for each class
    ValueError : a label_smoothing outside of [0, 1]

    >>> import pluggrad
    >>> loss = pluggrad.nn.LinearCrossEntropyLoss(5, 10, out_features=(4, 3))
    >>> loss(pluggrad.zeros(2, 5), pluggrad.zeros(2, 4, 3, dtype=pluggrad.int64))
    tensor(2.3026, grad_fn=<CrossEntropyBackward0>)
    """

    def __init__(
        self, in_features: int, num_classes: int, *, out_features: tuple[int, ...] = (), bias: bool = False,
        device: Device | str | None = None, dtype: DType | None = None, reduction: str = "mean",
        weight: Tensor | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:  # fmt: skip
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise ShapeError(
                f"LinearCrossEntropyLoss: expected weight shape to be ({num_classes},), got {tuple(weight.shape)}"
            )
        if not 0.0 <= label_smoothing <= 1.0:
            raise ValueError(
                f"LinearCrossEntropyLoss: expected label_smoothing to be in range [0, 1], got {label_smoothing}"
            )
        super().__init__(weight=weight, reduction=reduction)
        self.num_classes, self.out_features = num_classes, tuple(out_features)
        self.ignore_index, self.label_smoothing, self.options = ignore_index, label_smoothing, options
        outputs = math.prod(self.out_features, start=num_classes)
        self.linear = Linear(in_features, outputs, bias=bias, device=device, dtype=dtype)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        shape = (self.num_classes, *self.out_features)
        weight, bias = self.linear.weight, self.linear.bias
        if self.out_features:
            weight = weight.reshape(*shape, self.linear.in_features)
            bias = None if bias is None else bias.reshape(shape)
        return F.linear_cross_entropy(
            input, weight, target, linear_bias=bias, weight=self.weight, reduction=self.reduction,
            ignore_index=self.ignore_index, label_smoothing=self.label_smoothing, options=self.options,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, reduction={self.reduction}, "
            f"ignore_index={self.ignore_index}, label_smoothing={self.label_smoothing}, options={self.options}"
        )
