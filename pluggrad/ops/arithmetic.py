"""Arithmetic: the elementwise functions behind ``+ - * / // % **`` and their kin."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd.inplace import in_place
from ..autograd.operands import cast, constant, is_operand
from ..dtypes import BOOL, FLOATING, NUMERIC, REAL
from ..errors import ArgumentError
from ..tensor import Tensor
from .declare import composite, standard
from .rules import zero

__all__ = [
    "abs", "add", "addcdiv", "addcmul", "div", "divide", "float_power", "floor_divide", "fmod", "lerp", "maximum",
    "minimum", "multiply", "negative", "positive", "pow", "reciprocal", "remainder", "sgn", "sign", "square",
    "subtract", "true_divide",
]  # fmt: skip


@composite(operator="add", method=True, broadcasts=True, result="same", vjp=[lambda xp, g: g, lambda xp, g: g])
def add(xp, x1, x2, /):
    """Sum of each pair of elements.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes (bool: logical or)

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.add(pluggrad.asarray([1, 2]), 10)
    tensor([11, 12])
    """
    return x1 | x2 if xp.isdtype(x1.dtype, "bool") else xp.namespace.add(x1, x2)


@standard(alias="sub", operator="sub", method=True, broadcasts=True, result="same", kinds=NUMERIC, overwrites=True,
          vjp=[lambda xp, g: g, lambda xp, g: xp.negative(g)])  # fmt: skip
def subtract(x1, x2, /):
    """Difference ``x1 - x2`` of each pair of elements.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.subtract(pluggrad.asarray([5, 7]), 2)
    tensor([3, 5])
    """


@composite(
    alias="mul", operator="mul", method=True, broadcasts=True, result="same", overwrites=True,
    vjp=[lambda xp, g, x2: xp.multiply(g, xp.conj(x2)), lambda xp, g, x1: xp.multiply(g, xp.conj(x1))],
)  # fmt: skip
def multiply(xp, x1, x2, /):
    """Product of each pair of elements.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes (bool: logical and)

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.multiply(pluggrad.asarray([1, 2]), pluggrad.asarray([3, 4]))
    tensor([3, 8])
    """
    return x1 & x2 if xp.isdtype(x1.dtype, "bool") else xp.namespace.multiply(x1, x2)


@standard(operator="neg", alias="neg", method=True, result="same", kinds=NUMERIC, overwrites=True,
          vjp=lambda xp, g: xp.negative(g))  # fmt: skip
def negative(x, /):
    """Each element with its sign changed.

    >>> import pluggrad
    >>> pluggrad.negative(pluggrad.asarray([1, -2]))
    tensor([-1,  2])
    """


@composite(operator="pos", method=True, result="same", kinds=NUMERIC, vjp=lambda xp, g: g)
def positive(xp, x, /):
    """Each element as it is: a copy.

    >>> import pluggrad
    >>> pluggrad.positive(pluggrad.asarray([1, -2]))
    tensor([ 1, -2])
    """
    return xp.copy(x)


def _divide_x2(xp: Any, g: Any, x2: Any, out: Any) -> Any:
    """With the quotient, ``x1`` need not be saved: -x1 / x2**2 = -out / x2."""
    return -g * xp.conj(out / x2)


@standard(name="divide", alias="div", operator="truediv", broadcasts=True, result="same", kinds=FLOATING,
          overwrites=True, vjp=[lambda xp, g, x2: xp.divide(g, xp.conj(x2)), _divide_x2])  # fmt: skip
def _divide(x1, x2, /):
    """Quotient of each pair of elements, of floating dtype."""


def divide(x1: Any, x2: Any, /, *, rounding_mode: str | None = None) -> Tensor:
    """Quotient ``x1 / x2`` of each pair of elements.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes
    rounding_mode : None: the true quotient, of the default float dtype for integers; PyTorch's "floor":
        rounded down, see :func:`floor_divide`; "trunc": rounded toward zero. These two keep integer dtypes.

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    Raises
    ------
    ValueError : another ``rounding_mode``

    >>> import pluggrad
    >>> pluggrad.divide(pluggrad.asarray([1, -7]), 2)
    tensor([ 0.5000, -3.5000])
    >>> pluggrad.divide(pluggrad.asarray([1, -7]), 2, rounding_mode="trunc")
    tensor([ 0, -3])
    """
    if rounding_mode is None:
        return _divide(x1, x2)
    if rounding_mode == "floor":
        return floor_divide(x1, x2)
    if rounding_mode == "trunc":
        return _trunc_divide(x1, x2)
    raise ArgumentError(f"divide: rounding_mode must be None, 'trunc' or 'floor', got {rounding_mode!r}")


div = divide


def true_divide(x1: Any, x2: Any, /) -> Tensor:
    """Quotient ``x1 / x2`` of each pair of elements; PyTorch's other name for :func:`divide`.

    >>> import pluggrad
    >>> pluggrad.true_divide(pluggrad.asarray([1, 2]), 2)
    tensor([0.5000, 1.0000])
    """
    return _divide(x1, x2)


@composite(name="trunc_divide", broadcasts=True, result="same", kinds=REAL, vjp=[zero, zero])
def _trunc_divide(xp: Any, x1: Any, x2: Any, /) -> Any:
    if xp.isdtype(x1.dtype, "real floating"):
        return xp.trunc(x1 / x2)
    quotient = xp.namespace.floor_divide(x1, x2)
    inexact = quotient * x2 != x1
    return quotient + xp.namespace.astype(inexact & (quotient < 0), x1.dtype)


@composite(operator="floordiv", method=True, broadcasts=True, result="same", kinds=REAL, vjp=[zero, zero])
def floor_divide(xp, x1, x2, /):
    """Quotient of each pair of elements, rounded down to a whole number.

    Infinities give what rounding the true quotient gives, which the standard prefers: infinity over 2 is infinity,
    and -1 over infinity is -0. (PyTorch's NaN and -1 follow Python.)

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.floor_divide(pluggrad.asarray([7, -7]), 2)
    tensor([ 3, -4])
    """
    floor = xp.namespace.floor_divide(x1, x2)
    if not xp.isdtype(x1.dtype, "real floating"):
        return floor
    infinite = xp.namespace.isinf(x1) | xp.namespace.isinf(x2)
    return xp.namespace.where(infinite, x1 / x2, floor)


@standard(operator="mod", method=True, broadcasts=True, result="same", kinds=REAL,
          vjp=[lambda xp, g: g, lambda xp, g, x1, x2: -g * xp.floor_divide(x1, x2)])  # fmt: skip
def remainder(x1, x2, /):
    """Remainder of each division ``x1 / x2``, with the sign of ``x2``.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.remainder(pluggrad.asarray([7, -7]), 3)
    tensor([1, 2])
    """


def _pow_x1(xp: Any, g: Any, x1: Any, x2: Any) -> Any:
    """Zero where the exponent is 0, though the factor 0**-1 is infinite."""
    return xp.where(x2 == 0, 0, g * xp.conj(x2 * x1 ** (x2 - 1)))


def _pow_x2(xp: Any, g: Any, x1: Any, x2: Any, out: Any) -> Any:
    """Zero where 0 is raised to a non-negative exponent, though log(0) is infinite; as in PyTorch."""
    constant = (x1 == 0) & (xp.real(x2) >= 0)
    return xp.where(constant, 0, g * xp.conj(out * xp.log(x1)))


@standard(name="pow", broadcasts=True, result="same", kinds=NUMERIC, vjp=[_pow_x1, _pow_x2])
def _pow(x1, x2, /):
    """``x1`` to the power ``x2``, both arrays."""


def _pow_scalar_x(xp: Any, g: Any, x: Any, exponent: complex) -> Any:
    if exponent == 0:
        return xp.new_zeros(g, shape=g.shape)
    if exponent == 1:
        return g
    slope = x if exponent == 2 else xp.pow_scalar(x, exponent=exponent - 1)
    return g * xp.conj(slope * exponent)


@composite(name="pow_scalar", alias="Pow", result="same", kinds=FLOATING, vjp=_pow_scalar_x)
def _pow_scalar(xp: Any, x: Any, /, *, exponent: float) -> Any:
    """A constant exponent: the common case, whose derivative is cheaper, and needs no logarithm."""
    if exponent == 2:
        return xp.namespace.square(x)
    if exponent == 0.5 and xp.isdtype(x.dtype, "real floating"):
        # As the standard has pow, also where a library takes the root: inf of -inf, and 0.0 of -0.0.
        return xp.namespace.where(x == -math.inf, math.inf, xp.namespace.sqrt(x + 0.0))
    return xp.namespace.pow(x, exponent)


def pow(x1: Any, x2: Any, /) -> Tensor:
    """``x1`` to the power ``x2``, for each pair of elements.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes; an integer to a negative power is
        undefined

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    Notes
    -----
    The gradient in ``x1`` is 0 where ``x2`` is 0, that in ``x2`` is 0 where ``x1`` is 0 and ``x2`` >= 0, as in PyTorch.

    Raises
    ------
    ArgumentError : integers to a negative int

    >>> import pluggrad
    >>> pluggrad.pow(pluggrad.asarray([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    cls = x2.__class__
    if (cls is int or cls is float) and isinstance(x1, Tensor):
        if x1._type.dtype.kind in FLOATING:
            return _pow_scalar(x1, exponent=x2)
        if cls is int and x2 < 0:
            raise ArgumentError(
                "Integers to negative integer powers are not allowed; convert the tensor to floats first"
            )
    return _pow(x1, x2)


def _pow_operator(x1: Tensor, x2: Any) -> Any:
    return pow(x1, x2) if is_operand(x2) else NotImplemented


def _pow_reflected(x2: Tensor, x1: Any) -> Any:
    return _pow(x1, x2) if is_operand(x1) else NotImplemented


Tensor.__pow__ = _pow_operator  # type: ignore[method-assign]
Tensor.__rpow__ = _pow_reflected  # type: ignore[method-assign]
Tensor.__ipow__ = Tensor.pow_ = in_place(pow)  # type: ignore[attr-defined]
Tensor.pow = pow  # type: ignore[attr-defined]


def float_power(x1: Any, x2: Any, /) -> Tensor:
    """``x1`` to the power ``x2`` in double precision: of dtype float64, or complex128 if one is complex.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, numeric dtypes

    >>> import pluggrad
    >>> pluggrad.float_power(pluggrad.asarray([4, 9]), -0.5)
    tensor([0.5000, 0.3333], dtype=pluggrad.float64)
    """
    is_complex = any(x.dtype.is_complex if isinstance(x, Tensor) else isinstance(x, complex) for x in (x1, x2))
    dtype = dtypes.complex128 if is_complex else dtypes.float64
    like = x1 if isinstance(x1, Tensor) else x2
    if not isinstance(like, Tensor):
        got = f"{type(x1).__name__}, {type(x2).__name__}"
        raise TypeError(f"float_power: at least one argument must be a Tensor, got {got}")
    target = like._type.with_dtype(dtype)
    x1, x2 = (cast(x, dtype) if isinstance(x, Tensor) else constant(target, x) for x in (x1, x2))
    return _pow(x1, x2)


@standard(method=True, result="same", kinds=NUMERIC, vjp=lambda xp, g, x: g * xp.conj(x * 2))
def square(x, /):
    """Square of each element.

    >>> import pluggrad
    >>> pluggrad.square(pluggrad.asarray([-3, 2]))
    tensor([9, 4])
    """


@standard(method=True, result="same", kinds=FLOATING, vjp=lambda xp, g, out: -g * xp.conj(out * out))
def reciprocal(x, /):
    """One over each element.

    >>> import pluggrad
    >>> pluggrad.reciprocal(pluggrad.asarray([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """


@standard(operator="abs", alias="absolute", method=True, result="real", kinds=NUMERIC,
          vjp=lambda xp, g, x: g * xp.sign(x))  # fmt: skip
def abs(x, /):
    """Absolute value of each element; of a complex one, its magnitude, of real dtype.

    The gradient at 0 is 0.

    >>> import pluggrad
    >>> pluggrad.abs(pluggrad.asarray([-3.0, 2.0])), pluggrad.abs(pluggrad.asarray([3 - 4j]))
    (tensor([3., 2.]), tensor([5.]))
    """


def _sign_x(xp: Any, g: Any, x: Any, out: Any) -> Any:
    """Zero for real x; z/|z| moves at a right angle to z only, the faster the smaller |z| is."""
    if not xp.isdtype(x.dtype, "complex floating"):
        return xp.new_zeros(g, shape=g.shape)
    along = xp.real(xp.conj(out) * g) * out
    size = xp.abs(x)
    return xp.where(size == 0, 0, (g - along) / xp.where(size == 0, 1, size))


@composite(method=True, result="same", kinds=NUMERIC, vjp=_sign_x)
def sign(xp, x, /):
    """-1, 0 or 1 by the sign of each element, NaN for NaN; of a complex one ``x / abs(x)``, and 0 for 0.

    >>> import pluggrad
    >>> pluggrad.sign(pluggrad.asarray([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    out = xp.namespace.sign(x)
    return xp.namespace.where(x == 0, 0.0, out) if xp.isdtype(x.dtype, "complex floating") else out


#: PyTorch's name for the sign of complex numbers.
sgn = sign


def _greater_share(xp: Any, g: Any, x1: Any, x2: Any) -> Any:
    return xp.where(x1 == x2, g / 2, xp.where(x1 < x2, 0, g))


def _lesser_share(xp: Any, g: Any, x1: Any, x2: Any) -> Any:
    return xp.where(x1 == x2, g / 2, xp.where(x1 > x2, 0, g))


@composite(method=True, broadcasts=True, result="same", kinds=REAL | BOOL,
           vjp=[_greater_share, lambda xp, g, x1, x2: _greater_share(xp, g, x2, x1)])  # fmt: skip
def maximum(xp, x1, x2, /):
    """The greater of each pair of elements; NaN if one is NaN.

    Equal elements share the gradient, half each, as in PyTorch.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.maximum(pluggrad.asarray([1, 5]), 3)
    tensor([3, 5])
    """
    return x1 | x2 if xp.isdtype(x1.dtype, "bool") else xp.namespace.maximum(x1, x2)


@composite(method=True, broadcasts=True, result="same", kinds=REAL | BOOL,
           vjp=[_lesser_share, lambda xp, g, x1, x2: _lesser_share(xp, g, x2, x1)])  # fmt: skip
def minimum(xp, x1, x2, /):
    """The lesser of each pair of elements; NaN if one is NaN.

    Equal elements share the gradient, half each, as in PyTorch.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes or bool

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.minimum(pluggrad.asarray([1, 5]), 3)
    tensor([1, 3])
    """
    return x1 & x2 if xp.isdtype(x1.dtype, "bool") else xp.namespace.minimum(x1, x2)


def _fmod_x2(xp: Any, g: Any, x1: Any, x2: Any) -> Any:
    return -g * xp.trunc(x1 / x2)


@composite(method=True, broadcasts=True, result="same", kinds=REAL, vjp=[lambda xp, g: g, _fmod_x2])
def fmod(xp, x1, x2, /):
    """Remainder of each division ``x1 / x2``, with the sign of ``x1``, as C's ``fmod``.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, shapes that broadcast, real dtypes

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.fmod(pluggrad.asarray([7, -7]), 3)
    tensor([ 1, -1])
    """
    if xp.isdtype(x1.dtype, "integral"):
        return x1 - x2 * xp.trunc_divide(x1, x2)
    # Of two positive numbers the remainder is exact, whichever way it is rounded.
    return xp.namespace.copysign(xp.remainder(xp.namespace.abs(x1), xp.namespace.abs(x2)), x1)


@composite(
    method=True, broadcasts=True, result="same", kinds=NUMERIC,
    vjp=[
        lambda xp, g: g,
        lambda xp, g, x2, value: g * xp.conj(x2 * value),
        lambda xp, g, x1, value: g * xp.conj(x1 * value),
    ],
)  # fmt: skip
def addcmul(xp, x, x1, x2, /, *, value=1):
    """``x + value * x1 * x2``, elementwise.

    Parameters
    ----------
    x, x1, x2 : Tensors, shapes that broadcast, numeric dtypes
    value : a Python scalar

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.addcmul(pluggrad.ones(2), pluggrad.asarray([1.0, 2.0]), pluggrad.asarray([3.0, 4.0]), value=0.5)
    tensor([2.5000, 5.0000])
    """
    return x + x1 * x2 * value


@composite(
    method=True, broadcasts=True, result="same", kinds=FLOATING,
    vjp=[
        lambda xp, g: g,
        lambda xp, g, x2, value: g * xp.conj(value / x2),
        lambda xp, g, x1, x2, value: -g * xp.conj(x1 * value / (x2 * x2)),
    ],
)  # fmt: skip
def addcdiv(xp, x, x1, x2, /, *, value=1):
    """``x + value * x1 / x2``, elementwise.

    Parameters
    ----------
    x, x1, x2 : Tensors, shapes that broadcast, numeric dtypes
    value : a Python scalar

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.addcdiv(pluggrad.ones(2), pluggrad.asarray([1.0, 2.0]), pluggrad.asarray([2.0, 8.0]), value=4)
    tensor([3., 2.])
    """
    return x + x1 / x2 * value


@composite(
    method=True, broadcasts=True, result="same", kinds=FLOATING,
    vjp=[
        lambda xp, g, weight: g * xp.conj(1 - weight),
        lambda xp, g, weight: g * xp.conj(weight),
        lambda xp, g, start, end: g * xp.conj(end - start),
    ],
)  # fmt: skip
def lerp(xp, start, end, weight, /):
    """Linear interpolation ``start + weight * (end - start)``, elementwise.

    Parameters
    ----------
    start, end : Tensors, shapes that broadcast
    weight : Tensor or Python scalar; 0 gives ``start``, 1 gives ``end``, both exactly

    Returns
    -------
    Tensor, the broadcast shape, the promoted dtype

    >>> import pluggrad
    >>> pluggrad.lerp(pluggrad.zeros(2), pluggrad.asarray([10.0, 20.0]), 0.25)
    tensor([2.5000, 5.0000])
    """
    # Counted from the nearer end, so that both ends are met exactly.
    difference = end - start
    near_start = xp.namespace.abs(weight) < 0.5
    return xp.namespace.where(near_start, start + weight * difference, end - difference * (1 - weight))
