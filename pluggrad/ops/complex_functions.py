"""Complex numbers: conjugate, parts."""

from __future__ import annotations

from typing import Any

from ..dtypes import NUMERIC
from ..tensor import Tensor
from .declare import composite

__all__ = ["conj"]


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
