"""Empty and large arrays for functions that are not elementwise: what a kernel's blocks and special cases hang on.

Their values alone are compared. Elementwise functions need no entry: the conformance suite makes shapes for them.
"""

from .spec import Spec, add_larger, boolean, call, integer, real

#: More than one block of any kernel, and a multiple of nothing.
_LARGE = 20_011


def _small(*shape: int) -> Spec:
    """Positive and, as integers, 1 and 2: sums of products of some dozens of them stay in the range of int8."""
    return real(*shape, low=0.0, high=0.9)


# -- reductions and accumulations ----------------------------------------------------------------------

for _name in ("sum", "mean", "var", "std", "max", "min", "logsumexp"):
    add_larger(_name, call(real(37, 1009), axis=(0,)), call(real(37, 1009), axis=(1,)), call(real(_LARGE), axis=(0,)))
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
add_larger("cumulative_prod", call(real(3, 0), axis=1))

# -- sorting and searching -----------------------------------------------------------------------------

for _name in ("sort", "sort_values", "argsort"):  # with many equal elements, whose order is kept
    add_larger(_name, call(real(7, 1009), axis=1), call(real(1009, 7), axis=0), call(real(0, 3), axis=0))
add_larger("nonzero", call(boolean(37, 109)), call(boolean(0, 3)))
add_larger("argwhere", call(boolean(37, 109)), call(boolean(0, 3)))
add_larger("bincount", call(integer(_LARGE, high=251), real(_LARGE), length=300))

# -- products of matrices ------------------------------------------------------------------------------

add_larger(
    "matmul",
    call(_small(131, 25), _small(25, 70)),
    call(_small(5, 1, 17, 9), _small(3, 9, 11)),
    call(_small(9), _small(3, 9, 11)),
    call(_small(0, 3), _small(3, 4)), call(_small(2, 0), _small(0, 3)), call(_small(0, 2, 3), _small(0, 3, 2)),
)  # fmt: skip
add_larger("vecdot", call(_small(130, 25), _small(25), axis=-1), call(_small(2, 0), _small(2, 0), axis=-1))
add_larger("linear", call(_small(64, 25), _small(33, 25), _small(33)), call(_small(0, 4), _small(2, 4), _small(2)))

# -- gathering and scattering --------------------------------------------------------------------------

add_larger("take", call(real(101, 37), integer(1009, high=101), axis=0), call(real(4, 3), integer(0, high=4), axis=0))
add_larger(
    "gather", call(real(101, 37), integer(503, 37, high=101), axis=0), call(real(3, 4), integer(0, 4, high=3), axis=0)
)
add_larger("scatter_add", call(_small(101, 37), integer(53, 37, high=101), _small(53, 37), axis=0))
add_larger("scatter_add", call(real(3, 4), integer(0, 4, high=3), real(0, 4), axis=0))
add_larger("index_add", call(_small(101, 37), integer(53, high=101), _small(53, 37), axis=0))
add_larger("index_add", call(real(3, 4), integer(0, high=3), real(0, 4), axis=0))
add_larger("embedding", call(real(101, 37), integer(19, 23, high=101)), call(real(5, 3), integer(0, high=5)))
add_larger("masked_fill", call(real(101, 37), boolean(101, 37), real()), call(real(0, 3), boolean(3), real()))

# -- shapes --------------------------------------------------------------------------------------------

add_larger("reshape", call(real(2, 0, 3), shape=(0, 5)), call(real(101, 37), shape=(37, 101)))
add_larger("permute_dims", call(real(23, 19, 29), axes=(2, 0, 1)), call(real(2, 0, 3), axes=(2, 0, 1)))
add_larger("broadcast_to", call(real(1, 101), shape=(37, 101)), call(real(1), shape=(0,)))
add_larger("concat", call(real(0, 3), real(2, 3), real(0, 3), axis=0), call(real(101, 3), real(101, 37), axis=1))
add_larger("stack", call(real(0, 3), real(0, 3), axis=0), call(real(101, 37), real(101, 37), axis=2))
add_larger("flip", call(real(2, 0), axis=(0, 1)), call(real(101, 37), axis=(1,)))
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
add_larger("copy", call(real(0, 3)), call(real(101, 37)))

# -- neural networks -----------------------------------------------------------------------------------

for _name in ("softmax", "log_softmax"):
    add_larger(_name, call(real(37, 1009), axis=1), call(real(37, 101), axis=0), call(real(0, 3), axis=1))
_plain = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
add_larger(
    "convolution",
    call(real(3, 8, 29, 31), real(16, 8, 3, 3), real(16), **_plain),
    call(
        real(2, 8, 29, 31),
        real(8, 1, 5, 3),
        real(8),
        **_plain | {"stride": (2, 3), "padding": ((2, 2), (1, 1)), "groups": 8},
    ),
    call(real(0, 3, 5, 5), real(4, 3, 3, 3), real(4), **_plain),
)
add_larger(
    "scaled_dot_product_attention",
    call(real(2, 3, 37, 16), real(2, 3, 41, 16), real(2, 3, 41, 24), scale=0.25),
    call(real(2, 3, 37, 16), real(2, 3, 37, 16), real(2, 3, 37, 16), scale=0.25, causal=True),
    call(real(0, 3, 4), real(0, 5, 4), real(0, 5, 2), scale=0.5),
)
add_larger("layer_norm", call(real(37, 509), count=1, eps=1e-3))
add_larger("batch_norm", call(real(64, 16), eps=1e-3))
_pool = {"kernel_size": (3, 2), "stride": (2, 2), "padding": ((1, 1), (0, 0))}
add_larger("max_pool", call(real(2, 5, 29, 31), **_pool, dilation=(1, 1)))
add_larger("avg_pool", call(real(2, 5, 29, 31), **_pool, counted=None, divisor=None))

# -- Fourier transforms: an odd, an even, a prime and a large length -------------------------------------

for _n in (15, 64, 101, 1009):
    add_larger("fftn", call(real(3, _n), axes=(1,), norm="backward"))
    add_larger("ifftn", call(real(3, _n), axes=(1,), norm="ortho"))
