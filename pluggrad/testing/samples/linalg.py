"""Linear algebra."""

from __future__ import annotations

from typing import Any

from .spec import add, call, definite, determines, integer, real

add(
    "solve",
    call(real(3, 3), real(3)),
    call(real(3, 3), real(3, 2)),
    call(real(2, 1, 3, 3), real(2, 3, 1)),
    call(real(2, 3, 3), real(3)),
)
for _upper in (False, True):
    for _unit in (False, True):
        add("solve_triangular", call(definite(3, 3), real(3, 2), upper=_upper, unit=_unit))
    add("cholesky", call(definite(3, 3), upper=_upper), call(definite(2, 2, 2), upper=_upper))
add("solve_triangular", call(definite(2, 2, 2), real(2, 3), upper=True, unit=False))
for _name in ("inv", "det", "cofactors", "slogdet", "matrix_exp"):
    add(_name, call(real(3, 3)), call(real(2, 2, 2)), call(real(1, 1)))
for _pivot in (True, False):
    add(
        "lu_factor",
        call(definite(3, 3), pivot=_pivot),
        call(definite(2, 2, 2), pivot=_pivot),
    )
add("lu_factor", call(real(4, 2), pivot=True), call(real(2, 4), pivot=True))
add("identity_like", call(real(2, 3, 3)))
for _name in ("rows_in", "rows_back"):
    add(_name, call(real(2, 1, 3), integer(2, 1, high=1)), call(real(1, 3), integer(1, high=1)))
add("eigh", call(real(3, 3)), call(real(2, 2, 2)))
add("eigvalsh", call(real(3, 3)), call(real(2, 2, 2)))
add("eig", call(real(3, 3)), call(real(2, 2, 2)))
add("eigvals", call(real(3, 3)), call(real(2, 2, 2)))
for _full in (False, True):
    add(
        "svd",
        call(real(3, 3), full_matrices=_full),
        call(real(4, 2), full_matrices=_full),
        call(real(2, 2, 4), full_matrices=_full),
    )
add("svdvals", call(real(3, 3)), call(real(4, 2)), call(real(2, 2, 3)))
add(
    "pinv",
    call(real(3, 3), rtol=1e-6, atol=0.0),
    call(real(4, 2), rtol=1e-6, atol=0.0),
    call(real(2, 2, 3), rtol=0.0, atol=1e-6),
)
add("matrix_rank", call(real(3, 3), rtol=1e-6, atol=0.0), call(real(2, 4, 2), rtol=0.0, atol=1e-6))
add(
    "qr",
    call(real(3, 3), mode="reduced"),
    call(real(4, 2), mode="reduced"),
    call(real(2, 2, 4), mode="reduced"),
    call(real(2, 3), mode="complete"),
)


def _eigh(values: Any, vectors: Any) -> tuple[Any, ...]:
    return values, (vectors * (values**3)[..., None, :]) @ vectors.conj().mT


def _eig(values: Any, vectors: Any) -> tuple[Any, ...]:
    """Sums over all eigenvalues, since their order is open."""
    return values.sum(-1), (values**2).sum(-1), (vectors * (values**2)[..., None, :]) @ vectors.conj().mT


def _eigvals(values: Any) -> tuple[Any, ...]:
    return values.sum(-1), (values**2).sum(-1), (values**3).sum(-1)


def _svd(u: Any, s: Any, vh: Any) -> tuple[Any, ...]:
    k = s.shape[-1]
    u, vh = u[..., :k], vh[..., :k, :]
    cubes = (s**3)[..., None, :]
    return s, (u * cubes) @ vh, (u * cubes) @ u.conj().mT, (vh.conj().mT * cubes) @ vh


def _qr(q: Any, r: Any) -> tuple[Any, ...]:
    """Rows of R, with the columns of Q that belong to them, may have either sign."""
    sizes = abs(r) ** 2
    return sizes, (q * sizes.sum(-1)[..., None, :]) @ r, q @ q.conj().mT


determines("eigh", _eigh)
determines("eig", _eig)
determines("eigvals", _eigvals)
determines("svd", _svd)
determines("qr", _qr)
