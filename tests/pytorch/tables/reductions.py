"""Reductions, accumulations, order statistics, searching and sets."""

from __future__ import annotations

from typing import Any

from ..compare import ALL, BOOL, COMPLEX, FLOATS, INEXACT, REAL, Case, D, I, M, N, P, X

CASES: list[Case] = []


def _along(name: str, dtypes: tuple[str, ...], *options: dict[str, Any], spec: Any = N, gradient: bool = True) -> None:
    """A function of one tensor with each of the options, over some shapes."""
    for words in options:
        for shape in ((2, 3), (2, 3, 2), (4,), ()):

            def call(t: Any, x: Any, words: Any = words) -> Any:
                return getattr(t, name)(x, **words)

            label = name + "".join(f"_{k}{v}" for k, v in words.items()).replace(" ", "")
            CASES.append(Case(label, call, (spec(*shape),), dtypes, gradient))


_DIMS: tuple[dict[str, Any], ...] = ({}, {"dim": 0}, {"dim": -1, "keepdim": True})
_SEVERAL = (*_DIMS, {"dim": (0, 1)}, {"dim": (0, -1), "keepdim": True})
_along("sum", ALL, *_SEVERAL, {"dtype": None})
_along("mean", ALL, *_SEVERAL)
_along("nansum", (*REAL, *BOOL), *_SEVERAL)
_along("nanmean", FLOATS, *_SEVERAL)
_along("prod", ALL, *_DIMS)
_along("logsumexp", FLOATS, *_SEVERAL[1:])
for _name in ("std", "var"):
    _along(_name, INEXACT, *_SEVERAL, {"correction": 0}, {"unbiased": False}, {"dim": 0, "unbiased": False})
for _name in ("std_mean", "var_mean"):
    _along(_name, INEXACT, *_SEVERAL)
for _name in ("amax", "amin"):
    _along(_name, (*REAL, *BOOL), *_SEVERAL, spec=D)
for _name in ("max", "min"):
    _along(_name, (*REAL, *BOOL), *_DIMS, spec=D)
_along("aminmax", (*REAL, *BOOL), *_DIMS, spec=D)
for _name in ("argmax", "argmin"):
    _along(_name, FLOATS, *_DIMS, spec=D, gradient=False)
for _name in ("all", "any"):
    _along(_name, ALL, *_SEVERAL, gradient=False)
_along("count_nonzero", ALL, {}, {"dim": 0}, {"dim": (0, 1)}, gradient=False)
for _name in ("median", "nanmedian"):
    _along(_name, FLOATS, *_DIMS, spec=D)
_along("mode", REAL, {}, {"dim": 0, "keepdim": True}, spec=D)
for _p in (2, 1, 0, float("inf"), 3, -1, "fro"):
    _along("norm", INEXACT if _p in (2, "fro") else FLOATS, {"p": _p}, {"p": _p, "dim": 0, "keepdim": True})
_along("cumsum", ALL, {"dim": 0}, {"dim": -1})
_along("cumprod", ALL, {"dim": 0}, {"dim": -1})
_along("logcumsumexp", FLOATS, {"dim": 0}, {"dim": -1})
for _name in ("cummax", "cummin"):
    _along(_name, REAL, {"dim": 0}, {"dim": -1}, spec=D)
_along("sort", REAL, {}, {"dim": 0, "descending": True}, {"stable": True}, spec=D)
_along("argsort", FLOATS, {}, {"dim": 0, "descending": True}, spec=D, gradient=False)
_along("msort", REAL, {}, spec=D)
_along("kthvalue", FLOATS, {"k": 1}, {"k": 2, "dim": 0, "keepdim": True}, spec=D)
_along("topk", FLOATS, {"k": 1}, {"k": 2, "dim": 0, "largest": False}, spec=D)
for _words in ({"q": 0.3}, {"q": 0.5, "dim": 0, "keepdim": True}, {"q": 0.7, "interpolation": "nearest"},
               {"q": 0.2, "interpolation": "lower"}, {"q": 0.2, "interpolation": "higher"},
               {"q": 0.2, "interpolation": "midpoint"}):  # fmt: skip
    for _name in ("quantile", "nanquantile"):
        _along(_name, FLOATS, _words, spec=D)
_along("diff", ALL, {}, {"n": 2, "dim": 0})
_along("nonzero", ALL, {}, {"as_tuple": True}, gradient=False)
_along("argwhere", ALL, {}, gradient=False)
_along("unique", (*REAL, *BOOL), {}, {"return_inverse": True, "return_counts": True}, {"dim": 0}, gradient=False)
_along("unique_consecutive", REAL, {}, {"return_inverse": True, "return_counts": True}, gradient=False)

CASES += [
    Case("max_of_two", lambda t, a, b: t.max(a, b), (N(2, 3), N(3)), REAL),
    Case("min_of_two", lambda t, a, b: t.min(a, other=b), (N(2, 3), N(3)), REAL),
    Case("sum_dtype", lambda t, a: t.sum(a, dtype=t.float64), (N(2, 3),), ALL),
    Case("sum_empty_dims", lambda t, a: t.sum(a, dim=()), (N(2, 3),), FLOATS),
    Case("sum_nothing", lambda t, a: t.sum(a, 0), (N(0, 3),), ALL),
    Case("mean_nothing", lambda t, a: t.mean(a), (N(0,),), FLOATS),
    Case("prod_nothing", lambda t, a: t.prod(a), (N(0,),), FLOATS),
    Case("max_nothing", lambda t, a: t.max(a), (N(0,),), FLOATS),
    Case("argmax_nothing", lambda t, a: t.argmax(a), (N(0,),), FLOATS, False),
    Case("median_nothing", lambda t, a: t.median(a), (N(0,),), FLOATS),
    Case("std_one", lambda t, a: t.std(a), (N(1),), FLOATS, False),
    Case("sum_bad_dim", lambda t, a: t.sum(a, 5), (N(2, 3),), FLOATS),
    Case("sum_twice", lambda t, a: t.sum(a, (0, 0)), (N(2, 3),), FLOATS),
    Case("max_ties", lambda t, a: t.max(a), (X((2, 3), 1, 2, dtype="int64"),), ("float32",), False),
    Case("prod_with_zero", lambda t, a: t.prod(a * t.tensor([1.0, 0, 1]).to(a.dtype)), (N(3),), INEXACT),
    Case("quantile_several", lambda t, a, q: t.quantile(a, q, dim=1), (D(2, 5), N(3, low=0, high=1)), FLOATS),
    Case("histc", lambda t, a: t.histc(a, 4, -3, 3), (N(20),), FLOATS, False),
    Case("histogram", lambda t, a: t.histogram(a, 4, range=(-2.0, 2.0)), (N(20),), FLOATS, False),
    Case("histogram_weight", lambda t, a, w: t.histogram(a, 4, weight=w), (N(20), N(20, low=0)), FLOATS, False),
    Case("histogramdd", lambda t, a: t.histogramdd(a, [3, 4]), (N(20, 2),), FLOATS, False),
    Case("bincount", lambda t, i: t.bincount(i), (I(10, high=5),), ("float32",), False),
    Case("bincount_weights", lambda t, i, w: t.bincount(i, w, minlength=8), (I(10, high=5), N(10)), FLOATS, False),
    Case("searchsorted", lambda t, a, v: t.searchsorted(t.sort(a)[0], v), (N(6), N(2, 3)), REAL, False),
    Case("searchsorted_right", lambda t, a, v: t.searchsorted(t.sort(a)[0], v, right=True), (N(2, 6), N(2, 3)), REAL,
         False),
    Case("bucketize", lambda t, v, a: t.bucketize(v, t.sort(a)[0], right=True), (N(2, 3), N(6)), REAL, False),
    Case("trapezoid", lambda t, y: t.trapezoid(y), (N(2, 4),), INEXACT),
    Case("trapezoid_x", lambda t, y, x: t.trapezoid(y, x), (N(2, 4), N(4)), FLOATS),
    Case("trapz_dx", lambda t, y: t.trapz(y, dx=0.5, dim=0), (N(2, 4),), FLOATS),
    Case("cumulative_trapezoid", lambda t, y: t.cumulative_trapezoid(y, dim=1), (N(2, 4),), INEXACT),
    Case("cov", lambda t, x: t.cov(x), (N(3, 6),), INEXACT),
    Case("cov_weights", lambda t, x, f, a: t.cov(x, fweights=f, aweights=a), (N(3, 6), I(6, low=1, high=4),
         N(6, low=0.1, high=1)), FLOATS, False),
    Case("corrcoef", lambda t, x: t.corrcoef(x), (N(3, 6),), INEXACT),
    Case("gradient", lambda t, x: t.gradient(x, spacing=0.5), (N(3, 4),), INEXACT),
    Case("gradient_edges", lambda t, x, c: t.gradient(x, spacing=[t.cumsum(c, 0)], dim=1, edge_order=2),
         (N(3, 4), N(4, low=0.5, high=1)), FLOATS, False),
    Case("masked_mean", lambda t, x, m: t.masked_select(x, m).sum(), (N(3, 4), M(3, 4)), FLOATS),
    Case("logdet", lambda t, x: t.logdet(x), (P(3, 3),), FLOATS),
    Case("combinations", lambda t, x: t.combinations(x, 2), (N(4),), (*REAL, *COMPLEX)),
    Case("unravel_index", lambda t, i: t.unravel_index(i, (3, 4)), (I(5, high=12),), ("float32",), False),
]  # fmt: skip
_SPECIAL = (
    "airy_ai", "bessel_y1", "digamma", "erf", "erfc", "erfinv", "exp2", "expm1", "i0", "log1p", "logit",
    "modified_bessel_i0", "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "sinc",
    "round", "i1", "i1e", "i0e", "ndtr", "log_ndtr", "entr", "erfcx", "expit", "psi", "gammaln", "ndtri", "bessel_j0",
    "bessel_j1", "bessel_y0", "modified_bessel_k0", "modified_bessel_i1", "spherical_bessel_j0",
)  # fmt: skip
for _name in _SPECIAL:
    CASES.append(
        Case(
            f"special.{_name}",
            lambda t, x, n=_name: getattr(t.special, n)(x),
            (N(2, 3, low=0.1, high=0.9),),
            (*FLOATS, "int64"),
            "bessel" not in _name and _name != "airy_ai",
        )
    )
for _name in ("xlog1py", "zeta", "xlogy", "gammainc", "gammaincc"):
    CASES.append(Case(f"special.{_name}", lambda t, x, y, n=_name: getattr(t.special, n)(x, y),
                      (N(2, 3, low=1.3), N(3, low=0.5)), FLOATS, _name.startswith("x")))  # fmt: skip
_KINDS = ("chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w")
_POLYNOMIALS = (
    *_KINDS, *(f"shifted_{k}" for k in _KINDS), "hermite_polynomial_h", "hermite_polynomial_he",
    "laguerre_polynomial_l", "legendre_polynomial_p",
)  # fmt: skip
for _name in _POLYNOMIALS:
    for _n in (0, 1, 5):
        CASES.append(
            Case(
                f"special.{_name}_{_n}",
                lambda t, x, n=_name, k=_n: getattr(t.special, n)(x, k),
                (N(2, 3, low=-1, high=1),),
                FLOATS,
                False,
            )
        )
CASES += [
    Case("special.softmax", lambda t, x: t.special.softmax(x, 1), (N(2, 3),), FLOATS),
    Case("special.log_softmax", lambda t, x: t.special.log_softmax(x, dim=0), (N(2, 3),), FLOATS),
    Case("special.logsumexp", lambda t, x: t.special.logsumexp(x, 1), (N(2, 3),), FLOATS),
    Case("special.polygamma", lambda t, x: t.special.polygamma(1, x), (N(2, 3, low=0.5),), FLOATS),
    Case("special.multigammaln", lambda t, x: t.special.multigammaln(x, 2), (N(2, 3, low=1.5),), FLOATS),
]
