"""Advanced indexing: elements read and written at integer tensors and masks.

Several of these broadcast together; their axes come where they stood if they were neighbours, else first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.broadcasting import sum_to_shape
from ..tensor import Buffer
from .declare import composite
from .views import inverse

__all__: list[str] = []

ALL = slice(None)


class Indices:
    """The integer tensors and masks of an advanced key, one for each axis (or axes, of a mask).

    None stands for an axis left whole.

    It is a parameter of :func:`index` and :func:`index_put`. It holds Buffers, not arrays: the graph that saves it
    keeps the indices it saw when their memory is written later.
    """

    __slots__ = ("buffers",)

    def __init__(self, buffers: Sequence[Buffer | None]) -> None:
        self.buffers = tuple(buffers)

    def __repr__(self) -> str:
        return f"Indices({', '.join('None' if b is None else str(tuple(b.array.shape)) for b in self.buffers)})"

    def of(self, each: Callable[[Any], Any]) -> Indices:
        """The same indices with ``each(array)`` in the place of every array."""
        return self.over([None if b is None else each(b.array) for b in self.buffers])

    def over(self, arrays: Sequence[Any]) -> Indices:
        """Indices over other arrays, None for axes left whole: for code that must not import this class."""
        return Indices([None if a is None else Buffer(a) for a in arrays])

    @property
    def key(self) -> tuple[Any, ...]:
        """The arrays, with full slices between them: a key that NumPy and its like understand."""
        return tuple([ALL if b is None else b.array for b in self.buffers])

    def arrays(self, xp: Any, shape: tuple[int, ...]) -> list[Any]:
        """An integer array for each axis, None for those left whole; masks as the places of their true elements.

        Raises
        ------
        IndexError : out of range
        """
        out: list[Any] = []
        for buffer in self.buffers:
            if buffer is None:
                out.append(None)
            elif xp.isdtype(buffer.array.dtype, "bool"):
                out.extend(xp.namespace.nonzero(buffer.array))
            else:
                # Negative ones count from the end; the standard's take leaves them open.
                array, axis = xp.namespace.astype(buffer.array, xp.namespace.int64), len(out)
                n = shape[axis]
                if 0 not in array.shape:
                    # Beyond the range a library may give anything; in a flattened index it is another element.
                    low, high = int(xp.namespace.min(array)), int(xp.namespace.max(array))
                    if low < -n or high >= n:
                        raise IndexError(
                            f"index {low if low < -n else high} is out of bounds for axis {axis} with size {n}"
                        )
                out.append(xp.namespace.where(array < 0, array + n, array))
        return out + [None] * (len(shape) - len(out))


class _Plan:
    """How an advanced key reads an array: the indexed axes brought to the front and flattened into one."""

    def __init__(self, xp: Any, shape: tuple[int, ...], indices: Indices) -> None:
        arrays = indices.arrays(xp, shape)
        self.axes = [i for i, a in enumerate(arrays) if a is not None]
        self.order = tuple(self.axes + [i for i, a in enumerate(arrays) if a is None])
        self.rest = tuple(shape[i] for i, a in enumerate(arrays) if a is None)
        self.count = math.prod(shape[i] for i in self.axes)
        try:
            given = xp.namespace.broadcast_arrays(*(arrays[i] for i in self.axes))
        except ValueError:
            shapes = " ".join(str(tuple(arrays[i].shape)) for i in self.axes)
            raise IndexError(
                f"shape mismatch: index tensors could not be broadcast together with shapes {shapes}"
            ) from None
        self.shape = tuple(given[0].shape)
        linear = None
        for i, array in zip(self.axes, given, strict=True):
            linear = array if linear is None else linear * shape[i] + array
        self.linear = xp.namespace.reshape(linear, (-1,))
        self.out_shape = (*self.shape, *self.rest)
        # Where the axes of the indices go: to the place of the first if they were neighbours, else to the front.
        adjacent = self.axes == list(range(self.axes[0], self.axes[0] + len(self.axes)))
        n, at = len(self.shape), self.axes[0] if adjacent else 0
        self.placed = (*range(n, n + at), *range(n), *range(n + at, len(self.out_shape)))

    def rows(self, xp: Any, x: Any) -> Any:
        """``x`` as a matrix: a row for each place that the indices may name."""
        ns = xp.namespace
        return ns.reshape(ns.permute_dims(x, self.order), (self.count, math.prod(self.rest)))

    def unrows(self, xp: Any, rows: Any, shape: tuple[int, ...]) -> Any:
        """The way back."""
        ns = xp.namespace
        moved = ns.reshape(rows, tuple(shape[i] for i in self.order))
        return ns.permute_dims(moved, inverse(self.order))


def _index_x(xp: Any, g: Any, x_shape: tuple[int, ...], indices: Indices) -> Any:
    """Elements read several times add up."""
    return xp.index_put(xp.new_zeros(g, shape=x_shape), g, indices=indices, accumulate=True)


@composite(name="index", result="same", vjp=_index_x)
def _index(xp: Any, x: Any, /, *, indices: Indices) -> Any:
    ns = xp.namespace
    plan = _Plan(xp, x.shape, indices)
    out = ns.take(plan.rows(xp, x), plan.linear, axis=0)
    return ns.permute_dims(ns.reshape(out, plan.out_shape), plan.placed)


def _index_put_x(xp: Any, g: Any, indices: Indices, accumulate: bool) -> Any:
    return g if accumulate else xp.index_put(g, xp.new_zeros(g, shape=()), indices=indices, accumulate=False)


def _index_put_values(xp: Any, g: Any, indices: Indices, values_shape: tuple[int, ...]) -> Any:
    return unbroadcast(xp, xp.index(g, indices=indices), values_shape)


def unbroadcast(xp: Any, g: Any, shape: tuple[int, ...]) -> Any:
    """Sum ``g`` to a shape that was broadcast to it; unlike in arithmetic, ``shape`` may have more leading ones."""
    fewer = tuple(shape[max(len(shape) - g.ndim, 0) :])
    g = sum_to_shape(xp, g, fewer)
    return g if len(fewer) == len(shape) else xp.reshape(g, shape=tuple(shape))


@composite(name="index_put", result="same", vjp=[_index_put_x, _index_put_values])
def _index_put(xp: Any, x: Any, values: Any, /, *, indices: Indices, accumulate: bool) -> Any:
    ns = xp.namespace
    plan = _Plan(xp, x.shape, indices)
    placed = tuple(plan.out_shape[i] for i in plan.placed)
    if values.ndim > len(placed):
        values = ns.reshape(values, values.shape[values.ndim - len(placed) :])
    values = ns.permute_dims(ns.broadcast_to(values, placed), inverse(plan.placed))
    values = ns.reshape(values, (plan.linear.shape[0], math.prod(plan.rest)))
    rows = plan.rows(xp, x)
    if not (plan.linear.shape[0] and plan.count):
        return ns.asarray(x, copy=True)
    # The standard cannot write at integer indices. Sorted, those that name one place stand together;
    # the last of them tells what comes there.
    order = ns.argsort(plan.linear, stable=True)
    linear, values = ns.take(plan.linear, order), ns.take(values, order, axis=0)
    places = ns.arange(plan.count, dtype=linear.dtype, device=xp.native_device(x))
    last = ns.searchsorted(linear, places, side="right") - 1
    last = ns.where(last < 0, ns.zeros_like(last), last)
    named = ns.take(linear, last) == places
    if accumulate:
        values = _sum_runs(xp, linear, values)
        new = xp.add(rows, ns.take(values, last, axis=0))
    else:
        new = ns.take(values, last, axis=0)
    return plan.unrows(xp, ns.where(named[:, None], new, rows), x.shape)


def _sum_runs(xp: Any, linear: Any, values: Any) -> Any:
    """Sum the rows of each run of equal ``linear`` into its last row, in log2(n) steps.

    Step by step each row takes the sum of the 1, 2, 4, ... rows before it that belong to its run (Hillis and
    Steele, "Data parallel algorithms", 1986). Differences of one cumulative sum would lose digits.
    """
    ns = xp.namespace
    distance = 1
    while distance < linear.shape[0]:
        same = (linear[distance:] == linear[:-distance])[:, None]
        before = ns.where(same, values[:-distance, :], ns.zeros_like(values[:-distance, :]))
        values = ns.concat((values[:distance, :], xp.add(values[distance:, :], before)), axis=0)
        distance *= 2
    return values


# -- whole slices by a vector of indices -----------------------------------------------------------------


def _along(xp: Any, indices: Any, axis: int) -> Indices:
    """An index array for one axis as an advanced key."""
    return Indices((None,) * axis + (Buffer(indices),))


def _take_x(xp: Any, g: Any, x_shape: tuple[int, ...], indices: Any, axis: int) -> Any:
    """Slices taken several times add up."""
    return xp.index_add(xp.new_zeros(g, shape=x_shape), indices, g, axis=axis)


@composite(name="take", alias="IndexSelect", promoted=("x",), result="same", vjp=[_take_x, None])
def _take(xp: Any, x: Any, indices: Any, /, *, axis: int) -> Any:
    """Slices of ``x`` along an axis; the axes of ``indices`` come where that axis was."""
    return xp.index(x, indices=_along(xp, indices, axis))


@composite(
    name="index_add", promoted=("x", "values"), result="same",
    vjp=[lambda xp, g: g, None, lambda xp, g, indices, axis: xp.take(g, indices, axis=axis)],
)  # fmt: skip
def _index_add(xp: Any, x: Any, indices: Any, values: Any, /, *, axis: int) -> Any:
    return xp.index_put(x, values, indices=_along(xp, indices, axis), accumulate=True)


def _index_copy_x(xp: Any, g: Any, indices: Any, values_shape: tuple[int, ...], axis: int) -> Any:
    return xp.index_copy(g, indices, xp.new_zeros(g, shape=values_shape), axis=axis)


@composite(
    name="index_copy", promoted=("x", "values"), result="same",
    vjp=[_index_copy_x, None, lambda xp, g, indices, axis: xp.take(g, indices, axis=axis)],
)  # fmt: skip
def _index_copy(xp: Any, x: Any, indices: Any, values: Any, /, *, axis: int) -> Any:
    return xp.index_put(x, values, indices=_along(xp, indices, axis), accumulate=False)
