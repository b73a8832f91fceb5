"""Activations that the standard has no part of; ``relu`` and ``sigmoid`` are with the elementwise functions."""

from __future__ import annotations

import math
from typing import Any

from ...autograd.inplace import assign
from ...dtypes import FLOATING, REAL_FLOATING
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ..activations import relu as _relu
from ..axes import one_axis
from ..declare import composite

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "leaky_relu", "leaky_relu_", "logsigmoid", "mish", "relu", "relu_",
    "selu", "selu_", "silu", "softplus", "softsign", "tanhshrink",
]  # fmt: skip


@composite(
    name="leaky_relu", result="same", kinds=REAL_FLOATING,
    vjp=lambda xp, g, x, negative_slope: xp.leaky_relu_input(g, x, negative_slope=negative_slope),
)  # fmt: skip
def _leaky_relu(xp: Any, x: Any, /, *, negative_slope: float) -> Any:
    return xp.namespace.where(x > 0, x, x * negative_slope)


@composite(
    name="leaky_relu_input", result="same", kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x, negative_slope: xp.leaky_relu_input(g, x, negative_slope=negative_slope), None],
)  # fmt: skip
def _leaky_relu_input(xp: Any, g0: Any, x: Any, /, *, negative_slope: float) -> Any:
    """The gradient of leaky_relu. At 0 the slope is that of the negative side, as in PyTorch."""
    return xp.where(x > 0, g0, g0 * negative_slope)


@composite(
    name="elu", result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x, alpha, scale, input_scale: xp.elu_input(
        g, x, alpha=alpha, scale=scale, input_scale=input_scale
    ),
)  # fmt: skip
def _elu(xp: Any, x: Any, /, *, alpha: float, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """``scale·x``, negative x as ``scale·alpha·(exp(input_scale·x) - 1)``: ELU, SELU and CELU in one, as in PyTorch."""
    below = xp.expm1(xp.minimum(x, 0) * input_scale) * (alpha * scale)
    return xp.namespace.where(x > 0, x * scale, below)


def _elu_input_x(xp: Any, g: Any, g0: Any, x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    curve = xp.exp(xp.minimum(x, 0) * input_scale) * (alpha * scale * input_scale * input_scale)
    return xp.where(x > 0, 0, g * g0 * curve)


@composite(
    name="elu_input", result="same", kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, x, alpha, scale, input_scale: xp.elu_input(
            g, x, alpha=alpha, scale=scale, input_scale=input_scale
        ),
        _elu_input_x,
    ],
)  # fmt: skip
def _elu_input(xp: Any, g0: Any, x: Any, /, *, alpha: float, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """The gradient of elu."""
    # min keeps the exponential, which is unused where x > 0, from overflowing there.
    slope = xp.exp(xp.minimum(x, 0) * input_scale) * (alpha * scale * input_scale)
    return xp.where(x > 0, g0 * scale, g0 * slope)


@composite(name="silu", result="same", kinds=REAL_FLOATING, overwrites=True,
           vjp=lambda xp, g, x: xp.silu_input(g, x))  # fmt: skip
def _silu(xp: Any, x: Any, /) -> Any:
    return x * xp.sigmoid(x)


def _silu_input_x(xp: Any, g: Any, g0: Any, x: Any) -> Any:
    s = xp.sigmoid(x)
    return g * g0 * (s * (1 - s) * (x * (1 - 2 * s) + 2))


@composite(
    name="silu_input", result="same", kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x: xp.silu_input(g, x), _silu_input_x],
)  # fmt: skip
def _silu_input(xp: Any, g0: Any, x: Any, /) -> Any:
    """The gradient of silu."""
    s = xp.sigmoid(x)
    return g0 * (s * (x * (1 - s) + 1))


@composite(name="log_sigmoid", result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: xp.log_sigmoid_input(g, x))
def _log_sigmoid(xp: Any, x: Any, /) -> Any:
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.abs(x)))


def _log_sigmoid_input_x(xp: Any, g: Any, g0: Any, x: Any) -> Any:
    s = xp.sigmoid(-x)
    return -g * g0 * (s * (1 - s))


@composite(
    name="log_sigmoid_input", result="same", kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x: xp.log_sigmoid_input(g, x), _log_sigmoid_input_x],
)  # fmt: skip
def _log_sigmoid_input(xp: Any, g0: Any, x: Any, /) -> Any:
    """The gradient of log_sigmoid."""
    return g0 * xp.sigmoid(-x)


@composite(
    name="softplus", result="same", kinds=REAL_FLOATING,
    vjp=lambda xp, g, x, beta, threshold: xp.softplus_input(g, x, beta=beta, threshold=threshold),
)  # fmt: skip
def _softplus(xp: Any, x: Any, /, *, beta: float, threshold: float) -> Any:
    scaled = x * beta
    # log(1 + exp(s)) = max(s, 0) + log(1 + exp(-|s|)), whose exponential cannot overflow, in float16 above 11 already.
    soft = xp.maximum(scaled, 0) + xp.log1p(xp.exp(-xp.abs(scaled)))
    return xp.namespace.where(scaled > threshold, x, soft / beta)


def _softplus_input_x(xp: Any, g: Any, g0: Any, x: Any, beta: float, threshold: float) -> Any:
    s = xp.sigmoid(x * beta)
    return xp.where(x * beta > threshold, 0, g * g0 * (s * (1 - s) * beta))


@composite(
    name="softplus_input", result="same", kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, x, beta, threshold: xp.softplus_input(g, x, beta=beta, threshold=threshold),
        _softplus_input_x,
    ],
)  # fmt: skip
def _softplus_input(xp: Any, g0: Any, x: Any, /, *, beta: float, threshold: float) -> Any:
    """The gradient of softplus."""
    return xp.where(x * beta > threshold, g0, g0 * xp.sigmoid(x * beta))


@composite(name="mish", result="same", kinds=REAL_FLOATING, vjp=lambda xp, g, x: xp.mish_input(g, x))
def _mish(xp: Any, x: Any, /) -> Any:
    return x * xp.tanh(xp.softplus(x, beta=1.0, threshold=20.0))


def _mish_input_x(xp: Any, g: Any, g0: Any, x: Any) -> Any:
    t, s = xp.tanh(xp.softplus(x, beta=1.0, threshold=20.0)), xp.sigmoid(x)
    return g * g0 * ((1 - t * t) * s * (x * (1 - s) - x * s * t * 2 + 2))


@composite(
    name="mish_input", result="same", kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x: xp.mish_input(g, x), _mish_input_x],
)  # fmt: skip
def _mish_input(xp: Any, g0: Any, x: Any, /) -> Any:
    """The gradient of mish."""
    t = xp.tanh(xp.softplus(x, beta=1.0, threshold=20.0))
    return g0 * (t + x * xp.sigmoid(x) * (1 - t * t))


def _softsign_x(xp: Any, g: Any, x: Any) -> Any:
    size = xp.abs(x)
    root = size + 1
    if not xp.isdtype(x.dtype, "complex floating"):
        return g / (root * root)
    along = xp.real(xp.conj(x) * g) / (xp.where(size == 0, 1, size) * root * root)
    return g / root - x * along


@composite(name="softsign", result="same", kinds=FLOATING, vjp=_softsign_x)
def _softsign(xp: Any, x: Any, /) -> Any:
    return x / (xp.abs(x) + 1)


def _tanhshrink_x(xp: Any, g: Any, x: Any) -> Any:
    t = xp.tanh(x)
    return g * xp.conj(t * t)


@composite(name="tanhshrink", result="same", kinds=FLOATING, vjp=_tanhshrink_x)
def _tanhshrink(xp: Any, x: Any, /) -> Any:
    return x - xp.tanh(x)


def _halves(x: Any, axis: int) -> tuple[Any, Any]:
    lead, half = (slice(None),) * axis, x.shape[axis] // 2
    return x[(*lead, slice(0, half), ...)], x[(*lead, slice(half, 2 * half), ...)]


def _glu_x(xp: Any, g: Any, x: Any, axis: int) -> Any:
    a, b = _halves(x, axis)
    s = xp.sigmoid(b)
    return xp.concat(g * s, g * a * (s * (1 - s)), axis=axis)


@composite(name="glu", result="same", kinds=REAL_FLOATING, vjp=_glu_x)
def _glu(xp: Any, x: Any, /, *, axis: int) -> Any:
    a, b = _halves(x, axis)
    return a * xp.sigmoid(b)


# -- gelu: x·Φ(x), Hendrycks and Gimpel, "Gaussian error linear units", 2016 -----------------------------------

_SQRT_HALF = math.sqrt(0.5)
_DENSITY = 1 / math.sqrt(2 * math.pi)
# Φ(x) is about (1 + tanh(_K·(x + _C·x³))) / 2.
_K, _C = math.sqrt(2 / math.pi), 0.044715


@composite(
    name="gelu", result="same", kinds=REAL_FLOATING, overwrites=True,
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
    return _maybe_in_place(input, _elu(input, alpha=alpha, scale=1.0, input_scale=1.0), inplace)


def relu_(input: Tensor) -> Tensor:
    """:func:`relu`, written into ``input``."""
    return relu(input, inplace=True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """:func:`leaky_relu`, written into ``input``."""
    return leaky_relu(input, negative_slope, inplace=True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """:func:`elu`, written into ``input``."""
    return elu(input, alpha, inplace=True)


# Klambauer et al., "Self-normalizing neural networks", 2017: these keep mean 0 and variance 1.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """1.0507·elu(x) with ``alpha=1.6733``, which keeps activations at mean 0 and variance 1.

    >>> import pluggrad
    >>> pluggrad.nn.functional.selu(pluggrad.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return _maybe_in_place(input, _elu(input, alpha=_SELU_ALPHA, scale=_SELU_SCALE, input_scale=1.0), inplace)


def selu_(input: Tensor) -> Tensor:
    """:func:`selu`, written into ``input``."""
    return selu(input, inplace=True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Each element, negative ones as ``alpha·(exp(x/alpha) - 1)``: smooth for every ``alpha``.

    Raises
    ------
    ArgumentError : an ``alpha`` of 0

    >>> import pluggrad
    >>> pluggrad.nn.functional.celu(pluggrad.tensor([-1.0, 2.0]), 2.0)
    tensor([-0.7869,  2.0000])
    """
    if alpha == 0:
        raise ArgumentError("celu: alpha cannot be 0, it is a divisor")
    return _maybe_in_place(input, _elu(input, alpha=alpha, scale=1.0, input_scale=1.0 / alpha), inplace)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """:func:`celu`, written into ``input``."""
    return celu(input, alpha, inplace=True)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x·tanh(softplus(x))`` (Misra, "Mish: a self regularized non-monotonic activation function", 2019).

    >>> import pluggrad
    >>> pluggrad.nn.functional.mish(pluggrad.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return _maybe_in_place(input, _mish(input), inplace)


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.softsign(pluggrad.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return _softsign(input)


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.tanhshrink(pluggrad.tensor([-1.0, 2.0]))
    tensor([-0.2384,  1.0360])
    """
    return _tanhshrink(input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """``a·sigmoid(b)`` of the halves a and b along an axis (Dauphin et al., "Language modeling with gated ...", 2017).

    Raises
    ------
    ShapeError : a 0-D tensor, an axis of odd size

    >>> import pluggrad
    >>> pluggrad.nn.functional.glu(pluggrad.tensor([4.0, 0.0]))
    tensor([2.])
    """
    shape = input._array.shape
    if not shape:
        raise ShapeError("glu: does not support 0-dimensional tensors")
    axis = one_axis("glu", dim, len(shape))
    if shape[axis] % 2:
        raise ShapeError(f"glu: halving dimension must be even, but dimension {axis} is size {shape[axis]}")
    return _glu(input, axis=axis)


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
