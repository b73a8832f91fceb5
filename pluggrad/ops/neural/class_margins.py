"""Margins between classes, and classes as rows of 0 and 1."""

from __future__ import annotations

from ...autograd.operands import require_tensors
from ...dtypes import INTEGRAL, bool_, int64
from ...errors import ArgumentError, BoundsError, DTypeError, ShapeError
from ...tensor import Tensor
from ..creation import arange
from ..gathering import gather
from ..searching import where
from .embedding_losses import _finish
from .losses import reduction_of

__all__ = ["multi_margin_loss", "multilabel_margin_loss", "one_hot"]


def _range(target: Tensor) -> tuple[int, int]:
    ns, array = target._type.kernels.namespace, target._array
    return int(ns.min(array)), int(ns.max(array))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Class numbers as rows with one 1 among 0s: shape (...) gives (..., num_classes), int64.

    Parameters
    ----------
    tensor : integer Tensor of class numbers
    num_classes : -1: one more than the largest number

    Raises
    ------
    ArgumentError : a negative number, or one that is not below ``num_classes``

    >>> import pluggrad
    >>> pluggrad.nn.functional.one_hot(pluggrad.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    require_tensors("one_hot", tensor=tensor)
    if tensor.dtype.kind not in INTEGRAL:
        raise DTypeError(f"one_hot: expected class numbers of an integer dtype, got {tensor.dtype.name}")
    if tensor.size:
        low, high = _range(tensor)
        if low < 0:
            raise ArgumentError(f"one_hot: class values must be non-negative, got {low}")
        if num_classes != -1 and high >= num_classes:
            raise ArgumentError(f"one_hot: class values must be smaller than num_classes={num_classes}, got {high}")
        num_classes = high + 1 if num_classes == -1 else num_classes
    elif num_classes <= 0:
        raise ArgumentError("one_hot: can not infer total number of classes from an empty tensor")
    return (tensor.unsqueeze(-1) == arange(num_classes, dtype=tensor.dtype, device=tensor.device)).to(int64)


def _check_classes(name: str, target: Tensor, classes: int, least: int) -> None:
    if target.size:
        low, high = _range(target)
        if low < least or high >= classes:
            wrong = low if low < least else high
            raise BoundsError(f"{name}: target {wrong} is out of range: there are {classes} classes, numbered from 0")


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """``Σ max(0, margin - x_t + x_c)**p / C`` over the classes c other than the target's, t.

    Parameters
    ----------
    input : Tensor, shape (N, C) or (C), real floating
    target : integer Tensor, shape (N) or ()
    p : 1 or 2
    weight : Tensor, shape (C), or None: a factor for each target class

    Raises
    ------
    BoundsError : a class number outside of [0, C)
    ShapeError : a target or weight that does not fit the input

    >>> import pluggrad
    >>> pluggrad.nn.functional.multi_margin_loss(pluggrad.tensor([[0.0, 0.5]]), pluggrad.tensor([0]))
    tensor(0.7500)
    """
    reduction = reduction_of("multi_margin_loss", reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("multi_margin_loss: only p == 1 and p == 2 supported")
    require_tensors("multi_margin_loss", input=input, target=target)
    if target.dtype.kind not in INTEGRAL:
        raise DTypeError(f"multi_margin_loss: expected target of an integer dtype, got {target.dtype.name}")
    single = input._array.ndim < 2
    x, t = (input.reshape(1, -1), target.reshape(1)) if single and target.size == 1 else (input, target)
    if x._array.ndim != 2 or t._array.shape != x._array.shape[:1]:
        raise ShapeError(
            f"multi_margin_loss: expected input (N, C) with target (N), or (C) with (), got shapes "
            f"{tuple(input.shape)} and {tuple(target.shape)}"
        )
    classes = x._array.shape[1]
    _check_classes("multi_margin_loss", t, classes, 0)
    if weight is not None and weight._array.shape != (classes,):
        raise ShapeError(f"multi_margin_loss: weight must have shape ({classes},), got {tuple(weight.shape)}")
    own = t.unsqueeze(1)
    terms = (margin - gather(x, 1, own) + x).clamp(min=0)
    terms = terms * terms if p == 2 else terms
    terms = where(one_hot(t, classes).to(bool_), terms * 0.0, terms)
    loss = terms.sum(1) / classes
    loss = loss if weight is None else loss * gather(weight, 0, t)
    return _finish(loss.reshape(()) if single else loss, reduction)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """``Σ max(0, 1 - x_t + x_c) / C`` over all target classes t and all others c.

    Parameters
    ----------
    input : Tensor, shape (N, C) or (C), real floating
    target : integer Tensor of the same shape: class numbers, up to the first -1

    Raises
    ------
    ShapeError : another shape of the target
    BoundsError : a class number outside of [0, C)

    >>> import pluggrad
    >>> pluggrad.nn.functional.multilabel_margin_loss(pluggrad.tensor([0.5, 0.0]), pluggrad.tensor([0, -1]))
    tensor(0.2500)
    """
    reduction = reduction_of("multilabel_margin_loss", reduction, size_average, reduce)
    require_tensors("multilabel_margin_loss", input=input, target=target)
    if target._array.shape != input._array.shape or input._array.ndim not in (1, 2):
        raise ShapeError(
            f"multilabel_margin_loss: expected input and target of one shape, (N, C) or (C), got {tuple(input.shape)} "
            f"and {tuple(target.shape)}"
        )
    classes = input._array.shape[-1]
    _check_classes("multilabel_margin_loss", target, classes, -1)
    listed = (target < 0).to(int64).cumsum(-1) == 0
    safe = where(listed, target, 0)
    chosen = (one_hot(safe, classes) * listed.to(int64).unsqueeze(-1)).sum(-2) > 0
    terms = (1 - gather(input, -1, safe).unsqueeze(-1) + input.unsqueeze(-2)).clamp(min=0)
    pairs = (listed.unsqueeze(-1) & ~chosen.unsqueeze(-2)).to(input.dtype)
    return _finish((terms * pairs).sum((-2, -1)) / classes, reduction)
