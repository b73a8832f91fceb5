"""Picking by index, and writing at indices: the number of the member is one index more."""

from __future__ import annotations

from typing import Any

from ..batched import BatchedArray, BatchedKernels, bare, batch_size
from .families import shifted
from .registry import batched_parts, batching, composed, full, loop


@batching("take")
def _take(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    x, indices = args
    if indices.batched:
        return composed(xp, name, args, parameters)
    return xp.wrap(xp.inner.take(x.array, indices.array, axis=shifted(parameters["axis"], x.ndim)))


class _Key:
    """An advanced key of a batch: its parts, and where it leads.

    Attributes
    ----------
    parts : for each axis an array below, or None for an axis left whole
    batched : whether an index is of each member's own
    masks : whether there are masks among the parts
    rank : the number of axes that the indices broadcast to
    at : where these stand in the result for one member: in the place of the first axis, if all are neighbours, else 0
    neighbours : whether they are
    """

    def __init__(self, xp: BatchedKernels, indices: Any) -> None:
        self.xp, self.indices = xp, indices
        given = [None if b is None else b.array for b in indices.buffers]
        self.batched = any(isinstance(a, BatchedArray) and a.batched for a in given)
        self.masks = any(a is not None and xp.isdtype(a.dtype, "bool") for a in given)
        axes: list[int] = []
        position = 0
        for a in given:
            taken = a.ndim if a is not None and xp.isdtype(a.dtype, "bool") else 1
            axes += range(position, position + taken) if a is not None else ()
            position += taken
        self.axes = axes
        self.neighbours = bool(axes) and axes == list(range(axes[0], axes[0] + len(axes)))
        self.at = axes[0] if self.neighbours else 0
        self.rank = max(1 if xp.isdtype(a.dtype, "bool") else a.ndim for a in given if a is not None)
        self.parts = [None if a is None else xp.spread(a, self.rank) if self.batched else bare(a) for a in given]

    def below(self, *first: Any) -> Any:
        """The key for the library below: these parts, and its own behind them."""
        return self.indices.over([*first, *self.parts])

    def members(self, size: int) -> Any:
        """The numbers of the members, in a shape that broadcasts with the indices."""
        ns = self.xp.inner.namespace
        like = next(p for p in self.parts if p is not None)
        numbers = ns.arange(size, dtype=ns.int64, device=self.xp.inner.native_device(like))
        return self.xp.inner.reshape(numbers, shape=(size, *(1,) * self.rank))

    def shape(self) -> tuple[int, ...]:
        """The shape that the indices, of one member, broadcast to."""
        out = [1] * self.rank
        for part, buffer in zip(self.parts, self.indices.buffers, strict=True):
            if part is not None:
                shape = buffer.array.shape
                for i, n in enumerate(shape, self.rank - len(shape)):
                    out[i] = n if out[i] == 1 else out[i]
        return tuple(out)


@batching("index")
def _index(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """With indices of each member's own, the member's number is one index more."""
    (x,) = args
    key = _Key(xp, parameters["indices"])
    index, permute = xp.inner.index, xp.inner.permute_dims
    if not key.batched:
        if not x.batched:
            return xp.wrap(index(x.array, indices=key.below()), False)
        out = index(x.array, indices=key.below(None))
        if not key.neighbours:  # the axes of the indices came first
            out = permute(out, axes=(key.rank, *range(key.rank), *range(key.rank + 1, out.ndim)))
        return xp.wrap(out)
    if key.masks:
        return loop(xp, name, args, parameters)
    if not x.batched:
        out = index(x.array, indices=key.below())
        return xp.wrap(permute(out, axes=(key.at, *range(key.at), *range(key.at + 1, out.ndim))))
    out = index(x.array, indices=key.below(key.members(x.array.shape[0])))
    first = range(1, 1 + key.rank)
    lead = range(1 + key.rank, 1 + key.rank + key.at)
    return xp.wrap(permute(out, axes=(0, *lead, *first, *range(1 + key.rank + key.at, out.ndim))))


@batching("index_put")
def _index_put(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    x, values = args
    key = _Key(xp, parameters["indices"])
    put, accumulate = xp.inner.index_put, parameters["accumulate"]
    if not (key.batched or x.batched or values.batched):
        return xp.wrap(put(x.array, values.array, indices=key.below(), accumulate=accumulate), False)
    size = batch_size(batched_parts(args, parameters))
    rank = x.ndim - len(key.axes) + key.rank
    apart = not key.batched and not key.neighbours
    if (key.masks and (key.batched or apart)) or not size:
        return loop(xp, name, args, parameters)
    if values.ndim > rank:
        values = xp.reshape(values, shape=values.shape[values.ndim - rank :])
    array = full(xp, x, size)
    if apart:  # the axes of the indices come first, before the batch
        rest = [n for i, n in enumerate(x.shape) if i not in key.axes]
        placed = full(xp, xp.broadcast_to(values, shape=(*key.shape(), *rest)), size)
        placed = xp.inner.permute_dims(placed, axes=(*range(1, 1 + key.rank), 0, *range(1 + key.rank, placed.ndim)))
        return xp.wrap(put(array, placed, indices=key.below(None), accumulate=accumulate))
    if not key.batched:
        return xp.wrap(put(array, xp.spread(values, rank), indices=key.below(None), accumulate=accumulate))
    # Behind the number of the member, the axes of the indices come first.
    rest = [n for i, n in enumerate(x.shape) if i not in key.axes]
    shape = (*rest[: key.at], *key.shape(), *rest[key.at :])
    placed = full(xp, xp.broadcast_to(values, shape=shape), size)
    behind = range(1 + key.at + key.rank, 1 + rank)
    placed = xp.inner.permute_dims(
        placed, axes=(0, *range(1 + key.at, 1 + key.at + key.rank), *range(1, 1 + key.at), *behind)
    )
    return xp.wrap(put(array, placed, indices=key.below(key.members(size)), accumulate=accumulate))
