"""PyTorch's older ``norm``: the elements taken as a vector, over any axes."""

from __future__ import annotations

from ..autograd.operands import wrap
from ..dtypes import DType
from ..errors import ArgumentError
from ..tensor import Tensor
from .axes import Axes
from .dtype_functions import _astype
from .matrix_norms import matrix_norm
from .reductions import reduced_axes
from .vector_norms import _vector_norm

__all__ = ["norm"]


def norm(
    x: Tensor, p: float | str | None = "fro", dim: Axes = None, keepdim: bool = False, dtype: DType | None = None, *,
    axis: Axes = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """The p-norm of the elements over axes: ``sum(|x|**p)**(1/p)``, as in PyTorch.

    Parameters
    ----------
    x : Tensor; integers are taken as the default float type
    p : number, inf (largest absolute value), -inf (smallest), 0 (how many are not 0), "fro" (2); or of two axes "nuc"
        (the sum of the singular values)
    dim, axis : int, tuple of ints, or None for all
    keepdim, keepdims : keep the reduced axes with size 1
    dtype : to cast ``x`` to first

    Returns
    -------
    Tensor, the shape of ``x`` without the reduced axes, real

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ArgumentError : a ``p`` that is not known here; norms of matrices are in ``pluggrad.linalg``

    >>> import pluggrad
    >>> pluggrad.norm(pluggrad.asarray([3.0, 4.0]))
    tensor(5.)
    """
    x = wrap(x) if dtype is None else _astype(wrap(x), dtype=dtype)
    if p is None or p == "fro":
        p = 2
    axes = reduced_axes("norm", x, axis, dim)
    if p == "nuc" and len(axes) == 2:
        return matrix_norm(x, "nuc", axes, keepdims or keepdim)
    if isinstance(p, str):
        raise ArgumentError(f"norm: p must be a number, 'fro', or for matrices 'nuc', got {p!r} for {len(axes)} axes")
    return _vector_norm(x, ord=p, axis=axes, keepdims=keepdims or keepdim)
