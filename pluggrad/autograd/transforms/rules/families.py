"""Families of functions that are batched alike: by element, by axes, on the last axes; shapes and products."""

from __future__ import annotations

import math
from typing import Any

from ..batched import BatchedKernels, bare, batch_size
from .registry import RULES, batching, composed, elementwise, full, leading, loop

_COMPOSED = (
    "add_strided batch_norm batch_norm_gradients batch_norm_inference binary_cross_entropy "
    "binary_cross_entropy_with_logits bincount cdist copy_strided ctc_loss fold_windows histc huber_loss is_position "
    "l1_loss layer_norm_gradients group_norm_gradients matrix_rank mse_loss nll_loss_input "
    "soft_cross_entropy softmax_input index_add index_copy put_diagonal rows_back rows_in linear_cross_entropy "
    "gru_layer gru_layer_gradients lstm_layer lstm_layer_gradients rnn_layer rnn_layer_gradients"
).split()
RULES.update(dict.fromkeys(_COMPOSED, composed))

_BY_ELEMENT = (
    "abs acos acosh angle asin asinh astype atan atanh bitwise_invert ceil clip conj copy cos cosh deg2rad digamma "
    "dropout elu erf erfc erfinv exp exp2 expm1 floor frac frexp gelu gelu_input hardshrink hardsigmoid hardswish "
    "hardtanh imag isfinite isinf isnan isneginf isposinf isreal leaky_relu lgamma log log10 log1p log2 log_sigmoid "
    "logical_not logit mish nan_to_num negative polygamma positive pow_scalar rad2deg real reciprocal relu round "
    "round_decimals rsqrt sigmoid sign signbit silu silu_input sin sinc sinh softplus softshrink softsign sqrt square "
    "tan tanh tanhshrink threshold trunc view_real view_imag "
    "airy_ai airy_ai_slope cbrt cosdg cosm1 cotdg ellipe ellipk ellipkm1 entr erfcinv erfcx exp1 exp10 expi exprel "
    "gamma gammasgn i0 i0e i1 i1e j0 j1 k0 k0e k1 k1e log_ndtr loggamma ndtr ndtri rgamma sindg spence "
    "spherical_bessel_j0 tandg y0 y1 zetac "
    "elu_input hardswish_input leaky_relu_input log_sigmoid_input mish_input softplus_input"
).split()
RULES.update(dict.fromkeys(_BY_ELEMENT, elementwise))
RULES.update(dict.fromkeys("copy_as_complex copy_as_real view_as_complex view_as_real".split(), leading))


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
            if axis != ():
                return _of_numbers(xp, name, args, parameters, key)
        parameters[key] = shifted(axis, ndim)
        if key == "axes" and name == "permute_dims":
            parameters[key] = (0, *(a + 1 if a >= 0 else a + ndim + 1 for a in axis))
    if name.startswith(("sum", "cumulative")) and not ndim and not parameters.get("axis", True):
        parameters["axis"] = ()
    size = batch_size(args)
    arrays = [full(xp, a, size) for a in args]
    return xp.wrap(getattr(xp.inner, name)(*arrays, **parameters))


def _of_numbers(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any], key: str) -> Any:
    """A function along the axis of numbers, which is none: each is a row of one."""
    size = batch_size(args)
    if len(args) > 1 or not size:
        return loop(xp, name, args, parameters)
    row = xp.inner.reshape(args[0].array, shape=(size, 1))
    axis = (1,) if isinstance(parameters[key], tuple) else 1
    out = getattr(xp.inner, name)(row, **{**parameters, key: axis})
    outs = out if isinstance(out, tuple | list) else (out,)
    if any(math.prod(o.shape) != size for o in outs):  # not of numbers either
        return loop(xp, name, args, parameters)
    numbers = tuple([xp.wrap(xp.inner.reshape(o, shape=(size,))) for o in outs])
    return numbers if isinstance(out, tuple | list) else numbers[0]


@batching(
    *"det inv cholesky cofactors eig eigh eigvals eigvalsh matrix_exp pinv qr svd svdvals slogdet lu_factor tril triu "
    "identity_like matrix_transpose".split()
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


@batching("put_slice")
def _put_slice(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    array, key = args[0].array, (slice(None), *parameters["key"])
    return xp.wrap(xp.inner.put_slice(array, shape=(array.shape[0], *parameters["shape"]), key=key))


@batching("as_strided")
def _as_strided(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """A view, too, where the members lie one behind the other."""
    (x,) = args
    expected = [math.prod(x.array.shape[i + 1 :]) for i in range(x.array.ndim)]
    if not math.prod(x.array.shape) or list(xp.inner.strides(x.array)) != expected:
        return loop(xp, name, args, parameters)
    size, stride = (x.array.shape[0], *parameters["size"]), (x.size, *parameters["stride"])
    return xp.wrap(xp.inner.as_strided(x.array, size=size, stride=stride, offset=parameters["offset"]))


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
