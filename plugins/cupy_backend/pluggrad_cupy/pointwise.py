"""Elementwise kernels: one line of CUDA each, which CuPy makes a kernel of for any strides and broadcast shapes.

``T`` is the dtype of the arrays, ``W`` the one to compute in (float for half), ``v`` the first array in it. The same
texts are compiled for the host in tests.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any, NamedTuple

import cupy

FLOATS = ("float16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
SIGNED, UNSIGNED = ("int8", "int16", "int32", "int64"), ("uint8", "uint16", "uint32", "uint64")
INTEGERS = SIGNED + UNSIGNED

_TEXTS = Path(__file__).with_name("csrc")

PREAMBLE = """
typedef long long index_t;
template <typename T> struct wide_of { typedef T type; };
template <> struct wide_of<float16> { typedef float type; };
"""


class Pointwise(NamedTuple):
    """An elementwise kernel: CuPy's declarations of what comes in and goes out, and its operation.

    ``fused``: whether the compiler may contract a product and a sum into one rounding. Random numbers are the same to
    the last bit on every device, so theirs are not.
    """

    name: str
    inputs: str
    outputs: str
    operation: str
    dtypes: tuple[str, ...] = FLOATS
    preamble: str = ""
    fused: bool = True

    @property
    def kernel(self) -> Any:
        """CuPy's kernel; made once."""
        return _kernel(self)

    @property
    def whole_preamble(self) -> str:
        """What stands before the kernel."""
        return PREAMBLE + self.preamble

    def __call__(self, *args: Any, **parameters: Any) -> Any:
        return _kernel(self)(*args, **parameters)


@functools.cache
def _kernel(p: Pointwise) -> Any:
    options = ("--std=c++17",) if p.fused else ("--std=c++17", "--fmad=false")
    return cupy.ElementwiseKernel(
        p.inputs, p.outputs, p.operation, f"pluggrad_{p.name}", preamble=p.whole_preamble, options=options
    )


#: All of them, by name: what tests compile and run.
POINTWISE: dict[str, Pointwise] = {}


def pointwise(name: str, inputs: str, outputs: str, operation: str, **options: Any) -> Pointwise:
    """Declare a kernel whose operation may name ``W`` and, if its first input is of ``T x``, ``v``."""
    begins = "typedef typename wide_of<T>::type W; " if re.search(r"\bT\b", inputs) else ""
    if re.match(r"T x\b", inputs):
        begins += "const W v = W(x); "
    made = Pointwise(name, inputs, outputs, begins + operation, **options)
    POINTWISE[name] = made
    return made


# -- activations ------------------------------------------------------------------------------------------------

relu = pointwise("relu", "T x", "T y", "y = v > W(0) || v != v ? x : T(W(0));", dtypes=FLOATS + INTEGERS)
relu_backward = pointwise("relu_backward", "T x, T out", "T y", "y = W(out) <= W(0) ? T(W(0)) : x;")
tanh_backward = pointwise("tanh_backward", "T x, T out", "T y", "const W o = W(out); y = T(v * (W(1) - o * o));")
sigmoid_backward = pointwise(
    "sigmoid_backward", "T x, T out", "T y", "const W o = W(out); y = T(v * (o * (W(1) - o)));"
)
leaky_relu = pointwise("leaky_relu", "T x, float64 slope", "T y", "y = T(v > W(0) ? v : v * W(slope));")
elu = pointwise(
    "elu", "T x, float64 alpha, float64 scale, float64 input_scale", "T y",
    "y = T(v > W(0) ? v * W(scale) : expm1(v * W(input_scale)) * W(alpha * scale));",
)  # fmt: skip
softplus = pointwise(
    "softplus", "T x, float64 beta, float64 threshold", "T y",
    "const W s = v * W(beta); y = T(s > W(threshold) ? v : log1p(exp(s)) / W(beta));",
)  # fmt: skip
sigmoid = pointwise("sigmoid", "T x", "T y", "y = T(W(1) / (W(1) + exp(-v)));", dtypes=FLOATS + COMPLEX)
log_sigmoid = pointwise("log_sigmoid", "T x", "T y", "y = T((v < W(0) ? v : W(0)) - log1p(exp(-fabs(v))));")
silu = pointwise("silu", "T x", "T y", "y = T(v / (W(1) + exp(-v)));")
silu_input = pointwise(
    "silu_input", "T x, T g", "T y", "const W s = W(1) / (W(1) + exp(-v)); y = T(W(g) * s * (v * (W(1) - s) + W(1)));"
)

_ERF = "W(0.5) * (W(1) + erf(v * W(0.70710678118654752440)))"
_TANH = "const W t = tanh((v + v * v * v * W(0.044715)) * W(0.79788456080286535588)); "
gelu = pointwise("gelu", "T x", "T y", f"y = T(v * ({_ERF}));")
gelu_tanh = pointwise("gelu_tanh", "T x", "T y", f"{_TANH}y = T(v * (W(0.5) * (t + W(1))));")
gelu_input = pointwise(
    "gelu_input", "T x, T g", "T y",
    f"y = T(W(g) * ({_ERF} + v * exp(v * v * W(-0.5)) * W(0.39894228040143267794)));",
)  # fmt: skip
gelu_tanh_input = pointwise(
    "gelu_tanh_input", "T x, T g", "T y",
    _TANH + "y = T(W(g) * ((t + W(1)) * W(0.5) + v * (W(1) - t * t) * "
    "((v * v * W(3 * 0.044715) + W(1)) * W(0.5 * 0.79788456080286535588))));",
)  # fmt: skip
dropout = pointwise(
    "dropout", "T x, bool mask, float64 scale", "T y", "y = T(v * W(mask ? scale : 0.0));", dtypes=FLOATS + COMPLEX
)

# -- arithmetic -------------------------------------------------------------------------------------------------

addcmul = pointwise("addcmul", "T x, T a, T b, T value", "T y", "y = T(v + W(value) * W(a) * W(b));",
                    dtypes=FLOATS + COMPLEX)  # fmt: skip
addcdiv = pointwise("addcdiv", "T x, T a, T b, T value", "T y", "y = T(v + W(value) * W(a) / W(b));",
                    dtypes=FLOATS + COMPLEX)  # fmt: skip
erf = pointwise("erf", "T x", "T y", "y = T(erf(v));")
erfc = pointwise("erfc", "T x", "T y", "y = T(erfc(v));")
lgamma = pointwise("lgamma", "T x", "T y", "y = T(lgamma(v));")

# As Python's, with the sign of the divisor, of zeros too.
_MODULO = (
    "const W d = W(b); W m = fmod(v, d); "
    "if (m != W(0)) { if ((d < W(0)) != (m < W(0))) m += d; } else m = copysign(W(0), d); "
)
remainder = pointwise("remainder", "T x, T b", "T y", _MODULO + "y = T(m);")
# Infinities give infinities and zeros, not NaN and -1: see pluggrad.floor_divide.
floor_divide = pointwise(
    "floor_divide", "T x, T b", "T y",
    _MODULO + "W q; if (isinf(v) || isinf(d) || d == W(0)) q = v / d; else { q = (v - m) / d; "
    "if (q != W(0)) { const W f = floor(q); q = q - f > W(0.5) ? f + W(1) : f; } else q = copysign(W(0), v / d); } "
    "y = T(q);",
)  # fmt: skip
# Of one number: a copy with a NaN's sign kept.
sign = pointwise("sign", "T x", "T y", "y = v != v ? x : T(W(v > W(0)) - W(v < W(0)));", dtypes=FLOATS + INTEGERS)

# -- bfloat16, by its bits --------------------------------------------------------------------------------------

widen_bfloat16 = pointwise(
    "widen_bfloat16", "T x", "float32 y", "y = __int_as_float((int)((unsigned)x << 16));", dtypes=("uint16",)
)
round_bfloat16 = pointwise(
    "round_bfloat16", "T x", "uint16 y",
    "const unsigned bits = (unsigned)__float_as_int(x); "
    "y = x != x ? (unsigned short)(bits >> 16 | 64u) : (unsigned short)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);",
    dtypes=("float32",),
)  # fmt: skip

# -- indices ----------------------------------------------------------------------------------------------------

_NOTE = (_TEXTS / "note.cuh").read_text(encoding="utf-8").replace("#pragma once", "")

# Counted from the start. One that is out of range is noted (see late.py) and becomes `otherwise`: -1 where what follows
# skips it, 0 where it reads.
place = pointwise(
    "place", "T x, int64 size, int64 axis, int64 operation, int64 otherwise, raw int64 note", "int64 y",
    "index_t at = (index_t)v; if (at < 0) at += size; "
    "if (at < 0 || at >= size) { note_index((index_t*)&note[0], operation, (index_t)v, size, axis); at = otherwise; } "
    "y = at;",
    dtypes=INTEGERS, preamble=_NOTE,
)  # fmt: skip

# Notes an error if any element is true. (CuPy's kernels have an output; this one is not read.)
refuse = pointwise(
    "refuse", "T x, int64 number, raw int64 note", "bool y",
    "if (x) note_index((index_t*)&note[0], number, 0, 0, 0); y = x;", dtypes=("bool",), preamble=_NOTE,
)  # fmt: skip

# -- random numbers ---------------------------------------------------------------------------------------------
#
# One element of the grid is one block of the stream: 4 words, 8 floats of 24 bits, 4 of 53.

_RANDOM = (_TEXTS / "random.cuh").read_text(encoding="utf-8").replace("#pragma once", "")


def _random(name: str, output: str, operation: str) -> Pointwise:
    words = "unsigned long long w[4]; philox(block + 1 + (unsigned long long)i, seed, w); "
    made = Pointwise(
        name, "uint64 seed, uint64 block", f"raw {output} y", words + operation, (output,), _RANDOM, fused=False
    )
    POINTWISE[name] = made
    return made


_EACH = "for (int k = 0; k < 4; ++k) "
random_bits = _random("random_bits", "uint64", _EACH + "y[4 * i + k] = w[k];")
uniform_32 = _random(
    "uniform_32", "float32",
    _EACH + "{ y[8 * i + 2 * k] = low_uniform(w[k]); y[8 * i + 2 * k + 1] = low_uniform(w[k] >> 32); }",
)  # fmt: skip
uniform_64 = _random("uniform_64", "float64", _EACH + "y[4 * i + k] = uniform(w[k]);")
normal_32 = _random(
    "normal_32", "float32",
    _EACH + "{ y[8 * i + 2 * k] = normal(low_uniform(w[k])); y[8 * i + 2 * k + 1] = normal(low_uniform(w[k] >> 32)); }",
)  # fmt: skip
normal_64 = _random("normal_64", "float64", _EACH + "y[4 * i + k] = normal(uniform(w[k]));")
exponential_32 = _random(
    "exponential_32", "float32",
    _EACH + "{ y[8 * i + 2 * k] = exponential(low_uniform(w[k])); "
    "y[8 * i + 2 * k + 1] = exponential(low_uniform(w[k] >> 32)); }",
)  # fmt: skip
exponential_64 = _random("exponential_64", "float64", _EACH + "y[4 * i + k] = exponential(uniform(w[k]));")
