"""Distributions: histograms, and curves of precision and recall."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from ...dtypes import float64, int64
from ...ops.creation import asarray
from ...ops.searching import searchsorted
from ...ops.sorting import sort
from ...tensor import Tensor
from .values import floats, plugin, proto, tensor_summary

__all__ = ["histogram", "pr_curve", "pr_curve_raw"]

#: TensorBoard's messages hold no more thresholds.
MOST_THRESHOLDS = 127


@cache
def _tensorflow_bins() -> tuple[float, ...]:
    """The edges that TensorFlow used: each a tenth larger than the one before, from 1e-12 to 1e20, on both sides."""
    positive = []
    edge = 1e-12
    while edge < 1e20:
        positive.append(edge)
        edge *= 1.1
    return (*(-x for x in reversed(positive)), 0.0, *positive)


#: Widths of bins of sorted values, by the rules of ``numpy.histogram_bin_edges``; 0: no rule for them.
_WIDTHS: dict[str, Callable[[list[float]], float]] = {
    "sqrt": lambda x: (x[-1] - x[0]) / math.sqrt(len(x)),
    "sturges": lambda x: (x[-1] - x[0]) / (math.log2(len(x)) + 1),
    "rice": lambda x: (x[-1] - x[0]) / (2 * len(x) ** (1 / 3)),
    "scott": lambda x: (24 * math.sqrt(math.pi) / len(x)) ** (1 / 3) * _deviation(x),
    "fd": lambda x: 2 * (_quantile(x, 0.75) - _quantile(x, 0.25)) / len(x) ** (1 / 3),
    "auto": lambda x: min((w for w in (_WIDTHS["fd"](x), _WIDTHS["sturges"](x)) if w), default=0.0),
}


def _deviation(x: list[float]) -> float:
    mean = math.fsum(x) / len(x)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in x) / len(x))


def _quantile(x: list[float], q: float) -> float:
    place = q * (len(x) - 1)
    low = math.floor(place)
    high = min(low + 1, len(x) - 1)
    return x[low] + (x[high] - x[low]) * (place - low)


def _edges(values: Tensor, bins: str | int | Sequence[float]) -> list[float]:
    """The edges of the bins of sorted values."""
    if bins == "tensorflow":
        return list(_tensorflow_bins())
    if not isinstance(bins, str | int):
        return floats(bins).tolist()
    low, high = (float(values[0].item()), float(values[-1].item())) if values.size else (0.0, 1.0)
    if isinstance(bins, str):
        if bins not in _WIDTHS:
            raise ValueError(f"add_histogram: bins is 'tensorflow', {', '.join(map(repr, _WIDTHS))}, got {bins!r}")
        width = _WIDTHS[bins](values.tolist()) if values.size else 0.0
        bins = math.ceil((high - low) / width) if width else 1
    if low == high:
        low, high = low - 0.5, high + 0.5
    return [low + (high - low) * i / bins for i in range(bins)] + [high]


def histogram(tag: str, values: Any, bins: str | int | Sequence[float], max_bins: int | None) -> Any:
    """A summary of how often values fall into each of several bins.

    Raises
    ------
    ValueError : no values, or an unknown rule for the bins
    """
    given = floats(values)
    if not given.size:
        raise ValueError("add_histogram: the input has no element")
    finite = sort(given[given.isfinite()])
    limits = _edges(finite, bins)
    edges = asarray(limits, dtype=float64, device="cpu")
    # Each bin holds its lower edge; the last also its upper one.
    below = searchsorted(finite, edges, side="left").tolist()
    below[-1] = int(searchsorted(finite, edges[-1:], side="right").item())
    counts = [high - low for low, high in pairwise(below)]
    if max_bins is not None and len(counts) > max_bins:
        merged = len(counts) // max_bins
        counts = [sum(counts[i : i + merged]) for i in range(0, len(counts), merged)]
        limits = [*limits[:-1:merged], limits[-1]]
    used = [i for i, count in enumerate(counts) if count]
    first, last = (used[0], used[-1]) if used else (0, 0)
    # The bins that hold something, and before them an empty one, of which TensorBoard wants to know the upper edge.
    counts, limits = [0, *counts[first : last + 1]], limits[first : last + 2]
    extremes = (finite[0].item(), finite[-1].item()) if finite.size else (0.0, 0.0)
    summary = proto("summary")
    content = summary.HistogramProto(
        min=extremes[0], max=extremes[1], num=finite.size, sum=finite.sum().item(),
        sum_squares=(finite * finite).sum().item(), bucket_limit=limits, bucket=counts,
    )  # fmt: skip
    return summary.Summary(value=[summary.Summary.Value(tag=tag, histo=content)])


def pr_curve(tag: str, labels: Any, predictions: Any, thresholds: int, weights: Any) -> Any:
    """A summary of precision and recall at thresholds from 0 to 1.

    Raises
    ------
    ValueError : labels and predictions of different lengths
    """
    n = min(thresholds, MOST_THRESHOLDS)
    truth, predicted = floats(labels), floats(predictions)
    if truth.size != predicted.size:
        raise ValueError(f"add_pr_curve: {truth.size} labels and {predicted.size} predictions")
    weight = floats(1.0 if weights is None else weights).expand(truth.size())
    buckets = (predicted * (n - 1)).floor().clip(0, n - 1).to(int64)
    empty = asarray([0.0] * n, dtype=float64, device="cpu")
    hits = empty.scatter_add(0, buckets, truth * weight).flip(0).cumsum(0).flip(0)
    misses = empty.scatter_add(0, buckets, (1.0 - truth) * weight).flip(0).cumsum(0).flip(0)
    rejected, lost = misses[0] - misses, hits[0] - hits
    precision = hits / (hits + misses).clip(1e-7, None)
    recall = hits / (hits + lost).clip(1e-7, None)
    return pr_curve_raw(tag, (hits, misses, rejected, lost, precision, recall), n)


def pr_curve_raw(tag: str, rows: Sequence[Any], thresholds: int) -> Any:
    """A summary of true and false positives, true and false negatives, precision and recall, by threshold."""
    from tensorboard.plugins.pr_curve.plugin_data_pb2 import PrCurvePluginData

    data = [floats(row).tolist() for row in rows]
    content = PrCurvePluginData(version=0, num_thresholds=min(thresholds, MOST_THRESHOLDS)).SerializeToString()
    values = [x for row in data for x in row]
    value = tensor_summary(tag, values, (len(data), len(data[0])), plugin("pr_curves", content))
    return proto("summary").Summary(value=[value])
