"""Views, manipulation, joining, padding, and products of matrices."""

from __future__ import annotations

from .spec import add, call, real

# -- views

add("view", call(real(2, 3), shape=(3, 2)), call(real(), shape=(1, 1)), call(real(0, 3), shape=(3, 0)))
add("permute_dims", call(real(2, 3, 4), axes=(2, 0, 1)), call(real(), axes=()))
add("broadcast_to", call(real(3, 1), shape=(2, 3, 2)), call(real(), shape=(2,)), call(real(2), shape=(2,)))
add("squeeze", call(real(1, 2, 1), axis=(0, 2)), call(real(1, 2), axis=(0,)), call(real(2), axis=()))
add("expand_dims", call(real(2, 3), axis=(1,)), call(real(2), axis=(0, 2)), call(real(), axis=(0,)))
add(
    "diagonal",
    call(real(3, 3), offset=0, axis1=0, axis2=1),
    call(real(2, 4), offset=1, axis1=0, axis2=1),
    call(real(4, 2), offset=-2, axis1=0, axis2=1),
)

# -- manipulation

add("reshape", call(real(2, 3), shape=(6,)), call(real(), shape=(1,)))
add("flip", call(real(2, 3), axis=(0, 1)), call(real(2, 3), axis=(1,)), call(real(), axis=()))
add("roll", call(real(2, 3), shift=(1, -2), axis=(0, 1)), call(real(5), shift=(7,), axis=(0,)))
add("tile", call(real(2, 3), repetitions=(2, 1, 3)), call(real(2), repetitions=(0,)), call(real(), repetitions=(2,)))
add(
    "repeat", call(real(2, 3), repeats=2, axis=1), call(real(2, 3), repeats=3, axis=0), call(real(2), repeats=0, axis=0)
)
for _name in ("tril", "triu"):
    add(_name, call(real(3, 3), k=0), call(real(2, 2, 4), k=1), call(real(4, 2), k=-1))
add(
    "copy_diagonal",
    call(real(3, 3), offset=0, axis1=0, axis2=1),
    call(real(2, 4, 3), offset=-1, axis1=2, axis2=1),
    call(real(2, 3), offset=5, axis1=0, axis2=1),
)
add(
    "put_diagonal",
    call(real(2), shape=(2, 2), offset=0, axis1=0, axis2=1),
    call(real(3, 2), shape=(4, 3, 2), offset=1, axis1=2, axis2=0),
    call(real(2, 2), shape=(2, 4, 2), offset=-2, axis1=1, axis2=2),
)

add(
    "put_slice",
    call(real(2, 2), shape=(4, 2), key=(slice(1, 4, 2), ...)),
    call(real(3, 1, 2), shape=(2, 3, 4), key=(1, slice(0, 3, 1), None, ..., slice(2, 4, 1))),
    call(real(), shape=(3,), key=(2, ...)),
)

for _name in ("unfold", "windows"):
    add(_name, call(real(5), axis=0, size=3, step=1), call(real(2, 6, 2), axis=1, size=2, step=3))
add(
    "fold_windows",
    call(real(3, 3), shape=(5,), axis=0, size=3, step=1),
    call(real(2, 2, 2, 2), shape=(2, 6, 2), axis=1, size=2, step=3),
)

for _name in ("as_strided", "copy_strided"):
    add(
        _name,
        call(real(6), size=(2, 3), stride=(1, 2), offset=0),
        call(real(2, 3), size=(2, 2), stride=(1, 1), offset=2),
        call(real(4), size=(), stride=(), offset=1),
    )
add(
    "add_strided",
    call(real(2, 3), shape=(6,), size=(2, 3), stride=(1, 2), offset=0),
    call(real(2, 2), shape=(2, 3), size=(2, 2), stride=(1, 1), offset=2),
)

# -- joining

add(
    "stack", call(real(2, 3), real(2, 3), axis=0), call(real(2), real(2), real(2), axis=1), call(real(), real(), axis=0)
)
add("concat", call(real(2, 3), real(1, 3), axis=0), call(real(2, 1), real(2, 0), real(2, 2), axis=1))
add("unstack", call(real(2, 3), axis=0), call(real(2, 3), axis=1), call(real(2), axis=0))
add("split", call(real(5, 2), sizes=(2, 0, 3), axis=0), call(real(2, 3), sizes=(1, 2), axis=1))

# -- padding

add(
    "pad_constant",
    call(real(2, 3), widths=((1, 0), (2, 1)), value=0.5),
    call(real(4, 3), widths=((-1, 2), (0, -2)), value=0),
)
for _name in ("pad_edges", "fold_edges"):
    for _mode in ("reflect", "replicate", "circular"):
        _shape = (3, 4) if _name == "pad_edges" else (6, 5)
        add(_name, call(real(*_shape), widths=((1, 2), (1, 0)), mode=_mode))
add("pad_edges", call(real(2), widths=((5, 4),), mode="replicate"), call(real(2), widths=((2, 2),), mode="circular"))

# -- products

add(
    "matmul",
    call(real(2, 3), real(3, 4)),
    call(real(3), real(3)),
    call(real(3), real(2, 3, 4)),
    call(real(2, 2, 3), real(3)),
    call(real(2, 3), real(3)),
    call(real(3), real(3, 2)),
    call(real(2, 4, 3), real(3, 2)),
    call(real(2, 1, 2, 3), real(3, 3, 2)),
    call(real(2, 3), real(4, 3, 2)),
)
add(
    "vecdot", call(real(2, 3), real(3), axis=-1), call(real(3, 1), real(3, 2), axis=-2), call(real(3), real(3), axis=-1)
)
add("cross", call(real(2, 3), real(3), axis=-1), call(real(3, 2), real(3, 1), axis=-2))
add(
    "cdist",
    call(real(3, 2), real(4, 2), by_product=False),
    call(real(2, 3, 2), real(2, 2), by_product=False),
    call(real(3, 2), real(4, 2), by_product=True),
)
