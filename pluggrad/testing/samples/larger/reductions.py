"""Empty and large arrays: reductions, accumulations, sorting, searching and sets."""

from ..spec import add_larger, boolean, call, distinct, integer, real

#: More than one block of any kernel, and a multiple of nothing.
_LARGE = 20_011

# -- reductions and accumulations ----------------------------------------------------------------------

for _name in ("sum", "mean", "var", "std", "max", "min", "logsumexp"):
    add_larger(_name, call(real(37, 1009), axis=(0,)), call(real(37, 1009), axis=(1,)), call(real(_LARGE), axis=(0,)))
add_larger("prod", call(real(3, 1009, low=0.7, high=0.8), axis=(1,)))
for _name in ("sum", "prod"):
    add_larger(
        _name, call(real(0, 3), axis=(0,)), call(real(2, 0), axis=(0, 1)), call(real(2, 0, 3), axis=(0,), keepdims=True)
    )
for _name in ("max", "min"):
    add_larger(_name, call(real(0, 3), axis=(1,)))
for _name in ("any", "all", "count_nonzero"):
    add_larger(
        _name, call(boolean(37, 1009), axis=(0,)), call(boolean(_LARGE), axis=(0,)), call(boolean(0, 3), axis=(0,))
    )
for _name in ("argmax", "argmin"):
    add_larger(_name, call(real(37, 1009), axis=0), call(real(37, 1009), axis=1), call(real(0, 3), axis=1))
add_larger("vector_norm", call(real(37, 1009), ord=2, axis=(1,)), call(real(0, 3), ord=2, axis=(0,)))
for _name in ("cumulative_sum", "logcumsumexp", "cummax", "cummin"):
    add_larger(_name, call(real(5, 1009), axis=1), call(real(0, 3), axis=0), call(real(2, 0), axis=1))
add_larger("cumulative_prod", call(real(3, 1009, low=0.7, high=0.8), axis=1), call(real(3, 0), axis=1))
for _name in ("mean", "var", "std", "logsumexp"):
    add_larger(_name, call(real(0, 3), axis=(1,)))
for _name in ("max_along", "min_along"):
    add_larger(_name, call(real(37, 109), axis=0), call(real(0, 3), axis=1), call(real(3, 0, 2), axis=2))
add_larger(
    "linear_recurrence",
    call(real(1009, low=-0.9, high=0.9), real(1009), axis=0),
    call(real(3, 0), real(3, 0), axis=1),
    call(real(0, 3), real(0, 3), axis=1, reverse=True),
)
add_larger(
    "shift", call(real(37, 1009), axis=1, by=-300), call(real(2, 0), axis=1, by=1), call(real(0, 3), axis=1, by=2)
)

# -- sorting and searching -----------------------------------------------------------------------------

for _name in ("sort", "sort_values", "argsort"):  # with many equal elements, whose order is kept
    add_larger(_name, call(real(7, 1009), axis=1), call(real(1009, 7), axis=0), call(real(0, 3), axis=0))
add_larger("nonzero", call(boolean(37, 109)), call(boolean(0, 3)))
add_larger("argwhere", call(boolean(37, 109)), call(boolean(0, 3)))
add_larger("bincount", call(integer(_LARGE, high=251), real(_LARGE), length=300))
add_larger("bincount", call(integer(0, high=3), real(0), length=3))
add_larger("topk", call(distinct(113), k=50, axis=0))  # distinct in int8 too
add_larger("kthvalue", call(real(1009, 1), k=1, axis=1))  # of equal values any may be named
for _name in ("topk", "kthvalue"):
    add_larger(_name, call(real(0, 3), k=2, axis=1), call(real(2, 3, 0), k=1, axis=1))
for _name in ("median_along", "mode"):
    add_larger(_name, call(distinct(113), axis=0), call(real(0, 3), axis=1))
add_larger("lower_median", call(real(37, 109), axis=(0, 1)))
add_larger("searchsorted", call(integer(1009, high=1), integer(37, 101, low=-1, high=3)))
add_larger(
    "searchsorted", call(integer(0, high=1), integer(2, 3, high=3)), call(integer(4, high=1), integer(0, high=3))
)
add_larger(
    "is_position", call(integer(37, 1, 101, high=29), axis=1, size=29), call(integer(0, 1, high=3), axis=1, size=3)
)
add_larger("histc", call(real(_LARGE), bins=8, low=-2.0, high=2.0), call(real(0), bins=3, low=0.0, high=1.0))

# -- sets ----------------------------------------------------------------------------------------------

add_larger("unique_all", call(real(37, 101)), call(real(0)))
add_larger("unique_values", call(integer(_LARGE, high=300)), call(integer(0, high=3)))
for _name in ("unique_rows", "consecutive_rows"):
    add_larger(_name, call(integer(1009, 2, high=3)), call(integer(0, 2, high=3)))
add_larger(
    "isin",
    call(integer(37, 109, high=400), integer(101, high=400)),
    call(integer(0, high=3), integer(4, high=3)),
    call(integer(4, high=3), integer(0, high=3), invert=True),
)
