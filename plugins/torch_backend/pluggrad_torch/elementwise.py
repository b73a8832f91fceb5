"""Elementwise functions: PyTorch's own, by the name of pluggrad's function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from .signed import SIGNED, arrays, divide, in_signed, shift_right, signed, to_signed

Tensor = torch.Tensor

# Floats alone come here, and PyTorch's function does what is asked for.
_PLAIN: dict[str, Callable[..., Any]] = {
    name: getattr(torch, name)
    for name in (
        "acosh angle asin asinh atan atan2 atanh copysign cos cosh deg2rad digamma divide erf erfc erfinv exp exp2 "
        "frac hypot isneginf isposinf isreal lerp lgamma log log10 log2 logaddexp nextafter rad2deg "
        "reciprocal rsqrt sigmoid sin sinh sqrt tan xlogy"
    ).split()
}

# Integers, too: for the unsigned ones PyTorch lacks the kernel.
_ARITHMETIC = {
    "add": arrays(torch.add), "multiply": arrays(torch.mul), "subtract": arrays(torch.sub), "pow": arrays(torch.pow),
    "bitwise_and": arrays(torch.bitwise_and), "bitwise_or": arrays(torch.bitwise_or),
    "bitwise_xor": arrays(torch.bitwise_xor), "negative": signed(torch.neg), "square": signed(torch.square),
    "bitwise_invert": signed(torch.bitwise_not), "heaviside": arrays(torch.heaviside),
}  # fmt: skip
_COMPARISONS = {
    name: arrays(getattr(torch, name), ordered=True, values=False)
    for name in ("less", "less_equal", "greater", "greater_equal", "not_equal")
} | {"equal": arrays(torch.eq, ordered=True, values=False)}
_BOUNDS = {
    "maximum": arrays(torch.maximum, ordered=True), "minimum": arrays(torch.minimum, ordered=True),
    "fmax": arrays(torch.fmax, ordered=True), "fmin": arrays(torch.fmin, ordered=True),
}  # fmt: skip
_BOUNDS |= {"clamp_min": _BOUNDS["maximum"], "clamp_max": _BOUNDS["minimum"]}
_LOGICAL = {
    name: arrays(getattr(torch, name), values=False) for name in ("logical_and", "logical_or", "logical_xor")
} | {"logical_not": signed(torch.logical_not, values=False)}


def abs(x: Tensor) -> Tensor:
    return torch.abs(x) if x.dtype not in SIGNED else x.clone()


def _rounding(f: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def kernel(x: Tensor) -> Tensor:
        return f(x) if x.dtype.is_floating_point else x.clone()

    return kernel


def round(x: Tensor) -> Tensor:
    if x.dtype.is_complex:
        return torch.complex(torch.round(x.real), torch.round(x.imag))
    return torch.round(x) if x.dtype.is_floating_point else x.clone()


def sign(x: Tensor) -> Tensor:
    if x.dtype in SIGNED:
        return (x != 0).to(x.dtype)
    out = torch.sgn(x)
    return torch.where(torch.isnan(x), x, out) if x.dtype.is_floating_point else out  # PyTorch: 0 for NaN


def signbit(x: Tensor) -> Tensor:
    return torch.signbit(x) if x.dtype.is_signed else torch.zeros_like(x, dtype=torch.bool)


_floor_divide, _remainder = arrays(torch.floor_divide), arrays(torch.remainder)


def floor_divide(x1: Tensor, x2: Tensor) -> Tensor:
    """Rounded down; infinities as the standard prefers, see ``pluggrad.floor_divide``."""
    if x1.dtype.is_floating_point:
        infinite = torch.isinf(x1) | torch.isinf(x2)
        return torch.where(infinite, x1 / x2, torch.floor_divide(x1, x2))
    if x1.dtype == torch.uint64:
        return _divided(x1, x2)[0].view(torch.uint64)
    return _floor_divide(x1, x2)


def _divided(x1: Tensor, x2: Any) -> tuple[Tensor, Tensor]:
    x2 = x2 if isinstance(x2, Tensor) else torch.asarray(x2, dtype=torch.uint64, device=x1.device)
    return divide(x1.view(torch.int64), x2.view(torch.int64))


def remainder(x1: Tensor, x2: Tensor) -> Tensor:
    if x1.dtype == torch.uint64:
        return _divided(x1, x2)[1].view(torch.uint64)
    out = _remainder(x1, x2)
    # A remainder of 0 has the sign of the divisor; PyTorch's has that of the dividend.
    return torch.where(out == 0, torch.copysign(out, x2), out) if x1.dtype.is_floating_point else out


def fmod(x1: Tensor, x2: Tensor) -> Tensor:
    return torch.fmod(x1, x2) if x1.dtype.is_signed else remainder(x1, x2)


def trunc_divide(x1: Tensor, x2: Tensor) -> Tensor:
    return torch.div(x1, x2, rounding_mode="trunc") if x1.dtype.is_signed else floor_divide(x1, x2)


def _shift(f: Callable[[Tensor, Tensor], Tensor], right: bool) -> Callable[[Tensor, Tensor], Tensor]:
    """PyTorch's shift, with what it leaves open made what NumPy gives: by all bits or more."""

    def kernel(x1: Tensor, x2: Tensor) -> Tensor:
        if x1.dtype not in SIGNED:
            return f(x1, x2)
        dtype, x1, x2 = x1.dtype, to_signed(x1), to_signed(x2)
        out = shift_right(x1, x2) if right and dtype == torch.uint64 else f(x1, x2)
        return out.view(dtype) if dtype == torch.uint64 else out.to(dtype)

    return kernel


def conj(x: Tensor) -> Tensor:
    """With the values conjugated in memory: PyTorch's own ``conj`` only notes that they are to be."""
    return torch.conj_physical(x) if x.dtype.is_complex else x


def real(x: Tensor) -> Tensor:
    return torch.real(x).clone() if x.dtype.is_complex else x


def imag(x: Tensor) -> Tensor:
    return torch.imag(x).clone()


def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Of halves, complex64: there is no other in pluggrad."""
    if real.dtype.itemsize < 4:
        real, imag = real.to(torch.float32), imag.to(torch.float32)
    return torch.complex(real, imag)


def acos(x: Tensor) -> Tensor:
    out = torch.acos(x)
    # The imaginary part has the other sign than that of x, of zeros, too.
    return torch.complex(out.real, torch.copysign(out.imag, -x.imag)) if x.dtype.is_complex else out


def log1p(x: Tensor) -> Tensor:
    # Of an infinity it is the logarithm; PyTorch's is NaN where the other part is.
    return torch.where(torch.isinf(x), torch.log(x), torch.log1p(x)) if x.dtype.is_complex else torch.log1p(x)


def tanh(x: Tensor) -> Tensor:
    out = torch.tanh(x)
    if not x.dtype.is_complex:
        return out
    # At infinities the standard wants 1 or -1, and a zero of the sign of the imaginary part.
    a, b = x.real, x.imag
    end = torch.complex(torch.copysign(torch.ones_like(a), a), torch.copysign(torch.zeros_like(b), b))
    out = torch.where(torch.isinf(a), end, out)
    return torch.where((a == 0) & ~torch.isfinite(b), torch.complex(a, torch.full_like(a, torch.nan)), out)


def polar(abs: Tensor, angle: Tensor) -> Tensor:
    return complex(abs * torch.cos(angle), abs * torch.sin(angle))


def round_decimals(x: Tensor, *, decimals: int) -> Tensor:
    factor = 10.0 ** (decimals if decimals > 0 else -decimals)
    return round(x * factor) / factor if decimals > 0 else round(x / factor) * factor


def positive(x: Tensor) -> Tensor:
    return x.clone()


def logit(x: Tensor, *, eps: float | None) -> Tensor:
    return torch.logit(x, eps)


def relu(x: Tensor) -> Tensor:
    return torch.relu(x) if x.dtype.is_signed else x.clone()


def pow_scalar(x: Tensor, *, exponent: float) -> Tensor:
    if exponent in (0.5, -0.5) and not x.dtype.is_complex:
        # PyTorch takes the root: NaN of -inf, and -0.0 of -0.0. As the standard has pow, they count as inf and 0.0.
        return torch.pow(torch.where(x == -torch.inf, torch.inf, x + 0.0), exponent)
    return torch.pow(x, exponent)


def addcmul(x: Tensor, x1: Tensor, x2: Tensor, *, value: Any = 1) -> Tensor:
    if x.dtype in SIGNED:
        return in_signed(torch.addcmul, (x, x1, x2), {"value": value})
    return torch.addcmul(x, x1, x2, value=value)


def addcdiv(x: Tensor, x1: Tensor, x2: Tensor, *, value: Any = 1) -> Tensor:
    return torch.addcdiv(x, x1, x2, value=value)


def clip(x: Tensor, *, min: float | None, max: float | None) -> Tensor:
    if min is None and max is None:
        return x.clone()
    if x.dtype in SIGNED:
        low, high = (None if b is None else torch.asarray(b, dtype=x.dtype, device=x.device) for b in (min, max))
        out = x if low is None else _BOUNDS["maximum"](x, low)
        return out if high is None else _BOUNDS["minimum"](out, high)
    return torch.clamp(x, min, max)


def nan_to_num(x: Tensor, *, nan: float, posinf: float | None, neginf: float | None) -> Tensor:
    if x.dtype.is_floating_point:
        return torch.nan_to_num(x, nan, posinf, neginf)
    if x.dtype.is_complex:
        return torch.complex(*[nan_to_num(p, nan=nan, posinf=posinf, neginf=neginf) for p in (x.real, x.imag)])
    return x.clone()


def isclose(x1: Tensor, x2: Tensor, *, rtol: float, atol: float, equal_nan: bool) -> Tensor:
    if not (x1.dtype.is_floating_point or x1.dtype.is_complex):
        if rtol == 0 and atol == 0:
            return x1 == x2
        x1, x2 = x1.to(torch.float64), x2.to(torch.float64)
    return torch.isclose(x1, x2, rtol, atol, equal_nan)


def astype(x: Tensor, *, dtype: Any) -> Tensor:
    """``dtype`` is pluggrad's."""
    if x.dtype.is_complex and not dtype.is_complex:
        # PyTorch warns; what it gives is right, but for bool, where it looks at the real part alone.
        return x != 0 if dtype.kind == "bool" else _cast(torch.real(x), getattr(torch, dtype.name), True)
    return _cast(x, getattr(torch, dtype.name), True)


def _cast(x: Tensor, dtype: torch.dtype, copy: bool) -> Tensor:
    return x.to(dtype, copy=copy)


def leaky_relu(x: Tensor, *, negative_slope: float) -> Tensor:
    return F.leaky_relu(x, negative_slope)


def elu(x: Tensor, *, alpha: float, scale: float = 1.0, input_scale: float = 1.0) -> Tensor:
    return torch.ops.aten.elu(x, alpha, scale, input_scale)


def hardshrink(x: Tensor, *, lambd: float) -> Tensor:
    return F.hardshrink(x, lambd)


def softshrink(x: Tensor, *, lambd: float) -> Tensor:
    return F.softshrink(x, lambd)


def glu(x: Tensor, *, axis: int) -> Tensor:
    return F.glu(x, axis)


def softplus(x: Tensor, *, beta: float, threshold: float) -> Tensor:
    return F.softplus(x, beta, threshold)


def gelu(x: Tensor, *, approximate: str) -> Tensor:
    return F.gelu(x, approximate=approximate)


def gelu_input(g0: Tensor, x: Tensor, *, approximate: str) -> Tensor:
    return torch.ops.aten.gelu_backward(g0, x, approximate=approximate)


def silu_input(g0: Tensor, x: Tensor) -> Tensor:
    return torch.ops.aten.silu_backward(g0, x)


def where(condition: Tensor, x1: Any, x2: Any) -> Tensor:
    return torch.where(condition, x1, x2)


def dropout(x: Tensor, mask: Tensor, *, scale: float) -> Tensor:
    return torch.where(mask, x * scale, 0)


KERNELS: dict[str, Callable[..., Any]] = {
    **_PLAIN, **_ARITHMETIC, **_COMPARISONS, **_BOUNDS, **_LOGICAL,
    "floor": _rounding(torch.floor), "ceil": _rounding(torch.ceil), "trunc": _rounding(torch.trunc),
    "bitwise_left_shift": _shift(torch.bitwise_left_shift, right=False),
    "bitwise_right_shift": _shift(torch.bitwise_right_shift, right=True),
    "silu": F.silu, "mish": F.mish, "hardsigmoid": F.hardsigmoid, "hardswish": F.hardswish, "log_sigmoid": F.logsigmoid,
    **{f.__name__: f for f in (
        abs, round, sign, signbit, floor_divide, remainder, fmod, trunc_divide, conj, real, imag, acos, log1p, tanh,
        complex, polar, round_decimals, positive, logit, relu, pow_scalar, addcmul, addcdiv, clip, nan_to_num, isclose,
        astype, leaky_relu, elu, softplus, gelu, gelu_input, silu_input, hardshrink, softshrink, glu, where, dropout,
    )},
}  # fmt: skip
