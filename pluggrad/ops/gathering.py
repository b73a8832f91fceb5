"""Gathering and scattering: elements picked and placed along an axis by an index tensor, or by a mask."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar

from ..dtypes import INTEGRAL, REAL, int64
from ..errors import ArgumentError, AxisError, BoundsError, DTypeError, ShapeError
from ..tensor import Buffer, Tensor
from .advanced_indexing import Indices, _index_add, _index_copy, _index_put, _take
from .axes import either, one_axis
from .creation import asarray, ones_like, zeros_like
from .declare import composite
from .indexing import as_value, indices_of, parse_key
from .manipulation import common_shape, ravel, reshape
from .searching import where
from .views import broadcast_to

__all__ = [
    "gather", "index_add", "index_copy", "index_put", "index_reduce", "index_select", "scatter", "scatter_add",
    "scatter_reduce", "take", "take_along_axis", "take_along_dim",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Tensor])


def _checks_bounds(function: F) -> F:
    """Let an index out of range, which kernels report as an IndexError, be PyTorch's RuntimeError, too."""

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Tensor:
        try:
            return function(*args, **kwargs)
        except AxisError:
            raise
        except IndexError as error:
            raise BoundsError(f"{function.__name__}: {error}") from None

    return checked  # type: ignore[return-value]


# -- whole slices by a vector of indices -----------------------------------------------------------------


def _integers(name: str, index: Any, like: Tensor) -> Tensor:
    """An index argument as an integer tensor.

    Raises
    ------
    DTypeError : not integers
    """
    if not isinstance(index, Tensor):
        index = (
            asarray(index, dtype=None if index else int64, device=like.device)
            if isinstance(index, list | tuple)
            else asarray(index)
        )
    if index._type.dtype.kind not in INTEGRAL:
        raise DTypeError(f"{name}: index must be of an integer dtype, got {index.dtype.name}")
    return index


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None, dim: int | None = None) -> Tensor:
    """Slices along an axis (the standard), or elements of the flattened tensor (PyTorch).

    Parameters
    ----------
    x : Tensor
    indices : integer Tensor; negative ones count from the end
    axis, dim : which axis; its place in the result is taken by the axes of ``indices``. None: ``x`` is
        flattened, and the result has the shape of ``indices``

    Raises
    ------
    IndexError : an index out of range

    >>> import pluggrad
    >>> pluggrad.take(pluggrad.asarray([[1, 2], [3, 4]]), pluggrad.asarray([1, 0]), axis=1)
    tensor([[2, 1],
            [4, 3]])
    """
    axis = either("take", axis, dim)
    indices = _integers("take", indices, x)
    if axis is None or not x._array.ndim:
        return _take(ravel(x), indices, axis=0)
    return _take(x, indices, axis=one_axis("take", axis, x._array.ndim))


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """Slices of ``x`` along an axis, a copy.

    Parameters
    ----------
    x : Tensor
    dim : which axis
    index : integer Tensor, shape (n,) or ()

    Raises
    ------
    IndexError : an index out of range
    ShapeError : ``index`` has several axes

    >>> import pluggrad
    >>> pluggrad.index_select(pluggrad.asarray([[1, 2], [3, 4]]), 0, pluggrad.asarray([1, 1]))
    tensor([[3, 4],
            [3, 4]])
    """
    index = _vector("index_select", index, x)
    if not x._array.ndim:
        return reshape(_take(reshape(x, (1,)), index, axis=0), ())
    return _take(x, index, axis=one_axis("index_select", dim, x._array.ndim))


def _vector(name: str, index: Any, x: Tensor) -> Tensor:
    index = _integers(name, index, x)
    if index._array.ndim > 1:
        raise ShapeError(f"{name}(): Index is supposed to be a vector, got shape {list(index.shape)}")
    return index if index._array.ndim else reshape(index, (1,))


def _source(name: str, x: Tensor, axis: int, index: Tensor, source: Tensor) -> Tensor:
    """The slices to write: as many as indices, of the shape of those of ``x``."""
    expected = (*x._array.shape[:axis], index._array.shape[0], *x._array.shape[axis + 1 :])
    if not source._array.ndim and not x._array.ndim:
        return source
    if tuple(source._array.shape) != expected:
        raise ShapeError(
            f"{name}(): source of shape {list(source.shape)} does not fit: {index._array.shape[0]} indices along axis "
            f"{axis} of "
            f"shape {list(x.shape)} need {list(expected)}"
        )
    return source


@_checks_bounds
def index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """``x`` with the slices of ``source``, times ``alpha``, added at ``index`` along an axis.

    Parameters
    ----------
    x : Tensor
    dim : which axis
    index : integer Tensor, shape (n,)
    source : Tensor of the dtype of ``x`` and its shape, but n along the axis

    >>> import pluggrad
    >>> pluggrad.index_add(pluggrad.zeros(3), 0, pluggrad.asarray([0, 0, 2]), pluggrad.ones(3))
    tensor([2., 0., 1.])
    """
    index = _vector("index_add", index, x)
    axis = one_axis("index_add", dim, x._array.ndim)
    source = as_value(_source("index_add", x, axis, index, source), x._type)
    if alpha != 1:
        source = source * alpha
    if not x._array.ndim:
        return reshape(_index_add(reshape(x, (1,)), index, reshape(source, (1,)), axis=0), ())
    return _index_add(x, index, source, axis=axis)


def index_copy(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """``x`` with the slices at ``index`` along an axis replaced by those of ``source``.

    >>> import pluggrad
    >>> pluggrad.index_copy(pluggrad.zeros(3), 0, pluggrad.asarray([2, 0]), pluggrad.asarray([1.0, 2.0]))
    tensor([2., 0., 1.])
    """
    index = _vector("index_copy", index, x)
    axis = one_axis("index_copy", dim, x._array.ndim)
    source = as_value(_source("index_copy", x, axis, index, source), x._type)
    if not x._array.ndim:
        return reshape(_index_copy(reshape(x, (1,)), index, reshape(source, (1,)), axis=0), ())
    return _index_copy(x, index, source, axis=axis)


def index_put(x: Tensor, indices: tuple[Tensor, ...], values: Any, accumulate: bool = False) -> Tensor:
    """``x`` with ``values`` written, or added, where ``x[indices]`` would read.

    Parameters
    ----------
    x : Tensor
    indices : tuple of integer tensors, masks or None
    values : broadcasts to the shape of ``x[indices]``
    accumulate : add; places named several times take the sum

    >>> import pluggrad
    >>> pluggrad.index_put(pluggrad.zeros(3), (pluggrad.asarray([1, 1]),), pluggrad.asarray(1.0), accumulate=True)
    tensor([0., 2., 0.])
    """
    return _index_put(x, as_value(values, x._type), indices=key_of(x, indices), accumulate=accumulate)


def key_of(x: Tensor, indices: tuple[Any, ...]) -> Indices:
    """The indices of :func:`index_put` in the terms of an advanced key."""
    key = tuple(slice(None) if i is None else i for i in indices)
    _, advanced = parse_key(x, key)
    if advanced is None or any(not isinstance(i, Tensor) for i in indices if i is not None):
        raise TypeError("index_put: indices must be a tuple of integer or bool tensors (None for whole axes)")
    return indices_of(advanced)


# -- element by element along an axis -----------------------------------------------------------------------


def _scatter_add_src(xp: Any, g: Any, index: Any, axis: int) -> Any:
    return xp.gather(g, index, axis=axis)


def _gather_x(xp: Any, g: Any, x_shape: tuple[int, ...], index: Any, axis: int) -> Any:
    return xp.scatter_add(xp.new_zeros(g, shape=x_shape), index, g, axis=axis)


def _grid(xp: Any, index: Any, axis: int) -> Indices:
    """An index array for every axis: ``index`` for its own, the position for the others."""
    ns = xp.namespace
    buffers = []
    for i, n in enumerate(index.shape):
        if i == axis:
            buffers.append(Buffer(index))
        else:
            own = tuple(n if j == i else 1 for j in range(index.ndim))
            buffers.append(Buffer(ns.reshape(ns.arange(n, dtype=ns.int64, device=xp.native_device(index)), own)))
    return Indices(buffers)


@composite(name="gather", promoted=("x",), result="same", vjp=[_gather_x, None])
def _gather(xp: Any, x: Any, index: Any, /, *, axis: int) -> Any:
    return xp.index(x, indices=_grid(xp, index, axis))


@composite(name="scatter_add", promoted=("x", "src"), result="same", vjp=[lambda xp, g: g, None, _scatter_add_src])
def _scatter_add(xp: Any, x: Any, index: Any, src: Any, /, *, axis: int) -> Any:
    return xp.index_put(x, src, indices=_grid(xp, index, axis), accumulate=True)


def _scatter_x(xp: Any, g: Any, index: Any, axis: int) -> Any:
    return xp.scatter(g, index, xp.new_zeros(g, shape=index.shape), axis=axis)


@composite(name="scatter", promoted=("x", "src"), result="same", vjp=[_scatter_x, None, _scatter_add_src])
def _scatter(xp: Any, x: Any, index: Any, src: Any, /, *, axis: int) -> Any:
    return xp.index_put(x, src, indices=_grid(xp, index, axis), accumulate=False)


def _gathering(name: str, x: Tensor, dim: int, index: Any) -> tuple[Tensor, Tensor, int]:
    """The arguments of gather and scatter, checked; 0-D tensors as 1-D."""
    axis = one_axis(name, dim, x._array.ndim)
    index = _integers(name, index, x)
    if not x._array.ndim:
        x = reshape(x, (1,))
    if not index._array.ndim:
        index = reshape(index, (1,))
    if x._array.ndim != index._array.ndim:
        raise ShapeError(
            f"{name}(): Index tensor must have the same number of dimensions as input tensor: index has shape "
            f"{list(index.shape)}, input has {list(x.shape)}"
        )
    for d, (n, m) in enumerate(zip(index._array.shape, x._array.shape, strict=True)):
        if d != axis and n > m:
            raise ShapeError(
                f"{name}(): Size does not match at dimension {d} expected index {list(index.shape)} to be no larger "
                "than "
                f"self {list(x.shape)} apart from dimension {axis}"
            )
    return x, index, axis


@_checks_bounds
def gather(
    x: Tensor, dim: int | None = None, index: Any = None, *, axis: int | None = None, sparse_grad: bool = False
) -> Tensor:
    """Elements of ``x`` picked along an axis: ``out[i][j] = x[index[i][j]][j]`` for axis 0 of a matrix.

    Parameters
    ----------
    x : Tensor, n-D
    dim, axis : the axis that ``index`` counts along
    index : integer Tensor, n-D, no larger than ``x`` along the other axes
    sparse_grad : accepted for PyTorch's sake; gradients are dense

    Returns
    -------
    Tensor, the shape of ``index``

    Raises
    ------
    IndexError : an index out of range
    ShapeError : shapes that do not fit

    >>> import pluggrad
    >>> pluggrad.gather(pluggrad.asarray([[1, 2], [3, 4]]), 1, pluggrad.asarray([[0], [1]]))
    tensor([[1],
            [4]])
    """
    is_scalar = not x._array.ndim and not getattr(index, "ndim", 1)
    x, index, axis = _gathering("gather", x, either("gather", axis, dim), index)
    out = _gather(x, index, axis=axis)
    return reshape(out, ()) if is_scalar else out


def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """Elements of ``x`` picked along an axis, the other axes broadcast.

    Parameters
    ----------
    x : Tensor, n-D
    indices : integer Tensor, n-D, broadcasting with ``x`` along all axes but ``axis``

    Raises
    ------
    IndexError : an index out of range
    ShapeError : shapes that do not fit

    >>> import pluggrad
    >>> x = pluggrad.asarray([[3, 1, 2], [9, 8, 7]])
    >>> pluggrad.take_along_axis(x, pluggrad.argsort(x, axis=1), axis=1)
    tensor([[1, 2, 3],
            [7, 8, 9]])
    """
    if not x._array.ndim:
        raise ShapeError("take_along_axis: needs at least one axis, got a 0-d tensor")
    indices = _integers("take_along_axis", indices, x)
    if indices._array.ndim != x._array.ndim:
        raise ShapeError(
            f"take_along_axis: indices of shape {list(indices.shape)} must have as many axes as x, of shape "
            f"{list(x.shape)}"
        )
    axis = one_axis("take_along_axis", axis, x._array.ndim)
    n, m = x._array.shape, indices._array.shape
    before, after = common_shape(n[:axis], m[:axis]), common_shape(n[axis + 1 :], m[axis + 1 :])
    x = broadcast_to(x, (*before, n[axis], *after))
    return _gather(x, broadcast_to(indices, (*before, m[axis], *after)), axis=axis)


def take_along_dim(x: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """PyTorch's :func:`take_along_axis`; without ``dim`` both are flattened.

    >>> import pluggrad
    >>> pluggrad.take_along_dim(pluggrad.asarray([3, 1, 2]), pluggrad.asarray([1, 2, 0]), 0)
    tensor([1, 2, 3])
    """
    if dim is None:
        return take_along_axis(ravel(x), ravel(indices), axis=0)
    return take_along_axis(x, indices, axis=dim)


def _fit_src(name: str, x: Tensor, index: Tensor, src: Any) -> Tensor:
    """What to scatter, cut to the shape of ``index``; a number for all."""
    src = as_value(src, x._type)
    shape = tuple(index._array.shape)
    if not src._array.ndim:
        return broadcast_to(src, shape)
    if src._array.ndim != len(shape) or any(n > m for n, m in zip(shape, src._array.shape, strict=True)):
        raise ShapeError(f"{name}(): expected index {list(index.shape)} to be no larger than src {list(src.shape)}")
    return src if tuple(src._array.shape) == shape else src[tuple([slice(0, n) for n in shape])]


@_checks_bounds
def scatter(
    x: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """``x`` with elements of ``src`` written along an axis: ``out[index[i][j]][j] = src[i][j]`` for axis 0 of a matrix.

    Parameters
    ----------
    x : Tensor, n-D
    dim : the axis that ``index`` counts along
    index : integer Tensor, n-D, no larger than ``src``, nor than ``x`` along the other axes
    src : Tensor of the dtype of ``x``; or a number, also as ``value``
    reduce : "add" or "multiply": combine with what is there instead of replacing it

    Notes
    -----
    Of several elements written to one place, the last in row-major order stays (PyTorch leaves this open).

    >>> import pluggrad
    >>> pluggrad.scatter(pluggrad.zeros(3), 0, pluggrad.asarray([0, 2]), pluggrad.asarray([5.0, 6.0]))
    tensor([5., 0., 6.])
    """
    shape = tuple(x._array.shape)
    src = value if src is None else src
    x, index, axis = _gathering("scatter", x, dim, index)
    src = _fit_src("scatter", x, index, src)
    if reduce == "add":
        out = _scatter_add(x, index, src, axis=axis)
    elif reduce == "multiply":
        out = scatter_reduce(x, axis, index, src, "prod")
    elif reduce is None:
        out = _scatter(x, index, src, axis=axis)
    else:
        raise ArgumentError(f"scatter: reduce must be None, 'add' or 'multiply', got {reduce!r}")
    return out if shape else reshape(out, ())


@_checks_bounds
def scatter_add(x: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    """``x`` with elements of ``src`` added along an axis: ``out[index[i][j]][j] += src[i][j]`` for axis 0 of a matrix.

    Parameters
    ----------
    x, dim, index, src : as for :func:`scatter`; places named several times take the sum

    >>> import pluggrad
    >>> pluggrad.scatter_add(pluggrad.zeros(3), 0, pluggrad.asarray([0, 0, 2]), pluggrad.ones(3))
    tensor([2., 0., 1.])
    """
    shape = tuple(x._array.shape)
    x, index, axis = _gathering("scatter_add", x, dim, index)
    out = _scatter_add(x, index, _fit_src("scatter_add", x, index, src), axis=axis)
    return out if shape else reshape(out, ())


@_checks_bounds
def scatter_reduce(
    x: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """``x`` with elements of ``src`` combined along an axis.

    Parameters
    ----------
    x, dim, index, src : as for :func:`scatter`
    reduce : "sum", "prod", "mean", "amax" or "amin"
    include_self : whether what ``x`` holds at the places named is combined, too

    >>> import pluggrad
    >>> x = pluggrad.asarray([1.0, 2.0, 3.0])
    >>> pluggrad.scatter_reduce(x, 0, pluggrad.asarray([0, 0, 1]), pluggrad.asarray([4.0, 6.0, 5.0]), "amax")
    tensor([6., 5., 3.])
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise ArgumentError(f"scatter_reduce: reduce must be one of sum, prod, mean, amax or amin, got {reduce!r}")
    shape = tuple(x._array.shape)
    x, index, axis = _gathering("scatter_reduce", x, dim, index)
    src = _fit_src("scatter_reduce", x, index, src)
    out = _reduce_scattered(x, index, src, axis, reduce, include_self)
    return out if shape else reshape(out, ())


def _reduce_scattered(x: Tensor, index: Tensor, src: Tensor, axis: int, reduce: str, include_self: bool) -> Tensor:
    if reduce in ("amax", "amin"):
        return _scatter_extreme(x, index, src, axis=axis, largest=reduce == "amax", include_self=include_self)
    if not include_self:
        neutral = zeros_like if reduce != "prod" else ones_like
        x = _scatter(x, index, neutral(src), axis=axis)
    if reduce == "prod":
        # One after the other along the axis, where no place is named twice at once: so gradients are right at zeros.
        before = (slice(None),) * axis
        for j in range(index._array.shape[axis]):
            at, factor = index[(*before, slice(j, j + 1))], src[(*before, slice(j, j + 1))]
            x = _scatter(x, at, _gather(x, at, axis=axis) * factor, axis=axis)
        return x
    total = _scatter_add(x, index, src, axis=axis)
    if reduce == "sum":
        return total
    counts = _scatter_add(zeros_like(x), index, ones_like(src), axis=axis)
    counts = counts + 1 if include_self else where(counts > 0, counts, ones_like(counts))
    return total / counts if x.dtype.is_differentiable else total // counts


def _extreme_shares(
    xp: Any, x: Any, index: Any, src: Any, out: Any, axis: int, include_self: bool
) -> tuple[Any, Any, Any]:
    """Ones where ``x`` and ``src`` hold the extreme value, and how many do for each place.

    They share its gradient evenly.
    """
    one, zero = xp.ones_like(x), xp.zeros_like(x)
    own = xp.where(x == out, one, zero)
    if not include_self:
        own = xp.scatter(own, index, xp.zeros_like(src), axis=axis)
    theirs = xp.where(src == xp.gather(out, index, axis=axis), xp.ones_like(src), xp.zeros_like(src))
    return own, theirs, xp.scatter_add(own, index, theirs, axis=axis)


def _scatter_extreme_x(xp: Any, g: Any, x: Any, index: Any, src: Any, out: Any, axis: int, include_self: bool) -> Any:
    own, _, count = _extreme_shares(xp, x, index, src, out, axis, include_self)
    return g * own / count


def _scatter_extreme_src(xp: Any, g: Any, x: Any, index: Any, src: Any, out: Any, axis: int, include_self: bool) -> Any:
    _, theirs, count = _extreme_shares(xp, x, index, src, out, axis, include_self)
    return xp.gather(g / count, index, axis=axis) * theirs


@composite(name="scatter_extreme", alias="ScatterReduce", promoted=("x", "src"), kinds=REAL, result="same",
           vjp=[_scatter_extreme_x, None, _scatter_extreme_src])  # fmt: skip
def _scatter_extreme(xp: Any, x: Any, index: Any, src: Any, /, *, axis: int, largest: bool, include_self: bool) -> Any:
    """The largest (or smallest) of the elements scattered to each place."""
    choose = xp.namespace.maximum if largest else xp.namespace.minimum
    if not include_self:
        # What stands at the places named gives way to the least value there is.
        dtype = x.dtype
        if xp.isdtype(dtype, "real floating"):
            least = -math.inf if largest else math.inf
        else:
            limits = xp.namespace.iinfo(dtype)
            least = limits.min if largest else limits.max
        x = xp.scatter(x, index, xp.namespace.full_like(src, least), axis=axis)
    before = (slice(None),) * axis
    for j in range(index.shape[axis]):  # at one position along the axis no place is named twice
        key = (*before, slice(j, j + 1), ...)
        x = xp.scatter(x, index[key], choose(xp.gather(x, index[key], axis=axis), src[key]), axis=axis)
    return x


@_checks_bounds
def index_reduce(
    x: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """``x`` with slices of ``source`` combined with it, or with each other, at ``index`` along an axis.

    Parameters
    ----------
    x : Tensor
    dim : which axis
    index : integer Tensor, shape (n,)
    source : Tensor of the dtype of ``x`` and its shape, but n along the axis
    reduce : "prod", "mean", "amax" or "amin"
    include_self : whether what ``x`` holds there is combined, too

    Raises
    ------
    ArgumentError : another ``reduce``

    >>> import pluggrad
    >>> x = pluggrad.asarray([1.0, 2.0])
    >>> pluggrad.index_reduce(x, 0, pluggrad.asarray([1, 1]), pluggrad.asarray([3.0, 4.0]), "prod")
    tensor([ 1., 24.])
    """
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise ArgumentError(f"index_reduce(): expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    index = _vector("index_reduce", index, x)
    axis = one_axis("index_reduce", dim, x._array.ndim)
    source = as_value(_source("index_reduce", x, axis, index, source), x._type)
    if not x._array.ndim:
        return reshape(index_reduce(x[None], 0, index, source.reshape(-1), reduce, include_self=include_self), ())
    rows = reshape(index, (1,) * axis + (-1,) + (1,) * (x._array.ndim - axis - 1))
    return scatter_reduce(x, axis, broadcast_to(rows, source.shape), source, reduce, include_self=include_self)
