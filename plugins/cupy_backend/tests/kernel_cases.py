"""A launch of every kernel of ``csrc/`` and of :mod:`pluggrad_cupy.pointwise`, and what NumPy says that it must give.

Sizes are small and odd, and grids smaller than the work, so that every kernel's loops go round. What is expected is
computed in float64, by formulas of the textbook and by loops.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from host import build
from pluggrad_cupy.pointwise import Pointwise

NOTHING = np.zeros(4, np.int64)  # a note that says nothing


class Table:
    """An argument that holds the addresses of arrays."""

    def __init__(self, rows: list[list[np.ndarray]]) -> None:
        self.arrays = [a for row in rows for a in row]


class Launch(NamedTuple):
    """A launch: its arguments, and what must stand in some of the arrays afterwards.

    ``rows`` is the grid's second size; for an elementwise kernel ``blocks`` is None and ``threads`` the number of
    elements. ``tolerance`` is in units of the dtype's last place, of 1 and of the number; ``error`` is that of what is
    expected.
    """

    blocks: int | None
    threads: int
    args: list[Any]
    expected: list[tuple[np.ndarray, np.ndarray]]
    tolerance: float = 16
    rows: int = 1
    error: float = 0.0

    def check(self, found: Callable[[np.ndarray], np.ndarray], dtype: str) -> None:
        """Compare; ``found`` gives what stands in an array."""
        for array, expected in self.expected:
            kind = array.dtype if array.dtype.kind in "fc" and array.dtype.name == dtype else np.dtype(dtype)
            eps = self.tolerance * float(np.finfo(kind).eps) if kind.kind in "fc" else 0.0
            error = max(eps, self.error)
            np.testing.assert_allclose(found(array), expected, rtol=error, atol=error)


def _random(seed: int, dtype: str, *shape: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if np.dtype(dtype).kind in "iu":
        return rng.integers(0, 20, shape).astype(dtype)
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def _unset(dtype: str, *shape: int) -> np.ndarray:
    """Memory as it comes: with what no kernel gives."""
    out = np.empty(shape, dtype)
    out.view(np.uint8)[...] = 0xCD if dtype != "bool" else 0
    return out


def _wide(x: np.ndarray) -> np.ndarray:
    return x.astype(complex if x.dtype.kind == "c" else float)


KERNELS: dict[tuple[str, str], Callable[[str], Launch]] = {}


def case(file: str, *names: str) -> Callable[[Callable[..., Launch]], Callable[..., Launch]]:
    """Register what makes the launch of a kernel for a dtype; of several kernels, with the name before it."""

    def add(make: Callable[..., Launch]) -> Callable[..., Launch]:
        for name in names:
            KERNELS[file, name] = make if len(names) == 1 else (lambda dtype, name=name: make(name, dtype))
        return make

    return add


_i = np.int64


# -- softmax --------------------------------------------------------------------------------------------------------


@case("softmax", "softmax", "log_softmax")
def _softmax(name: str, dtype: str) -> Launch:
    x, out = _random(1, dtype, 3, 70, 2) * np.dtype(dtype).type(3), _unset(dtype, 3, 70, 2)
    e = np.exp(_wide(x) - _wide(x).max(1, keepdims=True))
    y = e / e.sum(1, keepdims=True)
    return Launch(2, 64, [x, out, _i(70), _i(2), _i(6)], [(out, y if name == "softmax" else np.log(y))])


@case("softmax", "softmax_input")
def _softmax_input(dtype: str) -> Launch:
    g, y, out = _random(11, dtype, 3, 70, 2), _random(12, dtype, 3, 70, 2), _unset(dtype, 3, 70, 2)
    expected = (_wide(g) - (_wide(g) * _wide(y)).sum(1, keepdims=True)) * _wide(y)
    return Launch(2, 64, [g, y, out, _i(70), _i(2), _i(6)], [(out, expected)], 64)


# -- cross entropy --------------------------------------------------------------------------------------------------

_OUTER, _CLASSES, _INNER, _IGNORED, _SMOOTHING = 3, 37, 2, 5, 0.1


class _Classes:
    """Samples of which one is ignored and one out of range; with weights and smoothing."""

    def __init__(self, dtype: str) -> None:
        self.x = _random(2, dtype, _OUTER, _CLASSES, _INNER)
        self.target = np.array([[3, 0], [_IGNORED, 36], [99, 7]], _i)
        self.weight = np.abs(_random(3, dtype, _CLASSES)) + np.dtype(dtype).type(0.5)
        self.counts = ((self.target != _IGNORED) & (self.target < _CLASSES))[:, None]
        at = np.where(self.counts, self.target[:, None], -1)
        hot = np.arange(_CLASSES)[None, :, None] == at
        w = _wide(self.weight)[None, :, None]
        self.q = w * ((1 - _SMOOTHING) * hot + _SMOOTHING / _CLASSES) * self.counts
        self.used = (w * hot).sum(1)
        shifted = _wide(self.x)
        self.log = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
        self.note = NOTHING.copy()

    def tail(self, *more: Any) -> list[Any]:
        return [self.note, _i(6), _i(_CLASSES), _i(_INNER), _i(_IGNORED), np.int32(1), np.int32(1), *more,
                np.float64(_SMOOTHING), _i(8)]  # fmt: skip

    @property
    def noted(self) -> tuple[np.ndarray, np.ndarray]:
        return self.note, np.array([8, 99, _CLASSES, 1])


@case("cross_entropy", "cross_entropy", "nll_loss")
def _loss(name: str, dtype: str) -> Launch:
    c = _Classes(dtype)
    loss, used = _unset("float64", _OUTER, _INNER), _unset("float64", _OUTER, _INNER)
    log = c.log if name == "cross_entropy" else _wide(c.x)
    expected = [(loss, -(c.q * log).sum(1)), (used, c.used), c.noted]
    return Launch(4, 32, [c.x, c.target, c.weight, loss, used, *c.tail()], expected, 32)


@case("cross_entropy", "cross_entropy_input", "nll_loss_input")
def _loss_input(name: str, dtype: str) -> Launch:
    c = _Classes(dtype)
    g, total, out = _random(4, dtype, _OUTER, _INNER), np.array([2.5]), _unset(dtype, *c.x.shape)
    slope = (np.exp(c.log) * c.q.sum(1, keepdims=True) if name == "cross_entropy_input" else 0) - c.q
    given = [g, c.x] if name == "cross_entropy_input" else [g]
    expected = [(out, slope * _wide(g)[:, None] / 2.5), c.noted]
    return Launch(4, 32, [*given, c.target, c.weight, total, out, *c.tail(np.int32(1))], expected)


# -- attention ------------------------------------------------------------------------------------------------------


@case("attention", "attention", "attention_query", "attention_key", "attention_value")
def _attention(name: str, dtype: str) -> Launch:
    """Two tiles of queries, keys and values, of which a part. One query may attend to no key."""
    batch, queries, keys, width, values, scale = 2, 33, 34, 5, 33, 0.3
    q, k, v = (
        _random(80 + i, dtype, batch, *s) for i, s in enumerate([(queries, width), (keys, width), (keys, values)])
    )
    mask = _random(83, dtype, 1, queries, keys)
    mask[0, 4] = -np.inf
    mask[0, 5, 3:] = -np.inf
    mask[0, 32, 32] = 4  # its largest score comes in the second tile
    open_ = np.tri(queries, keys, dtype=bool)
    s = np.where(open_, _wide(q) @ _wide(k).swapaxes(1, 2) * scale + _wide(mask), -np.inf)
    with np.errstate(all="ignore"):
        total = np.exp(s).sum(2, keepdims=True)
        log_total = np.where(total == 0, np.inf, np.log(total))
    p = np.exp(s - log_total)
    starts = np.zeros(batch, _i)
    options = [_i(batch), _i(queries), _i(keys), _i(width), _i(values), _i(keys), _i(1), np.float64(scale),
               np.int32(1), np.int32(1)]  # fmt: skip
    if name == "attention":
        out, kept = _unset(dtype, batch, queries, values), _unset(dtype, batch, queries)
        args = [q, k, v, mask, starts, out, kept, *options]
        return Launch(3, 256, args, [(out, p @ _wide(v)), (kept, log_total[..., 0])], 32)
    g, delta, given = _random(84, dtype, batch, queries, values), _random(85, dtype, batch, queries, 1), log_total
    given = given.astype(dtype)
    p = np.exp(s - _wide(given))
    d = p * (_wide(g) @ _wide(v).swapaxes(1, 2) - _wide(delta)) * scale
    expected = {"attention_query": d @ _wide(k), "attention_key": d.swapaxes(1, 2) @ _wide(q),
                "attention_value": p.swapaxes(1, 2) @ _wide(g)}[name]  # fmt: skip
    out = _unset(dtype, *expected.shape)
    return Launch(3, 256, [g, delta, q, k, v, given, mask, starts, out, *options], [(out, expected)], 256)


# -- norms ----------------------------------------------------------------------------------------------------------


class _Norm:
    """Rows to normalise: those of a matrix, or the channels of images, brought to the front."""

    def __init__(self, name: str, dtype: str) -> None:
        self.of_rows = name.startswith("layer")
        shape = (5, 70) if self.of_rows else (3, 5, 23)
        self.shape, self.kept = shape, (5,)
        self.weight_shape = (70,) if self.of_rows else (5,)
        self.x, self.g = _random(5, dtype, *shape), _random(6, dtype, *shape)
        self.weight, self.bias = _random(7, dtype, *self.weight_shape), _random(8, dtype, *self.weight_shape)
        rows = self.rows(_wide(self.x))
        self.mean, self.rstd = rows.mean(1), 1 / np.sqrt(rows.var(1) + 1e-3)
        self.sizes = [_i(5), _i(70)] if self.of_rows else [_i(3), _i(5), _i(23)]

    def rows(self, x: np.ndarray) -> np.ndarray:
        return x if self.of_rows else np.moveaxis(x, 1, 0).reshape(5, -1)

    def back(self, rows: np.ndarray) -> np.ndarray:
        return rows if self.of_rows else np.moveaxis(rows.reshape(5, 3, 23), 0, 1)

    def each(self, w: np.ndarray) -> np.ndarray:
        return _wide(w)[None] if self.of_rows else _wide(w)[:, None]


@case("norms", "layer_norm", "batch_norm")
def _norm(name: str, dtype: str) -> Launch:
    n = _Norm(name, dtype)
    out, mean, rstd = _unset(dtype, *n.shape), _unset(dtype, 5), _unset(dtype, 5)
    normal = (n.rows(_wide(n.x)) - n.mean[:, None]) * n.rstd[:, None]
    y = n.back(normal * n.each(n.weight) + n.each(n.bias))
    args = [n.x, n.weight, n.bias, out, mean, rstd, *n.sizes, np.float64(1e-3), np.int32(2)]
    return Launch(2, 64, args, [(out, y), (mean, n.mean), (rstd, n.rstd)])


@case("norms", "layer_norm_gradient", "batch_norm_gradient")
def _norm_gradient(name: str, dtype: str) -> Launch:
    n = _Norm(name, dtype)
    mean, rstd = n.mean.astype(dtype), n.rstd.astype(dtype)
    m, r = _wide(mean)[:, None], _wide(rstd)[:, None]
    g_mean, g_rstd = _random(9, dtype, 5), _random(10, dtype, 5)
    normal, g = (n.rows(_wide(n.x)) - m) * r, n.rows(_wide(n.g))
    h = g * n.each(n.weight)
    count = h.shape[1]
    along = (h * normal).mean(1, keepdims=True)
    of_x = r * (h - h.mean(1, keepdims=True) - normal * along)
    of_x += (_wide(g_mean)[:, None] - _wide(g_rstd)[:, None] * r * r * normal) / count
    out = _unset(dtype, *n.shape)
    expected, more = [(out, n.back(of_x))], []
    if not n.of_rows:
        more = [_unset(dtype, 5), _unset(dtype, 5)]
        expected += [(more[0], (g * normal).sum(1)), (more[1], g.sum(1))]
    args = [n.g, g_mean, g_rstd, n.x, mean, rstd, n.weight, out, *more, *n.sizes, np.int32(1)]
    return Launch(2, 64, args, expected, 64)


@case("norms", "layer_norm_weights")
def _norm_weights(dtype: str) -> Launch:
    n = _Norm("layer_norm", dtype)
    mean, rstd = n.mean.astype(dtype), n.rstd.astype(dtype)
    g, normal = _wide(n.g), (_wide(n.x) - _wide(mean)[:, None]) * _wide(rstd)[:, None]
    parts = [slice(0, 2), slice(2, 4), slice(4, 5)]
    of_weight, of_bias = _unset("float64", 3, 70), _unset("float64", 3, 70)
    expected = [(of_weight, np.stack([(g * normal)[p].sum(0) for p in parts])),
                (of_bias, np.stack([g[p].sum(0) for p in parts]))]  # fmt: skip
    return Launch(1, 32, [n.g, n.x, mean, rstd, of_weight, of_bias, _i(5), _i(70)], expected, 32, rows=3)


# -- optimisers -----------------------------------------------------------------------------------------------------


def _steps(dtype: str, memories: int, options: list[Any], step: Callable[..., Any]) -> Launch:
    """``step`` changes float64 arrays: the parameter, the gradient, and what is remembered."""
    sizes, chunk = (5000, 1, 7), 4096
    rows = [[_random(20 + 10 * s + k, dtype, n) for k in range(2 + memories)] for s, n in enumerate(sizes)]
    for row in rows:
        for k, memory in enumerate(row[2:]):  # the first may be a mean of squares: larger than the square of another
            memory[...] = np.abs(memory) / 8 + (not k)
    expected = []
    for row in rows:
        wide = [_wide(a) for a in row]
        step(*wide)
        expected += [(a, w) for k, (a, w) in enumerate(zip(row, wide, strict=True)) if k != 1]
    chunks = np.array([(w, f) for w, n in enumerate(sizes) for f in range(0, n, chunk)], _i)
    args = [Table(rows), np.array(sizes, _i), chunks, _i(len(chunks)), *options]
    return Launch(2, 64, args, expected, 32)


_f = np.float64


@case("optimisers", "sgd")
def _sgd(dtype: str) -> Launch:
    def step(p: Any, g: Any) -> None:
        p -= 0.1 * (-g + 0.01 * p)

    return _steps(dtype, 0, [_f(0.1), _f(0.01), np.int32(1)], step)


@case("optimisers", "sgd_momentum")
def _sgd_momentum(dtype: str) -> Launch:
    def step(p: Any, g: Any, b: Any) -> None:
        g = g + 0.01 * p
        b[...] = 0.9 * b + 0.8 * g
        p -= 0.1 * (g + 0.9 * b)

    options = [_f(0.1), _f(0.01), np.int32(0), _f(0.9), _f(0.2), np.int32(1), np.int32(0)]
    return _steps(dtype, 1, options, step)


@case("optimisers", "adam", "adam_amsgrad")
def _adam(name: str, dtype: str) -> Launch:
    decoupled = name == "adam"  # AdamW

    def step(p: Any, g: Any, m: Any, v: Any, most: Any = None) -> None:
        if decoupled:
            p *= 1 - 0.1 * 0.01
        else:
            g = g + 0.01 * p
        m[...] = 0.9 * m + 0.1 * g
        v[...] = 0.99 * v + 0.01 * g * g
        if most is not None:
            most[...] = np.maximum(most, v)
        p -= 0.1 / 0.271 * m / (np.sqrt(v if most is None else most) / 0.1723 + 1e-3)

    options = [_f(0.1), _f(0.9), _f(0.99), _f(1e-3), _f(0.01), _f(0.271), _f(0.1723), np.int32(decoupled), np.int32(0)]
    return _steps(dtype, 2 if decoupled else 3, options, step)


@case("optimisers", "nadam", "radam")
def _adam_variants(name: str, dtype: str) -> Launch:
    def step(p: Any, g: Any, m: Any, v: Any) -> None:
        g = g + 0.01 * p
        m[...] = 0.9 * m + 0.1 * g
        v[...] = 0.99 * v + 0.01 * g * g
        if name == "nadam":
            p -= (0.07 * g + 0.05 * m) / (np.sqrt(v) / 0.1723 + 1e-3)
        else:
            p -= 0.1 / 0.271 * m * 0.4 * 0.1723 / (np.sqrt(v) + 1e-3)

    more = [_f(0.07), _f(0.05)] if name == "nadam" else [_f(0.4)]
    options = [_f(0.1), _f(0.9), _f(0.99), _f(1e-3), _f(0.01), _f(0.271), _f(0.1723), np.int32(0), np.int32(0), *more]
    return _steps(dtype, 2, options, step)


@case("optimisers", "adamax")
def _adamax(dtype: str) -> Launch:
    def step(p: Any, g: Any, m: Any, most: Any) -> None:
        g = g + 0.01 * p
        m[...] = 0.9 * m + 0.1 * g
        most[...] = np.maximum(0.99 * most, np.abs(g) + 0.125)
        p -= 0.1 / 0.271 * m / most

    return _steps(dtype, 2, [_f(0.1), _f(0.9), _f(0.99), _f(0.125), _f(0.01), _f(0.271), np.int32(0)], step)


@case("optimisers", "adadelta")
def _adadelta(dtype: str) -> Launch:
    def step(p: Any, g: Any, square: Any, total: Any) -> None:
        g = g + 0.01 * p
        square[...] = 0.9 * square + 0.1 * g * g
        delta = np.sqrt(total + 0.125) / np.sqrt(square + 0.125) * g
        total[...] = 0.9 * total + 0.1 * delta * delta
        p -= 0.1 * delta

    return _steps(dtype, 2, [_f(0.1), _f(0.9), _f(0.125), _f(0.01), np.int32(0)], step)


@case("optimisers", "adagrad")
def _adagrad(dtype: str) -> Launch:
    def step(p: Any, g: Any, s: Any) -> None:
        g = g + 0.01 * p
        s += g * g
        p -= 0.1 * g / (np.sqrt(s) + 1e-3)

    return _steps(dtype, 1, [_f(0.1), _f(1e-3), _f(0.01), np.int32(0)], step)


@case("optimisers", "rmsprop", "rmsprop_momentum", "rmsprop_centered", "rmsprop_both")
def _rmsprop(name: str, dtype: str) -> Launch:
    moves, centers = name in ("rmsprop_momentum", "rmsprop_both"), name in ("rmsprop_centered", "rmsprop_both")

    def step(p: Any, g: Any, square: Any, *more: Any) -> None:
        g = g + 0.01 * p
        square[...] = 0.9 * square + 0.1 * g * g
        variance = square
        if centers:
            mean = more[-1]
            mean[...] = 0.9 * mean + 0.1 * g
            variance = square - mean * mean
        change = g / (np.sqrt(variance) + 1e-3)
        if moves:
            more[0][...] = 0.7 * more[0] + change
            change = more[0]
        p -= 0.1 * change

    options = [_f(0.1), _f(0.9), _f(1e-3), _f(0.01), _f(0.7), np.int32(0)]
    return _steps(dtype, 1 + moves + centers, options, step)


# -- windows --------------------------------------------------------------------------------------------------------

_SIZE, _KERNEL, _STRIDE, _BEFORE, _DILATION, _COUNT = (2, 7, 5), (1, 3, 2), (1, 2, 1), (0, 1, 1), (1, 2, 1), (2, 3, 6)
_NUMBERS = np.array([*_SIZE, *_KERNEL, *_STRIDE, *_BEFORE, *_DILATION, *_COUNT], np.int32)


def _windows(dilation: tuple[int, ...] = _DILATION) -> Any:
    """For each window: where it stands, and its elements and the pixels that they lie on."""
    for w in itertools.product(*map(range, _COUNT)):
        pairs = []
        for e in itertools.product(*map(range, _KERNEL)):
            at = tuple(i * s - b + k * d for i, s, b, k, d in zip(w, _STRIDE, _BEFORE, e, dilation, strict=True))
            if all(0 <= a < n for a, n in zip(at, _SIZE, strict=True)):
                pairs.append((e, at))
        yield w, pairs


@case("convolution", "columns", "add_columns")
def _columns(name: str, dtype: str) -> Launch:
    images, channels, elements, windows = 2, 3, math.prod(_KERNEL), math.prod(_COUNT)
    x = _random(40, dtype, images, channels, *_SIZE)
    columns = _random(41, dtype, images, channels, *_KERNEL, *_COUNT)
    to, back = np.zeros(columns.shape, _wide(x).dtype), np.zeros(x.shape, _wide(x).dtype)
    for w, pairs in _windows():
        for e, at in pairs:
            to[(..., *e, *w)] = x[(..., *at)]
            back[(..., *at)] += columns[(..., *e, *w)]
    given, expected = (x, to) if name == "columns" else (columns, back)
    out = _unset(dtype, *expected.shape)
    assert expected.size in (x.size, images * channels * elements * windows)
    return Launch(2, 32, [given, out, _NUMBERS, _i(images), _i(channels)], [(out, expected)])


@case("pooling", "max_pool", "max_pool_indices", "max_pool_select", "max_pool_input")
def _max_pool(name: str, dtype: str) -> Launch:
    x, values = _random(42, dtype, 3, *_SIZE), _random(43, dtype, 3, *_SIZE)
    x[1, 0, 2, 2] = np.nan
    g = _random(44, dtype, 3, *_COUNT)
    most, at, picked = np.full(g.shape, -np.inf), np.zeros(g.shape, _i), np.zeros(g.shape)
    back = np.zeros(x.shape)
    for w, pairs in _windows():
        for n in range(3):
            places = [p for _, p in pairs]
            if not places:
                continue
            seen = np.array([x[(n, *p)] for p in places], float)
            best = places[int(np.argmax(seen))]  # the first; a NaN is the largest
            most[(n, *w)], picked[(n, *w)] = x[(n, *best)], values[(n, *best)]
            at[(n, *w)] = np.ravel_multi_index(best, _SIZE)
            back[(n, *best)] += g[(n, *w)]
    out = {"max_pool": (dtype, most), "max_pool_indices": ("int64", at), "max_pool_select": (dtype, picked),
           "max_pool_input": (dtype, back)}[name]  # fmt: skip
    given = {"max_pool": [x], "max_pool_indices": [x], "max_pool_select": [values, x], "max_pool_input": [g, at]}[name]
    made = _unset(out[0], *out[1].shape)
    return Launch(2, 32, [*given, made, _NUMBERS, _i(3)], [(made, out[1])])


@case("pooling", "avg_pool", "avg_pool_input")
def _avg_pool(name: str, dtype: str) -> Launch:
    numbers = _NUMBERS.copy()
    numbers[12:15] = 1
    x, g = _random(45, dtype, 3, *_SIZE), _random(46, dtype, 3, *_COUNT)
    mean, back = np.zeros(g.shape), np.zeros(x.shape)
    for w, pairs in _windows((1, 1, 1)):
        # All of the padding before counts, none of that behind.
        start = [i * s - b for i, s, b in zip(w, _STRIDE, _BEFORE, strict=True)]
        count = math.prod(min(s + k, n) - s for s, k, n in zip(start, _KERNEL, _SIZE, strict=True))
        for _, at in pairs:
            mean[(..., *w)] += _wide(x)[(..., *at)] / count
            back[(..., *at)] += _wide(g)[(..., *w)] / count
    counted = np.array([0, 0, 1, 0, 1, 0], np.int32)
    given, expected = (x, mean) if name == "avg_pool" else (g, back)
    out = _unset(dtype, *expected.shape)
    return Launch(2, 32, [given, out, numbers, counted, _i(0), _i(3)], [(out, expected)])


# -- rows -----------------------------------------------------------------------------------------------------------


@case("rows", "add_runs")
def _add_runs(dtype: str) -> Launch:
    """Means of the runs, but for dtypes without fractions."""
    by_count = np.dtype(dtype).kind in "fc"
    places, order = np.array([-1, 0, 0, 2, 2, 2, 3], _i), np.array([4, 1, 6, 0, 3, 5, 2], _i)
    values, out = _random(50, dtype, 7, 5), _random(51, dtype, 4, 5)
    expected = _wide(out) if by_count else out.copy()
    for place in (0, 2, 3):
        run = values[order[places == place]]
        if dtype == "bool":
            expected[place] |= run.any(0)
        else:
            expected[place] += _wide(run).mean(0) if by_count else run.sum(0, dtype=dtype)
    args = [places, order, values, out, _i(7), _i(5), np.int32(by_count)]
    return Launch(1, 32, args, [(out, expected)])


@case("rows", "put_runs")
def _put_runs(dtype: str) -> Launch:
    places, order = np.array([-1, 0, 0, 2, 2, 2], _i), np.array([4, 1, 5, 0, 3, 2], _i)
    values, out = _random(52, dtype, 6, 5), _random(53, dtype, 3, 5)
    expected = out.copy()
    expected[0], expected[2] = values[5], values[2]
    return Launch(1, 16, [places, order, values, out, _i(6), _i(5)], [(out, expected)])


@case("rows", "read_rows")
def _read_rows(dtype: str) -> Launch:
    table, numbers, note = _random(54, dtype, 3, 5), np.array([2, 0, 3, 1], _i), NOTHING.copy()
    out = _unset(dtype, 4, 5)
    expected = np.stack([table[2], table[0], np.zeros_like(table[0]), table[1]])
    args = [table, numbers, out, note, _i(4), _i(3), _i(5), _i(6)]
    return Launch(1, 16, args, [(out, expected), (note, np.array([6, 3, 3, 0]))])


# -- reductions -----------------------------------------------------------------------------------------------------

#: Threads of a block, of which two have a result each: ``_block_stride``, as CuPy calls it.
REDUCTION_BLOCK, _SHARING = 64, 2
_INDEXER = np.dtype([("count", "i8"), ("at", "i8")])

REDUCTIONS: dict[str, Callable[[str], Launch]] = {}


def reduction_args(arrays: list[np.ndarray], out: np.ndarray) -> list[Any]:
    """The arguments of CuPy's kernel: (what is reduced, what is left) to (what is left,)."""
    indexers = [np.array((a.size, 0), _INDEXER)[()] for a in (arrays[0], out)]
    return [*arrays, out, *indexers, np.int32(_SHARING)]


def _reduction(name: str, reference: Callable[..., Any], arrays: int = 1) -> None:
    """A reduction of 203 numbers each to 5."""

    def make(dtype: str) -> Launch:
        given, out = [_random(90 + k, dtype, 203, 5) for k in range(arrays)], _unset(dtype, 5)
        if name == "norm_max":
            given[0][7, 2] = np.nan
        args = reduction_args(given, out)
        return Launch(2, REDUCTION_BLOCK, args, [(out, reference(*map(_wide, given)))])

    REDUCTIONS[name] = make


_reduction("norm_1", lambda x: np.abs(x).sum(0))
_reduction("norm_2", lambda x: np.linalg.norm(x, axis=0))
_reduction("norm_max", lambda x: np.abs(x).max(0))
_reduction("squares", lambda x, t: ((x - t) ** 2).sum(0), 2)
_reduction("mean_square", lambda x, t: ((x - t) ** 2).mean(0), 2)
_reduction("sizes", lambda x, t: np.abs(x - t).sum(0), 2)
_reduction("mean_size", lambda x, t: np.abs(x - t).mean(0), 2)


# -- elementwise ----------------------------------------------------------------------------------------------------

POINTWISE: dict[str, Callable[[str], Launch]] = {}


def _each(
    name: str, reference: Callable[..., Any], *scalars: float, arrays: int = 1, tolerance: float = 8, error: float = 0.0
) -> None:
    """A kernel of some arrays and some scalars, which gives what NumPy gives."""

    def make(dtype: str) -> Launch:
        given = [_random(60 + k, dtype, 201) * (2 if dtype != "bool" else 1) for k in range(arrays)]
        given = [a.astype(dtype) for a in given]
        out = _unset(dtype, 201)
        with np.errstate(all="ignore"):
            expected = reference(*map(_wide, given), *scalars) if np.dtype(dtype).kind in "fc" else reference(*given)
        return Launch(None, 201, [*given, *scalars, out], [(out, expected)], tolerance, error=error)

    POINTWISE[name] = make


_erf = np.vectorize(math.erf)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _normal_cdf(x: Any) -> Any:
    return (1 + _erf(x / math.sqrt(2))) / 2


def _gelu_tanh(x: Any) -> Any:
    return x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def _slope(f: Callable[[Any], Any], h: float = 1e-5) -> Callable[[Any, Any], Any]:
    """The derivative by differences, times g."""
    return lambda x, g: g * (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


_each("relu", lambda x: np.maximum(x, 0))
_each("relu_backward", lambda g, y: g * (y > 0), arrays=2)
_each("tanh_backward", lambda g, y: g * (1 - y * y), arrays=2)
_each("sigmoid_backward", lambda g, y: g * y * (1 - y), arrays=2, tolerance=16)
_each("leaky_relu", lambda x, s: np.where(x > 0, x, s * x), 0.1)
_each("elu", lambda x, a, s, i: np.where(x > 0, s * x, a * s * np.expm1(i * x)), 1.5, 1.25, 0.75)
_each("softplus", lambda x, b, t: np.where(b * x > t, x, np.log1p(np.exp(b * x)) / b), 2.0, 3.0)
_each("sigmoid", _sigmoid)
_each("log_sigmoid", lambda x: np.log(_sigmoid(x)))
_each("silu", lambda x: x * _sigmoid(x))
_each("gelu", lambda x: x * _normal_cdf(x))
_each("gelu_tanh", _gelu_tanh)
_each("silu_input", _slope(lambda x: x * _sigmoid(x)), arrays=2, error=1e-9)
_each("gelu_input", _slope(lambda x: x * _normal_cdf(x)), arrays=2, error=1e-9)
_each("gelu_tanh_input", _slope(_gelu_tanh), arrays=2, error=1e-9)
_each("addcmul", lambda x, a, b, v: x + v * a * b, 0.5, arrays=3, tolerance=32)
_each("erf", _erf)
_each("erfc", np.vectorize(math.erfc))
_each("lgamma", np.vectorize(math.lgamma), tolerance=64)
_each("remainder", np.remainder, arrays=2)
_each("floor_divide", np.floor_divide, arrays=2)
_each("sign", np.sign)


def pointwise_case(name: str) -> Callable[[Callable[[str], Launch]], Callable[[str], Launch]]:
    """Register what makes the launch of an elementwise kernel."""

    def add(make: Callable[[str], Launch]) -> Callable[[str], Launch]:
        POINTWISE[name] = make
        return make

    return add


@pointwise_case("addcdiv")
def _addcdiv(dtype: str) -> Launch:
    x, a, b = (_random(70 + k, dtype, 201) for k in range(3))
    b = (b + np.sign(b.real) + (b.real == 0)).astype(dtype)
    out = _unset(dtype, 201)
    return Launch(None, 201, [x, a, b, 0.5, out], [(out, _wide(x) + 0.5 * _wide(a) / _wide(b))], 32)


@pointwise_case("dropout")
def _dropout(dtype: str) -> Launch:
    x, mask, out = _random(73, dtype, 201), _random(74, "bool", 201), _unset(dtype, 201)
    return Launch(None, 201, [x, mask, 1.25, out], [(out, _wide(x) * mask * 1.25)])


@pointwise_case("widen_bfloat16")
def _widen_bfloat16(dtype: str) -> Launch:
    every = np.arange(1 << 16, dtype=np.uint16)
    out = _unset("float32", every.size)
    return Launch(None, every.size, [every, out], [(out, every.view(ml_dtypes.bfloat16).astype(np.float32))])


@pointwise_case("round_bfloat16")
def _round_bfloat16(dtype: str) -> Launch:
    """Numbers between two neighbours, and halfway; the largest, the smallest, none."""
    rng = np.random.default_rng(75)
    bits = rng.integers(0, 1 << 32, 4000, np.uint64).astype(np.uint32)
    bits[:1000] = bits[:1000] & 0xFFFF0000 | 0x8000
    special = np.array([np.inf, -np.inf, 0.0, -0.0, 3.4e38, 1e-45], np.float32)
    x = np.concatenate([bits.view(np.float32), special])
    x = x[~np.isnan(x)]
    out = _unset("uint16", x.size)
    with np.errstate(all="ignore"):
        expected = x.astype(ml_dtypes.bfloat16).view(np.uint16)
    return Launch(None, x.size, [x, out], [(out, expected)])


@pointwise_case("place")
def _place(dtype: str) -> Launch:
    signed = np.dtype(dtype).kind == "i"
    x = np.array([0, 4, 5, 2, -1 if signed else 1, -5 if signed else 3], dtype)
    out, note = _unset("int64", 6), NOTHING.copy()
    expected = [0, 4, -1, 2, 4 if signed else 1, 0 if signed else 3]
    return Launch(None, 6, [x, 5, 2, 9, -1, note, out],
                  [(out, np.array(expected)), (note, np.array([9, 5, 5, 2]))])  # fmt: skip


@pointwise_case("refuse")
def _refuse(dtype: str) -> Launch:
    x, note = np.arange(9) == 4, NOTHING.copy()
    return Launch(None, 9, [x, 3, note, _unset("bool", 9)], [(note, np.array([3, 0, 0, 0]))])


def _numbers(name: str, each: int, of_words: Callable[[np.ndarray], np.ndarray], tolerance: float = 0) -> None:
    """Random numbers made of the words that NumPy's Philox gives."""

    def make(dtype: str) -> Launch:
        seed, block, count = 2**64 - 3, 2**40 + 5, 51
        words = np.random.Philox(key=seed, counter=block).random_raw(4 * count)
        out = _unset(dtype, each * count)
        args = [np.uint64(seed), np.uint64(block), out]
        return Launch(None, count, args, [(out, of_words(words))], tolerance)

    POINTWISE[name] = make


def _halves(words: np.ndarray) -> np.ndarray:
    low, high = words & np.uint64(0xFFFFFFFF), words >> np.uint64(32)
    return (np.stack([low, high], 1).reshape(-1) >> np.uint64(8)) * 2.0**-24


def _wholes(words: np.ndarray) -> np.ndarray:
    return (words >> np.uint64(11)) * 2.0**-53


_quantile = np.vectorize(NormalDist().inv_cdf)
_numbers("random_bits", 4, lambda w: w)
_numbers("uniform_32", 8, _halves)
_numbers("uniform_64", 4, _wholes)
_numbers("normal_32", 8, lambda w: _quantile(_halves(w) + 2.0**-25), 16)
_numbers("normal_64", 4, lambda w: _quantile(_wholes(w) + 2.0**-54), 64)
_numbers("exponential_32", 8, lambda w: np.maximum(-np.log1p(-_halves(w)), 2.0**-25), 8)
_numbers("exponential_64", 4, lambda w: np.maximum(-np.log1p(-_wholes(w)), 2.0**-54), 8)


def typed(kernel: Pointwise, dtype: str) -> Launch:
    """The launch of an elementwise kernel, its numbers in the types that the kernel declares."""
    made = POINTWISE[kernel.name](dtype)
    args = []
    for value, (_, kind, _) in zip(made.args, build.parameters(f"{kernel.inputs}, {kernel.outputs}"), strict=True):
        if isinstance(value, np.ndarray):
            args.append(value)
        else:
            args.append(np.array([value], dtype) if kind == "T" else np.dtype(kind).type(value))
    return made._replace(args=args)
