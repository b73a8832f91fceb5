"""Pointwise functions of one, two and three tensors, and comparisons."""

from __future__ import annotations

from typing import Any

from ..compare import ALL, BOOL, COMPLEX, FLOATS, INEXACT, INTEGERS, REAL, Case, M, N, X

CASES: list[Case] = []


def _unary(name: str, dtypes: tuple[str, ...], low: float = -3.0, high: float = 3.0, gradient: bool = True) -> None:
    def call(t: Any, x: Any) -> Any:
        return getattr(t, name)(x)

    for shape in ((2, 3), (), (0,), (3, 1, 2)):
        CASES.append(Case(name, call, (N(*shape, low=low, high=high),), dtypes, gradient))


for _name in ("abs", "absolute", "square", "neg", "negative", "positive"):
    _unary(_name, (*REAL, *COMPLEX))
for _name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "asinh", "arcsinh", "exp", "exp2", "expm1", "sigmoid",
              "atan", "arctan"):  # fmt: skip
    _unary(_name, ALL, -1.3, 1.3)
for _name in ("asin", "arcsin", "acos", "arccos", "atanh", "arctanh"):
    _unary(_name, (*INEXACT,), -0.9, 0.9)
for _name in ("acosh", "arccosh"):
    _unary(_name, ALL, 1.2, 3)
for _name in ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"):
    _unary(_name, ALL, 0.3, 3)
for _name in ("ceil", "floor", "trunc", "fix", "round", "frac"):
    _unary(_name, REAL if _name != "frac" else FLOATS)
for _name in ("sign", "sgn", "relu"):
    _unary(_name, REAL + (COMPLEX if _name == "sgn" else ()))
for _name in ("isnan", "isfinite", "isinf", "isreal", "isposinf", "isneginf", "signbit", "logical_not"):
    _unary(_name, ALL, gradient=False)
for _name in ("erf", "erfc", "lgamma", "digamma", "i0", "sinc", "deg2rad", "rad2deg", "logit", "nan_to_num"):
    _unary(_name, REAL, 0.1, 0.9)
_unary("erfinv", REAL, -0.9, 0.9)
for _name in ("bitwise_not",):
    _unary(_name, (*INTEGERS, *BOOL))
for _name in ("conj", "conj_physical", "angle", "real", "resolve_conj", "resolve_neg", "clone"):
    _unary(_name, ALL if _name != "angle" else (*FLOATS, *COMPLEX, "int64"))
_unary("imag", COMPLEX)
_unary("frexp", FLOATS)
_unary("is_nonzero", ALL)

PAIRS = (
    (N(2, 3), N(2, 3)), (N(2, 3), N(3)), (N(2, 1), N(1, 3)), (N(), N(2)), (N(3), N()), (N(), N()), (N(0, 3), N(3)),
    (N(2, 3), N(2)),
)  # fmt: skip


def _binary(
    name: str, dtypes: tuple[str, ...], low: float = -3.0, high: float = 3.0, gradient: bool = True,
    number: Any = 2, **options: Any,
) -> None:  # fmt: skip
    def call(t: Any, x: Any, y: Any) -> Any:
        return getattr(t, name)(x, y, **options)

    def with_number(t: Any, x: Any) -> Any:
        return getattr(t, name)(x, number, **options)

    for one, other in PAIRS:
        arguments = X(one.shape, low, high), X(other.shape, low, high)
        CASES.append(Case(name, call, arguments, dtypes, gradient))
    if number is not None:
        for shape in ((2, 3), ()):
            CASES.append(Case(f"{name}_number", with_number, (X(shape, low, high),), dtypes, gradient))


for _name in ("add", "sub", "subtract", "mul", "multiply", "rsub"):
    _binary(_name, ALL)
CASES.append(Case("add_alpha", lambda t, x, y: t.add(x, y, alpha=2), (N(2, 3), N(3)), (*REAL, *COMPLEX)))
CASES.append(Case("sub_alpha", lambda t, x, y: t.sub(x, y, alpha=2), (N(2, 3), N(3)), (*REAL, *COMPLEX)))
for _name in ("div", "divide", "true_divide"):
    _binary(_name, ALL, 1, 4)
for _mode in ("floor", "trunc"):
    _binary("div", REAL, 1, 4, rounding_mode=_mode)
for _name in ("floor_divide", "remainder", "fmod"):
    _binary(_name, REAL, 1, 5)
    _binary(_name, FLOATS, -4, 4)
_binary("pow", (*REAL, *COMPLEX), 0.4, 3)
_binary("float_power", ALL, 0.4, 3)
for _name in ("eq", "ne", "not_equal"):
    _binary(_name, ALL, gradient=False)
for _name in ("lt", "less", "le", "less_equal", "gt", "greater", "ge", "greater_equal"):
    _binary(_name, (*REAL, *BOOL), gradient=False)
for _name in ("maximum", "minimum", "fmax", "fmin"):
    _binary(_name, (*REAL, *BOOL), number=None)
for _name in ("atan2", "arctan2", "copysign", "nextafter", "hypot", "logaddexp", "logaddexp2", "heaviside", "xlogy"):
    _binary(_name, FLOATS, 0.2, 3, number=None, gradient=_name != "nextafter")
for _name in ("logical_and", "logical_or", "logical_xor"):
    _binary(_name, ALL, gradient=False, number=None)
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    _binary(_name, (*INTEGERS, *BOOL))
for _name in ("bitwise_left_shift", "bitwise_right_shift"):
    _binary(_name, INTEGERS, 0, 4)
for _name in ("gcd", "lcm"):
    _binary(_name, INTEGERS, number=None)
_binary("ldexp", (*FLOATS, "int64"), 0, 4, number=None)
for _name in ("igamma", "igammac"):
    _binary(_name, FLOATS, 0.3, 3, number=None, gradient=False)
for _name in ("clamp_min", "clamp_max"):
    _binary(_name, REAL, number=1)

CASES += [
    Case("polar", lambda t, a, b: t.polar(a, b), (N(2, 3, low=0.1), N(2, 3)), FLOATS),
    Case("complex", lambda t, a, b: t.complex(a, b), (N(2, 3), N(3)), FLOATS),
    Case("lerp", lambda t, a, b, w: t.lerp(a, b, w), (N(2, 3), N(3), N(2, 1)), INEXACT),
    Case("lerp_number", lambda t, a, b: t.lerp(a, b, 0.3), (N(2, 3), N(3)), INEXACT),
    Case("addcmul", lambda t, x, a, b: t.addcmul(x, a, b, value=2), (N(2, 3), N(3), N(2, 1)), (*REAL, *COMPLEX)),
    Case("addcdiv", lambda t, x, a, b: t.addcdiv(x, a, b, value=0.5), (N(2, 3), N(3), N(2, 1, low=1, high=2)), INEXACT),
    Case("clamp", lambda t, x: t.clamp(x, 1, 2), (N(2, 3),), REAL),
    Case("clamp_float", lambda t, x: t.clamp(x, -0.5, 1.5), (N(2, 3),), REAL),
    Case("clamp_tensors", lambda t, x, a, b: t.clamp(x, a, b), (N(2, 3), N(3, high=0), N(2, 1, low=0)), REAL),
    Case("clip_min", lambda t, x: t.clip(x, min=0), (N(2, 3),), REAL),
    Case("clamp_none", lambda t, x: t.clamp(x), (N(2, 3),), FLOATS),
    Case("round_decimals", lambda t, x: t.round(x, decimals=1), (N(2, 3),), FLOATS),
    Case("logit_eps", lambda t, x: t.logit(x, eps=0.1), (N(2, 3, low=0, high=1),), FLOATS),
    Case("polygamma", lambda t, x: t.polygamma(2, x), (N(2, 3, low=0.5),), FLOATS),
    Case("mvlgamma", lambda t, x: t.mvlgamma(x, 2), (N(2, 3, low=1.5),), FLOATS),
    Case("where", lambda t, c, a, b: t.where(c, a, b), (M(2, 3), N(3), N(2, 1)), ALL),
    Case("where_number", lambda t, c, a: t.where(c, a, 0), (M(2, 3), N(3)), ALL),
    Case("where_numbers", lambda t, c: t.where(c, 1.0, 0.0), (M(2, 3),), ("float32",)),
    Case("where_ints", lambda t, c: t.where(c, 1, 0), (M(2, 3),), ("float32",)),
    Case("where_indices", lambda t, c: t.where(c), (M(2, 3),), ("float32",), False),
    Case("isclose", lambda t, a, b: t.isclose(a, b, rtol=0.5), (N(2, 3), N(2, 3)), (*REAL, *COMPLEX), False),
    Case("allclose", lambda t, a, b: t.allclose(a, b), (N(2, 3), N(2, 3)), REAL, False),
    Case("equal", lambda t, a, b: t.equal(a, b), (N(2, 3), N(2, 3)), ALL, False),
    Case("isin", lambda t, a, b: t.isin(a, b), (N(2, 3), N(4)), REAL, False),
    Case("isin_invert", lambda t, a, b: t.isin(a, b, invert=True), (N(2, 3), N(4)), REAL, False),
    Case("bool_add", lambda t, a: t.add(a, True), (N(2, 3),), ALL),
    Case("float_add", lambda t, a: t.add(a, 1.5), (N(2, 3),), (*REAL, *COMPLEX, *BOOL)),
    Case("complex_add", lambda t, a: t.add(a, 1j), (N(2, 3),), (*FLOATS, *COMPLEX)),
    Case("pow_of_number", lambda t, x: t.pow(2, x), (N(2, 3),), (*FLOATS, "uint8")),
    Case("pow_square", lambda t, x: t.pow(x, 2), (N(2, 3),), (*REAL, *COMPLEX)),
    Case("pow_root", lambda t, x: t.pow(x, 0.5), (N(2, 3, low=0.1),), FLOATS),
    Case("cross", lambda t, a, b: t.cross(a, b, dim=1), (N(2, 3), N(2, 3)), (*REAL, *COMPLEX)),
    Case("dist", lambda t, a, b: t.dist(a, b, 1.5), (N(2, 3), N(2, 3)), FLOATS),
    Case("renorm", lambda t, a: t.renorm(a, 2, 0, 1.0), (N(2, 3),), FLOATS),
    Case("cdist", lambda t, a, b: t.cdist(a, b), (N(2, 3, 4), N(2, 5, 4)), FLOATS),
    Case("cdist_p", lambda t, a, b: t.cdist(a, b, p=1.0), (N(3, 4), N(5, 4)), FLOATS),
    Case("softmax", lambda t, x: t.softmax(x, 1), (N(2, 3),), FLOATS),
    Case("softmax_dtype", lambda t, x: t.softmax(x, 0, dtype=t.float64), (N(2, 3),), REAL),
    Case("log_softmax", lambda t, x: t.log_softmax(x, dim=-1), (N(2, 3),), FLOATS),
]  # fmt: skip
