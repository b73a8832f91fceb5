"""Activations made of straight pieces, or of a piece of a parabola. At a kink each has the slope that PyTorch gives."""

from __future__ import annotations

from typing import Any

from ...autograd.inplace import assign
from ...autograd.operands import require_tensors
from ...dtypes import REAL, REAL_FLOATING
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ..declare import composite
from ..manipulation import reshape

__all__ = [
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "prelu", "relu6", "softshrink", "threshold",
    "threshold_",
]  # fmt: skip


def _hardtanh_x(xp: Any, g: Any, x: Any, low: float, high: float) -> Any:
    return xp.where((x <= low) | (x >= high), 0, g)


@composite(name="hardtanh", result="same", kinds=REAL, vjp=_hardtanh_x)
def _hardtanh(xp: Any, x: Any, /, *, low: float, high: float) -> Any:
    return xp.minimum(xp.maximum(x, low), high)


@composite(name="threshold", result="same", kinds=REAL, vjp=lambda xp, g, x, threshold: xp.where(x <= threshold, 0, g))
def _threshold(xp: Any, x: Any, /, *, threshold: float, value: float) -> Any:
    """Not ``x > threshold``: NaN stays NaN."""
    return xp.where(x <= threshold, value, x)


def _hardsigmoid_x(xp: Any, g: Any, x: Any) -> Any:
    return xp.where((x > -3) & (x < 3), g / 6, 0)


@composite(name="hardsigmoid", result="same", kinds=REAL_FLOATING, vjp=_hardsigmoid_x)
def _hardsigmoid(xp: Any, x: Any, /) -> Any:
    return xp.minimum(xp.maximum(x + 3, 0), 6) / 6


@composite(name="hardswish", result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: xp.hardswish_input(g, x))
def _hardswish(xp: Any, x: Any, /) -> Any:
    return x * (xp.minimum(xp.maximum(x + 3, 0), 6) / 6)


@composite(
    name="hardswish_input", result="same", kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, x: xp.hardswish_input(g, x),
        lambda xp, g, g0, x: xp.where((x > -3) & (x < 3), g * g0 / 3, 0),
    ],
)  # fmt: skip
def _hardswish_input(xp: Any, g0: Any, x: Any, /) -> Any:
    """The gradient of hardswish."""
    return xp.where(x <= -3, 0, xp.where(x < 3, g0 * (x / 3 + 0.5), g0))


def _outside(xp: Any, g: Any, x: Any, lambd: float) -> Any:
    return xp.where((x >= -lambd) & (x <= lambd), 0, g)


@composite(name="hardshrink", result="same", kinds=REAL_FLOATING, vjp=_outside)
def _hardshrink(xp: Any, x: Any, /, *, lambd: float) -> Any:
    return xp.where((x >= -lambd) & (x <= lambd), 0, x)


@composite(name="softshrink", result="same", kinds=REAL_FLOATING, vjp=_outside)
def _softshrink(xp: Any, x: Any, /, *, lambd: float) -> Any:
    """Zero between ±lambd by a product, so that NaN stays NaN."""
    return xp.where(x > lambd, x - lambd, xp.where(x < -lambd, x + lambd, x * 0))


def _prelu_x(xp: Any, g: Any, x: Any, weight: Any) -> Any:
    return xp.where(x > 0, g, g * weight)


@composite(
    name="prelu", autocast="lower", result="same", kinds=REAL_FLOATING, broadcasts=True,
    vjp=[_prelu_x, lambda xp, g, x: xp.where(x > 0, 0, g * x)],
)  # fmt: skip
def _prelu(xp: Any, x: Any, weight: Any, /) -> Any:
    return xp.where(x > 0, x, weight * x)


# -- public --------------------------------------------------------------------------------------------


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Each element, brought into [min_val, max_val].

    Raises
    ------
    ValueError : ``min_val`` greater than ``max_val``

    >>> import pluggrad
    >>> pluggrad.nn.functional.hardtanh(pluggrad.tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val cannot be greater than max_val, got {min_val} and {max_val}")
    out = _hardtanh(input, low=min_val, high=max_val)
    return assign(input, out) if inplace else out


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """:func:`hardtanh`, written into ``input``."""
    return hardtanh(input, min_val, max_val, inplace=True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Each element, brought into [0, 6].

    >>> import pluggrad
    >>> pluggrad.nn.functional.relu6(pluggrad.tensor([-2.0, 0.5, 7.0]))
    tensor([0.0000, 0.5000, 6.0000])
    """
    return hardtanh(input, 0, 6, inplace)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Each element above ``threshold``; ``value`` in place of the others.

    >>> import pluggrad
    >>> pluggrad.nn.functional.threshold(pluggrad.tensor([0.5, 2.0]), 1.0, -5.0)
    tensor([-5.,  2.])
    """
    out = _threshold(input, threshold=threshold, value=value)
    return assign(input, out) if inplace else out


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """The function ``threshold``, written into ``input``."""
    return assign(input, _threshold(input, threshold=threshold, value=value))


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``x/6 + 1/2``, brought into [0, 1].

    >>> import pluggrad
    >>> pluggrad.nn.functional.hardsigmoid(pluggrad.tensor([-4.0, 0.0]))
    tensor([0.0000, 0.5000])
    """
    out = _hardsigmoid(input)
    return assign(input, out) if inplace else out


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x·hardsigmoid(x)`` (Howard et al., "Searching for MobileNetV3", 2019).

    >>> import pluggrad
    >>> pluggrad.nn.functional.hardswish(pluggrad.tensor([1.0, 3.0]))
    tensor([0.6667, 3.0000])
    """
    out = _hardswish(input)
    return assign(input, out) if inplace else out


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Each element, but 0 for those in [-lambd, lambd].

    >>> import pluggrad
    >>> pluggrad.nn.functional.hardshrink(pluggrad.tensor([-2.0, 0.4]))
    tensor([-2.,  0.])
    """
    return _hardshrink(input, lambd=lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Each element, moved toward 0 by ``lambd``, but not past it.

    Raises
    ------
    ArgumentError : a negative ``lambd``

    >>> import pluggrad
    >>> pluggrad.nn.functional.softshrink(pluggrad.tensor([-2.0, 0.4]))
    tensor([-1.5000,  0.0000])
    """
    if not lambd >= 0:
        raise ArgumentError(f"softshrink: lambda must be greater or equal to 0, but found to be {lambd}")
    return _softshrink(input, lambd=lambd)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Each element, negative ones times ``weight``, which is learnt (He et al., "Delving deep into rectifiers", 2015).

    Parameters
    ----------
    input : Tensor, real floating; channels along axis 1
    weight : Tensor, shape (1) or (C) or 0-D: one slope for all channels, or one for each

    Raises
    ------
    ShapeError : a weight that is neither

    >>> import pluggrad
    >>> pluggrad.nn.functional.prelu(pluggrad.tensor([-2.0, 0.5]), pluggrad.tensor([0.25]))
    tensor([-0.5000,  0.5000])
    """
    require_tensors("prelu", input=input, weight=weight)
    shape, slopes = input._array.shape, weight._array.shape
    if len(slopes) > 1:
        raise ShapeError(f"prelu: expected weight to be a scalar or 1D tensor, but got ndim = {len(slopes)}")
    if slopes in ((), (1,)):
        return _prelu(input, reshape(weight, ()) if slopes else weight)
    channels = shape[1] if len(shape) > 1 else 1
    if slopes != (channels,):
        raise ShapeError(
            f"prelu: mismatch of parameter numbers and input channel size. Found parameter numbers = {slopes[0]} and "
            f"channel size = {channels}"
        )
    return _prelu(input, reshape(weight, (channels, *(1 for _ in shape[2:]))))
