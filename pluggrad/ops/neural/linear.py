"""The affine map of a fully connected layer."""

from __future__ import annotations

import math
from typing import Any

from ...autograd.operands import require_tensors
from ...dtypes import FLOATING
from ...errors import ShapeError
from ...tensor import Tensor
from ..declare import composite

__all__ = ["bilinear", "linear"]


def _rows(xp: Any, x: Any) -> Any:
    """``x`` with all axes but the last as one: one large matrix product is faster than a stack of small ones."""
    return x if x.ndim == 2 else xp.reshape(x, shape=(math.prod(x.shape[:-1]) if x.shape[-1] else 0, x.shape[-1]))


def _linear_x(xp: Any, g: Any, weight: Any, x_shape: Any) -> Any:
    weight = xp.conj(weight)
    return xp.matmul(g, weight) if g.ndim == 2 else xp.reshape(xp.matmul(_rows(xp, g), weight), shape=tuple(x_shape))


@composite(
    name="linear_weight", autocast="lower", result="same", kinds=FLOATING,
    vjp=[
        lambda xp, g, x: xp.linear(x, g),
        lambda xp, g, gradient, x_shape: _linear_x(xp, gradient, g, x_shape),
    ],
)  # fmt: skip
def _linear_weight(xp: Any, gradient: Any, x: Any, /) -> Any:
    """The gradient of the weight: a function of its own, so that its derivatives are products without transposition."""
    return xp.matmul(xp.permute_dims(_rows(xp, gradient), axes=(1, 0)), xp.conj(_rows(xp, x)))


def _linear_bias(xp: Any, g: Any) -> Any:
    return xp.sum(g, axis=(0,) if g.ndim == 2 else tuple(range(g.ndim - 1)), keepdims=False)


@composite(
    name="linear", autocast="lower", result="same", kinds=FLOATING,
    vjp=[_linear_x, lambda xp, g, x: xp.linear_weight(g, x), _linear_bias],
)  # fmt: skip
def _linear(xp: Any, x: Any, weight: Any, bias: Any = None, /) -> Any:
    """X (..., I), weight (O, I), bias (O) give x @ weight.T + bias, (..., O)."""
    out = xp.namespace.matmul(x, xp.namespace.matrix_transpose(weight))
    return out if bias is None else out + bias


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Apply the affine map ``input @ weight.T + bias``.

    Parameters
    ----------
    input : Tensor, shape (..., I), floating
    weight : Tensor, shape (O, I)
    bias : Tensor, shape (O,), or None

    Returns
    -------
    Tensor, shape (..., O)

    Raises
    ------
    ShapeError : shapes that do not fit

    >>> import pluggrad
    >>> x, w = pluggrad.tensor([[1.0, 2.0]]), pluggrad.tensor([[1.0, 1.0], [0.0, 3.0]])
    >>> pluggrad.nn.functional.linear(x, w, pluggrad.tensor([0.5, 0.0]))
    tensor([[3.5000, 6.0000]])
    """
    try:
        x_shape, w_shape = input._array.shape, weight._array.shape
        fits = len(w_shape) == 2 and x_shape[-1] == w_shape[1] and (bias is None or bias._array.shape == w_shape[:1])
    except (AttributeError, IndexError):
        require_tensors("linear", input=input, weight=weight)
        if bias is not None:
            require_tensors("linear", bias=bias)
        fits = False
    if not fits:
        _raise_misfit(input, weight, bias)
    return _linear(input, weight, bias)


def _raise_misfit(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    x_shape, w_shape = tuple(input.shape), tuple(weight.shape)
    if len(w_shape) != 2 or not x_shape or x_shape[-1] != w_shape[1]:
        raise ShapeError(
            f"linear: input of shape {x_shape} and weight of shape {w_shape} do not fit: "
            f"weight must be (out_features, in_features) with in_features the input's last size"
        )
    assert bias is not None
    raise ShapeError(f"linear: bias must have shape ({w_shape[0]},), got {tuple(bias.shape)}")


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Apply the map ``input1ᵀ weight input2 + bias``.

    Parameters
    ----------
    input1, input2 : Tensors, shapes (..., I) and (..., J), alike but for the last axis
    weight : Tensor, shape (O, I, J)
    bias : Tensor, shape (O,), or None

    Returns
    -------
    Tensor, shape (..., O)

    Raises
    ------
    ShapeError : shapes that do not fit

    >>> import pluggrad
    >>> one = pluggrad.ones(1, 2)
    >>> pluggrad.nn.functional.bilinear(one, one, pluggrad.ones(3, 2, 2))
    tensor([[4., 4., 4.]])
    """
    require_tensors("bilinear", input1=input1, input2=input2, weight=weight)
    shape1, shape2, w = tuple(input1.shape), tuple(input2.shape), tuple(weight.shape)
    if len(w) != 3 or not shape1 or shape1[:-1] != shape2[:-1] or (shape1[-1], shape2[-1]) != w[1:]:
        raise ShapeError(
            f"bilinear: need input1 (..., I), input2 (..., J) and weight (O, I, J); got shapes {shape1}, {shape2}, {w}"
        )
    if bias is not None:
        require_tensors("bilinear", bias=bias)
    if bias is not None and tuple(bias.shape) != w[:1]:
        raise ShapeError(f"bilinear: bias must have shape ({w[0]},), got {tuple(bias.shape)}")
    # (..., I) with (I, O J) is one large product; what is left is a sum over J.
    left = _linear(input1, weight.permute(0, 2, 1).reshape(w[0] * w[2], w[1]))
    out = (left.reshape(*shape1[:-1], w[0], w[2]) * input2.unsqueeze(-2)).sum(-1)
    return out if bias is None else out + bias
