"""Batching rules: how a function of batched arrays becomes one call of the kernel below.

A rule is ``rule(xp, name, args, parameters)``, with ``xp`` the batched kernels and ``xp.inner`` those below; at
least one argument is batched, and the batch is the first axis of the array below. Most functions fall into families:
those that work on each element, those that act on axes which a parameter names, those that act on the last axes. What
is in none is done member by member (:func:`loop`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ... import function
from .batched import BatchedArray, BatchedKernels, bare, batch_size
from .levels import LevelError

Rule = Callable[[BatchedKernels, str, tuple[Any, ...], dict[str, Any]], Any]
RULES: dict[str, Rule] = {}


def batching(*names: str) -> Callable[[Rule], Rule]:
    """Make a function the batching rule of these functions."""

    def enter(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, rule))
        return rule

    return enter


def rule_of(name: str) -> Rule | None:
    """The batching rule of a function: its own, or, if it broadcasts and has no axes, that of elementwise functions."""
    rule = RULES.get(name)
    if rule is None:
        declared = function.get(name)
        if declared is not None and declared.broadcasts and not {"axis", "axes"} & set(declared.parameters):
            return _elementwise
    return rule


def full(xp: BatchedKernels, a: Any, size: int) -> Any:
    """The array below, with the batch as its first axis also where all members are the same."""
    if not isinstance(a, BatchedArray):
        return a
    if a.batched:
        return a.array
    return xp.inner.broadcast_to(xp.inner.expand_dims(a.array, axis=(0,)), shape=(size, *a.array.shape))


# -- member by member --------------------------------------------------------------------------------


def _member(a: Any, i: int) -> Any:
    if isinstance(a, BatchedArray):
        return a.array[i, ...] if a.batched else a.array
    if hasattr(a, "buffers"):  # the indices of an advanced key
        return a.of(lambda array: _member(array, i))
    return a


def _batched_parts(args: tuple[Any, ...], parameters: dict[str, Any]) -> list[Any]:
    parts = list(args)
    for p in parameters.values():
        parts += [b.array for b in getattr(p, "buffers", ()) if b is not None]
    return parts


def loop(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """Call the kernel below for each member, and stack the results.

    Raises
    ------
    LevelError : results of different shapes, as of ``nonzero``
    """
    size = batch_size(_batched_parts(args, parameters))
    kernel = getattr(xp.inner, name)
    outs = []
    for i in range(max(size, 1)):
        if size:
            members = [_member(a, i) for a in args]
        else:  # one member of zeros, for the shape
            members = [
                xp.inner.new_zeros(a.array, shape=a.shape) if isinstance(a, BatchedArray) and a.batched else bare(a)
                for a in args
            ]
        if name == "index" and _has_mask(xp, parameters):
            raise LevelError(
                "vmap: how many elements a mask picks depends on its values, which may differ over the batch; use "
                "pluggrad.where(mask, x, 0) instead"
            )
        outs.append(kernel(*members, **{k: _member(p, i) for k, p in parameters.items()}))
    return _stacked(xp, name, outs, size)


def _has_mask(xp: BatchedKernels, parameters: dict[str, Any]) -> bool:
    buffers = parameters["indices"].buffers
    return any(
        b is not None and isinstance(b.array, BatchedArray) and b.array.batched and xp.isdtype(b.array.dtype, "bool")
        for b in buffers
    )


def _stacked(xp: BatchedKernels, name: str, outs: list[Any], size: int) -> Any:
    first = outs[0]
    if isinstance(first, tuple | list):
        return tuple(_stacked(xp, name, list(column), size) for column in zip(*outs, strict=True))
    if not hasattr(first, "shape"):
        return first
    if any(tuple(o.shape) != tuple(first.shape) for o in outs):
        raise LevelError(
            f"vmap: {name} gives results whose shape depends on the values, so those of the batch do not stack: "
            f"{', '.join(sorted({str(tuple(o.shape)) for o in outs}))}; vmap cannot follow that. "
            "Use pluggrad.where or a mask instead"
        )
    if name in ("nonzero", "argwhere", "unique_values", "unique_all", "unique_counts", "unique_inverse"):
        raise LevelError(
            f"vmap: the shape of what {name} gives depends on the values, which may differ over the batch; "
            "use pluggrad.where or a mask instead"
        )
    out = xp.inner.stack(*[xp.inner.namespace.asarray(o) for o in outs], axis=0)
    return BatchedArray(out if size else out[:0, ...], True, xp)


@batching(
    *"add_strided batch_norm batch_norm_gradients batch_norm_inference binary_cross_entropy "
    "binary_cross_entropy_with_logits bincount cdist copy_strided ctc_loss fold_windows histc huber_loss is_position "
    "l1_loss layer_norm_gradients matrix_rank mse_loss nll_loss_input "
    "soft_cross_entropy softmax_input index_add index_copy put_diagonal rows_back rows_in linear_cross_entropy "
    "gru_layer gru_layer_gradients lstm_layer lstm_layer_gradients rnn_layer rnn_layer_gradients".split()
)
def _composed(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """A function whose forward, in the standard's words, is made of functions that have rules."""
    declared = function.get(name)
    assert declared is not None and declared.forward is not None
    return declared.forward(xp, *args, **parameters)


# -- families ----------------------------------------------------------------------------------------


def _elementwise(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    if len(args) > 1 and not function.functions()[name].broadcasts:
        size = batch_size(args)
        args = tuple([xp.wrap(full(xp, a, size)) for a in args])
    return xp.apply_elementwise(getattr(xp.inner, name), args, **parameters)


for _name in (
    "abs acos acosh angle asin asinh astype atan atanh bitwise_invert ceil clip conj copy cos cosh deg2rad digamma "
    "dropout elu erf erfc erfinv exp exp2 expm1 floor frac frexp gelu gelu_input hardshrink hardsigmoid hardswish "
    "hardtanh imag isfinite isinf isnan isneginf isposinf isreal leaky_relu lgamma log log10 log1p log2 log_sigmoid "
    "logical_not logit mish nan_to_num negative polygamma positive pow_scalar rad2deg real reciprocal relu round "
    "round_decimals rsqrt sigmoid sign signbit silu silu_input sin sinc sinh softplus softshrink softsign sqrt square "
    "tan tanh tanhshrink threshold trunc view_real view_imag "
    "airy_ai airy_ai_slope cbrt cosdg cosm1 cotdg ellipe ellipk ellipkm1 entr erfcinv erfcx exp1 exp10 expi exprel "
    "gamma gammasgn i0 i0e i1 i1e j0 j1 k0 k0e k1 k1e log_ndtr loggamma ndtr ndtri rgamma sindg spence "
    "spherical_bessel_j0 tandg y0 y1 zetac"
).split():
    RULES[_name] = _elementwise


def shifted(axis: Any, ndim: int) -> Any:
    """An axis, or several, of a member as axes of the batch."""
    if isinstance(axis, tuple | list):
        return tuple(shifted(a, ndim) for a in axis)
    return axis + 1 if axis >= 0 else axis


#: Functions of the whole array where no axis is named.
OF_ALL = frozenset("all any count_nonzero logsumexp max mean min prod std sum var vector_norm".split())


@batching(
    *"all any argsort count_nonzero cummax cummin cumulative_prod cumulative_sum diagonal copy_diagonal fftn flip "
    "ifftn irfftn kthvalue log_softmax logcumsumexp logsumexp max max_along mean median_along min "
    "min_along mode prod rfftn roll softmax sort sort_values split std sum topk unfold unstack var vector_norm windows "
    "glu resample shift squeeze double_mirrored expand_dims permute_dims argmax argmin concat stack gather scatter "
    "scatter_add scatter_extreme linear_recurrence".split()
)
def _axis(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    ndim = args[0].ndim
    for key in ("axis", "axes", "axis1", "axis2"):
        if key not in parameters:
            continue
        axis = parameters[key]
        if axis is None:
            if name in ("argmax", "argmin"):
                flat = xp.reshape(args[0], shape=(args[0].size,))
                out = getattr(xp, name)(flat, axis=0)
                return xp.reshape(out, shape=(1,) * ndim) if parameters["keepdims"] else out
            if name not in OF_ALL and name != "flip":
                return loop(xp, name, args, parameters)
            axis = tuple(range(ndim))
        if not ndim and name not in OF_ALL and name not in ("expand_dims", "stack", "permute_dims", "squeeze"):
            return loop(xp, name, args, parameters)  # an axis of a number: one that is not there
        parameters[key] = shifted(axis, ndim)
        if key == "axes" and name == "permute_dims":
            parameters[key] = (0, *(a + 1 if a >= 0 else a + ndim + 1 for a in axis))
    if name.startswith(("sum", "cumulative")) and not ndim and not parameters.get("axis", True):
        parameters["axis"] = ()
    size = batch_size(args)
    arrays = [full(xp, a, size) for a in args]
    return xp.wrap(getattr(xp.inner, name)(*arrays, **parameters))


@batching(
    *"det inv cholesky cofactors eig eigh eigvals eigvalsh matrix_exp pinv qr svd svdvals slogdet lu_factor tril triu "
    "identity_like".split()
)
def _last_axes(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    return xp.wrap(getattr(xp.inner, name)(*[bare(a) for a in args], **parameters))


@batching("reshape", "view", "broadcast_to", "new_zeros")
def _shape(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    (x,) = args
    shape = tuple(parameters["shape"])
    array = x.array
    if name == "broadcast_to":
        array = xp.spread(x, len(shape))
    elif -1 in shape:  # where the batch is empty, the library could not tell it
        known = -math.prod(shape)
        shape = tuple(x.size // known if n == -1 else n for n in shape) if known else shape
    return xp.wrap(getattr(xp.inner, name)(array, shape=(array.shape[0], *shape)))


@batching("vecdot", "cross")
def _from_the_end(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """Functions that broadcast, with an axis counted from the end."""
    rank = max(a.ndim for a in args)
    if parameters["axis"] >= 0:
        return loop(xp, name, args, parameters)
    return xp.wrap(getattr(xp.inner, name)(*[xp.spread(a, rank) for a in args], **parameters))


@batching("solve", "solve_triangular")
def _solve(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    a, b = args
    vector = b.ndim == 1
    if vector:
        b = b[:, None]
    rank = max(a.ndim, b.ndim)
    # With as many axes as the matrices, b is never taken for a stack of vectors.
    arrays = [xp.spread(x, rank) if x.batched else x.array for x in (a, b)]
    arrays = [x if x.ndim > rank else xp.inner.expand_dims(x, axis=(0,)) if x.ndim == rank else x for x in arrays]
    out = xp.wrap(getattr(xp.inner, name)(*arrays, **parameters))
    return out[..., 0] if vector else out


@batching("tile", "repeat")
def _copies(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    (x,) = args
    if name == "repeat":
        axis = shifted(parameters["axis"], x.ndim)
        return xp.wrap(xp.inner.repeat(x.array, **{**parameters, "axis": axis}))
    times = parameters["repetitions"]
    return xp.wrap(xp.inner.tile(xp.spread(x, len(times)), repetitions=(1, *times)))


@batching("getitem")
def _getitem(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    (x,) = args
    return xp.wrap(xp.inner.getitem(x.array, key=(slice(None), *parameters["key"])))


@batching("pad_constant", "pad_edges", "fold_edges")
def _widths(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    (x,) = args
    widths = ((0, 0), *parameters["widths"])
    return xp.wrap(getattr(xp.inner, name)(x.array, **{**parameters, "widths": widths}))


@batching("matmul")
def _matmul(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    x1, x2 = args
    matmul, reshape = xp.inner.matmul, xp.inner.reshape
    if not x2.batched and x2.ndim == 2 and x1.ndim:
        # One large product is faster than many small ones.
        a, b = x1.array, x2.array
        rows = math.prod(a.shape[:-1])
        return xp.wrap(reshape(matmul(reshape(a, shape=(rows, a.shape[-1])), b), shape=(*a.shape[:-1], b.shape[-1])))
    first, second = x1.ndim == 1, x2.ndim == 1
    if first:
        x1 = x1[None, :]
    if second:
        x2 = x2[:, None]
    rank = max(x1.ndim, x2.ndim)
    out = xp.wrap(matmul(xp.spread(x1, rank), xp.spread(x2, rank)))
    if second:
        out = out[..., 0]
    return (out[..., 0] if second else out[..., 0, :]) if first else out


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
        return _composed(xp, name, args, parameters)
    size = x.array.shape[0]
    array = x.array
    if name == "group_norm":  # the statistics of (N, C, ...) are of each in N
        array = xp.inner.reshape(array, shape=(size * array.shape[1], *array.shape[2:]))
        out = xp.inner.group_norm(array, *[bare(a) for a in affine], **parameters)
        return xp.wrap(_unfolded(xp, out, size))
    return xp.wrap(getattr(xp.inner, name)(array, *[bare(a) for a in affine], **parameters))


@batching("attention_weights", "attention_scores_gradient", "scaled_dot_product_attention")
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
        return _composed(xp, name, args, parameters)
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
        return _composed(xp, name, args, parameters)
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


# -- picking by index ----------------------------------------------------------------------------------


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


@batching("take")
def _take(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    x, indices = args
    if indices.batched:
        return _composed(xp, name, args, parameters)
    return xp.wrap(xp.inner.take(x.array, indices.array, axis=shifted(parameters["axis"], x.ndim)))


class _Key:
    """An advanced key of a batch: its parts, and where it leads.

    Attributes
    ----------
    parts : for each axis an array below, or None for an axis left whole
    batched : whether an index is of each member's own
    masks : whether there are masks among the parts
    rank : the number of axes that the indices broadcast to
    at : where these stand in the result for one member: in the place of the first axis, if all are neighbours, else 0
    neighbours : whether they are
    """

    def __init__(self, xp: BatchedKernels, indices: Any) -> None:
        self.xp, self.indices = xp, indices
        given = [None if b is None else b.array for b in indices.buffers]
        self.batched = any(isinstance(a, BatchedArray) and a.batched for a in given)
        self.masks = any(a is not None and xp.isdtype(a.dtype, "bool") for a in given)
        axes: list[int] = []
        position = 0
        for a in given:
            taken = a.ndim if a is not None and xp.isdtype(a.dtype, "bool") else 1
            axes += range(position, position + taken) if a is not None else ()
            position += taken
        self.axes = axes
        self.neighbours = axes == list(range(axes[0], axes[0] + len(axes)))
        self.at = axes[0] if self.neighbours else 0
        self.rank = max(1 if xp.isdtype(a.dtype, "bool") else a.ndim for a in given if a is not None)
        self.parts = [None if a is None else xp.spread(a, self.rank) if self.batched else bare(a) for a in given]

    def below(self, *first: Any) -> Any:
        """The key for the library below: these parts, and its own behind them."""
        return self.indices.over([*first, *self.parts])

    def members(self, size: int) -> Any:
        """The numbers of the members, in a shape that broadcasts with the indices."""
        ns = self.xp.inner.namespace
        like = next(p for p in self.parts if p is not None)
        numbers = ns.arange(size, dtype=ns.int64, device=self.xp.inner.native_device(like))
        return self.xp.inner.reshape(numbers, shape=(size, *(1,) * self.rank))

    def shape(self) -> tuple[int, ...]:
        """The shape that the indices, of one member, broadcast to."""
        out = [1] * self.rank
        for part, buffer in zip(self.parts, self.indices.buffers, strict=True):
            if part is not None:
                shape = buffer.array.shape
                for i, n in enumerate(shape, self.rank - len(shape)):
                    out[i] = n if out[i] == 1 else out[i]
        return tuple(out)


@batching("index")
def _index(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """With indices of each member's own, the member's number is one index more."""
    (x,) = args
    key = _Key(xp, parameters["indices"])
    index, permute = xp.inner.index, xp.inner.permute_dims
    if not key.batched:
        if not x.batched:
            return xp.wrap(index(x.array, indices=key.below()), False)
        out = index(x.array, indices=key.below(None))
        if not key.neighbours:  # the axes of the indices came first
            out = permute(out, axes=(key.rank, *range(key.rank), *range(key.rank + 1, out.ndim)))
        return xp.wrap(out)
    if key.masks:
        return loop(xp, name, args, parameters)
    if not x.batched:
        out = index(x.array, indices=key.below())
        return xp.wrap(permute(out, axes=(key.at, *range(key.at), *range(key.at + 1, out.ndim))))
    out = index(x.array, indices=key.below(key.members(x.array.shape[0])))
    first = range(1, 1 + key.rank)
    lead = range(1 + key.rank, 1 + key.rank + key.at)
    return xp.wrap(permute(out, axes=(0, *lead, *first, *range(1 + key.rank + key.at, out.ndim))))


@batching("index_put")
def _index_put(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    x, values = args
    key = _Key(xp, parameters["indices"])
    put, accumulate = xp.inner.index_put, parameters["accumulate"]
    if not (key.batched or x.batched or values.batched):
        return xp.wrap(put(x.array, values.array, indices=key.below(), accumulate=accumulate), False)
    size = batch_size(_batched_parts(args, parameters))
    rank = x.ndim - len(key.axes) + key.rank
    if (key.masks and key.batched) or (not key.batched and not key.neighbours) or not size:
        return loop(xp, name, args, parameters)
    if values.ndim > rank:
        values = xp.reshape(values, shape=values.shape[values.ndim - rank :])
    array = full(xp, x, size)
    if not key.batched:
        return xp.wrap(put(array, xp.spread(values, rank), indices=key.below(None), accumulate=accumulate))
    # Behind the number of the member, the axes of the indices come first.
    rest = [n for i, n in enumerate(x.shape) if i not in key.axes]
    shape = (*rest[: key.at], *key.shape(), *rest[key.at :])
    placed = full(xp, xp.broadcast_to(values, shape=shape), size)
    behind = range(1 + key.at + key.rank, 1 + rank)
    placed = xp.inner.permute_dims(
        placed, axes=(0, *range(1 + key.at, 1 + key.at + key.rank), *range(1, 1 + key.at), *behind)
    )
    return xp.wrap(put(array, placed, indices=key.below(key.members(size)), accumulate=accumulate))
