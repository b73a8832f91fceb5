"""Elementwise functions: CuPy's own under the standard's names, and one kernel where CuPy needs several or errs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cupy
from cupy import ndarray as Array

from . import pointwise

# CuPy's, by the standard's names.
_UFUNCS = {
    "abs": cupy.abs, "acos": cupy.arccos, "acosh": cupy.arccosh, "add": cupy.add, "asin": cupy.arcsin,
    "asinh": cupy.arcsinh, "atan": cupy.arctan, "atan2": cupy.arctan2, "atanh": cupy.arctanh,
    "bitwise_and": cupy.bitwise_and, "bitwise_invert": cupy.invert, "bitwise_left_shift": cupy.left_shift,
    "bitwise_or": cupy.bitwise_or, "bitwise_right_shift": cupy.right_shift, "bitwise_xor": cupy.bitwise_xor,
    "copysign": cupy.copysign, "cos": cupy.cos, "cosh": cupy.cosh, "divide": cupy.divide, "equal": cupy.equal,
    "exp": cupy.exp, "fmax": cupy.fmax, "fmin": cupy.fmin, "greater": cupy.greater,
    "greater_equal": cupy.greater_equal, "hypot": cupy.hypot, "isfinite": cupy.isfinite, "isinf": cupy.isinf,
    "isnan": cupy.isnan, "less": cupy.less, "less_equal": cupy.less_equal, "log": cupy.log, "log10": cupy.log10,
    "log1p": cupy.log1p, "log2": cupy.log2, "logaddexp": cupy.logaddexp,
    "maximum": cupy.maximum, "minimum": cupy.minimum, "multiply": cupy.multiply, "negative": cupy.negative,
    "nextafter": cupy.nextafter, "not_equal": cupy.not_equal, "pow": cupy.power, "reciprocal": cupy.reciprocal,
    "signbit": cupy.signbit, "sin": cupy.sin, "sinh": cupy.sinh, "sqrt": cupy.sqrt, "square": cupy.square,
    "subtract": cupy.subtract, "tan": cupy.tan,
}  # fmt: skip


def _floats(own: pointwise.Pointwise, other: Callable[..., Array]) -> Callable[..., Array]:
    """The one kernel for the dtypes that it is written for, CuPy's function for others."""

    def kernel(*arrays: Any) -> Array:
        return own(*arrays) if arrays[0].dtype.name in own.dtypes else other(*arrays)

    kernel.__name__ = own.name
    return kernel


def _truths(f: Callable[..., Array]) -> Callable[..., Array]:
    """A logical function, which CuPy has for real numbers only."""

    def kernel(*arrays: Array) -> Array:
        return f(*[a != 0 if a.dtype.kind == "c" else a for a in arrays])

    return kernel


def conj(x: Array) -> Array:
    return cupy.conj(x) if x.dtype.kind == "c" else x


def real(x: Array) -> Array:
    """A copy, where CuPy gives a view."""
    return x.real.copy() if x.dtype.kind == "c" else x


def imag(x: Array) -> Array:
    return x.imag.copy()


def complex_(real: Array, imag: Array) -> Array:
    dtype = cupy.complex128 if real.dtype == cupy.float64 else cupy.complex64
    out = cupy.empty(cupy.broadcast_arrays(real, imag)[0].shape, dtype)
    out.real, out.imag = real, imag
    return out


def _whole(f: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda x: f(x) if x.dtype.kind in "fc" else x.copy()


def positive(x: Array) -> Array:
    return x.copy()


def expm1(x: Array) -> Array:
    """``exp(x) - 1``, with the standard's values at complex infinities and NaN."""
    out = cupy.expm1(x)
    if out.dtype.kind == "c":
        a, b = x.real, x.imag
        out = cupy.where(x == 0, x + complex(0.0, -0.0), out)
        out = cupy.where((b == 0) & (cupy.isnan(a) | (a == math.inf)), x, out)
        out = cupy.where((a == math.inf) & ~cupy.isfinite(b), complex(math.inf, math.nan), out)
        out = cupy.where((a == -math.inf) & ~cupy.isfinite(b), complex(-1, 0), out)
    return out


def tanh(x: Array) -> Array:
    """The hyperbolic tangent, with the standard's values at complex infinities."""
    out = cupy.tanh(x)
    if out.dtype.kind == "c":
        a, b = x.real, x.imag
        limit = complex_(cupy.copysign(cupy.ones_like(a), a), cupy.copysign(cupy.zeros_like(b), b))
        out = cupy.where(cupy.isinf(a), limit, out)
        out = cupy.where((a == 0) & ~cupy.isfinite(b), complex_(a, cupy.full_like(a, math.nan)), out)
    return out


def leaky_relu(x: Array, *, negative_slope: float) -> Array:
    return pointwise.leaky_relu(x, negative_slope)


def elu(x: Array, *, alpha: float, scale: float = 1.0, input_scale: float = 1.0) -> Array:
    return pointwise.elu(x, alpha, scale, input_scale)


def softplus(x: Array, *, beta: float, threshold: float) -> Array:
    return pointwise.softplus(x, beta, threshold)


def gelu(x: Array, *, approximate: str) -> Array:
    return (pointwise.gelu_tanh if approximate == "tanh" else pointwise.gelu)(x)


def gelu_input(g0: Array, x: Array, *, approximate: str) -> Array:
    return (pointwise.gelu_tanh_input if approximate == "tanh" else pointwise.gelu_input)(x, g0)


def silu_input(g0: Array, x: Array) -> Array:
    return pointwise.silu_input(x, g0)


def dropout(x: Array, mask: Array, *, scale: float) -> Array:
    return pointwise.dropout(x, mask, scale)


def addcmul(x: Array, x1: Array, x2: Array, *, value: Any = 1) -> Array:
    return pointwise.addcmul(x, x1, x2, value) if x.dtype.kind in "fc" else x + x1 * x2 * value


def addcdiv(x: Array, x1: Array, x2: Array, *, value: Any = 1) -> Array:
    return pointwise.addcdiv(x, x1, x2, value)


def masked_fill(x: Array, mask: Array, value: Array) -> Array:
    return cupy.where(mask, value, x)


KERNELS: dict[str, Any] = {
    **_UFUNCS,
    "logical_and": _truths(cupy.logical_and), "logical_not": _truths(cupy.logical_not),
    "logical_or": _truths(cupy.logical_or), "logical_xor": _truths(cupy.logical_xor),
    **{f.__name__: f for f in (
        conj, real, imag, positive, expm1, tanh, leaky_relu, elu, softplus, gelu, gelu_input, silu_input, dropout,
        addcmul, addcdiv, masked_fill,
    )},
    "complex": complex_, "relu": pointwise.relu, "sigmoid": pointwise.sigmoid, "silu": pointwise.silu,
    "log_sigmoid": pointwise.log_sigmoid, "erf": pointwise.erf, "erfc": pointwise.erfc, "lgamma": pointwise.lgamma,
    "relu_backward": pointwise.relu_backward,
    "tanh_backward": _floats(pointwise.tanh_backward, lambda g, out: g * cupy.conj(1 - out * out)),
    "sigmoid_backward": _floats(pointwise.sigmoid_backward, lambda g, out: g * cupy.conj(out * (1 - out))),
    "remainder": _floats(pointwise.remainder, cupy.remainder),
    "floor_divide": _floats(pointwise.floor_divide, cupy.floor_divide),
    "sign": _floats(pointwise.sign, cupy.sign),
    "ceil": _whole(cupy.ceil), "floor": _whole(cupy.floor), "trunc": _whole(cupy.trunc), "round": _whole(cupy.rint),
}  # fmt: skip
