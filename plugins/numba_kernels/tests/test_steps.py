"""Steps of optimisers in one pass: what NumPy's kernels give, to rounding."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pluggrad.backends import updates

steps = pytest.importorskip("pluggrad_numba.steps")
numpys = pytest.importorskip("pluggrad_numpy.updates").KERNELS

_BOTH = (False, True)
ADAM = [
    dict(zip(("decoupled", "weight_decay", "maximize", "amsgrad"), values, strict=True))
    for values in itertools.product(_BOTH, (0.0, 0.1), _BOTH, _BOTH)
]
SGD = [
    dict(zip(("momentum", "dampening", "weight_decay", "nesterov", "maximize", "first"), values, strict=True))
    for values in itertools.product((0.0, 0.9), (0.0, 0.3), (0.0, 0.1), _BOTH, _BOTH, _BOTH)
    if values[0] or not (values[1] or values[3] or values[5])
]
SHAPES = [(70, 100), (3,), (), (200, 700), (5000,)]


def lists(dtype, memories):
    rng = np.random.default_rng(0)
    return [[np.asarray(np.abs(rng.standard_normal(s))).astype(dtype) for s in SHAPES] for _ in range(2 + memories)]


def check(name, memories, options, dtype, extra=()):
    ours, theirs = ([*lists(dtype, memories), *extra] for _ in range(2))
    for _ in range(3):
        getattr(steps, name)(numpys[name])(*ours, **options)
        numpys[name](*theirs, **options)
    tolerance = 2e-6 if np.dtype(dtype).char in "fF" else 1e-13
    for a, b in zip(ours, theirs, strict=True):
        for x, y in zip(a or (), b or (), strict=True):
            np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
@pytest.mark.parametrize("options", ADAM, ids=str)
def test_adam(options, dtype):
    options = dict(options)
    amsgrad = options.pop("amsgrad")
    numbers = {"step": 3.0, "lr": 0.01, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}
    check("adam_step", 2 + amsgrad, {**options, **numbers}, dtype, () if amsgrad else (None,))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
@pytest.mark.parametrize("options", SGD, ids=str)
def test_sgd(options, dtype):
    with_buffer = bool(options["momentum"])
    check("sgd_step", int(with_buffer), {**options, "lr": 0.01}, dtype, () if with_buffer else (None,))


def test_the_steps_are_the_ones_that_pluggrad_has():
    assert all(hasattr(updates, name) for name in steps.WRAPPERS)


def test_infinities_and_nan_go_where_they_go_in_numpy():
    for bad in (np.nan, np.inf):
        options = {"step": 1.0, "lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.0,
                   "decoupled": False, "maximize": False}  # fmt: skip
        results = []
        for kernel in (steps.adam_step(numpys["adam_step"]), numpys["adam_step"]):
            p, g, m, v = ([np.ones(5000, np.float32)] for _ in range(4))
            g[0][17] = bad
            with np.errstate(invalid="ignore"):
                kernel(p, g, m, v, None, **options)
            results.append(p[0])
        np.testing.assert_allclose(*results, rtol=1e-6)
        assert np.isnan(results[0]).tolist().count(True) == np.isnan(results[1]).tolist().count(True) == 1


def test_parameters_that_are_not_contiguous_go_to_numpys_kernel():
    whole = np.ones((100, 200), np.float32)
    p, g = whole.T, np.ones((200, 100), np.float32)
    steps.sgd_step(numpys["sgd_step"])(
        [p], [g], None, lr=0.5, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False,
        first=False,
    )  # fmt: skip
    assert (whole == 0.5).all()
