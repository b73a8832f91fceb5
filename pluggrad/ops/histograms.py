"""Histograms over bins with given or equally spaced edges, of numbers and of points."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from ..dtypes import int64
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from . import return_types
from .creation import full_like, linspace
from .manipulation import ravel
from .searching import searchsorted, where
from .statistical import bincount

__all__ = ["histogram", "histogramdd"]


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
