"""Reductions, accumulations, sorting and searching."""

import math

from .spec import add, call, distinct, real

_AXES = (call(real(2, 3), axis=(1,)), call(real(2, 3, 2), axis=(0, 2), keepdims=True), call(real(), axis=()))

add("sum", *_AXES)
add("mean", *_AXES)
add("prod", *_AXES, call(real(4), axis=(0,)))
add("logsumexp", *_AXES)
for _name in ("var", "std"):
    add(_name, call(real(2, 3), axis=(1,)), call(real(2, 3, 2), axis=(0, 2), correction=1, keepdims=True))
for _name in ("max", "min"):
    add(_name, call(distinct(2, 3), axis=(1,)), call(distinct(2, 3, 2), axis=(0, 2), keepdims=True), call(real(), axis=()))
for _name in ("max_along", "min_along"):
    add(_name, call(distinct(2, 3), axis=1), call(distinct(3, 2), axis=0, keepdims=True), call(real(), axis=0))
for _ord in (2, 1, 3, 1.5, math.inf, -math.inf, -2):
    add("vector_norm", call(distinct(2, 3), ord=_ord, axis=(1,)), call(distinct(2, 3), ord=_ord, axis=(0, 1), keepdims=True))

for _name in ("cumulative_sum", "cumulative_prod"):
    add(_name, call(real(5), axis=0), call(real(2, 3), axis=1, include_initial=True))
add("shift", call(real(4), axis=0, by=1), call(real(2, 3), axis=1, by=-2), call(real(2), axis=0, by=3))
add(
    "linear_recurrence",
    call(real(5), real(5), axis=0), call(real(2, 4), real(2, 4), axis=1, reverse=True), call(real(3, 2), real(3, 2), axis=0),
)  # fmt: skip
