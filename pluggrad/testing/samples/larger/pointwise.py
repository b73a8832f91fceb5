"""Empty and large arrays: functions of one element at a time that have parameters, or one element's several outputs."""

from collections.abc import Callable
from typing import Any

from ..spec import Spec, add_larger, call, positive, real

_Maker = Callable[..., Spec]


def _between(low: float, high: float) -> _Maker:
    return lambda *shape: real(*shape, low=low, high=high)


def _pointwise(name: str, *makers: _Maker, **parameters: Any) -> None:
    """A large array, empty ones, and one that is broadcast where there are several."""
    for shape in ((20_011,), (0,), (2, 0, 3)):
        add_larger(name, call(*(make(*shape) for make in makers), **parameters))
    if len(makers) > 1:
        first, *rest = makers
        add_larger(name, call(first(151, 133), *(make(1, 133) for make in rest), **parameters))


# -- numbers -------------------------------------------------------------------------------------------

for _exponent in (2, -1, 0.5):
    _pointwise("pow_scalar", positive, exponent=_exponent)
_pointwise("logit", _between(0.1, 0.9), eps=None)
_pointwise("polygamma", positive, n=2)
_pointwise("clip", real, min=-0.5, max=1.3)
_pointwise("round_decimals", real, decimals=0)
_pointwise("nan_to_num", real, nan=0.0, posinf=None, neginf=None)
_pointwise("isclose", real, _between(1.0, 1.0), rtol=0.3, atol=0.5, equal_nan=False)
for _name in ("addcmul", "addcdiv"):
    _pointwise(_name, real, real, positive, value=2)
for _name in ("frexp", "imag", "view_real", "view_imag", "view_as_real", "copy_as_real"):
    _pointwise(_name, real)
for _name in ("view_as_complex", "copy_as_complex"):
    add_larger(_name, call(real(20_011, 2)), call(real(0, 2)), call(real(2, 0, 2)))

# -- activations ---------------------------------------------------------------------------------------

_pointwise("leaky_relu", real, negative_slope=0.1)
_pointwise("elu", real, alpha=1.5, scale=1.1, input_scale=1.0)
_pointwise("softplus", _between(-30.0, 30.0), beta=1.0, threshold=20.0)
for _approximate in ("none", "tanh"):
    _pointwise("gelu", real, approximate=_approximate)
    for _shape in ((20_011,), (0,)):
        add_larger("gelu_input", call(real(*_shape), real(*_shape), approximate=_approximate))
for _shape in ((20_011,), (0,)):
    for _name in ("silu_input", "log_sigmoid_input", "mish_input", "hardswish_input"):
        add_larger(_name, call(real(*_shape), real(*_shape)))
    add_larger("leaky_relu_input", call(real(*_shape), real(*_shape), negative_slope=0.1))
    add_larger("elu_input", call(real(*_shape), real(*_shape), alpha=1.5, scale=1.1, input_scale=1.0))
    add_larger("softplus_input", call(real(*_shape), real(*_shape), beta=1.0, threshold=20.0))
_pointwise("hardtanh", real, low=-0.5, high=0.25)
_pointwise("threshold", real, threshold=-0.5, value=3.0)
for _name in ("hardshrink", "softshrink"):
    _pointwise(_name, real, lambd=0.5)
for _name in ("hardsigmoid", "hardswish"):
    _pointwise(_name, _between(-5.0, 5.0))
