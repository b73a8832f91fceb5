"""Losses that compare elements one by one: squared and absolute differences, binary cross entropy."""

from __future__ import annotations

import math
import warnings
from typing import Any, Literal

from ...autograd.operands import require_tensors
from ...dtypes import REAL_FLOATING
from ...errors import ShapeError
from ...tensor import Tensor
from ..declare import composite
from ..reductions import _sum
from ..views import broadcast_to

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "l1_loss", "mse_loss"]

Reduction = Literal["none", "mean", "sum"]


# -- reductions ----------------------------------------------------------------------------------------


def reduced(xp: Any, loss: Any, reduction: str) -> Any:
    """The mean of the losses of all elements, their sum, or they themselves."""
    if reduction == "none":
        return loss
    return xp.namespace.mean(loss) if reduction == "mean" else xp.namespace.sum(loss)


def spread(g: Any, like: Any, reduction: str) -> Any:
    """The gradient of :func:`reduced`, up to broadcasting."""
    return g / math.prod(like.shape) if reduction == "mean" else g


def reduction_of(name: str, reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The reduction that was asked for, by its name or by PyTorch's older arguments.

    Raises
    ------
    ValueError : an unknown one
    """
    if size_average is not None or reduce is not None:
        instead = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            f"{name}: size_average and reduce are deprecated; use reduction={instead!r}", FutureWarning, stacklevel=3
        )
        return instead
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{name}: {reduction!r} is not a valid value for reduction; give 'none', 'mean' or 'sum'")
    return reduction


def _alike(name: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both, broadcast to one shape if they differ, with a warning: it is likely a mistake."""
    try:
        if input._array.shape == target._array.shape:
            return input, target
    except AttributeError:
        require_tensors(name, input=input, target=target)
        raise
    warnings.warn(
        f"{name}: using a target size ({tuple(target.shape)}) that is different to the input size "
        f"({tuple(input.shape)}). This will likely lead to incorrect results due to broadcasting. "
        f"Please ensure they have the same size.",
        stacklevel=3,
    )
    shape = broadcast_shape(name, input._array.shape, target._array.shape)
    return broadcast_to(input, shape), broadcast_to(target, shape)


def broadcast_shape(name: str, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that two broadcast to.

    Raises
    ------
    ShapeError : they do not
    """
    n = max(len(a), len(b))
    long_a, long_b = (1,) * (n - len(a)) + tuple(a), (1,) * (n - len(b)) + tuple(b)
    if any(p != q and 1 not in (p, q) for p, q in zip(long_a, long_b, strict=True)):
        raise ShapeError(f"{name}: shapes {tuple(a)} and {tuple(b)} do not broadcast")
    return tuple(q if p == 1 else p for p, q in zip(long_a, long_b, strict=True))


# -- squared and absolute differences --------------------------------------------------------------------


def _mse_x(xp: Any, g: Any, x: Any, target: Any, reduction: str) -> Any:
    return (x - target) * (g * (2 / max(math.prod(x.shape), 1) if reduction == "mean" else 2))


@composite(
    name="mse_loss", autocast="float32", result="same", kinds=REAL_FLOATING,
    vjp=[_mse_x, lambda xp, g, x, target, reduction: _mse_x(xp, g, target, x, reduction)],
)  # fmt: skip
def _mse_loss(xp: Any, x: Any, target: Any, /, *, reduction: str) -> Any:
    return reduced(xp, xp.square(x - target), reduction)


def _l1_x(xp: Any, g: Any, x: Any, target: Any, reduction: str) -> Any:
    """0 where both are equal, as in PyTorch."""
    return xp.sign(x - target) * spread(g, x, reduction)


@composite(
    name="l1_loss", autocast="float32", result="same", kinds=REAL_FLOATING,
    vjp=[_l1_x, lambda xp, g, x, target, reduction: _l1_x(xp, g, target, x, reduction)],
)  # fmt: skip
def _l1_loss(xp: Any, x: Any, target: Any, /, *, reduction: str) -> Any:
    return reduced(xp, xp.abs(x - target), reduction)


# -- binary cross entropy --------------------------------------------------------------------------------


def _weighted(loss: Any, weight: Any) -> Any:
    return loss if weight is None else loss * weight


def _log(xp: Any, x: Any) -> Any:
    """The logarithm, not below -100, so that a certain and wrong prediction has a finite loss, as in PyTorch."""
    return xp.maximum(xp.log(x), -100.0)


def _bce_x(xp: Any, g: Any, x: Any, target: Any, weight: Any, reduction: str) -> Any:
    # The floor keeps the quotient finite where the logarithm is cut off, as in PyTorch.
    return _weighted((x - target) / xp.maximum(x * (1.0 - x), 1e-12), weight) * spread(g, x, reduction)


def _bce_target(xp: Any, g: Any, x: Any, weight: Any, reduction: str) -> Any:
    return _weighted(_log(xp, 1.0 - x) - _log(xp, x), weight) * spread(g, x, reduction)


@composite(
    name="binary_cross_entropy", autocast="float32", result="same", kinds=REAL_FLOATING, vjp=[_bce_x, _bce_target, None]
)
def _binary_cross_entropy(xp: Any, x: Any, target: Any, weight: Any = None, /, *, reduction: str) -> Any:
    loss = (target - 1.0) * _log(xp, 1.0 - x) - target * _log(xp, x)
    return reduced(xp, _weighted(loss, weight), reduction)


def _logits_x(xp: Any, g: Any, x: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    if pos_weight is None:
        slope = xp.sigmoid(x) - target
    else:
        slope = (1.0 - target) - (1.0 + (pos_weight - 1.0) * target) * xp.sigmoid(-x)
    return _weighted(slope, weight) * spread(g, x, reduction)


def _logits_target(xp: Any, g: Any, x: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    slope = -x if pos_weight is None else -x - (pos_weight - 1.0) * xp.log_sigmoid(x)
    return _weighted(slope, weight) * spread(g, x, reduction)


@composite(
    name="binary_cross_entropy_with_logits", autocast="float32", result="same", kinds=REAL_FLOATING,
    vjp=[_logits_x, _logits_target, None, None],
)  # fmt: skip
def _binary_cross_entropy_with_logits(
    xp: Any, x: Any, target: Any, weight: Any = None, pos_weight: Any = None, /, *, reduction: str
) -> Any:
    log_sigmoid = xp.log_sigmoid(x)
    if pos_weight is not None:
        log_sigmoid = log_sigmoid * (1.0 + (pos_weight - 1.0) * target)
    return reduced(xp, _weighted((1.0 - target) * x - log_sigmoid, weight), reduction)


# -- public --------------------------------------------------------------------------------------------


def mse_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Squared differences, ``(input - target)**2``.

    Parameters
    ----------
    input, target : Tensor, real floating, the same shape
    reduction : 'mean' or 'sum' over all elements, or 'none'
    weight : Tensor of the same shape, or None: a factor for each element; the mean is then a weighted one
    size_average, reduce : PyTorch's older way to choose the reduction

    Returns
    -------
    Tensor, 0-D, or with ``reduction='none'`` the shape of ``input``

    >>> import pluggrad
    >>> pluggrad.nn.functional.mse_loss(pluggrad.tensor([1.0, 2.0]), pluggrad.tensor([1.0, 4.0]))
    tensor(2.)
    """
    return _difference(
        "mse_loss", _mse_loss, input, target, reduction_of("mse_loss", reduction, size_average, reduce), weight
    )


def l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Absolute differences, ``abs(input - target)``; arguments as in :func:`mse_loss`.

    >>> import pluggrad
    >>> pluggrad.nn.functional.l1_loss(pluggrad.tensor([1.0, 2.0]), pluggrad.tensor([1.0, 4.0]))
    tensor(1.)
    """
    require_tensors("l1_loss", input=input, target=target)
    if input.dtype.is_complex or target.dtype.is_complex:
        size = abs(input - target)
        return l1_loss(size, size.new_zeros(size.shape), size_average, reduce, reduction, weight)
    return _difference(
        "l1_loss", _l1_loss, input, target, reduction_of("l1_loss", reduction, size_average, reduce), weight
    )


def _difference(name: str, loss: Any, input: Tensor, target: Tensor, reduction: str, weight: Tensor | None) -> Tensor:
    x, t = _alike(name, input, target)
    if weight is None:
        return loss(x, t, reduction=reduction)
    if weight._array.shape != x._array.shape:
        raise ShapeError(f"{name}: weight must have the input's shape {tuple(x.shape)}, got {tuple(weight.shape)}")
    each = loss(x, t, reduction="none") * weight
    if reduction == "none":
        return each
    total = _sum_all(each)
    return total / _sum_all(weight) if reduction == "mean" else total


def _sum_all(x: Tensor) -> Tensor:
    return _sum(x, axis=tuple(range(x._array.ndim)))


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Cross entropy of probabilities of yes or no, ``-(t·log(p) + (1 - t)·log(1 - p))``.

    Parameters
    ----------
    input : Tensor, real floating, probabilities in [0, 1]
    target : Tensor, the same shape, in [0, 1]
    weight : Tensor that broadcasts to that shape, or None: a factor for each element
    reduction : 'mean' or 'sum' over all elements, or 'none'

    Returns
    -------
    Tensor, 0-D, or with ``reduction='none'`` the shape of ``input``

    Raises
    ------
    ValueError : another shape of the target
    RuntimeError : an input outside of [0, 1]

    Notes
    -----
    The logarithms are not let below -100, as in PyTorch. Of logits, rather use
    :func:`binary_cross_entropy_with_logits`, which loses no digits.

    >>> import pluggrad
    >>> pluggrad.nn.functional.binary_cross_entropy(pluggrad.tensor([0.5, 0.5]), pluggrad.tensor([0.0, 1.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy"
    reduction = reduction_of(name, reduction, size_average, reduce)
    _same_size(name, input, target)
    if weight is not None:
        broadcast_to(weight, tuple(input.shape))  # raises if it does not fit
    with input._type.here():
        input._type.kernels.refuse(~((input._array >= 0) & (input._array <= 1)), RuntimeError(
            f"{name}: all elements of input should be between 0 and 1; for logits use binary_cross_entropy_with_logits"
        ))  # fmt: skip
    return _binary_cross_entropy(input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """:func:`binary_cross_entropy` of ``sigmoid(input)``, computed without rounding the probabilities.

    Parameters
    ----------
    input : Tensor, real floating, logits
    target : Tensor, the same shape, in [0, 1]
    weight : Tensor that broadcasts to that shape, or None: a factor for each element
    pos_weight : Tensor that broadcasts to that shape, or None: a factor of the term of the targets 1
    reduction : 'mean' or 'sum' over all elements, or 'none'

    Returns
    -------
    Tensor, 0-D, or with ``reduction='none'`` the shape of ``input``

    Raises
    ------
    ValueError : another shape of the target

    >>> import pluggrad
    >>> pluggrad.nn.functional.binary_cross_entropy_with_logits(pluggrad.tensor([0.0]), pluggrad.tensor([1.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy_with_logits"
    reduction = reduction_of(name, reduction, size_average, reduce)
    _same_size(name, input, target)
    for factor in (weight, pos_weight):
        if factor is not None:
            require_tensors(name, weight=factor)
            broadcast_to(factor, tuple(input.shape))
    return _binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction=reduction)


def _same_size(name: str, input: Tensor, target: Tensor) -> None:
    require_tensors(name, input=input, target=target)
    if input._array.shape != target._array.shape:
        raise ShapeError(
            f"{name}: target size ({tuple(target.shape)}) must be the same as input size ({tuple(input.shape)})"
        )
