"""Empty and large arrays: products of matrices, decompositions, Fourier transforms."""

from ..spec import add_larger, call, definite, real, small

# -- products of matrices ------------------------------------------------------------------------------

add_larger(
    "matmul",
    call(small(131, 25), small(25, 70)),
    call(small(5, 1, 17, 9), small(3, 9, 11)),
    call(small(9), small(3, 9, 11)),
    call(small(0, 3), small(3, 4)), call(small(2, 0), small(0, 3)), call(small(0, 2, 3), small(0, 3, 2)),
)  # fmt: skip
add_larger("vecdot", call(small(130, 25), small(25), axis=-1), call(small(2, 0), small(2, 0), axis=-1))
add_larger("linear", call(small(64, 25), small(33, 25), small(33)), call(small(0, 4), small(2, 4), small(2)))
add_larger("cross", call(real(1009, 3), real(3), axis=-1), call(real(0, 3), real(0, 3), axis=-1))
for _product in (True, False):
    add_larger("cdist", call(real(37, 5), real(101, 5), by_product=_product))
    add_larger(
        "cdist", call(real(0, 3), real(4, 3), by_product=_product), call(real(2, 0), real(3, 0), by_product=_product)
    )

# -- solving and decomposing ---------------------------------------------------------------------------

_EMPTY = (call(real(0, 0)), call(real(0, 3, 3)))
add_larger("solve", call(definite(37, 37), real(37, 5)), call(real(0, 0), real(0)), call(real(0, 3, 3), real(0, 3, 2)))
for _upper in (False, True):
    add_larger("solve_triangular", call(definite(37, 37), real(37, 5), upper=_upper, unit=False))
    add_larger("solve_triangular", call(real(0, 0), real(0, 2), upper=_upper, unit=True))
    add_larger("cholesky", call(definite(37, 37), upper=_upper), call(real(0, 0), upper=_upper))
for _name in ("inv", "slogdet"):
    add_larger(_name, call(definite(37, 37)), *_EMPTY)
for _name in ("det", "cofactors"):
    add_larger(_name, call(real(17, 17)), *_EMPTY)
add_larger("matrix_exp", call(real(23, 23, low=-0.5, high=0.5)), *_EMPTY)
for _name in ("eigh", "eigvalsh", "eig", "eigvals"):
    add_larger(_name, call(real(29, 29)), *_EMPTY)
for _full in (True, False):
    add_larger("svd", call(real(37, 19), full_matrices=_full), call(real(0, 2, 3), full_matrices=_full))
    add_larger("svd", call(real(0, 3), full_matrices=_full), call(real(3, 0), full_matrices=_full))
add_larger("svdvals", call(real(37, 19)), call(real(0, 2, 3)), call(real(3, 0)))
add_larger("pinv", call(real(37, 19), rtol=1e-6, atol=0.0), call(real(0, 3), rtol=1e-6, atol=0.0))
add_larger("matrix_rank", call(real(37, 19), rtol=1e-6, atol=0.0), call(real(0, 3), rtol=1e-6, atol=0.0))
for _mode in ("reduced", "complete"):
    add_larger("qr", call(real(37, 19), mode=_mode), call(real(0, 3), mode=_mode), call(real(0, 3, 2), mode=_mode))
add_larger(
    "lu_factor", call(definite(37, 37), pivot=True), call(real(0, 0), pivot=True), call(real(0, 3, 2), pivot=True)
)
add_larger("identity_like", call(real(3, 37, 37)), *_EMPTY)

# -- Fourier transforms: an odd, an even, a prime and a large length -------------------------------------

for _n in (1009, 15, 64, 101):
    add_larger("fftn", call(real(3, _n), axes=(1,), norm="backward"))
    add_larger("ifftn", call(real(3, _n), axes=(1,), norm="ortho"))
    add_larger("rfftn", call(real(3, _n), axes=(1,), norm="forward"))
    add_larger("irfftn", call(real(3, _n // 2 + 1), axes=(1,), n=_n, norm="ortho"))
    add_larger("double_mirrored", call(real(3, _n // 2 + 1), axis=1, n=_n))
for _name in ("fftn", "ifftn", "rfftn"):
    add_larger(_name, call(real(0, 4), axes=(1,), norm="ortho"))
add_larger("irfftn", call(real(0, 3), axes=(1,), n=4, norm="ortho"))
add_larger("double_mirrored", call(real(0, 3), axis=1, n=4))
