"""Elementwise functions."""

from .spec import Spec, add, boolean, call, distinct, positive, real

# -- of two arguments: broadcast in each direction, and 0-D -----------------------------------------

for _name in ("add", "subtract", "multiply"):
    add(_name, call(real(2, 3), real(3)), call(real(2, 1), real(1, 3)), call(real(), real(2)))
for _name in ("divide", "remainder", "floor_divide", "trunc_divide"):
    # 0.4 to 0.6 over 1.3 to 1.9 and the like: away from the jumps.
    add(_name, call(real(2, 3, low=0.4, high=0.6), real(3, low=0.7, high=0.9)), call(real(), real(2, 1, low=3.0, high=4.0)))
add("pow", call(positive(2, 3), real(3)), call(positive(), real(2)), call(positive(2), real()))
for _exponent in (0, 1, 2, 3, -1, 0.5, 2.7):
    add("pow_scalar", call(positive(2, 3), exponent=_exponent))
add("pow_scalar", call(positive(), exponent=2))


def _far() -> Spec:
    """Values greater than all of ``real``'s."""
    return real(3, low=2.5, high=3.5)


for _name in ("maximum", "minimum"):
    add(_name, call(distinct(2, 3), _far()), call(_far(), distinct(2, 3)), call(distinct(2, 3), real(low=-0.72, high=-0.71)))
add("where", call(boolean(2, 3), real(3), real(2, 1)), call(boolean(), real(2), real()), call(boolean(2), real(), real()))

# -- of one argument -----------------------------------------------------------------------------

for _name in ("negative", "positive", "square", "exp", "sin", "cos", "tanh", "conj", "real", "imag"):
    add(_name, call(real(2, 3)), call(real()))
for _name in ("log", "sqrt", "abs", "sign"):
    add(_name, call(positive(2, 3)), call(positive()))
for _name in ("abs", "sign"):
    add(_name, call(real(2, 3, low=-2.0, high=-0.2)))
