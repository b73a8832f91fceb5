"""Losses of regression by other measures, of rates and variances, of margins, and of distances between embeddings."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from ...autograd.autocast import runs_in
from ...autograd.operands import require_tensors
from ...dtypes import REAL_FLOATING
from ...errors import ArgumentError, ShapeError
from ...tensor import Tensor
from ..declare import composite
from ..reductions import mean as _mean
from ..searching import where
from ..vector_norms import vector_norm
from .activations import logsigmoid, softplus
from .losses import _alike, broadcast_shape, reduced, reduction_of, spread

__all__ = [
    "cosine_embedding_loss", "cosine_similarity", "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss", "kl_div",
    "margin_ranking_loss", "multilabel_soft_margin_loss", "normalize", "pairwise_distance", "poisson_nll_loss",
    "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def _finish(loss: Tensor, reduction: str) -> Tensor:
    return loss if reduction == "none" else loss.sum() if reduction == "sum" else _mean(loss)


# -- Huber's loss: a parabola up to a difference of delta, straight beyond -------------------------------------


def _huber_x(xp: Any, g: Any, x: Any, target: Any, delta: float, reduction: str) -> Any:
    return xp.clip(x - target, min=-delta, max=delta) * spread(g, x, reduction)


@composite(
    name="huber_loss", autocast="float32", result="same", kinds=REAL_FLOATING,
    vjp=[_huber_x, lambda xp, g, x, target, delta, reduction: _huber_x(xp, g, target, x, delta, reduction)],
)  # fmt: skip
def _huber(xp: Any, x: Any, target: Any, /, *, delta: float, reduction: str) -> Any:
    d = xp.abs(x - target)
    return reduced(xp, xp.where(d <= delta, d * d * 0.5, (d - delta * 0.5) * delta), reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Squared differences over 2 up to ``delta``, straight beyond (Huber, "Robust estimation", 1964).

    Raises
    ------
    ArgumentError : a ``delta`` that is not above 0

    >>> import pluggrad
    >>> pluggrad.nn.functional.huber_loss(pluggrad.tensor([1.0, 3.0]), pluggrad.tensor([0.0, 0.0]))
    tensor(1.5000)
    """
    reduction = reduction_of("huber_loss", reduction)
    if not delta > 0:
        raise ArgumentError(f"huber_loss does not support non-positive values for delta, got {delta}")
    x, t = _alike("huber_loss", input, target)
    if weight is None:
        return _huber(x, t, delta=delta, reduction=reduction)
    if weight._array.shape != input._array.shape:
        raise ValueError("huber_loss: weights and input must have the same size")
    return _finish(_huber(x, t, delta=delta, reduction="none") * weight, reduction)


@runs_in("float32")
def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """:func:`huber_loss` over ``beta``: absolute differences, with a parabola up to ``beta``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.smooth_l1_loss(pluggrad.tensor([1.0, 3.0]), pluggrad.tensor([0.0, 0.0]))
    tensor(1.5000)
    """
    reduction = reduction_of("smooth_l1_loss", reduction, size_average, reduce)
    if beta < 0:
        raise ArgumentError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    x, t = _alike("smooth_l1_loss", input, target)
    if beta == 0:
        return _finish((x - t).abs(), reduction)
    return _huber(x, t, delta=beta, reduction=reduction) / beta


# -- divergences and likelihoods ----------------------------------------------------------------------------------


def _check(name: str, **tensors: Tensor) -> None:
    """Refuse tensors that do not broadcast, by their names.

    Raises
    ------
    ShapeError
    """
    require_tensors(name, **tensors)
    shape: tuple[int, ...] = ()
    try:
        for tensor in tensors.values():
            shape = broadcast_shape(name, shape, tensor._array.shape)
    except ShapeError:
        listed = ", ".join(f"{key} {tuple(tensor.shape)}" for key, tensor in tensors.items())
        raise ShapeError(f"{name}: expected shapes that broadcast, got {listed}") from None


@runs_in("float32")
def kl_div(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", log_target: bool = False,
) -> Tensor:  # fmt: skip
    """The divergence of Kullback and Leibler, ``target·(log(target) - input)``.

    Parameters
    ----------
    input : Tensor, log-probabilities
    target : Tensor, probabilities, or with ``log_target`` their logarithms
    reduction : 'batchmean' (the sum over the size of the batch), 'mean', 'sum' or 'none'

    >>> import pluggrad
    >>> p = pluggrad.tensor([[0.5, 0.5]])
    >>> pluggrad.nn.functional.kl_div(p.log(), p, reduction="batchmean")
    tensor(0.)
    """
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "kl_div: reduction: 'mean' divides the total loss by both the batch size and the support size; "
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition.",
            stacklevel=2,
        )
    batch = reduction == "batchmean"
    _check("kl_div", input=input, target=target)
    kind = reduction_of("kl_div", "sum" if batch else reduction, size_average, reduce)
    if log_target:
        loss = target.exp() * (target - input)
    else:
        positive = target > 0
        loss = where(positive, target * (where(positive, target, 1.0).log() - input), target * 0.0)
    out = _finish(loss, kind)
    return out / input._array.shape[0] if batch and input._array.ndim else out


@runs_in("float32")
def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: bool | None = None,
    eps: float = 1e-8, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The negative log likelihood of counts, up to a constant: ``exp(input) - target·input`` of a rate's logarithm.

    With ``log_input=False`` the input is the rate; ``full`` adds Stirling's approximation of ``log(target!)``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.poisson_nll_loss(pluggrad.tensor([0.0]), pluggrad.tensor([2.0]))
    tensor(1.)
    """
    reduction = reduction_of("poisson_nll_loss", reduction, size_average, reduce)
    require_tensors("poisson_nll_loss", input=input, target=target)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        safe = where(target > 1, target, 1.0)
        stirling = safe * safe.log() - safe + (safe * (2 * math.pi)).log() * 0.5
        loss = loss + where(target > 1, stirling, 0.0)
    return _finish(loss, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """The negative log likelihood of normal numbers: ``(log(var) + (input - target)²/var) / 2``.

    ``var``, not let below ``eps``, is of the input's shape, or has 1 or nothing for its last axis. ``full`` adds the
    constant.

    Raises
    ------
    ValueError : a negative variance, one of another shape

    >>> import pluggrad
    >>> x = pluggrad.tensor([1.0])
    >>> pluggrad.nn.functional.gaussian_nll_loss(x, x + 2, pluggrad.tensor([1.0]))
    tensor(2.)
    """
    reduction = reduction_of("gaussian_nll_loss", reduction)
    require_tensors("gaussian_nll_loss", input=input, target=target)
    variance: Tensor = var if isinstance(var, Tensor) else input.detach() * 0.0 + var
    if bool((variance.detach() < 0).any()):
        raise ValueError("gaussian_nll_loss: var has negative entry/entries")
    shape, own = tuple(input._array.shape), tuple(variance._array.shape)
    if own != shape:
        if own == shape[:-1]:
            variance = variance.unsqueeze(-1)
        elif len(own) != len(shape) or sum(m for n, m in zip(shape, own, strict=True) if n != m) != 1:
            raise ValueError(f"gaussian_nll_loss: var is of incorrect size {own}, for input of size {shape}")
    # The floor has no derivative, as in PyTorch: the gradient is that of the value put in its place.
    variance = variance + (variance.detach().clamp(min=eps) - variance.detach())
    difference = input - target
    loss = (variance.log() + difference * difference / variance) * 0.5
    return _finish(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


# -- margins ------------------------------------------------------------------------------------------------------


@runs_in("float32")
def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """``log(1 + exp(-target·input))``, for targets 1 and -1.

    >>> import pluggrad
    >>> pluggrad.nn.functional.soft_margin_loss(pluggrad.tensor([0.0]), pluggrad.tensor([1.0]))
    tensor(0.6931)
    """
    _check("soft_margin_loss", input=input, target=target)
    return _finish(
        softplus(-target * input, threshold=700.0), reduction_of("soft_margin_loss", reduction, size_average, reduce)
    )


@runs_in("float32")
def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The input where the target is 1; ``max(0, margin - input)`` where it is -1.

    >>> import pluggrad
    >>> pluggrad.nn.functional.hinge_embedding_loss(pluggrad.tensor([2.0, 0.5]), pluggrad.tensor([1, -1]))
    tensor(1.2500)
    """
    reduction = reduction_of("hinge_embedding_loss", reduction, size_average, reduce)
    _check("hinge_embedding_loss", input=input, target=target)
    far = where(target != 1, (margin - input).clamp(min=0), input * 0.0)
    return _finish(far + where(target != -1, input, input * 0.0), reduction)


@runs_in("float32")
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """``max(0, margin - target·(input1 - input2))``: target 1 says that the first should be the larger, -1 the second.

    Raises
    ------
    ShapeError : different numbers of axes

    >>> import pluggrad
    >>> t = pluggrad.tensor
    >>> pluggrad.nn.functional.margin_ranking_loss(t([1.0]), t([3.0]), t([1.0]))
    tensor(2.)
    """
    reduction = reduction_of("margin_ranking_loss", reduction, size_average, reduce)
    if not input1._array.ndim == input2._array.ndim == target._array.ndim:
        raise ShapeError(
            f"margin_ranking_loss: all input tensors should have same dimension but got sizes: input1: "
            f"{tuple(input1.shape)}, input2: {tuple(input2.shape)}, target: {tuple(target.shape)}"
        )
    _check("margin_ranking_loss", input1=input1, input2=input2, target=target)
    return _finish((margin - target * (input1 - input2)).clamp(min=0), reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Cross entropy of logits of yes or no, averaged over the classes, the last axis; ``weight`` (C) of the classes.

    >>> import pluggrad
    >>> pluggrad.nn.functional.multilabel_soft_margin_loss(pluggrad.zeros(1, 2), pluggrad.ones(1, 2))
    tensor(0.6931)
    """
    reduction = reduction_of("multilabel_soft_margin_loss", reduction, size_average, reduce)
    _check("multilabel_soft_margin_loss", input=input, target=target)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    loss = loss if weight is None else loss * weight
    return _finish(loss.sum(-1) / input._array.shape[-1], reduction)


# -- distances ----------------------------------------------------------------------------------------------------


def normalize(
    input: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """``input`` over its p-norm along an axis, which is not let below ``eps``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.normalize(pluggrad.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    result = input / vector_norm(input, p, dim, keepdim=True).clamp(min=eps)
    return result if out is None else out.copy_(result)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along an axis; norms are not let below ``eps``.

    >>> import pluggrad
    >>> pluggrad.nn.functional.cosine_similarity(pluggrad.tensor([[1.0, 0.0]]), pluggrad.tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    _check("cosine_similarity", x1=x1, x2=x2)
    first = x1 / vector_norm(x1, 2, dim, keepdim=True).clamp(min=eps)
    second = x2 / vector_norm(x2, 2, dim, keepdim=True).clamp(min=eps)
    return (first * second).sum(dim)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` along the last axis.

    >>> import pluggrad
    >>> pluggrad.nn.functional.pairwise_distance(pluggrad.tensor([[3.0, 4.0]]), pluggrad.zeros(1, 2))
    tensor([5.0000])
    """
    _check("pairwise_distance", x1=x1, x2=x2)
    return vector_norm(x1 - x2 + eps, p, -1, keepdim=keepdim)


@runs_in("float32")
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """``1 - cos`` of two vectors where the target is 1, ``max(0, cos - margin)`` where it is -1; (N, D) or (D).

    Raises
    ------
    ShapeError : a target that is not one number for each pair

    >>> import pluggrad
    >>> x = pluggrad.tensor([[1.0, 0.0]])
    >>> pluggrad.nn.functional.cosine_embedding_loss(x, x, pluggrad.tensor([-1.0]))
    tensor(1.)
    """
    reduction = reduction_of("cosine_embedding_loss", reduction, size_average, reduce)
    require_tensors("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    ndim = input1._array.ndim
    if target._array.ndim not in (0, 1) or ndim != target._array.ndim + 1 or input2._array.ndim != ndim:
        raise ShapeError(
            f"cosine_embedding_loss: expected target (N) with inputs (N, D), or 0-D target with inputs (D), got shapes "
            f"{tuple(input1.shape)}, {tuple(input2.shape)} and {tuple(target.shape)}"
        )
    _check("cosine_embedding_loss", input1=input1, input2=input2, target=target.unsqueeze(-1))
    tiny = 1e-12
    squares = ((input1 * input1).sum(-1) + tiny) * ((input2 * input2).sum(-1) + tiny)
    cos = (input1 * input2).sum(-1) / squares.sqrt()
    near = where(target == 1, 1 - cos, cos * 0.0)
    return _finish(near + where(target == -1, (cos - margin).clamp(min=0), cos * 0.0), reduction)


@runs_in("float32")
def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with d the p-norm of the difference.

    ``swap`` takes the positive for the anchor where it lies closer to the negative (Balntas et al., 2016).

    >>> import pluggrad
    >>> t = pluggrad.tensor
    >>> pluggrad.nn.functional.triplet_margin_loss(t([[0.0]]), t([[2.0]]), t([[1.0]]))
    tensor(2.)
    """
    reduction = reduction_of("triplet_margin_loss", reduction, size_average, reduce)
    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=lambda a, b: pairwise_distance(a, b, p, eps), margin=margin,
        swap=swap, reduction=reduction,
    )  # fmt: skip


def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None, margin: float = 1.0, swap: bool = False,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """:func:`triplet_margin_loss` with a distance of one's own.

    Raises
    ------
    ValueError : a margin that is not above 0
    ShapeError : different numbers of axes

    >>> import pluggrad
    >>> t = pluggrad.tensor
    >>> pluggrad.nn.functional.triplet_margin_with_distance_loss(
    ...     t([[0.0]]), t([[2.0]]), t([[1.0]]), distance_function=lambda a, b: (a - b).abs().sum(-1)
    ... )
    tensor(2.)
    """
    reduction = reduction_of("triplet_margin_with_distance_loss", reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    require_tensors("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    if not anchor._array.ndim == positive._array.ndim == negative._array.ndim:
        raise ShapeError(
            f"the anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    _check("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        other = distance(positive, negative)
        far = where(other < far, other, far)
    return _finish((margin + near - far).clamp(min=0), reduction)
