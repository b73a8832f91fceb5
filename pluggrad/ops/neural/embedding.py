"""Rows of a table by number."""

from __future__ import annotations

from typing import Any

from ...autograd.mode import no_grad
from ...autograd.operands import require_tensors
from ...dtypes import FLOATING, INTEGRAL
from ...errors import BoundsError, DTypeError, ExpectationError, ShapeError
from ...tensor import Buffer, Tensor, memory
from ..advanced_indexing import Indices
from ..declare import composite

__all__ = ["embedding"]


def _embedding_weight(
    xp: Any, g: Any, indices: Any, weight_shape: Any, padding_idx: Any, scale_grad_by_freq: Any
) -> Any:
    return xp.embedding_weight(
        g, indices, rows=weight_shape[0], padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq
    )


@composite(name="embedding", result="same", promoted=("weight",), vjp=[_embedding_weight, None])
def _embedding(
    xp: Any, weight: Any, indices: Any, /, *, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> Any:
    """Row ``indices[...]`` of ``weight`` (R, D) at each place: (..., D)."""
    ns = xp.namespace
    rows = ns.take(weight, ns.reshape(indices, (-1,)), axis=0)
    return ns.reshape(rows, (*indices.shape, *weight.shape[1:]))


def _embedding_weight_g(xp: Any, g: Any, indices: Any, rows: int, padding_idx: Any, scale_grad_by_freq: Any) -> Any:
    if scale_grad_by_freq:
        # The row of a number that comes n times counts 1/n of each.
        ones = xp.new_zeros(g, shape=(*indices.shape, 1)) + 1.0
        count = xp.embedding_weight(ones, indices, rows=rows)
        g = g / xp.where(count == 0, 1, count)
    out = xp.embedding(g, indices)
    if padding_idx is None:
        return out
    return xp.where(xp.reshape(indices == padding_idx, shape=(*indices.shape, 1)), xp.new_zeros(g, shape=()), out)


@composite(name="embedding_weight", result="same", kinds=FLOATING, promoted=("g0",), vjp=[_embedding_weight_g, None])
def _embedding_weight_gradient(
    xp: Any, g0: Any, indices: Any, /, *, rows: int, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> Any:
    """The gradient of embedding with respect to a table of so many rows: those of ``g0``, added up by number."""
    ns = xp.namespace
    g0 = ns.reshape(g0, (-1, g0.shape[-1]))
    where = Indices((Buffer(ns.reshape(indices, (-1,))),))
    out = xp.index_put(xp.new_zeros(g0, shape=(rows, g0.shape[1])), g0, indices=where, accumulate=True)
    if scale_grad_by_freq:
        count = xp.index_put(xp.new_zeros(g0, shape=(rows, 1)), ns.ones_like(g0[:, :1]), indices=where, accumulate=True)
        out = out / ns.where(count == 0, 1, count)
    if padding_idx is not None:
        xp.write(out, (padding_idx, ...), 0.0)
    return out


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """Look rows of a table up by number.

    Parameters
    ----------
    input : Tensor, any shape, integer: row numbers in [0, R)
    weight : Tensor, shape (R, D)
    padding_idx : this row gets no gradient; a negative one counts from the end
    max_norm : rows that are looked up are first scaled down, in place, to at most this norm, of order ``norm_type``
    scale_grad_by_freq : divide the gradient of each row by how often it was looked up
    sparse : accepted for PyTorch's sake; the gradient is dense, and `optim.SparseAdam` takes it so

    Returns
    -------
    Tensor, shape (*input.shape, D), dtype of ``weight``

    Raises
    ------
    IndexError : a row number outside of [0, R)
    DTypeError : numbers that are no integers

    >>> import pluggrad
    >>> table = pluggrad.tensor([[0.0, 0.5], [1.0, 1.5]])
    >>> pluggrad.nn.functional.embedding(pluggrad.tensor([1, 0, 1]), table)
    tensor([[1.0000, 1.5000],
            [0.0000, 0.5000],
            [1.0000, 1.5000]])
    """
    require_tensors("embedding", input=input, weight=weight)
    if input.dtype.kind not in INTEGRAL:
        raise DTypeError(f"embedding: expected row numbers of an integer dtype, got {input.dtype.name}")
    if weight._array.ndim != 2:
        raise ShapeError(f"embedding: weight must be 2-D, (rows, features), got shape {tuple(weight.shape)}")
    rows = weight._array.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise ExpectationError(f"embedding: padding_idx {padding_idx} must be within the {rows} rows of weight")
        padding_idx %= rows
    if input.size:
        extent = input._type.kernels.extent(input._array)
        low, high = extent or (0, 0)  # None: the kernel looks
        if low < 0 or high >= rows:
            raise BoundsError(
                f"embedding: index out of range in self: {low if low < 0 else high} is not in [0, {rows}), "
                f"the rows of weight"
            )
    if max_norm is not None:
        _renormalize(weight, input, max_norm, norm_type)
    return _embedding(weight, input, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq)


def _renormalize(weight: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up down to a norm, in place and off the record."""
    xp, table = weight._type.kernels, weight._array
    ns = xp.namespace
    with no_grad(), weight._type.here():
        magnitudes = xp.abs(table)
        if norm_type == float("inf"):
            norms = ns.max(magnitudes, axis=1, keepdims=True)
        else:
            norms = ns.sum(magnitudes**norm_type, axis=1, keepdims=True) ** (1.0 / norm_type)
        numbers = Indices((Buffer(ns.reshape(indices._array, (-1,))),))
        used = xp.index_put(ns.zeros_like(norms), ns.ones_like(norms[:1, ...]), indices=numbers, accumulate=False)
        scaled = ns.where((used > 0) & (norms > max_norm), table * (max_norm / (norms + 1e-7)), table)
        memory.release(weight)
        xp.write(table, ..., scaled)
