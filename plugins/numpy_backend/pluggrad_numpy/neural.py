"""Functions of neural networks, each in as few passes over memory as NumPy allows, in the dtype they are given."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .elementwise import erf
from .indexing import add_along
from .scratch import scratch

#: How many elements are worked on at a time where several passes follow each other: they stay in the cache.
_BLOCK = 1 << 15
#: How many elements are few.
_FEW = 1 << 10
#: How many bytes of channels.
_CHANNEL_BYTES = 1 << 20


# -- linear, dropout, embedding --------------------------------------------------------------------------


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    if x.dtype == np.float16:  # BLAS does not know it, and sums keep their digits in float32
        wide = (None if a is None else a.astype(np.float32) for a in (x, weight, bias))
        return _linear(*wide).astype(np.float16)  # type: ignore[arg-type]
    return _linear(x, weight, bias)


def _linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """One product of two matrices, whatever axes ``x`` has. Of small ones, ``dot`` begins sooner than ``matmul``."""
    if x.ndim == 2:
        out = x.dot(weight.T)
    else:
        rows = x.size // x.shape[-1] if x.shape[-1] else math.prod(x.shape[:-1])
        out = x.reshape(rows, x.shape[-1]).dot(weight.T).reshape(*x.shape[:-1], weight.shape[0])
    return out if bias is None else np.add(out, bias, out)


linear.for_dtype = lambda dtype: linear if dtype == np.float16 else _linear  # type: ignore[attr-defined]


def linear_weight(gradient: np.ndarray, x: np.ndarray) -> np.ndarray:
    if x.dtype == np.float16:
        return _linear_weight(gradient.astype(np.float32), x.astype(np.float32)).astype(np.float16)
    return _linear_weight(gradient, x.conj() if x.dtype.kind == "c" else x)


def _linear_weight(gradient: np.ndarray, x: np.ndarray) -> np.ndarray:
    if x.ndim != 2:
        gradient, x = (a.reshape(math.prod(a.shape[:-1]), a.shape[-1]) for a in (gradient, x))
    return gradient.T.dot(x)


linear_weight.for_dtype = lambda dtype: _linear_weight if dtype.char in "fd" else linear_weight  # type: ignore[attr-defined]


def dropout(x: np.ndarray, mask: np.ndarray, *, scale: float) -> np.ndarray:
    out = np.multiply(x, mask)
    out *= scale
    return out


def embedding(
    weight: np.ndarray, indices: np.ndarray, *, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> np.ndarray:
    return np.take(weight, indices, axis=0)


def embedding_weight(
    g: np.ndarray, indices: np.ndarray, *, rows: int, padding_idx: int | None = None, scale_grad_by_freq: bool = False,
    add: Callable[..., None] = add_along,
) -> np.ndarray:  # fmt: skip
    """The rows are added up by ``add``, which a plugin can replace by a compiled one."""
    width = g.shape[-1]
    out, numbers = np.zeros((rows, width), g.dtype), indices.reshape(-1)
    add(out[None], numbers, g.reshape(1, numbers.size, width))
    if scale_grad_by_freq:
        counts = np.bincount(numbers, minlength=rows)
        out /= np.maximum(counts, 1).astype(g.real.dtype)[:, None]
    if padding_idx is not None:
        out[padding_idx] = 0
    return out


# -- softmax ---------------------------------------------------------------------------------------------


def softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    if x.dtype == np.float16:
        return softmax(x.astype(np.float32), axis=axis).astype(np.float16)
    out = np.subtract(x, np.maximum.reduce(x, axis, keepdims=True))
    np.exp(out, out=out)
    out /= np.add.reduce(out, axis, keepdims=True)
    return out


def softmax_input(g: np.ndarray, y: np.ndarray, *, axis: int) -> np.ndarray:
    if g.dtype == np.float16:
        return softmax_input(g.astype(np.float32), y.astype(np.float32), axis=axis).astype(np.float16)
    if axis == g.ndim - 1 and g.ndim:
        along = np.einsum("...i,...i->...", g, y)[..., None]
    else:
        along = np.add.reduce(g * y, axis, keepdims=True)
    found = np.subtract(g, along)
    found *= y
    return found


def _weigh(scores: np.ndarray, causal: bool, safe: bool) -> None:
    """Softmax of scores (..., L, S), in place; ``safe`` : rows of -inf alone become 0, not NaN."""
    if causal:
        np.copyto(scores, -np.inf, where=np.logical_not(np.tri(*scores.shape[-2:], dtype=np.bool_)))
    largest = np.maximum.reduce(scores, -1, keepdims=True)
    if safe:
        largest[largest == -np.inf] = 0.0
    scores -= largest
    np.exp(scores, out=scores)
    total = np.add.reduce(scores, -1, keepdims=True)
    if safe:
        total[total == 0.0] = 1.0
    scores /= total


def _across(x: np.ndarray) -> np.ndarray:
    """With the last two axes swapped: in memory, too, where they are short, as BLAS takes twice as long for a view."""
    swapped = np.swapaxes(x, -1, -2)
    return np.ascontiguousarray(swapped) if x.shape[-1] * x.shape[-2] < _BLOCK else swapped


def attention_weights(
    query: np.ndarray, key: np.ndarray, mask: np.ndarray | None = None, *, scale: float, causal: bool, safe: bool,
    weigh: Callable[..., None] = _weigh,
) -> np.ndarray:  # fmt: skip
    """The scores become the weights in place, by ``weigh``, which a plugin can replace by a compiled one."""
    if query.dtype == np.float16:
        given = (None if a is None else a.astype(np.float32) for a in (query, key, mask))
        return attention_weights(*given, scale=scale, causal=causal, safe=safe).astype(np.float16)  # type: ignore[arg-type]
    weights = np.matmul(query * query.dtype.type(scale), _across(key))
    if mask is not None:
        weights += mask
    weigh(weights, causal, mask is not None and safe)
    return weights


def _slope(g: np.ndarray, y: np.ndarray) -> None:
    """The gradient of softmax along the last axis, in place of that for its result."""
    g -= np.einsum("...i,...i->...", g, y)[..., None]
    g *= y


def attention_scores_gradient(
    g: np.ndarray, value: np.ndarray, weights: np.ndarray, g_weights: np.ndarray | None = None,
    factors: np.ndarray | None = None, *, slope: Callable[..., None] = _slope,
) -> np.ndarray:  # fmt: skip
    if g.dtype == np.float16:
        given = (None if a is None else a.astype(np.float32) for a in (g, value, weights, g_weights, factors))
        return attention_scores_gradient(*given).astype(np.float16)  # type: ignore[arg-type]
    found = np.matmul(g, _across(value))
    if factors is not None:
        found *= factors
    if g_weights is not None:
        found += g_weights
    slope(found, weights)
    return found


def log_softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    if x.dtype == np.float16:
        return log_softmax(x.astype(np.float32), axis=axis).astype(np.float16)
    out = np.subtract(x, np.maximum.reduce(x, axis, keepdims=True))
    e = np.exp(out, out=scratch("exp", out.shape, out.dtype))
    total = np.add.reduce(e, axis, keepdims=True)
    out -= np.log(total, out=total)
    return out


# -- cross entropy: classes along the second of two axes, or of three ---------------------------------------


def _by_class(x: np.ndarray) -> np.ndarray:
    """(N, C, ...) as (N, C, L), or (N, C) where each sample has one place; (C) as (1, C)."""
    if x.ndim == 1:
        return x.reshape(1, -1)
    return x if x.ndim == 2 else x.reshape(x.shape[0], x.shape[1], math.prod(x.shape[2:]))


def _samples(
    target: np.ndarray, weight: np.ndarray | None, ignore_index: int | None, shape: tuple[int, ...], dtype: Any
) -> tuple[np.ndarray | None, tuple[Any, ...], np.ndarray | None, Any]:
    """Which samples count; the key of their classes in (N, C[, L]); their weights; the sum of these. None: all, 1."""
    classes = target.reshape(shape[0], *shape[2:])
    counts = None if ignore_index is None else classes != ignore_index
    if counts is not None:
        classes = np.where(counts, classes, 0)
    if weight is not None:
        weights = np.take(weight, classes) if counts is None else np.take(weight, classes) * counts
    else:
        weights = None if counts is None else counts.astype(dtype)
    every = np.arange(shape[0])
    key: tuple[Any, ...] = (every, classes)
    if len(shape) == 3:
        key = (every[:, None], classes, np.arange(shape[2]))
    return counts, key, weights, classes.size if weights is None else np.add.reduce(weights, None)


def _smooth_weights(weight: np.ndarray | None, smoothing: float, classes: int, dtype: Any) -> np.ndarray:
    """The part of q that all classes of a sample have by smoothing."""
    share = smoothing / classes
    return np.full(classes, share, dtype) if weight is None else weight * dtype.type(share)


def _smoothed(x: np.ndarray, smooth: np.ndarray) -> np.ndarray:
    """The sum over the classes, by weight."""
    return x @ smooth if x.ndim == 2 else np.matmul(smooth, x)


def _weighed(hard: np.ndarray, weights: np.ndarray | None, smoothing: float) -> np.ndarray:
    if weights is not None:
        hard = np.where(weights != 0, hard * weights, hard.dtype.type(0))
    if smoothing:
        hard *= 1.0 - smoothing
    return hard


def nll_loss(
    x: np.ndarray, target: np.ndarray, weight: np.ndarray | None = None, *, ignore_index: int | None, reduction: str,
    smoothing: float = 0.0,
) -> np.ndarray:  # fmt: skip
    rows = _by_class(x)
    counts, key, weights, total = _samples(target, weight, ignore_index, rows.shape, x.dtype)
    loss = _weighed(-rows[key], weights, smoothing)
    if smoothing:
        smooth = _smoothed(rows, _smooth_weights(weight, smoothing, rows.shape[1], x.dtype))
        loss -= smooth if counts is None else np.where(counts, smooth, 0)
    return _reduced(loss, total, reduction, target.shape)


def _reduced(loss: np.ndarray, total: Any, reduction: str, shape: tuple[int, ...]) -> np.ndarray:
    if reduction == "none":
        return loss.reshape(shape)
    whole = np.add.reduce(loss, None)
    return np.asarray(whole / loss.dtype.type(total) if reduction == "mean" else whole)


def _scaled(g: np.ndarray, weights: np.ndarray | None, total: Any, reduction: str, shape: tuple[int, ...]) -> Any:
    """The factor of each sample in the gradient, without and with its weight."""
    if reduction == "mean":
        g = g / g.dtype.type(total)
    elif reduction == "none":
        g = g.reshape(shape)
    return g, g if weights is None else np.where(weights != 0, g * weights, g.dtype.type(0))


def _beside_classes(factor: Any, smooth: np.ndarray, ndim: int) -> np.ndarray:
    """A factor of each sample times a weight of each class."""
    if not np.ndim(factor):
        return smooth * factor if ndim == 2 else (smooth * factor)[:, None]
    return factor[:, None] * (smooth if ndim == 2 else smooth[:, None])


def nll_loss_input(
    g: np.ndarray, target: np.ndarray, weight: np.ndarray | None = None, *, shape: tuple[int, ...],
    ignore_index: int | None, reduction: str, smoothing: float = 0.0,
) -> np.ndarray:  # fmt: skip
    out = np.zeros(shape, g.dtype)
    rows = _by_class(out)
    counts, key, weights, total = _samples(target, weight, ignore_index, rows.shape, g.dtype)
    plain, weighted = _scaled(g, weights, total, reduction, (rows.shape[0], *rows.shape[2:]))
    if smoothing:
        factor = plain if counts is None else np.where(counts, plain, g.dtype.type(0))
        rows -= _beside_classes(factor, _smooth_weights(weight, smoothing, rows.shape[1], g.dtype), rows.ndim)
    rows[key] -= weighted * (1.0 - smoothing)
    return out


def normalizers(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest number along axis 1, and the logarithm of the sum of exponentials, less that number."""
    largest = np.maximum.reduce(x, 1)
    e = np.subtract(x, largest[:, None], out=scratch("exp", x.shape, x.dtype))
    np.exp(e, out=e)
    total = np.add.reduce(e, 1)
    return largest, np.log(total, out=total)


def weighted_softmax(x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Softmax along axis 1, times a factor for each sum: (N[, L]) or 0-D."""
    out = softmax(x, axis=1)
    out *= factor[:, None] if factor.ndim else factor
    return out


def cross_entropy(
    x: np.ndarray, target: np.ndarray, weight: np.ndarray | None = None, *, ignore_index: int | None, reduction: str,
    smoothing: float, normalize: Callable[..., Any] = normalizers,
) -> np.ndarray:  # fmt: skip
    """What goes over all classes is done by ``normalize``, which a plugin can replace by a compiled one."""
    if x.dtype == np.float16:
        wide = (None if a is None else a.astype(np.float32) for a in (x, weight))
        x, weight = wide  # type: ignore[assignment]
        return cross_entropy(
            x, target, weight, ignore_index=ignore_index, reduction=reduction, smoothing=smoothing, normalize=normalize
        ).astype(np.float16)
    rows = _by_class(x)
    counts, key, weights, total = _samples(target, weight, ignore_index, rows.shape, x.dtype)
    largest, logarithm = normalize(rows)
    # The largest number goes first: beside it the logarithm may have no digit left.
    loss = _weighed(largest - rows[key] + logarithm, weights, smoothing)
    if smoothing:
        smooth = _smooth_weights(weight, smoothing, rows.shape[1], x.dtype)
        rest = np.add.reduce(smooth) * largest - _smoothed(rows, smooth) + np.add.reduce(smooth) * logarithm
        loss += rest if counts is None else np.where(counts, rest, 0)
    return _reduced(loss, total, reduction, target.shape)


def cross_entropy_input(
    g: np.ndarray, x: np.ndarray, target: np.ndarray, weight: np.ndarray | None = None, *, ignore_index: int | None,
    reduction: str, smoothing: float, spread: Callable[..., np.ndarray] = weighted_softmax,
) -> np.ndarray:  # fmt: skip
    """Softmax times the sum of q, less q, times what each sample has of ``g``.

    Softmax is done by ``spread``, which a plugin can replace by a compiled one.
    """
    rows = _by_class(x)
    counts, key, weights, total = _samples(target, weight, ignore_index, rows.shape, x.dtype)
    plain, weighted = _scaled(g, weights, total, reduction, (rows.shape[0], *rows.shape[2:]))
    hard = np.asarray(weighted * (1.0 - smoothing), x.dtype)
    if not smoothing:
        out = spread(rows, hard)
    else:
        smooth = _smooth_weights(weight, smoothing, rows.shape[1], x.dtype)
        factor = plain if counts is None else np.where(counts, plain, x.dtype.type(0))
        out = spread(rows, np.asarray(hard + factor * np.add.reduce(smooth), x.dtype))
        out -= _beside_classes(factor, smooth, rows.ndim)
    out[key] -= hard
    return out.reshape(x.shape)


# -- losses of elements ----------------------------------------------------------------------------------


def mse_loss(x: np.ndarray, target: np.ndarray, *, reduction: str) -> np.ndarray:
    d = np.subtract(x, target)
    if reduction == "none":
        return np.square(d, out=d) if isinstance(d, np.ndarray) else np.asarray(d * d)
    d = np.asarray(d)
    if d.size < _FEW and d.dtype.char in "fd":  # a product has ended before a sum has begun
        d = d.reshape(-1)
        total = d.dot(d)
    else:
        total = np.add.reduce(np.square(d), None)
    return np.asarray(total / d.dtype.type(d.size) if reduction == "mean" else total)


# -- normalisation ---------------------------------------------------------------------------------------


def layer_norm(*arrays: np.ndarray, count: int, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, *affine = arrays
    if x.dtype == np.float16:
        wide = layer_norm(*(a.astype(np.float32) for a in arrays), count=count, eps=eps)
        return tuple(a.astype(np.float16) for a in wide)  # type: ignore[return-value]
    n = math.prod(x.shape[-count:])
    rows = x.reshape(math.prod(x.shape[:-count]), n)
    kept = (*x.shape[:-count], *(1,) * count)
    mean = np.add.reduce(rows, 1, keepdims=True)
    mean /= x.dtype.type(n)
    out = np.subtract(rows, mean)
    rstd = np.einsum("ij,ij->i", out, out)[:, None]
    rstd /= x.dtype.type(n)
    rstd += x.dtype.type(eps)
    np.sqrt(rstd, out=rstd)
    np.reciprocal(rstd, out=rstd)
    out *= rstd
    if affine:
        out *= affine[0].reshape(-1)
    if len(affine) == 2:
        out += affine[1].reshape(-1)
    return out.reshape(x.shape), mean.reshape(kept), rstd.reshape(kept)


def layer_norm_gradients(*arrays: np.ndarray, count: int) -> tuple[np.ndarray, ...]:
    g, g_mean, g_rstd, x, mean, rstd, *weight = arrays
    if x.dtype == np.float16:
        wide = layer_norm_gradients(*(a.astype(np.float32) for a in arrays), count=count)
        return tuple(a.astype(np.float16) for a in wide)
    n = math.prod(x.shape[-count:])
    rows, slopes = x.reshape(math.prod(x.shape[:-count]), n), g.reshape(math.prod(x.shape[:-count]), n)
    r = rstd.reshape(-1, 1)
    normal = np.subtract(rows, mean.reshape(-1, 1), out=scratch("normal", rows.shape, x.dtype))
    normal *= r
    others: tuple[np.ndarray, ...] = ()
    if weight:
        of_weight = np.einsum("ij,ij->j", slopes, normal)
        others = (of_weight.reshape(weight[0].shape), np.add.reduce(slopes, 0).reshape(weight[0].shape))
        out = np.multiply(slopes, weight[0].reshape(-1))
    else:
        out = np.array(slopes)
    slope = np.einsum("ij,ij->i", out, normal)[:, None] / x.dtype.type(n) + g_rstd.reshape(-1, 1) * (
        r / x.dtype.type(n)
    )
    shift = np.add.reduce(out, 1, keepdims=True) / x.dtype.type(n) - g_mean.reshape(-1, 1) / (r * x.dtype.type(n))
    normal *= slope
    out -= normal
    out -= shift
    out *= r
    return (out.reshape(x.shape), *others)


def _by_channel(x: np.ndarray) -> np.ndarray:
    """(N, C, ...) as (N, C, L)."""
    return x.reshape(x.shape[0], x.shape[1], math.prod(x.shape[2:]))


def _channels(images: np.ndarray) -> Iterator[slice]:
    """Some channels of (N, C, L) at a time, which stay in the cache from one pass to the next."""
    count = images.shape[1]
    some = max(1, _CHANNEL_BYTES * count // max(images.nbytes, 1))
    for first in range(0, count, some):
        yield slice(first, first + some)


def _channel_sum(x: np.ndarray) -> np.ndarray:
    """The sum of each channel of (N, C, L): within images first, so that few numbers are added to a large sum."""
    return np.add.reduce(np.add.reduce(x, 2), 0)


def batch_norm(*arrays: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, *affine = arrays
    if x.dtype == np.float16:
        wide = batch_norm(*(a.astype(np.float32) for a in arrays), eps=eps)
        return tuple(a.astype(np.float16) for a in wide)  # type: ignore[return-value]
    images = _by_channel(x)
    n = x.dtype.type(images.shape[0] * images.shape[2])
    kept = (1, x.shape[1], *(1,) * (x.ndim - 2))
    out, mean, rstd = np.empty(images.shape, x.dtype), *np.empty((2, x.shape[1]), x.dtype)
    for c in _channels(images):
        mean[c] = _channel_sum(images[:, c]) / n
        distances = np.subtract(images[:, c], mean[c, None], out=out[:, c])
        variance = np.add.reduce(np.einsum("ncl,ncl->nc", distances, distances), 0)
        variance /= n
        variance += x.dtype.type(eps)
        np.sqrt(variance, out=variance)
        np.reciprocal(variance, out=rstd[c])
        distances *= (rstd[c] * affine[0][c] if affine else rstd[c])[:, None]
        if len(affine) == 2:
            distances += affine[1][c, None]
    return out.reshape(x.shape), mean.reshape(kept), rstd.reshape(kept)


def batch_norm_gradients(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    g, g_mean, g_rstd, x, mean, rstd, *weight = arrays
    if x.dtype == np.float16:
        return tuple(a.astype(np.float16) for a in batch_norm_gradients(*(a.astype(np.float32) for a in arrays)))
    images, slopes = _by_channel(x), _by_channel(g)
    n = x.dtype.type(images.shape[0] * images.shape[2])
    out, (of_weight, of_bias) = np.empty(images.shape, x.dtype), np.empty((2, x.shape[1]), x.dtype)
    numbers = [a.reshape(-1) for a in (g_mean, g_rstd, mean, rstd)]
    for c in _channels(images):
        of_mean, of_rstd, center, r = (a[c] for a in numbers)
        block = slopes[:, c]
        normal = np.subtract(images[:, c], center[:, None], out=scratch("normal", block.shape, x.dtype))
        normal *= r[:, None]
        of_weight[c] = np.add.reduce(np.einsum("ncl,ncl->nc", block, normal), 0)
        of_bias[c] = _channel_sum(block)
        # h = g·weight, whose averages are those of g times the weight: the same sums serve both.
        scale = weight[0][c] if weight else x.dtype.type(1)
        slope = of_weight[c] * scale / n + of_rstd * (r / n)
        shift = of_bias[c] * scale / n - of_mean / (r * n)
        normal *= (slope * r)[:, None]
        normal += (shift * r)[:, None]
        np.subtract(np.multiply(block, (scale * r)[:, None], out=out[:, c]), normal, out=out[:, c])
    return (out.reshape(x.shape), of_weight, of_bias) if weight else (out.reshape(x.shape),)


def group_norm(*arrays: np.ndarray, groups: int, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Layer normalisation of (N groups, elements); then the weights of channels, within the cache, by sample."""
    x, *affine = arrays
    rows = (x.shape[0], groups, math.prod(x.shape[1:]) // groups)
    out, mean, rstd = layer_norm(x.reshape(rows), count=1, eps=eps)
    images = _by_channel(out.reshape(x.shape))
    for image in images if affine else ():
        image *= affine[0][:, None]
        if len(affine) == 2:
            image += affine[1][:, None]
    return images.reshape(x.shape), mean, rstd


def group_norm_gradients(*arrays: np.ndarray, groups: int) -> tuple[np.ndarray, ...]:
    g, g_mean, g_rstd, x, mean, rstd, *weight = arrays
    if x.dtype == np.float16:
        wide = group_norm_gradients(*(a.astype(np.float32) for a in arrays), groups=groups)
        return tuple(a.astype(np.float16) for a in wide)
    count, channels = x.shape[:2]
    n = x.dtype.type(math.prod(x.shape[1:]) // groups)
    images, slopes = _by_channel(x), _by_channel(g)

    def of_channels(a: np.ndarray) -> np.ndarray:
        """(N, groups) as (N, C)."""
        return np.repeat(a, channels // groups, axis=1)

    def of_groups(a: np.ndarray) -> np.ndarray:
        """The sums of (N, C) within each group, as (N, groups)."""
        return np.add.reduce(a.reshape(count, groups, channels // groups), 2)

    r = rstd.reshape(count, groups)
    center, scale = of_channels(mean.reshape(count, groups)), of_channels(r)
    of_weight, of_bias = (np.empty((count, channels), x.dtype) for _ in range(2))
    out = np.empty(images.shape, x.dtype)
    # With h = g·weight: sums of g and of g·x̂ over each channel give those of h and of h·x̂ over a group.
    for i in range(count):  # one sample stays in the cache
        normal = np.subtract(images[i], center[i, :, None], out=out[i])
        normal *= scale[i, :, None]
        np.einsum("cl,cl->c", slopes[i], normal, out=of_weight[i])
        np.add.reduce(slopes[i], 1, out=of_bias[i])
    w = weight[0] if weight else x.dtype.type(1)
    slope = of_groups(of_weight * w) / n + g_rstd.reshape(r.shape) * (r / n)
    shift = of_groups(of_bias * w) / n - g_mean.reshape(r.shape) / (r * n)
    of_normal, constant, of_g = of_channels(slope * r), of_channels(shift * r), scale * w
    for i in range(count):
        out[i] *= of_normal[i, :, None]
        out[i] += constant[i, :, None]
        np.subtract(slopes[i] * of_g[i, :, None], out[i], out=out[i])
    others = (np.add.reduce(of_weight, 0), np.add.reduce(of_bias, 0)) if weight else ()
    return (out.reshape(x.shape), *others)


# -- activations -----------------------------------------------------------------------------------------


def leaky_relu(x: np.ndarray, *, negative_slope: float) -> np.ndarray:
    if 0 <= negative_slope <= 1:
        out = np.multiply(x, negative_slope)
        return np.maximum(x, out, out=out) if isinstance(out, np.ndarray) else np.maximum(x, out)
    return np.where(x > 0, x, x * negative_slope)


_K, _C = math.sqrt(2 / math.pi), 0.044715
_SQRT_HALF, _DENSITY = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)


def _tanh_part(x: np.ndarray, out: np.ndarray) -> None:
    """tanh(√(2/π)·(x + 0.044715·x³)), of one block."""
    np.multiply(x, x, out=out)
    out *= _K * _C
    out += _K
    out *= x
    np.tanh(out, out=out)


def _blocks(*arrays: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Arrays of one shape in blocks that fit the cache: several passes over one block follow each other."""
    flat = [np.ascontiguousarray(a).reshape(-1) for a in arrays[:-1]]
    flat.append(arrays[-1].reshape(-1))  # the last one is written: it must be contiguous
    for first in range(0, flat[-1].size, _BLOCK):
        yield [a[first : first + _BLOCK] for a in flat]


def silu(x: np.ndarray) -> np.ndarray:
    out = np.empty(x.shape, x.dtype)
    for a, b in _blocks(x, out):
        np.negative(a, out=b)
        np.exp(b, out=b)
        b += 1
        np.divide(a, b, out=b)
    return out


def silu_input(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``g·s·(1 + x·(1 - s))`` with the sigmoid s."""
    out = np.empty(x.shape, x.dtype)
    for slope, a, b in _blocks(g, x, out):
        s = scratch("sigmoid", a.shape, a.dtype)
        np.negative(a, out=s)
        np.exp(s, out=s)
        s += 1
        np.reciprocal(s, out=s)
        np.subtract(1, s, out=b)
        b *= a
        b += 1
        b *= s
        b *= slope
    return out


#: The logarithm of Φ(x) / Φ(-x), divided by x, in x² up to the largest one, for float32: Φ is off by 5e-8 at most.
#: Weighted least squares, so that the error is even; behind, Φ is 0 or 1 in that dtype.
_LOGIT = (
    -1.7154435814038216e-11, 4.632429168309753e-09, -2.899420868748292e-07, 8.19000433764557e-06,
    -1.1188947937220782e-04, -6.232650310807026e-05, 0.07266368303858824, 1.5957704039694924,
)  # fmt: skip
_LARGEST_SQUARE = 31.36


def _normal(a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """1 / Φ(a), of one block of float32."""
    square = np.multiply(a, a, out=scratch("square", a.shape, a.dtype))
    np.minimum(square, _LARGEST_SQUARE, out=square)
    np.multiply(square, _LOGIT[0], out=out)
    for coefficient in _LOGIT[1:-1]:
        out += coefficient
        out *= square
    out += _LOGIT[-1]
    out *= a
    np.negative(out, out=out)
    np.exp(out, out=out)
    out += 1
    return out


def gelu(x: np.ndarray, *, approximate: str) -> np.ndarray:
    out = np.empty(x.shape, x.dtype)
    for a, b in _blocks(x, out):
        if approximate == "tanh":
            _tanh_part(a, b)
        elif a.dtype == np.float32:
            np.divide(a, _normal(a, b), out=b)
            continue
        else:
            b[...] = erf(a * x.dtype.type(_SQRT_HALF))
        b += 1
        b *= a
        b *= 0.5
    return out


def gelu_input(g: np.ndarray, x: np.ndarray, *, approximate: str) -> np.ndarray:
    out = np.empty(x.shape, x.dtype)
    slope_of = _tanh_slope if approximate == "tanh" else _erf_slope
    for slope, a, b in _blocks(g, x, out):
        slope_of(a, b)
        b *= slope
    return out


def _erf_slope(a: np.ndarray, b: np.ndarray) -> None:
    """Φ(a) + a·φ(a)."""
    np.multiply(a, a, out=b)
    b *= -0.5
    np.exp(b, out=b)
    b *= a
    b *= _DENSITY
    if a.dtype == np.float32:
        below = _normal(a, scratch("normal", a.shape, a.dtype))
        np.reciprocal(below, out=below)
    else:
        below = erf(a * a.dtype.type(_SQRT_HALF))
        below += 1
        below *= 0.5
    b += below


def _tanh_slope(a: np.ndarray, b: np.ndarray) -> None:
    """(1 + t) / 2 + a·(1 - t²)·(3·C·a² + 1)·K / 2."""
    t, square = scratch("tanh", a.shape, a.dtype), scratch("square", a.shape, a.dtype)
    _tanh_part(a, t)
    np.multiply(a, a, out=b)
    b *= 1.5 * _K * _C
    b += 0.5 * _K
    b *= a
    np.multiply(t, t, out=square)
    np.subtract(1, square, out=square)
    b *= square
    t += 1
    t *= 0.5
    b += t


KERNELS = {
    f.__name__: f
    for f in (
        linear, linear_weight, dropout, embedding, embedding_weight, softmax, softmax_input, log_softmax,
        attention_weights, attention_scores_gradient, nll_loss, nll_loss_input, cross_entropy,
        cross_entropy_input, mse_loss, layer_norm, layer_norm_gradients, batch_norm, batch_norm_gradients, group_norm,
        group_norm_gradients, leaky_relu,
        silu, silu_input, gelu, gelu_input,
    )
}  # fmt: skip
