"""Elementwise functions: where NumPy has one of its own, or where fewer passes over the memory are needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray

# -- selection ---------------------------------------------------------------------------------------

_INTEGERS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}
_FEW = 1024


def where(condition: Array, x1: Any, x2: Any) -> Array:
    """Selection. Of many elements by their bits: np.where branches at each, which costs up to ten times as much."""
    if condition.size < _FEW or condition.dtype != np.bool_:
        return np.where(condition, x1, x2)
    # Asked of the array: a 0-D result of NumPy is a np.float64, which is a Python float too, but has a dtype.
    dtype = (x1 if hasattr(x1, "dtype") else x2).dtype
    integer = _INTEGERS.get(dtype.itemsize)
    first, second = _bits(x1, dtype, integer), _bits(x2, dtype, integer)
    if integer is None or first is None or second is None:
        return np.where(condition, x1, x2)
    # All bits set where the condition holds.
    mask = np.negative(condition.view(np.int8)).astype(integer, copy=False)
    if second is _NOTHING:
        return np.bitwise_and(first, mask).view(dtype)
    if first is _NOTHING:
        np.invert(mask, out=mask)
        return np.bitwise_and(second, mask).view(dtype)
    mask = np.bitwise_and(first ^ second, mask)
    return np.bitwise_xor(mask, second).view(dtype)


_NOTHING = np.zeros((), np.int8)


def _bits(x: Any, dtype: np.dtype[Any], integer: Any) -> Any:
    """An array as integers of the same bits, _NOTHING for a scalar 0; None where this does not apply."""
    if isinstance(x, np.ndarray | np.generic):
        return x.view(integer) if x.dtype == dtype and integer is not None else None
    if dtype.kind not in ("fc" if isinstance(x, float) else "fciu"):
        return None
    if x == 0 and math.copysign(1, x) > 0:
        return _NOTHING
    if integer is None or (dtype.kind in "iu" and not np.iinfo(dtype).min <= x <= np.iinfo(dtype).max):
        return None
    return np.asarray(x, dtype).view(integer)


# -- arithmetic --------------------------------------------------------------------------------------


def floor_divide(x1: Array, x2: Array) -> Array:
    """The quotient rounded down, as the standard prefers it: infinities give infinities and zeros, not NaN and -1."""
    out = np.floor_divide(x1, x2)
    if out.dtype.kind == "f" and not (np.isfinite(x1).all() and np.isfinite(x2).all()):
        return np.where(np.isinf(x1) | np.isinf(x2), x1 / x2, out)
    return out


def pow_scalar(x: Array, *, exponent: float) -> Array:
    """A power of a constant exponent. np.power takes fifty times as long for a negative base as for a positive one."""
    if exponent == 2:
        return np.square(x)
    if exponent == 3:
        return x * x * x
    if exponent == -1:
        return np.reciprocal(x)
    if exponent == 0.5 and x.dtype.kind == "f":
        # Not of -0.0, whose power is 0.0, nor of -inf, whose power is inf.
        return np.sqrt(np.where(np.isneginf(x), np.inf, x) if np.isneginf(x).any() else x + 0.0)
    if exponent == math.floor(exponent) and x.dtype.kind == "f":
        size = np.abs(x)
        out = np.power(size, exponent, out=size if isinstance(size, np.ndarray) else None)
        return np.copysign(out, x) if exponent % 2 else out
    return np.power(x, exponent)


def lerp(start: Array, end: Array, weight: Array) -> Array:
    """Interpolation, counted from the nearer end, so that both ends are met exactly."""
    if weight.ndim:
        near = start + weight * (end - start)
        return where(np.abs(weight) < 0.5, near, end - (end - start) * (1 - weight))
    if abs(weight) < 0.5:
        return start + weight * (end - start)
    return end - (end - start) * (1 - weight)


def expm1(x: Array) -> Array:
    """``exp(x) - 1``, with the standard's values at complex infinities and NaN."""
    out = np.expm1(x)
    if out.dtype.kind == "c" and not (np.isfinite(x) & (x != 0)).all():
        a, b = np.real(x), np.imag(x)
        out = np.where(x == 0, x + complex(0.0, -0.0), out)
        out = np.where((b == 0) & (np.isnan(a) | (a == np.inf)), x, out)
        out = np.where((a == np.inf) & ~np.isfinite(b), complex(math.inf, math.nan), out)
        out = np.where((a == -np.inf) & ~np.isfinite(b), complex(-1, 0), out)
    return out


def tanh(x: Array) -> Array:
    """The hyperbolic tangent, with the standard's values at complex infinities."""
    out = np.tanh(x)
    if out.dtype.kind == "c" and not np.isfinite(x).all():
        a, b = np.real(x), np.imag(x)
        limit = complex_(np.copysign(np.ones_like(a), a), np.copysign(np.zeros_like(b), b))
        out = np.where(np.isinf(a), limit, out)
        out = np.where((a == 0) & ~np.isfinite(b), x + complex(-0.0, math.nan), out)
    return out


def _of_real(plain: Callable[[Array], Array], full: Callable[[Array], Array]) -> None:
    """Have a dtype that is real computed by NumPy's own function: what needs care is complex."""
    full.for_dtype = lambda dtype: full if dtype.kind == "c" else plain  # type: ignore[attr-defined]


_of_real(np.tanh, tanh)
_of_real(np.expm1, expm1)


#: Of each type: a Python number would be made an array each time, which takes as long as many a function does.
_ONE = {np.dtype(name): np.ones((), name) for name in ("float32", "float64")}
_ZERO = {np.dtype(name): np.zeros((), name) for name in ("float32", "float64")}


def tanh_backward(gradient: Array, output: Array) -> Array:
    """``gradient * (1 - output**2)``."""
    return gradient * np.conj(1 - output * output)


def _tanh_backward_of(dtype: Any) -> Callable[[Array, Array], Array]:
    """The same for a real type: of many elements in one array; of few, new ones are made sooner than one is reused."""
    if dtype not in _ONE:
        return tanh_backward
    one = _ONE[dtype]

    def call(gradient: Array, output: Array) -> Array:
        if output.size < _FEW or gradient.shape != output.shape:
            return gradient * (one - output * output)
        out = output * output
        np.subtract(one, out, out)
        return np.multiply(out, gradient, out)

    return call


tanh_backward.for_dtype = _tanh_backward_of  # type: ignore[attr-defined]


def sigmoid_backward(gradient: Array, output: Array) -> Array:
    """``gradient * (output - output**2)`` in one array."""
    if output.dtype.kind == "c" or gradient.shape != output.shape or not output.shape:
        return gradient * np.conj(output * (1 - output))
    out = np.subtract(_ONE.get(output.dtype, 1), output)
    out *= output
    out *= gradient
    return out


def logaddexp(x1: Array, x2: Array) -> Array:
    """``log(exp(x1) + exp(x2))``: of many elements in vectors, which np.logaddexp does not use."""
    if x1.size < _FEW or x1.dtype != x2.dtype or x1.dtype.char not in "fd":
        return np.logaddexp(x1, x2)
    out = np.asarray(np.subtract(x1, x2))
    if np.isnan(np.add.reduce(out, None)):  # two infinities, if not NaN
        return np.logaddexp(x1, x2)
    np.abs(out, out)
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)
    return np.add(out, np.maximum(x1, x2), out)


def exp2(x: Array) -> Array:
    """A power of 2: np.exp2 has no complex form."""
    return np.power(2.0, x) if x.dtype.kind == "c" else np.exp2(x)


def rsqrt(x: Array) -> Array:
    """One over the square root, in one array."""
    out = np.sqrt(x)
    return np.reciprocal(out, out=out) if out.ndim else np.reciprocal(out)


def _whole(round_: Callable[..., Array]) -> Callable[[Array], Array]:
    return lambda x: round_(x) if x.dtype.kind in "fc" else x.copy()


# -- complex numbers ---------------------------------------------------------------------------------


def real(x: Array) -> Array:
    """The real part: a copy, where np.real gives a view."""
    return np.array(x.real) if x.dtype.kind == "c" else x


def imag(x: Array) -> Array:
    """The imaginary part: a copy, where np.imag gives a view."""
    return np.array(x.imag)


def complex_(real: Array, imag: Array) -> Array:
    """Complex numbers from their parts, whatever these are."""
    dtype = np.complex128 if real.dtype == np.float64 else np.complex64
    if real.shape == imag.shape:
        out = np.empty_like(real, dtype)  # in the same order of axes, as of any elementwise function
    else:
        out = np.empty(np.broadcast_shapes(real.shape, imag.shape), dtype)
    out.real, out.imag = real, imag
    return out


# -- activations -------------------------------------------------------------------------------------


def relu(x: Array) -> Array:
    """The positive part. np.clip is the faster way, but takes its time to begin."""
    if x.size > 8 * _FEW and x.dtype.kind == "f":
        return np.clip(x, 0, np.inf)
    return np.maximum(x, _ZERO.get(x.dtype, 0))


def _relu_of(dtype: Any) -> Callable[[Array], Array]:
    zero = _ZERO.get(dtype)
    return relu if zero is None else lambda x: np.maximum(x, zero) if x.size <= 8 * _FEW else np.clip(x, 0, np.inf)


relu.for_dtype = _relu_of  # type: ignore[attr-defined]


def relu_backward(gradient: Array, out: Array, result: Array | None = None) -> Array:
    """The gradient where ``out`` is not 0 or less, by its bits, and without arrays of that size in between."""
    zero = _ZERO.get(out.dtype)
    if gradient.shape != out.shape or gradient.dtype != out.dtype or zero is None or not out.shape:
        return where(out <= 0, 0, gradient)
    if not (gradient.flags.c_contiguous and out.flags.c_contiguous):
        return where(out <= 0, 0, gradient)
    integer: Any = _INTEGERS[gradient.dtype.itemsize]
    if result is None:
        result = np.empty_like(gradient)
    bits, given, flat = result.reshape(-1).view(integer), gradient.reshape(-1).view(integer), out.reshape(-1)
    for i in range(0, flat.size, _BLOCK):
        mask = np.less_equal(flat[i : i + _BLOCK], 0).view(np.int8)
        mask -= 1  # all bits set where the gradient passes
        np.bitwise_and(given[i : i + _BLOCK], mask.astype(integer), out=bits[i : i + _BLOCK])
    return result


def _relu_backward_over(gradient: Array, out: Array) -> Array:
    return relu_backward(gradient, out, gradient)


def _relu_backward_of(dtype: Any) -> Callable[[Array, Array], Array]:
    """The same for a dtype: of few elements, what NumPy begins soonest."""
    zero = _ZERO.get(dtype)
    if zero is None:
        return relu_backward

    def call(gradient: Array, out: Array) -> Array:
        if not out.ndim or out.size >= _FEW or gradient.shape != out.shape:
            return relu_backward(gradient, out)
        result = gradient.copy()
        np.putmask(result, np.less_equal(out, zero), zero)
        return result

    call.over = _relu_backward_over  # type: ignore[attr-defined]
    return call


relu_backward.for_dtype = _relu_backward_of  # type: ignore[attr-defined]
relu_backward.over = _relu_backward_over  # type: ignore[attr-defined]


def clip(x: Array, *, min: float | None, max: float | None) -> Array:
    """Clipping by scalars."""
    if min is None:
        return np.minimum(x, max)  # type: ignore[arg-type]
    if max is None:
        return np.maximum(x, min)
    return np.clip(x, min, max) if x.size > 8 * _FEW else np.minimum(np.maximum(x, min), max)


def sigmoid(x: Array) -> Array:
    """``1 / (1 + exp(-x))`` in one array."""
    out = np.negative(x)
    if not out.ndim:
        return 1 / (1 + np.exp(out))
    np.exp(out, out=out)
    out += 1
    return np.reciprocal(out, out=out)


# -- the error function ------------------------------------------------------------------------------

_BLOCK = 32768  # elements: some arrays of that size stay in the cache
_HANDFUL = 128  # elements, for which Python's own function is faster than many steps of NumPy


def _blockwise(f: Callable[[Array], Array], size: int = _BLOCK) -> Callable[[Array], Array]:
    """A function of many steps, applied to parts that stay in the cache from one step to the next."""

    def apply(x: Array) -> Array:
        if x.size <= size:
            return f(x)
        flat = x.reshape(-1)
        out = np.empty_like(flat)
        for i in range(0, flat.size, size):
            out[i : i + size] = f(flat[i : i + size])
        return out.reshape(x.shape)

    return apply


def _polynomial(coefficients: Sequence[float], x: Array) -> Array:
    """Horner's rule; the constant term comes first."""
    value = x * coefficients[-1]
    for c in coefficients[-2:0:-1]:
        value += c
        value *= x
    value += coefficients[0]
    return value


# For float32, after N. Juffa's erff: erf(x) / x - 1 in x**2, and log(1 - erf(x)) / x + 1 in x.
_NEAR_32 = (1.28379166e-1, -3.76125336e-1, 1.12819925e-1, -2.67681349e-2, 4.99119423e-3, -5.96761703e-4)
_FAR_32 = (
    -1.28717512e-1, -6.34846687e-1, -1.06777877e-1, 2.42546219e-2, -3.88396438e-3, 3.83197126e-4, -1.72853470e-5,
)  # fmt: skip
# For float64, as in pluggrad.ops.special_functions: erf(x) / x in x**2, and (1 + 2x) exp(x**2) erfc(x) in
# (x - 3) / (x + 3).
_NEAR_64 = (
    1.1283791670955126, -0.3761263890318375, 0.11283791670954879, -0.026866170645076792, 0.0052239776248180145,
    -0.000854832698083379, 0.0001205533111164271, -1.4925595266831182e-05, 1.6461000484121368e-06,
    -1.6350312701054695e-07, 1.4659775274047436e-08, -1.1372848856791674e-09, 5.957176147748911e-11,
)  # fmt: skip
_FAR_64 = (
    1.2530080582697296, -0.13562110612458153, -0.047562294353451294, 0.12964515870281876, -0.11927366341527074,
    0.06830802734118499, -0.023770514918925036, 0.0025293918774651355, 0.0018886903370020235, -0.000779832999425681,
    -0.00010515924044950411, 0.00012510428519620944, 4.943808419471413e-06, -2.0119504283023286e-05,
    -7.018693532872742e-07, 3.5089272882232028e-06, 2.7568358328940624e-07, -6.353353124748494e-07,
    -3.7938787075067615e-08, 7.359369666393972e-08,
)  # fmt: skip


def _erf_32(x: Array) -> Array:
    size = np.abs(x)
    far = _polynomial(_FAR_32, size)
    far *= size
    far -= size
    np.exp(far, out=far)
    np.subtract(1, far, out=far)
    np.copysign(far, x, out=far)
    near = _polynomial(_NEAR_32, x * x)
    near *= x
    near += x
    return where(size > 0.927734375, far, near)


def _erfc_tail(x: Array) -> Array:
    x = np.minimum(x, 27.5)  # where it underflows
    # exp(-x**2) from a part of x whose square is exact, and the small rest.
    z = x.astype(np.float32).astype(np.float64)
    out = (z - x) * (z + x)
    np.exp(out, out=out)
    out *= np.exp(-z * z)
    out *= _polynomial(_FAR_64, (x - 3) / (x + 3))
    out /= x * 2 + 1
    return out


def _by_size(near: Callable[[Array], Array], far: Callable[[Array], Array], x: Array) -> Array:
    """One function of the numbers below 1 in size, another of the rest: either is many steps."""
    is_near = np.abs(x) < 1
    out = np.empty_like(x)
    for which, f in ((is_near, near), (~is_near, far)):
        places = np.nonzero(which)
        out[places] = f(x[places])
    return out


def _erf_64(x: Array) -> Array:
    return _by_size(
        lambda a: a * _polynomial(_NEAR_64, a * a), lambda a: np.copysign(1 - _erfc_tail(np.abs(a)), a), x
    )  # fmt: skip


def _erfc_far(x: Array) -> Array:
    tail = _erfc_tail(np.abs(x))
    return np.where(x < 0, 2 - tail, tail)


def _erfc_64(x: Array) -> Array:
    return _by_size(lambda a: 1 - a * _polynomial(_NEAR_64, a * a), _erfc_far, x)


def _of_double(x: Array) -> Array:
    return _erfc_64(x.astype(np.float64)).astype(x.dtype)


def _one_by_one(f: Callable[[float], float], x: Array) -> Array:
    return np.array([f(v) for v in x.ravel().tolist()], x.dtype).reshape(x.shape)


_erf_in_32, _erf_in_64, _erfc_in_64 = _blockwise(_erf_32), _blockwise(_erf_64, 8192), _blockwise(_of_double, 8192)


def erf(x: Array) -> Array:
    """The error function."""
    if x.size <= _HANDFUL:
        return _one_by_one(math.erf, x)
    if x.dtype == np.float64:
        return _erf_in_64(x)
    return _erf_in_32(x.astype(np.float32, copy=False)).astype(x.dtype, copy=False)


def erfc(x: Array) -> Array:
    """The complementary error function; of float32 and float16, too, in double precision."""
    if x.size <= _HANDFUL:
        return _one_by_one(math.erfc, x)
    return _erfc_in_64(x)


def lcm(x1: Array, x2: Array) -> Array:
    """NumPy's, but never negative, also where it overflows."""
    return np.abs(np.lcm(x1, x2))


KERNELS = {
    f.__name__: f
    for f in (
        where, floor_divide, pow_scalar, lerp, expm1, tanh, tanh_backward, exp2, logaddexp, rsqrt, real, imag, relu,
        relu_backward, clip, sigmoid, sigmoid_backward, erf, erfc,
    )
} | {
    "complex": complex_, "fmod": np.fmod, "fmax": np.fmax, "fmin": np.fmin, "gcd": np.gcd, "lcm": lcm,
    "ceil": _whole(np.ceil), "floor": _whole(np.floor), "trunc": _whole(np.trunc), "round": _whole(np.rint),
}  # fmt: skip
