"""How many values there are of each kind: of integers, and in bins with given or equally spaced edges."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..autograd.operands import wrap
from ..dtypes import INTEGRAL, REAL_FLOATING, int64
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from . import reductions, return_types
from .creation import full_like, linspace
from .declare import composite
from .dtype_functions import _astype
from .manipulation import ravel
from .searching import searchsorted, where

__all__ = ["bincount", "histc", "histogram", "histogramdd"]


def _bincount_weights(xp: Any, g: Any, x: Any) -> Any:
    return xp.gather(g, x, axis=0)


@composite(name="bincount", kinds=INTEGRAL, promoted=("x",), vjp=[None, _bincount_weights])
def _bincount(xp: Any, x: Any, weights: Any = None, /, *, length: int) -> Any:
    ns = xp.namespace
    if weights is not None:
        return xp.scatter_add(xp.new_zeros(weights, shape=(length,)), ns.astype(x, ns.int64), weights, axis=0)
    edges = ns.arange(length + 1, dtype=ns.int64, device=xp.native_device(x))
    below = ns.searchsorted(ns.sort(ns.astype(x, ns.int64)), edges)
    return below[1:] - below[:-1]


def bincount(x: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each integer from 0 on stands in ``x``.

    Parameters
    ----------
    x : Tensor, 1-D, of integers not below 0
    weights : Tensor of the same shape: what each occurrence counts, 1 by default
    minlength : the least number of bins

    Returns
    -------
    Tensor, 1-D, of size ``max(max(x) + 1, minlength)``: int64, or the float dtype of ``weights`` (float64 for integers)

    Raises
    ------
    ShapeError : not 1-D; weights of another shape
    ArgumentError : a negative element, a negative ``minlength``
    DTypeError : not integers

    >>> import pluggrad
    >>> pluggrad.bincount(pluggrad.asarray([1, 3, 1]))
    tensor([0, 2, 0, 1])
    """
    x = wrap(x)
    if x.ndim != 1:
        raise ShapeError(f"bincount: needs a 1-D tensor, got shape {tuple(x.shape)}; flatten it first")
    if minlength < 0:
        raise ArgumentError(f"bincount: minlength must not be negative, got {minlength}")
    if weights is not None:
        weights = wrap(weights)
        if tuple(weights.shape) != tuple(x.shape):
            raise ShapeError(
                f"bincount: weights must have the shape of x, got {tuple(weights.shape)} and {tuple(x.shape)}"
            )
        if not weights.dtype.is_differentiable:
            weights = _astype(weights, dtype=dtypes.float64)
    length = minlength
    if x.size and x.dtype.kind in INTEGRAL:
        if reductions.amin(x).item() < 0:
            raise ArgumentError(f"bincount: elements must not be negative, got {reductions.amin(x).item()}")
        length = max(length, reductions.amax(x).item() + 1)
    return _bincount(x, weights, length=length)


@composite(name="histc", kinds=REAL_FLOATING)
def _histc(xp: Any, x: Any, /, *, bins: int, low: float, high: float) -> Any:
    ns = xp.namespace
    flat = ns.reshape(x, (-1,))
    inside = (flat >= low) & (flat <= high)
    place = ns.floor((flat - low) * (bins / (high - low)))
    # What is outside goes to bins of its own, past the end.
    place = ns.where(inside, place, ns.full_like(place, bins))
    place = ns.where(inside & (place >= bins), ns.full_like(place, bins - 1), place)
    counts = xp.bincount(ns.astype(place, ns.int64), None, length=bins + 1)[:bins]
    return ns.astype(counts, x.dtype)


def histc(x: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """A histogram with bins of equal width, as in PyTorch.

    Parameters
    ----------
    x : Tensor, any shape; integers are taken as the default float type
    bins : how many
    min, max : the range, the right end included; what is outside, and NaN, is not counted. Both 0: that of ``x``

    Returns
    -------
    Tensor of counts, 1-D, in the dtype of ``x``

    Raises
    ------
    ArgumentError : no bins; ``max`` below ``min``; an infinite range

    >>> import pluggrad
    >>> pluggrad.histc(pluggrad.asarray([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    x = wrap(x)
    if bins <= 0:
        raise ArgumentError(f"histc: bins must be positive, got {bins}")
    if min == max == 0 and x.size:
        min, max = reductions.amin(x).item(), reductions.amax(x).item()
    if not (math.isfinite(min) and math.isfinite(max)):
        raise ArgumentError(
            f"histc: the range [{min}, {max}] is not finite; give min and max, or remove what is not finite"
        )
    if max < min:
        raise ArgumentError(f"histc: max must not be below min, got min={min} and max={max}")
    if min == max:
        min, max = min - 1, max + 1
    return _histc(x, bins=bins, low=float(min), high=float(max))


def _edges(name: str, x: Tensor, bins: Any, low: float | None, high: float | None) -> Tensor:
    """The edges of the bins: those given, or equally spaced ones over the range, by default that of the values.

    Raises
    ------
    ArgumentError, ShapeError
    """
    if isinstance(bins, Tensor):
        if bins.ndim != 1 or bins.numel() < 2:
            raise ShapeError(
                f"{name}: the edges of bins are a 1-D tensor of at least two, got shape {tuple(bins.shape)}"
            )
        return bins
    if bins < 1:
        raise ArgumentError(f"{name}: bins must be positive, got {bins}")
    if low is None or high is None:
        low, high = (x.min().item(), x.max().item()) if x.numel() else (0.0, 0.0)
        if low == high:
            low, high = low - 0.5, high + 0.5
    if not low <= high:
        raise ArgumentError(f"{name}: max must not be below min, got {low} and {high}")
    if low == high:
        low, high = low - 0.5, high + 0.5
    return linspace(low, high, bins + 1, dtype=x.dtype, device=x.device)


def _places(x: Tensor, edges: Tensor) -> Tensor:
    """The bin of each value; the last edge belongs to the last bin; -1 for what lies outside, and for NaN."""
    count = edges.shape[0] - 1
    place = searchsorted(edges, x, right=True) - 1
    place = where(x == edges[-1], full_like(place, count - 1), place)
    return where((x >= edges[0]) & (x <= edges[-1]), place, full_like(place, -1))


def _counted(place: Tensor, weight: Tensor | None, count: int, like: Tensor) -> Tensor:
    inside = place >= 0
    weights = None if weight is None else ravel(weight)[inside]
    return bincount(place[inside], weights, count).to(like.dtype)


def histogram(
    x: Tensor, bins: int | Tensor = 10, *, range: tuple[float, float] | None = None, weight: Tensor | None = None,
    density: bool = False,
) -> Any:  # fmt: skip
    """How many of the values lie in each bin.

    Parameters
    ----------
    x : Tensor, real floating dtype, any shape
    bins : how many, of equal width; or their edges, ascending, 1-D
    range : the lowest and the highest edge; default: those of the values
    weight : Tensor of the shape of ``x``: what each value counts
    density : divide by the total and by the widths, so that the area is 1

    Returns
    -------
    hist : Tensor, shape (bins,), of the dtype of ``x``; what lies outside of all bins is not counted
    bin_edges : Tensor, shape (bins + 1,)

    Raises
    ------
    ArgumentError, ShapeError, DTypeError

    >>> import pluggrad
    >>> pluggrad.histogram(pluggrad.asarray([1.0, 2.0, 1.0]), bins=2, range=(0.0, 3.0)).hist
    tensor([2., 1.])
    """
    if not x.dtype.is_floating_point:
        raise DTypeError(f"histogram: expected a real floating-point tensor, got {x.dtype.name}")
    if weight is not None and weight.shape != x.shape:
        raise ShapeError(f"histogram: weight must have the shape of x, got {tuple(weight.shape)} and {tuple(x.shape)}")
    edges = _edges("histogram", x, bins, *(range or (None, None)))
    hist = _counted(_places(ravel(x), edges), weight, edges.shape[0] - 1, x)
    if density:
        hist = hist / (hist.sum() * (edges[1:] - edges[:-1]))
    return return_types.histogram(hist, edges)


def histogramdd(
    x: Tensor, bins: int | Sequence[Any], *, range: Sequence[float] | None = None, weight: Tensor | None = None,
    density: bool = False,
) -> Any:  # fmt: skip
    """How many points lie in each box of a grid.

    Parameters
    ----------
    x : Tensor, shape (..., dimensions), real floating dtype: points
    bins : how many along each dimension, one number for all or one for each; or the edges for each
    range : the lowest and highest edge of each dimension, one after the other; default: those of the points
    weight : Tensor of the shape of ``x`` without its last axis
    density : divide by the total and by the volumes

    Returns
    -------
    hist : Tensor with one axis for each dimension
    bin_edges : tuple of Tensors

    >>> import pluggrad
    >>> pluggrad.histogramdd(pluggrad.asarray([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), bins=2).hist
    tensor([[0., 1.],
            [1., 1.]])
    """
    if x.ndim < 2 or not x.dtype.is_floating_point:
        raise ShapeError(
            f"histogramdd: expected floating-point points, shape (..., dimensions), got {x.dtype.name} of shape "
            f"{tuple(x.shape)}"
        )
    dimensions = x.shape[-1]
    points = x.reshape(-1, dimensions)
    wanted = [bins] * dimensions if isinstance(bins, int) else list(bins)
    if len(wanted) != dimensions:
        raise ShapeError(f"histogramdd: bins for {len(wanted)} dimensions, but the points have {dimensions}")
    limits: list[Any] = [None] * (2 * dimensions) if range is None else list(range)
    edges = [
        _edges("histogramdd", points[:, d], wanted[d], limits[2 * d], limits[2 * d + 1])
        for d in builtins.range(dimensions)
    ]
    shape = tuple(e.shape[0] - 1 for e in edges)
    place = points.new_zeros(points.shape[0], dtype=int64)
    outside = place < 0
    for d, edge in enumerate(edges):
        own = _places(points[:, d], edge)
        outside = outside | (own < 0)
        place = place * shape[d] + own
    hist = _counted(where(outside, full_like(place, -1), place), weight, math.prod(shape), x).reshape(shape)
    if density:
        hist = hist / hist.sum()
        for d, edge in enumerate(edges):
            hist = hist / (edge[1:] - edge[:-1]).reshape([-1 if i == d else 1 for i in builtins.range(dimensions)])
    return return_types.histogramdd(hist, tuple(edges))
