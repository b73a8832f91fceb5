"""Indexing, gathering and scattering."""

from __future__ import annotations

from typing import Any

from ...dtypes import int64
from ...ops.advanced_indexing import Indices
from ...ops.creation import asarray
from ...tensor import Buffer
from ...tensor.memory import hold
from .spec import add, boolean, call, distinct, integer, real


class Listed(Indices):
    """Indices written as lists, made into arrays on the default device when they are used: samples must be neutral."""

    def __init__(self, *lists: Any) -> None:
        self.lists = lists

    @property
    def buffers(self) -> tuple[Buffer | None, ...]:  # type: ignore[override]
        """Fresh arrays."""
        return tuple(None if i is None else hold(asarray(i, dtype=None if i else int64)) for i in self.lists)

    def __repr__(self) -> str:
        return f"Listed{self.lists}"


add(
    "getitem",
    call(real(3, 4), key=(1, ...)),
    call(real(3, 4), key=(..., slice(1, 4, 2), None)),
    call(real(2, 3, 2), key=(slice(1, 2, 1), ..., 0)),
    call(real(), key=(None, ...)),
)

_KEYS = (
    ((4, 3), (Listed([0, 2, 2, -1]),), (4, 3)),
    ((3, 4), (Listed(None, [[0, 1], [3, 3]]),), (3, 2, 2)),
    ((3, 2, 4), (Listed([0, 2], None, [1, 1]),), (2, 2)),
    ((3, 2), (Listed([0, 2, 0], [1, -1, 1]),), (3,)),
    ((2, 3, 2), (Listed(None, [[0], [2]], [0, 1]),), (2, 2, 2)),
    ((2, 2), (Listed([[True, False], [True, True]]),), (3,)),
    ((3, 2), (Listed([True, False, True]),), (2, 2)),
)
for _shape, (_indices,), _result in _KEYS:
    add("index", call(real(*_shape), indices=_indices))
    add("index_put", call(real(*_shape), real(*_result), indices=_indices, accumulate=True))
    add("index_put", call(real(*_shape), real(), indices=_indices, accumulate=True))
# Without accumulate a place named twice has no one gradient, so none is.
add("index_put", call(real(4, 3), real(2, 3), indices=Listed([0, 2]), accumulate=False))
add("index_put", call(real(4, 3), real(1, 1, 3), indices=Listed([[0], [2]]), accumulate=False))
add("index_put", call(real(2, 3), real(2), indices=Listed([1, 0], [2, 2]), accumulate=False))
add(
    "index_put", call(real(2, 3), real(), indices=Listed([[True, False, False], [True, True, False]]), accumulate=False)
)

_ROWS = integer(3, low=-2, high=2)

add("take", call(real(4, 3), integer(5, low=-4, high=4), axis=0), call(real(2, 4), integer(2, 2, high=4), axis=1))
add("index_add", call(real(2, 3), _ROWS, real(3, 3), axis=0), call(real(3, 2), _ROWS, real(3, 3), axis=1))
add(
    "index_copy",
    call(real(4, 3), integer(1, high=4), real(1, 3), axis=0),
    call(real(2, 3), integer(1, high=3), real(2, 1), axis=1),
)
add("gather", call(real(3, 4), integer(2, 4, high=3), axis=0), call(real(3, 4), integer(3, 2, low=-4, high=4), axis=1))
add(
    "scatter_add",
    call(real(3, 4), integer(2, 4, high=3), real(2, 4), axis=0),
    call(real(3, 4), integer(2, 5, high=4), real(2, 5), axis=1),
)
add(
    "scatter",
    call(real(3, 4), integer(1, 4, high=3), real(1, 4), axis=0),
    call(real(3, 4), integer(3, 1, high=4), real(3, 1), axis=1),
)
for _largest in (True, False):
    for _include in (True, False):
        add(
            "scatter_extreme",
            call(distinct(3, 4), integer(2, 4, high=3), real(2, 4), axis=0, largest=_largest, include_self=_include),
            call(distinct(4), integer(6, high=4), real(6), axis=0, largest=_largest, include_self=_include),
        )
add("masked_fill", call(real(2, 3), boolean(2, 3), real()), call(real(), boolean(), real()))
