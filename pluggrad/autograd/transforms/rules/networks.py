"""Layers and losses: the batch becomes part of the axis of samples, or of the channels."""

from __future__ import annotations

import math
from typing import Any

from ..batched import BatchedArray, BatchedKernels, bare, batch_size
from .registry import RULES, batching, composed, full, loop


@batching("linear")
def _linear(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    x, weight, *rest = args
    bias = rest[0] if rest else None
    if not weight.batched and (bias is None or not bias.batched):
        return xp.wrap(xp.inner.linear(*[bare(a) for a in args]))
    out = xp.matmul(x, weight.mT)
    return out if bias is None else out + bias


@batching("linear_weight")
def _linear_weight(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """A product of two matrices for each member; of members that are one row each, all outer products at once."""
    size = batch_size(args)
    inner = xp.inner
    g, x = (full(xp, a, size) for a in args)
    rows = math.prod(g.shape[1:-1])
    if rows == 1:
        first, second = (size, g.shape[-1], 1), (size, 1, x.shape[-1])
        return xp.wrap(inner.reshape(g, shape=first) * inner.conj(inner.reshape(x, shape=second)))
    g, x = (inner.reshape(a, shape=(size, rows, a.shape[-1])) for a in (g, x))
    return xp.wrap(inner.matmul(inner.permute_dims(g, axes=(0, 2, 1)), inner.conj(x)))


def _folded(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """Functions of (N, C, ...): the batch becomes part of N."""
    size = batch_size(args)
    arrays = []
    for a in args:
        array = full(xp, a, size)
        arrays.append(xp.inner.reshape(array, shape=(array.shape[0] * array.shape[1], *array.shape[2:])))
    out = getattr(xp.inner, name)(*arrays, **parameters)
    return xp.wrap(_unfolded(xp, out, size))


def _unfolded(xp: BatchedKernels, out: Any, size: int) -> Any:
    if isinstance(out, tuple | list):
        return tuple(_unfolded(xp, o, size) for o in out)
    return xp.inner.reshape(out, shape=(size, out.shape[0] // size, *out.shape[1:]))


@batching("convolution", "convolution_input")
def _convolution(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    x, weight, *rest = args
    bias = rest[0] if rest else None
    if not x.ndim > 2 or not batch_size(args):
        return loop(xp, name, args, parameters)
    if not weight.batched and (bias is None or not bias.batched):
        if bias is None:
            folded = _plain(xp, name, (x,), (weight.array,), parameters)
        else:
            folded = _plain(xp, name, (x,), (weight.array, bias.array), parameters)
        return folded
    # Weights of each member's own: its channels become groups of one convolution.
    size = batch_size(args)
    channels = _channels(xp, full(xp, x, size))
    w = full(xp, weight, size)
    groups = parameters["groups"]
    w = xp.inner.reshape(w, shape=(size * w.shape[1], *w.shape[2:]))
    out = getattr(xp.inner, name)(channels, w, **{**parameters, "groups": groups * size})
    out = xp.wrap(_unchannels(xp, out, size))
    if bias is None:
        return out
    return out + xp.reshape(bias, shape=(bias.shape[0], *(1,) * (out.ndim - 2)))


def _plain(xp: BatchedKernels, name: str, folded: Any, rest: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    (x,) = folded
    size = batch_size(folded)
    array = xp.inner.reshape(x.array, shape=(x.array.shape[0] * x.array.shape[1], *x.array.shape[2:]))
    return xp.wrap(_unfolded(xp, getattr(xp.inner, name)(array, *rest, **parameters), size))


def _channels(xp: BatchedKernels, a: Any) -> Any:
    """(B, N, C, ...) as (N, B*C, ...)."""
    axes = (1, 0, *range(2, a.ndim))
    return xp.inner.reshape(
        xp.inner.permute_dims(a, axes=axes), shape=(a.shape[1], a.shape[0] * a.shape[2], *a.shape[3:])
    )


def _unchannels(xp: BatchedKernels, a: Any, size: int) -> Any:
    """(N, B*C, ...) as (B, N, C, ...)."""
    a = xp.inner.reshape(a, shape=(a.shape[0], size, a.shape[1] // size, *a.shape[2:]))
    return xp.inner.permute_dims(a, axes=(1, 0, *range(2, a.ndim)))


@batching("convolution_weight")
def _convolution_weight(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    size = batch_size(args)
    if not size:
        return loop(xp, name, args, parameters)
    g, x = (_channels(xp, full(xp, a, size)) for a in args)
    out = xp.inner.convolution_weight(g, x, **{**parameters, "groups": parameters["groups"] * size})
    return xp.wrap(_unfolded(xp, out, size))


for _name in (
    "avg_pool avg_pool_input max_pool max_pool_indices max_pool_input max_pool_select im2col col2im".split()
):  # fmt: skip
    RULES[_name] = lambda xp, name, args, parameters: (
        _folded(xp, name, args, parameters)
        if batch_size(args) and all(getattr(a, "ndim", 0) > 2 for a in args)
        else loop(xp, name, args, parameters)
    )


@batching("layer_norm", "rms_norm", "group_norm")
def _norm(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    x, *affine = args
    if not x.ndim or not batch_size(args):
        return loop(xp, name, args, parameters)
    if not x.batched or any(a.batched for a in affine):
        return composed(xp, name, args, parameters)
    size = x.array.shape[0]
    array = x.array
    if name == "group_norm":  # the statistics of (N, C, ...) are of each in N
        array = xp.inner.reshape(array, shape=(size * array.shape[1], *array.shape[2:]))
        out = xp.inner.group_norm(array, *[bare(a) for a in affine], **parameters)
        return xp.wrap(_unfolded(xp, out, size))
    return xp.wrap(getattr(xp.inner, name)(array, *[bare(a) for a in affine], **parameters))


@batching("window_argmax")
def _window_argmax(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """The batch becomes part of the planes; windows that all planes of all members share stay as they are."""
    x, positions = args
    if not positions.batched and positions.shape[0] == 1:
        planes = xp.inner.reshape(x.array, shape=(-1, x.shape[1]))
        return xp.wrap(_unfolded(xp, xp.inner.window_argmax(planes, positions.array), x.array.shape[0]))
    each = xp.broadcast_to(positions, shape=(x.shape[0], *positions.shape[1:]))
    return _folded(xp, name, (x, each), parameters)


@batching(
    "attention_weights", "attention_scores_gradient", "scaled_dot_product_attention", "tiled_attention",
    "tiled_attention_gradients", "tiled_attention_weights",
)  # fmt: skip
def _attention(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """The batch is one more of the leading axes, which all have alike but for a mask, which broadcasts to them."""
    size, rank = batch_size(args), args[0].ndim

    def below(a: Any) -> Any:
        if a is None or a.ndim == rank:
            return a if a is None else full(xp, a, size)
        return xp.spread(a, rank) if a.batched else a.array

    arrays = [below(a) for a in args]
    out = getattr(xp.inner, name)(*arrays, **parameters)
    if parameters.get("kept") is False:  # an empty array for each member
        out = (out[0], xp.inner.new_zeros(arrays[0], shape=(size, 0)))
    return xp.wrap(out)


# -- losses --------------------------------------------------------------------------------------------


@batching("cross_entropy", "nll_loss")
def _cross_entropy(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """The loss of each element, in one call; reduced member by member."""
    x, target, *rest = args
    if not batch_size([x, target, *rest]):
        return loop(xp, name, args, parameters)
    if rest and rest[0] is not None:
        return composed(xp, name, args, parameters)
    size = batch_size((x, target))
    one = x.ndim == 1  # the scores of one thing
    arrays = [full(xp, x, size), full(xp, target, size)]
    if not one:
        arrays = [xp.inner.reshape(a, shape=(a.shape[0] * a.shape[1], *a.shape[2:])) for a in arrays]
    reduction = parameters["reduction"]
    each = getattr(xp.inner, name)(*arrays, *rest, **{**parameters, "reduction": "none"})
    each = xp.wrap(each if one else _unfolded(xp, each, size))
    if reduction == "none":
        return each
    total = xp.sum(each, axis=tuple(range(each.ndim)), keepdims=False)
    return total if reduction == "sum" else total / _counted(xp, target, parameters["ignore_index"], x.dtype)


def _counted(xp: BatchedKernels, target: BatchedArray, ignored: int | None, dtype: Any) -> BatchedArray:
    here = xp.equal(target, target) if ignored is None else xp.not_equal(target, ignored)
    counted = xp.namespace.astype(here, dtype)
    return xp.sum(counted, axis=tuple(range(target.ndim)), keepdims=False)


@batching("cross_entropy_input")
def _cross_entropy_input(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    g, x, target, *rest = args
    if not batch_size([g, x, target, *rest]):
        return loop(xp, name, args, parameters)
    if rest and rest[0] is not None:
        return composed(xp, name, args, parameters)
    size = batch_size((g, x, target))
    reduction = parameters["reduction"]
    if reduction == "mean":
        g = g / _counted(xp, target, parameters["ignore_index"], x.dtype)
    if reduction != "none":
        g = xp.broadcast_to(g, shape=target.shape)
    one = x.ndim == 1
    arrays = [full(xp, a, size) for a in (g, x, target)]
    if not one:
        arrays = [xp.inner.reshape(a, shape=(a.shape[0] * a.shape[1], *a.shape[2:])) for a in arrays]
    out = xp.inner.cross_entropy_input(*arrays, *rest, **{**parameters, "reduction": "none"})
    return xp.wrap(out if one else _unfolded(xp, out, size))


# -- embeddings ----------------------------------------------------------------------------------------


@batching("embedding")
def _embedding(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    weight, indices = args
    if weight.batched:
        return xp.take(weight, indices, axis=0)
    return xp.wrap(xp.inner.embedding(weight.array, indices.array, **parameters))


@batching("embedding_weight")
def _embedding_weight(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """Each member has rows of its own in one long table."""
    g, indices = args
    size = batch_size(args)
    if not size:
        return loop(xp, name, args, parameters)
    rows, padding = parameters["rows"], parameters.get("padding_idx")
    g, indices = full(xp, g, size), full(xp, indices, size)
    ns = xp.inner.namespace
    first = ns.arange(size, dtype=indices.dtype, device=xp.inner.native_device(indices)) * rows
    first = xp.inner.reshape(first, shape=(size, *(1,) * (indices.ndim - 1)))
    out = xp.inner.embedding_weight(g, indices + first, **{**parameters, "rows": rows * size, "padding_idx": None})
    out = xp.inner.reshape(out, shape=(size, rows, *out.shape[1:]))
    if padding is not None:
        xp.inner.write(out, (slice(None), padding, ...), 0.0)
    return xp.wrap(out)
