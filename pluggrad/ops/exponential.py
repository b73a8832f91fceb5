"""Exponentials, logarithms and roots."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import FLOATING, REAL_FLOATING
from .declare import composite, standard

__all__ = [
    "exp", "exp2", "expm1", "ldexp", "log", "log1p", "log2", "log10", "logaddexp", "logaddexp2", "rsqrt", "sqrt",
    "xlogy",
]  # fmt: skip

_LN2 = math.log(2)
_LN10 = math.log(10)


@standard(method=True, result="same", kinds=FLOATING, overwrites=True,
          vjp=lambda xp, g, out: xp.multiply(g, xp.conj(out)))  # fmt: skip
def exp(x, /):
    """The number e to the power of each element.

    >>> import pluggrad
    >>> pluggrad.exp(pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """


@composite(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, out: g * xp.conj(out * _LN2))
def exp2(xp, x, /):
    """2 to the power of each element.

    >>> import pluggrad
    >>> pluggrad.exp2(pluggrad.asarray([3.0, -1.0]))
    tensor([8.0000, 0.5000])
    """
    return xp.namespace.pow(2.0, x)


@composite(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, out: g * xp.conj(out + 1))
def expm1(xp, x, /):
    """``exp(x) - 1`` of each element, exact to the last digits for small elements, too.

    >>> import pluggrad
    >>> pluggrad.expm1(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """
    out = xp.namespace.expm1(x)
    return _correct_expm1(xp.namespace, x, out) if xp.isdtype(x.dtype, "complex floating") else out


def _correct_expm1(xp: Any, x: Any, out: Any) -> Any:
    """What the standard asks for at infinities and NaN, where libraries differ."""
    a, b = xp.real(x), xp.imag(x)
    # The sum with 0 - 0j makes the real part +0 and leaves the imaginary one its sign.
    out = xp.where((a == 0) & (b == 0), x + complex(0.0, -0.0), out)
    out = xp.where((b == 0) & (xp.isnan(a) | (a == math.inf)), x, out)
    out = xp.where((a == math.inf) & ~xp.isfinite(b), complex(math.inf, math.nan), out)
    return xp.where((a == -math.inf) & ~xp.isfinite(b), complex(-1, 0), out)


@standard(method=True, result="same", kinds=FLOATING, overwrites=True,
          vjp=lambda xp, g, x: xp.divide(g, xp.conj(x)))  # fmt: skip
def log(x, /):
    """Natural logarithm of each element.

    >>> import pluggrad
    >>> pluggrad.log(pluggrad.asarray([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g / xp.conj(x + 1))
def log1p(x, /):
    """``log(1 + x)`` of each element, exact to the last digits for small elements, too.

    >>> import pluggrad
    >>> pluggrad.log1p(pluggrad.asarray([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g / xp.conj(x * _LN2))
def log2(x, /):
    """Logarithm to base 2 of each element.

    >>> import pluggrad
    >>> pluggrad.log2(pluggrad.asarray([1.0, 8.0]))
    tensor([0., 3.])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, x: g / xp.conj(x * _LN10))
def log10(x, /):
    """Logarithm to base 10 of each element.

    >>> import pluggrad
    >>> pluggrad.log10(pluggrad.asarray([1.0, 1000.0]))
    tensor([0.0000, 3.0000])
    """


@standard(
    method=True, broadcasts=True, result="same", kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x1, x2: g / (xp.exp(x2 - x1) + 1), lambda xp, g, x1, x2: g / (xp.exp(x1 - x2) + 1)],
)  # fmt: skip
def logaddexp(x1, x2, /):
    """``log(exp(x1) + exp(x2))`` of each pair of elements, without overflow.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype, which is floating

    >>> import pluggrad
    >>> pluggrad.logaddexp(pluggrad.asarray([0.0, 1000.0]), pluggrad.asarray([0.0, 1000.0]))
    tensor([6.9315e-01, 1.0007e+03])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, out: g / xp.conj(out * 2))
def sqrt(x, /):
    """Square root of each element; NaN for negative real ones.

    >>> import pluggrad
    >>> pluggrad.sqrt(pluggrad.asarray([4.0, 2.0]))
    tensor([2.0000, 1.4142])
    """


@composite(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, out: g * xp.conj(out * out * out * -0.5))
def rsqrt(xp, x, /):
    """One over the square root of each element.

    >>> import pluggrad
    >>> pluggrad.rsqrt(pluggrad.asarray([4.0, 2.0]))
    tensor([0.5000, 0.7071])
    """
    return 1 / xp.namespace.sqrt(x)


def _xlogy_x1(xp: Any, g: Any, x1: Any, x2: Any) -> Any:
    return xp.where((x1 == 0) & (x2 <= 0), 0, g * xp.log(x2))


@composite(
    method=True, broadcasts=True, result="same", kinds=REAL_FLOATING, vjp=[_xlogy_x1, lambda xp, g, x1, x2: g * x1 / x2]
)
def xlogy(xp, x1, x2, /):
    """``x1 * log(x2)`` of each pair of elements, and 0 where ``x1`` is 0, unless ``x2`` is NaN.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype, which is floating

    >>> import pluggrad
    >>> pluggrad.xlogy(pluggrad.asarray([0.0, 2.0]), pluggrad.asarray([0.0, 1.0]))
    tensor([0., 0.])
    """
    where = xp.namespace.where
    zero = (x1 == 0) & ~xp.namespace.isnan(x2)
    return where(zero, 0.0, x1 * xp.namespace.log(where(zero, 1.0, x2)))


@composite(
    method=True, broadcasts=True, result="same", kinds=REAL_FLOATING,
    vjp=[lambda xp, g, x1, x2: g / (1 + xp.exp2(x2 - x1)), lambda xp, g, x1, x2: g / (1 + xp.exp2(x1 - x2))],
)  # fmt: skip
def logaddexp2(xp, x1, x2, /):
    """``log2(2**x1 + 2**x2)`` of each pair of elements, without overflow.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype, which is floating

    >>> import pluggrad
    >>> pluggrad.logaddexp2(pluggrad.asarray([1.0, 1000.0]), pluggrad.asarray([1.0, 1000.0]))
    tensor([   2., 1001.])
    """
    return xp.namespace.logaddexp(x1 * _LN2, x2 * _LN2) / _LN2


@composite(
    method=True, broadcasts=True, result="same", kinds=FLOATING,
    vjp=[lambda xp, g, x2: g * xp.conj(xp.exp2(x2)), lambda xp, g, out: g * xp.conj(out) * _LN2],
)  # fmt: skip
def ldexp(xp, x1, x2, /):
    """``x1 * 2**x2`` of each pair of elements.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype, which is floating

    >>> import pluggrad
    >>> pluggrad.ldexp(pluggrad.asarray([1.0, 3.0]), pluggrad.asarray([3, -1]))
    tensor([8.0000, 1.5000])
    """
    return x1 * xp.exp2(x2)
