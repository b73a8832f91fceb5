"""Activations that the standard has no part of; ``relu`` and ``sigmoid`` are with the elementwise functions."""

from __future__ import annotations

import math
from typing import Any

from ...autograd.inplace import assign
from ...dtypes import REAL_FLOATING
from ...errors import ArgumentError
from ...tensor import Tensor
from ..activations import relu as _relu
from ..declare import composite

__all__ = ["elu", "gelu", "leaky_relu", "logsigmoid", "relu", "silu", "softplus"]


def _leaky_relu_x(xp: Any, g: Any, x: Any, negative_slope: float) -> Any:
    """At 0 the slope is that of the negative side, as in PyTorch."""
    return xp.where(x > 0, g, g * negative_slope)


@composite(name="leaky_relu", result="same", kinds=REAL_FLOATING, vjp=_leaky_relu_x)
def _leaky_relu(xp: Any, x: Any, /, *, negative_slope: float) -> Any:
    return xp.namespace.where(x > 0, x, x * negative_slope)


def _elu_x(xp: Any, g: Any, x: Any, alpha: float) -> Any:
    # min keeps the exponential, which is unused where x > 0, from overflowing there.
    return xp.where(x > 0, g, g * (xp.exp(xp.minimum(x, 0)) * alpha))


@composite(name="elu", result="same", kinds=REAL_FLOATING, vjp=_elu_x)
def _elu(xp: Any, x: Any, /, *, alpha: float) -> Any:
    return xp.namespace.where(x > 0, x, xp.expm1(xp.minimum(x, 0)) * alpha)


def _silu_x(xp: Any, g: Any, x: Any) -> Any:
    s = xp.sigmoid(x)
    return g * (s * (x * (1 - s) + 1))


@composite(name="silu", result="same", kinds=REAL_FLOATING, vjp=_silu_x)
def _silu(xp: Any, x: Any, /) -> Any:
    return x * xp.sigmoid(x)


@composite(name="log_sigmoid", result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: g * xp.sigmoid(-x))
def _log_sigmoid(xp: Any, x: Any, /) -> Any:
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.abs(x)))


def _softplus_x(xp: Any, g: Any, x: Any, beta: float, threshold: float) -> Any:
    return xp.where(x * beta > threshold, g, g * xp.sigmoid(x * beta))


@composite(name="softplus", result="same", kinds=REAL_FLOATING, vjp=_softplus_x)
def _softplus(xp: Any, x: Any, /, *, beta: float, threshold: float) -> Any:
    scaled = x * beta
    # min keeps the exponential, which is unused above the threshold, from overflowing there.
    return xp.namespace.where(scaled > threshold, x, xp.log1p(xp.exp(xp.minimum(scaled, threshold))) / beta)


# -- gelu: x·Φ(x), Hendrycks and Gimpel, "Gaussian error linear units", 2016 -----------------------------------

_SQRT_HALF = math.sqrt(0.5)
_DENSITY = 1 / math.sqrt(2 * math.pi)
# Φ(x) is about (1 + tanh(_K·(x + _C·x³))) / 2.
_K, _C = math.sqrt(2 / math.pi), 0.044715


@composite(
    name="gelu", result="same", kinds=REAL_FLOATING,
    vjp=lambda xp, g, x, approximate: xp.gelu_input(g, x, approximate=approximate),
)  # fmt: skip
def _gelu(xp: Any, x: Any, /, *, approximate: str) -> Any:
    if approximate == "tanh":
        return x * ((xp.tanh((x + x * x * x * _C) * _K) + 1) * 0.5)
    return x * ((xp.erf(x * _SQRT_HALF) + 1) * 0.5)


def _gelu_slope(xp: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        t = xp.tanh((x + x * x * x * _C) * _K)
        return (t + 1) * 0.5 + x * (1 - t * t) * ((x * x * (3 * _C) + 1) * (0.5 * _K))
    return (xp.erf(x * _SQRT_HALF) + 1) * 0.5 + x * xp.exp(x * x * -0.5) * _DENSITY


def _gelu_input_x(xp: Any, g: Any, g0: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        t = xp.tanh((x + x * x * x * _C) * _K)
        slope = (x * x * (3 * _C) + 1) * _K
        curve = (1 - t * t) * (slope + x * (x * (3 * _K * _C) - t * slope * slope))
    else:
        curve = xp.exp(x * x * -0.5) * (2 - x * x) * _DENSITY
    return g * g0 * curve


@composite(
    name="gelu_input", result="same", kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x, approximate: xp.gelu_input(g, x, approximate=approximate), _gelu_input_x],
)  # fmt: skip
def _gelu_input(xp: Any, g0: Any, x: Any, /, *, approximate: str) -> Any:
    """The gradient of gelu."""
    return g0 * _gelu_slope(xp, x, approximate)


# -- public --------------------------------------------------------------------------------------------


def _maybe_in_place(x: Tensor, out: Tensor, inplace: bool) -> Tensor:
    return assign(x, out) if inplace else out


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Each element, but 0 for negative ones; ``inplace``: written into ``input``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.relu(pluggrad.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return _maybe_in_place(input, _relu(input), inplace) if inplace else _relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Each element, negative ones times ``negative_slope``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.leaky_relu(pluggrad.tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """
    return _maybe_in_place(input, _leaky_relu(input, negative_slope=negative_slope), inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Each element, negative ones as ``alpha·(exp(x) - 1)``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.elu(pluggrad.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return _maybe_in_place(input, _elu(input, alpha=alpha), inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``x·Φ(x)``, with Φ the cumulative normal distribution.

    Parameters
    ----------
    input : Tensor, real floating
    approximate : 'none', or 'tanh': Φ(x) as ``(1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2``

    Returns
    -------
    Tensor, same shape

    Raises
    ------
    ArgumentError : another ``approximate``

    >>> import pluggrad
    >>> pluggrad.nn.functional.gelu(pluggrad.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    return _gelu(input, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x·sigmoid(x)``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.silu(pluggrad.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return _maybe_in_place(input, _silu(input), inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """``log(1 + exp(beta·x)) / beta``; x itself where ``beta·x > threshold``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.softplus(pluggrad.tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.0000])
    """
    return _softplus(input, beta=beta, threshold=threshold)


def logsigmoid(input: Tensor) -> Tensor:
    """The logarithm of ``sigmoid(x)``, without overflow.

    >>> import pluggrad
    >>> pluggrad.nn.functional.logsigmoid(pluggrad.tensor([0.0, -100.0]))
    tensor([  -0.6931, -100.0000])
    """
    return _log_sigmoid(input)
