"""Comparisons, logic, bits, questions about numbers, copies and casts."""

from ...dtypes import complex128
from .spec import Spec, add, call, distinct, integer, real


def _one(*shape: int) -> Spec:
    """Ones: so that some pairs are equal."""
    return real(*shape, low=1.0, high=1.0)


for _name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
    add(_name, call(real(2, 3), real(3)), call(_one(2, 1), _one()), call(distinct(3, 4), real(1, 4)))
add(
    "isclose",
    call(real(2, 3), real(3), rtol=0.3, atol=0.5, equal_nan=False),
    call(_one(2), _one(), rtol=0.0, atol=0.0, equal_nan=True),
)
for _name in ("logical_and", "logical_or", "logical_xor"):
    add(_name, call(real(2, 3), real(3)), call(_one(), real(2, 1)))
for _name in ("logical_not", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "signbit"):
    add(_name, call(real(2, 3)), call(real()))
add("nextafter", call(real(2, 3), real(3)), call(_one(), _one()))

for _name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    add(_name, call(integer(2, 3, high=100), integer(3, high=100)), call(integer(high=8), integer(2, 1, high=8)))
add("bitwise_invert", call(integer(2, 3, high=100)), call(integer(high=8)))
for _name in ("bitwise_left_shift", "bitwise_right_shift"):
    add(_name, call(integer(2, 3, high=8), integer(3, high=4)), call(integer(high=8), integer(2, high=4)))

add("copy", call(real(2, 3)), call(real()))
add("new_zeros", call(real(2, 3), shape=(3,)), call(real(), shape=()))
# The one dtype that holds the values of all. To the others: pluggrad/testing/conformance/test_creation.py.
add("astype", call(real(2, 3), dtype=complex128), call(real(), dtype=complex128))
