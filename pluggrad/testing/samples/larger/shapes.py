"""Empty and large arrays: shapes, joining, padding, indexing, gathering and scattering."""

from ....dtypes import complex128
from ..indexing import Listed
from ..spec import add_larger, boolean, call, integer, real, small

# -- gathering and scattering --------------------------------------------------------------------------

add_larger("take", call(real(101, 37), integer(1009, high=101), axis=0), call(real(4, 3), integer(0, high=4), axis=0))
add_larger(
    "gather", call(real(101, 37), integer(503, 37, high=101), axis=0), call(real(3, 4), integer(0, 4, high=3), axis=0)
)
add_larger("scatter_add", call(small(101, 37), integer(53, 37, high=101), small(53, 37), axis=0))
add_larger("scatter_add", call(real(3, 4), integer(0, 4, high=3), real(0, 4), axis=0))
add_larger("index_add", call(small(101, 37), integer(53, high=101), small(53, 37), axis=0))
add_larger("index_add", call(real(3, 4), integer(0, high=3), real(0, 4), axis=0))
add_larger("embedding", call(real(101, 37), integer(19, 23, high=101)), call(real(5, 3), integer(0, high=5)))
add_larger("masked_fill", call(real(101, 37), boolean(101, 37), real()), call(real(0, 3), boolean(3), real()))
add_larger(
    "index", call(real(1009, 7), indices=Listed([1000, 3, -1, 3])), call(real(3, 4), indices=Listed([False] * 3))
)
add_larger("index", call(real(0, 3), indices=Listed([])), call(real(3, 0), indices=Listed([2, 0])))
for _accumulate in (True, False):
    add_larger(
        "index_put",
        call(real(1009, 7), real(3, 7), indices=Listed([1000, 3, -1]), accumulate=_accumulate),
        call(real(3, 4), real(0, 4), indices=Listed([False] * 3), accumulate=_accumulate),
        call(real(3, 0), real(), indices=Listed([2, 0]), accumulate=_accumulate),
    )
# Each place once: what is written twice is open.
add_larger("index_copy", call(real(101, 509), integer(1, high=101), real(1, 509), axis=0))
add_larger("index_copy", call(real(3, 4), integer(0, high=3), real(0, 4), axis=0))
add_larger("scatter", call(real(37, 509), integer(1, 509, high=37), real(1, 509), axis=0))
add_larger("scatter", call(real(3, 4), integer(0, 4, high=3), real(0, 4), axis=0))
for _itself in (True, False):
    _extreme = {"axis": 0, "largest": _itself, "include_self": _itself}
    add_larger("scatter_extreme", call(real(37, 101), integer(53, 101, high=37), real(53, 101), **_extreme))
    add_larger("scatter_extreme", call(real(3, 4), integer(0, 4, high=3), real(0, 4), **_extreme))
for _name in ("rows_in", "rows_back"):
    add_larger(_name, call(real(301, 1, 37), integer(301, 1, high=1)), call(real(0, 1, 3), integer(0, 1, high=1)))
add_larger("getitem", call(real(101, 37), key=(slice(1, 100, 3), ...)), call(real(2, 0, 3), key=(..., slice(0, 2, 1))))

# -- shapes --------------------------------------------------------------------------------------------

add_larger("reshape", call(real(101, 37), shape=(37, 101)), call(real(2, 0, 3), shape=(0, 5)))
add_larger("permute_dims", call(real(23, 19, 29), axes=(2, 0, 1)), call(real(2, 0, 3), axes=(2, 0, 1)))
add_larger("broadcast_to", call(real(1, 1009), shape=(37, 1009)), call(real(1), shape=(0,)))
add_larger("concat", call(real(101, 3), real(101, 37), axis=1), call(real(0, 3), real(2, 3), real(0, 3), axis=0))
add_larger("stack", call(real(101, 37), real(101, 37), axis=2), call(real(0, 3), real(0, 3), axis=0))
add_larger("flip", call(real(101, 37), axis=(1,)), call(real(2, 0), axis=(0, 1)))
add_larger(
    "roll",
    call(real(101, 37), shift=(3, -50), axis=(1, 0)),
    call(
        real(
            0,
        ),
        shift=(1,),
        axis=(0,),
    ),
)
add_larger("tril", call(real(53, 37), k=-3), call(real(0, 3), k=0))
add_larger("triu", call(real(53, 37), k=2), call(real(3, 0), k=0))
add_larger("copy", call(real(101, 37)), call(real(0, 3)))
add_larger("view", call(real(101, 37), shape=(37, 101)), call(real(2, 0), shape=(0, 7)))
add_larger("squeeze", call(real(101, 1, 37), axis=(1,)), call(real(1, 0), axis=(0,)))
add_larger("expand_dims", call(real(101, 37), axis=(1,)), call(real(0), axis=(0, 2)))
add_larger("new_zeros", call(real(0), shape=(101, 37)), call(real(3), shape=(2, 0)))
add_larger("tile", call(real(37, 11), repetitions=(3, 5)), call(real(0, 2), repetitions=(2, 2)))
add_larger("repeat", call(real(37, 11), repeats=7, axis=1), call(real(2, 0), repeats=2, axis=1))
for _name, _first in (("diagonal", 1), ("copy_diagonal", 0)):  # not every backend has the view of a strided matrix
    add_larger(_name, call(real(101, 11, 37), offset=5, axis1=_first, axis2=2))
    add_larger(_name, call(real(0, 3), offset=0, axis1=0, axis2=1))
add_larger(
    "put_diagonal",
    call(real(7, 101), shape=(101, 7, 103), offset=1, axis1=0, axis2=2),
    call(real(0), shape=(0, 3), offset=0, axis1=0, axis2=1),
)
add_larger("put_slice", call(real(33, 37), shape=(101, 37), key=(slice(1, 100, 3), ...)))
add_larger("put_slice", call(real(2, 0), shape=(2, 0, 3), key=(..., 1)))
for _name in ("unfold", "windows"):
    add_larger(_name, call(real(3, 1009), axis=1, size=7, step=3), call(real(0, 5), axis=1, size=2, step=1))
add_larger(
    "fold_windows",
    call(real(3, 335, 7), shape=(3, 1009), axis=1, size=7, step=3),
    call(real(0, 4, 2), shape=(0, 5), axis=1, size=2, step=1),
)
for _name in ("as_strided", "copy_strided"):
    add_larger(_name, call(real(1009), size=(100, 10), stride=(10, 1), offset=9))
    add_larger(_name, call(real(4), size=(0, 2), stride=(1, 1), offset=0))
add_larger("add_strided", call(real(100, 10), shape=(1009,), size=(100, 10), stride=(10, 1), offset=9))
add_larger("add_strided", call(real(0, 2), shape=(4,), size=(0, 2), stride=(1, 1), offset=0))
add_larger("unstack", call(real(7, 1009), axis=0), call(real(2, 0), axis=0))
add_larger("split", call(real(5, 1009), sizes=(500, 0, 509), axis=1), call(real(2, 0), sizes=(0, 0), axis=1))
add_larger("astype", call(real(101, 37), dtype=complex128), call(real(0, 3), dtype=complex128))

# -- padding -------------------------------------------------------------------------------------------

add_larger(
    "pad_constant",
    call(real(101, 37), widths=((3, 5), (-2, 1)), value=2),
    call(real(0, 2), widths=((1, 0), (0, 1)), value=1),
)
for _name in ("pad_edges", "fold_edges"):
    for _mode in ("reflect", "replicate", "circular"):
        add_larger(_name, call(real(101, 37), widths=((7, 5), (3, 11)), mode=_mode))
        add_larger(_name, call(real(0, 7), widths=((0, 0), (1, 2)), mode=_mode))
