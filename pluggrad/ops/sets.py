"""Sets: the distinct elements of a tensor, and membership."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.operands import wrap
from ..errors import AxisError
from ..tensor import Tensor
from . import return_types
from .axes import either, one_axis
from .declare import composite
from .manipulation import reshape
from .reductions import ordered
from .sorting import scatter_to_indices
from .views import permute_dims

__all__ = ["isin", "unique", "unique_all", "unique_consecutive", "unique_counts", "unique_inverse", "unique_values"]


# -- distinct elements ------------------------------------------------------------------------------------


def _unique_x(xp: Any, g: Any, indices: Any, x_shape: tuple[int, ...]) -> Any:
    """The gradient of a value goes to the first element that has it."""
    return xp.reshape(scatter_to_indices(xp, g[0], indices, (math.prod(x_shape),), 0, distinct=True), shape=x_shape)


@composite(name="unique_all", outputs=("values", "indices", "inverse_indices", "counts"),
           constant=frozenset({"indices", "inverse_indices", "counts"}), vjp=_unique_x)  # fmt: skip
def _unique_all(xp: Any, x: Any, /) -> Any:
    ns = xp.namespace
    values, indices, inverse, counts = ns.unique_all(x)
    if not xp.isdtype(x.dtype, "complex floating"):
        # The standard leaves the order open.
        order = ns.argsort(ordered(xp, values), stable=True)
        values, indices, counts = ns.take(values, order), ns.take(indices, order), ns.take(counts, order)
        inverse = ns.reshape(ns.take(ns.argsort(order), ns.reshape(inverse, (-1,))), x.shape)
    return values, indices, inverse, counts


@composite(name="unique_values", result="same")
def _unique_values(xp: Any, x: Any, /) -> Any:
    return xp.unique_all(x)[0]


def unique_all(x: Tensor, /) -> return_types.unique_all:
    """The distinct elements of a tensor in order, with where and how often each stands in it.

    Parameters
    ----------
    x : Tensor, any dtype; every NaN is distinct from every other

    Returns
    -------
    (values, indices, inverse_indices, counts) : ``values`` 1-D, sorted (a value's gradient goes to the first element
    that has it); ``indices`` of their first occurrences in the flattened ``x``; ``inverse_indices`` of the shape of
    ``x``, so that ``values[inverse_indices]`` is ``x``; ``counts``

    >>> import pluggrad
    >>> pluggrad.unique_all(pluggrad.asarray([5, 3, 5])).counts
    tensor([1, 2])
    """
    return return_types.unique_all(*_unique_all(x))


def unique_counts(x: Tensor, /) -> return_types.unique_counts:
    """The distinct elements of a tensor in order, and how often each stands in it: see :func:`unique_all`.

    >>> import pluggrad
    >>> pluggrad.unique_counts(pluggrad.asarray([5, 3, 5])).values
    tensor([3, 5])
    """
    values, _, _, counts = _unique_all(x)
    return return_types.unique_counts(values, counts)


def unique_inverse(x: Tensor, /) -> return_types.unique_inverse:
    """The distinct elements of a tensor in order, and which of them each element is: see :func:`unique_all`.

    >>> import pluggrad
    >>> pluggrad.unique_inverse(pluggrad.asarray([5, 3, 5])).inverse_indices
    tensor([1, 0, 1])
    """
    values, _, inverse, _ = _unique_all(x)
    return return_types.unique_inverse(values, inverse)


def unique_values(x: Tensor, /) -> Tensor:
    """The distinct elements of a tensor in order: see :func:`unique_all`.

    >>> import pluggrad
    >>> pluggrad.unique_values(pluggrad.asarray([5, 3, 5]))
    tensor([3, 5])
    """
    x = wrap(x)
    return _unique_values(x) if x._node is None else _unique_all(x)[0]


def _runs(xp: Any, rows: Any) -> tuple[Any, Any, Any]:
    """Of the runs of equal rows of a matrix: where each begins; to which each row belongs; how long each is."""
    ns = xp.namespace
    n, device = rows.shape[0], xp.native_device(rows)
    if not n:
        none = ns.zeros((0,), dtype=ns.int64, device=device)
        return none, none, none
    changes = ns.any(rows[1:, :] != rows[:-1, :], axis=1)
    begins = ns.concat([ns.ones((1,), dtype=ns.bool, device=device), changes])
    starts = ns.nonzero(begins)[0]
    member = ns.cumulative_sum(ns.astype(begins, ns.int64), axis=0) - 1
    ends = ns.concat([starts[1:], ns.full((1,), n, dtype=starts.dtype, device=device)])
    return starts, member, ends - starts


@composite(name="unique_rows", outputs=("indices", "inverse", "counts"))
def _unique_rows(xp: Any, x: Any, /) -> Any:
    """The distinct rows of a matrix in lexicographic order: where each is first, which each row is, and how often."""
    ns = xp.namespace
    order = ns.arange(x.shape[0], dtype=ns.int64, device=xp.native_device(x))
    keys = ordered(xp, x)
    for column in reversed(range(x.shape[1])):
        order = ns.take(order, ns.argsort(ns.take(keys[:, column], order), stable=True))
    starts, member, counts = _runs(xp, ns.take(x, order, axis=0))
    return ns.take(order, starts), ns.take(member, ns.argsort(order)), counts


@composite(name="consecutive_rows", outputs=("indices", "inverse", "counts"))
def _consecutive_rows(xp: Any, x: Any, /) -> Any:
    """The runs of equal rows of a matrix: where each begins, to which each row belongs, and how long it is."""
    return _runs(xp, x)


def _rows(name: str, x: Tensor, dim: int | None) -> tuple[Tensor, Tensor, int]:
    """A tensor (flattened without ``dim``), the matrix of its slices along an axis, and the axis."""
    if dim is None:
        flat = reshape(x, (-1,))
        return flat, reshape(flat, (-1, 1)), 0
    at = one_axis(name, dim, x.ndim)
    if not x.ndim:
        raise AxisError(f"{name}: a 0-D tensor has no axis {dim}")
    order = (at, *[i for i in range(x.ndim) if i != at])
    n = x.shape[at]
    return x, reshape(permute_dims(x, order), (n, math.prod(x.shape) // n if n else 0)), at


def _answer(values: Tensor, inverse: Tensor | None, counts: Tensor | None) -> Any:
    found = tuple([v for v in (values, inverse, counts) if v is not None])
    return found if len(found) > 1 else values


def unique(
    x: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    *,
    axis: int | None = None,
) -> Any:
    """The distinct elements of a tensor, or its distinct slices along an axis, as in PyTorch.

    Parameters
    ----------
    x : Tensor, any dtype; every NaN is distinct from every other
    sorted : of no effect: they always come in order
    return_inverse : also give which of the values each element is: the shape of ``x``, or 1-D with ``dim``
    return_counts : also give how often each value stands in ``x``
    dim, axis : compare the slices along this axis; None: all elements

    Returns
    -------
    Tensor, 1-D, or of the shape of ``x`` but for the axis; or a tuple of it and what else was asked for

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.unique(pluggrad.asarray([5, 3, 5]), return_counts=True)
    (tensor([3, 5]), tensor([1, 2]))
    >>> pluggrad.unique(pluggrad.asarray([[1, 2], [0, 1], [1, 2]]), dim=0)
    tensor([[0, 1],
            [1, 2]])
    """
    x = wrap(x)
    dim = either("unique", dim, axis)
    if dim is None:
        if not return_inverse and not return_counts:
            return unique_values(x)
        values, _, inverse, counts = _unique_all(x)
    else:
        x, rows, at = _rows("unique", x, dim)
        indices, inverse, counts = _unique_rows(rows)
        values = x[(*(slice(None),) * at, indices)]
    return _answer(values, inverse if return_inverse else None, counts if return_counts else None)


def unique_consecutive(
    x: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    *,
    axis: int | None = None,
) -> Any:
    """A tensor without the elements (or slices) that equal the one before them, as in PyTorch.

    Parameters
    ----------
    x : Tensor, any dtype
    return_inverse : also give which of the values each element is: the shape of ``x``, or 1-D with ``dim``
    return_counts : also give how long each run of equal ones is
    dim, axis : compare the slices along this axis; None: the flattened elements

    Returns
    -------
    Tensor, 1-D, or of the shape of ``x`` but for the axis; or a tuple of it and what else was asked for

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.unique_consecutive(pluggrad.asarray([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    x = wrap(x)
    shape = tuple(x.shape)
    dim = either("unique_consecutive", dim, axis)
    x, rows, at = _rows("unique_consecutive", x, dim)
    indices, inverse, counts = _consecutive_rows(rows)
    values = x[(*(slice(None),) * at, indices)]
    if dim is None:
        inverse = reshape(inverse, shape)
    return _answer(values, inverse if return_inverse else None, counts if return_counts else None)


# -- membership --------------------------------------------------------------------------------------------


@composite(name="isin", result="bool")
def _isin(xp: Any, x1: Any, x2: Any, /, *, invert: bool = False) -> Any:
    ns = xp.namespace
    flat, members = ns.reshape(ordered(xp, x1), (-1,)), ns.reshape(ordered(xp, x2), (-1,))
    if not members.shape[0]:
        found = ns.zeros(flat.shape, dtype=ns.bool, device=xp.native_device(x1))
    elif xp.isdtype(x1.dtype, "complex floating"):
        found = ns.any(flat[:, None] == members[None, :], axis=1)
    else:
        members = ns.sort(members)
        place = ns.searchsorted(members, flat)
        last = ns.full(place.shape, members.shape[0] - 1, dtype=place.dtype, device=xp.native_device(x1))
        found = ns.take(members, ns.minimum(place, last)) == flat
    return ns.reshape(ns.logical_not(found) if invert else found, x1.shape)


def isin(x1: Tensor | int, x2: Tensor | int, /, *, invert: bool = False, assume_unique: bool = False) -> Tensor:
    """Whether each element of ``x1`` is among those of ``x2``.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar, any dtypes that promote; NaN is in nothing
    invert : whether it is not
    assume_unique : of no effect on the result

    Returns
    -------
    Tensor of bool, the shape of ``x1``

    >>> import pluggrad
    >>> pluggrad.isin(pluggrad.asarray([1, 2, 3]), pluggrad.asarray([2, 4]))
    tensor([False,  True, False])
    """
    return _isin(x1, x2, invert=invert)
