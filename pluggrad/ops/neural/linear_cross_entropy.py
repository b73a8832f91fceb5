"""Cross entropy of logits that a linear map gives, without room for the logits of all samples at once.

With many more classes than features (the words of a language), the logits (N, C) are by far the largest array of a
step. In chunks of the samples, those of one chunk are there at a time: forward keeps the losses alone, and backward
computes the logits of each chunk again (Wijmans et al., "Cut your losses in large-vocabulary language models", 2024).
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Iterator
from typing import Any, Literal

from ...dtypes import FLOATING, REAL_FLOATING, DType
from ...errors import ShapeError
from ...tensor import Tensor
from ..arithmetic import multiply
from ..comparison import not_equal
from ..declare import composite
from ..dtype_functions import _astype
from ..gathering import take
from ..manipulation import reshape
from ..reductions import _sum
from ..searching import where
from .cross_entropy import _check_classes, cross_entropy
from .linear import linear
from .losses import reduction_of

__all__ = ["LinearCrossEntropyOptions", "linear_cross_entropy"]


@dataclasses.dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How :func:`linear_cross_entropy` splits the samples; PyTorch's fields.

    Attributes
    ----------
    batch_chunk_size : samples per chunk; None: as ``chunking_method`` says
    chunking_method : "auto": as many as there are features, so that the logits of a chunk take the room of the
        weight; "aspect_ratio": about the room of the whole input; "aspect_ratio:n": an n-th of that; None: one chunk
    allow_retain_graph, acc_policy, acc_dtype : taken as PyTorch takes them, and not needed here: nothing is
        overwritten in backward, and there is one way of adding up, in the precision of the input

    Raises
    ------
    ValueError : fields that PyTorch refuses, too

    >>> LinearCrossEntropyOptions(batch_chunk_size=128).rows(samples=1000, features=64, classes=50000)
    128
    >>> LinearCrossEntropyOptions().rows(samples=1000, features=64, classes=50000)
    64
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: Literal["accurate", "balanced", "compact", "auto"] = "auto"
    acc_dtype: DType | None = None

    def __post_init__(self) -> None:
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"LinearCrossEntropyOptions: invalid acc_policy: {self.acc_policy!r}")
        if self.chunking_method not in (None, "auto"):
            name, colon, factor = str(self.chunking_method).partition(":")
            if name != "aspect_ratio" or (colon and not (factor.isdigit() and int(factor))):
                raise ValueError(
                    f"LinearCrossEntropyOptions: invalid chunking_method: {self.chunking_method!r}; give 'auto', "
                    f"'aspect_ratio', 'aspect_ratio:n' or None"
                )
        size = self.batch_chunk_size
        if size is not None and (not isinstance(size, int) or size < 1):
            raise ValueError(f"LinearCrossEntropyOptions: batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and getattr(self.acc_dtype, "kind", None) != "real floating":
            raise ValueError(
                f"LinearCrossEntropyOptions: acc_dtype must be a real floating dtype or None, got {self.acc_dtype!r}"
            )

    def rows(self, samples: int, features: int, classes: int) -> int:
        """How many samples a chunk has.

        Raises
        ------
        ValueError : ``batch_chunk_size`` and ``chunking_method`` disagree
        """
        given, method = self.batch_chunk_size, self.chunking_method
        if method is None or (method == "auto" and given is not None):
            size = samples if given is None else given
        elif method == "auto":
            size = features
        else:
            share = -(-samples // max(-(-classes // max(features, 1)), 1))
            size = (1 << (share - 1).bit_length()) // int(method.partition(":")[2] or 1)
            if given not in (None, size):
                raise ValueError(
                    f"LinearCrossEntropyOptions: batch_chunk_size (={given}) and chunking_method ({method!r}, which "
                    f"gives {size}) differ; pass only one"
                )
        return max(min(size, samples), 1)


# -- in chunks -------------------------------------------------------------------------------------------------


def _chunks(count: int, rows: int) -> Iterator[slice]:
    return (slice(i, min(i + rows, count)) for i in range(0, max(count, 1), rows))


def _slopes(
    xp: Any, g: Any, x: Any, weight: Any, target: Any, bias: Any, classes: Any, rows: int, ignore_index: int | None,
    smoothing: float,
) -> Iterator[tuple[slice, Any]]:  # fmt: skip
    """The gradients for the logits, (rows, C), chunk by chunk."""
    for chunk in _chunks(x.shape[0], rows):
        yield chunk, xp.cross_entropy_input(
            g[chunk], xp.linear(x[chunk, :], weight, bias), target[chunk], classes, ignore_index=ignore_index,
            reduction="none", smoothing=smoothing,
        )  # fmt: skip


def _x(
    xp: Any, g: Any, x: Any, weight: Any, target: Any, bias: Any, classes: Any, rows: int, ignore_index: Any,
    smoothing: Any,
) -> Any:  # fmt: skip
    slopes = _slopes(xp, g, x, weight, target, bias, classes, rows, ignore_index, smoothing)
    return xp.concat(*(xp.matmul(slope, weight) for _, slope in slopes), axis=0)


def _weight(
    xp: Any, g: Any, x: Any, weight: Any, target: Any, bias: Any, classes: Any, rows: int, ignore_index: Any,
    smoothing: Any,
) -> Any:  # fmt: skip
    slopes = _slopes(xp, g, x, weight, target, bias, classes, rows, ignore_index, smoothing)
    total: Any = 0.0
    for chunk, slope in slopes:
        total = xp.matmul(xp.permute_dims(slope, axes=(1, 0)), x[chunk, :]) + total
    return total


def _bias(
    xp: Any, g: Any, x: Any, weight: Any, target: Any, bias: Any, classes: Any, rows: int, ignore_index: Any,
    smoothing: Any,
) -> Any:  # fmt: skip
    slopes = _slopes(xp, g, x, weight, target, bias, classes, rows, ignore_index, smoothing)
    total: Any = 0.0
    for _, slope in slopes:
        total = xp.sum(slope, axis=(0,), keepdims=False) + total
    return total


@composite(
    name="linear_cross_entropy", result="same", kinds=REAL_FLOATING, promoted=("x", "weight", "bias", "classes"),
    vjp=[_x, _weight, None, _bias, None],
)  # fmt: skip
def _linear_cross_entropy(
    xp: Any, x: Any, weight: Any, target: Any, bias: Any = None, classes: Any = None, /, *, rows: int,
    ignore_index: int | None, smoothing: float,
) -> Any:  # fmt: skip
    """X (N, I), weight (C, I), target (N), bias (C) and a factor for each class (C) give the losses (N)."""
    losses = [
        xp.cross_entropy(
            xp.linear(x[chunk, :], weight, bias),
            target[chunk],
            classes,
            ignore_index=ignore_index,
            reduction="none",
            smoothing=smoothing,
        )
        for chunk in _chunks(x.shape[0], rows)
    ]
    return xp.namespace.concat(losses, axis=0)


# -- public ----------------------------------------------------------------------------------------------------


def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None,
    weight: Tensor | None = None, reduction: str = "mean", ignore_index: int | None = None,
    label_smoothing: float = 0.0, options: LinearCrossEntropyOptions | None = None,
) -> Tensor:  # fmt: skip
    """The cross entropy between target classes and the logits ``linear(input, linear_weight, linear_bias)``.

    Parameters
    ----------
    input : Tensor, shape (I) or (N, I), real floating
    linear_weight : Tensor, shape (C, I), or (C, d1, ..., I) for logits (N, C, d1, ...)
    target : Tensor, shape (), (N) or (N, d1, ...), integer: class numbers in [0, C); or the logits' shape, floating:
        probabilities of the classes
    linear_bias : Tensor, the shape of ``linear_weight`` without its last axis, or None
    weight : Tensor, shape (C), or None: a factor for each class
    reduction : 'mean' (over the weights of the samples that count), 'sum' or 'none'
    ignore_index : class numbers equal to this do not count; None is -100
    label_smoothing : how much of the target, in [0, 1], is spread evenly over all classes
    options : split the samples into chunks, so that the logits of one chunk alone take room: up to twice the time,
        for a fraction of the memory. With targets by probability or further axes it is left aside, with a warning,
        as in PyTorch

    Returns
    -------
    Tensor, 0-D, or with ``reduction='none'`` the shape of ``target`` without classes

    Raises
    ------
    ShapeError : shapes that do not fit
    IndexError : a class number outside of [0, C)
    ValueError : a label_smoothing outside of [0, 1]; ``ignore_index`` for targets by probability

    >>> import pluggrad
    >>> loss = pluggrad.nn.functional.linear_cross_entropy
    >>> loss(pluggrad.zeros(3, 4), pluggrad.ones(10, 4), pluggrad.tensor([0, 5, 9]))
    tensor(2.3026)
    """
    name = "linear_cross_entropy"
    shape, w = tuple(input._array.shape), tuple(linear_weight._array.shape)
    if len(shape) not in (1, 2) or len(w) < 2 or shape[-1] != w[-1]:
        raise ShapeError(
            f"{name}: expected input of shape (I) or (N, I) and linear_weight of shape (C, ..., I), got {shape} and {w}"
        )
    if linear_bias is not None and tuple(linear_bias._array.shape) != w[:-1]:
        raise ShapeError(f"{name}: expected linear_bias of shape {w[:-1]}, got {tuple(linear_bias.shape)}")
    further = w[1:-1]
    if further and len(shape) == 1:
        raise ShapeError(f"{name}: linear_weight of shape {w} asks for input of shape (N, {w[-1]}), got {shape}")
    logits_shape = (*shape[:-1], *w[:-1])
    soft = target.dtype.kind in FLOATING
    if soft and ignore_index is not None:
        raise ValueError(f"{name}: ignore_index cannot be specified when target contains probabilities")
    ignored = -100 if ignore_index is None else ignore_index
    if options is not None:
        if not further and not soft:
            return _in_chunks(
                input, linear_weight, target, linear_bias, weight, reduction, ignored, label_smoothing, options
            )
        warnings.warn(
            f"{name}: options ignored: chunks need target classes by number and linear_weight of shape (C, I); got "
            f"target of {target.dtype.name} and linear_weight of shape {w}",
            stacklevel=2,
        )
    if further:
        flat = math.prod(w[:-1])
        linear_weight = reshape(linear_weight, (flat, w[-1]))
        linear_bias = None if linear_bias is None else reshape(linear_bias, (flat,))
    logits = linear(input, linear_weight, linear_bias)
    return cross_entropy(
        reshape(logits, logits_shape) if further else logits, target, weight, ignore_index=ignored,
        reduction=reduction, label_smoothing=label_smoothing,
    )  # fmt: skip


def _in_chunks(
    input: Tensor, linear_weight: Tensor, target: Tensor, linear_bias: Tensor | None, weight: Tensor | None,
    reduction: str, ignore_index: int, label_smoothing: float, options: LinearCrossEntropyOptions,
) -> Tensor:  # fmt: skip
    name = "linear_cross_entropy"
    reduction = reduction_of(name, reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"{name}: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    one = input._array.ndim == 1
    if one:
        input, target = reshape(input, (1, input.shape[0])), reshape(target, (1,))
    samples, features = input.shape
    classes = linear_weight.shape[0]
    ignored = _check_classes(name, input.detach()[:, :1].expand(samples, classes), target, weight, ignore_index)
    losses = _linear_cross_entropy(
        input, linear_weight, target, linear_bias, weight, rows=options.rows(samples, features, classes),
        ignore_index=ignored, smoothing=float(label_smoothing),
    )  # fmt: skip
    if reduction == "none":
        return losses[0] if one else losses
    total = _sum(losses, axis=(0,), keepdims=False)
    return total if reduction == "sum" else total / _count(target, weight, ignore_index, losses.dtype)


def _count(target: Tensor, weight: Tensor | None, ignore_index: int, dtype: DType) -> Tensor:
    """The sum of the weights of the samples that count, 0-D."""
    counts = not_equal(target, ignore_index)
    each = _astype(counts, dtype=dtype)
    if weight is not None:
        each = multiply(each, take(weight.detach(), where(counts, target, 0), axis=0))
    return _sum(each, axis=(0,), keepdims=False)
