"""Empty and large arrays: functions of neural networks. The empty ones are batches of nothing."""

import math
from typing import Any

from ....ops.neural.resampling import Taps
from ..neural import windows_along
from ..spec import Spec, add_larger, boolean, call, integer, positive, real

# -- products ------------------------------------------------------------------------------------------

for _name in ("softmax", "log_softmax"):
    add_larger(_name, call(real(37, 1009), axis=1), call(real(37, 101), axis=0), call(real(0, 3), axis=1))
add_larger("softmax_input", call(real(37, 1009), real(37, 1009), axis=1), call(real(0, 3), real(0, 3), axis=1))
add_larger(
    "scaled_dot_product_attention",
    call(real(2, 3, 37, 16), real(2, 3, 41, 16), real(2, 3, 41, 24), scale=0.25),
    call(real(2, 3, 37, 16), real(2, 3, 37, 16), real(2, 3, 37, 16), scale=0.25, causal=True),
    call(real(0, 3, 4), real(0, 5, 4), real(0, 5, 2), scale=0.5),
)
add_larger(
    "attention_weights",
    call(real(2, 3, 37, 16), real(2, 3, 41, 16), scale=0.25, causal=True, safe=True),
    call(real(0, 3, 4), real(0, 5, 4), scale=0.5, causal=False, safe=True),
)
add_larger(
    "tiled_attention",
    call(real(2, 3, 37, 40), real(2, 3, 70, 40), real(2, 3, 70, 24), scale=0.25),
    call(real(2, 67, 16), real(2, 67, 16), real(2, 67, 130), scale=0.25, causal=True),
    call(real(0, 3, 4), real(0, 5, 4), real(0, 5, 2), scale=0.5),
)
add_larger(
    "tiled_attention_weights",
    call(real(2, 3, 37, 16), real(2, 3, 41, 16), real(2, 3, 37, 1), scale=0.25),
    call(real(0, 3, 4), real(0, 5, 4), real(0, 3, 1), scale=0.5),
)
add_larger(
    "tiled_attention_gradients",
    call(real(3, 37, 24), real(3, 37, 1), real(3, 37, 16), real(3, 41, 16), real(3, 41, 24), real(3, 37, 1), scale=0.2),
    call(real(0, 3, 2), real(0, 3, 1), real(0, 3, 4), real(0, 5, 4), real(0, 5, 2), real(0, 3, 1), scale=0.5),
)
add_larger(
    "attention_scores_gradient",
    call(real(2, 3, 37, 24), real(2, 3, 41, 24), real(2, 3, 37, 41), real(2, 3, 37, 41)),
    call(real(0, 3, 2), real(0, 5, 2), real(0, 3, 5), real(0, 3, 5)),
)
for _batch, _queries, _keys, _width in (((2, 3), 37, 41, 16), ((0,), 3, 5, 4)):
    _query, _key, _value = real(*_batch, _queries, _width), real(*_batch, _keys, _width), real(*_batch, _keys, 24)
    _column, _g = real(*_batch, _queries, 1), real(*_batch, _queries, 24)
    add_larger("attention_weights", call(_query, _key, scale=0.25, causal=True, safe=True))
    add_larger("tiled_attention", call(_query, _key, _value, scale=0.25))
    add_larger("tiled_attention_weights", call(_query, _key, _column, scale=0.05))
    add_larger("tiled_attention_gradients", call(_g, _column, _query, _key, _value, _column, scale=0.05))
add_larger("glu", call(real(37, 202), axis=1), call(real(0, 4), axis=1))
add_larger(
    "linear_weight",
    call(real(101, 31), real(101, 37)),
    call(real(0, 3), real(0, 4)),
    call(real(2, 0, 3), real(2, 0, 4)),
)
add_larger("dropout", call(real(37, 101), boolean(37, 101), scale=2.0), call(real(0, 3), boolean(0, 3), scale=2.0))
add_larger(
    "embedding_weight",
    call(real(19, 23, 37), integer(19, 23, high=101), rows=101),
    call(real(0, 3), integer(0, high=5), rows=5),
)

# -- normalisation -------------------------------------------------------------------------------------

add_larger("layer_norm", call(real(37, 509), count=1, eps=1e-3), call(real(0, 3), count=1, eps=1e-3))
add_larger("rms_norm", call(real(37, 509), real(509), count=1, eps=1e-3), call(real(0, 3), count=1, eps=1e-3))
add_larger("batch_norm", call(real(64, 16), eps=1e-3), call(real(8, 5, 13, 17), eps=1e-3))
add_larger("group_norm", call(real(7, 12, 37), groups=3, eps=1e-3), call(real(0, 4, 3), groups=2, eps=1e-3))
for _shape in ((64, 16), (8, 5, 13, 17), (0, 3)):
    add_larger("batch_norm_inference", call(real(*_shape), real(_shape[1]), positive(_shape[1]), eps=1e-3))


def _gradients(x: tuple[int, ...], statistics: tuple[int, ...]) -> tuple[Spec, ...]:
    """What the gradients of a normalisation are made from: those of its outputs, its input, its statistics."""
    return (real(*x), real(*statistics), real(*statistics), real(*x), real(*statistics), positive(*statistics))


add_larger("layer_norm_gradients", call(*_gradients((37, 509), (37, 1)), count=1))
add_larger("layer_norm_gradients", call(*_gradients((0, 3), (0, 1)), count=1))
add_larger("group_norm_gradients", call(*_gradients((7, 12, 37), (7, 3, 1)), real(12), groups=3))
add_larger("group_norm_gradients", call(*_gradients((0, 4, 3), (0, 2, 1)), groups=2))
add_larger("batch_norm_gradients", call(*_gradients((8, 5, 13, 17), (1, 5, 1, 1))))

# -- windows: one geometry for all, of many images and of none --------------------------------------------

_plain = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
add_larger(
    "convolution",
    call(real(3, 8, 29, 31), real(16, 8, 3, 3), real(16), **_plain),
    call(
        real(2, 8, 29, 31),
        real(8, 1, 5, 3),
        real(8),
        **_plain | {"stride": (2, 3), "padding": ((2, 2), (1, 1)), "groups": 8},
    ),
    call(real(0, 3, 5, 5), real(4, 3, 3, 3), real(4), **_plain),
)
_steps: dict[str, Any] = {"stride": (2, 2), "padding": ((1, 1), (0, 0)), "dilation": (1, 1)}
_geometry: dict[str, Any] = {"kernel_size": (3, 2)} | _steps
_pool: dict[str, Any] = {k: v for k, v in _geometry.items() if k != "dilation"}
for _images in (3, 0):
    _x, _size = (_images, 5, 29, 31), (29, 31)
    _counts = windows_along(_size, **_geometry)
    _out = (_images, 5, *_counts)
    add_larger("convolution_input", call(real(_images, 4, *_counts), real(4, 5, 3, 2), size=_size, groups=1, **_steps))
    add_larger("convolution_weight", call(real(_images, 4, *_counts), real(*_x), groups=1, **_geometry))
    add_larger("im2col", call(real(*_x), **_geometry))
    add_larger("col2im", call(real(_images, 5 * 6, math.prod(_counts)), size=_size, **_geometry))
    add_larger("max_pool", call(real(*_x), **_geometry))
    # Where all elements are the largest, the first in each window counts.
    _ones, _largest = Spec("real", _x, 1.0, 1.0), Spec("real", _out, 1.0, 1.0)
    add_larger("max_pool_input", call(real(*_out), _ones, _largest, **_geometry))
    add_larger("max_pool_select", call(real(*_x), _ones, _largest, **_geometry))
    add_larger("max_pool_indices", call(_ones, _largest, **_geometry))
    add_larger("avg_pool", call(real(*_x), **_pool, counted=None, divisor=None))
    add_larger("avg_pool_input", call(real(*_out), size=_size, **_pool, counted=None, divisor=None))
add_larger("window_argmax", call(real(3, 1009), integer(3, 301, 7, high=1009)))
add_larger("window_argmax", call(real(0, 6), integer(0, 3, 2, high=6)))
_twice = tuple(i // 2 for i in range(74))
_taps = Taps(37, tuple((i, min(i + 1, 36)) for i in _twice), tuple((0.75, 0.25) for _ in _twice))
add_larger("resample", call(real(11, 37, 13), axis=1, taps=_taps), call(real(0, 37), axis=1, taps=_taps))

# -- losses --------------------------------------------------------------------------------------------

_PAIRS: dict[str, tuple[tuple[float, float], tuple[float, float], dict[str, Any]]] = {
    "mse_loss": ((-2.0, 2.0), (-2.0, 2.0), {}),
    "l1_loss": ((-2.0, 2.0), (-2.0, 2.0), {}),
    "huber_loss": ((-2.0, 2.0), (-2.0, 2.0), {"delta": 0.7}),
    "binary_cross_entropy": ((0.1, 0.9), (0.1, 0.9), {}),
    "binary_cross_entropy_with_logits": ((-2.0, 2.0), (0.1, 0.9), {}),
    "soft_cross_entropy": ((-2.0, 2.0), (0.1, 0.9), {}),
}
for _name, (_one, _two, _options) in _PAIRS.items():
    for _reduction in ("none", "mean", "sum"):
        for _rows in (37, 0):
            _input, _target = (real(_rows, 101, low=low, high=high) for low, high in (_one, _two))
            add_larger(_name, call(_input, _target, reduction=_reduction, **_options))

for _reduction in ("none", "mean", "sum"):
    _how: dict[str, Any] = {"ignore_index": 1, "reduction": _reduction, "smoothing": 0.1}
    for _rows in (109, 0):
        _scores, _classes, _g = real(_rows, 37), integer(_rows, high=37), real(*[_rows] * (_reduction == "none"))
        add_larger("nll_loss", call(_scores, _classes, **_how))
        add_larger("nll_loss_input", call(_g, _classes, shape=(_rows, 37), **_how))
        add_larger("cross_entropy", call(_scores, _classes, real(37, low=0.3, high=2.3), **_how))
        add_larger("cross_entropy_input", call(_g, _scores, _classes, **_how))
for _rows in (109, 0):
    _sample = call(real(_rows, 31), real(37, 31), integer(_rows, high=37), rows=23, ignore_index=1, smoothing=0.1)
    add_larger("linear_cross_entropy", _sample)
for _sequences, _length in ((6, 50), (0, 4)):
    _labels = (integer(_sequences, 21, high=20), integer(_sequences, low=_length // 2, high=_length + 1))
    _scores = real(_length, _sequences, 20, low=-3.0, high=-0.5)
    add_larger("ctc_loss", call(_scores, *_labels, boolean(_sequences, 21)))
