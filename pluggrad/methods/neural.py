"""Softmax as a method."""

from __future__ import annotations

from ..dtypes import DType
from ..ops.neural.softmax import log_softmax as _log_softmax
from ..ops.neural.softmax import softmax as _softmax
from ..tensor import Tensor
from .attach import method


@method()
def softmax(self: Tensor, dim: int | None = None, dtype: DType | None = None, *, axis: int | None = None) -> Tensor:
    """exp(x) over its sum along an axis; see :func:`pluggrad.softmax`.

    >>> import pluggrad
    >>> pluggrad.zeros(4).softmax(0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    return _softmax(self, dim, dtype, axis=axis)


@method()
def log_softmax(self: Tensor, dim: int | None = None, dtype: DType | None = None, *, axis: int | None = None) -> Tensor:
    """The logarithm of :meth:`softmax`, without the rounding of computing one after the other.

    >>> import pluggrad
    >>> pluggrad.zeros(2).log_softmax(-1)
    tensor([-0.6931, -0.6931])
    """
    return _log_softmax(self, dim, dtype, axis=axis)
