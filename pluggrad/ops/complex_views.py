"""Complex numbers as pairs of real ones along a last axis, and back: over the same memory where the backend can."""

from __future__ import annotations

from typing import Any

from ..dtypes import COMPLEX, REAL_FLOATING
from ..errors import DTypeError, ShapeError
from ..tensor import Tensor
from .declare import composite

__all__ = ["view_as_complex", "view_as_real"]


@composite(name="copy_as_real", result="real", kinds=COMPLEX, vjp=lambda xp, g: xp.copy_as_complex(g))
def _copy_as_real(xp: Any, x: Any, /) -> Any:
    ns = xp.namespace
    return ns.stack([ns.real(x), ns.imag(x)], axis=-1)


@composite(name="copy_as_complex", kinds=REAL_FLOATING, vjp=lambda xp, g: xp.copy_as_real(g))
def _copy_as_complex(xp: Any, x: Any, /) -> Any:
    return xp.complex(x[..., 0], x[..., 1])


# Views, where a backend says that its library's are; copies elsewhere.
@composite(name="view_as_real", view=True, result="real", kinds=COMPLEX, vjp=lambda xp, g: xp.copy_as_complex(g))
def _view_as_real(xp: Any, x: Any, /) -> Any:
    raise ValueError("view_as_real: this backend does not say that complex numbers are pairs in memory")


@composite(name="view_as_complex", view=True, kinds=REAL_FLOATING, vjp=lambda xp, g: xp.copy_as_real(g))
def _view_as_complex(xp: Any, x: Any, /) -> Any:
    raise ValueError("view_as_complex: this backend does not say that pairs in memory are complex numbers")


def view_as_real(x: Tensor) -> Tensor:
    """Real and imaginary parts of a complex tensor as a last axis of size 2: a view, where the backend has one.

    Raises
    ------
    DTypeError : ``x`` is not complex

    >>> import pluggrad
    >>> x = pluggrad.asarray([1 + 2j])
    >>> pluggrad.view_as_real(x)
    tensor([[1., 2.]])
    >>> _ = pluggrad.view_as_real(x).mul_(5)
    >>> x
    tensor([5.+10.j])
    """
    if not x.dtype.is_complex:
        raise DTypeError(f"view_as_real is only supported for complex tensors, got {x.dtype.name}")
    try:
        return _view_as_real(x)
    except ValueError:
        return _copy_as_real(x)


def view_as_complex(x: Tensor) -> Tensor:
    """A complex tensor of real and imaginary parts that lie along the last axis.

    A view, where the backend has one and the pairs lie side by side in memory; a copy elsewhere, where PyTorch raises.

    Raises
    ------
    ShapeError : the last axis is not of size 2
    DTypeError : ``x`` is not real floating

    >>> import pluggrad
    >>> pluggrad.view_as_complex(pluggrad.asarray([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    if not x.ndim or x.shape[-1] != 2:
        raise ShapeError(f"view_as_complex: the last axis must have size 2, got shape {tuple(x.shape)}")
    if x.dtype.kind != "real floating":
        raise DTypeError(f"view_as_complex is only supported for floating point tensors, got {x.dtype.name}")
    try:
        return _view_as_complex(x)
    except ValueError:
        return _copy_as_complex(x)
