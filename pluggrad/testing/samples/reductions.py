"""Reductions, accumulations, sorting and searching."""

import math

from .spec import add, boolean, call, distinct, integer, real

_AXES = (call(real(2, 3), axis=(1,)), call(real(2, 3, 2), axis=(0, 2), keepdims=True), call(real(), axis=()))

add("sum", *_AXES)
add("mean", *_AXES)
add("prod", *_AXES, call(real(4), axis=(0,)))
add("logsumexp", *_AXES)
for _name in ("var", "std"):
    add(_name, call(real(2, 3), axis=(1,)), call(real(2, 3, 2), axis=(0, 2), correction=1, keepdims=True))
for _name in ("max", "min"):
    add(
        _name,
        call(distinct(2, 3), axis=(1,)),
        call(distinct(2, 3, 2), axis=(0, 2), keepdims=True),
        call(real(), axis=()),
    )
for _name in ("max_along", "min_along"):
    add(_name, call(distinct(2, 3), axis=1), call(distinct(3, 2), axis=0, keepdims=True), call(real(), axis=0))
for _ord in (2, 1, 3, 1.5, math.inf, -math.inf, -2):
    add(
        "vector_norm",
        call(distinct(2, 3), ord=_ord, axis=(1,)),
        call(distinct(2, 3), ord=_ord, axis=(0, 1), keepdims=True),
    )

for _name in ("cumulative_sum", "cumulative_prod"):
    add(_name, call(real(5), axis=0), call(real(2, 3), axis=1, include_initial=True))
add("shift", call(real(4), axis=0, by=1), call(real(2, 3), axis=1, by=-2), call(real(2), axis=0, by=3))
add(
    "linear_recurrence",
    call(real(5), real(5), axis=0),
    call(real(2, 4), real(2, 4), axis=1, reverse=True),
    call(real(3, 2), real(3, 2), axis=0),
)

for _name in ("sort", "cummax", "cummin"):
    add(_name, call(distinct(5), axis=0), call(distinct(2, 4), axis=1), call(distinct(), axis=0))
add("sort", call(distinct(3, 2), axis=0, descending=True))
add(
    "topk",
    call(distinct(5), k=2, axis=0),
    call(distinct(3, 4), k=3, axis=1, largest=False),
    call(distinct(), k=1, axis=0),
)
add("kthvalue", call(distinct(5), k=2, axis=0), call(distinct(3, 4), k=3, axis=1, keepdims=True))
add(
    "median_along",
    call(distinct(5), axis=0),
    call(distinct(3, 4), axis=1, keepdims=True),
    call(distinct(3, 4), axis=0, skip_nan=True),
)
add("lower_median", call(distinct(4), axis=(0,)), call(distinct(3, 2), axis=(0, 1), keepdims=True))
add("mode", call(distinct(5), axis=0), call(distinct(3, 4), axis=1, keepdims=True))
add("logcumsumexp", call(real(5), axis=0), call(real(2, 4), axis=1))
add("unique_all", call(distinct(5)), call(distinct(2, 3)))
add("bincount", call(integer(6, high=4), real(6), length=5))

# Without a derivative, for the conformance suite.
for _name in ("any", "all", "count_nonzero"):
    add(_name, call(boolean(2, 3), axis=(1,)), call(real(2, 3, 2), axis=(0, 2), keepdims=True))
for _name in ("argmax", "argmin"):
    add(
        _name,
        call(distinct(2, 3), axis=1),
        call(distinct(2, 3), axis=None),
        call(integer(3, 2, high=9), axis=0, keepdims=True),
    )
add(
    "argsort",
    call(distinct(5), axis=0),
    call(distinct(2, 4), axis=1, descending=True),
    call(integer(6, high=3), axis=0),
)
add("sort_values", call(distinct(5), axis=0), call(distinct(2, 4), axis=1, descending=True))
add("is_position", call(integer(2, 1, high=3), axis=1, size=3))
add("nonzero", call(boolean(2, 3)), call(integer(4, high=2)))
add("argwhere", call(boolean(2, 3)))
add(
    "searchsorted",
    call(integer(4, high=1), integer(2, 3, high=3)),
    call(integer(2, 1, high=3), integer(2, 3, high=3), right=True),
)
add("unique_values", call(integer(6, high=3)))
add("unique_rows", call(integer(4, 2, high=2)))
add("consecutive_rows", call(integer(5, 1, high=2)))
add("isin", call(integer(2, 3, high=4), integer(3, high=4)), call(real(3), real(2), invert=True))
add("histc", call(real(6), bins=4, low=-2.0, high=2.0))
