"""Elementwise functions."""

from .spec import Spec, add, boolean, call, distinct, integer, positive, real

# -- of one argument -----------------------------------------------------------------------------

for _name in (
    "negative", "positive", "square", "exp", "exp2", "expm1", "sin", "cos", "sinh", "cosh", "tanh", "asinh", "conj",
    "real", "imag", "view_real", "view_imag", "view_as_real", "copy_as_real", "sigmoid", "erf", "erfc",
    "deg2rad", "rad2deg",
):  # fmt: skip
    add(_name, call(real(2, 3)), call(real()))
for _name in ("view_as_complex", "copy_as_complex"):
    add(_name, call(real(2, 3, 2)), call(real(2)))
for _name in (
    "log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal", "abs", "sign", "angle", "relu", "lgamma", "digamma",
):  # fmt: skip
    add(_name, call(positive(2, 3)), call(positive()))
for _name in ("reciprocal", "abs", "sign", "relu", "angle"):
    add(_name, call(real(2, 3, low=-2.0, high=-0.2)))
for _name in ("lgamma", "digamma"):
    add(_name, call(real(3, low=-1.8, high=-1.2)), call(real(3, low=9.0, high=30.0)))
for _name in ("asin", "acos", "atan", "atanh", "tan", "erfinv"):
    add(_name, call(real(2, 3, low=-0.8, high=0.8)), call(real(low=0.1, high=0.5)))
add("acosh", call(real(2, 3, low=1.2, high=3.0)), call(real(low=1.2, high=3.0)))
for _name in ("ceil", "floor", "trunc", "round", "frac"):
    add(_name, call(real(2, 3, low=1.1, high=1.4)), call(real(low=-1.4, high=-1.1)))
add("round_decimals", call(real(3, low=1.11, high=1.14), decimals=1), call(real(3, low=11.0, high=14.0), decimals=-1))
add("nan_to_num", call(real(2, 3), nan=0.0, posinf=None, neginf=None))
add("logit", call(real(2, 3, low=0.1, high=0.9), eps=None), call(real(3, low=0.8, high=1.2), eps=0.3))
add("polygamma", call(positive(2, 3), n=1), call(positive(), n=2), call(real(3, low=-1.8, high=-1.2), n=3))
for _bounds in ({"min": -0.52, "max": 0.48}, {"min": -0.52, "max": None}, {"min": None, "max": 0.48}):
    # From -1 up in steps of 0.1 or so: the bounds lie between two of them.
    add("clip", call(distinct(4, 8), **_bounds))
add("clip", call(real(), min=-5.0, max=5.0))

# -- of two arguments: broadcast in each direction, and 0-D -----------------------------------------

for _name in ("add", "subtract", "multiply", "logaddexp", "logaddexp2", "ldexp", "complex", "polar"):
    add(_name, call(real(2, 3), real(3)), call(real(2, 1), real(1, 3)), call(real(), real(2)))
for _name in ("divide", "remainder", "fmod", "floor_divide", "trunc_divide"):
    # Quotients between 0.44 and 0.86: away from the jumps.
    add(_name, call(real(2, 3, low=0.4, high=0.6), real(3, low=0.7, high=0.9)))
    add(_name, call(real(low=-1.9, high=-1.8), real(2, 1, low=1.5, high=1.7)))
for _name in ("atan2", "hypot", "xlogy"):
    add(_name, call(real(2, 3), positive(3)), call(positive(), positive(2, 1)))
add("pow", call(positive(2, 3), real(3)), call(positive(), real(2)), call(positive(2), real()))
for _exponent in (0, 1, 2, 3, -1, 0.5, 2.7):
    add("pow_scalar", call(positive(2, 3), exponent=_exponent))
add("pow_scalar", call(positive(), exponent=2))
for _name in ("gcd", "lcm"):
    add(_name, call(integer(2, 3, low=-40, high=40), integer(3, low=-40, high=40)))
add("frexp", call(real(2, 3, low=1.1, high=1.9)), call(real(3, low=-0.45, high=-0.3)), call(real(low=20.0, high=30.0)))
add("copysign", call(positive(2, 3), real(3, low=-2.0, high=-1.0)), call(real(2, low=-2.0, high=-1.0), positive()))
add("heaviside", call(positive(2, 3), real(3)), call(real(2, low=-2.0, high=-1.0), real()))


def _far() -> Spec:
    """Values greater than all of ``distinct``'s."""
    return real(3, low=2.5, high=3.5)


for _name in ("maximum", "minimum", "fmax", "fmin", "clamp_min", "clamp_max"):
    add(_name, call(distinct(2, 3), _far()), call(_far(), distinct(2, 3)))
    add(_name, call(distinct(2, 3), real(low=-0.72, high=-0.71)))

# -- of three ----------------------------------------------------------------------------------------

add(
    "where",
    call(boolean(2, 3), real(3), real(2, 1)),
    call(boolean(), real(2), real()),
    call(boolean(2), real(), real()),
)
add("lerp", call(real(2, 3), real(3), real(2, 1, low=0.1, high=0.4)), call(real(), real(2), real(low=0.6, high=2.0)))
for _name in ("addcmul", "addcdiv"):
    add(_name, call(real(2, 3), real(3), positive(2, 1), value=-0.7), call(real(), real(), positive(), value=1))
for _name in ("relu_backward", "sigmoid_backward", "tanh_backward"):
    add(_name, call(real(2, 3), real(2, 3)), call(real(), real()), call(real(3), real(2, 3)))
