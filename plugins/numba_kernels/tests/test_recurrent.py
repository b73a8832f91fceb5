"""Recurrent layers whose steps are compiled: what NumPy's give, to rounding."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

recurrent = pytest.importorskip("pluggrad_numba.recurrent")
numpys = pytest.importorskip("pluggrad_numpy.recurrent").KERNELS

SIZES = [(40,) * 20, tuple(range(40, 0, -1)), (13,) * 60, (1,) * 600]
#: Gates, states and options of each layer, and how wide its states are.
LAYERS = [
    ("lstm", 4, 2, {"projected": False}, 64),
    ("lstm", 4, 2, {"projected": True}, 40),
    ("gru", 3, 1, {}, 64),
    ("rnn", 1, 1, {"nonlinearity": "tanh"}, 200),
    ("rnn", 1, 1, {"nonlinearity": "relu"}, 200),
]


def arrays(gates, states, sizes, size, biased=True, projected=False, scale=0.05, inputs=10):
    rng = np.random.default_rng(0)
    shown = 24 if projected else size
    shapes = [(sum(sizes), inputs), (sizes[0], shown), *[(sizes[0], size)] * (states - 1)]
    shapes += [(gates * size, inputs), (gates * size, shown), *[(gates * size,)] * (2 * biased)]
    shapes += [(shown, size)] * projected
    return [(rng.standard_normal(s) * scale).astype(np.float32) for s in shapes]


def compare(name, options, given):
    used = []
    ours = recurrent.WRAPPERS[name](lambda *a, **k: used.append("steps" in k) or numpys[name](*a, **k))
    found, expected = ours(*given, **options), numpys[name](*given, **options)
    assert used == [True]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * max(1, np.abs(b).max()))
    return expected


def compare_layer(name, gates, states, options, size, sizes, **others):
    given = arrays(gates, states, sizes, size, options["biased"], options.get("projected", False), **others)
    options = {"sizes": sizes, **options}
    out, *state_and_kept = compare(f"{name}_layer", options, given)
    state, kept = state_and_kept[:states], state_and_kept[states:]
    options |= {"wanted": (True,) * len(given), **({} if name == "rnn" else {"through": False})}
    compare(f"{name}_layer_gradients", options, [out, *state, out, *kept, *given])
    return kept


@pytest.mark.parametrize("sizes", SIZES, ids=["even", "shorter and shorter", "no whole tiles", "one sequence"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("layer", LAYERS, ids=["lstm", "projected", "gru", "tanh", "relu"])
def test_layers_and_gradients(monkeypatch, layer, sizes, reverse, biased):
    monkeypatch.setattr(recurrent, "_LEAST", 1 << 14)
    name, gates, states, options, size = layer
    compare_layer(name, gates, states, {"reverse": reverse, "biased": biased, **options}, size, sizes)


@pytest.mark.parametrize("layer", LAYERS, ids=["lstm", "projected", "gru", "tanh", "relu"])
def test_results_do_not_depend_on_the_number_of_threads(monkeypatch, layer):
    monkeypatch.setattr(recurrent, "_LEAST", 1 << 14)
    name, gates, states, options, size = layer
    options = {"sizes": SIZES[0], "reverse": False, "biased": True, **options}
    given = arrays(gates, states, SIZES[0], size, projected=options.get("projected", False), inputs=100)
    before, found = pluggrad.get_num_threads(), []
    forward, backward = (
        recurrent.WRAPPERS[f"{name}_layer{end}"](numpys[f"{name}_layer{end}"]) for end in ("", "_gradients")
    )
    for count in (1, 2, 5):
        pluggrad.set_num_threads(count)
        out, *others = forward(*given, **options)
        more = {"wanted": (True,) * len(given), **({} if name == "rnn" else {"through": False})}
        g = backward(out, *others[:states], out, *others[states:], *given, **options, **more)
        found.append([out, *others, *g])
    pluggrad.set_num_threads(before)
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_large_sums_of_gates_are_as_numpys():
    gates, _ = compare_layer(
        "lstm", 4, 2, {"projected": False, "reverse": False, "biased": True}, 64, SIZES[0], scale=30.0
    )
    assert np.isfinite(gates).all()


def test_what_is_not_a_number_stays_so():
    for name, gates, states, options, size in LAYERS:
        options = {"sizes": SIZES[0], "reverse": False, "biased": True, **options}
        given = arrays(gates, states, SIZES[0], size, projected=options.get("projected", False))
        given[0][3] = np.nan
        found = recurrent.WRAPPERS[f"{name}_layer"](numpys[f"{name}_layer"])(*given, **options)
        for a, b in zip(found, numpys[f"{name}_layer"](*given, **options), strict=True):
            assert np.array_equal(np.isnan(a), np.isnan(b))


@pytest.mark.parametrize("change", ["small", "float64", "through"])
def test_the_rest_goes_on_to_numpy(change):
    sizes = (2,) if change == "small" else SIZES[0]
    given = arrays(3, 1, sizes, 64)
    if change == "float64":
        given = [a.astype(np.float64) for a in given]
    options = {"sizes": sizes, "reverse": False, "biased": True, **({"through": True} if change == "through" else {})}
    called = recurrent.WRAPPERS["gru_layer"](lambda *a, **k: k)(*given, **options)
    assert called == options
