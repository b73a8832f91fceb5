"""Recurrent layers with compiled cells: what NumPy's cells give, to rounding."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

recurrent = pytest.importorskip("pluggrad_numba.recurrent")
numpys = pytest.importorskip("pluggrad_numpy.recurrent").KERNELS

SIZES = [(40,) * 20, tuple(range(40, 0, -1)), (13,) * 60]
H = 64


def arrays(gates, states, sizes, scale=0.1):
    rng = np.random.default_rng(0)
    shapes = [(sum(sizes), 10), *[(sizes[0], H)] * states, (gates * H, 10), (gates * H, H), *[(gates * H,)] * 2]
    return [(rng.standard_normal(s) * scale).astype(np.float32) for s in shapes]


def compare(name, options, given):
    used = []
    ours = recurrent.WRAPPERS[name](lambda *a, **k: used.append("cell" in k or "steps" in k) or numpys[name](*a, **k))
    found, expected = ours(*given, **options), numpys[name](*given, **options)
    assert used == [True]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * max(1, np.abs(b).max()))
    return expected


@pytest.mark.parametrize("sizes", SIZES, ids=["even", "shorter and shorter", "no whole tiles"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("name", "gates", "states"), [("lstm", 4, 2), ("gru", 3, 1)])
def test_layers_and_gradients(name, gates, states, sizes, reverse):
    options = {"sizes": sizes, "reverse": reverse, "biased": True}
    options |= {"projected": False} if name == "lstm" else {}
    given = arrays(gates, states, sizes)
    out, *state_and_kept = compare(f"{name}_layer", options, given)
    state, kept = state_and_kept[:states], state_and_kept[states:]
    options |= {"through": False, "wanted": (True,) * len(given)}
    compare(f"{name}_layer_gradients", options, [out, *state, out, *kept, *given])


def test_results_do_not_depend_on_the_number_of_threads():
    before, found = pluggrad.get_num_threads(), []
    options = {"sizes": SIZES[0], "reverse": False, "biased": True, "projected": False}
    for count in (1, 2, 5):
        pluggrad.set_num_threads(count)
        found.append(recurrent.WRAPPERS["lstm_layer"](numpys["lstm_layer"])(*arrays(4, 2, SIZES[0]), **options))
    pluggrad.set_num_threads(before)
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_large_sums_of_gates_are_as_numpys():
    given = arrays(4, 2, SIZES[0], scale=30.0)
    options = {"sizes": SIZES[0], "reverse": False, "biased": True, "projected": False}
    _, _, _, gates, _ = compare("lstm_layer", options, given)
    assert np.isfinite(gates).all()


@pytest.mark.parametrize("change", ["small", "float64", "through"])
def test_the_rest_goes_on_to_numpy(change):
    sizes = (2,) if change == "small" else SIZES[0]
    given = arrays(3, 1, sizes)
    if change == "float64":
        given = [a.astype(np.float64) for a in given]
    options = {"sizes": sizes, "reverse": False, "biased": True, **({"through": True} if change == "through" else {})}
    called = recurrent.WRAPPERS["gru_layer"](lambda *a, **k: k)(*given, **options)
    assert called == options
