"""Losses of classification: negative log likelihood and cross entropy.

Both are weighted sums over the classes c of each sample i,

    nll_loss = sum_i sum_c q_ic (-x_ic),    cross_entropy = sum_i sum_c q_ic (-log_softmax(x)_ic),

with q_ic = w_c ((1 - s)[c = t_i] + s / C) for the class t_i, weights w and label smoothing s (Szegedy et
al., "Rethinking the Inception architecture", 2016, section 7); q is 0 for samples that are ignored. For the
mean they are divided by the sum of the weights w_t of the samples that count.
"""

from __future__ import annotations

import math
from typing import Any

from ...autograd.operands import require_tensors
from ...dtypes import FLOATING, INTEGRAL, REAL_FLOATING
from ...errors import ArgumentError, DTypeError, ShapeError
from ...tensor import Tensor
from ...tensor.placing import there
from ..declare import composite
from ..dtype_functions import _astype
from .losses import reduced, reduction_of

__all__ = ["cross_entropy", "nll_loss"]


def _class_axis(ndim: int) -> int:
    """Classes lie along axis 1: (N, C, ...); of a single sample, along axis 0."""
    return 0 if ndim == 1 else 1


def _by_class(xp: Any, weight: Any, ndim: int) -> Any:
    """``weight`` (C) in a shape that broadcasts along the class axis."""
    return xp.namespace.reshape(weight, (-1,) if ndim == 1 else (1, -1, *(1,) * (ndim - 2)))


def _q(
    xp: Any, like: Any, target: Any, weight: Any, shape: tuple[int, ...], ignore_index: int | None, smoothing: float
) -> tuple[Any, Any]:
    """q, and the weights of the samples, which the mean divides by the sum of: 0 for those ignored."""
    ns, axis = xp.namespace, _class_axis(len(shape))
    classes = ns.arange(shape[axis], dtype=target.dtype, device=xp.native_device(target))
    mine = _by_class(xp, classes, len(shape)) == ns.expand_dims(target, axis=axis)
    zero, one = (
        ns.zeros((), dtype=like.dtype, device=xp.native_device(like)),
        ns.ones((), dtype=like.dtype, device=xp.native_device(like)),
    )
    w = ns.broadcast_to(one if weight is None else _by_class(xp, weight, len(shape)), shape)
    hard = ns.where(mine, w, zero)
    of_samples = ns.sum(hard, axis=axis)
    q = hard if not smoothing else hard * (1.0 - smoothing) + w * (smoothing / shape[axis])
    if ignore_index is not None:
        counts = ns.not_equal(target, ignore_index)
        q = ns.where(ns.expand_dims(counts, axis=axis), q, zero)
        of_samples = ns.where(counts, of_samples, zero)
    return q, of_samples


def _reduce_samples(xp: Any, loss: Any, of_samples: Any, reduction: str) -> Any:
    if reduction == "none":
        return loss
    total = xp.namespace.sum(loss)
    return total / xp.namespace.sum(of_samples) if reduction == "mean" else total


def _spread_samples(xp: Any, g: Any, of_samples: Any, axis: int, reduction: str) -> Any:
    """The factor of each sample in the gradient, broadcasting along the classes."""
    if reduction == "none":
        return xp.namespace.expand_dims(g, axis=axis)
    return g / xp.namespace.sum(of_samples) if reduction == "mean" else g


# -- negative log likelihood ---------------------------------------------------------------------------


def _nll_x(
    xp: Any, g: Any, target: Any, weight: Any, x_shape: Any, ignore_index: Any, reduction: Any, smoothing: Any
) -> Any:
    return xp.nll_loss_input(
        g, target, weight, shape=tuple(x_shape), ignore_index=ignore_index, reduction=reduction, smoothing=smoothing
    )


@composite(
    name="nll_loss",
    autocast="float32",
    result="same",
    kinds=REAL_FLOATING,
    promoted=("x", "weight"),
    vjp=[_nll_x, None, None],
)
def _nll_loss(
    xp: Any,
    x: Any,
    target: Any,
    weight: Any = None,
    /,
    *,
    ignore_index: int | None,
    reduction: str,
    smoothing: float = 0.0,
) -> Any:
    """X (N, C, ...), target (N, ...) and weight (C) give 0-D or, unreduced, (N, ...)."""
    q, of_samples = _q(xp, x, target, weight, tuple(x.shape), ignore_index, smoothing)
    # Where q is 0, x may be -inf: no term, rather than 0·inf.
    terms = xp.namespace.where(q != 0, -q * x, xp.namespace.zeros_like(q))
    return _reduce_samples(xp, xp.namespace.sum(terms, axis=_class_axis(x.ndim)), of_samples, reduction)


def _nll_input_g(xp: Any, g: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any, smoothing: Any) -> Any:
    return xp.nll_loss(g, target, weight, ignore_index=ignore_index, reduction=reduction, smoothing=smoothing)


@composite(
    name="nll_loss_input", result="same", kinds=REAL_FLOATING, promoted=("g0", "weight"), vjp=[_nll_input_g, None, None]
)
def _nll_loss_input(
    xp: Any, g0: Any, target: Any, weight: Any = None, /, *, shape: tuple[int, ...], ignore_index: int | None,
    reduction: str, smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """The gradient of nll_loss with respect to its input, of that ``shape``."""
    q, of_samples = _q(xp, g0, target, weight, shape, ignore_index, smoothing)
    slope = -q * _spread_samples(xp, g0, of_samples, _class_axis(len(shape)), reduction)
    # Where all samples are ignored, the mean is 0/0; the gradient is none all the same, as in PyTorch.
    return xp.namespace.where(q != 0, slope, xp.namespace.zeros_like(q))


# -- cross entropy, classes by number --------------------------------------------------------------------


def _cross_entropy_x(
    xp: Any, g: Any, x: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any, smoothing: Any
) -> Any:
    return xp.cross_entropy_input(
        g, x, target, weight, ignore_index=ignore_index, reduction=reduction, smoothing=smoothing
    )


@composite(
    name="cross_entropy",
    autocast="float32",
    result="same",
    kinds=REAL_FLOATING,
    promoted=("x", "weight"),
    vjp=[_cross_entropy_x, None, None],
)
def _cross_entropy(
    xp: Any, x: Any, target: Any, weight: Any = None, /, *, ignore_index: int | None, reduction: str, smoothing: float
) -> Any:
    """X (N, C, ...), target (N, ...) and weight (C) give 0-D or, unreduced, (N, ...)."""
    return xp.nll_loss(
        xp.log_softmax(x, axis=_class_axis(x.ndim)), target, weight,
        ignore_index=ignore_index, reduction=reduction, smoothing=smoothing,
    )  # fmt: skip


def _input_g(
    xp: Any, g: Any, x: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any, smoothing: Any
) -> Any:
    """The loss's change along ``g``: nll_loss of the change of log_softmax."""
    axis = _class_axis(x.ndim)
    change = g - xp.sum(xp.softmax(x, axis=axis) * g, axis=(axis,), keepdims=True)
    return xp.nll_loss(change, target, weight, ignore_index=ignore_index, reduction=reduction, smoothing=smoothing)


def _input_x(
    xp: Any, g: Any, g0: Any, x: Any, target: Any, weight: Any, x_shape: Any, ignore_index: Any, reduction: Any,
    smoothing: Any,
) -> Any:  # fmt: skip
    """The derivative of softmax, times what each sample has of q."""
    axis = _class_axis(x.ndim)
    minus_q = xp.nll_loss_input(
        g0, target, weight, shape=tuple(x_shape), ignore_index=ignore_index, reduction=reduction, smoothing=smoothing
    )
    p = xp.softmax(x, axis=axis)
    weighted = p * g
    curved = p * xp.sum(weighted, axis=(axis,), keepdims=True) - weighted
    return curved * xp.sum(minus_q, axis=(axis,), keepdims=True)


@composite(
    name="cross_entropy_input", result="same", kinds=REAL_FLOATING, promoted=("g0", "x", "weight"),
    vjp=[_input_g, _input_x, None, None],
)  # fmt: skip
def _cross_entropy_input(
    xp: Any, g0: Any, x: Any, target: Any, weight: Any = None, /, *, ignore_index: int | None, reduction: str,
    smoothing: float,
) -> Any:  # fmt: skip
    """The gradient of cross_entropy with respect to its input: softmax times the sum of q, less q."""
    axis = _class_axis(x.ndim)
    q, of_samples = _q(xp, x, target, weight, tuple(x.shape), ignore_index, smoothing)
    of_q = xp.namespace.sum(q, axis=axis, keepdims=True)
    slope = (xp.softmax(x, axis=axis) * of_q - q) * _spread_samples(xp, g0, of_samples, axis, reduction)
    return xp.namespace.where(of_q != 0, slope, xp.namespace.zeros_like(slope))


# -- cross entropy, classes by probability ---------------------------------------------------------------


def _weighted_target(xp: Any, target: Any, weight: Any) -> Any:
    if weight is None:
        return target
    return target * (weight if target.ndim == 1 else xp.reshape(weight, shape=(1, -1, *(1,) * (target.ndim - 2))))


def _share(xp: Any, g: Any, x: Any, axis: int, reduction: str) -> Any:
    if reduction == "none":
        return xp.reshape(g, shape=(*x.shape[:axis], 1, *x.shape[axis + 1 :]))
    return g / (math.prod(x.shape) // x.shape[axis]) if reduction == "mean" else g


def _soft_x(xp: Any, g: Any, x: Any, target: Any, weight: Any, reduction: str) -> Any:
    axis = _class_axis(x.ndim)
    q = _weighted_target(xp, target, weight)
    slope = xp.softmax(x, axis=axis) * xp.sum(q, axis=(axis,), keepdims=True) - q
    return slope * _share(xp, g, x, axis, reduction)


def _soft_target(xp: Any, g: Any, x: Any, weight: Any, reduction: str) -> Any:
    axis = _class_axis(x.ndim)
    return _weighted_target(xp, -xp.log_softmax(x, axis=axis), weight) * _share(xp, g, x, axis, reduction)


@composite(
    name="soft_cross_entropy", autocast="float32", result="same", kinds=REAL_FLOATING, vjp=[_soft_x, _soft_target, None]
)
def _soft_cross_entropy(xp: Any, x: Any, target: Any, weight: Any = None, /, *, reduction: str) -> Any:
    """X and target (N, C, ...), weight (C) give 0-D or, unreduced, (N, ...)."""
    axis = _class_axis(x.ndim)
    q = target if weight is None else target * _by_class(xp, weight, x.ndim)
    loss = xp.namespace.sum(-q * xp.log_softmax(x, axis=axis), axis=axis)
    return reduced(xp, loss, reduction)


# -- public --------------------------------------------------------------------------------------------


@there
def _check_classes(name: str, x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> int | None:
    """Check shapes and class numbers; ``ignore_index`` if a target may equal it, else None.

    Raises
    ------
    ShapeError, DTypeError, IndexError
    """
    try:
        shape, ndim, given = tuple(x._array.shape), x._array.ndim, tuple(target._array.shape)
    except AttributeError:
        require_tensors(name, input=x, target=target)
        raise
    if ndim == 0:
        raise ShapeError(f"{name}: input must have a class axis: shape (C) or (N, C, ...), got a 0-D tensor")
    expected = shape[1:] if ndim == 1 else (shape[0], *shape[2:])
    if given != expected:
        raise ShapeError(f"{name}: expected target of shape {expected} for input of shape {shape}, got {given}")
    if target.dtype.kind not in INTEGRAL:
        raise DTypeError(f"{name}: expected target of an integer dtype, such as int64, got {target.dtype.name}")
    classes = shape[_class_axis(ndim)]
    if not isinstance(weight, Tensor | None):
        require_tensors(name, weight=weight)
    if weight is not None and weight._array.shape != (classes,):
        raise ShapeError(
            f"{name}: weight must have one number for each of the {classes} classes, got shape {tuple(weight.shape)}"
        )
    if not target.size:
        return None
    xp, array = target._type.kernels, target._array
    extent = xp.extent(array)
    if extent is None:
        return ignore_index  # the kernels look
    low, high = extent
    if low >= 0 and high < classes:
        return ignore_index if low <= ignore_index <= high else None
    ns = xp.namespace
    outside = ((array < 0) | (array >= classes)) & (array != ignore_index)
    if bool(ns.any(outside)):
        first = int(ns.argmax(ns.astype(ns.reshape(outside, (-1,)), ns.int64)))
        wrong = int(ns.reshape(array, (-1,))[first])
        raise IndexError(f"{name}: target {wrong} is out of bounds: there are {classes} classes, numbered from 0")
    return ignore_index


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The negative log likelihood of the target classes.

    Parameters
    ----------
    input : Tensor, shape (C), (N, C) or (N, C, d1, ...), real floating: log-probabilities of the classes
    target : Tensor, shape (), (N) or (N, d1, ...), integer: class numbers in [0, C)
    weight : Tensor, shape (C), or None: a factor for each class
    ignore_index : targets of this number do not count
    reduction : 'mean' (over the weights of the samples that count), 'sum' or 'none'

    Returns
    -------
    Tensor, 0-D, or with ``reduction='none'`` the shape of ``target``

    Raises
    ------
    IndexError : a class number outside of [0, C)
    ShapeError : a target that does not fit the input

    >>> import pluggrad
    >>> log_p = pluggrad.tensor([[-0.5, -1.0], [-2.0, -0.1]])
    >>> pluggrad.nn.functional.nll_loss(log_p, pluggrad.tensor([0, 0]))
    tensor(1.2500)
    """
    reduction = reduction_of("nll_loss", reduction, size_average, reduce)
    ignored = _check_classes("nll_loss", input, target, weight, ignore_index)
    return _nll_loss(input, target, weight, ignore_index=ignored, reduction=reduction, smoothing=0.0)


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """The cross entropy between logits and target classes.

    Parameters
    ----------
    input : Tensor, shape (C), (N, C) or (N, C, d1, ...), real floating: logits of the classes
    target : Tensor, shape (), (N) or (N, d1, ...), integer: class numbers in [0, C); or the input's shape,
        floating: probabilities of the classes
    weight : Tensor, shape (C), or None: a factor for each class
    ignore_index : class numbers equal to this do not count
    reduction : 'mean' (over the weights of the samples that count), 'sum' or 'none'
    label_smoothing : how much of the target, in [0, 1], is spread evenly over all classes

    Returns
    -------
    Tensor, 0-D, or with ``reduction='none'`` the shape of ``target`` without classes

    Raises
    ------
    IndexError : a class number outside of [0, C)
    ShapeError : a target that does not fit the input
    ValueError : a label_smoothing outside of [0, 1]

    >>> import pluggrad
    >>> pluggrad.nn.functional.cross_entropy(pluggrad.zeros(3, 10), pluggrad.tensor([0, 5, 9]))
    tensor(2.3026)
    """
    reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ArgumentError(f"cross_entropy: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if isinstance(target, Tensor) and target._type.dtype.kind in FLOATING:
        return _of_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    ignored = _check_classes("cross_entropy", input, target, weight, ignore_index)
    return _cross_entropy(
        input, target, weight, ignore_index=ignored, reduction=reduction, smoothing=float(label_smoothing)
    )


def _of_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    shape = tuple(input._array.shape)
    if tuple(target._array.shape) != shape or not shape:
        raise ShapeError(
            f"cross_entropy: expected floating point target of the input's shape {shape}, as probabilities, or class "
            f"numbers of an integer dtype; got {target.dtype.name} of shape {tuple(target.shape)}"
        )
    if ignore_index >= 0:
        raise ValueError("cross_entropy: ignore_index is not supported for floating point target")
    classes = shape[_class_axis(len(shape))]
    if weight is not None and weight._array.shape != (classes,):
        raise ShapeError(
            f"cross_entropy: weight must have one number for each of the {classes} classes, "
            f"got shape {tuple(weight.shape)}"
        )
    if target.dtype is not input.dtype:
        target = _astype(target, dtype=input.dtype)
    if smoothing:
        target = target * (1.0 - smoothing) + smoothing / classes
    return _soft_cross_entropy(input, target, weight, reduction=reduction)
