"""Reductions, order statistics and searches as methods, with PyTorch's signatures and results.

Where the standard's function of the same name means something else, the method means what PyTorch means:
``x.max(1)`` gives values and indices, ``x.var()`` divides by ``n - 1``, an empty ``dim=()`` means all axes.
``axis`` and ``keepdims`` are understood as well.
"""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..dtypes import DType
from ..ops import cumulative, histograms, order_statistics, p_norm, searching, sets, sorting, statistical
from ..ops import reductions as r
from ..ops.axes import Axes, either
from ..ops.dtype_functions import _astype
from ..tensor import Tensor
from .attach import method


def _axes(name: str, dim: Axes, axis: Axes) -> Axes:
    """``dim`` or ``axis``; PyTorch takes an empty tuple to mean all axes."""
    if axis is not None:
        dim = either(name, axis, dim)
    return None if isinstance(dim, tuple | list) and not dim else dim


@method()
def sum(
    self: Tensor,
    dim: Axes = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    axis: Axes = None,
    keepdims: bool = False,
) -> Tensor:
    """Sum over axes; integers are summed in int64, unsigned ones too. See :func:`pluggrad.sum`.

    >>> import pluggrad
    >>> pluggrad.ones(2, 3).sum(axis=[0, 1])
    tensor(6.)
    """
    own = self._type.dtype
    if dtype is None and not own.is_differentiable:
        dtype = dtypes.int64
    axes = r.reduced_axes("sum", self, _axes("sum", dim, axis))
    if dtype is None:
        return r._sum(self, axis=axes, keepdims=keepdim or keepdims)
    x, dtype = r.accumulate_in(self, dtype)
    return r._sum(x, axis=axes, keepdims=keepdim or keepdims, dtype=dtype)


@method()
def mean(
    self: Tensor,
    dim: Axes = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    axis: Axes = None,
    keepdims: bool = False,
) -> Tensor:
    """Arithmetic mean over axes. See :func:`pluggrad.mean`."""
    x = self if dtype is None else _astype(self, dtype=dtype)
    return r._mean(x, axis=r.reduced_axes("mean", x, _axes("mean", dim, axis)), keepdims=keepdim or keepdims)


@method()
def prod(
    self: Tensor,
    dim: Axes = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    axis: Axes = None,
    keepdims: bool = False,
) -> Tensor:
    """Product over axes; integers are multiplied in int64, unsigned ones too. See :func:`pluggrad.prod`."""
    if dtype is None and not self.dtype.is_differentiable:
        dtype = dtypes.int64
    return r.prod(self, _axes("prod", dim, axis), keepdim or keepdims, dtype=dtype)


@method()
def nansum(
    self: Tensor,
    dim: Axes = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    axis: Axes = None,
    keepdims: bool = False,
) -> Tensor:
    """Sum over axes, NaN taken as 0. See :func:`pluggrad.nansum`."""
    if dtype is None and not self.dtype.is_differentiable:
        dtype = dtypes.int64
    return statistical.nansum(self, _axes("nansum", dim, axis), keepdim or keepdims, dtype=dtype)


@method()
def nanmean(
    self: Tensor,
    dim: Axes = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    axis: Axes = None,
    keepdims: bool = False,
) -> Tensor:
    """Mean over axes of what is not NaN. See :func:`pluggrad.nanmean`."""
    return statistical.nanmean(self, _axes("nanmean", dim, axis), keepdim or keepdims, dtype=dtype)


@method()
def max(
    self: Tensor,
    dim: int | Tensor | None = None,
    keepdim: bool = False,
    *,
    axis: int | None = None,
    keepdims: bool = False,
    other: Tensor | None = None,
) -> Any:
    """Largest value; along one axis, with the indices of the first; with a tensor, the larger of each pair.

    Equal largest values share the gradient of ``x.max()``; that of ``x.max(dim)`` goes to the index found.

    >>> import pluggrad
    >>> values, indices = pluggrad.asarray([[1.0, 7.0], [5.0, 4.0]]).max(1)
    >>> values, indices
    (tensor([7., 5.]), tensor([1, 0]))
    """
    if axis is not None:
        dim = either("max", axis, dim)
    return r.max(self, dim, keepdim or keepdims, other=other)


@method()
def min(
    self: Tensor,
    dim: int | Tensor | None = None,
    keepdim: bool = False,
    *,
    axis: int | None = None,
    keepdims: bool = False,
    other: Tensor | None = None,
) -> Any:
    """Smallest value; along one axis, with indices; with a tensor, the smaller of each pair. As :meth:`Tensor.max`."""
    if axis is not None:
        dim = either("min", axis, dim)
    return r.min(self, dim, keepdim or keepdims, other=other)


@method()
def amax(self: Tensor, dim: Axes = None, keepdim: bool = False, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Largest value over axes; equal ones share the gradient. See :func:`pluggrad.amax`."""
    return r.amax(self, _axes("amax", dim, axis), keepdim or keepdims)


@method()
def amin(self: Tensor, dim: Axes = None, keepdim: bool = False, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Smallest value over axes; equal ones share the gradient. See :func:`pluggrad.amin`."""
    return r.amin(self, _axes("amin", dim, axis), keepdim or keepdims)


@method()
def aminmax(
    self: Tensor, *, dim: int | None = None, keepdim: bool = False, axis: int | None = None, keepdims: bool = False
) -> Any:
    """Smallest and largest value, as a pair ``(min, max)``. See :func:`pluggrad.aminmax`."""
    return r.aminmax(self, dim=dim, keepdim=keepdim, axis=axis, keepdims=keepdims)


def _truth(self: Tensor, name: str, dim: Axes, keepdim: bool) -> Tensor:
    out = (r._any if name == "any" else r._all)(self, axis=r.reduced_axes(name, self, dim), keepdims=keepdim)
    # uint8 was PyTorch's bool once, and still gives uint8.
    return _astype(out, dtype=dtypes.uint8) if self._type.dtype is dtypes.uint8 else out


@method()
def any(self: Tensor, dim: Axes = None, keepdim: bool = False, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Whether any element is true; bool, but uint8 for uint8, as in PyTorch. See :func:`pluggrad.any`."""
    return _truth(self, "any", _axes("any", dim, axis), keepdim or keepdims)


@method()
def all(self: Tensor, dim: Axes = None, keepdim: bool = False, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Whether all elements are true; bool, but uint8 for uint8, as in PyTorch. See :func:`pluggrad.all`."""
    return _truth(self, "all", _axes("all", dim, axis), keepdim or keepdims)


@method()
def argmax(
    self: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Tensor:
    """Index of the first largest element. See :func:`pluggrad.argmax`."""
    return searching.argmax(self, dim, keepdim or keepdims, dim=axis)


@method()
def argmin(
    self: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Tensor:
    """Index of the first smallest element. See :func:`pluggrad.argmin`."""
    return searching.argmin(self, dim, keepdim or keepdims, dim=axis)


@method()
def logsumexp(
    self: Tensor, dim: Axes = None, keepdim: bool = False, *, axis: Axes = None, keepdims: bool = False
) -> Tensor:
    """``log(sum(exp(x)))`` over axes. See :func:`pluggrad.logsumexp`."""
    return r.logsumexp(self, _axes("logsumexp", dim, axis), keepdim or keepdims)


@method()
def var(
    self: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None, axis: Axes = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """Variance over axes, divided by ``n - 1`` unless ``unbiased=False`` or ``correction=`` say otherwise.

    >>> import pluggrad
    >>> x = pluggrad.asarray([1.0, 2.0, 3.0])
    >>> x.var(), x.var(unbiased=False)
    (tensor(1.), tensor(0.6667))
    """
    dim, correction = statistical.chosen_correction("var", dim, unbiased, correction, 1)
    axes = r.reduced_axes("var", self, _axes("var", dim, axis))
    return statistical._var(self, axis=axes, correction=correction, keepdims=keepdim or keepdims)


@method()
def std(
    self: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None, axis: Axes = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """Standard deviation over axes: the square root of :meth:`Tensor.var`."""
    dim, correction = statistical.chosen_correction("std", dim, unbiased, correction, 1)
    axes = r.reduced_axes("std", self, _axes("std", dim, axis))
    return statistical._std(self, axis=axes, correction=correction, keepdims=keepdim or keepdims)


@method()
def norm(
    self: Tensor, p: float | str | None = "fro", dim: Axes = None, keepdim: bool = False, dtype: DType | None = None, *,
    axis: Axes = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """The p-norm of the elements over axes. See :func:`pluggrad.norm`."""
    return p_norm.norm(self, p, _axes("norm", dim, axis), keepdim or keepdims, dtype)


# -- accumulations ---------------------------------------------------------------------------------------


@method(inplace=True)
def cumsum(self: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: int | None = None) -> Tensor:
    """The sum of all elements up to each, along an axis. See :func:`pluggrad.cumulative_sum`."""
    return cumulative.cumsum(self, dim, dtype=dtype, axis=axis)


@method(inplace=True)
def cumprod(self: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: int | None = None) -> Tensor:
    """The product of all elements up to each, along an axis. See :func:`pluggrad.cumulative_prod`."""
    return cumulative.cumprod(self, dim, dtype=dtype, axis=axis)


@method()
def logcumsumexp(self: Tensor, dim: int | None = None, *, axis: int | None = None) -> Tensor:
    """``log(cumsum(exp(x)))`` along an axis, without overflow. See :func:`pluggrad.logcumsumexp`."""
    return cumulative.logcumsumexp(self, dim, axis=axis)


@method()
def cummax(self: Tensor, dim: int | None = None, *, axis: int | None = None) -> Any:
    """The largest of all elements up to each, and its index. See :func:`pluggrad.cummax`."""
    return cumulative.cummax(self, dim, axis=axis)


@method()
def cummin(self: Tensor, dim: int | None = None, *, axis: int | None = None) -> Any:
    """The smallest of all elements up to each, and its index. See :func:`pluggrad.cummin`."""
    return cumulative.cummin(self, dim, axis=axis)


@method()
def diff(
    self: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    axis: int | None = None,
) -> Tensor:
    """The differences of neighbours along an axis, ``n`` times over. See :func:`pluggrad.diff`."""
    return cumulative.diff(self, n, dim if axis is None else axis, prepend, append)


# -- order -------------------------------------------------------------------------------------------------


@method()
def sort(self: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True, axis: int | None = None) -> Any:
    """The elements in order along an axis, and the indices they had: ``(values, indices)``.

    Equal elements stay in their order, whether ``stable`` is asked for or not. NaN counts as larger than all numbers.

    >>> import pluggrad
    >>> values, indices = pluggrad.asarray([3.0, 1.0, 2.0]).sort()
    >>> values, indices
    (tensor([1., 2., 3.]), tensor([1, 2, 0]))
    """
    return sorting.sort_pair(self, dim if axis is None else axis, descending)


@method()
def argsort(
    self: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True, axis: int | None = None
) -> Tensor:
    """The indices that sort along an axis. See :func:`pluggrad.argsort`."""
    return sorting.argsort(self, dim if axis is None else axis, descending)


@method()
def msort(self: Tensor) -> Tensor:
    """The elements in order along the first axis."""
    return sorting.msort(self)


@method()
def topk(
    self: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, axis: int | None = None
) -> Any:
    """The ``k`` largest elements along an axis, and their indices. See :func:`pluggrad.topk`."""
    return sorting.topk(self, k, dim, largest, sorted, axis=axis)


@method()
def kthvalue(
    self: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Any:
    """The ``k``-th smallest element along an axis, counted from 1, and its index. See :func:`pluggrad.kthvalue`."""
    return sorting.kthvalue(self, k, dim, keepdim, axis=axis, keepdims=keepdims)


@method()
def median(
    self: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Any:
    """The median, of an even number of elements the lower of the two in the middle; along one axis, with its index.

    (:func:`pluggrad.median` is NumPy's: the mean of the two.)

    >>> import pluggrad
    >>> pluggrad.asarray([4.0, 1.0, 3.0, 2.0]).median()
    tensor(2.)
    """
    return order_statistics.torch_median(self, either("median", dim, axis), keepdim or keepdims, False)


@method()
def nanmedian(
    self: Tensor, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Any:
    """The median of what is not NaN. See :func:`pluggrad.nanmedian`."""
    return order_statistics.nanmedian(self, dim, keepdim, axis=axis, keepdims=keepdims)


@method()
def mode(self: Tensor, dim: int = -1, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The commonest element along an axis, and an index of it. See :func:`pluggrad.mode`."""
    return order_statistics.mode(self, dim, keepdim, axis=axis, keepdims=keepdims)


@method()
def quantile(
    self: Tensor, q: Any, dim: Axes = None, keepdim: bool = False, *, interpolation: str = "linear", axis: Axes = None,
    keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """The values below which a fraction ``q`` of the elements lies. See :func:`pluggrad.quantile`."""
    return order_statistics.quantile(self, q, axis, keepdims, interpolation=interpolation, dim=dim, keepdim=keepdim)


@method()
def nanquantile(
    self: Tensor, q: Any, dim: Axes = None, keepdim: bool = False, *, interpolation: str = "linear", axis: Axes = None,
    keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """Quantiles of what is not NaN. See :func:`pluggrad.nanquantile`."""
    return order_statistics.nanquantile(self, q, axis, keepdims, interpolation=interpolation, dim=dim, keepdim=keepdim)


# -- searching and sets --------------------------------------------------------------------------------------


@method()
def count_nonzero(self: Tensor, dim: Axes = None, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """How many elements are not zero. See :func:`pluggrad.count_nonzero`."""
    return searching.count_nonzero(self, _axes("count_nonzero", dim, axis), keepdims)


@method()
def nonzero(self: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of all elements that are not zero: one row for each, or a tuple of one tensor for each axis.

    >>> import pluggrad
    >>> pluggrad.asarray([[0, 5], [7, 0]]).nonzero()
    tensor([[0, 1],
            [1, 0]])
    """
    if as_tuple and not self.ndim:  # as of one element
        return searching.nonzero(self.reshape((1,)))
    return searching.nonzero(self, as_tuple=as_tuple)


@method()
def argwhere(self: Tensor) -> Tensor:
    """The indices of all elements that are not zero, one row for each."""
    return searching.argwhere(self)


@method()
def unique(
    self: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    *,
    axis: int | None = None,
) -> Any:
    """The distinct elements in order. See :func:`pluggrad.unique`."""
    return sets.unique(self, sorted, return_inverse, return_counts, dim, axis=axis)


@method()
def unique_consecutive(
    self: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    *,
    axis: int | None = None,
) -> Any:
    """The tensor without the elements that equal the one before them. See :func:`pluggrad.unique_consecutive`."""
    return sets.unique_consecutive(self, return_inverse, return_counts, dim, axis=axis)


@method()
def bincount(self: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each integer from 0 on stands in this tensor. See :func:`pluggrad.bincount`."""
    return histograms.bincount(self, weights, minlength)


@method()
def histc(self: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """A histogram with bins of equal width. See :func:`pluggrad.histc`."""
    return histograms.histc(self, bins, min, max)
