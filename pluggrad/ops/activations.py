"""Activations: the elementwise functions that neural networks are made of."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import FLOATING, REAL, REAL_FLOATING
from ..tensor import Tensor
from .declare import composite

__all__ = ["logit", "relu", "sigmoid"]


@composite(name="relu_backward", broadcasts=True, result="same", kinds=REAL_FLOATING,
           vjp=[lambda xp, g, output: xp.relu_backward(g, output), None])  # fmt: skip
def _relu_backward(xp: Any, gradient: Any, output: Any, /) -> Any:
    """The gradient where the output is not 0; a function of its own, so that a backend can do it in one pass."""
    return xp.where(output <= 0, 0, gradient)


@composite(method=True, result="same", kinds=REAL, overwrites=True,
           vjp=lambda xp, g, out: xp.relu_backward(g, out))  # fmt: skip
def relu(xp, x, /):
    """Each element, but 0 for negative ones; NaN for NaN.

    The gradient at 0 is 0.

    >>> import pluggrad
    >>> pluggrad.relu(pluggrad.asarray([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return xp.namespace.maximum(x, 0)


@composite(
    name="sigmoid_backward", broadcasts=True, result="same", kinds=FLOATING,
    vjp=[
        lambda xp, g, output: g * (output * (1 - output)),
        lambda xp, g, gradient, output: xp.conj(g * (1 - 2 * output)) * gradient,
    ],
)  # fmt: skip
def _sigmoid_backward(xp: Any, gradient: Any, output: Any, /) -> Any:
    """The gradient times the derivative; a function of its own, so that a backend can do it in one pass."""
    return gradient * xp.conj(output * (1 - output))


@composite(method=True, result="same", kinds=FLOATING, overwrites=True,
           vjp=lambda xp, g, out: xp.sigmoid_backward(g, out))  # fmt: skip
def sigmoid(xp, x, /):
    """``1 / (1 + exp(-x))`` of each element.

    >>> import pluggrad
    >>> pluggrad.sigmoid(pluggrad.asarray([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    return 1 / (xp.namespace.exp(-x) + 1)


def _logit_x(xp: Any, g: Any, x: Any, eps: float | None) -> Any:
    """As in PyTorch: where ``eps`` holds 0; outside of [0, 1] NaN."""
    low, high = (0.0, 1.0) if eps is None else (eps, 1 - eps)
    inside = (x >= low) & (x <= high)
    return xp.where(inside, g / (x * (1 - x)), math.nan if eps is None else 0)


@composite(name="logit", result="same", kinds=REAL_FLOATING, vjp=_logit_x)
def _logit(xp: Any, x: Any, /, *, eps: float | None) -> Any:
    if eps is not None:
        x = xp.namespace.clip(x, eps, 1 - eps)
    return xp.namespace.log(x / (1 - x))


def logit(x: Tensor, /, eps: float | None = None) -> Tensor:
    """``log(x / (1 - x))`` of each element, the inverse of :func:`sigmoid`.

    Parameters
    ----------
    x : Tensor, real dtype
    eps : brings ``x`` into [eps, 1 - eps] first; None: elements outside of [0, 1] give NaN

    Returns
    -------
    Tensor, same shape, floating dtype

    >>> import pluggrad
    >>> pluggrad.logit(pluggrad.asarray([0.5, 0.8808]))
    tensor([0.0000, 2.0000])
    """
    return _logit(x, eps=eps)
