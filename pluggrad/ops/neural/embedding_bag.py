"""Rows of a table by number, summed, averaged or maximised over bags of numbers."""

from __future__ import annotations

from ...dtypes import INTEGRAL
from ...errors import ArgumentError, DTypeError
from ...tensor import Tensor
from ..creation import arange
from ..gathering import index_add, scatter_reduce
from ..searching import searchsorted
from .embedding import embedding

__all__ = ["embedding_bag"]


def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
    per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """Look rows of a table up by number, and reduce those of each bag.

    Parameters
    ----------
    input : integer Tensor, shape (B, n): B bags of n row numbers; or 1-D: bags one after the other
    weight : Tensor, shape (R, D)
    offsets : integer Tensor, shape (B), for 1-D input: where each bag begins, the first at 0
    max_norm, norm_type, scale_grad_by_freq, sparse : as in :func:`embedding`
    mode : 'sum', 'mean' or 'max'
    per_sample_weights : Tensor of the input's shape, for the sum: a factor for each row
    include_last_offset : ``offsets`` has one element more, the end of the last bag
    padding_idx : rows of this number are left out of the bags; a negative one counts from the end

    Returns
    -------
    Tensor, shape (B, D); 0 for an empty bag

    Raises
    ------
    ValueError : shapes, offsets or a mode that do not fit
    NotImplementedError : factors in another mode than 'sum'
    IndexError : a row number outside of [0, R)

    >>> import pluggrad
    >>> table = pluggrad.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> numbers, starts = pluggrad.tensor([0, 1, 2]), pluggrad.tensor([0, 2])
    >>> pluggrad.nn.functional.embedding_bag(numbers, table, starts, mode="sum")
    tensor([[2., 4.],
            [4., 5.]])
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"embedding_bag: mode has to be one of sum, mean or max, got {mode!r}")
    if mode == "max" and (scale_grad_by_freq or sparse):
        raise ValueError("embedding_bag: max mode does not support scaling the gradient by the frequency, nor sparse")
    if weight._array.ndim != 2:
        raise ValueError(f"embedding_bag: weight has to be a 2D Tensor, but got {weight._array.ndim}D")
    if per_sample_weights is not None:
        if per_sample_weights.shape != input.shape:
            raise ValueError(
                f"embedding_bag: per_sample_weights must have the shape of the input, {tuple(input.shape)}, got "
                f"{tuple(per_sample_weights.shape)}"
            )
        if mode != "sum":
            raise NotImplementedError(
                f"embedding_bag: per_sample_weights is only supported for mode='sum', not {mode!r}"
            )
    numbers, bags, count = _bags(input, offsets, include_last_offset)
    factors = None if per_sample_weights is None else per_sample_weights.reshape(-1)[: numbers.shape[0]]
    rows = weight.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise ArgumentError(f"embedding_bag: padding_idx {padding_idx} must be within the {rows} rows of weight")
        kept = numbers != padding_idx % rows
        numbers, bags = numbers[kept], bags[kept]
        factors = None if factors is None else factors[kept]
    found = embedding(numbers, weight, None, max_norm, norm_type, scale_grad_by_freq)
    if factors is not None:
        found = found * factors.unsqueeze(1)
    if input._array.ndim == 2 and padding_idx is None and input.size:  # bags of one length
        of_bags = found.reshape(*input.shape, weight.shape[1])
        return of_bags.amax(1) if mode == "max" else of_bags.sum(1) if mode == "sum" else of_bags.mean(1)
    empty = weight.detach().new_zeros(count, weight.shape[1])
    if mode == "max":
        return scatter_reduce(empty, 0, bags.unsqueeze(1).expand(*found.shape), found, "amax", include_self=False)
    total = index_add(empty, 0, bags, found)
    if mode == "sum":
        return total
    sizes = index_add(empty[:, :1], 0, bags, found.detach()[:, :1] * 0 + 1)
    return total / sizes.clamp(min=1)


def _bags(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> tuple[Tensor, Tensor, int]:
    """Row numbers, 1-D, the number of the bag of each, and how many bags there are."""
    ndim = input._array.ndim
    if ndim not in (1, 2):
        raise ValueError(f"embedding_bag: input has to be 1D or 2D Tensor, but got Tensor of dimension {ndim}")
    if ndim == 2 and offsets is not None:
        raise ValueError("embedding_bag: if input is 2D, a batch of bags of one length, offsets has to be None")
    if ndim == 1 and (offsets is None or offsets._array.ndim != 1):
        raise ValueError("embedding_bag: offsets has to be a 1D Tensor for 1D input")
    if input.dtype.kind not in INTEGRAL:
        raise DTypeError(f"embedding_bag: expected row numbers of an integer dtype, got {input.dtype.name}")
    if offsets is None:
        count, length = input.shape
        bag = arange(count, device=input.device).unsqueeze(1).expand(count, length)
        return input.reshape(-1), bag.reshape(-1), count
    if include_last_offset and not offsets.shape[0]:
        raise ValueError("embedding_bag: include_last_offset: number of offsets should be at least 1")
    size = input.shape[0]
    if offsets.shape[0]:
        first, last = int(offsets[0]), int(offsets[-1])
        if first != 0:
            raise ArgumentError(f"embedding_bag: offsets[0] has to be 0, the first bag begins there, got {first}")
        if last > size:
            raise ArgumentError(f"embedding_bag: offsets[-1] can not be greater than input's length {size}, got {last}")
    if include_last_offset:
        input, offsets = input[: int(offsets[-1])], offsets[:-1]
    place = arange(input.shape[0], dtype=offsets.dtype, device=input.device)
    bag = searchsorted(offsets, place, side="right") - 1
    return input, bag, offsets.shape[0]
