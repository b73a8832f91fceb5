"""Power-average pooling: the p-norm of each window."""

from __future__ import annotations

import math
from typing import Any

from ...tensor import Tensor
from .activations import relu
from .avg_pool import avg_pool1d, avg_pool2d, avg_pool3d
from .max_pool import max_pool1d, max_pool2d, max_pool3d
from .windows import per_axis

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]

_AVERAGES: tuple[Any, ...] = (avg_pool1d, avg_pool2d, avg_pool3d)
_MAXIMA: tuple[Any, ...] = (max_pool1d, max_pool2d, max_pool3d)


def _pool(n: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool) -> Tensor:
    elements = math.prod(per_axis(f"lp_pool{n}d", "kernel_size", kernel_size, n))
    if math.isinf(norm_type):
        sign = 1.0 if norm_type > 0 else -1.0
        return _MAXIMA[n - 1](input.abs() * sign, kernel_size, stride, 0, 1, ceil_mode) * sign
    powers = _AVERAGES[n - 1](input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    # relu gives the root a gradient of 0, not of infinity, where all elements are 0: as PyTorch.
    return (powers.sign() * relu(powers.abs()) * elements).pow(1.0 / norm_type)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of sliding windows of a signal, (N, C, L) or (C, L); see :func:`lp_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.lp_pool1d(pluggrad.tensor([[3.0, 4.0]]), 2, 2)
    tensor([[5.]])
    """
    return _pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """``(Σ x^p)^(1/p)`` over sliding windows of an image.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W), real floating
    norm_type : p; infinite: the maximum (or minimum) of the absolute values
    kernel_size, stride : int or (int, int), in pixels; stride defaults to kernel_size
    ceil_mode : also windows that reach beyond the input

    Returns
    -------
    Tensor, shape (N, C, H', W')

    >>> import pluggrad
    >>> pluggrad.nn.functional.lp_pool2d(pluggrad.ones(1, 2, 2), 2, 2)
    tensor([[[2.]]])
    """
    return _pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of sliding windows of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`lp_pool2d`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.lp_pool3d(pluggrad.ones(1, 2, 2, 2), 1, 2)
    tensor([[[[8.]]]])
    """
    return _pool(3, input, norm_type, kernel_size, stride, ceil_mode)
