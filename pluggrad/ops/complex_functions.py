"""Complex numbers: conjugate and parts."""

from __future__ import annotations

import builtins
import math
from typing import Any

from ..autograd.inplace import assign
from ..dtypes import COMPLEX, FLOATING, NUMERIC, REAL_FLOATING
from ..errors import DTypeError
from ..tensor import Tensor
from .declare import composite

__all__ = ["angle", "complex", "conj", "imag", "polar", "real"]


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


def _upright_zeros(xp: Any, g: Any) -> Any:
    return xp.new_zeros(g, shape=g.shape)


# Views, where a backend says that its library's are, and can be written; copies elsewhere.
@composite(name="view_real", view=True, result="real", kinds=COMPLEX,
           vjp=lambda xp, g: xp.complex(g, _upright_zeros(xp, g)))  # fmt: skip
def _view_real(xp: Any, x: Any, /) -> Any:
    raise ValueError("real: this backend does not say that the real parts are a view")


@composite(name="view_imag", view=True, result="real", kinds=COMPLEX,
           vjp=lambda xp, g: xp.complex(_upright_zeros(xp, g), g))  # fmt: skip
def _view_imag(xp: Any, x: Any, /) -> Any:
    raise ValueError("imag: this backend does not say that the imaginary parts are a view")


@composite(name="real", result="real", kinds=NUMERIC, vjp=lambda xp, g, x_dtype: xp.astype(g, dtype=x_dtype))
def _real(xp: Any, x: Any, /) -> Any:
    return xp.copy(xp.namespace.real(x)) if xp.isdtype(x.dtype, "complex floating") else x


@composite(name="imag", result="real", kinds=COMPLEX, vjp=lambda xp, g, x_dtype: xp.astype(g, dtype=x_dtype) * 1j)
def _imag(xp: Any, x: Any, /) -> Any:
    return xp.copy(xp.namespace.imag(x))


def real(x: Tensor, /) -> Tensor:
    """Real part of each element, of real dtype: a view, where the backend has one; of a real tensor, the tensor itself.

    >>> import pluggrad
    >>> x = pluggrad.asarray([1 + 2j])
    >>> pluggrad.real(x)
    tensor([1.])
    >>> pluggrad.real(x).mul_(5)
    tensor([5.])
    >>> x
    tensor([5.+2.j])
    """
    if not x.dtype.is_complex:
        return x
    try:
        return _view_real(x)
    except ValueError:
        return _real(x)


def imag(x: Tensor, /) -> Tensor:
    """Imaginary part of each element, of real dtype: a view, where the backend has one.

    Raises
    ------
    DTypeError : ``x`` is not complex

    >>> import pluggrad
    >>> pluggrad.imag(pluggrad.asarray([1 + 2j]))
    tensor([2.])
    """
    if not x.dtype.is_complex:
        raise DTypeError(f"imag: only complex tensors have an imaginary part, got {x.dtype.name}")
    try:
        return _view_imag(x)
    except ValueError:
        return _imag(x)


def set_part(x: Tensor, name: str, value: Any) -> None:
    """Write the real or the imaginary part of a tensor, in place and on record: ``x.real = value``."""
    part = real(x) if name == "real" else imag(x)
    if part is x or part.is_view:
        part[...] = value
        return
    part = part.detach().clone()
    part[...] = value
    other = imag(x) if name == "real" else real(x)
    assign(x, _complex(*((part, other) if name == "real" else (other, part))))


def _angle_x(xp: Any, g: Any, x: Any) -> Any:
    """Across the direction of x, the faster the smaller |x| is; 0 for a real x, and at 0, as in PyTorch."""
    if not xp.isdtype(x.dtype, "complex floating"):
        return xp.new_zeros(g, shape=g.shape)
    size = xp.abs(x)
    return xp.sign(x) * 1j * (g / xp.where(size == 0, 1, size))


@composite(method=True, result="real", kinds=FLOATING, vjp=_angle_x)
def angle(xp, x, /):
    """Angle of each element in the complex plane, from -pi to pi; of a negative real one pi, of NaN NaN.

    >>> import pluggrad
    >>> pluggrad.angle(pluggrad.asarray([1 + 1j, -1j]))
    tensor([ 0.7854, -1.5708])
    """
    namespace = xp.namespace
    if xp.isdtype(x.dtype, "complex floating"):
        return namespace.atan2(namespace.imag(x), namespace.real(x))
    return namespace.where(namespace.isnan(x), x, namespace.astype(x < 0, x.dtype) * math.pi)


def _to_complex(xp: Any, x: Any) -> Any:
    namespace = xp.namespace
    return namespace.astype(x, namespace.complex128 if x.dtype == namespace.float64 else namespace.complex64)


def _upright(imag: float) -> builtins.complex:
    return builtins.complex(0, imag)


@composite(name="complex", broadcasts=True, kinds=REAL_FLOATING,
           vjp=[lambda xp, g: xp.real(g), lambda xp, g: xp.imag(g)])  # fmt: skip
def _complex(xp: Any, real: Any, imag: Any, /) -> Any:
    where = xp.namespace.where
    # The product with 1j has NaN for a real part where the imaginary part is infinite or NaN.
    upright = _to_complex(xp, imag) * 1j
    for value in (math.inf, -math.inf):
        upright = where(imag == value, _upright(value), upright)
    upright = where(imag != imag, _upright(math.nan), upright)
    return _to_complex(xp, real) + upright


@composite(
    autocast="float32", broadcasts=True, kinds=REAL_FLOATING,
    vjp=[
        lambda xp, g, angle: xp.real(g) * xp.cos(angle) + xp.imag(g) * xp.sin(angle),
        lambda xp, g, abs, angle: abs * (xp.imag(g) * xp.cos(angle) - xp.real(g) * xp.sin(angle)),
    ],
)  # fmt: skip
def polar(xp, abs, angle, /):
    """Complex numbers from their magnitudes and angles: ``abs * (cos(angle) + 1j * sin(angle))``.

    Parameters
    ----------
    abs, angle : Tensors, shapes that broadcast, real floating dtypes

    Returns
    -------
    Tensor, the broadcast shape, the complex dtype of the same precision

    >>> import pluggrad
    >>> pluggrad.polar(pluggrad.asarray([1.0, 2.0]), pluggrad.asarray([0.0, 1.0]))
    tensor([1.0000+0.0000j, 1.0806+1.6829j])
    """
    return xp.complex(abs * xp.namespace.cos(angle), abs * xp.namespace.sin(angle))


def complex(real: Tensor, imag: Tensor, /) -> Tensor:
    """Complex numbers from their real and imaginary parts.

    Parameters
    ----------
    real, imag : Tensors, shapes that broadcast, real floating dtypes

    Returns
    -------
    Tensor, the broadcast shape, the complex dtype of the same precision

    >>> import pluggrad
    >>> pluggrad.complex(pluggrad.asarray([1.0, 2.0]), pluggrad.asarray([3.0, 4.0]))
    tensor([1.+3.j, 2.+4.j])
    """
    return _complex(real, imag)
