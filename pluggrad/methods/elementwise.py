"""Elementwise methods whose arguments are more than tensors: ``x.clamp(0, 1)``, ``x.round(decimals=2)``.

The others are attached where they are declared, in :mod:`pluggrad.ops`.
"""

from __future__ import annotations

from typing import Any

from ..autograd.inplace import in_place
from ..ops import (
    activations,
    arithmetic,
    bounds,
    comparison,
    complex_functions,
    floating_point,
    logical,
    rounding,
    searching,
    special_functions,
)  # fmt: skip
from ..tensor import Tensor
from .attach import method


@method("clamp", inplace=True)
def clip(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Each element brought into the range from ``min`` to ``max``, which are tensors or scalars.

    Raises
    ------
    RuntimeError : neither is given

    >>> import pluggrad
    >>> pluggrad.asarray([-3, 0, 3]).clamp(min=-1)
    tensor([-1,  0,  3])
    """
    if min is None and max is None:
        raise RuntimeError("clamp: at least one of 'min' or 'max' must not be None")
    return bounds.clip(self, min, max)


@method(inplace=True)
def clamp_min(self: Tensor, min: Any) -> Tensor:
    """Each element, but ``min`` where that is greater."""
    return bounds.clip(self, min, None)


@method(inplace=True)
def clamp_max(self: Tensor, max: Any) -> Tensor:
    """Each element, but ``max`` where that is less."""
    return bounds.clip(self, None, max)


@method(inplace=True)
def round(self: Tensor, *, decimals: int = 0) -> Tensor:
    """Each element rounded to ``decimals`` places, halves to even; see :func:`pluggrad.round`."""
    return rounding.round(self, decimals=decimals)


@method(inplace=True)
def nan_to_num(
    self: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Numbers in place of NaN and infinities; see :func:`pluggrad.nan_to_num`."""
    return floating_point.nan_to_num(self, nan, posinf, neginf)


@method(inplace=True)
def logit(self: Tensor, eps: float | None = None) -> Tensor:
    """``log(x / (1 - x))`` of each element; see :func:`pluggrad.logit`."""
    return activations.logit(self, eps)


@method(inplace=True)
def polygamma(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of the digamma function at each element; see :func:`pluggrad.polygamma`."""
    return special_functions.polygamma(n, self)


@method(inplace=True)
def float_power(self: Tensor, exponent: Any) -> Tensor:
    """Each element to the power ``exponent``, in double precision."""
    return arithmetic.float_power(self, exponent)


@method(inplace=True)
def sgn(self: Tensor) -> Tensor:
    """The sign of each element; of a complex one ``x / abs(x)``."""
    return arithmetic.sign(self)


@method()
def isclose(self: Tensor, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether each element equals that of ``other`` within a tolerance; see :func:`pluggrad.isclose`."""
    return comparison.isclose(self, other, rtol, atol, equal_nan)


@method()
def allclose(self: Tensor, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements equal those of ``other`` within a tolerance."""
    return comparison.allclose(self, other, rtol, atol, equal_nan)


@method()
def equal(self: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and equal elements: one bool. Elementwise is :meth:`eq`.

    >>> import pluggrad
    >>> pluggrad.asarray([1, 2]).equal(pluggrad.asarray([1, 2])), pluggrad.asarray([1, 2]).equal(pluggrad.asarray([1]))
    (True, False)
    """
    if not isinstance(other, Tensor):
        raise TypeError(f"equal: other must be a Tensor, got {type(other).__name__}; elementwise is x == other")
    if self.shape != other.shape:
        return False
    same = comparison.equal(self, other)
    return bool(same._type.kernels.namespace.all(same._array))


@method()
def where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """Each element where ``condition`` is true, else that of ``other``."""
    return searching.where(condition, self, other)


@method()
def conj(self: Tensor) -> Tensor:
    """The complex conjugate; of a real tensor, the tensor itself."""
    return complex_functions.conj(self)


def _attach() -> None:
    """Attach the attributes ``real`` and ``imag``, and the in-place forms of what gives bools: ``x.lt_(0)``."""
    tensor: Any = Tensor
    tensor.real = property(complex_functions.real, lambda x, value: complex_functions.set_part(x, "real", value))
    tensor.imag = property(complex_functions.imag, lambda x, value: complex_functions.set_part(x, "imag", value))
    tensor.eq = comparison.equal
    for names, function in (
        (("eq",), comparison.equal), (("ne", "not_equal"), comparison.not_equal), (("lt", "less"), comparison.less),
        (("le", "less_equal"), comparison.less_equal), (("gt", "greater"), comparison.greater),
        (("ge", "greater_equal"), comparison.greater_equal), (("logical_and",), logical.logical_and),
        (("logical_or",), logical.logical_or), (("logical_xor",), logical.logical_xor),
        (("logical_not",), logical.logical_not),
    ):  # fmt: skip
        for name in names:
            setattr(Tensor, f"{name}_", in_place(function))


_attach()


# -- special functions, whose module is imported when one is first used ------------------------------------


def _special(name: str, function: str, doc: str) -> None:
    def call(self: Tensor, *args: Any) -> Tensor:
        from .. import special

        return getattr(special, function)(self, *args)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    method(inplace=True)(call)


_special("sinc", "sinc", "``sin(pi x) / (pi x)`` of each element; see :func:`pluggrad.special.sinc`.")
_special("i0", "i0", "The modified Bessel function of order 0; see :func:`pluggrad.special.i0`.")
_special("igamma", "gammainc", "The lower incomplete gamma function; see :func:`pluggrad.special.gammainc`.")
_special("igammac", "gammaincc", "The upper incomplete gamma function; see :func:`pluggrad.special.gammaincc`.")
_special("mvlgamma", "multigammaln", "The multivariate log-gamma function; see :func:`pluggrad.special.multigammaln`.")
