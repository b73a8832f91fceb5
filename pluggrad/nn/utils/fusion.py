"""A convolution or linear layer and the batch normalisation after it as one layer, for evaluation."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from ...ops.creation import ones_like, zeros_like
from ...tensor import Tensor
from ..modules.module import Module
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

M = TypeVar("M", bound=Module)


def _fused(layer: Any, bn: Any, fuse: Any, **options: bool) -> Any:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = fuse(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, **options
    )
    return fused


def fuse_conv_bn_eval(conv: M, bn: Module, transpose: bool = False) -> M:
    """One convolution that computes what a convolution and the batch normalisation after it do in evaluation.

    Parameters
    ----------
    transpose : it is a transposed convolution

    Returns
    -------
    Module : a new one

    Raises
    ------
    AssertionError : one of them is in training mode; no running statistics

    >>> import pluggrad
    >>> from pluggrad import nn
    >>> conv, bn = nn.Conv2d(3, 8, 3).eval(), nn.BatchNorm2d(8).eval()
    >>> x = pluggrad.randn(2, 3, 5, 5)
    >>> nn.utils.fuse_conv_bn_eval(conv, bn)(x).allclose(bn(conv(x)), atol=1e-5)
    True
    """
    return _fused(conv, bn, fuse_conv_bn_weights, transpose=transpose)


def fuse_conv_bn_weights(
    conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None,
    bn_b: Tensor | None, transpose: bool = False,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """Weight and bias of the one convolution of :func:`fuse_conv_bn_eval`."""
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    return _fused_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_linear_bn_eval(linear: M, bn: Module) -> M:
    """One linear layer that computes what a linear layer and the batch normalisation after it do in evaluation.

    Returns
    -------
    Module : a new one

    Raises
    ------
    AssertionError : one of them is in training mode; no running statistics; numbers of features that do not fit
    """
    layer: Any = linear
    norm: Any = bn
    if norm.num_features not in (layer.out_features, 1):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, "
            f"got linear.out_features={layer.out_features} and bn.num_features={norm.num_features}"
        )
    return _fused(linear, bn, fuse_linear_bn_weights)


def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """Weight and bias of the one linear layer of :func:`fuse_linear_bn_eval`."""
    return _fused_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, [-1, 1])


def _fused_weights(
    w: Tensor, b: Tensor | None, mean: Tensor, var: Tensor, eps: float, scale: Tensor | None, shift: Tensor | None,
    shape: list[int],
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """``(w·x + b - mean) · scale/√(var + eps) + shift`` as a weight, multiplied along the -1 of ``shape``, and a bias.

    As PyTorch's, they are of the given weight's and bias's dtype, and require gradients if those did.
    """
    before = zeros_like(mean) if b is None else b
    factor = (ones_like(mean) if scale is None else scale).detach() * (var + eps).rsqrt()
    offset = zeros_like(mean) if shift is None else shift.detach()
    bias = (before.detach() - mean) * factor + offset
    return (
        Parameter((w.detach() * factor.reshape(shape)).to(w.dtype), w.requires_grad),
        Parameter(bias.to(w.dtype if b is None else b.dtype), before.requires_grad),
    )
