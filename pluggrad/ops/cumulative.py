"""Cumulative sums, products and extrema, differences, and the linear recurrence that their derivatives are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..autograd.engine import graph_namespace
from ..autograd.operands import wrap
from ..dtypes import BOOL, FLOATING, NUMERIC, REAL, DType
from ..errors import ArgumentError, AxisError, ShapeError
from ..tensor import Tensor
from . import joining, return_types
from .axes import either, one_axis
from .comparison import not_equal
from .declare import composite
from .manipulation import reshape
from .reductions import accumulate_in, part, part_of, reverse, sum
from .sorting import scatter_to_indices

__all__ = [
    "cummax", "cummin", "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "cumulative_trapezoid", "diff",
    "logcumsumexp", "trapezoid", "trapz",
]  # fmt: skip


# -- sums ----------------------------------------------------------------------------------------------


def _cumulative_sum_x(xp: Any, g: Any, axis: int, include_initial: bool) -> Any:
    if include_initial:
        g = part(xp, g, axis, 1, None)
    return reverse(xp, xp.cumulative_sum(reverse(xp, g, axis), axis=axis), axis)


@composite(name="cumulative_sum", vjp=_cumulative_sum_x)
def _cumulative_sum(xp: Any, x: Any, /, *, axis: int, include_initial: bool = False, dtype: DType | None = None) -> Any:
    native = None if dtype is None else xp.native_dtype(dtype)
    if xp.isdtype(x.dtype, "bool"):
        x = xp.namespace.astype(x, native)
    return xp.namespace.cumulative_sum(x, axis=axis, dtype=native, include_initial=include_initial)


def _axis(name: str, x: Tensor, axis: int | None) -> int:
    """A canonical axis; that of a 1-D tensor may be left out."""
    if axis is None:
        if x.ndim != 1:
            raise AxisError(
                f"{name}: a tensor of {x.ndim} axes (shape {tuple(x.shape)}) needs axis; only 1-D has a default"
            )
        axis = 0
    return one_axis(name, axis, x._array.ndim)


def _accumulate(
    name: str, primitive: Callable[..., Tensor], x: Tensor, axis: int | None, dtype: DType | None, include_initial: bool
) -> Tensor:
    """Call the primitive with a canonical axis, and on a 0-D tensor as on its one element."""
    x = wrap(x)
    ndim = x._array.ndim
    axis = _axis(name, x, axis)
    x, dtype = accumulate_in(x, dtype)
    if ndim:
        return primitive(x, axis=axis, include_initial=include_initial, dtype=dtype)
    out = primitive(reshape(x, (1,)), axis=0, include_initial=include_initial, dtype=dtype)
    return out if include_initial else reshape(out, ())


def cumulative_sum(
    x: Tensor,
    /,
    *,
    axis: int | None = None,
    dtype: DType | None = None,
    include_initial: bool = False,
    dim: int | None = None,
) -> Tensor:
    """The sum of all elements up to each, along an axis.

    Parameters
    ----------
    x : Tensor, any dtype
    axis, dim : int; may be left out for a 1-D tensor
    dtype : of the result and of the summation; default: that of ``x``, but the default integer type for
        smaller integers and bool (unsigned for unsigned)
    include_initial : begin with the empty sum, 0: one more element along the axis

    Returns
    -------
    Tensor, the shape of ``x``

    Raises
    ------
    AxisError : an axis that ``x`` does not have, or none for a tensor that is not 1-D

    >>> import pluggrad
    >>> pluggrad.cumulative_sum(pluggrad.asarray([1, 2, 3]), include_initial=True)
    tensor([0, 1, 3, 6])
    """
    return _accumulate(
        "cumulative_sum", _cumulative_sum, x, either("cumulative_sum", axis, dim), dtype, include_initial
    )


def cumsum(x: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: int | None = None) -> Tensor:
    """The sum of all elements up to each, along an axis: PyTorch's name for :func:`cumulative_sum`.

    >>> import pluggrad
    >>> pluggrad.cumsum(pluggrad.asarray([[1, 2], [3, 4]]), 1)
    tensor([[1, 3],
            [3, 7]])
    """
    return _accumulate("cumsum", _cumulative_sum, x, either("cumsum", axis, dim), dtype or _torch_dtype(x), False)


def _torch_dtype(x: Tensor) -> DType | None:
    """PyTorch accumulates unsigned integers in int64, too."""
    return dtypes.int64 if not wrap(x).dtype.is_differentiable else None


# -- recurrences -----------------------------------------------------------------------------------------


def scan(xp: Any, x: Any, axis: int, combine: Callable[[Any, Any], Any]) -> Any:
    """``combine`` over all elements up to each of a raw array, for an associative ``combine(earlier, later)``.

    Each round doubles how many elements have been combined (Hillis & Steele 1986, Data parallel algorithms):
    log2(n) operations on whole arrays, in terms that every array library has.
    """
    n = x.shape[axis] if x.ndim else 1
    step = 1
    while step < n:
        later = combine(part_of(x, axis, None, n - step), part_of(x, axis, step, None))
        x = xp.namespace.concat([part_of(x, axis, None, step), later], axis=axis)
        step *= 2
    return x


@composite(name="shift", result="same", vjp=lambda xp, g, axis, by: xp.shift(g, axis=axis, by=-by))
def _shift(xp: Any, x: Any, /, *, axis: int, by: int) -> Any:
    """Elements moved by ``by`` places along an axis, zeros (False) in the places they leave."""
    n = x.shape[axis]
    by = max(-n, min(n, by))
    zeros = xp.new_zeros(x, shape=(*x.shape[:axis], abs(by), *x.shape[axis + 1 :]))
    if by >= 0:
        return xp.namespace.concat([zeros, part_of(x, axis, None, n - by)], axis=axis)
    return xp.namespace.concat([part_of(x, axis, -by, None), zeros], axis=axis)


def _linear_recurrence_a(xp: Any, g: Any, a: Any, out: Any, axis: int, reverse: bool) -> Any:
    return _linear_recurrence_b(xp, g, a, axis, reverse) * xp.conj(xp.shift(out, axis=axis, by=-1 if reverse else 1))


def _linear_recurrence_b(xp: Any, g: Any, a: Any, axis: int, reverse: bool) -> Any:
    """The recurrence that runs the other way."""
    factors = xp.conj(xp.shift(a, axis=axis, by=1 if reverse else -1))
    return xp.linear_recurrence(factors, g, axis=axis, reverse=not reverse)


@composite(name="linear_recurrence", result="same", kinds=NUMERIC, vjp=[_linear_recurrence_a, _linear_recurrence_b])
def _linear_recurrence(xp: Any, a: Any, b: Any, /, *, axis: int, reverse: bool = False) -> Any:
    """``y[k] = b[k] + a[k] * y[k - 1]`` along an axis, from 0; reversed, ``y[k] = b[k] + a[k] * y[k + 1]``."""
    n = b.shape[axis]
    step = 1
    while step < n:
        # Each (a, b) is an affine map; composed with the one `step` places before it reaches twice as far (see `scan`).
        first: Any = (None, step)
        rest: Any = (step, None)
        earlier: Any = (None, n - step)
        if reverse:
            first, rest, earlier = (n - step, None), (None, n - step), (step, None)
        factor = part_of(a, axis, *rest)
        parts_b = [part_of(b, axis, *first), part_of(b, axis, *rest) + factor * part_of(b, axis, *earlier)]
        parts_a = [part_of(a, axis, *first), factor * part_of(a, axis, *earlier)]
        if reverse:
            parts_a, parts_b = parts_a[::-1], parts_b[::-1]
        a, b = xp.namespace.concat(parts_a, axis=axis), xp.namespace.concat(parts_b, axis=axis)
        step *= 2
    return b


# -- products --------------------------------------------------------------------------------------------


def _cumulative_prod_x(xp: Any, g: Any, x: Any, axis: int, include_initial: bool) -> Any:
    """Backward through ``y[k] = x[k] * y[k - 1]``: nothing is divided by ``x``, so zeros do no harm, at any order."""
    if include_initial:
        g = part(xp, g, axis, 1, None)
    before = part(xp, xp.cumulative_prod(x, axis=axis, include_initial=True), axis, None, -1)
    rest = xp.linear_recurrence(xp.conj(xp.shift(x, axis=axis, by=-1)), g, axis=axis, reverse=True)
    return rest * xp.conj(before)


@composite(name="cumulative_prod", vjp=_cumulative_prod_x)
def _cumulative_prod(
    xp: Any, x: Any, /, *, axis: int, include_initial: bool = False, dtype: DType | None = None
) -> Any:
    native = None if dtype is None else xp.native_dtype(dtype)
    if xp.isdtype(x.dtype, "bool"):
        x = xp.namespace.astype(x, native)
    return xp.namespace.cumulative_prod(x, axis=axis, dtype=native, include_initial=include_initial)


def cumulative_prod(
    x: Tensor,
    /,
    *,
    axis: int | None = None,
    dtype: DType | None = None,
    include_initial: bool = False,
    dim: int | None = None,
) -> Tensor:
    """The product of all elements up to each, along an axis. Its gradient is right where elements are zero, too.

    Parameters
    ----------
    x : Tensor, any dtype
    axis, dim : int; may be left out for a 1-D tensor
    dtype : of the result and of the multiplication; default: that of ``x``, but the default integer type for
        smaller integers and bool (unsigned for unsigned)
    include_initial : begin with the empty product, 1: one more element along the axis

    Returns
    -------
    Tensor, the shape of ``x``

    Raises
    ------
    AxisError : an axis that ``x`` does not have, or none for a tensor that is not 1-D

    >>> import pluggrad
    >>> pluggrad.cumulative_prod(pluggrad.asarray([1, 2, 3, 4]))
    tensor([ 1,  2,  6, 24])
    """
    return _accumulate(
        "cumulative_prod", _cumulative_prod, x, either("cumulative_prod", axis, dim), dtype, include_initial
    )


def cumprod(x: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: int | None = None) -> Tensor:
    """The product of all elements up to each, along an axis: PyTorch's name for :func:`cumulative_prod`.

    >>> import pluggrad
    >>> pluggrad.cumprod(pluggrad.asarray([[1, 2], [3, 4]]), 1)
    tensor([[ 1,  2],
            [ 3, 12]])
    """
    return _accumulate("cumprod", _cumulative_prod, x, either("cumprod", axis, dim), dtype or _torch_dtype(x), False)


# -- log-sum-exp ------------------------------------------------------------------------------------------


def _logcumsumexp_x(xp: Any, g: Any, x: Any, out: Any, axis: int) -> Any:
    """The sum over ``k >= j`` of ``g[k] exp(x[j] - out[k])``, as a recurrence whose factors are at most 1."""
    none = xp.equal(xp.real(out), -float("inf"))
    top = xp.where(none, 0, out)
    factors = xp.where(none, 0, xp.exp(out - xp.shift(top, axis=axis, by=-1)))
    rest = xp.linear_recurrence(xp.conj(factors), g, axis=axis, reverse=True)
    return rest * xp.conj(xp.exp(x - top))


@composite(name="logcumsumexp", result="same", kinds=FLOATING, vjp=_logcumsumexp_x)
def _logcumsumexp(xp: Any, x: Any, /, *, axis: int) -> Any:
    return scan(xp, x, axis, lambda early, late: _log_of_two(xp, early, late))


def _log_of_two(xp: Any, x1: Any, x2: Any) -> Any:
    """``log(exp(x1) + exp(x2))``, of complex numbers too."""
    if not xp.isdtype(x1.dtype, "complex floating"):
        return xp.namespace.logaddexp(x1, x2)
    ns = xp.namespace
    top = ns.maximum(ns.real(x1), ns.real(x2))
    top = ns.where(ns.isfinite(top), top, ns.zeros_like(top))
    return ns.log(ns.exp(x1 - top) + ns.exp(x2 - top)) + top


def logcumsumexp(x: Tensor, dim: int | None = None, *, axis: int | None = None) -> Tensor:
    """The logarithm of the sum of the exponentials of all elements up to each, along an axis, without overflow.

    Parameters
    ----------
    x : Tensor; integers are taken as the default float type
    dim, axis : int; may be left out for a 1-D tensor

    Returns
    -------
    Tensor, the shape of ``x``

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> pluggrad.logcumsumexp(pluggrad.asarray([1000.0, 1000.0]), 0)
    tensor([1000.0000, 1000.6932])
    """
    x = wrap(x)
    axis = _axis("logcumsumexp", x, either("logcumsumexp", axis, dim))
    if not x.ndim:
        return reshape(_logcumsumexp(reshape(x, (1,)), axis=0), ())
    return _logcumsumexp(x, axis=axis)


# -- extrema ------------------------------------------------------------------------------------------------


def _cumulative_extremum_x(xp: Any, g: Any, indices: Any, x_shape: tuple[int, ...], axis: int) -> Any:
    return scatter_to_indices(xp, g[0], indices, x_shape, axis)


def _with_indices(xp: Any, x: Any, values: Any, axis: int) -> tuple[Any, Any]:
    """``values`` with the index of the last element so far that equals them."""
    ns = xp.namespace
    n = x.shape[axis] if x.ndim else 1
    shape = tuple([n if i == axis else 1 for i in range(x.ndim)])
    positions = ns.reshape(ns.arange(n, dtype=ns.int64, device=xp.native_device(x)), shape)
    here = (x == values) | (x != x)
    return values, scan(xp, ns.where(here, positions, ns.zeros_like(positions)), axis, ns.maximum)


@composite(name="cummax", kinds=REAL | BOOL, outputs=("values", "indices"), constant=frozenset({"indices"}),
           vjp=_cumulative_extremum_x)  # fmt: skip
def _cummax(xp: Any, x: Any, /, *, axis: int) -> Any:
    return _with_indices(xp, x, scan(xp, x, axis, xp.maximum), axis)


@composite(name="cummin", kinds=REAL | BOOL, outputs=("values", "indices"), constant=frozenset({"indices"}),
           vjp=_cumulative_extremum_x)  # fmt: skip
def _cummin(xp: Any, x: Any, /, *, axis: int) -> Any:
    return _with_indices(xp, x, scan(xp, x, axis, xp.minimum), axis)


def cummax(x: Tensor, dim: int | None = None, *, axis: int | None = None) -> return_types.cummax:
    """The largest of all elements up to each, along an axis, and its index (the last of equal ones).

    Parameters
    ----------
    x : Tensor, real dtype or bool; from a NaN on all is NaN
    dim, axis : int; may be left out for a 1-D tensor

    Returns
    -------
    (values, indices), both of the shape of ``x``

    Raises
    ------
    AxisError : an axis that ``x`` does not have

    >>> import pluggrad
    >>> values, indices = pluggrad.cummax(pluggrad.asarray([1.0, 3.0, 2.0]), 0)
    >>> values, indices
    (tensor([1., 3., 3.]), tensor([0, 1, 1]))
    """
    x = wrap(x)
    return return_types.cummax(*_cummax(x, axis=_axis("cummax", x, either("cummax", axis, dim))))


def cummin(x: Tensor, dim: int | None = None, *, axis: int | None = None) -> return_types.cummin:
    """The smallest of all elements up to each, along an axis, and its index. Arguments as in :func:`cummax`.

    >>> import pluggrad
    >>> pluggrad.cummin(pluggrad.asarray([3.0, 1.0, 2.0]), 0).values
    tensor([3., 1., 1.])
    """
    x = wrap(x)
    return return_types.cummin(*_cummin(x, axis=_axis("cummin", x, either("cummin", axis, dim))))


# -- differences and integrals ------------------------------------------------------------------------------------


def _between(x: Tensor, axis: int, start: int | None, stop: int | None) -> Tensor:
    return part(graph_namespace, x, axis, start, stop)


def diff(
    x: Tensor, n: int = 1, axis: int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *,
    dim: int | None = None,
) -> Tensor:  # fmt: skip
    """The differences of neighbours along an axis, ``n`` times over.

    Parameters
    ----------
    x : Tensor, at least 1-D; of bools, whether neighbours differ
    n : how often
    axis, dim : int; default: the last
    prepend, append : Tensors put before and behind ``x`` first

    Returns
    -------
    Tensor, shorter than ``x`` by ``n`` along the axis (0 at least), the dtype of ``x``

    Raises
    ------
    AxisError : an axis that ``x`` does not have
    ArgumentError : a negative ``n``

    >>> import pluggrad
    >>> pluggrad.diff(pluggrad.asarray([1, 4, 9, 16]), n=2)
    tensor([2, 2])
    """
    x = wrap(x)
    if not x.ndim:
        raise ShapeError("diff: needs at least 1 axis, got a 0-D tensor; there is no difference of one value")
    at = one_axis("diff", either("diff", axis, dim, default=-1), x.ndim)
    if n < 0:
        raise ArgumentError(f"diff: n must not be negative, got {n}")
    parts = [wrap(p) for p in (prepend, x, append) if p is not None]
    if len(parts) > 1:
        x = joining.concat(parts, axis=at)
    for _ in range(min(n, x.shape[at])):
        later, earlier = _between(x, at, 1, None), _between(x, at, None, -1)
        x = not_equal(later, earlier) if x.dtype.kind == "bool" else later - earlier
    return x


def _trapezoids(name: str, y: Tensor, x: Tensor | float | None, dx: Any, dim: int) -> tuple[Tensor, int]:
    """The areas between neighbours, and the axis."""
    y = wrap(y)
    if not y.ndim:
        raise ShapeError(f"{name}: needs at least 1 axis, got a 0-D tensor")
    at = one_axis(name, dim, y.ndim)
    width: Any = dx
    if x is not None:
        x = wrap(x)
        if x.ndim == 1 and y.ndim > 1:
            if x.shape[0] != y.shape[at]:
                raise ShapeError(
                    f"{name}: {x.shape[0]} positions x for {y.shape[at]} values along axis {at} of {tuple(y.shape)}"
                )
            x = reshape(x, tuple([-1 if i == at else 1 for i in range(y.ndim)]))
            width = _between(x, at, 1, None) - _between(x, at, None, -1)
        else:
            last = at - y.ndim + x.ndim
            width = _between(x, last, 1, None) - _between(x, last, None, -1)
    return (_between(y, at, 1, None) + _between(y, at, None, -1)) * width / 2.0, at


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1.0, dim: int = -1, axis: int | None = None) -> Tensor:
    """The integral along an axis by the trapezoidal rule.

    Parameters
    ----------
    y : Tensor, the values
    x : Tensor, where they are: 1-D, or of a shape that broadcasts with ``y``
    dx : their distance, if ``x`` is not given
    dim, axis : int

    Returns
    -------
    Tensor, the shape of ``y`` without the axis

    Raises
    ------
    AxisError : an axis that ``y`` does not have
    ShapeError : shapes that do not fit

    >>> import pluggrad
    >>> pluggrad.trapezoid(pluggrad.asarray([1.0, 5.0, 10.0]))
    tensor(10.5000)
    """
    areas, at = _trapezoids("trapezoid", y, x, dx, dim if axis is None else axis)
    return sum(areas, at)


trapz = trapezoid


def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: float = 1.0, dim: int = -1, axis: int | None = None
) -> Tensor:
    """The integral up to each point along an axis by the trapezoidal rule. Arguments as in :func:`trapezoid`.

    Returns
    -------
    Tensor, one element shorter than ``y`` along the axis

    >>> import pluggrad
    >>> pluggrad.cumulative_trapezoid(pluggrad.asarray([1.0, 5.0, 10.0]))
    tensor([ 3.0000, 10.5000])
    """
    areas, at = _trapezoids("cumulative_trapezoid", y, x, dx, dim if axis is None else axis)
    return cumulative_sum(areas, axis=at)
