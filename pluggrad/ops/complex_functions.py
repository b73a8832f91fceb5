"""Complex numbers: conjugate and parts."""

from __future__ import annotations

from typing import Any

from ..dtypes import COMPLEX, NUMERIC, DType
from ..errors import DTypeError
from ..tensor import Tensor
from .declare import composite

__all__ = ["conj", "imag", "real"]


@composite(name="conj", result="same", kinds=NUMERIC, vjp=lambda xp, g: xp.conj(g))
def _conj(xp: Any, x: Any, /) -> Any:
    return xp.namespace.conj(x) if xp.isdtype(x.dtype, "complex floating") else x


def conj(x: Tensor, /) -> Tensor:
    """Complex conjugate of each element; of a real tensor, the tensor itself.

    >>> import pluggrad
    >>> pluggrad.conj(pluggrad.asarray([1 + 2j]))
    tensor([1.-2.j])
    """
    return _conj(x) if x.dtype.is_complex else x


# Copies on every backend: whether a library's own is a view, and can be written, differs from one to the next.
@composite(name="real", result="real", kinds=NUMERIC, vjp=lambda xp, g, x_dtype: xp.astype(g, dtype=x_dtype))
def _real(xp: Any, x: Any, /) -> Any:
    return xp.copy(xp.namespace.real(x)) if xp.isdtype(x.dtype, "complex floating") else x


@composite(name="imag", result="real", kinds=COMPLEX, vjp=lambda xp, g, x_dtype: xp.astype(g, dtype=x_dtype) * 1j)
def _imag(xp: Any, x: Any, /) -> Any:
    return xp.copy(xp.namespace.imag(x))


def real(x: Tensor, /) -> Tensor:
    """Real part of each element, of real dtype; of a real tensor, the tensor itself.

    >>> import pluggrad
    >>> pluggrad.real(pluggrad.asarray([1 + 2j]))
    tensor([1.])
    """
    return _real(x) if x.dtype.is_complex else x


def imag(x: Tensor, /) -> Tensor:
    """Imaginary part of each element, of real dtype.

    Raises
    ------
    DTypeError : ``x`` is not complex

    >>> import pluggrad
    >>> pluggrad.imag(pluggrad.asarray([1 + 2j]))
    tensor([2.])
    """
    if not x.dtype.is_complex:
        raise DTypeError(f"imag: only complex tensors have an imaginary part, got {x.dtype.name}")
    return _imag(x)
