"""Grids: the elements of vectors in all their combinations."""

from __future__ import annotations

import itertools

from ..dtypes import int64
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .advanced_indexing import _take
from .creation import asarray
from .joining import stack
from .manipulation import broadcast_arrays, ravel, reshape
from .views import broadcast_to

__all__ = ["cartesian_prod", "combinations", "meshgrid"]


def meshgrid(*arrays: Tensor, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Coordinate grids of 1-D tensors.

    Parameters
    ----------
    arrays : Tensors of one dtype, 1-D (or one sequence of them)
    indexing : "xy" (the standard's default) or "ij" (PyTorch's)

    Returns
    -------
    tuple of views of the inputs, one for each, of shape (n1, n2, ...); with "xy" the first two axes are swapped

    >>> import pluggrad
    >>> x, y = pluggrad.meshgrid(pluggrad.arange(2), pluggrad.arange(3), indexing="ij")
    >>> x.shape
    pluggrad.Size([2, 3])
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    if len(arrays) == 1 and isinstance(arrays[0], list | tuple):
        arrays = tuple(arrays[0])
    if len({a.dtype for a in arrays}) > 1:
        raise DTypeError(f"meshgrid: all tensors must have one dtype, got {[a.dtype.name for a in arrays]}")
    order = list(range(len(arrays)))
    if indexing == "xy" and len(order) > 1:
        order[:2] = [1, 0]
    sizes = [a.size for a in arrays]
    shape = tuple(int(sizes[i]) for i in order)
    grids = []
    for i, a in enumerate(arrays):
        own = [1] * len(arrays)
        own[order.index(i)] = int(sizes[i])
        grids.append(broadcast_to(reshape(a, tuple(own)), shape))
    return tuple(grids)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element from each of several vectors, as rows (a vector, if there is one only).

    >>> import pluggrad
    >>> pluggrad.cartesian_prod(pluggrad.asarray([1, 2]), pluggrad.asarray([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    for a in tensors:
        if a.ndim != 1:
            raise ShapeError(f"cartesian_prod: expects 1-d tensors, got shape {list(a.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    n = len(tensors)
    grids = broadcast_arrays(*(reshape(a, (1,) * i + (-1,) + (1,) * (n - i - 1)) for i, a in enumerate(tensors)))
    return stack([ravel(g) for g in grids], axis=1)


def combinations(x: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of ``r`` elements of a vector, in the order of :func:`itertools.combinations`, as rows.

    >>> import pluggrad
    >>> pluggrad.combinations(pluggrad.asarray([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if x.ndim != 1:
        raise ShapeError(f"combinations: expects a 1-d tensor, got shape {list(x.shape)}")
    if r < 0:
        raise ArgumentError(f"combinations: r must not be negative, got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(len(x)), r))
    places = asarray(list(itertools.chain.from_iterable(rows)) or [], dtype=int64, device=x.device)
    return reshape(_take(x, places, axis=0), (len(rows) if r else 0, r))
