"""Functions of neural networks."""

import math
from typing import Any

from ...ops.neural.resampling import Taps
from .spec import Sample, Spec, add, boolean, call, distinct, integer, positive, real


def windows_along(
    size: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any = None, **_: Any
) -> tuple[int, ...]:
    """How many windows fit along each axis."""
    spread = dilation or (1,) * len(size)
    geometry = zip(size, kernel_size, stride, padding, spread, strict=True)
    return tuple((n + before + after - d * (k - 1) - 1) // s + 1 for n, k, s, (before, after), d in geometry)


# -- activations: kinks are at 0, which the values of `_signed` keep away from -------------------------------


def _signed(*shape: int) -> Spec:
    return distinct(*shape)


add("leaky_relu", call(_signed(2, 5), negative_slope=0.1), call(real(), negative_slope=0.3))
add("elu", call(_signed(2, 5), alpha=1.0), call(_signed(4), alpha=0.5))
add("silu", call(real(2, 3)), call(real()))
for _name in ("silu_input", "log_sigmoid_input", "mish_input"):
    add(_name, call(real(2, 3), real(2, 3)), call(real(), real()))
add("leaky_relu_input", call(real(2, 5), _signed(2, 5), negative_slope=0.1))
add("elu_input", call(real(4), _signed(4), alpha=0.5, scale=1.1, input_scale=2.0))
add("hardswish_input", call(real(6), distinct(6)))
add("softplus_input", call(real(6), real(6, low=-2.0, high=2.9), beta=2.0, threshold=6.0))
add("log_sigmoid", call(real(2, 3)), call(real()))
add("softplus", call(real(2, 3), beta=1.0, threshold=20.0), call(real(6, low=-2.0, high=2.9), beta=2.0, threshold=6.0))
for _approximate in ("none", "tanh"):
    add("gelu", call(real(2, 3), approximate=_approximate))
    add("gelu_input", call(real(2, 3), real(2, 3), approximate=_approximate))

add(
    "elu",
    call(_signed(4), alpha=1.5, scale=1.1, input_scale=1.0),
    call(_signed(4), alpha=0.5, scale=1.0, input_scale=2.0),
)
for _name in ("mish", "tanhshrink"):
    add(_name, call(real(2, 3)), call(real()))
add("softsign", call(_signed(2, 5)), call(positive()))
for _name in ("hardsigmoid", "hardswish"):  # kinks at -3 and 3
    add(_name, call(real(2, 3)), call(Spec("real", (4,), 3.2, 5.0)), call(Spec("real", (4,), -5.0, -3.2)))
add("hardtanh", call(_signed(2, 5), low=-0.5, high=0.25), call(_signed(4), low=-0.3, high=-0.25))
add("threshold", call(_signed(2, 5), threshold=-0.5, value=3.0), call(_signed(4), threshold=5.0, value=-1.0))
for _name in ("hardshrink", "softshrink"):
    add(_name, call(_signed(2, 5), lambd=0.5), call(_signed(4), lambd=0.0))
add("prelu", call(_signed(2, 5), real()), call(_signed(2, 3, 2), real(3, 1)))
add("glu", call(real(2, 6), axis=1), call(real(4, 3, 1), axis=0))

# -- softmax, linear, dropout, embedding -------------------------------------------------------------------

for _name in ("softmax", "log_softmax"):
    add(_name, call(real(3, 4), axis=1), call(real(2, 3, 2), axis=0), call(real(4), axis=0))
add("softmax_input", call(real(3, 4), real(3, 4), axis=1), call(real(2, 3, 2), real(2, 3, 2), axis=0))
add(
    "linear",
    call(real(3, 4), real(2, 4), real(2)),
    call(real(2, 3, 4), real(2, 4)),
    call(real(4), real(3, 4), real(3)),
    call(real(2, 1, 3), real(1, 3), real(1)),
)
add("linear_weight", call(real(3, 2), real(3, 4)), call(real(2, 3, 1), real(2, 3, 4)), call(real(3), real(4)))
add("dropout", call(real(3, 4), boolean(3, 4), scale=2.0), call(real(2, 3, 2), boolean(2, 3, 1), scale=1.25))
add(
    "embedding",
    call(real(5, 3), integer(4, high=5)),
    # padding_idx and scale_grad_by_freq take from the gradient what the values have: they are in embedding_weight.
    call(real(4, 2), integer(2, 3, high=4), padding_idx=None, scale_grad_by_freq=False),
)
add(
    "embedding_weight",
    call(real(4, 3), integer(4, high=5), rows=5),
    call(real(2, 3, 2), integer(2, 3, high=4), rows=4, padding_idx=1),
    call(real(6, 2), integer(6, high=3), rows=3, scale_grad_by_freq=True),
)

_query, _key, _value = real(2, 3, 4), real(2, 5, 4), real(2, 5, 2)
add(
    "scaled_dot_product_attention",
    call(_query, _key, _value, scale=0.5),
    call(real(3, 2), real(3, 2), real(3, 4), scale=1.0, causal=True),
    call(_query, _key, _value, real(3, 5), scale=0.3, masked=True),
    call(_query, _key, _value, real(3, 5), scale=0.3, masked=True, safe=False),
    call(_query, _key, _value, real(2, 1, 5), positive(2, 3, 5), scale=0.3, masked=True, dropped=True),
    call(_query, _key, _value, positive(2, 3, 5), scale=0.3, causal=True, dropped=True),
)
for _options in ({"scale": 0.3}, {"scale": 0.3, "causal": True, "dropped": True}):
    _arrays = (_query, _key, _value, *([positive(2, 3, 5)] if "dropped" in _options else []))
    add("scaled_dot_product_attention", call(*_arrays, **_options, kept=False))
add(
    "attention_weights",
    call(_query, _key, scale=0.5, causal=True, safe=True),
    call(_query, _key, real(3, 5), scale=0.3, causal=False, safe=True),
    call(_query, _key, real(2, 1, 5), scale=0.3, causal=True, safe=False),
)
add(
    "tiled_attention",
    call(_query, _key, _value, scale=0.5),
    call(real(3, 2), real(3, 2), real(3, 4), scale=1.0, causal=True),
    call(_query, _key, _value, real(3, 5), scale=0.3),
)
_log_total = real(2, 3, 1)
add(
    "tiled_attention_weights",
    call(_query, _key, _log_total, scale=0.5),
    call(real(3, 2), real(3, 2), real(3, 1), scale=1.0, causal=True),
    call(_query, _key, _log_total, real(3, 5), scale=0.3),
)
_g, _delta = real(2, 3, 2), real(2, 3, 1)
add(
    "tiled_attention_gradients",
    call(_g, _delta, _query, _key, _value, _log_total, scale=0.5),
    call(real(3, 4), real(3, 1), real(3, 2), real(3, 2), real(3, 4), real(3, 1), scale=1.0, causal=True),
    call(_g, _delta, _query, _key, _value, _log_total, real(3, 5), scale=0.3),
)
_weights = real(2, 3, 5)
add(
    "attention_scores_gradient",
    call(real(2, 3, 2), _value, _weights),
    call(real(2, 3, 2), _value, _weights, _weights),
    call(real(2, 3, 2), _value, _weights, _weights, positive(2, 3, 5)),
)

# -- convolution ---------------------------------------------------------------------------------------------

_GEOMETRIES: list[Any] = [
    # x, weight, stride, padding, dilation, groups
    ((2, 3, 5, 4), (4, 3, 3, 2), (1, 1), ((1, 1), (0, 0)), (1, 1), 1),
    ((1, 4, 6, 5), (2, 2, 2, 2), (2, 1), ((0, 1), (1, 0)), (1, 2), 2),
    ((2, 2, 7), (3, 2, 3), (3,), ((1, 1),), (1,), 1),
    ((2, 3, 4), (3, 1, 2), (1,), ((0, 0),), (2,), 3),
    ((1, 1, 3, 4, 3), (2, 1, 2, 2, 2), (1, 2, 1), ((0, 0), (1, 1), (0, 0)), (1, 1, 1), 1),
]
for _x, _w, _stride, _padding, _dilation, _groups in _GEOMETRIES:
    _out = (_x[0], _w[0], *windows_along(_x[2:], _w[2:], _stride, _padding, _dilation))
    _common = {"stride": _stride, "padding": _padding, "dilation": _dilation, "groups": _groups}
    add("convolution", call(real(*_x), real(*_w), real(_w[0]), **_common), call(real(*_x), real(*_w), **_common))
    add("convolution_input", call(real(*_out), real(*_w), size=_x[2:], **_common))
    add("convolution_weight", call(real(*_out), real(*_x), kernel_size=_w[2:], **_common))

for _x, _w, _stride, _padding, _dilation, _ in _GEOMETRIES:
    _common = {"kernel_size": _w[2:], "stride": _stride, "padding": _padding, "dilation": _dilation}
    _counts = windows_along(_x[2:], _w[2:], _stride, _padding, _dilation)
    add("im2col", call(real(*_x), **_common))
    add("col2im", call(real(_x[0], _x[1] * math.prod(_w[2:]), math.prod(_counts)), size=_x[2:], **_common))

# -- pooling -------------------------------------------------------------------------------------------------

_MAXIMA: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 4, 6), {"kernel_size": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}),
    ((1, 2, 5, 4), {"kernel_size": (3, 2), "stride": (2, 1), "padding": ((1, 1), (0, 1)), "dilation": (1, 2)}),
    ((2, 2, 7), {"kernel_size": (3,), "stride": (2,), "padding": ((1, 2),), "dilation": (1,)}),
]
for _x, _max in _MAXIMA:
    add("max_pool", call(distinct(*_x), **_max))
    _out = (*_x[:2], *windows_along(_x[2:], **_max))
    # Which element is the largest is told by x and the output: here all are, and the first in each window counts.
    _ones, _largest = Spec("real", _x, 1.0, 1.0), Spec("real", _out, 1.0, 1.0)
    add("max_pool_input", call(real(*_out), _ones, _largest, **_max))
    add("max_pool_select", call(real(*_x), _ones, _largest, **_max))
    add("max_pool_indices", call(_ones, _largest, **_max))

_AVERAGES: list[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], Any, Any, int | None]] = [
    # x, kernel_size, stride, padding, counted, divisor
    ((2, 3, 4, 6), (2, 3), (2, 3), ((0, 0), (0, 0)), None, None),
    ((1, 2, 5, 4), (3, 2), (2, 1), ((1, 1), (0, 1)), ((0, 0), (0, 0)), None),
    ((1, 2, 5, 4), (3, 2), (2, 1), ((1, 2), (1, 1)), ((1, 1), (1, 1)), None),
    ((2, 2, 7), (3,), (2,), ((1, 1),), None, 2),
]
for _x, _kernel_size, _stride, _padding, _counted, _divisor in _AVERAGES:
    _average: dict[str, Any] = {
        "kernel_size": _kernel_size, "stride": _stride, "padding": _padding, "counted": _counted, "divisor": _divisor,
    }  # fmt: skip
    add("avg_pool", call(real(*_x), **_average))
    add("avg_pool_input", call(real(*_x[:2], *windows_along(_x[2:], **_average)), size=_x[2:], **_average))

_taps: Any = {"size": 5, "positions": ((0, 1), (4, 3), (2, 2)), "weights": ((1.0, 0.5), (-1.0, 0.25), (2.0, 0.0))}
add(
    "resample",
    call(real(2, 5), axis=1, taps=Taps(**_taps)),
    call(real(5, 2, 2), axis=0, taps=Taps(**_taps)),
    call(real(2, 4), axis=1, taps=Taps(4, ((2,), (2,), (0,)), ((1.0,), (1.0,), (1.0,)))),
)
add(
    "window_argmax",
    call(distinct(2, 6), integer(1, 3, 2, high=6)),
    call(distinct(2, 6), integer(2, 3, 4, high=6)),
)

# -- losses --------------------------------------------------------------------------------------------------

_probability = Spec("real", (2, 3), 0.1, 0.9)
for _reduction in ("none", "mean", "sum"):
    add("mse_loss", call(real(2, 3), real(2, 3), reduction=_reduction))
    add("l1_loss", call(real(2, 3, low=1.0), real(2, 3, low=-2.0, high=0.5), reduction=_reduction))
    add("huber_loss", call(real(2, 3), real(2, 3, low=-1.0, high=1.0), delta=5.0, reduction=_reduction))
    add("huber_loss", call(real(2, 3, low=1.0), real(2, 3, low=-2.0, high=0.2), delta=0.5, reduction=_reduction))
    add("binary_cross_entropy", call(_probability, _probability, reduction=_reduction))
    add("binary_cross_entropy", call(_probability, _probability, positive(3), reduction=_reduction))
    add("binary_cross_entropy_with_logits", call(real(2, 3), _probability, reduction=_reduction))
    add(
        "binary_cross_entropy_with_logits",
        call(real(2, 3), _probability, positive(3), positive(3), reduction=_reduction),
    )
    add("soft_cross_entropy", call(real(3, 4), Spec("real", (3, 4), 0.1, 0.9), reduction=_reduction))
    add("soft_cross_entropy", call(real(2, 3, 2), Spec("real", (2, 3, 2), 0.1, 0.9), positive(3), reduction=_reduction))
add("soft_cross_entropy", call(real(4), Spec("real", (4,), 0.1, 0.9), positive(4), reduction="sum"))


def _classified(name: str, *leading: Spec, x: tuple[int, ...], **parameters: object) -> None:
    """Calls with class numbers for an input of shape ``x``, without and with weights."""
    target = x[1:] if len(x) == 1 else (x[0], *x[2:])
    classes = x[0] if len(x) == 1 else x[1]
    for weight in ((), (positive(classes),)):
        add(name, Sample((*leading, integer(*target, high=classes), *weight), dict(parameters)))


for _reduction in ("none", "mean", "sum"):
    for _x, _ignore, _smoothing in (((5, 3), None, 0.0), ((6, 3), 1, 0.2), ((2, 3, 4), 2, 0.0), ((4,), None, 0.1)):
        _settings = {"ignore_index": _ignore, "reduction": _reduction, "smoothing": _smoothing}
        _g = real(*(_x[1:] if len(_x) == 1 else (_x[0], *_x[2:]))) if _reduction == "none" else real()
        _classified("nll_loss", real(*_x), x=_x, **_settings)
        _classified("nll_loss_input", _g, x=_x, shape=_x, **_settings)
        _classified("cross_entropy", real(*_x), x=_x, **_settings)
        _classified("cross_entropy_input", _g, real(*_x), x=_x, **_settings)

for _rows in (2, 5):
    for _arrays in ((), (real(4),), (real(4), positive(4))):
        add(
            "linear_cross_entropy",
            Sample(
                (real(5, 3), real(4, 3), integer(5, high=4), *_arrays),
                {"rows": _rows, "ignore_index": 2, "smoothing": 0.1},
            ),
        )

# -- normalisation -------------------------------------------------------------------------------------------

for _x, _count in (((3, 4), 1), ((2, 3, 4), 2)):
    _affine, _mean = _x[-_count:], (*_x[:-_count], *(1,) * _count)
    add(
        "layer_norm",
        call(real(*_x), count=_count, eps=1e-2),
        call(real(*_x), real(*_affine), real(*_affine), count=_count, eps=1e-2),
    )
    _gradient = (real(*_x), real(*_mean), real(*_mean), real(*_x), real(*_mean), positive(*_mean))
    add("layer_norm_gradients", call(*_gradient, count=_count), call(*_gradient, real(*_affine), count=_count))
    add("rms_norm", call(real(*_x), count=_count, eps=1e-2), call(real(*_x), real(*_affine), count=_count, eps=1e-2))
for _x, _groups in (((2, 4, 3), 2), ((3, 2, 2, 2), 2), ((2, 6), 3)):
    _channels = real(_x[1])
    for _affine_arrays in ((), (_channels,), (_channels, _channels)):
        add("group_norm", call(real(*_x), *_affine_arrays, groups=_groups, eps=1e-1))
for _x in ((5, 3), (2, 3, 2, 2)):
    _mean = (1, 3, *(1,) * (len(_x) - 2))
    add(
        "batch_norm",
        call(real(*_x), eps=1e-2),
        call(real(*_x), real(3), eps=1e-2),
        call(real(*_x), real(3), real(3), eps=1e-2),
    )
    _gradient = (real(*_x), real(*_mean), real(*_mean), real(*_x), real(*_mean), positive(*_mean))
    add("batch_norm_gradients", call(*_gradient), call(*_gradient, real(3)))
    add(
        "batch_norm_inference",
        call(real(*_x), real(3), positive(3), eps=1e-2),
        call(real(*_x), real(3), positive(3), real(3), real(3), eps=1e-2),
    )
for _x, _groups in (((2, 4), 2), ((2, 6, 3), 3), ((2, 3, 2, 2), 3)):
    _mean = (_x[0], _groups, 1)
    _gradient = (real(*_x), real(*_mean), real(*_mean), real(*_x), real(*_mean), positive(*_mean))
    add("group_norm_gradients", call(*_gradient, groups=_groups), call(*_gradient, real(_x[1]), groups=_groups))
